"""Pictures of many traces, envelopes of long series, and the generator, ours beside the peers.

Peers that are not installed are left out and named: ``pip install datashader holoviews tsdownsample``.
"""

import statistics
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from astrodata_kernel.processing.waveforms import (
    Pyramid,
    envelope,
    heat_map,
    persistence,
    synthesize,
)
from scipy.stats import lognorm


def measure(work, repeats: int = 5) -> tuple[float, float]:
    """Give the median wall and CPU seconds of some runs, after one to warm up."""
    work()
    walls, cpus = [], []
    for _ in range(repeats):
        wall, cpu = time.perf_counter(), time.process_time()
        work()
        walls.append(time.perf_counter() - wall)
        cpus.append(time.process_time() - cpu)
    return statistics.median(walls), statistics.median(cpus)


def line(name: str, wall: float, cpu: float, base: tuple[float, float] | None) -> None:
    """Print a row: times, and how many times the CPU of our first row."""
    ratio = "" if base is None else f"{cpu / base[1]:10.1f}x"
    print(f"{name:44}{wall:10.5f}{cpu:10.5f}{ratio}")


def head(title: str) -> None:
    """Print a title and the columns."""
    print(f"\n{title}\n{'':44}{'wall s':>10}{'CPU s':>10}")


def pictures(traces: np.ndarray) -> None:
    """Print the persistence image and the heat map of 10,000 traces beside Datashader."""
    head(f"all of {traces.shape[0]:,} x {traces.shape[1]:,} float32 in 1000 x 400 pixels")
    base = measure(lambda: persistence(traces))
    line("persistence, limits found", *base, None)
    limits = (float(traces.min()), float(traces.max()))
    line("persistence, limits given", *measure(lambda: persistence(traces, limits=limits)), base)
    line("heat map", *measure(lambda: heat_map(traces)), base)
    if not find_spec("datashader"):
        print("datashader is not installed: left out")
        return
    import datashader
    import pandas as pd

    frame = pd.DataFrame(traces, copy=False)
    canvas = datashader.Canvas(1000, 400, x_range=(0, traces.shape[1] - 1), y_range=limits)
    x = np.arange(traces.shape[1])

    def drawn():
        return canvas.line(frame, x=x, y=list(frame.columns), axis=1, agg=datashader.count())

    canvas.line(frame.iloc[:10], x=x, y=list(frame.columns), axis=1, agg=datashader.count())
    wall, cpu = time.perf_counter(), time.process_time()
    drawn()
    line(
        "Datashader Canvas.line, once",
        time.perf_counter() - wall,
        time.process_time() - cpu,
        base,
    )


def envelopes(samples: int) -> None:
    """Print the exact envelope of a long series from the pyramid, and by reading it whole."""
    series = np.random.default_rng(0).standard_normal(samples, dtype=np.float32)
    columns = 2000
    with tempfile.TemporaryDirectory() as folder:
        wall, cpu = time.perf_counter(), time.process_time()
        pyramid = Pyramid(series, folder, "benchmark")
        pyramid.levels()
        built = time.perf_counter() - wall, time.process_time() - cpu
        size = sum(path.stat().st_size for path in Path(folder).iterdir())
        again = Pyramid(series, folder, "benchmark")
        wall, cpu = time.perf_counter(), time.process_time()
        again.levels()
        loaded = time.perf_counter() - wall, time.process_time() - cpu
    low, high = pyramid.envelope(0, 17, samples - 5, columns)
    expected = envelope(series, 17, samples - 5, columns)
    assert np.array_equal(low, expected[0])
    assert np.array_equal(high, expected[1])
    head(f"{samples:,} samples to {columns} columns, exact lowest and highest value")
    line(f"build the pyramid and keep it ({size / 1e6:.1f} MB)", *built, None)
    line("take the kept pyramid up again", *loaded, None)
    base = measure(lambda: pyramid.envelope(0, 17, samples - 5, columns), 50)
    line("pyramid", *base, None)
    line(
        "pyramid, snapped",
        *measure(lambda: pyramid.envelope(0, 0, samples, columns, snap=True), 50),
        base,
    )
    part = (samples // 3, samples // 3 + samples // 50)
    line(
        "pyramid, a fiftieth of it", *measure(lambda: pyramid.envelope(0, *part, columns), 50), base
    )
    line(
        "our envelope, all samples read",
        *measure(lambda: envelope(series, 0, samples, columns)),
        base,
    )
    rows = series[: samples // columns * columns].reshape(columns, -1)
    line(
        "NumPy, reshape and min, max", *measure(lambda: (rows.min(axis=1), rows.max(axis=1))), base
    )
    if find_spec("tsdownsample"):
        from tsdownsample import M4Downsampler, MinMaxDownsampler

        for name, peer in (("MinMax", MinMaxDownsampler()), ("M4", M4Downsampler())):
            count = 2 * columns if name == "MinMax" else 4 * columns
            line(
                f"tsdownsample {name}",
                *measure(lambda p=peer, n=count: p.downsample(series, n_out=n)),
                base,
            )
    else:
        print("tsdownsample is not installed: left out")
    if find_spec("holoviews"):
        import holoviews as hv
        from holoviews.operation.downsample import downsample1d

        curve = hv.Curve((np.arange(samples), series))
        shrink = downsample1d.instance(
            dynamic=False, width=columns, algorithm="minmax", x_range=(0, samples)
        )
        line("HoloViews downsample1d, minmax", *measure(lambda: shrink(curve), 1), base)
    else:
        print("holoviews is not installed: left out")


def generator(n: int) -> None:
    """Print the generator beside the obvious vectorised NumPy, on a twentieth of the traces."""
    head(f"{n:,} synthetic traces")
    base = measure(lambda: synthesize(n, seed=1), 3)
    line("AstroData Lab", *base, None)
    part = n // 20
    rng = np.random.default_rng(1)
    time_axis = np.arange(10_000.0)

    def plain():
        out = np.zeros((part, 10_000), np.float32)
        for trace in out:
            shifts = rng.uniform(-2000, 10_000, 100)
            pulses = lognorm.pdf(time_axis[None], 0.2, loc=shifts[:, None], scale=np.exp(6))
            pulses[1::2] *= -1
            mu, sigma = rng.uniform(6.65, 6.75), rng.uniform(0.35, 0.45)
            signal = lognorm.pdf(time_axis, sigma, loc=rng.uniform(150, 7500), scale=np.exp(mu))
            trace[:] = pulses.sum(axis=0) + signal * np.exp(rng.uniform(0, 6.6))
        return out[:, 125:-147]

    wall, cpu = time.perf_counter(), time.process_time()
    plain()
    line(
        f"NumPy and SciPy, {part:,} traces, scaled",
        20 * (time.perf_counter() - wall),
        20 * (time.process_time() - cpu),
        base,
    )


def main() -> None:
    """Run all parts."""
    traces, _ = synthesize(10_000, seed=1)
    pictures(traces)
    envelopes(100_000_000)
    generator(10_000)


if __name__ == "__main__":
    main()
