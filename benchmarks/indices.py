"""The nineteen default indices of a Sentinel-2 tile from uint16: ours beside spyndex.

spyndex comes from its package, into an environment of its own under ``--cache`` which is made once, or from
the interpreter named by --peer. Each contender runs in a process of its own on the same bands; CPU and wall
seconds are the medians of the rounds after a first one, which brings the memory in. spyndex takes
reflectances: its figures hold the conversion from uint16, to float32 and to the float64 that a division by
10,000 gives. It knows no LCI, which is written out for it in NumPy, and drops each index when it is made,
where ours keeps all: into arrays that are there (``out=``), and, as a row of its own, into new ones, whose
memory the system has to find and to clear. "beyond" is the peak of memory beyond bands and indices. Where a
denominator is zero but for rounding ours is NaN and spyndex 1e16: such pixels are counted, not compared.

    python benchmarks/indices.py [--quick] [--side 10980] [--rounds 3] [--peer PYTHON]
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

# Bands of Sentinel-2 by the letters of spyndex.
LETTERS = dict(
    zip(
        ("B", "G", "R", "RE1", "RE2", "RE3", "N", "N2", "S1", "S2"),
        ("B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B11", "B12"),
        strict=True,
    )
)
CONSTANTS = {"g": 2.5, "C1": 6.0, "C2": 7.5, "L": 1.0, "gamma": 1.0}
CONTENDERS = {
    "ours": "AstroData Lab, double precision",
    "single": "AstroData Lab, single precision",
    "new": "AstroData Lab, double, new arrays",
    "spyndex64": "spyndex, float64",
    "spyndex32": "spyndex, float32",
}
STEP = 7  # every 7th row and column is compared


def main() -> None:
    """Print a table, the ratios and the largest difference."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--side", type=int, default=10_980, help="rows and columns of each band")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="2,000 x 2,000 pixels")
    parser.add_argument("--peer", default="", help="an interpreter that has spyndex and NumPy")
    parser.add_argument(
        "--cache", type=Path, default=Path(tempfile.gettempdir(), "astrodata-indices-peers")
    )
    parser.add_argument("--contender", choices=CONTENDERS, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.contender:
        print(json.dumps(contend(options.contender, options.folder, options.rounds)))
        return
    side = 2_000 if options.quick else options.side
    with tempfile.TemporaryDirectory(prefix="astrodata-indices-") as folder:
        make_bands(Path(folder), side)
        report(Path(folder), side, options)


def report(folder: Path, side: int, options: argparse.Namespace) -> None:
    """Run the contenders one after the other and print what they took."""
    peer = python_with_spyndex(options)
    print(f"19 indices of {side:,} x {side:,} pixels, uint16, median of {options.rounds}")
    print(f"{'':34}{'CPU s':>8}{'wall s':>8}{'beyond MB':>11}")
    told: dict[str, dict[str, float]] = {}
    for name, title in CONTENDERS.items():
        python = peer if name.startswith("spyndex") else sys.executable
        if not python:
            continue
        command = [python, __file__, "--contender", name, "--folder", str(folder)]
        ran = subprocess.run(
            [*command, "--rounds", str(options.rounds)], stdout=subprocess.PIPE, check=True
        )
        told[name] = json.loads(ran.stdout)
        cpu, wall, beyond = (told[name][key] for key in ("cpu", "wall", "beyond"))
        print(f"{title:34}{cpu:8.2f}{wall:8.2f}{beyond:11.0f}", flush=True)
    if "spyndex64" in told:
        pairs = (("ours", "spyndex64"), ("ours", "spyndex32"), ("single", "spyndex32"))
        for ours, theirs in (*pairs, ("new", "spyndex64")):
            ratio = told[theirs]["cpu"] / told[ours]["cpu"]
            print(f"CPU of {CONTENDERS[theirs]} / {CONTENDERS[ours]}: {ratio:.1f}x")
        for name in ("ours", "single", "spyndex32"):
            worst, index, poles = largest_difference(folder, name)
            print(
                f"largest difference of {CONTENDERS[name]} from spyndex in float64, "
                f"of 1 or of the value: {worst:.1e} ({index}); {poles} poles"
            )


def python_with_spyndex(options: argparse.Namespace) -> str:
    """Give the peer's interpreter, or nothing and say why."""
    if options.peer:
        return str(options.peer)
    from latent_peers.places import Missing, Tool, python_of

    packages = ("spyndex==0.12.0", f"numpy=={np.__version__}")
    tool = Tool("spyndex", "", "", "spyndex", packages, version_of="spyndex")
    try:
        return str(python_of(tool, options.cache, ()))
    except Missing as error:
        print(f"skipped: spyndex ({error})")
        return ""


def make_bands(folder: Path, side: int) -> None:
    """Write ten bands: fields of soil, crops, water and burns in patches, with noise in each pixel."""
    rng = np.random.default_rng(0)
    across = -(-side // 61)
    for i, band in enumerate(LETTERS.values()):
        fields = rng.integers(250 + 60 * i, 2500 + 350 * i, (across, across)).astype("f4")
        rows = np.lib.format.open_memmap(
            folder / f"{band}.npy", "w+", dtype="u2", shape=(side, side)
        )
        for y in range(0, side, 61):
            part = rows[y : y + 61]
            smooth = np.repeat(fields[y // 61], 61)[:side]
            part[:] = np.clip(smooth * rng.normal(1, 0.05, part.shape), 1, 15_000)
        rows.flush()


def contend(name: str, folder: Path, rounds: int) -> dict[str, float]:
    """Run one contender in this process; write a part of its indices beside the bands."""
    bands = {band: np.load(folder / f"{band}.npy") for band in LETTERS.values()}
    side = len(bands["B08"])
    act = spyndex_on(name, bands) if name.startswith("spyndex") else ours_on(name, bands)
    before = resident()
    walls, cpus = [], []
    kept: dict[str, Any] = {}
    for turn in range(rounds + 1):
        kept.clear()
        wall, cpu = time.perf_counter(), time.process_time()
        for index, values in act():
            kept[index] = values[::STEP, ::STEP] if name.startswith("spyndex") else values
            if name.startswith("spyndex"):
                kept[index] = kept[index].copy()
            del values  # it would be a whole index beyond those that are kept
        if turn:
            walls.append(time.perf_counter() - wall)
            cpus.append(time.process_time() - cpu)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    outputs = 0 if name.startswith("spyndex") else len(kept) * side * side * 4 / 1e6
    small = kept if name.startswith("spyndex") else {k: v[::STEP, ::STEP] for k, v in kept.items()}
    np.savez(folder / f"{name}.npz", **small)
    return {
        "cpu": statistics.median(cpus),
        "wall": statistics.median(walls),
        "beyond": peak * 1.048576 - before - outputs,
    }


def resident() -> float:
    """Give the memory of this process in MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def ours_on(name: str, bands: dict[str, np.ndarray]) -> Callable[[], Iterator[tuple[str, Any]]]:
    """Give what computes ours, compiled."""
    from astrodata_kernel.processing import indices

    precision = "single" if name == "single" else "double"
    corner = {band: values[:8, :8].copy() for band, values in bands.items()}
    indices.compute(indices.DEFAULT, corner, precision=precision)
    shape = bands["B08"].shape
    out = None if name == "new" else {i: np.empty(shape, "f4") for i in indices.DEFAULT}

    def act() -> Iterator[tuple[str, Any]]:
        made = indices.compute(indices.DEFAULT, bands, out=out, precision=precision)
        for index in indices.DEFAULT:
            yield index, made.pop(index)

    return act


def spyndex_on(name: str, bands: dict[str, np.ndarray]) -> Callable[[], Iterator[tuple[str, Any]]]:
    """Give what computes the same with spyndex."""
    import spyndex

    warnings.simplefilter("ignore")
    dtype = np.dtype("f8" if name == "spyndex64" else "f4")
    ours = "NDVI EVI OSAVI MSAVI GNDVI NDRE ARVI MCARI TCARI ARI NDMI NDWI NBR NBR2 BAI BAIS2 MIRBI GEMI"
    theirs = {**{index: index for index in ours.split()}, "NDRE": "NDREI"}

    def act() -> Iterator[tuple[str, Any]]:
        given = {k: bands[b].astype(dtype) * dtype.type(1e-4) for k, b in LETTERS.items()}
        for index, called in theirs.items():
            yield index, spyndex.computeIndex(called, {**given, **CONSTANTS})
        yield "LCI", (given["N"] - given["RE1"]) / (given["N"] + given["R"])

    return act


def largest_difference(folder: Path, name: str) -> tuple[float, str, int]:
    """Give the largest difference from spyndex in float64, its index, and how many values are poles."""
    worst, where, poles = 0.0, "", 0
    with np.load(folder / "spyndex64.npz") as theirs, np.load(folder / f"{name}.npz") as made:
        for index in theirs.files:
            expected, found = theirs[index], made[index].astype("f8")
            known = np.isfinite(expected) & (np.abs(expected) < 1e9)
            poles += int(known.size - np.count_nonzero(known))
            expected, found = expected[known], found[known]
            away = float((np.abs(found - expected) / np.maximum(1, np.abs(expected))).max())
            if not away <= worst:  # also where it is NaN
                worst, where = away, index
    return worst, where, poles


if __name__ == "__main__":
    main()
