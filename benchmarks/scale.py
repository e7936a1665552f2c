"""Features of waveforms on one and two workers, data larger than the workers' memory, 100,000 blocks.

    python benchmarks/scale.py [--traces 10000] [--runs 3] [--quick]

The workers are processes with one thread each, in turns of one and two; each reads its part of the traces
from an .npy file, whose pages the machine holds. A time is the median of the runs, with the lowest and the
highest. `speed_up`, `beyond_memory` and `many_blocks` give the numbers to other benchmarks.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from astrodata_kernel import compute
from latent_peers.tables import load_of_machine, machine

SAMPLES = 9728
PART = 100
"""Traces of a part."""
DATA, LIMIT = 1_500_000_000, 400_000_000
"""Bytes of the data that exceed the memory, and of each worker's limit, of which our libraries take half."""
BLOCKS = 100_000


def main() -> None:
    """Measure, print tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--traces", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="a tenth of everything, once")
    options = parser.parse_args()
    tenth = 10 if options.quick else 1
    traces, runs = options.traces // tenth, 1 if options.quick else options.runs
    before = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        path = written(Path(folder, "traces.npy"), traces)
        found = speed_up(path, runs)
        size = DATA // 2 if options.quick else DATA
        held = beyond_memory(Path(folder, "large.npy"), size)
    blocks = many_blocks(BLOCKS // tenth, BLOCKS // 100)
    print(f"# Scale: {machine()}\n")
    print(f"## Features of {traces:,} x {SAMPLES:,} samples\n")
    print("| workers | s | speed-up |\n|---|---|---|")
    for workers, times in found.items():
        ratio = statistics.median(found[1]) / statistics.median(times)
        print(f"| {workers} | {told(times)} | {ratio:.2f} |")
    print(
        f"\n## {held['bytes'] / 1e6:.0f} MB of traces, {LIMIT / 1e6:.0f} MB for each of 2 workers\n"
    )
    print("| process | peak, MB | of the data | of its limit |\n|---|---|---|---|")
    for name, peak in held["peaks"].items():
        of_limit = f"{peak / LIMIT:.2f}" if name.startswith("worker") else "-"
        print(f"| {name} | {peak / 1e6:.0f} | {peak / held['bytes']:.2f} | {of_limit} |")
    print(f"\nA worker that has loaded the libraries takes {held['idle'] / 1e6:.0f} MB. ", end="")
    print(f"Rows: {held['rows']:,} of {held['traces']:,}; workers restarted: {held['restarts']}.")
    print("\n## Sums of the blocks of a Dask array, 2 workers\n")
    print("| way | blocks | s | ms a block |\n|---|---|---|---|")
    for name, (count, seconds) in blocks.items():
        print(f"| {name} | {count:,} | {seconds:.1f} | {1000 * seconds / count:.2f} |")
    print(f"\nLoad of the machine: {load_of_machine(before)}.")
    cores = compute.limits.cpus()
    if before > 0.3 * cores or cores < 2:
        print("The machine was not idle, or has one core: the speed-up is lower than it could be.")


def written(path: Path, traces: int) -> Path:
    """Write traces of noise with a pulse each, a part at a time."""
    random = np.random.default_rng(0)
    out = np.lib.format.open_memmap(path, "w+", np.float32, (traces, SAMPLES))
    pulse = np.exp(-np.arange(600) / 120, dtype=np.float32)
    for first in range(0, traces, PART):
        rows = random.standard_normal((min(PART, traces - first), SAMPLES), np.float32)
        rows[:, 4000:4600] += 20 * pulse
        out[first : first + len(rows)] = rows
    out.flush()
    return path


def features_of(path: str, part: tuple[int, int]) -> Any:
    """Give the features of some traces of a file: what a worker does."""
    from astrodata_kernel.processing.waveforms import features

    return features(np.array(np.load(path, mmap_mode="r")[slice(*part)]), workers=1)


def parts_of(traces: int, each: int = PART) -> list[tuple[int, int]]:
    """Give first and last trace of each part."""
    return [(first, min(first + each, traces)) for first in range(0, traces, each)]


def speed_up(path: Path, runs: int) -> dict[int, list[float]]:
    """Give the seconds of each run by the number of workers, one and two in turns."""
    traces = len(np.load(path, mmap_mode="r"))
    work: Callable[[Any], Any] = partial(features_of, str(path))
    times: dict[int, list[float]] = {1: [], 2: []}
    with contextlib.ExitStack() as stack:
        clusters = {
            count: stack.enter_context(compute.cluster("local", count, dashboard=False))
            for count in times
        }
        for cluster in clusters.values():
            # Compiled loops are loaded once in each process.
            cluster.client.run(work, (0, 2))
        for _ in range(runs):
            for count, cluster in clusters.items():
                start = time.perf_counter()
                rows = sum(map(len, compute.each(work, parts_of(traces), cluster=cluster)))
                times[count].append(time.perf_counter() - start)
                if rows != traces:
                    raise RuntimeError(f"{rows} rows of {traces}")
    return times


def beyond_memory(path: Path, size: int = DATA, limit: int = LIMIT) -> dict[str, Any]:
    """Give the peak memory of workers and kernel while data larger than a worker's limit go through."""
    import psutil

    traces = size // (4 * SAMPLES)
    written(path, traces)
    work: Callable[[Any], Any] = partial(features_of, str(path))
    with compute.cluster("local", 2, memory=limit, dashboard=False) as cluster:
        # Libraries are loaded, and loops compiled, before anything is measured.
        cluster.client.run(work, (0, 2))
        pids = sorted(cluster.client.run(os.getpid).values())
        idle = max(psutil.Process(pid).memory_info().rss for pid in pids)
        names = {pid: f"worker {number}" for number, pid in enumerate(pids)}
        names[os.getpid()] = "this process"
        with peaks_of(list(names)) as peaks:
            rows = sum(map(len, compute.each(work, parts_of(traces, PART // 4))))
        after = set(cluster.client.run(os.getpid).values())
    return {
        "bytes": 4 * SAMPLES * traces,
        "traces": traces,
        "rows": rows,
        "idle": idle,
        "peaks": {names[pid]: peak for pid, peak in peaks.items()},
        "restarts": len(set(pids) - after),
    }


@contextlib.contextmanager
def peaks_of(pids: list[int]) -> Iterator[dict[int, int]]:
    """Look at the resident memory of processes fifty times a second, and give the highest."""
    import psutil

    found = dict.fromkeys(pids, 0)
    ended = threading.Event()

    def look() -> None:
        while not ended.wait(0.02):
            for pid in pids:
                with contextlib.suppress(psutil.Error):
                    found[pid] = max(found[pid], psutil.Process(pid).memory_info().rss)

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield found
    finally:
        ended.set()
        thread.join()


def many_blocks(ours: int, plain: int) -> dict[str, tuple[int, float]]:
    """Give blocks and seconds of `each_block` and of Dask's own graph, which gets fewer of them."""
    import dask.array

    def array(blocks: int) -> Any:
        ones = dask.array.ones((10 * blocks, 10), chunks=(10, 10))
        return (
            ones * 2 + 1
        )  # Dask's own operations: a function of ours would be pickled for each task

    found = {}
    with compute.cluster("local", 2, dashboard=False):
        _plainly(array(10))
        for name, blocks, total in (
            ("Dask: array.sum().compute()", plain, _plainly),
            ("compute.each_block", plain, _sums),
            ("compute.each_block, all", ours, _sums),
        ):
            start = time.perf_counter()
            if total(array(blocks)) != 300 * blocks:
                raise RuntimeError(f"{name}: a wrong sum")
            found[name] = blocks, time.perf_counter() - start
    return found


def _plainly(array: Any) -> float:
    return float(array.sum().compute())


def _sums(array: Any) -> float:
    return float(sum(total for _, total in compute.each_block(np.sum, array)))


def told(times: list[float]) -> str:
    """Give the median, with the lowest and the highest where there are several."""
    middle = f"{statistics.median(times):.2f}"
    return middle if len(times) < 2 else f"{middle} ({min(times):.2f} to {max(times):.2f})"


if __name__ == "__main__":
    main()
