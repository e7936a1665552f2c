"""What every function on strain asks first: is this a series, at which rate, and where are its gaps."""

from __future__ import annotations

from threading import Event
from typing import Any

import numpy as np
import numpy.typing as npt

from ...errors import BadRequest, Cancelled

Values = npt.NDArray[Any]


def checked_rate(sample_rate: float | None) -> float:
    """Give the sample rate in Hz.

    Raises
    ------
    BadRequest
        It is unknown, or no positive number.
    """
    if sample_rate is None:
        raise BadRequest(
            "the sample rate of this series is unknown: give it in Hz, such as sample_rate=4096"
        )
    rate = float(sample_rate)
    if not (np.isfinite(rate) and rate > 0):
        raise BadRequest(f"sample rate {sample_rate}: give a positive number of Hz")
    return rate


def checked_series(series: npt.ArrayLike) -> Values:
    """Give a series as float64, shape (samples,).

    Raises
    ------
    BadRequest
        Not one axis, no samples, or values that are not real numbers.
    """
    values = np.asarray(series)
    if values.ndim != 1 or not values.size:
        shape = " x ".join(map(str, values.shape)) or "a single number"
        raise BadRequest(f"a series has one axis and at least one sample; this has shape {shape}")
    if values.dtype.kind not in "iufb":
        raise BadRequest(f"a series holds real numbers, not {values.dtype}")
    return values.astype(np.float64, copy=False)


def filled(series: npt.ArrayLike) -> tuple[Values, Values | None]:
    """Give ``(values, gaps)``: straight lines across the samples that are missing, and where they are.

    Parameters
    ----------
    series
        Shape (samples,); NaN and infinite samples count as missing.

    Returns
    -------
    tuple
        float64 values without a gap, and a mask that is true in the gaps; None where there are none.

    Raises
    ------
    BadRequest
        Not a series, or one of which nothing is there.
    """
    values = checked_series(series)
    there = np.isfinite(values)
    if there.all():
        return values, None
    if not there.any():
        raise BadRequest("all samples of this stretch are missing (NaN): choose another stretch")
    where = np.arange(values.size)
    return np.interp(where, where[there], values[there]), ~there


def stretches(mask: Values) -> Values:
    """Give the [start, stop) of each run of true values, shape (runs, 2)."""
    edges = np.flatnonzero(np.diff(mask.astype(np.int8), prepend=0, append=0))
    return edges.reshape(-1, 2)


def soft_window(n: int, gaps: Values | None, fade: int) -> Values:
    """Give a window of 1 that falls smoothly to 0 at both ends and at each gap.

    Parameters
    ----------
    n
        Samples.
    gaps
        Mask of the missing samples, or None; the window is 0 there.
    fade
        Samples of a slope.
    """
    window = np.ones(n)
    fade = max(1, min(n // 8, fade))
    rise = 0.5 - 0.5 * np.cos(np.pi * (np.arange(fade) + 0.5) / fade)
    window[:fade] *= rise
    window[-fade:] *= rise[::-1]
    for first, last in () if gaps is None else stretches(gaps):
        window[first:last] = 0
        before, after = window[max(0, first - fade) : first], window[last : last + fade]
        before *= rise[: before.size][::-1]
        after *= rise[: after.size]
    return window


def stop_if(cancel: Event | None) -> None:
    """Raise `Cancelled` when nobody waits any more."""
    if cancel is not None and cancel.is_set():
        raise Cancelled("the work on this strain was given up: nobody waits for it any more")
