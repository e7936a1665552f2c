"""Scenes of Sentinel-2 beside the peers: indices, first picture, tiles, a pixel through time, patches.

    python benchmarks/sentinel.py [--only first,tiles] [--quick] [--runs 3]

The product has bands of 10,980 x 10,980 pixels in lossless JPEG 2000 as ESA's (``--quick``: 2,400), written
here from a landscape with noise, and read from the page cache. ``first`` is all that the viewer asks for
until three bands are painted: product opened, overviews and limits; rio-tiler reads the same three bands at
that size and their limits. ``tiles`` are random ones of 512 x 512 pixels at full resolution, of the JPEG
2000 file and of the tiled copy of it that the session makes; rio-tiler reads the same places from both, in
process, laid on the grid of the web, and titiler gives them over HTTP as numbers. ``series`` is one pixel of
40 dates and the 19 default indices; each place is a new one, near the last. ``indices`` and ``patches`` are
the programs of these names in this folder. Each contender runs in a process of its own; ratios are peer /
ours, below 1 where we lose. The peers are installed from their packages, once, into an environment under
``--cache``.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from latent_peers.places import Missing, Tool, python_of
from latent_peers.tables import load_of_machine, machine

HERE = Path(__file__).parent
PEERS = HERE / "sentinel_peers"
TILER = Tool(
    "titiler",
    "",
    "",
    "titiler",
    ("titiler.core==2.4.0", "rio-tiler==9.4.12", "uvicorn"),
)
PARTS = ("indices", "first", "tiles", "series", "patches")
DATES = 40


def main() -> None:
    """Print a table for each part, as it is measured."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default=",".join(PARTS), help=f"of {', '.join(PARTS)}")
    parser.add_argument("--quick", action="store_true", help="small images, to try it")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument(
        "--cache", type=Path, default=Path(tempfile.gettempdir(), "astrodata-sentinel-peers")
    )
    options = parser.parse_args()
    wanted = [part.strip() for part in options.only.split(",")]
    if unknown := set(wanted) - set(PARTS):
        parser.error(f"{', '.join(unknown)}: there are {', '.join(PARTS)}")
    options.cache.mkdir(parents=True, exist_ok=True)
    before = os.getloadavg()[0]
    print(machine())
    side = 2_400 if options.quick else 10_980
    product = product_of(options.cache, side) if {"first", "tiles"} & set(wanted) else None
    tiler = peer(options.cache) if product else None
    for part in wanted:
        print(f"\n## {part}", flush=True)
        if part == "first":
            first(product, tiler, options.runs)
        elif part == "tiles":
            tiles(product, tiler, side, 20 if options.quick else 100)
        elif part == "series":
            series(options.cache)
        else:
            quick = ["--quick"] if options.quick else []
            subprocess.run([sys.executable, str(HERE / f"{part}.py"), *quick], check=True)
    print(f"\nload of the machine: {load_of_machine(before)}")


def first(product: Path, tiler: Path | None, runs: int) -> None:
    """Compare what comes before the first picture in three bands."""
    found = {"AstroData Lab": [asked("peer_ours", "first", product) for _ in range(runs)]}
    if tiler:
        files = [next(product.rglob(f"*_{band}_10m.jp2")) for band in ("B04", "B03", "B02")]
        found["rio-tiler"] = [
            asked("peer_tiler", "first", *files, python=tiler) for _ in range(runs)
        ]
    lines(("wall", "cpu"), "s", {k: middle(v) for k, v in found.items()})


def tiles(product: Path, tiler: Path | None, side: int, count: int) -> None:
    """Compare tiles of a band in JPEG 2000, and of its tiled copy."""
    script = [sys.executable, str(PEERS / "peer_ours.py"), "tiles", product, side, count]
    process = subprocess.Popen(
        [str(word) for word in script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        ours = json.loads(process.stdout.readline())
        took = ours["transcoding"]
        print(f"the copy of one band took {took['wall']:.1f} s, {took['cpu']:.1f} s of CPU")
        found = {"copy, AstroData Lab": ours["copy"], "JPEG 2000, AstroData Lab": ours["jp2"]}
        if tiler:
            jpeg = next(product.rglob("*_B04_10m.jp2"))
            for name, work in (("rio-tiler", "tiles"), ("titiler over HTTP", "http")):
                for kind, file in (("copy", ours["place"]), ("JPEG 2000", jpeg)):
                    many = count if kind == "copy" else max(3, count // 10)
                    found[f"{kind}, {name}"] = asked(
                        "peer_tiler", work, file, side, many, python=tiler
                    )
        lines(("p50", "p95"), "ms", dict(sorted(found.items())))
    finally:
        process.communicate("\n")


def series(cache: Path) -> None:
    """Compare a pixel of 40 dates."""
    folder = dates_of(cache)
    names = {"ours": "AstroData Lab", "rasterio": "rasterio, a loop", "xarray": "adk.stack, Dask"}
    found = {title: asked("peer_series", name, folder) for name, title in names.items()}
    means = {round(one["mean"], 4) for one in found.values()}
    one = found["AstroData Lab"]
    print(f"{one['dates']} dates x {one['indices']} indices; means of the values: {sorted(means)}")
    lines(("cold", "p50", "p95"), "ms", found)


def asked(script: str, *words: object, python: Path | str = sys.executable) -> dict[str, Any]:
    """Run a contender and give what it found."""
    command = [str(python), str(PEERS / f"{script}.py"), *map(str, words)]
    ran = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return dict(json.loads(ran.stdout.splitlines()[-1]))


def middle(runs: list[dict[str, float]]) -> dict[str, float]:
    """Give the median of each figure."""
    return {key: statistics.median(run[key] for run in runs) for key in runs[0]}


def lines(columns: tuple[str, ...], unit: str, found: dict[str, dict[str, float]]) -> None:
    """Print a line a contender, with the ratio to the first of the same kind."""
    print(f"{'':32}" + "".join(f"{column + ' ' + unit:>12}" for column in columns) + "   peer/ours")
    for title, one in found.items():
        kind = title.rpartition(", ")[0]
        base = found.get(f"{kind}, AstroData Lab" if kind else "AstroData Lab")
        ours = base is one or base is None
        ratio = "" if ours else f"{one[columns[-2]] / base[columns[-2]]:9.1f}x"
        print(f"{title:32}" + "".join(f"{one[c]:12.2f}" for c in columns) + ratio, flush=True)


def peer(cache: Path) -> Path | None:
    """Give the interpreter that has titiler, or nothing and say why."""
    try:
        return python_of(TILER, cache, ())
    except Missing as error:
        print(f"skipped: titiler and rio-tiler ({error})")
        return None


def product_of(cache: Path, side: int) -> Path:
    """Give a product with three bands of a side, written once."""
    from astrodata_kernel.testing.scenes import landscape, safe_folder

    folder = cache / f"product-{side}"
    if not (folder / "ready").exists():
        print(f"writing a product of {side:,} x {side:,} pixels ...", file=sys.stderr, flush=True)
        rng = np.random.default_rng(0)
        numbers = {}
        for band in ("B02", "B03", "B04"):
            whole = np.tile(landscape(band, side // 6, 0, 1000), (6, 6))
            for row in range(0, side, 600):
                part = whole[row : row + 600]
                part += rng.integers(0, 60, part.shape, dtype="u2")
            numbers[band] = whole
        safe_folder(folder, size=side, bands=list(numbers), numbers=numbers)
        (folder / "ready").touch()
    return next(folder.glob("*.SAFE"))


def dates_of(cache: Path) -> Path:
    """Give a folder with products of 40 dates, written once: ten bands each, 600 pixels of 10 m a side."""
    from astrodata_kernel.processing import indices
    from astrodata_kernel.testing.scenes import safe_folder

    folder = cache / "dates"
    if not (folder / "ready").exists():
        print(f"writing products of {DATES} dates ...", file=sys.stderr, flush=True)
        bands = list(indices.bands_of(indices.DEFAULT))
        for number in range(DATES):
            date = datetime(2022, 1, 4, 10, 6, tzinfo=UTC) + timedelta(days=5 * number)
            safe_folder(folder, size=600, bands=bands, date=date, seed=number)
        (folder / "ready").touch()
    return folder


if __name__ == "__main__":
    main()
