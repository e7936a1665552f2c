"""Traces changed: polarity, length, scale, sampling rate and bands of frequencies."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from ...datasets.lazy import Block, LazyArray
from ...errors import BadRequest
from .baselines import baseline_of
from .chunks import traces_of, transform

SCALES = ("peak", "area", "rms", "minmax")

Values = npt.NDArray[Any]


def invert(traces: Any, **run: Any) -> Any:
    """Give the negative of traces as floats, also of unsigned integers."""
    return transform(np.negative, traces, **run)


def trim(traces: Any, before: int, after: int) -> Any:
    """Give traces without their first and last samples.

    Nothing is copied: an array gives a view, a lazy or Dask array one that reads what is left.

    Parameters
    ----------
    traces
        Shape (traces, samples) or (samples,).
    before, after
        Samples that are cut off; DAIDREAM's are in `TRIM`.

    Raises
    ------
    BadRequest
        Negative numbers, or nothing left.
    """
    source = traces_of(traces)
    samples = source.shape[1]
    if before < 0 or after < 0 or before + after >= samples:
        raise BadRequest(
            f"{before} + {after} samples cut from {samples}: at least one must be left"
        )
    if isinstance(source, LazyArray):
        return _Window(source, before, samples - after)
    return source[:, before : samples - after]


def fit_length(traces: Any, length: int, how: str = "trim", **run: Any) -> Any:
    """Give traces of a wanted length, changed at their end so that samples keep their numbers.

    Parameters
    ----------
    traces
        Shape (traces, samples) or (samples,): an array, lazy array or Dask array.
    length
        Samples wanted.
    how
        ``"trim"`` cuts what is beyond, without a copy; ``"pad"`` repeats the last sample.
    **run
        ``workers``, ``cancelled`` and ``progress`` of `map_traces`, for ``"pad"``.

    Raises
    ------
    BadRequest
        No sample wanted, another way, or traces that the way does not bring to the length.
    """
    source = traces_of(traces)
    samples = source.shape[1]
    if length < 1 or how not in ("trim", "pad"):
        raise BadRequest(f'length {length}, how={how!r}: give a positive length, "trim" or "pad"')
    if samples == length:
        return source
    if (samples > length) != (how == "trim"):
        other = "pad" if how == "trim" else "trim"
        raise BadRequest(
            f"traces of {samples} samples do not become {length} by {how}: use how={other!r}"
        )
    if how == "trim":
        return trim(source, 0, samples - length)

    def work(rows: Values) -> Values:
        return np.pad(rows, ((0, 0), (0, length - samples)), mode="edge")

    return transform(work, source, length=length, **run)


def normalise(traces: Any, how: str = "peak", **run: Any) -> Any:
    """Give traces of one size.

    Parameters
    ----------
    traces
        Shape (traces, samples) or (samples,): an array, lazy array or Dask array. Their baseline should have
        been subtracted.
    how
        Each trace is divided by its ``"peak"`` (largest absolute value), its ``"area"`` (absolute value
        of its sum) or its ``"rms"`` (root of its mean square), or brought to 0 to 1 (``"minmax"``).
    **run
        ``workers``, ``cancelled`` and ``progress`` of `map_traces`.

    Returns
    -------
    ndarray or dask array
        float32 or float64, of the traces' shape. A constant trace, and one whose sum is 0 if ``"area"`` is
        wanted, is 0; one that holds NaN or infinities is NaN.

    Raises
    ------
    BadRequest
        No traces, or another way.
    """
    if how not in SCALES:
        raise BadRequest(f"how={how!r}: give one of {', '.join(SCALES)}")

    def work(rows: Values) -> Values:
        low, high = rows.min(axis=1).astype(np.float64), rows.max(axis=1).astype(np.float64)
        with np.errstate(invalid="ignore", over="ignore"):
            if how == "minmax":
                size = high - low
            elif how == "peak":
                size = np.maximum(np.abs(low), np.abs(high))
            elif how == "area":
                size = np.abs(rows.sum(axis=1, dtype=np.float64))
            else:
                squares = np.einsum("ij,ij->i", rows, rows, dtype=np.float64)
                size = np.sqrt(squares / rows.shape[1])
            size[(low == high) | (size == 0)] = np.inf  # a constant trace becomes 0
            size[~np.isfinite(low + high)] = np.nan
            if how == "minmax":
                rows = rows - low[:, None].astype(rows.dtype)
            return rows / size[:, None].astype(rows.dtype)

    return transform(work, traces, **run)


def resample(traces: Any, factor_or_rates: float | tuple[float, float], **run: Any) -> Any:
    """Give traces at another sampling rate, filtered against aliasing (polyphase, no delay).

    Parameters
    ----------
    traces
        Shape (traces, samples) or (samples,): an array, lazy array or Dask array.
    factor_or_rates
        How many samples one becomes (0.5 halves their number), or the rates ``(from, to)``. A ratio of
        integers up to 1,000 near to it is taken.
    **run
        ``workers``, ``cancelled`` and ``progress`` of `map_traces`.

    Returns
    -------
    ndarray or dask array
        float32 or float64, ceil(samples * factor) samples.

    Raises
    ------
    BadRequest
        No traces, or a factor or rates that are not positive.
    """
    from scipy.signal import resample_poly

    source = traces_of(traces)
    given = np.atleast_1d(np.asarray(factor_or_rates, dtype=np.float64))
    if given.shape not in ((1,), (2,)) or not (np.isfinite(given).all() and (given > 0).all()):
        raise BadRequest(f"{factor_or_rates}: give a positive factor, or the rates (from, to)")
    wanted = given[0] if given.size == 1 else given[1] / given[0]
    ratio = Fraction(float(wanted)).limit_denominator(1000)
    if not ratio or ratio > 1000:
        raise BadRequest(f"{factor_or_rates}: give a factor from 0.001 to 1,000")
    up, down = ratio.numerator, ratio.denominator
    samples = source.shape[1]

    def work(rows: Values) -> Values:
        # Without its baseline, which the filter would let through with a ripple; beyond its ends a trace
        # goes on along the line between them, so that it does not ring there.
        rest = baseline_of(rows, samples)[:, None].astype(rows.dtype)
        ends = "line" if samples > 1 else "constant"
        with np.errstate(invalid="ignore"):
            return resample_poly(rows - rest, up, down, axis=1, padtype=ends) + rest

    return transform(work, source, length=-(-samples * up // down), **run)


def band_pass(
    traces: Any,
    low: float | None,
    high: float | None,
    sample_period: float = 1.0,
    order: int = 4,
    **run: Any,
) -> Any:
    """Give traces with one band of frequencies left, filtered forwards and backwards: no delay.

    Parameters
    ----------
    traces
        Shape (traces, samples) or (samples,): an array, lazy array or Dask array.
    low, high
        Edges of the band in Hz; None leaves a side open.
    sample_period
        Seconds between samples; 1 gives edges in cycles per sample.
    order
        Of the Butterworth filter, which acts twice.
    **run
        ``workers``, ``cancelled`` and ``progress`` of `map_traces`.

    Returns
    -------
    ndarray or dask array
        float32 or float64, of the traces' shape; a trace that holds NaN is NaN.

    Raises
    ------
    BadRequest
        No traces, or edges that are not 0 < low < high < half the sampling rate.
    """
    from scipy.signal import butter

    nyquist = _nyquist(sample_period)
    edges = [e for e in (low, high) if e is not None]
    if not edges or not all(0 < e < nyquist for e in edges) or sorted(set(edges)) != edges:
        raise BadRequest(
            f"a band from {low} to {high} Hz: give edges in between 0 and {nyquist:g} Hz, "
            "half the sampling rate, the lower one first"
        )
    if order < 1:
        raise BadRequest(f"a filter of order {order}: give 1 or more")
    kind = "highpass" if high is None else "lowpass" if low is None else "bandpass"
    wanted = edges if len(edges) == 2 else edges[0]
    return _filtered(traces, butter(order, wanted, kind, fs=2 * nyquist, output="sos"), run)


def notch(
    traces: Any, frequency: float, q: float = 30.0, sample_period: float = 1.0, **run: Any
) -> Any:
    """Give traces without one frequency, filtered forwards and backwards: no delay.

    Parameters
    ----------
    traces
        Shape (traces, samples) or (samples,): an array, lazy array or Dask array.
    frequency
        In Hz.
    q
        The frequency over the width that is taken out.
    sample_period
        Seconds between samples; 1 gives a frequency in cycles per sample.
    **run
        ``workers``, ``cancelled`` and ``progress`` of `map_traces`.

    Returns
    -------
    ndarray or dask array
        float32 or float64, of the traces' shape; a trace that holds NaN is NaN.

    Raises
    ------
    BadRequest
        No traces, a frequency beyond half the sampling rate, or a q that is not positive.
    """
    from scipy.signal import iirnotch, tf2sos

    nyquist = _nyquist(sample_period)
    if not 0 < frequency < nyquist or not q > 0:
        raise BadRequest(
            f"a notch at {frequency} Hz, q {q}: give a frequency in between 0 and {nyquist:g} Hz, "
            "and a positive q"
        )
    return _filtered(traces, tf2sos(*iirnotch(frequency, q, fs=2 * nyquist)), run)


def moving_average(traces: Any, width: int, **run: Any) -> Any:
    """Give the mean of `width` samples around each sample, fewer at the ends.

    Parameters
    ----------
    traces
        Shape (traces, samples) or (samples,): an array, lazy array or Dask array.
    width
        Samples; an even number has one more before than behind.
    **run
        ``workers``, ``cancelled`` and ``progress`` of `map_traces`.

    Returns
    -------
    ndarray or dask array
        float32 or float64, of the traces' shape, from sums in float64. NaN and infinities make NaN of the
        means that hold them, and of no others.

    Raises
    ------
    BadRequest
        No traces, or a width below 1.
    """
    if width < 1:
        raise BadRequest(f"a mean of {width} samples: give 1 or more")

    def work(rows: Values) -> Values:
        made = np.empty_like(rows)
        _moving_average(rows, int(width), made)
        return made

    return transform(work, traces, **run)


class _Window(LazyArray):
    """Some samples of lazy traces."""

    def __init__(self, source: LazyArray, start: int, stop: int) -> None:
        super().__init__((source.shape[0], stop - start), source.dtype)
        self._source, self._start = source, start

    def _read(self, block: Block) -> Values:
        rows, part = block
        moved = slice(part.start + self._start, part.stop + self._start, part.step)
        return np.asarray(self._source[rows, moved])


def _nyquist(sample_period: float) -> float:
    if not 0 < sample_period < np.inf:
        raise BadRequest(f"a sample period of {sample_period}: give seconds")
    return 0.5 / sample_period


def _filtered(traces: Any, sections: Values, run: dict[str, Any]) -> Any:
    from scipy.signal import sosfiltfilt

    source = traces_of(traces)
    # SciPy's own choice of what a trace is extended by, and no more than there is.
    wanted = 3 * (2 * len(sections) + 1 - int((sections[:, [2, 5]] == 0).sum(axis=0).min()))
    reach = min(wanted, source.shape[1] - 1)

    def work(rows: Values) -> Values:
        with np.errstate(invalid="ignore", over="ignore"):
            made = sosfiltfilt(sections, rows, axis=1, padlen=reach)
            made[~np.isfinite(rows.sum(axis=1))] = np.nan
        return made

    return transform(work, source, **run)


@njit(nogil=True, cache=True)
def prefix(trace, sums):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Find the sums of the first 0, 1, 2, ... samples."""
    total = 0.0
    sums[0] = 0.0
    for j in range(trace.size):
        total += trace[j]
        sums[j + 1] = total


@njit(nogil=True, cache=True)
def _moving_average(values, width, out):  # type: ignore[no-untyped-def]  # pragma: no cover
    samples = values.shape[1]
    sums, clean = np.empty(samples + 1), np.empty(samples)
    gaps = np.empty(samples + 1, np.int64)
    before = width // 2
    for i in range(values.shape[0]):
        gaps[0] = 0
        for j in range(samples):
            v = values[i, j]
            good = np.isfinite(v)
            clean[j] = v if good else 0.0
            gaps[j + 1] = gaps[j] + (not good)
        prefix(clean, sums)
        for j in range(samples):
            a, b = max(j - before, 0), min(j - before + width, samples)
            out[i, j] = np.nan if gaps[b] > gaps[a] else (sums[b] - sums[a]) / (b - a)
