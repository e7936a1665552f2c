"""Records of strain reduced to what a panel can show."""

from __future__ import annotations

import math
from threading import Event

import numpy as np

from ..waveforms import envelope
from .bench import CHUNK, Bench, Settings
from .gaps import Values, stop_if
from .spectra import SHORTEST, spectrogram


def envelope_of(
    bench: Bench,
    first: int,
    last: int,
    columns: int,
    settings: Settings,
    cancel: Event | None = None,
) -> tuple[Values, Values]:
    """Give the lowest and highest value of equal stretches, whole columns of one chunk at a time."""
    view = bench.view(settings)
    n = last - first
    columns = min(columns, n)
    at_once = max(1, columns * CHUNK // n)
    lows, highs = [], []
    for column in range(0, columns, at_once):
        stop_if(cancel)
        beyond = min(columns, column + at_once)
        start, stop = first + column * n // columns, first + beyond * n // columns
        low, high = envelope(view, start, stop, beyond - column)
        lows.append(low)
        highs.append(high)
    return np.concatenate(lows), np.concatenate(highs)


def log_spectrogram(
    bench: Bench,
    first: int,
    last: int,
    frange: tuple[float, float],
    columns: int,
    rows: int,
    settings: Settings,
    cancel: Event | None = None,
) -> tuple[Values, float]:
    """Give log10 of the amplitude on logarithmic frequencies, and the seconds of a stretch."""
    span = (last - first) / bench.rate
    # Long enough to tell the lowest frequency, short enough to tell when.
    seconds = min(max(4 / frange[0], span / 64, SHORTEST / bench.rate), 4.0, span)
    margin = round(seconds / 2 * bench.rate)
    begin, end = max(0, first - margin), min(len(bench), last + margin)
    if end - begin > 1 << 24:
        return _long_spectrogram(bench, first, last, frange, columns, rows, settings, cancel)
    values = bench.read(begin, end, settings, cancel)
    share = (end - begin) / (last - first)
    amplitude, frequencies, times = spectrogram(
        values, bench.rate, seconds=seconds, columns=round(columns * share), cancel=cancel
    )
    wanted = (np.arange(columns) + 0.5) / columns * span + (first - begin) / bench.rate
    nearest = np.clip(np.searchsorted((times[1:] + times[:-1]) / 2, wanted), 0, times.size - 1)
    return _log_rows(amplitude[:, nearest], frequencies, frange, rows), seconds


def _long_spectrogram(
    bench: Bench,
    first: int,
    last: int,
    frange: tuple[float, float],
    columns: int,
    rows: int,
    settings: Settings,
    cancel: Event | None = None,
) -> tuple[Values, float]:
    """Give the same of a record too long for memory: one stretch in the middle of each column."""
    length = round(4 * bench.rate)
    out = []
    for column in range(columns):
        stop_if(cancel)
        middle = first + (2 * column + 1) * (last - first) // (2 * columns)
        start = min(max(0, middle - length // 2), len(bench) - length)
        values = bench.read(start, start + length, settings, cancel)
        amplitude, frequencies, _ = spectrogram(values, bench.rate, seconds=4.0)
        out.append(amplitude[:, 0])
    return _log_rows(np.stack(out, axis=1), frequencies, frange, rows), 4.0


def _log_rows(
    amplitude: Values,
    frequencies: Values,
    frange: tuple[float, float],
    rows: int,
) -> Values:
    """Give log10 of the largest amplitude in each of some rows, evenly spaced in log frequency."""
    edges = np.geomspace(*frange, rows + 1)
    step = frequencies[1]
    low = np.clip(np.round(edges[:-1] / step).astype(int), 0, frequencies.size - 1)
    high = np.maximum(np.clip(np.round(edges[1:] / step).astype(int), 0, frequencies.size), low + 1)
    with np.errstate(divide="ignore"):
        logs = np.log10(amplitude)
    image = np.stack([logs[a:b].max(axis=0) for a, b in zip(low, high, strict=True)])
    # A digital silence has no logarithm: it is painted as no data.
    return np.where(np.isinf(image), np.nan, image).astype(np.float32)


def percentiles(image: Values) -> list[float]:
    """Give the limits between which nearly all of an image lies, [low, high]."""
    known = image[np.isfinite(image)]
    if not known.size:
        return [0.0, 1.0]
    low, high = (float(v) for v in np.percentile(known, (2, 99.8)))
    return [low, high if high > low else low + 1]


def peak_of(energy: Values, frequencies: Values, times: Values) -> dict[str, float] | None:
    """Give the largest energy, its frequency (Hz) and its time; None where there is no data."""
    if np.isnan(energy).all():
        return None
    row, column = np.unravel_index(np.nanargmax(energy), energy.shape)
    return {
        "energy": float(energy[row, column]),
        "frequency": float(frequencies[row]),
        "time": float(times[column]),
    }


def thinned(frequencies: Values, amplitude: Values, points: int) -> tuple[Values, Values]:
    """Give at most some points of a curve: lowest and highest of each step of log frequency."""
    if frequencies.size <= points:
        return frequencies, amplitude
    bins = points // 2
    place = np.log(frequencies / frequencies[0]) / math.log(frequencies[-1] / frequencies[0])
    starts = np.flatnonzero(np.diff(np.minimum(place * bins, bins - 1).astype(int), prepend=-1))
    stops = np.append(starts[1:], frequencies.size)
    chosen = set()
    for a, b in zip(starts, stops, strict=True):
        chosen.update((a + int(np.argmin(amplitude[a:b])), a + int(np.argmax(amplitude[a:b]))))
    keep = sorted(chosen)
    return frequencies[keep], amplitude[keep]
