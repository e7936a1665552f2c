"""The Q-transform: energy in tiles of constant frequency over bandwidth, on logarithmic frequencies.

J. C. Brown, J. Acoust. Soc. Am. 89, 425 (1991); S. Chatterji et al., Class. Quantum Grav. 21, S1809 (2004).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from threading import Event

import numpy as np
import numpy.typing as npt
import scipy.fft

from ...errors import BadRequest
from .gaps import Values, checked_rate, filled, soft_window, stop_if

REACH = math.sqrt(11)
"""The bisquare window of a tile ends at frequency * REACH / q from its middle."""
FINER = 4
"""Tiles are computed this many times closer than their bandwidth asks for."""


def q_transform(
    series: npt.ArrayLike,
    sample_rate: float | None,
    *,
    q: float = 12.0,
    frange: tuple[float, float] = (20.0, 1024.0),
    t_range: tuple[float, float] | None = None,
    columns: int = 1000,
    rows: int = 300,
    cancel: Event | None = None,
    progress: Callable[[float], None] | None = None,
) -> tuple[Values, Values, Values]:
    """Give ``(energy, frequencies, times)`` of the Q-transform of a series.

    Energies are divided by the median of their row over the whole series, so that noise lies about 1
    (exponential, mean 1.44) whatever its colour; whitening first keeps lines from hiding what is near them.
    Where a column spans several tiles it holds the largest, so that nothing short is lost.

    Parameters
    ----------
    series
        Shape (samples,). Gaps (NaN) are taken out softly, and are NaN in the result.
    sample_rate
        In Hz.
    q
        Frequency over bandwidth of a tile: small ones show when, large ones at which frequency.
    frange
        First and last frequency in Hz; see `q_limits`.
    t_range
        First and last time in seconds after the first sample; all of the series by default.
    columns, rows
        Size of the result.
    cancel
        Set it to give up.
    progress
        Called with the share done, 0 to 1.

    Returns
    -------
    tuple
        float32 (rows, columns), lowest frequency first; Hz; seconds after the first sample (middles).

    Raises
    ------
    BadRequest
        Frequencies or times out of reach; the text names the limits.
    Cancelled
        `cancel` was set.

    Notes
    -----
    One row is in memory at a time beside the spectrum and the result.
    """
    rate = checked_rate(sample_rate)
    values, gaps = filled(series)
    duration = values.size / rate
    frequencies = _frequencies(rate, duration, q, frange, rows)
    start, stop = _times(duration, t_range, columns)
    n = scipy.fft.next_fast_len(values.size, real=True)
    spectrum, quiet = _spectrum(values, gaps, rate, n)
    span = n / rate
    edges = np.linspace(start, stop, columns + 1)
    times = (edges[1:] + edges[:-1]) / 2
    energy = np.empty((rows, columns), np.float32)
    for row, frequency in enumerate(frequencies):
        stop_if(cancel)
        tiles = _tiles(spectrum, span, frequency, q)
        step = span / tiles.size
        noise = np.square(np.abs(tiles[::FINER]))
        where = (np.arange(noise.size) * FINER * step * rate).astype(np.int64)
        used = quiet[np.minimum(where, quiet.size - 1)] & (where < quiet.size)
        level = float(np.median(noise[used] if used.any() else noise))
        energy[row] = _columns(tiles, step, edges, times) / (level or 1.0)
        if progress is not None:
            progress((row + 1) / rows)
    if gaps is not None:
        energy[:, gaps[np.minimum((times * rate).astype(np.int64), gaps.size - 1)]] = np.nan
    return energy, frequencies, times


def q_limits(sample_rate: float | None, duration: float, q: float) -> tuple[float, float]:
    """Give the lowest and highest frequency in Hz that tiles of a `q` reach in `duration` seconds."""
    rate = checked_rate(sample_rate)
    return 4 * q / duration, rate / 2 / (1 + REACH / q)


def _frequencies(
    rate: float, duration: float, q: float, frange: tuple[float, float], rows: int
) -> Values:
    if not REACH < q < 1e4:
        raise BadRequest(f"q {q:g}: a tile has a q above {REACH:.4g}, usually 4 to 64")
    low, high = (float(edge) for edge in frange)
    first, last = q_limits(rate, duration, q)
    slack = 1e-9
    if not (first * (1 - slack) <= low < high <= last * (1 + slack)):
        raise BadRequest(
            f"frequencies {low:g} to {high:g} Hz: with q {q:g}, {duration:.4g} s at {rate:g} Hz "
            + (
                f"reach from {first:.4g} to {last:.4g} Hz"
                if first < last
                else "are too short for any frequency; take more seconds or a smaller q"
            )
        )
    if rows < 1:
        raise BadRequest(f"rows {rows}: at least one")
    return np.geomspace(low, high, rows)


def _times(
    duration: float, t_range: tuple[float, float] | None, columns: int
) -> tuple[float, float]:
    start, stop = (0.0, duration) if t_range is None else (float(t) for t in t_range)
    if not (0 <= start < stop <= duration * (1 + 1e-9)):
        raise BadRequest(
            f"times {start:g} to {stop:g} s: this series lasts from 0 to {duration:.6g} s"
        )
    if columns < 1:
        raise BadRequest(f"columns {columns}: at least one")
    return start, stop


def _spectrum(
    values: Values, gaps: Values | None, rate: float, n: int
) -> tuple[npt.NDArray[np.complex64], Values]:
    """Give the spectrum, and where the series was left as it is."""
    soft = soft_window(values.size, gaps, round(rate / 4))
    steady = values - np.median(values)
    # Strain is 1e-21: its square would be nothing in single precision.
    scale = float(np.abs(steady).max()) or 1.0
    ready = (steady / scale * soft).astype(np.float32)
    return scipy.fft.rfft(ready, n), soft == 1


def _tiles(
    spectrum: npt.NDArray[np.complex64], span: float, frequency: float, q: float
) -> npt.NDArray[np.complex64]:
    """Give one row of complex tiles over `span` seconds, shifted down to frequency 0."""
    half = frequency * REACH / q
    first = max(0, math.ceil((frequency - half) * span))
    last = min(spectrum.size - 1, math.floor((frequency + half) * span))
    offset = (np.arange(first, last + 1) / span - frequency) / half
    windowed = spectrum[first : last + 1] * np.square(1 - np.square(offset)).astype(np.float32)
    middle = min(max(round(frequency * span) - first, 0), windowed.size)
    shifted = np.zeros(scipy.fft.next_fast_len(FINER * max(windowed.size, 2)), dtype=np.complex64)
    shifted[: windowed.size - middle] = windowed[middle:]
    if middle:
        shifted[-middle:] = windowed[:middle]
    return scipy.fft.ifft(shifted, overwrite_x=True)


def _columns(tiles: npt.NDArray[np.complex64], step: float, edges: Values, times: Values) -> Values:
    if (edges[-1] - edges[0]) / step < (2 - 1e-6) * times.size:
        return np.square(np.abs(_between(tiles, times / step)))
    # A hair more, so that rounding does not move a tile to the column before.
    bounds = np.minimum((edges / step + 1e-6).astype(np.int64), tiles.size - 1)
    energy = np.square(np.abs(tiles[bounds[0] : max(bounds[-1], bounds[-2] + 1)]))
    return np.maximum.reduceat(energy, bounds[:-1] - bounds[0])


def _between(values: npt.NDArray[np.complex64], where: Values) -> npt.NDArray[np.complex64]:
    """Give the values between samples by cubic interpolation; the series goes around."""
    base = np.floor(where).astype(np.int64)
    t = (where - base).astype(np.float32)
    a, b, c, d = (values[(base + k) % values.size] for k in (-1, 0, 1, 2))
    # The cubic through four points, as Horner reads it.
    cubic, square = (d - a) / 6 + (b - c) / 2, (a + c) / 2 - b
    return b + t * (-a / 3 - b / 2 + c - d / 6 + t * (square + t * cubic))
