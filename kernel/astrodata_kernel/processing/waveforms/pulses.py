"""Finding pulses in all traces, by a threshold with hysteresis in units of the baseline's RMS."""

from __future__ import annotations

from math import sqrt
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from numba import njit

from ...errors import BadRequest
from .baselines import baseline_length, bits_of, finite, rest, scratch
from .chunks import map_traces, traces_of

BLOCK = 64
"""Samples whose extremes are found first, so that quiet stretches are passed over at once."""

HYSTERESIS = 0.5
"""Share of the threshold at which a pulse begins and ends."""

_ROOM = 16  # pulses of a trace, on average, that there is room for without looking again

Values = npt.NDArray[Any]


def find_pulses(
    traces: Any,
    threshold: float = 5.0,
    baseline_samples: int | None = None,
    polarity: int = 1,
    min_width: int = 1,
    min_distance: int = 1,
    **run: Any,
) -> pd.DataFrame:
    """Give the pulses of all traces.

    A pulse is a stretch above half the threshold that reaches the threshold itself.

    Parameters
    ----------
    traces
        Shape (traces, samples) or (samples,): an array, lazy array or Dask array. NaN and infinite
        samples count as baseline.
    threshold
        In units of the baseline's RMS, above the baseline. The RMS is that about the median, of the
        baseline's samples within four robust deviations; for integers it is 1/sqrt(12), that of
        rounding, at least.
    baseline_samples
        How many of the first samples are the baseline; a sixteenth of the trace, 16 at least, by default.
    polarity
        1 for pulses that rise, -1 for pulses that fall.
    min_width
        Samples of the narrowest pulse.
    min_distance
        Stretches with fewer samples than this between them are one pulse.
    **run
        ``workers``, ``cancelled`` and ``progress`` of `map_traces`.

    Returns
    -------
    DataFrame
        One row a pulse, ordered by trace and time: ``trace``; ``start``, ``peak_sample`` and ``stop``, which
        is one beyond the last sample; ``height`` and ``area`` (unit times samples) above the baseline along
        the polarity, in the traces' unit; ``width`` (samples, stop - start).

    Raises
    ------
    BadRequest
        A threshold, width or distance that is not positive, another polarity, or no traces.

    Examples
    --------
    >>> trace = np.zeros(100)
    >>> trace[40:45] = [1, 3, 5, 3, 1]
    >>> find_pulses(trace).loc[0].tolist()
    [0.0, 40.0, 42.0, 45.0, 5.0, 13.0, 5.0]
    """
    source = traces_of(traces)
    checked(threshold, polarity)
    if min_width < 1 or min_distance < 1:
        raise BadRequest(f"width {min_width}, distance {min_distance}: give 1 or more samples")
    length = baseline_length(baseline_samples, source.shape[1])
    least = rounding(source.dtype)

    def find(rows: Values) -> tuple[Values, Values]:
        rests = np.empty((len(rows), 2))
        options = (length, float(threshold), least)
        _rests(rows, *options, *scratch(rows.dtype, length), rests)
        counts, bits = np.zeros(len(rows), np.int64), bits_of(rows)
        limits = (float(polarity), min_width, min_distance)
        found = np.empty((_ROOM * len(rows), 5))
        total = _find(rows, *bits, rests, *limits, counts, found)
        if total > len(found):
            found = np.empty((total, 5))
            _find(rows, *bits, rests, *limits, counts, found)
        return counts, found[:total].copy()

    parts = map_traces(find, source, **run)
    counts = np.concatenate([np.empty(0, np.int64), *(p[0] for p in parts)])
    found = np.concatenate([np.empty((0, 5)), *(p[1] for p in parts)])
    places = found[:, :3].astype(np.int64)
    return pd.DataFrame(
        {
            "trace": np.repeat(np.arange(len(counts)), counts),
            "start": places[:, 0],
            "peak_sample": places[:, 1],
            "stop": places[:, 2],
            "height": found[:, 3],
            "area": found[:, 4],
            "width": places[:, 2] - places[:, 0],
        }
    )


def checked(threshold: float, polarity: int) -> None:
    """Raise BadRequest for a threshold that is not positive, and a polarity other than 1 and -1."""
    if not threshold > 0:
        raise BadRequest(f"a threshold of {threshold}: give a positive multiple of the RMS")
    if polarity not in (1, -1):
        raise BadRequest(
            f"polarity {polarity}: give 1 for pulses that rise, -1 for those that fall"
        )


def rounding(dtype: npt.DTypeLike) -> float:
    """Give the RMS that rounding to this type adds: none for floats."""
    return 0.0 if np.dtype(dtype).kind == "f" else sqrt(1 / 12)


@njit(nogil=True, cache=True, fastmath={"nnan", "nsz"})
def block_extremes(trace, tops, bottoms):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Find the extremes of each block of a trace without NaN."""
    for b in range(tops.size):
        top = bottom = trace[b * BLOCK]
        for j in range(b * BLOCK, min((b + 1) * BLOCK, trace.size)):
            v = trace[j]
            top = max(top, v)
            bottom = min(bottom, v)
        tops[b], bottoms[b] = top, bottom


@njit(nogil=True, cache=True)
def regions(trace, tops, bottoms, base, sign, low, high, min_width, min_distance, found, at):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Count a trace's pulses, and write them into found from row `at`, as far as there is room."""
    start, stop, count = -1, -1, 0
    for b in range(tops.size):
        extreme = tops[b] if sign > 0 else bottoms[b]
        if not sign * (extreme - base) > low:
            continue
        for j in range(b * BLOCK, min((b + 1) * BLOCK, trace.size)):
            if sign * (trace[j] - base) > low:
                if start >= 0 and j - stop >= min_distance:
                    count += _pulse(
                        trace, base, sign, high, min_width, start, stop, found, at + count
                    )
                    start = -1
                if start < 0:
                    start = j
                stop = j + 1
    if start >= 0:
        count += _pulse(trace, base, sign, high, min_width, start, stop, found, at + count)
    return count


@njit(nogil=True, cache=True)
def _pulse(trace, base, sign, high, min_width, start, stop, found, at):  # type: ignore[no-untyped-def]  # pragma: no cover
    peak, place, area = -np.inf, start, 0.0
    for j in range(start, stop):
        d = sign * (trace[j] - base)
        area += d
        if d > peak:
            peak, place = d, j
    if peak < high or stop - start < min_width:
        return 0
    if at < found.shape[0]:
        found[at, 0], found[at, 1], found[at, 2] = start, place, stop
        found[at, 3], found[at, 4] = peak, area
    return 1


@njit(nogil=True, cache=True)
def _rests(values, length, threshold, least, room, keys, limit, rests):  # type: ignore[no-untyped-def]  # pragma: no cover
    for i in range(values.shape[0]):
        base, rms = rest(values[i], length, room, keys, limit)
        rests[i, 0], rests[i, 1] = base, threshold * max(rms, least)


@njit(nogil=True, cache=True)
def _find(values, bits, exponent, rests, sign, min_width, min_distance, counts, found):  # type: ignore[no-untyped-def]  # pragma: no cover
    samples = values.shape[1]
    blocks = (samples + BLOCK - 1) // BLOCK
    tops, bottoms = np.empty(blocks, values.dtype), np.empty(blocks, values.dtype)
    clean = np.empty(samples, values.dtype)
    at = 0
    for i in range(values.shape[0]):
        base, high = rests[i]
        # Without a finite sample in the baseline nothing tells where this trace rests.
        if np.isnan(base):
            continue
        trace = values[i]
        if not finite(bits[i], exponent):
            for j in range(samples):
                clean[j] = trace[j] if np.isfinite(trace[j]) else base
            trace = clean
        block_extremes(trace, tops, bottoms)
        low = HYSTERESIS * high
        counts[i] = regions(
            trace, tops, bottoms, base, sign, low, high, min_width, min_distance, found, at
        )
        at += counts[i]
    return at
