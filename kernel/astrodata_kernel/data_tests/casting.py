"""Values of a column as another type, and which of them are none."""

from __future__ import annotations

import difflib
from typing import Any

import numpy as np
import pandas as pd

from ..errors import BadRequest

_WORDS = {
    "text": "str",
    "flag": "boolean",
    "number": "float64",
    "integer": "Int64",
    "time": "datetime64[us]",
}
_TYPES = (
    *_WORDS,
    "float32",
    "float64",
    "int16",
    "int32",
    "int64",
    "Int64",
    "bool",
    "str",
    "category",
)
_TRUE, _FALSE = {"true", "t", "yes", "y", "1", "1.0"}, {"false", "f", "no", "n", "0", "0.0"}


def cast(values: pd.Series, dtype: str, bad: str = "stop") -> tuple[pd.Series, Any, pd.Series, str]:
    """Give values as another type, where they are none, what they were, and the name of the type.

    Parameters
    ----------
    values
        Of a column.
    dtype
        Of pandas, or ``"text"``, ``"flag"``, ``"number"``, ``"integer"`` or ``"time"``.
    bad
        ``"missing"`` gives whole numbers and flags that are none as missing, in pandas' types that can be.

    Raises
    ------
    BadRequest
        A type that pandas does not know; the text names the nearest.
    """
    try:
        wanted: Any = pd.api.types.pandas_dtype(_WORDS.get(dtype, dtype))
    except TypeError:
        close = difflib.get_close_matches(dtype, _TYPES, 1, 0.4)
        hint = f"; did you mean {close[0]!r}?" if close else ""
        raise BadRequest(f"there is no type {dtype!r}{hint}") from None
    gone = values.isna().to_numpy()
    types = pd.api.types
    if types.is_bool_dtype(wanted):
        made, wrong = _flags(values, gone)
    elif types.is_integer_dtype(wanted):
        made, wrong = _wholes(values, gone, wanted)
    elif types.is_float_dtype(wanted):
        made, wrong = _floats(values, gone, wanted)
    elif types.is_datetime64_any_dtype(wanted):
        found = pd.to_datetime(
            values, errors="coerce", format=None if _is_time(values) else "ISO8601"
        )
        wrong = found.isna().to_numpy() & ~gone
        made = found if getattr(found.dtype, "tz", None) is not None else found.astype(wanted)
    else:
        return values.astype(wanted), np.zeros(len(values), bool), values, dtype
    plain = isinstance(wanted, np.dtype) and wanted.kind in "iub"
    if plain:
        # A whole number of NumPy cannot be missing.
        if bad == "stop":
            wrong = wrong | gone
        if not wrong.any() and not gone.any():
            made = made.astype(wanted)
    return made, wrong, values, dtype


def _is_time(values: pd.Series) -> bool:
    return pd.api.types.is_datetime64_any_dtype(values.dtype)


def _numbers(values: pd.Series) -> pd.Series:
    if pd.api.types.is_numeric_dtype(values.dtype) or pd.api.types.is_bool_dtype(values.dtype):
        return values
    return pd.to_numeric(values.astype("str").str.strip(), errors="coerce")


def _flags(values: pd.Series, gone: Any) -> tuple[pd.Series, Any]:
    if pd.api.types.is_bool_dtype(values.dtype):
        return values.astype("boolean"), np.zeros(len(values), bool)
    words = values.astype("str").str.strip().str.lower()
    yes, no = words.isin(_TRUE).to_numpy(), words.isin(_FALSE).to_numpy()
    wrong = ~yes & ~no & ~gone
    return pd.Series(yes, index=values.index).astype("boolean").mask(wrong | gone), wrong


def _wholes(values: pd.Series, gone: Any, wanted: Any) -> tuple[pd.Series, Any]:
    found = _numbers(values)
    nullable = (
        pd.array([], dtype=wanted).dtype if not isinstance(wanted, np.dtype) else _nullable(wanted)
    )
    limits = np.iinfo(str(wanted).lower())
    if pd.api.types.is_integer_dtype(found.dtype):
        there = (
            found.astype("object").where(~gone, 0) if found.dtype == np.uint64 else found.fillna(0)
        )
        wrong = ((there < limits.min) | (there > limits.max)).to_numpy(bool) & ~gone
        return found.mask(wrong).astype(nullable) if wrong.any() else found.astype(nullable), wrong
    numbers = found.to_numpy(np.float64, na_value=np.nan)
    with np.errstate(invalid="ignore"):
        whole = np.isfinite(numbers) & (numbers == np.round(numbers))
        # 2**63 is a float and no int64; floats know nothing between.
        whole &= (numbers >= float(limits.min)) & (numbers < float(limits.max) + 1)
    wrong = ~whole & ~gone
    kept = np.where(whole, numbers, 0).astype(str(wanted).lower())
    return pd.Series(kept, index=values.index).astype(nullable).mask(~whole), wrong


def _nullable(wanted: np.dtype[Any]) -> str:
    return wanted.name.replace("uint", "UInt").replace("int", "Int")


def _floats(values: pd.Series, gone: Any, wanted: Any) -> tuple[pd.Series, Any]:
    numbers = _numbers(values).to_numpy(np.float64, na_value=np.nan)
    words = None
    wrong = np.isnan(numbers) & ~gone
    if wrong.any() and not pd.api.types.is_numeric_dtype(values.dtype):
        words = values.astype("str").str.strip().str.lower()
        wrong &= ~words.isin(["nan"]).to_numpy()
    with np.errstate(over="ignore"):
        made = pd.Series(numbers, index=values.index).astype(wanted)
    back = made.to_numpy(np.float64, na_value=np.nan)
    return made, wrong | (np.isinf(back) & np.isfinite(numbers))
