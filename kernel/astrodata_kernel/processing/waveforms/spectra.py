"""How much noise traces have at which frequency, and traces with that noise made white."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import scipy.fft
from numba import njit
from scipy.signal import get_window

from ...errors import BadRequest
from .chunks import each_chunk, traces_of, transform

METHODS = ("welch", "median", "periodogram")

_CHUNK = 1 << 16  # samples whose spectra still fit the processor's cache
_MOST = 1 << 26  # values of which a median is taken at most

Values = npt.NDArray[Any]


class Spectrum(NamedTuple):
    """Frequencies in Hz, and a one-sided power spectral density in unit squared / Hz."""

    frequencies: npt.NDArray[np.float64]
    density: npt.NDArray[np.float64]


class Periodogram(Spectrum):
    """The mean power of whole traces as they are, with what leaks from their ends into other frequencies."""


def psd(
    traces: Any,
    sample_period: float = 1.0,
    segment: int | None = None,
    method: str = "welch",
    **run: Any,
) -> Spectrum:
    """Give the power spectral density of the noise in traces, over all of them.

    Parameters
    ----------
    traces
        Shape (traces, samples) or (samples,): an array, lazy array or Dask array, read in chunks. Traces
        that hold NaN or infinities are left out.
    sample_period
        Seconds between samples; 1 gives frequencies in cycles per sample.
    segment
        Samples of a stretch, which sets the resolution; by default a quarter of a trace, as a power of two
        but 256 at least. Whole traces for ``"periodogram"``.
    method
        ``"welch"``: mean over stretches that overlap by half, each without its mean and under a Hann window.
        ``"median"``: median over the same stretches, corrected for its bias, so that a few traces with pulses
        do not count; of long data sets evenly spread traces are taken. ``"periodogram"``: mean over
        whole traces as they are, which is what a PSD-weighted matched filter on traces of this
        length should know of the noise.
    **run
        ``workers``, ``cancelled`` and ``progress`` of `map_traces`.

    Returns
    -------
    Spectrum
        ``frequencies`` (Hz) and ``density`` (unit squared / Hz), one-sided.

    Raises
    ------
    BadRequest
        Another method, a sample period or a segment that cannot be, or no trace without NaN.
    """
    source = traces_of(traces)
    _period(sample_period)
    if method not in METHODS:
        raise BadRequest(f"method {method!r}: give one of {', '.join(METHODS)}")
    whole = method == "periodogram"
    length = _segment(source.shape[1], segment, whole)
    window = get_window("boxcar" if whole else "hann", length)
    step = length if whole else max(1, length - length // 2)
    if method == "median":
        source = _thinned(source, length, step)

    def spectrum(rows: Values) -> Values:
        with np.errstate(invalid="ignore", over="ignore"):
            rows = rows[np.isfinite(rows.sum(axis=1))]
        if whole:
            return scipy.fft.rfft(rows)
        count = (rows.shape[1] - length) // step + 1
        stretches = np.empty((len(rows) * count, length), rows.dtype)
        _cut(rows, window.astype(rows.dtype), step, stretches)
        return scipy.fft.rfft(stretches, overwrite_x=True)

    def powers(rows: Values) -> Values:
        made = spectrum(rows)
        return np.square(made.real) + np.square(made.imag)

    def total(rows: Values) -> tuple[int, Values]:
        made = spectrum(rows)
        sums = np.zeros(made.shape[1])
        _add_powers(made, sums)
        return len(made), sums

    if method == "median":
        density = _median(each_chunk(powers, source, chunk=_CHUNK, **run))
    else:
        density = _mean(each_chunk(total, source, chunk=_CHUNK, **run))
    density *= sample_period / np.square(window).sum()
    density[1 : (length + 1) // 2] *= 2  # both signs, but for the mean and the highest frequency
    frequencies = scipy.fft.rfftfreq(length, sample_period)
    return (Periodogram if whole else Spectrum)(frequencies, density)


def whiten(
    traces: Any, psd: tuple[npt.ArrayLike, npt.ArrayLike], sample_period: float = 1.0, **run: Any
) -> Any:
    """Give traces whose noise is white, of variance 1.

    Parameters
    ----------
    traces
        Shape (traces, samples) or (samples,): an array, lazy array or Dask array.
    psd
        Frequencies and one-sided density of the noise, as `psd` gives them; densities between them
        are interpolated. A frequency without noise is left out.
    sample_period
        Seconds between samples.
    **run
        ``workers``, ``cancelled`` and ``progress`` of `map_traces`.

    Returns
    -------
    ndarray or dask array
        float32 or float64, of the traces' shape, in units of the noise's RMS. Both ends of a trace are
        disturbed, since it is taken as periodic.

    Raises
    ------
    BadRequest
        A sample period or a density that cannot be.
    """
    source = traces_of(traces)
    _period(sample_period)
    samples = source.shape[1]
    density = density_at(psd, scipy.fft.rfftfreq(samples, sample_period))
    scale = np.zeros_like(density)
    np.divide(2 * sample_period, density, out=scale, where=density > 0)
    factor = np.sqrt(scale)

    def work(rows: Values) -> Values:
        with np.errstate(invalid="ignore", over="ignore"):
            spectrum = scipy.fft.rfft(rows)
            spectrum *= factor.astype(rows.dtype)
            return scipy.fft.irfft(spectrum, samples, overwrite_x=True)

    return transform(work, source, chunk=_CHUNK, **run)


def density_at(
    psd: tuple[npt.ArrayLike, npt.ArrayLike], frequencies: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Give a density at other frequencies, interpolated.

    Raises
    ------
    BadRequest
        What is no density: of other length than its frequencies, negative, not finite, or 0 everywhere.
    """
    known, density = (np.asarray(a, dtype=np.float64) for a in psd)
    if known.ndim != 1 or known.shape != density.shape or not known.size:
        raise BadRequest(f"frequencies {known.shape}, densities {density.shape}: give psd(noise)")
    if (np.diff(known) <= 0).any():
        raise BadRequest("the frequencies of a density must ascend")
    if not (np.isfinite(density).all() and (density >= 0).all() and (density > 0).any()):
        raise BadRequest("a noise density must be finite, nowhere negative, and somewhere positive")
    return np.interp(frequencies, known, density)


def _period(sample_period: float) -> None:
    if not 0 < sample_period < np.inf:
        raise BadRequest(f"a sample period of {sample_period}: give seconds")


def _segment(samples: int, segment: int | None, whole: bool) -> int:
    if whole:
        if segment not in (None, samples):
            raise BadRequest(f"a periodogram is of whole traces: leave out segment={segment}")
        return samples
    if segment is None:
        return min(samples, max(256, 1 << (max(1, samples // 4).bit_length() - 1)))
    if not 1 <= segment <= samples:
        raise BadRequest(f"a segment of {segment} samples: a trace has {samples}")
    return int(segment)


def _thinned(source: Any, length: int, step: int) -> Any:
    stretches = (source.shape[1] - length) // step + 1
    most = max(1, _MOST // (stretches * (length // 2 + 1)))
    return source[:: -(-source.shape[0] // most)] if source.shape[0] > most else source


def _mean(parts: Any) -> npt.NDArray[np.float64]:
    count, total = 0, None
    for number, part in parts:
        count += number
        total = part if total is None else total + part
    if not count or total is None:
        raise BadRequest("no trace is free of NaN: there is no spectrum")
    mean: npt.NDArray[np.float64] = total / count
    return mean


def _median(parts: Any) -> npt.NDArray[np.float64]:
    powers = list(parts)
    count = sum(map(len, powers))
    if not count:
        raise BadRequest("no trace is free of NaN: there is no spectrum")
    # Of exponentially distributed powers the median lies below the mean: by ln 2 of very many.
    steps = np.arange(2, count, 2)
    bias = 1 + (1 / (steps + 1) - 1 / steps).sum()
    return np.median(np.concatenate(powers), axis=0).astype(np.float64) / bias


@njit(nogil=True, cache=True, fastmath={"reassoc", "nsz", "contract"})
def _cut(rows, window, step, out):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Write stretches of each trace, without their means and under a window."""
    length = window.size
    count = out.shape[0] // max(rows.shape[0], 1)
    for i in range(rows.shape[0]):
        for s in range(count):
            total = 0.0
            for j in range(length):
                total += rows[i, s * step + j]
            mean = total / length
            for j in range(length):
                out[i * count + s, j] = (rows[i, s * step + j] - mean) * window[j]


@njit(nogil=True, cache=True)
def _add_powers(spectrum, sums):  # type: ignore[no-untyped-def]  # pragma: no cover
    for i in range(spectrum.shape[0]):
        for k in range(spectrum.shape[1]):
            value = spectrum[i, k]
            sums[k] += np.float64(value.real) ** 2 + np.float64(value.imag) ** 2
