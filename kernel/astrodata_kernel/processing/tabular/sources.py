"""Tables out of files, whatever their format, as pandas DataFrames."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from ...datasets import Dataset, LazyTable
from ...datasets.lazy import ArrowRows
from ...errors import BadRequest, UnsupportedFormat
from ...readers.registry import open_dataset
from ..table_units import units_of_schema
from ..tables import Rows
from .columns import checked, kind_of, listed
from .series import columns_of_arrow, series_of

WIDEST = 2000
"""Columns of a table that vectors are expanded into."""

_ROWS = 1 << 17


def table_of(
    source: Any,
    part: int | str | None = None,
    columns: str | Iterable[str] | None = None,
    vectors: str = "expand",
    as_text: Collection[str] = (),
) -> pd.DataFrame:
    """Give a table of a file, a data set or an astropy table, with a range of rows as its index.

    Parameters
    ----------
    source
        Path or address of a FITS, Parquet or CSV table, or of an ``.npz`` whose arrays have one length (as
        those of ADBench: ``X`` and ``y``); a `Dataset`, an `astropy.table.Table`, a structured array, a
        mapping of names to columns, or a DataFrame.
    part
        Number or name of the HDU that holds the table; the first table by default.
    columns
        Those to read, in the order wanted; all by default.
    vectors
        ``"expand"`` makes columns ``FLUX_0``, ``FLUX_1``, ... of one with several values a row; ``"refuse"``
        takes that for an error.
    as_text
        Columns of CSV that stay texts as they are written: ``007`` is a name and no 7.

    Returns
    -------
    pandas.DataFrame
        In native byte order. Missing values are NaN or pandas' NA, as empty text of CSV is; whole numbers
        stay whole, categories stay such, times with a zone keep it. Types of CSV are those that all of its
        rows fit. Its ``.attrs["units"]`` has the unit of each column that has one, as the file writes it.

    Raises
    ------
    UnsupportedFormat
        No table, arrays of other lengths, or a column whose values are lists of different lengths.
    UnknownName
        A column or part that is not there.
    BadRequest
        Vectors that are to be refused, or that would be too many columns.

    Examples
    --------
    >>> made = table_of({"X": np.zeros((2, 3)), "y": np.array([0, 1], ">i4")})
    >>> list(made.columns), made["y"].tolist(), made["y"].dtype.byteorder
    (['X_0', 'X_1', 'X_2', 'y'], [0, 1], '=')
    """
    if vectors not in ("expand", "refuse"):
        raise BadRequest(f"vectors={vectors!r}: there are 'expand' and 'refuse'")
    wanted = None if columns is None else listed(columns)
    if isinstance(source, pd.DataFrame):
        found = checked(source, wanted or ())
        return (found if wanted is None else found[wanted]).copy()
    if isinstance(source, (str, os.PathLike)):
        source = _opened(source, part)
    elif isinstance(source, Dataset) and part is not None:
        source = source.hdu(part)
    if isinstance(source, Dataset) and source.kind != "table":
        source = _arrays(source)
    lazy = source.table if isinstance(source, Dataset) else source
    arrow = lazy.arrow if isinstance(lazy, LazyTable) else None
    if arrow is not None and as_text:
        arrow = arrow.as_text(as_text)
    found = _of_rows(Rows(source), wanted) if arrow is None else _of_arrow(arrow, wanted)
    made: dict[str, Any] = {}
    units: dict[str, str] = {}
    for name, values, unit in found:
        for new, one in _flat(name, values, vectors):
            if new in made:
                raise BadRequest(f"column {name!r} would make a second {new!r}: name the columns")
            made[new] = one
            if unit:
                units[new] = unit
            if len(made) > WIDEST:
                raise BadRequest(
                    f"column {name!r} and those before it make more than {WIDEST:,} columns: name "
                    "those to read"
                )
    table = pd.DataFrame(made)
    table.attrs["units"] = units
    return table


def _of_rows(rows: Rows, wanted: list[str] | None) -> Iterator[tuple[str, Any, str]]:
    """Give name, values and unit of each column."""
    for name in rows.names if wanted is None else wanted:
        facts = rows.facts(name)
        if facts.shape is None or facts.kind == "other":
            raise _no_place(name, facts.dtype, rows.scalars)
        values = rows.block(0, rows.count, [name])[name]
        yield name, values if values.ndim > 1 else series_of(values), facts.unit


def _of_arrow(rows: ArrowRows, wanted: list[str] | None) -> Iterator[tuple[str, Any, str]]:
    """Give name, values and unit of each column, in the types that Arrow and pandas share."""
    import pyarrow as pa

    names = rows.schema.names
    checked(pd.DataFrame(columns=names), wanted or ())
    wanted = names if wanted is None else wanted
    once = list(dict.fromkeys(wanted))
    schema = pa.schema([rows.schema.field(name) for name in once])
    table = pa.Table.from_batches(list(rows.batches(once, _ROWS)), schema)
    units = units_of_schema(rows.schema)
    gaps = {name for name, column in zip(once, table.columns, strict=True) if column.null_count}
    found = columns_of_arrow(table, gaps)
    for name in wanted:
        values = found[name]
        vector = isinstance(values, np.ndarray)
        if values.dtype == object and (vector or kind_of(values) == "other"):
            scalars = [f.name for f in rows.schema if not pa.types.is_nested(f.type)]
            raise _no_place(name, str(schema.field(name).type), scalars)
        yield name, values, units.get(name, "")


def _no_place(name: str, dtype: str, scalars: list[str]) -> UnsupportedFormat:
    return UnsupportedFormat(
        f"column {name!r} holds values of {dtype}, which have no place in a table: name the "
        f"columns to read, as columns={[one for one in scalars if one != name][:3]}"
    )


def _opened(path: str | os.PathLike[str], part: int | str | None) -> Dataset:
    dataset = open_dataset(path, hdu=part)
    if dataset.kind == "table" or part is not None:
        return dataset
    tables = [each.index for each in dataset.parts if each.kind == "table"]
    return dataset.hdu(tables[0]) if tables else dataset


def _arrays(dataset: Dataset) -> Mapping[str, Any]:
    """Give the arrays of an npz file as columns, when they have one length."""
    names = [part.name for part in dataset.parts if part.kind in ("image", "spectrum")]
    parts = [part for part in dataset.parts if part.name in names]
    lengths = {part.shape[0] for part in parts}
    if (
        _reader(dataset) != "NumPy"
        or not parts
        or len(parts) < len(dataset.parts)
        or len(lengths) > 1
    ):
        held = ", ".join(
            f"{each.name or each.index} {each.kind or each.note} {each.shape}"
            for each in dataset.parts[:6]
        )
        raise UnsupportedFormat(
            f"{dataset.name} holds no table but {held}: give a table, or arrays of one length"
        )
    return {part.name: np.asarray(dataset.hdu(part.index).array) for part in parts}


def _reader(dataset: Dataset) -> str:
    return "" if dataset.provenance is None else dataset.provenance.reader


def _flat(name: str, values: Any, vectors: str) -> list[tuple[str, Any]]:
    if isinstance(values, pd.Series):
        return [(name, values)]
    shape = values.shape[1:]
    if vectors == "refuse":
        raise BadRequest(
            f"column {name!r} has {shape} values in a row: vectors='expand' makes columns of them, or name "
            "the columns to read"
        )
    wide = int(np.prod(shape, dtype=np.int64))
    if wide > WIDEST:
        raise BadRequest(
            f"column {name!r} has {wide:,} values in a row, more than {WIDEST:,} columns: name the "
            "columns to read"
        )
    flat = values.reshape(len(values), wide)
    return [(f"{name}_{number}", series_of(flat[:, number])) for number in range(wide)]
