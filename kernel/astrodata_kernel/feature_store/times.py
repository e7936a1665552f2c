"""Times as the store keeps them: UTC, to the microsecond."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from ..errors import BadRequest

KIND = "datetime64[us, UTC]"


def moment(value: Any, what: str, *, down: bool = False) -> pd.Timestamp:
    """Give one time; see `moments`.

    Examples
    --------
    >>> moment("2026-01-01T01:00:00+01:00", "at").isoformat()
    '2026-01-01T00:00:00+00:00'
    """
    if not isinstance(value, str | date | np.datetime64) and not _of_astropy(value):
        raise BadRequest(
            f"{what} is a time, such as '2026-01-31T12:00:00Z', not {str(value)[:40]!r}"
        )
    if np.ndim(value):
        raise BadRequest(f"{what} is one time, not {np.shape(value)}")
    return moments([_plain(value)], what, down=down).iloc[0]


def moments(values: Any, what: str, *, down: bool = False, first: int = 0) -> pd.Series:
    """Give times as a series of UTC with microseconds.

    Parameters
    ----------
    values
        datetimes, ISO 8601 texts, or `astropy.time.Time`; those without a zone are UTC.
    what
        How errors name them.
    down
        Whether fractions of a microsecond are cut; they are refused else, because features would hold from
        before their time.
    first
        Number of the first row, for errors.

    Raises
    ------
    BadRequest
        What is no time, or is missing; the text names the row.
    """
    given = pd.Series(_plain(values))
    given = given.reset_index(drop=True)
    text = pd.api.types.is_object_dtype(given) or pd.api.types.is_string_dtype(given)
    if not text and not pd.api.types.is_datetime64_any_dtype(given):
        raise BadRequest(
            f"{what} is of type {given.dtype}: give times (datetime64, ISO 8601 texts, astropy's Time); "
            "numbers tell neither their start nor their scale"
        )
    if text and given.map(lambda one: isinstance(one, int | float) and one == one).any():
        raise BadRequest(f"{what} has numbers among its times: give times only")
    found = pd.to_datetime(given, utc=True, errors="coerce", format="ISO8601" if text else None)
    if found.isna().any():
        row = int(np.flatnonzero(found.isna())[0])
        raise BadRequest(f"{what}, row {first + row}: {str(given[row])[:40]!r} is no time")
    if found.dt.unit == "ns":
        fine = found.dt.nanosecond.to_numpy() % 1000 != 0
        if fine.any() and not down:
            row = int(np.flatnonzero(fine)[0])
            raise BadRequest(
                f"{what}, row {first + row}: {given[row]} is finer than a microsecond, which is what the "
                "store keeps: round it up, so that nothing holds before its time"
            )
        found = found.dt.floor("us")
    return found.astype(KIND)


def micros(time: pd.Timestamp) -> int:
    """Give microseconds since 1970."""
    return int(time.as_unit("us").asm8.view("i8"))


def _of_astropy(value: Any) -> bool:
    return hasattr(value, "utc") and hasattr(value, "datetime64")


def _plain(value: Any) -> Any:
    """Give the times of astropy as NumPy has them, what is masked as missing."""
    if not _of_astropy(value):
        return value
    found = value.utc.datetime64
    return np.where(value.mask, np.datetime64("NaT"), getattr(found, "unmasked", found))
