"""Tables without duplicates and without missing values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd

from ...errors import BadRequest, DamagedFile
from .columns import checked, from_json, kind_of, listed, numbers, plain, to_json

WAYS = ("mean", "median", "most_frequent", "constant", "drop")


def drop_duplicates(table: pd.DataFrame, columns: str | Iterable[str] | None = None) -> Any:
    """Give the table with the first of each set of equal rows.

    Parameters
    ----------
    table
        Stays as it is.
    columns
        Those that decide whether rows are equal; all by default. Missing values are equal to each other.

    Raises
    ------
    UnknownName
        A column that is not there.
    BadRequest
        A column of lists or arrays, which cannot be compared.

    Examples
    --------
    >>> drop_duplicates(pd.DataFrame({"x": [1, 1, 2], "y": [5, 5, 5]})).index.tolist()
    [0, 2]
    """
    names = None if columns is None else listed(columns)
    checked(table, names or ())
    for name in table.columns if names is None else names:
        if kind_of(table[name]) == "other":
            for value in table[name]:
                if getattr(value, "__hash__", None) is None:
                    raise BadRequest(
                        f"column {name!r} holds {type(value).__name__}s, which cannot be compared: name the "
                        "columns that decide"
                    )
    return table.drop_duplicates(subset=names)


@dataclass(frozen=True)
class MissingValues:
    """What stands in the place of missing values, learnt from a training part.

    Parameters
    ----------
    ways
        One of ``"mean"``, ``"median"``, ``"most_frequent"``, ``"constant"`` and ``"drop"`` for each column.
    fills
        The value of each column; none where its rows are dropped.

    Examples
    --------
    >>> train = pd.DataFrame({"x": [1.0, 3.0, None], "band": ["g", None, "g"]})
    >>> learnt = MissingValues.fit(train, {"x": "mean", "band": "most_frequent"})
    >>> learnt.transform(pd.DataFrame({"x": [None], "band": [None]})).to_dict("list")
    {'x': [2.0], 'band': ['g']}
    >>> MissingValues.from_json(learnt.to_json()) == learnt
    True
    """

    ways: Mapping[str, str]
    fills: Mapping[str, Any]

    @classmethod
    def fit(
        cls,
        table: pd.DataFrame,
        how: str | Mapping[str, str] = "median",
        columns: str | Iterable[str] | None = None,
        value: Any = None,
    ) -> Self:
        """Give what a training part tells.

        Parameters
        ----------
        table
            The training part alone: what other parts hold must not be known to a model.
        how
            One way for all columns, or one for each that is named.
        columns
            Those to fill; by default all, or those that `how` names.
        value
            Of ``"constant"``: one for all columns, or a mapping of columns to values.

        Raises
        ------
        BadRequest
            A way that there is not, a mean of text, or a column without any value.
        UnknownName
            A column that is not there.
        """
        names = listed(columns) if columns is not None else None
        if isinstance(how, str):
            names = list(checked(table).columns) if names is None else names
            ways = dict.fromkeys(names, how)
        else:
            ways = {name: way for name, way in how.items() if names is None or name in names}
        checked(table, [*(names or ()), *ways])
        fills = {}
        for name, way in ways.items():
            if way not in WAYS:
                raise BadRequest(f"missing values by {way!r}: there are {', '.join(WAYS)}")
            if way != "drop":
                fills[name] = _fill(table, name, way, value)
        return cls(ways, fills)

    def transform(self, table: pd.DataFrame) -> pd.DataFrame:
        """Give the table without missing values in the columns that were learnt.

        Raises
        ------
        UnknownName
            A column that was learnt and is not there.
        BadRequest
            A fill of another kind than the column.
        """
        made = checked(table, self.ways).copy()
        for name, value in self.fills.items():
            missing = made[name].isna()
            if missing.any():
                made[name] = _filled(made[name], name, value)
        dropped = [name for name, way in self.ways.items() if way == "drop"]
        return made.dropna(subset=dropped) if dropped else made

    def to_json(self) -> str:
        """Give what was learnt as JSON text."""
        fills = {name: _written(value) for name, value in self.fills.items()}
        return to_json("missing-values", {"ways": dict(self.ways), "fills": fills})

    @classmethod
    def from_json(cls, text: str | bytes | Mapping[str, Any]) -> Self:
        """Give what `to_json` has written.

        Raises
        ------
        DamagedFile
            Something else.
        """
        ways, fills = from_json("missing-values", text, ["ways", "fills"])
        if not isinstance(ways, Mapping) or not isinstance(fills, Mapping):
            raise DamagedFile("this JSON does not hold missing-values: its ways or fills are none")
        if not set(ways.values()) <= set(WAYS) or not set(fills) <= set(ways):
            raise DamagedFile("this JSON does not hold missing-values: its ways contradict it")
        return cls(dict(ways), {name: _read(value) for name, value in fills.items()})


def fill_missing(
    table: pd.DataFrame,
    how: str | Mapping[str, str] = "median",
    columns: str | Iterable[str] | None = None,
    value: Any = None,
) -> Any:
    """Give a table with its own missing values filled, as of `MissingValues.fit` and ``transform``.

    For parts of one table fit on the training part and transform all of them.

    Examples
    --------
    >>> fill_missing(pd.DataFrame({"x": [1.0, None, 5.0]}))["x"].tolist()
    [1.0, 3.0, 5.0]
    """
    return MissingValues.fit(table, how, columns, value).transform(table)


def _fill(table: pd.DataFrame, name: str, way: str, value: Any) -> Any:
    if way == "constant":
        found = value.get(name) if isinstance(value, Mapping) else value
        if found is None or pd.isna(found):
            raise BadRequest(f"missing values of column {name!r} by a constant: give value=")
        return plain(found)
    held = table[name].dropna()
    if not len(held):
        raise BadRequest(
            f"column {name!r} has no value at all: leave it out, or fill it with a constant"
        )
    if way == "most_frequent":
        counts = held.value_counts(sort=False)
        # The least of those that are as frequent, whatever the order of the rows.
        most = [value for value, count in counts.items() if count == counts.max()]
        try:
            return plain(min(most))
        except TypeError:
            return plain(min(most, key=str))
    values = numbers(table, name, f"that have a {way}")
    return float(np.nanmean(values) if way == "mean" else np.nanmedian(values))


def _filled(column: pd.Series, name: str, value: Any) -> pd.Series:
    whole = pd.api.types.is_integer_dtype(column.dtype)
    if whole and isinstance(value, float) and not value.is_integer():
        column = column.astype("Float64")  # whole numbers with gaps, and a mean between two of them
    elif whole and isinstance(value, float):
        value = int(value)
    if isinstance(column.dtype, pd.CategoricalDtype) and value not in column.cat.categories:
        column = column.cat.add_categories([value])
    try:
        return column.fillna(value)
    except (TypeError, ValueError):
        raise BadRequest(
            f"column {name!r} is of {column.dtype} and cannot take {value!r} for missing values: give "
            "a value of its own kind"
        ) from None


def _written(value: Any) -> Any:
    if isinstance(value, pd.Timestamp):
        return {"date": value.isoformat()}
    if isinstance(value, pd.Timedelta):
        return {"duration": value.isoformat()}
    return value


def _read(value: Any) -> Any:
    try:
        if isinstance(value, Mapping) and "date" in value:
            return pd.Timestamp(value["date"])
        if isinstance(value, Mapping):
            return pd.Timedelta(value["duration"])
    except (ValueError, KeyError, TypeError):
        raise DamagedFile(f"this JSON does not hold missing-values: {str(value)[:60]}") from None
    return value
