"""Columns of files as pandas keeps them, of arrays and of Arrow: missing values as such, no digit lost."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import suppress
from typing import Any

import numpy as np
import pandas as pd

_EXACT_DIGITS = 18
"""Digits that any int64 holds."""


def series_of(values: Any) -> pd.Series | None:
    """Give an array as a Series in native byte order, missing values as such; None for several a row."""
    mask = np.ma.getmaskarray(values) if isinstance(values, np.ma.MaskedArray) else None
    data = np.asarray(np.ma.getdata(values))
    if data.ndim != 1:
        return None
    if data.dtype.kind == "S":
        data = np.char.decode(data, "utf-8", "replace")
    if data.dtype.kind == "O" and any(isinstance(v, np.ndarray | list | tuple) for v in data[:64]):
        return None
    data = data.astype(data.dtype.newbyteorder("="), copy=False)
    if data.dtype == np.float16:
        data = data.astype(np.float32)
    if data.dtype.kind == "M" and data.dtype != np.dtype("M8[ns]"):
        data = data.astype("M8[us]")
    made = pd.Series(data)
    if data.dtype.kind == "U":
        made = made.astype("str")
    if mask is None or not mask.any():
        return made
    if data.dtype.kind in "iub":
        # NaN would make numbers of them that have lost their last digits.
        made = made.astype("boolean" if data.dtype.kind == "b" else _nullable(data.dtype.name))
    return made.mask(mask)


def columns_of_arrow(table: Any, gaps: Collection[str]) -> dict[str, Any]:
    """Give columns of an Arrow table or batch: a Series each, or an array of those with several values a row.

    Parameters
    ----------
    table
        Some rows of a file, or all of them.
    gaps
        Columns of which any row of the file misses a value: parts of one column have one type.

    Notes
    -----
    Times are of microseconds, or of nanoseconds where the file has these; those with a zone keep it. Dates
    are times at midnight. Decimals are int64 where they have no fraction and 18 digits at most, and else the
    nearest float64. Categories of texts stay such; Parquet has no others.
    """
    return {
        name: _of_arrow(column, name in gaps)
        for name, column in zip(table.schema.names, table.columns, strict=True)
    }


def joined(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Give the rows of several parts of one table; categories that only one part has stay categories."""
    whole = pd.concat(parts) if len(parts) > 1 else parts[0]
    for name in whole.columns:
        pieces = [part[name] for part in parts]
        every = all(isinstance(piece.dtype, pd.CategoricalDtype) for piece in pieces)
        if every and not isinstance(whole[name].dtype, pd.CategoricalDtype):
            # Parts that know different categories: none of them tells how these are ordered.
            held = pd.api.types.union_categoricals(pieces, ignore_order=True)
            whole[name] = pd.Series(held, index=whole.index)
    return whole


def _nullable(name: str) -> str:
    return name.replace("int", "Int").replace("uI", "UI")


def _of_arrow(column: Any, gaps: bool) -> Any:
    import pyarrow as pa

    types, kind = pa.types, column.type
    if types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind):
        return _vectors(column)
    if types.is_dictionary(kind):
        whole = column.unify_dictionaries() if isinstance(column, pa.ChunkedArray) else column
        return whole.to_pandas()
    column = _plainer(column)
    kind = column.type
    if gaps and (types.is_integer(kind) or types.is_boolean(kind)):
        dtype = "boolean" if types.is_boolean(kind) else _nullable(str(kind))
        gone = np.asarray(column.is_null())
        filled = column.fill_null(False if types.is_boolean(kind) else 0)
        values = pd.Series(filled.to_numpy(zero_copy_only=False)).astype(dtype)
        return values.mask(gone) if gone.any() else values
    return column.to_pandas()


def _plainer(column: Any) -> Any:
    """Give a column of a type that pandas has none for as one that it has, if there is one."""
    import pyarrow as pa

    types, kind = pa.types, column.type
    wanted: list[Any] = []
    if types.is_null(kind) or types.is_decimal(kind):
        exact = types.is_decimal(kind) and kind.scale == 0 and kind.precision <= _EXACT_DIGITS
        wanted = [pa.int64() if exact else pa.float64()]
    elif types.is_float16(kind):
        wanted = [pa.float32()]
    elif types.is_date(kind):
        # Microseconds reach 290,000 years; a date reaches further.
        wanted = [pa.timestamp("us"), pa.timestamp("s")]
    elif types.is_timestamp(kind) and kind.unit in ("s", "ms"):
        wanted = [pa.timestamp("us", kind.tz)]
    elif types.is_binary(kind) or types.is_large_binary(kind) or types.is_fixed_size_binary(kind):
        texts = [None if v is None else v.decode("utf-8", "replace") for v in column.to_pylist()]
        return pa.array(texts, pa.string())
    for one in wanted:
        with suppress(pa.ArrowException):
            return column.cast(one)
    return column


def _vectors(column: Any) -> Any:
    rows = column.to_numpy(zero_copy_only=False) if len(column) else np.empty(0, object)
    told = list(rows)
    same = all(row is not None for row in told) and len({len(row) for row in told}) == 1
    return np.stack(told) if same else np.asarray(rows, dtype=object)
