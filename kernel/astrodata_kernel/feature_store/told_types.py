"""Types of features as the columns of a table tell them."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pyarrow as pa

from ..errors import BadRequest
from .definitions import DTYPES

_NAMES = {kind: name for name, kind in DTYPES.items()}


def feature_dtype(name: str, column: pd.Series) -> str:
    """Give the type that a view keeps a column as.

    Categories are kept as their values; times in UTC, to the microsecond.

    Parameters
    ----------
    name
        Of the column.
    column
        Of whatever type of pandas, also those with missing values.

    Raises
    ------
    BadRequest
        Values that a view has no type for, of several types, or none at all; the text names the column.

    Examples
    --------
    >>> feature_dtype("n", pd.Series([1, None], dtype="Int8"))
    'int8'
    """
    try:
        kind = pa.array(column, from_pandas=True).type
    except (pa.ArrowException, OverflowError, UnicodeError, TypeError, ValueError):
        raise BadRequest(_mixed(name, column)) from None
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if pa.types.is_null(kind):
        raise BadRequest(
            f"column {name!r} has no value at all, so that its type is not told: leave it out, or give it "
            "one by astype"
        )
    if pa.types.is_float16(kind):
        return "float32"
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        return "timestamp"
    if pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return "string"
    if kind not in _NAMES:
        raise BadRequest(
            f"column {name!r} is of {column.dtype}, its values of {kind}, which a view does not keep: leave "
            f"it out, or turn it into one of {', '.join(DTYPES)}"
        )
    return _NAMES[kind]


def _mixed(name: str, column: pd.Series) -> str:
    """Give the words on a column of values of several types."""
    first: Any = None
    for row, value in zip(column.index, column, strict=True):
        if value is None or value is pd.NA or value != value:
            continue
        first = type(value) if first is None else first
        if type(value) is not first:
            return (
                f"column {name!r} has values of several types, {first.__name__} first and in row {row} "
                f"{type(value).__name__}: turn them into one type, or leave it out"
            )
    return f"column {name!r} is of {column.dtype}, which a view does not keep: leave it out, or turn it"
