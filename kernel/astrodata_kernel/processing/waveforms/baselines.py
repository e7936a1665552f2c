"""Where a trace rests, and how much it moves there."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from ...errors import BadRequest
from .chunks import map_traces, traces_of, transform

DEVIATIONS = 4.0
"""Robust deviations from the median beyond which a sample does not count for the RMS."""

METHODS = ("median", "mean", "mode")

Values = npt.NDArray[Any]


def baseline(
    traces: Any, samples: int | None = None, method: str = "median", **run: Any
) -> npt.NDArray[np.float64]:
    """Give the value at which each trace rests.

    Parameters
    ----------
    traces
        Shape (traces, samples) or (samples,): an array, lazy array or Dask array.
    samples
        How many of the first samples are looked at; a sixteenth of the trace, 16 at least, by default.
    method
        ``"median"``, ``"mean"``, or ``"mode"``: the most frequent value of integers (the lowest of
        several), and where floats lie densest, by halving the sample. NaN and infinities are left out.
    **run
        ``workers``, ``cancelled`` and ``progress`` of `map_traces`.

    Returns
    -------
    ndarray
        float64, shape (traces,); NaN where no sample is finite.

    Raises
    ------
    BadRequest
        No traces, another method, or no sample.
    """
    source = traces_of(traces)
    which, whole = _method(method), source.dtype.kind in "iub"
    length = baseline_length(samples, source.shape[1])
    parts = map_traces(lambda rows: _baselines(rows, length, which, whole), source, **run)
    return np.concatenate([np.empty(0), *parts])


def baseline_of(rows: Values, samples: int | None) -> Values:
    """Give the median of the first samples of each trace of a chunk; 0 for 0 samples."""
    if samples == 0:
        return np.zeros(len(rows))
    return _baselines(rows, baseline_length(samples, rows.shape[1]), 0, False)


def subtract_baseline(
    traces: Any, samples: int | None = None, method: str = "median", **run: Any
) -> Any:
    """Give traces that rest at 0; the arguments and errors are those of `baseline`.

    Returns
    -------
    ndarray or dask array
        float32 or float64, of the traces' shape.
    """
    source = traces_of(traces)
    which, whole = _method(method), source.dtype.kind in "iub"
    length = baseline_length(samples, source.shape[1])

    def work(rows: Values) -> Values:
        made = np.empty_like(rows)
        _subtract(rows, _baselines(rows, length, which, whole), made)
        return made

    return transform(work, source, **run)


def baseline_length(samples: int | None, length: int) -> int:
    """Give how many of a trace's first samples are its baseline: a sixteenth, 16 at least, by default.

    Raises
    ------
    BadRequest
        No sample.
    """
    if samples is None:
        return min(length, max(16, length // 16))
    if samples < 1:
        raise BadRequest(f"a baseline of {samples} samples: give 1 or more")
    return min(length, int(samples))


def scratch(dtype: np.dtype[Any], length: int) -> tuple[Values, Values, Any]:
    """Give what `rest` needs: room for floats, the same memory as integers, and their largest one."""
    room = np.empty(length, dtype)
    whole = np.dtype(f"i{dtype.itemsize}")
    return room, room.view(whole), whole.type(np.iinfo(whole).max)


def _method(method: str) -> int:
    if method not in METHODS:
        raise BadRequest(f"method {method!r}: give one of {', '.join(METHODS)}")
    return METHODS.index(method)


def _baselines(rows: Values, length: int, which: int, whole: bool) -> Values:
    out = np.empty(len(rows))
    _rest_at(rows, length, which, whole, *scratch(rows.dtype, length), out)
    return out


def bits_of(values: Values) -> tuple[Values, Any]:
    """Give what `finite` needs: floats as integers, and those bits that are all set in what is not finite."""
    whole = np.dtype(f"i{values.dtype.itemsize}")
    return values.view(whole), np.array(np.inf, values.dtype).view(whole)[()]


@njit(nogil=True, cache=True)
def finite(bits, exponent):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Tell by its bits whether a trace holds neither NaN nor infinities."""
    bad = 0
    for j in range(bits.size):
        bad += (bits[j] & exponent) == exponent
    return bad == 0


@njit(nogil=True, cache=True)
def gather(trace, first, stop, room):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Copy the finite samples into room, and give their number."""
    count = 0
    for j in range(first, stop):
        v = trace[j]
        if np.isfinite(v):
            room[count] = v
            count += 1
    return count


@njit(nogil=True, cache=True)
def middle(room, keys, limit, count):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Give the median of the first values in room, which it spoils.

    The bits of floats, as integers, have their order once those of negative numbers are turned round. So
    halving the range of integers and counting what lies below finds the median in as many passes as there
    are bits, each without a branch: several times faster than selecting.
    """
    least, most = limit, -limit - 1
    for j in range(count):
        k = keys[j]
        if k < 0:
            k ^= limit
        keys[j] = k
        least, most = min(least, k), max(most, k)
    wanted = (count + 1) // 2
    while least < most:
        half = (least >> 1) + (most >> 1) + (least & most & 1)
        below = 0
        for j in range(count):
            below += keys[j] <= half
        if below >= wanted:
            most = half
        else:
            least = half + 1
    below, above = 0, limit
    for j in range(count):
        k = keys[j]
        if k <= least:
            below += 1
        elif k < above:
            above = k
    # An even number has two in the middle; the second may be the same value again.
    second = above if count % 2 == 0 and below == wanted else least
    keys[0] = least ^ limit if least < 0 else least
    lower = np.float64(room[0])
    keys[0] = second ^ limit if second < 0 else second
    upper = np.float64(room[0])
    return lower / 2 + upper / 2


@njit(nogil=True, cache=True)
def rest(trace, length, room, keys, limit):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Give the median of a trace's first samples, and the RMS about it of those that are no outliers."""
    count = gather(trace, 0, length, room)
    if count == 0:
        return np.nan, np.nan
    base = middle(room, keys, limit, count)
    count, total = 0, 0.0
    for j in range(length):
        v = trace[j]
        if np.isfinite(v):
            room[count] = abs(v - base)
            total += room[count]
            count += 1
    spread = 1.4826022185056018 * middle(room, keys, limit, count)
    if spread == 0:
        # More than half of the samples are the same number, as a coarse digitiser gives them.
        spread = 1.2533141373155003 * total / count
    total, inside = 0.0, 0
    for j in range(length):
        v = trace[j]
        if np.isfinite(v):
            d = v - base
            if abs(d) <= DEVIATIONS * spread:
                total += d * d
                inside += 1
    return base, np.sqrt(total / max(inside, 1))


@njit(nogil=True, cache=True)
def _rest_at(values, length, which, whole, room, keys, limit, out):  # type: ignore[no-untyped-def]  # pragma: no cover
    for i in range(values.shape[0]):
        count = gather(values[i], 0, length, room)
        if count == 0:
            out[i] = np.nan
        elif which == 0:
            out[i] = middle(room, keys, limit, count)
        elif which == 1:
            total = 0.0
            for j in range(count):
                total += room[j]
            out[i] = total / count
        elif whole:
            out[i] = _most_frequent(np.sort(room[:count]))
        else:
            out[i] = _densest(np.sort(room[:count]))


@njit(nogil=True, cache=True)
def _most_frequent(ordered):  # type: ignore[no-untyped-def]  # pragma: no cover
    best, most, count = ordered[0], 0, 0
    for j in range(ordered.size):
        count = count + 1 if j and ordered[j] == ordered[j - 1] else 1
        if count > most:
            best, most = ordered[j], count
    return np.float64(best)


@njit(nogil=True, cache=True)
def _densest(ordered):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Halve the sample, to the half that is narrowest, until two values are left."""
    first, count = 0, ordered.size
    while count > 2:
        half = (count + 1) // 2
        best = first
        for j in range(first, first + count - half + 1):
            if ordered[j + half - 1] - ordered[j] < ordered[best + half - 1] - ordered[best]:
                best = j
        first, count = best, half
    return (np.float64(ordered[first]) + np.float64(ordered[first + count - 1])) / 2


@njit(nogil=True, cache=True)
def _subtract(values, bases, out):  # type: ignore[no-untyped-def]  # pragma: no cover
    for i in range(values.shape[0]):
        for j in range(values.shape[1]):
            out[i, j] = values[i, j] - bases[i]
