"""The published synthetic set of DAIDREAM: log-normal pulses on noise of many small pulses."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from math import exp, log, pi, sqrt

import numpy as np
import numpy.typing as npt
import pandas as pd
from numba import njit

from ...errors import BadRequest

BINS = 10_000
"""Samples of a trace before it is trimmed."""

TRIM = (125, 147)
"""Samples cut off before and behind: 125 + 125 for the digitiser's edges, 22 more to reach 9,728."""

SAMPLES = BINS - sum(TRIM)
"""9,728 samples, a multiple of 512."""

FLUCTUATIONS = 100
NOISE_SIGMA, NOISE_MU = 0.2, 6.0
NOISE_SHIFT = (-2000.0, 10_000.0)
MU, SIGMA = (6.65, 6.75), (0.35, 0.45)

# Traces are drawn in blocks of this size, each from a generator of its own: the result is the same
# whatever the number of workers, and a longer set begins with the shorter one.
_BLOCK = 250
_NUMBERS = FLUCTUATIONS + 4  # of each trace: shifts of the noise; mu, sigma, amplitude, shift

# A noise pulse is looked up between sub-sample phases: linear interpolation at 1/64 of a sample is
# below the resolution of float32. Beyond 6.5 sigma a pulse is below 1e-9 of its height.
_PHASES = 64
_FIRST = int(exp(NOISE_MU - 6.5 * NOISE_SIGMA))
_LENGTH = int(exp(NOISE_MU + 6.5 * NOISE_SIGMA)) - _FIRST + 2

Traces = npt.NDArray[np.float32]


def synthesize(
    n: int,
    noise_level: float = 1.0,
    amplitude: float | npt.ArrayLike | None = None,
    seed: int = 0,
    *,
    workers: int | None = None,
    progress: Callable[[float], None] | None = None,
) -> tuple[Traces, pd.DataFrame]:
    """Give synthetic traces and the truth about them.

    The noise of a trace is the sum of 100 log-normal densities (sigma 0.2, scale exp(6)) of alternating
    sign, shifted by U(-2000, 10000) samples. The signal is one log-normal pulse with mu U(6.65, 6.75)
    and sigma U(0.35, 0.45), shifted so that 99 % of it lies inside the trace. 10,000 samples are made
    and trimmed to 9,728.

    Parameters
    ----------
    n
        Number of traces.
    noise_level
        Factor of the noise; 1.0 is the published one, of RMS 0.0054.
    amplitude
        Height of the pulses: None draws it log-uniform up to 1 (from the height of a log-normal density
        itself, about 0.0013); a number fixes it; 0.0 gives noise alone; an array gives one for each trace.
    seed
        Of the random numbers; the same seed gives the same traces, whatever the number of workers.
    workers
        Threads; as many as there are cores by default.
    progress
        Told the share done, 0 to 1.

    Returns
    -------
    traces : ndarray
        float32, shape (n, 9728), no unit.
    truth : DataFrame
        One row a trace: ``amplitude``, ``position`` (sample of the peak; NaN without a pulse),
        ``integral``, ``mu``, ``sigma`` and ``shift`` (samples) of the pulse.

    Raises
    ------
    BadRequest
        A negative number of traces or noise level, or amplitudes that do not fit.

    Notes
    -----
    The model and its constants are those that G.A. Anastasi published with DAIDREAM; the code is our own.

    Examples
    --------
    >>> traces, truth = synthesize(3, seed=1)
    >>> traces.shape
    (3, 9728)
    >>> bool((truth.amplitude <= 1).all())
    True
    """
    if n < 0 or not noise_level >= 0:
        raise BadRequest(f"{n} traces at noise level {noise_level}: give numbers from 0 upwards")
    heights = _heights(amplitude, n)
    traces = np.empty((n, SAMPLES), np.float32)
    truth = np.empty((n, 6))
    starts = range(0, n, _BLOCK)
    workers = workers or len(os.sched_getaffinity(0))
    table = _pulse_table()

    def make(start: int) -> None:
        stop = min(start + _BLOCK, n)
        rows = slice(start, stop)
        generator = np.random.Generator(np.random.Philox(key=seed, counter=[0, 0, 0, start]))
        draws = generator.random((_BLOCK, _NUMBERS))[: stop - start]
        truth[rows] = _pulses(draws[:, FLUCTUATIONS:], None if heights is None else heights[rows])
        low, high = NOISE_SHIFT
        shifts = low + (high - low) * draws[:, :FLUCTUATIONS] - TRIM[0]
        pulses = truth[rows][:, [0, 3, 4, 5]].copy()
        pulses[:, 3] -= TRIM[0]
        _fill(traces[rows], shifts, noise_level, table, pulses)

    with ThreadPoolExecutor(max(1, min(workers, len(starts)))) as pool:
        for done, _ in enumerate(pool.map(make, starts), 1):
            if progress is not None:
                progress(done / len(starts))
    names = ["amplitude", "position", "integral", "mu", "sigma", "shift"]
    return traces, pd.DataFrame(truth, columns=names)


def _heights(amplitude: float | npt.ArrayLike | None, n: int) -> npt.NDArray[np.float64] | None:
    if amplitude is None:
        return None
    heights = np.asarray(amplitude, dtype=np.float64)
    if heights.shape not in ((), (n,)) or not (heights >= 0).all():
        raise BadRequest(
            f"amplitude of shape {heights.shape}: give None, one number from 0 upwards, or {n} of them"
        )
    return np.array(np.broadcast_to(heights, (n,)))


def _pulses(
    draws: npt.NDArray[np.float64], heights: npt.NDArray[np.float64] | None
) -> npt.NDArray[np.float64]:
    mu = MU[0] + (MU[1] - MU[0]) * draws[:, 0]
    sigma = SIGMA[0] + (SIGMA[1] - SIGMA[0]) * draws[:, 1]
    mode = np.exp(mu - sigma**2)
    density = np.exp(-(sigma**2) / 2) / (mode * sigma * sqrt(2 * pi))
    height = density ** (1 - draws[:, 2]) if heights is None else heights
    t99 = np.exp(mu + 2.3263478740408408 * sigma)
    shift = 150 + (BINS - 300 - t99) * draws[:, 3]
    position = np.where(height > 0, shift + mode - TRIM[0], np.nan)
    return np.column_stack([height, position, height / density, mu, sigma, shift])


def _pulse_table() -> npt.NDArray[np.float32]:
    """Give the noise pulse at 64 phases between two samples, shape (65, length)."""
    phase = np.arange(_PHASES + 1)[:, None] / _PHASES
    x = _FIRST + np.arange(_LENGTH)[None, :] + 1.0 - phase
    height = np.exp(-((np.log(x) - NOISE_MU) ** 2) / (2 * NOISE_SIGMA**2))
    return (height / (x * NOISE_SIGMA * sqrt(2 * pi))).astype(np.float32)


@njit(nogil=True, cache=True, fastmath=True)
def _fill(out, shifts, level, table, pulses):  # type: ignore[no-untyped-def]  # pragma: no cover
    samples = out.shape[1]
    length = table.shape[1]
    for i in range(out.shape[0]):
        trace = out[i]
        trace[:] = 0.0
        if level > 0:
            sign = np.float32(level)
            for shift in shifts[i]:
                whole = np.floor(shift)
                place = (shift - whole) * 64.0
                below = int(place)
                upper = np.float32(place - below) * sign
                lower = sign - upper
                first, second = table[below], table[below + 1]
                start = int(whole) + _FIRST + 1
                begin, end = max(start, 0), min(start + length, samples)
                for t in range(begin, end):
                    trace[t] += lower * first[t - start] + upper * second[t - start]
                sign = -sign
        height, mu, sigma, shift = pulses[i]
        if height > 0:
            scale = 1.0 / (2.0 * sigma * sigma)
            # The density's logarithm at its mode: exp(mu - sigma^2).
            top = sigma * sigma / 2 - mu
            start = max(0, int(np.floor(shift)) + 1)
            stop = min(samples, int(shift + np.exp(mu + 7.0 * sigma)) + 1)
            for t in range(start, stop):
                ln = log(t - shift)
                trace[t] += np.float32(height * exp(-((ln - mu) ** 2) * scale - ln - top))
