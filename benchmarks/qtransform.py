"""Q-transform of 4, 32 and 128 s at 16,384 Hz to 1000 x 300: ours against GWpy, and a re-view in the viewer.

GWpy (GPL) is run where it happens to be installed, as a rival only; it is no part of this package. Medians
of the rounds, one process, after a warm-up.

    python benchmarks/qtransform.py [--rounds 5]
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import numpy as np

RATE = 16384
Q, FRANGE, COLUMNS, ROWS = 12.0, (20.0, 1024.0), 1000, 300


def measure(act: Callable[[], Any], rounds: int) -> tuple[float, float]:
    """Give median wall and CPU seconds."""
    act()
    walls, cpus = [], []
    for _ in range(rounds):
        wall, cpu = time.perf_counter(), time.process_time()
        act()
        walls.append(time.perf_counter() - wall)
        cpus.append(time.process_time() - cpu)
    return statistics.median(walls), statistics.median(cpus)


def record(seconds: int) -> np.ndarray:
    """Give white noise with a sine-Gaussian of 200 Hz in the middle."""
    time_ = np.arange(seconds * RATE) / RATE - seconds / 2
    noise = np.random.default_rng(0).normal(size=time_.size)
    return noise + 5 * np.exp(-((time_ / 0.01) ** 2)) * np.sin(2 * np.pi * 200 * time_)


def main() -> None:
    """Print a table and the ratios."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds

    from astrodata_kernel.processing.strain import q_transform
    from astrodata_kernel.widgets.strain import StrainViewer

    rival = find_spec("gwpy") is not None
    print(f"Q {Q:g}, {FRANGE[0]:g} to {FRANGE[1]:g} Hz, {COLUMNS} x {ROWS}, median of {rounds}")
    print(f"{'':34}{'wall s':>9}{'CPU s':>9}  peak")
    for seconds in (4, 32, 128):
        series = record(seconds)

        def ours(series: np.ndarray = series) -> Any:
            return q_transform(series, RATE, q=Q, frange=FRANGE, columns=COLUMNS, rows=ROWS)

        wall, cpu = measure(ours, rounds)
        energy, frequencies, times = ours()
        row, column = np.unravel_index(energy.argmax(), energy.shape)
        where = f"{times[column]:.3f} s, {frequencies[row]:.0f} Hz, energy {energy.max():.0f}"
        print(f"{f'AstroData Lab, {seconds} s':34}{wall:9.3f}{cpu:9.3f}  {where}")
        if rival:
            rival_cpu = against_gwpy(series, seconds, rounds)
            print(f"{'  ratio (GWpy / ours)':34}{'':9}{rival_cpu / cpu:8.1f}x")
    if not rival:
        print("skipped: GWpy is not installed, so there is no rival (pip install gwpy)")
    review(StrainViewer(record(32), sample_rate=RATE, center=16.0), rounds)


def against_gwpy(series: np.ndarray, seconds: int, rounds: int) -> float:
    """Print GWpy's line; give its CPU seconds."""
    from gwpy.timeseries import TimeSeries

    data = TimeSeries(series, sample_rate=RATE)

    def theirs() -> Any:
        return data.q_transform(
            qrange=(Q, Q),
            frange=FRANGE,
            tres=seconds / COLUMNS,
            fres=ROWS,
            logf=True,
            whiten=False,
        )

    wall, cpu = measure(theirs, rounds)
    found = theirs()
    column, row = np.unravel_index(found.value.argmax(), found.shape)
    where = f"{found.times.value[column]:.3f} s, {found.frequencies.value[row]:.0f} Hz"
    print(
        f"{f'GWpy, {seconds} s':34}{wall:9.3f}{cpu:9.3f}  {where}, energy {found.value.max():.0f}"
    )
    return cpu


def review(viewer: Any, rounds: int) -> None:
    """Print what a new Q costs in the viewer, and what one that was seen before does."""
    settings = {"whiten": True, "band": None, "notches": []}
    ask = {"center": 16.0, "window": 2.0, "frange": FRANGE, "settings": settings}
    ask |= {"columns": 600, "rows": 200}
    fresh = iter(np.linspace(5, 60, rounds + 1))
    wall, cpu = measure(lambda: viewer.request("q", q=float(next(fresh)), **ask), rounds)
    print(f"{'viewer, another Q (2 s of 32 s)':34}{wall:9.4f}{cpu:9.4f}")
    wall, cpu = measure(lambda: viewer.request("q", q=60.0, **ask), rounds)
    print(f"{'viewer, seen before':34}{wall:9.4f}{cpu:9.4f}")


if __name__ == "__main__":
    main()
