"""What the columns of a table hold, and numbers out of them; errors name the column and its first bad row."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ...errors import BadRequest, DamagedFile, UnknownName, UnsupportedFormat

Numbers = npt.NDArray[np.float64]


def checked(table: Any, columns: Iterable[str] = ()) -> pd.DataFrame:
    """Give the table itself when it is one, has each column once, and has the named ones.

    Raises
    ------
    UnsupportedFormat
        No DataFrame, or two columns of one name.
    UnknownName
        A column that is not there; the text names the nearest.
    """
    if not isinstance(table, pd.DataFrame):
        raise UnsupportedFormat(
            f"{type(table).__name__} is no pandas DataFrame: give one, table_of() makes it of a file"
        )
    if not table.columns.is_unique:
        twice = table.columns[table.columns.duplicated()][0]
        raise UnsupportedFormat(f"the table has two columns called {twice!r}: rename one of them")
    for name in columns:
        if name not in table.columns:
            names = [str(each) for each in table.columns]
            close = difflib.get_close_matches(str(name), names, 3, 0.5) or names[:8]
            raise UnknownName(f"there is no column {name!r}: there are {', '.join(close)}")
    return table


def listed(columns: str | Iterable[str]) -> list[str]:
    """Give names of columns as a list; a single name is one column, and not its letters."""
    return [columns] if isinstance(columns, str) else list(columns)


def kind_of(column: pd.Series) -> str:
    """Give ``"number"``, ``"flag"``, ``"date"``, ``"text"`` or ``"other"``.

    Examples
    --------
    >>> kind_of(pd.Series([1.5, None])), kind_of(pd.Series(["a", None])), kind_of(pd.Series([True]))
    ('number', 'text', 'flag')
    """
    types = pd.api.types
    if types.is_bool_dtype(column.dtype):
        return "flag"
    if types.is_numeric_dtype(column.dtype) and not types.is_complex_dtype(column.dtype):
        return "number"
    if types.is_datetime64_any_dtype(column.dtype) or types.is_timedelta64_dtype(column.dtype):
        return "date"
    if isinstance(column.dtype, pd.CategoricalDtype):
        return "text"
    if column.dtype != object and types.is_string_dtype(column.dtype):
        return "text"
    held = column.dropna()  # of Python's objects, which may be anything
    if all(isinstance(value, str) for value in held):
        return "text"
    if all(isinstance(value, bool | np.bool_) for value in held):
        return "flag"
    return "other"


def numbers(table: pd.DataFrame, name: str, use: str) -> Numbers:
    """Give a column as float64, NaN where its value is missing.

    Parameters
    ----------
    table
        As of `checked`.
    name
        Of a column of numbers or flags.
    use
        What they are for, as ``"to be standardised"``, for the text of an error.

    Raises
    ------
    BadRequest
        Text, dates or other values, or infinite numbers; the text names the column, and its first bad row.
    """
    column = table[name]
    kind = kind_of(column)
    if kind not in ("number", "flag"):
        raise BadRequest(_no_numbers(column, name, kind, use))
    values: Numbers = column.to_numpy(np.float64, na_value=np.nan)
    bad = np.flatnonzero(np.isinf(values))
    if len(bad):
        raise BadRequest(
            f"column {name!r} is infinite in {len(bad):,} rows, the first is row "
            f"{row(table, bad[0])}: numbers "
            f"{use} are finite; leave those rows out, or make them NaN"
        )
    return values


def _no_numbers(column: pd.Series, name: str, kind: str, use: str) -> str:
    found = np.flatnonzero(column.notna().to_numpy())
    first = "" if not len(found) else f", in row {row(column, found[0])} {_short(column, found[0])}"
    if kind == "date":
        return (
            f"column {name!r} holds dates{first}, and no numbers {use}: count the seconds or days since a "
            "beginning, or leave the column out"
        )
    if kind == "text":
        return (
            f"column {name!r} holds text{first}, and no numbers {use}: OneHot makes numbers of categories; "
            "or leave the column out"
        )
    # Numbers among other things: the row with the other thing is what has to be mended.
    for number in found:
        if not isinstance(column.iloc[number], int | float | np.number):
            first = f", in row {row(column, number)} {_short(column, number)}"
            break
    return f"column {name!r} holds other things than numbers {use}{first}: mend it, or leave it out"


def _short(column: pd.Series, number: int) -> str:
    return repr(column.iloc[number])[:60]


def row(table: pd.DataFrame | pd.Series, number: int) -> str:
    """Give how the row of a number is called: by its place in the index."""
    return repr(plain(table.index[int(number)]))


def no_missing(table: pd.DataFrame, name: str, use: str, hint: str = "fill_missing") -> None:
    """Refuse a column that misses a value.

    Raises
    ------
    BadRequest
        It does; the text tells in how many rows, and names the first.
    """
    bad = np.flatnonzero(table[name].isna().to_numpy())
    if len(bad):
        raise BadRequest(
            f"column {name!r} misses a value in {len(bad):,} of {len(table):,} rows, the first is row "
            f"{row(table, bad[0])}: {use} needs all of them; use {hint}, or leave those rows out"
        )


def plain(value: Any) -> Any:
    """Give a value as Python's own, where NumPy or pandas have wrapped it."""
    return value.item() if isinstance(value, np.generic) else value


def to_json(form: str, facts: Mapping[str, Any]) -> str:
    """Give what was learnt as JSON text, the same text for the same facts."""
    return json.dumps({"astrodata": form, "format": 1, **facts}, allow_nan=False)


def from_json(form: str, text: str | bytes | Mapping[str, Any], names: Sequence[str]) -> list[Any]:
    """Give the facts of some names out of JSON text of `to_json`.

    Raises
    ------
    DamagedFile
        No JSON, of something else, of a later version, or with a fact missing.
    """
    try:
        held = text if isinstance(text, Mapping) else json.loads(text)
        if held["astrodata"] != form or held["format"] != 1:
            raise DamagedFile(
                f"this JSON is of {str(held['astrodata'])[:40]!r}, format {str(held['format'])[:9]}, "
                f"and not of {form!r}, format 1"
            )
        return [held[name] for name in names]
    except (ValueError, TypeError, KeyError) as error:
        if isinstance(error, DamagedFile):
            raise
        raise DamagedFile(f"this JSON does not hold a {form}: {str(error)[:120]}") from None
