"""What the panel and the documents cost, beside JupyterLab's own ways, in one browser and one run.

    python benchmarks/lab.py [--only start,upload] [--runs 5] [--megabytes 100] [--side 20000]

Both sides have the same browser, flags, server and page, and take turns; who begins changes from run to run.
The extension is built for production into a temporary folder, as a wheel has it.

start    Lab until its layout stands, with the extension and without (both halves off), nothing in any cache
upload   a file dropped on the panel until its row, checked and listed, beside Lab's own list of files
open     a double click on an image until its pixels, beside one on a notebook until its kernel is idle
scroll   a list of 10,000 datasets, moved on by each frame, beside a folder of 10,000 files in Lab's own list
bundles  bytes that a browser loads

A number is the median of the runs, with the lowest and the highest; a ratio is ours / Lab's, below 1 where we
are the faster ones.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

from fits import remember, write
from jupyter_core.paths import jupyter_path
from latent_peers.options import names_of
from latent_peers.places import lab
from latent_peers.sessions import ARGS, ROOT, chromium, chromium_version
from latent_peers.tables import load_of_machine, machine

PARTS = ("start", "upload", "open", "scroll", "bundles")
DRIVER = Path(__file__).parent / "lab_pages" / "driver.mjs"
MODULES = ROOT / "ui-tests" / "package.json"
EXAMPLE = ROOT / "examples" / "data" / "m13.fits"
PLAIN = ("--ServerApp.jpserver_extensions={'astrodata_lab': False}",)
MANY = 10_000
SCROLL = {"frames": 240, "by": 400}
"""Frames, and pixels that the list moves by in each."""

Runs = list[dict[str, Any]]


def main() -> None:
    """Print a table for all that was measured."""
    options = _options()
    # Servers and files end with it, also where it is told to end.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    before = os.getloadavg()[0]
    print(f"# What the lab costs\n\n{machine()}; {chromium_version()}\n")
    print("| | ours | Lab's own | ratio |\n|---|---:|---:|---:|", flush=True)
    with tempfile.TemporaryDirectory(prefix="astrodata-lab-") as place:
        built = _built(Path(place, "built"))
        for part in options.only:
            for line in MEASURES[part](Path(place, part), built, options):
                print(line, flush=True)
    print(f"\nLoad of the machine: {load_of_machine(before)}.")


def _start(home: Path, built: Path, options: argparse.Namespace) -> Iterator[str]:
    # Lab loads the scripts of an extension that is disabled, too: without means not there.
    bare = home / "none"
    with (
        _served(home / "ours", built) as ours,
        _served(home / "plain", bare, *PLAIN) as plain,
    ):
        runs = _driven("start", ours=ours, plain=plain, runs=options.runs)
    if any(run["plain"]["scripts"]["ours"] for run in runs):
        raise SystemExit("Lab without the extension has loaded it")
    restored = _sides(runs, 1, "restored")
    yield _line("Lab's layout stands, ms", *restored)
    more = [ours - plain for ours, plain in zip(*restored, strict=True)]
    yield _line("of that the extension, ms (pair by pair)", more)
    # Less than the clock's times this depends on what else the machine does.
    yield _line("until then the page's thread works, ms", *_sides(runs, 1, "work"))
    yield _line("the panel shows its datasets, ms", [run["ours"]["panel"] for run in runs])
    scripts = runs[0]["ours"]["scripts"]
    own = (scripts["all"] - scripts["ours"]) / 1e3
    yield _line("scripts loaded at start, kB", [scripts["ours"] / 1e3], [own])


def _upload(home: Path, built: Path, options: argparse.Namespace) -> Iterator[str]:
    import numpy as np

    desk = home / "desk"
    desk.mkdir(parents=True)
    side = max(1, round((options.megabytes * 1e6) ** 0.5))
    values = np.random.default_rng(0).integers(0, 256, (side, side), np.uint8)
    np.save(desk / "file.npy", values)
    files = []
    for number in range(options.runs + 1):
        pair = {name: str(desk / f"{name}-{number}.npy") for name in ("ours", "plain", "open")}
        for path in pair.values():
            os.link(desk / "file.npy", path)
        files.append(pair)
    size = (desk / "file.npy").stat().st_size
    with _served(home / "server", built, "--FileContentsManager.delete_to_trash=False") as ours:
        first, *runs = _driven("upload", ours=ours, files=files, bytes=size)
    what = f"a file of {size / 1e6:.0f} MB dropped, to its row, s"
    yield _line(f"{what}: the first of a server", *_sides([first], 1e-3))
    yield _line(what, *_sides(runs, 1e-3))
    open_page, theirs = ([1e-3 * run[side] for run in runs] for side in ("open", "plain"))
    yield _line("the same on a page that came without https", open_page, theirs)


def _open(home: Path, built: Path, options: argparse.Namespace) -> Iterator[str]:
    root = home / "server" / "root"
    root.mkdir(parents=True)
    write(root / "sky.fits", options.side)
    remember(root / "sky.fits")
    spec = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook = {"cells": [], "metadata": {"kernelspec": spec}, "nbformat": 4, "nbformat_minor": 5}
    (root / "empty.ipynb").write_text(json.dumps(notebook))
    size = (root / "sky.fits").stat().st_size
    with _served(home / "server", built) as ours:
        names = {"image": "sky.fits", "notebook": "empty.ipynb"}
        runs = _driven("open", ours=ours, runs=options.runs, **names)
    what = f"a double click on {size / 1e9:.1f} GB of FITS, to its pixels (a notebook: to its kernel), s"
    yield _line(what, *_sides(runs, 1e-3))


def _scroll(home: Path, built: Path, options: argparse.Namespace) -> Iterator[str]:
    from astrodata_kernel.catalog import Catalog, records

    root = home / "server" / "root"
    many = root / "many"
    many.mkdir(parents=True)
    catalog = Catalog(root)
    shutil.copy(EXAMPLE, many / "d00000.fits")
    first = catalog.add(many / "d00000.fits").to_json()
    for number in range(1, MANY):
        name = f"d{number:05}"
        os.link(many / "d00000.fits", many / f"{name}.fits")
        record = {**first, "name": name, "path": f"many/{name}.fits"}
        records.create(catalog.folder, name, record)
    with _served(home / "server", built) as ours:
        runs = _driven("scroll", ours=ours, runs=options.runs, folder="many", scroll=SCROLL)
    facts = [{side: _frames(run[side]) for side in ("ours", "plain")} for run in runs]
    for title in facts[0]["ours"]:
        sides = [[run[side][title] for run in facts] for side in ("ours", "plain")]
        yield _line(f"{MANY:,} rows scrolled: {title}", *sides)


def _frames(found: dict[str, Any]) -> dict[str, float]:
    ticks = found["ticks"]
    if found["way"] < SCROLL["by"] * SCROLL["frames"]:
        raise SystemExit(f"the list moved by {found['way']} pixels only")
    return {
        "frames per second": 1000 * (len(ticks) - 1) / (ticks[-1] - ticks[0]),
        "longest frame, ms": max(after - before for before, after in pairwise(ticks)),
        "frames without a row in the middle": found["blank"],
    }


def _bundles(_: Path, built: Path, __: argparse.Namespace) -> Iterator[str]:
    static = built / "astrodata-lab" / "static"
    yield _line("all of the extension, kB", [_kilobytes(sorted(static.glob("*.js")))])
    yield _line("the same in gzip, kB", [_kilobytes(sorted(static.glob("*.js")), gzip.compress)])
    for bundle in sorted((ROOT / "kernel/astrodata_kernel/static").glob("*.js")):
        both = [bundle, *bundle.parent.glob(f"{bundle.stem}.css")]
        yield _line(f"viewer {bundle.stem}, in gzip, kB", [_kilobytes(both, gzip.compress)])


def _kilobytes(paths: Sequence[Path], packed: Any = bytes) -> float:
    return sum(len(packed(path.read_bytes())) for path in paths) / 1e3


MEASURES = {
    "start": _start,
    "upload": _upload,
    "open": _open,
    "scroll": _scroll,
    "bundles": _bundles,
}


def _built(place: Path) -> Path:
    """Build the extension for production; give the folder that holds it."""
    source = place / "source"
    source.mkdir(parents=True)
    for name in ("lib", "style", "schema", "node_modules"):
        (source / name).symlink_to(ROOT / name)
    package = json.loads((ROOT / "package.json").read_text())
    package["jupyterlab"]["outputDir"] = f"../labextensions/{package['name']}"
    (source / "package.json").write_text(json.dumps(package))
    command = [str(Path(sys.executable).parent / "jupyter-builder"), "build", str(source)]
    made = subprocess.run(command, capture_output=True, text=True)
    if made.returncode:
        raise SystemExit(
            f"the extension does not build:\n{made.stdout[-2000:]}{made.stderr[-2000:]}"
        )
    return place / "labextensions"


@contextmanager
def _served(home: Path, built: Path, *args: str) -> Iterator[dict[str, str]]:
    """Run a server with the built extension, and a dataset where there is none yet."""
    from astrodata_kernel.catalog import Catalog

    root = home / "root"
    root.mkdir(parents=True, exist_ok=True)
    if not len(list(Catalog(root))):
        shutil.copy(EXAMPLE, root)
        Catalog(root).add(root / EXAMPLE.name)
    own = f"--LabServerApp.extra_labextensions_path={built}"
    others = f"--LabServerApp.labextensions_path={_others(home / 'others')}"
    with lab(Path(sys.executable), home, own, others, *args) as (address, token):
        yield {"address": address, "token": token}


def _others(place: Path) -> Path:
    """Give a folder with the extensions that the environment has beside ours."""
    place.mkdir()
    for installed in jupyter_path("labextensions"):
        for one in Path(installed).glob("*"):
            if one.name != "astrodata-lab" and not (place / one.name).exists():
                (place / one.name).symlink_to(one)
    return place


def _driven(part: str, **job: Any) -> Runs:
    job |= {"part": part, "chromium": chromium(), "args": ARGS, "modules": str(MODULES)}
    runs: Runs = []
    command = ["node", str(DRIVER)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as one:
        assert one.stdin is not None
        assert one.stdout is not None
        one.stdin.write(json.dumps(job))
        one.stdin.close()
        for line in one.stdout:
            runs.append(json.loads(line))
            print(f"{part}, run {len(runs)}", file=sys.stderr, flush=True)
    if one.returncode:
        raise SystemExit(f"{part}: the browser's driver ended with {one.returncode}")
    return runs


def _sides(runs: Runs, scale: float, what: str = "") -> list[list[float]]:
    found = [[run[side] for run in runs] for side in ("ours", "plain")]
    return [[scale * (one[what] if what else one) for one in side] for side in found]


def _line(title: str, ours: Sequence[float], theirs: Sequence[float] = ()) -> str:
    """Give a line of the table; without a peer it has our number alone."""
    cells = [_cell(ours)]
    if theirs:
        middle = statistics.median(theirs)
        ratio = f"{statistics.median(ours) / middle:.2f}" if middle else ""
        cells += [_cell(theirs), ratio]
    return f"| {' | '.join([title, *cells, *[''] * (3 - len(cells))])} |"


def _cell(values: Sequence[float]) -> str:
    middle = statistics.median(values)
    said = _number(middle)
    if len(values) > 1:
        said += f" ({_number(min(values))} to {_number(max(values))})"
    return said


def _number(value: float) -> str:
    return f"{value:,.1f}" if abs(value) < 100 else f"{value:,.0f}"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", type=names_of(PARTS), default=PARTS, help="parts, by comma")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--megabytes", type=float, default=100, help="of the upload")
    parser.add_argument("--side", type=int, default=20_000, help="of the image, in pixels")
    return parser.parse_args()


if __name__ == "__main__":
    main()
