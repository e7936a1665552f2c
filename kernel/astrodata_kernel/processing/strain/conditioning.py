"""Filters that make a signal visible: whitening, band-pass and notches, all of zero phase.

Each bridges gaps (NaN) by straight lines, filters, and blanks the gaps again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import signal

from ...errors import BadRequest
from .gaps import Values, checked_rate, filled, soft_window
from .spectra import SHORTEST, asd

ORDER = 4
"""Order of the band-pass, run forwards and backwards."""
QUALITY = 30.0
"""A notch's frequency over its width."""
LONGEST = 2.0
"""Seconds of a whitening filter, unless it is told otherwise."""


def whiten(
    series: npt.ArrayLike,
    sample_rate: float | None,
    *,
    seconds: float | None = None,
    average: str = "median",
    spectrum: tuple[Values, Values] | None = None,
) -> Values:
    """Give a series divided by its amplitude spectral density: noise of variance 1 at all frequencies.

    The inverse spectrum is cut to a filter of `seconds` in time (inverse spectrum truncation), so that a
    glitch reaches no further than half of that. At the ends and at gaps the series fades within a quarter.

    Parameters
    ----------
    series
        Shape (samples,); NaN stays NaN.
    sample_rate
        In Hz.
    seconds
        Length of the stretches of the spectrum, and of the filter; by default 2 s, or less, as in `asd`.
    average
        ``"median"`` or ``"mean"``, see `asd`.
    spectrum
        Frequencies and amplitude spectral density, as `asd` gives them, instead of the series' own.

    Returns
    -------
    ndarray
        float64, shape (samples,), in standard deviations of the noise.

    Raises
    ------
    BadRequest
        A series too short for its spectrum, or one that is constant.
    """
    rate = checked_rate(sample_rate)
    values, gaps = filled(series)
    if spectrum is None:
        known = np.where(gaps, np.nan, values) if gaps is not None else values
        spectrum = asd(known, rate, seconds=seconds, average=average, longest=LONGEST)
    taps = whitening_taps(*spectrum, rate)
    if values.size < taps.size:
        raise BadRequest(
            f"a series of {values.size} samples ({values.size / rate:.4g} s) is too short for a whitening "
            f"filter of {taps.size / rate:.4g} s: give fewer seconds, at most {values.size / rate:.4g}"
        )
    # Lines that are cut off at full strength would ring through the filter.
    soft = soft_window(values.size, gaps, taps.size // 4)
    return _blank(signal.oaconvolve((values - np.median(values)) * soft, taps, mode="same"), gaps)


def whitening_taps(frequencies: Values, amplitude: Values, rate: float) -> Values:
    """Give the symmetric filter, of odd length, that whitens noise of an amplitude spectral density.

    Raises
    ------
    BadRequest
        A density of zero: the series is constant.
    """
    largest = float(amplitude.max())
    if not largest > 0:
        raise BadRequest("this series is constant: there is no noise to whiten it by")
    inverse = 1 / np.maximum(amplitude, 1e-12 * largest)
    inverse[0] = 0.0  # an offset is no signal
    length = 2 * (frequencies.size - 1)
    # White noise of density 1 has the variance rate / 2.
    response = np.fft.irfft(inverse, length) * np.sqrt(2 / rate)
    return np.fft.fftshift(response)[1:] * np.hanning(length + 1)[1:-1]


def band_pass(
    series: npt.ArrayLike,
    sample_rate: float | None,
    low: float | None,
    high: float | None = None,
    *,
    order: int = ORDER,
) -> Values:
    """Give what lies between two frequencies; a Butterworth filter run forwards and backwards.

    Parameters
    ----------
    series
        Shape (samples,); NaN stays NaN.
    sample_rate
        In Hz.
    low, high
        In Hz; None leaves that side open.
    order
        Of the filter; both runs together double it.

    Returns
    -------
    ndarray
        float64, shape (samples,).

    Raises
    ------
    BadRequest
        A band outside of 0 to half the sample rate, or a series too short; the text names the limits.
    """
    rate = checked_rate(sample_rate)
    values, gaps = filled(series)
    sos = _band_sos(rate, low, high, order)
    return _blank(values if sos is None else _both_ways(sos, values, rate), gaps)


def band_gain(
    frequencies: npt.ArrayLike,
    sample_rate: float | None,
    low: float | None,
    high: float | None,
    *,
    order: int = ORDER,
) -> Values:
    """Give what `band_pass` multiplies an amplitude at each frequency by, 0 to 1."""
    rate = checked_rate(sample_rate)
    wanted = np.asarray(frequencies, np.float64)
    sos = _band_sos(rate, low, high, order)
    if sos is None:
        return np.ones_like(wanted)
    _, response = signal.sosfreqz(sos, wanted, fs=rate)
    return np.abs(response) ** 2


def notch(
    series: npt.ArrayLike,
    sample_rate: float | None,
    lines: Sequence[float],
    *,
    quality: float = QUALITY,
) -> Values:
    """Give a series without some narrow lines, such as those of the mains.

    Parameters
    ----------
    series
        Shape (samples,); NaN stays NaN.
    sample_rate
        In Hz.
    lines
        Their frequencies in Hz.
    quality
        Frequency over width of what is taken out.

    Returns
    -------
    ndarray
        float64, shape (samples,).

    Raises
    ------
    BadRequest
        A line outside of 0 to half the sample rate, or a series too short.
    """
    rate = checked_rate(sample_rate)
    values, gaps = filled(series)
    sections = []
    for line in lines:
        if not 0 < line < rate / 2:
            raise BadRequest(
                f"a notch at {line:g} Hz is not possible: at {rate:g} Hz a line lies above 0 and below "
                f"{rate / 2:g} Hz"
            )
        sections.append(signal.tf2sos(*signal.iirnotch(line, quality, rate)))
    if not sections:
        return _blank(values, gaps)
    return _blank(_both_ways(np.concatenate(sections), values, rate), gaps)


def check_band(rate: float, low: float | None, high: float | None) -> None:
    """Raise `BadRequest` for a band that no filter has at this sample rate; the text names the limits."""
    limits = f"at {rate:g} Hz a band lies above 0 and below {rate / 2:g} Hz"
    for edge in (low, high):
        if edge is not None and not 0 < edge < rate / 2:
            raise BadRequest(f"band [{_hz(low)}, {_hz(high)}]: {limits}")
    if low is not None and high is not None and not low < high:
        raise BadRequest(f"band [{_hz(low)}, {_hz(high)}]: the low edge comes first; {limits}")


def _hz(edge: float | None) -> str:
    return "open" if edge is None else f"{edge:g} Hz"


def _band_sos(rate: float, low: float | None, high: float | None, order: int) -> Any:
    check_band(rate, low, high)
    if low is None and high is None:
        return None
    if low is None:
        return signal.butter(order, high, "lowpass", output="sos", fs=rate)
    if high is None:
        return signal.butter(order, low, "highpass", output="sos", fs=rate)
    return signal.butter(order, [low, high], "bandpass", output="sos", fs=rate)


def _both_ways(sos: Values, values: Values, rate: float) -> Values:
    if values.size < SHORTEST:
        raise BadRequest(
            f"a series of {values.size} samples ({values.size / rate:.3g} s) is too short to be filtered: "
            f"at least {SHORTEST} are needed"
        )
    # The filter rings for a while: the ends are mirrored for as long as it may.
    reach = min(values.size - 1, max(round(rate), 3 * (2 * len(sos) + 1)))
    return signal.sosfiltfilt(sos, values, padlen=reach)


def _blank(values: Values, gaps: Values | None) -> Values:
    return values if gaps is None else np.where(gaps, np.nan, values)
