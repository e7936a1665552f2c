"""Latency of tiles through ``widget.request``, file cached and not, beside astropy's own readers.

The peers read the same regions at full resolution: a slice of the memory map, and ``.section``. A file is
"not cached" after the kernel was told to forget its pages (``posix_fadvise``) before each tile.

    python benchmarks/tile_latency.py [--side 20000] [--tiles 200]
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import astrodata_kernel as adk
import numpy as np
from astropy.io import fits
from first_overview import write


def forget(path: Path) -> None:
    """Drop the file's pages from the page cache."""
    descriptor = os.open(path, os.O_RDONLY)
    os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    os.close(descriptor)


def remember(path: Path) -> None:
    """Bring the file's pages into the page cache."""
    with path.open("rb") as file:
        while file.read(1 << 24):
            pass


def measure(read: Callable[[int], object], count: int, before: Callable[[], None] | None) -> str:
    """Give p50 and p95 in milliseconds of `count` reads."""
    times = []
    for number in range(count):
        if before is not None:
            before()
        start = time.perf_counter()
        read(number)
        times.append(1e3 * (time.perf_counter() - start))
    return f"{np.percentile(times, 50):9.2f}{np.percentile(times, 95):9.2f}"


def main() -> None:
    """Print a table of p50 and p95."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--side", type=int, default=20_000)
    parser.add_argument("--tiles", type=int, default=200)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sky.fits"
        write(path, options.side)
        viewer = adk.FitsViewer(path)
        levels = viewer.request("describe").meta["levels"]
        rng = np.random.default_rng(1)

        def places(level: int) -> np.ndarray:
            across = -(-options.side // (512 << level))
            return rng.integers(0, across, (options.tiles, 2))

        print(
            f"tiles of {options.side} x {options.side} float32, milliseconds, {options.tiles} each"
        )
        print(f"{'':44}{'cached p50':>9}{'p95':>8}{'not p50':>10}{'p95':>8}")
        at = places(0) * 512

        def cut(source: object) -> Callable[[int], object]:
            def read(n: int) -> object:
                y, x = at[n]
                # Converted, as whatever paints it must: the file is big-endian.
                return np.ascontiguousarray(source[y : y + 256, x : x + 256], "<f4")

            return read

        def report(name: str, read: Callable[[int], object], droppable: bool = True) -> None:
            remember(path)
            cached = measure(read, options.tiles, None)
            count = min(options.tiles, 40)
            cold = (
                measure(read, count, lambda: forget(path)) if droppable else "   mapped pages stay"
            )
            print(f"{name:44}{cached}{cold}")

        report("AstroData array[...], 256 px", cut(viewer.dataset.array))
        for level in range(levels):
            where = places(level)

            def ask(n: int, level: int = level, where: np.ndarray = where) -> object:
                y, x = (int(v) for v in where[n])
                return viewer.request("tile", level=level, x=x, y=y)

            report(f"AstroData request tile 512 px, level {level}", ask)
        with fits.open(path, memmap=False) as hdus:
            report("astropy .section, 256 px", cut(hdus[0].section))
        with fits.open(path, memmap=True) as hdus:
            report("astropy memory map, 256 px", cut(hdus[0].data), droppable=False)


if __name__ == "__main__":
    main()
