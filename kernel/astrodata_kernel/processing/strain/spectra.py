"""How much noise at which frequency: Welch's method, and the same along time."""

from __future__ import annotations

from threading import Event
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import scipy.fft

from ...errors import BadRequest
from .gaps import Values, checked_rate, checked_series, stop_if

SHORTEST = 32
"""Samples of the shortest stretch that a spectrum is made of."""


class Sliceable(Protocol):
    """A series in memory or on disk."""

    def __len__(self) -> int: ...

    def __getitem__(self, key: slice) -> Any: ...


def asd(
    series: npt.ArrayLike | Sliceable,
    sample_rate: float | None,
    *,
    seconds: float | None = None,
    overlap: float = 0.5,
    average: str = "median",
    most: int = 256,
    longest: float = 4.0,
) -> tuple[Values, Values]:
    """Give ``(frequencies, amplitude spectral density)`` of a series by Welch's method.

    Stretches that touch a gap (NaN) are left out, so that missing data does not poison the rest.

    Parameters
    ----------
    series
        Shape (samples,), in memory or anything that slices like it.
    sample_rate
        In Hz.
    seconds
        Length of a stretch, which sets the resolution: 1 / `seconds` Hz. By default `longest`, or a quarter
        of a shorter series, less where gaps leave no such stretch.
    overlap
        Share of a stretch that the next one repeats, 0 to below 1.
    average
        ``"median"`` (a glitch does not count) or ``"mean"``.
    most
        How many stretches are used at most, spread evenly.
    longest
        Seconds that `seconds` is by default.

    Returns
    -------
    tuple
        Hz and unit / sqrt(Hz), one-sided, float64, shape (bins,).

    Raises
    ------
    BadRequest
        A series too short, an unknown rate, or gaps that leave no stretch; the text names the limit.
    """
    rate = checked_rate(sample_rate)
    if average not in ("median", "mean"):
        raise BadRequest(f'average {average!r}: "median" or "mean"')
    if not 0 <= overlap < 1:
        raise BadRequest(f"overlap {overlap}: a share of 0 to below 1")
    in_memory = isinstance(series, np.ndarray | list | tuple)
    source: Any = checked_series(series) if in_memory else series
    n = len(source)
    length = _stretch(n, rate, seconds, longest)
    while True:
        powers = _powers(source, length, rate, overlap, most)
        if len(powers):
            break
        if seconds is not None or length // 2 < SHORTEST:
            raise BadRequest(
                f"gaps (NaN) leave no stretch of {length / rate:.4g} s without one: "
                "give fewer seconds, or another part of the series"
            )
        length //= 2
    power = powers.mean(axis=0) if average == "mean" else _unbiased_median(powers)
    return np.fft.rfftfreq(length, 1 / rate), np.sqrt(power)


def spectrogram(
    series: npt.ArrayLike,
    sample_rate: float | None,
    *,
    seconds: float = 1.0,
    overlap: float = 0.5,
    columns: int | None = None,
    cancel: Event | None = None,
) -> tuple[Values, Values, Values]:
    """Give ``(amplitude, frequencies, times)``: the amplitude spectral density along time.

    Parameters
    ----------
    series
        Shape (samples,). A stretch that touches a gap (NaN) becomes a column of NaN.
    sample_rate
        In Hz.
    seconds
        Length of a stretch.
    overlap
        Share of a stretch that the next one repeats; not used with `columns`.
    columns
        How many stretches, spread evenly, their middles in the middles of equal parts as far as the ends
        allow.
    cancel
        Set it to give up.

    Returns
    -------
    tuple
        float32 (frequencies, times) in unit / sqrt(Hz); Hz; seconds after the first sample (middles).

    Raises
    ------
    BadRequest
        A series shorter than `seconds`, or an unknown rate.
    Cancelled
        `cancel` was set.
    """
    rate, values = checked_rate(sample_rate), checked_series(series)
    length = _stretch(values.size, rate, seconds)
    last = values.size - length
    if columns is None:
        starts = np.arange(0, last + 1, max(1, round(length * (1 - overlap))))
    else:
        middles = (np.arange(columns) + 0.5) * values.size / columns
        starts = np.clip(np.round(middles - length / 2), 0, last).astype(np.int64)
    window, scale = _window(length, rate)
    out = np.empty((length // 2 + 1, starts.size), np.float32)
    views = np.lib.stride_tricks.sliding_window_view(values, length)
    batch = max(1, (1 << 20) // length)
    with np.errstate(invalid="ignore"):
        for first in range(0, starts.size, batch):
            stop_if(cancel)
            some = views[starts[first : first + batch]]
            some = (some - some.mean(axis=1, keepdims=True)) * window
            out[:, first : first + batch] = (np.abs(scipy.fft.rfft(some)) * np.sqrt(scale)).T
    out[1 : (length + 1) // 2] *= np.sqrt(2, dtype=np.float32)
    return out, np.fft.rfftfreq(length, 1 / rate), (starts + length / 2) / rate


def _stretch(n: int, rate: float, seconds: float | None, longest: float = 4.0) -> int:
    if n < SHORTEST:
        raise BadRequest(
            f"a series of {n} samples ({n / rate:.3g} s at {rate:g} Hz) is too short for a spectrum: "
            f"at least {SHORTEST} are needed"
        )
    if seconds is None:
        return max(SHORTEST, min(round(longest * rate), n // 4))
    length = round(seconds * rate)
    if not SHORTEST <= length <= n:
        raise BadRequest(
            f"stretches of {seconds:g} s do not fit: at {rate:g} Hz this series of {n / rate:.4g} s "
            f"takes {SHORTEST / rate:.3g} to {n / rate:.4g} s"
        )
    return length


def _window(length: int, rate: float) -> tuple[Values, float]:
    # The periodic Hann window: its repetitions add up evenly.
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(length) / length)
    return window, 1 / (rate * float(window @ window))


def _powers(source: Any, length: int, rate: float, overlap: float, most: int) -> Values:
    """Give the power densities of the clean stretches, float64 (stretches, bins)."""
    step = max(1, length - int(overlap * length))
    count = (len(source) - length) // step + 1
    chosen = np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(np.int64))
    window, scale = _window(length, rate)
    powers = []
    for i in chosen:
        part = checked_series(source[int(i * step) : int(i * step) + length])
        if np.isfinite(part).all():
            power = np.abs(scipy.fft.rfft((part - part.mean()) * window)) ** 2 * scale
            power[1 : (length + 1) // 2] *= 2
            powers.append(power)
    return np.array(powers)


def _unbiased_median(powers: Values) -> Values:
    # The median of an exponential law lies below its mean; Allen et al., PRD 85, 122006 (2012), B12.
    even = 2 * np.arange(1, (len(powers) - 1) // 2 + 1)
    bias = 1 + np.sum(1 / (even + 1) - 1 / even)
    return np.median(powers, axis=0) / bias
