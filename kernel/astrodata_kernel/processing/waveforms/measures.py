"""The features of each trace: one fused, compiled pass over samples that stay in the processor's cache."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from numba import njit

from ...errors import BadRequest
from .baselines import baseline_length, bits_of, finite, rest, scratch
from .chunks import map_traces, traces_of
from .pulses import BLOCK, HYSTERESIS, block_extremes, checked, regions, rounding

COLUMNS = (
    "baseline",
    "baseline_rms",
    "peak",
    "position",
    "integral",
    "rise_time",
    "width",
    "t50",
    "t90",
    "kurtosis",
    "pulses",
    "saturated",
    "bad",
)
"""Columns of `features`, in their order."""

FLAT = 3
"""Samples in a row at the very extreme that tell of saturation."""

_TIMES = ["position", "rise_time", "width", "t50", "t90"]
_NUMBERS = 11  # columns before the two flags

Values = npt.NDArray[Any]


def features(
    traces: Any,
    baseline_samples: int | None = None,
    polarity: int = 1,
    sample_period: float | None = None,
    threshold: float = 5.0,
    **run: Any,
) -> pd.DataFrame:
    """Give what characterises each trace, one row a trace.

    Parameters
    ----------
    traces
        Shape (traces, samples) or (samples,): an array, lazy array or Dask array of real numbers.
    baseline_samples
        How many of the first samples are the baseline; a sixteenth of the trace, 16 at least, by default.
    polarity
        1 for pulses that rise, -1 for pulses that fall.
    sample_period
        Seconds between samples. With it, times are in seconds and the integral is in unit times seconds;
        without it both count samples.
    threshold
        Of the pulses that are counted, as in `find_pulses`.
    **run
        ``workers``, ``cancelled`` and ``progress`` of `map_traces`.

    Returns
    -------
    DataFrame
        ``baseline``: median of the first samples, in the traces' unit. ``baseline_rms``: RMS about it, of
        those within four robust deviations. From here on heights are above the baseline, along the
        polarity. ``peak``: the largest. ``position``: its (first) time, from the first sample.
        ``integral``: sum of all samples. ``rise_time``: from 10 % to 90 % of the peak before the peak;
        ``width``: full width at half of it; both interpolated, from the crossings that are nearest to
        the peak, NaN where the trace does not hold them. ``t50``, ``t90``: when the running integral first
        reaches 50 % and 90 % of the whole, interpolated; NaN unless the integral is positive. ``kurtosis``:
        excess kurtosis of all samples. ``pulses``: how many `find_pulses` finds; more than one is pile-up.
        ``saturated``: three samples or more in a row at the trace's very extreme, which lies further from
        the baseline than the threshold; for integers this extreme must also be the end of a converter
        of 8, 10, 12, 14 or 16 bits, or of the type. ``bad``: the trace holds NaN or infinities, or is
        constant. What a bad trace does not tell is NaN.

    Raises
    ------
    BadRequest
        A threshold, sample period or number of samples that is not positive, another polarity, or no traces.

    Examples
    --------
    >>> trace = np.zeros(100)
    >>> trace[40:45] = [1, 3, 5, 3, 1]
    >>> features(trace)[["peak", "position", "integral", "width", "pulses"]].loc[0].tolist()
    [5.0, 42.0, 13.0, 2.5, 1.0]
    """
    source = traces_of(traces)
    checked(threshold, polarity)
    if sample_period is not None and not 0 < sample_period < np.inf:
        raise BadRequest(f"a sample period of {sample_period}: give seconds, or None for samples")
    length = baseline_length(baseline_samples, source.shape[1])
    ends, least = converter_ends(source.dtype), rounding(source.dtype)

    def measure(rows: Values) -> Values:
        out = np.full((len(rows), len(COLUMNS)), np.nan)
        room, keys, limit = scratch(rows.dtype, length)
        bits, exponent = bits_of(rows)
        _measure(
            rows,
            bits,
            exponent,
            length,
            float(polarity),
            float(threshold),
            least,
            ends,
            room,
            keys,
            limit,
            out,
        )
        return out

    parts = map_traces(measure, source, **run)
    table = np.concatenate([np.empty((0, len(COLUMNS))), *parts])
    if sample_period is not None:
        table[:, [COLUMNS.index(name) for name in (*_TIMES, "integral")]] *= sample_period
    frame = pd.DataFrame(table[:, :_NUMBERS], columns=list(COLUMNS[:_NUMBERS]))
    frame["pulses"] = table[:, COLUMNS.index("pulses")].astype(np.int64)
    for name in ("saturated", "bad"):
        frame[name] = table[:, COLUMNS.index(name)].astype(bool)
    return frame


def converter_ends(dtype: npt.DTypeLike) -> npt.NDArray[np.float64]:
    """Give the values at which a converter that gives this type may saturate; none for floats."""
    kind, size = np.dtype(dtype).kind, np.dtype(dtype).itemsize * 8
    bits = [b for b in (8, 10, 12, 14, 16, 32, 64) if b <= size]
    if kind == "u":
        return np.array([0.0, *(2.0**b - 1 for b in bits)])
    if kind == "i":
        return np.array([e for b in bits for e in (-(2.0 ** (b - 1)), 2.0 ** (b - 1) - 1)])
    return np.empty(0)


@njit(nogil=True, cache=True, fastmath={"nnan", "nsz", "reassoc", "contract", "arcp"})
def _sums(trace, base, sums):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Find each block's sum, and the sums of all second, third and fourth powers."""
    second, third, fourth = 0.0, 0.0, 0.0
    for b in range(sums.size):
        total = 0.0
        for j in range(b * BLOCK, min((b + 1) * BLOCK, trace.size)):
            d = trace[j] - base
            square = d * d
            total += d
            second += square
            third += square * d
            fourth += square * square
        sums[b] = total
    return second, third, fourth


@njit(nogil=True, cache=True)
def _kurtosis(count, first, second, third, fourth):  # type: ignore[no-untyped-def]  # pragma: no cover
    mean, second, third, fourth = first / count, second / count, third / count, fourth / count
    variance = second - mean * mean
    if not variance > 0:
        return np.nan
    moment = fourth - 4 * mean * third + 6 * mean**2 * second - 3 * mean**4
    return moment / variance**2 - 3


@njit(nogil=True, cache=True)
def _place(trace, extremes, value):  # type: ignore[no-untyped-def]  # pragma: no cover
    for b in range(extremes.size):
        if extremes[b] == value:
            for j in range(b * BLOCK, trace.size):
                if trace[j] == value:
                    return j
    return 0


@njit(nogil=True, cache=True)
def _flat(trace, extremes, value):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Tell whether several samples in a row have this value."""
    count = 0
    for b in range(extremes.size):
        if extremes[b] != value:
            count = 0
            continue
        for j in range(b * BLOCK, min((b + 1) * BLOCK, trace.size)):
            count = count + 1 if trace[j] == value else 0
            if count == FLAT:
                return True
    return False


@njit(nogil=True, cache=True)
def _crossing(trace, base, sign, start, step, level):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Walk from a sample at or above a level to where the trace crosses it; NaN at the trace's end."""
    here = sign * (trace[start] - base)
    j = start + step
    while 0 <= j < trace.size:
        there = sign * (trace[j] - base)
        if there < level:
            return j - step, (j - step) + step * (here - level) / (here - there)
        here = there
        j += step
    return j - step, np.nan


@njit(nogil=True, cache=True)
def _reached(trace, base, sign, sums, extremes, share, total):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Give when the running integral first reaches a share of the whole."""
    level, before = share * total, 0.0
    for b in range(sums.size):
        most = BLOCK * max(sign * (extremes[b] - base), 0.0)
        if before + most < level:
            before += sign * sums[b]
            continue
        running = before
        for j in range(b * BLOCK, min((b + 1) * BLOCK, trace.size)):
            d = sign * (trace[j] - base)
            if running + d >= level:
                return max(j - 1 + (level - running) / d, 0.0)
            running += d
        before = running
    return trace.size - 1.0  # reached up to rounding


@njit(nogil=True, cache=True)
def _measure(values, bits, exponent, length, sign, threshold, least, ends, room, keys, limit, out):  # type: ignore[no-untyped-def]  # pragma: no cover
    samples = values.shape[1]
    blocks = (samples + BLOCK - 1) // BLOCK
    sums = np.empty(blocks)
    tops, bottoms = np.empty(blocks, values.dtype), np.empty(blocks, values.dtype)
    nothing = np.empty((0, 5))
    for i in range(values.shape[0]):
        trace, row = values[i], out[i]
        row[10], row[11], row[12] = 0, 0, 1
        if not finite(bits[i], exponent):
            continue
        base, rms = rest(trace, length, room, keys, limit)
        # Two loops, each of which the compiler turns into vector instructions; one of both it does not.
        block_extremes(trace, tops, bottoms)
        second, third, fourth = _sums(trace, base, sums)
        top, bottom = tops.max(), bottoms.min()
        row[0], row[1] = base, rms
        if top == bottom:
            row[2], row[4] = 0.0, 0.0
            continue
        row[12] = 0
        extremes, extreme = (tops, top) if sign > 0 else (bottoms, bottom)
        peak = sign * (extreme - base)
        place = _place(trace, extremes, extreme)
        first = sums.sum()
        total = sign * first
        row[2], row[3], row[4] = peak, place, total
        if peak > 0:
            above, t90 = _crossing(trace, base, sign, place, -1, 0.9 * peak)
            above, left = _crossing(trace, base, sign, above, -1, 0.5 * peak)
            above, t10 = _crossing(trace, base, sign, above, -1, 0.1 * peak)
            right = _crossing(trace, base, sign, place, 1, 0.5 * peak)[1]
            row[5], row[6] = t90 - t10, right - left
        if total > 0:
            row[7] = _reached(trace, base, sign, sums, extremes, 0.5, total)
            row[8] = _reached(trace, base, sign, sums, extremes, 0.9, total)
        row[9] = _kurtosis(samples, first, second, third, fourth)
        high = threshold * max(rms, least)
        low = HYSTERESIS * high
        row[10] = regions(trace, tops, bottoms, base, sign, low, high, 1, 1, nothing, 0)
        for value, found in ((top, tops), (bottom, bottoms)):
            if abs(value - base) > high and (ends.size == 0 or (ends == value).any()):
                row[11] = max(row[11], _flat(trace, found, value))
