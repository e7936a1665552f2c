"""Values of a column as another type, and which of them are none."""

from __future__ import annotations

from numbers import Number
from typing import Any

import numpy as np
import pandas as pd

from ..errors import BadRequest, closest
from ..readers.text_columns import MISSING

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

    Whole numbers written as texts keep every digit. Times are UTC: of texts without a zone they are taken as
    such, and a type without a zone (``"time"``) has them so. Numbers are no times: they tell neither where
    they start nor in what they count.

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
        raise BadRequest(f"there is no type {dtype!r}{closest(dtype, _TYPES)}") from None
    types = pd.api.types
    texts = types.is_string_dtype(wanted) or isinstance(wanted, pd.CategoricalDtype)
    if not texts and types.is_string_dtype(values.dtype):
        # What stands for a missing number in a file of texts stands beside one that is mistyped, too.
        values = values.mask(values.astype("str").str.strip().isin(MISSING))
    gone = values.isna().to_numpy()
    if types.is_bool_dtype(wanted):
        made, wrong = _flags(values, gone)
    elif types.is_integer_dtype(wanted):
        made, wrong = _wholes(values, gone, wanted)
    elif types.is_float_dtype(wanted):
        made, wrong = _floats(values, gone, wanted)
    elif types.is_datetime64_any_dtype(wanted):
        made, wrong = _times(values, gone, wanted)
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


def _times(values: pd.Series, gone: Any, wanted: Any) -> tuple[pd.Series, Any]:
    if _holds_numbers(values):
        return pd.Series(pd.NaT, index=values.index, dtype=wanted), ~gone
    if values.dtype == object:
        values = values.mask(np.array([isinstance(v, Number) for v in values], bool))
    kept = pd.api.types.is_datetime64_any_dtype(values.dtype)
    # Rows of one column may have other offsets (summer time): only UTC holds them all.
    found = pd.to_datetime(values, errors="coerce", utc=True, format=None if kept else "ISO8601")
    if isinstance(wanted, np.dtype):
        found = found.dt.tz_localize(None)
    return found.astype(wanted), found.isna().to_numpy() & ~gone


def _holds_numbers(values: pd.Series) -> bool:
    """Give whether the type is one of numbers or flags."""
    types = pd.api.types
    return bool(types.is_numeric_dtype(values.dtype) or types.is_bool_dtype(values.dtype))


def _numbers(values: pd.Series) -> pd.Series:
    if _holds_numbers(values):
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
    name = str(wanted).lower()
    limits = np.iinfo(name)
    if pd.api.types.is_integer_dtype(values.dtype):
        held = values.fillna(0).to_numpy(np.int64 if values.dtype.kind == "i" else np.uint64)
        good = (held >= limits.min) & (held <= limits.max) & ~gone
        kept = np.where(good, held, 0).astype(name)
    elif _holds_numbers(values):
        kept, good = _whole_floats(values.to_numpy(np.float64, na_value=np.nan), limits)
    else:
        kept, good = _whole_words(values.astype("str").str.strip(), limits)
        good &= ~gone
    nullable = _nullable(wanted) if isinstance(wanted, np.dtype) else wanted
    made = pd.Series(kept, index=values.index).astype(nullable).mask(~good)
    return made, ~good & ~gone


def _whole_floats(numbers: Any, limits: Any) -> tuple[Any, Any]:
    """Give floats as whole numbers within limits, and which are such."""
    with np.errstate(invalid="ignore"):
        good = np.isfinite(numbers) & (numbers == np.round(numbers))
        # 2**63 is a float and no int64; floats know nothing between.
        good &= (numbers >= float(limits.min)) & (numbers < float(limits.max) + 1)
    return np.where(good, numbers, 0).astype(limits.dtype), good


def _whole_words(words: pd.Series, limits: Any) -> tuple[Any, Any]:
    """Give texts as whole numbers within limits, and which are such."""
    # Ids have up to 20 digits and floats hold 15: only "1e3" and the like go through a float.
    exact = words.str.fullmatch(r"[+-]?[0-9]{1,20}(?:\.0*)?").to_numpy(bool)
    others = pd.to_numeric(words.mask(exact), errors="coerce")
    kept, good = _whole_floats(others.to_numpy(np.float64, na_value=np.nan), limits)
    found = [int(word) for word in words[exact].str.replace(r"\..*", "", regex=True).tolist()]
    within = np.array([limits.min <= n <= limits.max for n in found], bool)
    good[exact] = within
    kept[exact] = np.array(
        [n if ok else 0 for n, ok in zip(found, within, strict=True)], kept.dtype
    )
    return kept, good


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
