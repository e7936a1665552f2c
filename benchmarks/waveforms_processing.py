"""Processing of 10,000 traces beside the obvious NumPy and SciPy, in one process on the same traces.

The CPU-seconds are of all threads; each number is the median of some runs, ours and the peer's in turns.
What a peer needs longer for is timed on fewer traces and scaled, which the table says.

    python benchmarks/waveforms_processing.py [--traces 10000] [--runs 5]
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np
from astrodata_kernel.processing.waveforms import synthesize
from astrodata_kernel.processing.waveforms.alignment import align
from astrodata_kernel.processing.waveforms.baselines import subtract_baseline
from astrodata_kernel.processing.waveforms.detectors import (
    matched_filter_score,
    moving_average_score,
    pulse_template,
)
from astrodata_kernel.processing.waveforms.filters import normalise, trim
from astrodata_kernel.processing.waveforms.measures import features
from astrodata_kernel.processing.waveforms.pulses import find_pulses
from astrodata_kernel.processing.waveforms.spectra import psd
from scipy import ndimage, signal

BASELINE = 608
THRESHOLD = 5.0


def rests(traces: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give the median and the robust RMS of the first samples."""
    head = traces[:, :BASELINE]
    base = np.median(head, axis=1)
    away = np.abs(head - base[:, None])
    inside = away <= 4 * 1.4826 * np.median(away, axis=1)[:, None]
    return base, np.sqrt((away**2).sum(axis=1, where=inside) / inside.sum(axis=1))


def first(where: np.ndarray) -> np.ndarray:
    """Give the first True of each row, NaN without one."""
    return np.where(where.any(axis=1), where.argmax(axis=1), np.nan)


def numpy_features(traces: np.ndarray) -> dict[str, np.ndarray]:
    """Give the columns of `features` by whole-array operations, times to a whole sample."""
    base, rms = rests(traces)
    d = traces - base[:, None]
    position = d.argmax(axis=1)
    peak = np.take_along_axis(d, position[:, None], axis=1)[:, 0]
    time_ = np.arange(traces.shape[1])
    before = time_ <= position[:, None]

    def left(level: float) -> np.ndarray:
        below = before & (d < level * peak[:, None])
        return traces.shape[1] - 1 - first(below[:, ::-1])

    right = first(~before & (d < 0.5 * peak[:, None]))
    running = np.cumsum(d, axis=1, dtype=np.float64)
    total = running[:, -1]
    centred = d - d.mean(axis=1, dtype=np.float64)[:, None].astype(d.dtype)
    square = centred**2
    variance = square.mean(axis=1, dtype=np.float64)
    high = THRESHOLD * rms
    above = d > high[:, None] / 2
    edges = np.diff(above, axis=1, prepend=False)
    flat = (traces[:, 2:] == traces[:, 1:-1]) & (traces[:, 1:-1] == traces[:, :-2])
    extreme = (traces == traces.max(axis=1)[:, None]) | (traces == traces.min(axis=1)[:, None])
    label, count = ndimage.label(above, np.array([[0, 0, 0], [1, 1, 1], [0, 0, 0]]))
    tops = ndimage.maximum(d, label, np.arange(1, count + 1))
    rows, columns = np.nonzero(edges & above)  # one start a label, in their order
    del columns
    return {
        "baseline": base,
        "baseline_rms": rms,
        "peak": peak,
        "position": position,
        "integral": total,
        "rise_time": left(0.9) - left(0.1),
        "width": right - left(0.5),
        "t50": first(running >= 0.5 * total[:, None]),
        "t90": first(running >= 0.9 * total[:, None]),
        "kurtosis": (square**2).mean(axis=1, dtype=np.float64) / variance**2 - 3,
        "pulses": np.bincount(rows[tops >= high[rows]], minlength=len(traces)),
        "saturated": (flat & extreme[:, 2:]).any(axis=1),
        "bad": ~np.isfinite(traces).all(axis=1) | (traces == traces[:, :1]).all(axis=1),
    }


def in_blocks(
    function: Callable[[np.ndarray], object], traces: np.ndarray, rows: int = 200
) -> Callable[[], object]:
    """Give the peer a chance: blocks that fit the cache, as whole arrays of temporaries do not."""
    return lambda: [function(traces[i : i + rows]) for i in range(0, len(traces), rows)]


def scipy_pulses(traces: np.ndarray) -> list[np.ndarray]:
    """Give the pulses of each trace by SciPy, one trace after another."""
    base, rms = rests(traces)
    return [
        signal.find_peaks(trace - b, height=THRESHOLD * r, prominence=THRESHOLD * r / 2)[0]
        for trace, b, r in zip(traces, base, rms, strict=True)
    ]


def scipy_matched(traces: np.ndarray, template: np.ndarray) -> np.ndarray:
    """Give the plain matched filter by SciPy's convolution."""
    unit = (template / np.linalg.norm(template))[::-1].astype(traces.dtype)
    return signal.fftconvolve(traces, unit[None, :], axes=1).max(axis=1)


def numpy_shift(traces: np.ndarray) -> np.ndarray:
    """Align peaks by an index array."""
    position = traces.argmax(axis=1)
    source = np.arange(traces.shape[1]) - (int(np.median(position)) - position)[:, None]
    inside = (source >= 0) & (source < traces.shape[1])
    return np.where(
        inside, np.take_along_axis(traces, source.clip(0, traces.shape[1] - 1), 1), np.nan
    )


def moving_average(traces: np.ndarray) -> np.ndarray:
    """Give the largest mean of 256 samples by a cumulative sum."""
    sums = np.cumsum(traces, axis=1, dtype=np.float64)
    return (sums[:, 256:] - sums[:, :-256]).max(axis=1) / 256


def timed(run: Callable[[], object]) -> tuple[float, float]:
    """Give CPU-seconds of all threads, and seconds."""
    cpu, wall = time.process_time(), time.perf_counter()
    run()
    return time.process_time() - cpu, time.perf_counter() - wall


def compare(
    name: str, ours: Callable[[], object], peer: Callable[[], object], scale: float, runs: int
) -> None:
    """Print one line: medians of both, and the ratio of CPU-seconds."""
    ours()  # compiled, and pages touched
    pairs = [(timed(ours), timed(peer)) for _ in range(runs)]
    a, b = np.median(np.array(pairs), axis=0)
    b = b * scale
    note = f"   peer on 1/{scale:.0f}, scaled" if scale > 1 else ""
    print(
        f"{name:46}{a[0]:9.3f}{a[1]:9.3f}{b[0]:11.3f}{b[1]:9.3f}{b[0] / a[0]:9.1f}{note}",
        flush=True,
    )


def main() -> None:
    """Print a table of CPU-seconds and seconds."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--traces", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    traces, _ = synthesize(options.traces, seed=1)
    few = traces[: max(1, options.traces // 10)]
    scale, runs = len(traces) / len(few), options.runs
    long = np.ascontiguousarray(np.pad(few, ((0, 0), (125, 147)), mode="edge"))
    template = pulse_template(4096)
    print(f"{len(traces):,} x {traces.shape[1]:,} float32, median of {runs}")
    print(f"{'':46}{'ours CPU':>9}{'wall':>9}{'peer CPU':>11}{'wall':>9}{'ratio':>9}")
    ours = features(few, BASELINE)
    theirs = numpy_features(few)
    for column in ("peak", "position", "integral", "kurtosis", "pulses", "saturated", "bad"):
        np.testing.assert_allclose(
            ours[column], theirs[column], rtol=2e-3, atol=2e-3, err_msg=column
        )
    compare(
        "features / NumPy on blocks of 200",
        lambda: features(traces, BASELINE),
        in_blocks(numpy_features, few),
        scale,
        runs,
    )
    compare(
        "find_pulses / loop of scipy.signal.find_peaks",
        lambda: find_pulses(traces, THRESHOLD, BASELINE),
        lambda: scipy_pulses(few),
        scale,
        runs,
    )
    compare(
        "psd / scipy.signal.welch on blocks of 200",
        lambda: psd(traces, segment=2048),
        in_blocks(lambda t: signal.welch(t, nperseg=2048, axis=1)[1].sum(axis=0), few),
        scale,
        runs,
    )
    compare(
        "trim (a view), copied / NumPy slice, copied",
        lambda: np.ascontiguousarray(trim(long, 125, 147)),
        lambda: np.ascontiguousarray(long[:, 125:-147]),
        1,
        runs,
    )
    compare(
        "subtract_baseline / NumPy",
        lambda: subtract_baseline(few, BASELINE),
        lambda: few - np.median(few[:, :BASELINE], axis=1)[:, None],
        1,
        runs,
    )
    compare(
        "normalise / NumPy",
        lambda: normalise(few),
        lambda: few / np.abs(few).max(axis=1)[:, None],
        1,
        runs,
    )
    compare(
        "align by peak / NumPy indexing", lambda: align(few), in_blocks(numpy_shift, few), 1, runs
    )
    compare(
        "moving average 256 / NumPy on blocks of 200",
        lambda: moving_average_score(few),
        in_blocks(moving_average, few),
        1,
        runs,
    )
    compare(
        "matched filter / scipy.signal.fftconvolve",
        lambda: matched_filter_score(few, template),
        in_blocks(lambda t: scipy_matched(t, template), few),
        1,
        runs,
    )


if __name__ == "__main__":
    main()
