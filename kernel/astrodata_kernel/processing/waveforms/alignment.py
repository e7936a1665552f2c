"""When the pulse of each trace arrives, and traces shifted so that all arrive at once."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from ...errors import BadRequest
from .baselines import baseline_length, rest, scratch
from .chunks import map_traces, traces_of, transform
from .pulses import checked, rounding

WAYS = ("peak", "threshold", "constant-fraction")

Values = npt.NDArray[Any]


def arrival(
    traces: Any,
    by: str = "peak",
    *,
    threshold: float = 5.0,
    fraction: float = 0.5,
    polarity: int = 1,
    baseline_samples: int | None = None,
    **run: Any,
) -> npt.NDArray[np.float64]:
    """Give when each trace's pulse arrives, in samples.

    Parameters
    ----------
    traces
        Shape (traces, samples) or (samples,): an array, lazy array or Dask array.
    by
        ``"peak"``: the first sample of the largest height. ``"threshold"``: where the trace first rises above
        `threshold` times the baseline's RMS. ``"constant-fraction"``: where it rises above `fraction` of its
        peak, last before the peak. The latter two are interpolated.
    threshold, polarity, baseline_samples
        As in `find_pulses`.
    fraction
        0 to 1, both excluded.
    **run
        ``workers``, ``cancelled`` and ``progress`` of `map_traces`.

    Returns
    -------
    ndarray
        float64, shape (traces,); NaN where there is no such place.

    Raises
    ------
    BadRequest
        No traces, another way, or a number out of its range.
    """
    source = traces_of(traces)
    checked(threshold, polarity)
    if by not in WAYS:
        raise BadRequest(f"by={by!r}: give one of {', '.join(WAYS)}, or an array of positions")
    if not 0 < fraction < 1:
        raise BadRequest(f"a fraction of {fraction}: give one between 0 and 1")
    length = baseline_length(baseline_samples, source.shape[1])
    limit = {"peak": 0.0, "threshold": threshold, "constant-fraction": fraction}[by]
    least = rounding(source.dtype)

    def find(rows: Values) -> Values:
        found = np.full(len(rows), np.nan)
        room = scratch(rows.dtype, length)
        _arrivals(rows, WAYS.index(by), limit, float(polarity), length, least, *room, found)
        return found

    return np.concatenate([np.empty(0), *map_traces(find, source, **run)])


def align(
    traces: Any,
    by: str | npt.ArrayLike = "peak",
    to: int | None = None,
    fill: float = np.nan,
    **options: Any,
) -> Any:
    """Give traces shifted by whole samples, so that their pulses arrive at the same one.

    Parameters
    ----------
    traces
        Shape (traces, samples) or (samples,): an array, lazy array or Dask array.
    by
        One of the ways of `arrival`, or the position of each trace's pulse in samples.
    to
        Sample at which they shall arrive; the median of the positions by default.
    fill
        What stands where a shifted trace has no sample, and all over a trace whose position is NaN.
    **options
        Further arguments of `arrival`.

    Returns
    -------
    ndarray or dask array
        float32 or float64, of the traces' shape.

    Raises
    ------
    BadRequest
        As in `arrival`; or positions of another number than there are traces.
    """
    source = traces_of(traces)
    count, samples = source.shape
    if isinstance(by, str):
        positions = arrival(source, by, **options)
    else:
        positions = np.asarray(by, dtype=np.float64)
        if options:
            raise BadRequest(f"{', '.join(options)}: positions are given, nothing is looked for")
        if positions.shape != (count,):
            raise BadRequest(
                f"positions of shape {positions.shape}: give one for each of {count} traces"
            )
    known = np.isfinite(positions)
    if to is None:
        to = int(np.rint(np.median(positions[known]))) if known.any() else 0
    # A trace without a position is shifted out of sight, as one is that lies too far away.
    shifts = np.full(count, samples, np.int64)
    shifts[known] = np.rint(np.clip(to - positions[known], -samples, samples)).astype(np.int64)

    def work(rows: Values, by_rows: Values) -> Values:
        out = np.full_like(rows, fill)
        _shift(rows, by_rows, out)
        return out

    return transform(work, source, shifts)


@njit(nogil=True, cache=True)
def _shift(values, shifts, out):  # type: ignore[no-untyped-def]  # pragma: no cover
    samples = values.shape[1]
    for i in range(values.shape[0]):
        shift = shifts[i]
        for j in range(max(shift, 0), min(samples, samples + shift)):
            out[i, j] = values[i, j - shift]


@njit(nogil=True, cache=True)
def _arrivals(values, way, limit, sign, length, least, room, keys, largest, found):  # type: ignore[no-untyped-def]  # pragma: no cover
    for i in range(values.shape[0]):
        trace = values[i]
        base, rms = rest(trace, length, room, keys, largest)
        if np.isnan(base):
            continue
        if way == 1:
            found[i] = _rises(trace, base, sign, limit * max(rms, least), trace.size)
            continue
        peak, place = -np.inf, -1
        for j in range(trace.size):
            height = sign * (trace[j] - base)
            if np.isfinite(height) and height > peak:
                peak, place = height, j
        if way == 0:
            found[i] = place
        elif peak > 0:
            found[i] = _rose(trace, base, sign, limit * peak, place)


@njit(nogil=True, cache=True)
def _rises(trace, base, sign, level, stop):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Give where a trace first crosses a level upwards."""
    before = sign * (trace[0] - base)
    for j in range(1, stop):
        here = sign * (trace[j] - base)
        if before <= level < here and np.isfinite(here - before):
            return j - 1 + (level - before) / (here - before)
        before = here
    return np.nan


@njit(nogil=True, cache=True)
def _rose(trace, base, sign, level, place):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Give where a trace last crossed a level upwards before its peak."""
    here = sign * (trace[place] - base)
    for j in range(place - 1, -1, -1):
        before = sign * (trace[j] - base)
        if not np.isfinite(before):
            return np.nan
        if before < level:
            return j + (level - before) / (here - before)
        here = before
    return np.nan
