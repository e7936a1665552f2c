"""Images of 20,000 x 20,000 pixels beside the peers: first frame, tiles, row-tiled RICE, averages.

    python benchmarks/fits.py [--only first,rice] [--tools ours,fitsio] [--runs 3] [--side 20000] [--quick]

The peers come from their packages, into environments of their own under ``--cache``, which are made once.
Each run is a fresh process on the same file, which is in the page cache; imports are not measured. Memory is
anonymous memory (RssAnon, watched from outside each millisecond) above that before the work: mapped pages of
the file are not the process's own. Pixels are compared by a hash: ``same`` says whose are ours. A number is
the best run's, with the median in brackets; ratios are peer / ours of the best, below 1 where we lose.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

from latent_peers.options import names_of
from latent_peers.places import Missing, Tool, python_of, version_in
from latent_peers.tables import load_of_machine, machine

PEERS = Path(__file__).parent / "fits_peers"
TOOLS = {
    "ours": Tool("AstroData Lab", "peer_ours", "", version_of="astrodata-lab"),
    "memmap": Tool("astropy memory map", "peer_astropy memmap", "", version_of="astropy"),
    "section": Tool("astropy .section", "peer_astropy section", "", version_of="astropy"),
    "naive": Tool("astropy, all of it", "peer_astropy naive", "", version_of="astropy"),
    "fitsio": Tool(
        *("fitsio", "peer_fitsio", "", "fitsio"), ("fitsio==1.4.2",), version_of="fitsio"
    ),
    "jdaviz": Tool(
        *("jdaviz Imviz, load only", "peer_jdaviz", "", "jdaviz"),
        ("jdaviz==5.0.2",),
        version_of="jdaviz",
    ),
}
ROWS = {
    "first": ("open and first frame, every 20th pixel, with zscale", "s", list(TOOLS)),
    "tiles": (
        "200 random tiles of 256 x 256, CPU of one",
        "ms",
        ["ours", "memmap", "section", "fitsio"],
    ),
    "rice": (
        "the same of a row-tiled RICE image, ours after its overviews were made",
        "ms",
        ["ours", "section", "fitsio"],
    ),
    "averages": ("an overview of the means of all pixels", "s", ["ours", "naive"]),
}


def main() -> None:
    """Print a table for each row, line by line as it is measured."""
    options = _options()
    side = 4000 if options.quick else options.side
    print(f"# Images of {side:,} x {side:,} float32\n\n{machine()}")
    if options.quick:
        print("\nA trial on a small image: no figure of it says anything.")
    pythons = _those_that_run(options)
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        plain, rice = Path(folder, "sky.fits"), Path(folder, "sky.fits.fz")
        write(plain, side)
        if "rice" in options.only:
            write_rice(plain, rice)
        for name in options.only:
            title, unit, tools = ROWS[name]
            before = os.getloadavg()[0]
            _row(
                name,
                title,
                unit,
                [t for t in tools if t in pythons],
                pythons,
                options,
                side,
                rice if name == "rice" else plain,
            )
            print(f"\nLoad of the machine: {load_of_machine(before)}.", flush=True)


def _row(
    name: str,
    title: str,
    unit: str,
    tools: list[str],
    pythons: dict[str, Path],
    options: argparse.Namespace,
    side: int,
    path: Path,
) -> None:
    print(f"\n## {title}\n")
    cpu = "CPU s" if unit == "s" else "p50 ms"
    wall = "wall s" if unit == "s" else "p95 ms"
    print(
        f"| tool | {wall} | {cpu} | anonymous MB | wall ratio | CPU ratio | memory ratio | same |"
    )
    print("|---|---:|---:|---:|---:|---:|---:|---|", flush=True)
    keys = ("wall", "cpu") if unit == "s" else ("p95", "p50")
    ours: list[float] | None = None
    pixels = None
    for tool in tools:
        runs = []
        for _ in range(1 if tool == "jdaviz" and options.quick else options.runs):
            remember(path)
            runs.append(measure(tool, pythons[tool], name, path, side))
            if "failed" in runs[-1]:
                break
        if "failed" in runs[-1]:
            print(f"| {TOOLS[tool].title} | {runs[-1]['failed']} | | | | | | |", flush=True)
            continue
        best = [min(run[key] for run in runs) for key in keys]
        middle = [statistics.median(run[key] for run in runs) for key in keys]
        best.append(max(run["peak"] for run in runs))
        if tool == "ours":
            ours, pixels = best, runs[0]["pixels"]
        cells = [f"{a:.3g} ({b:.3g})" for a, b in zip(best, middle, strict=False)]
        cells.append(f"{best[2]:.0f}")
        for mine, theirs in zip(ours or best, best, strict=True):
            cells.append("" if tool == "ours" or not ours else f"{theirs / max(mine, 1e-9):.2g}")
        found = runs[0]["pixels"]
        cells.append("" if tool == "ours" or not found else "yes" if found == pixels else "NO")
        print(f"| {TOOLS[tool].title} | {' | '.join(cells)} |", flush=True)


def measure(tool: str, python: Path, row: str, path: Path, side: int) -> dict[str, object]:
    """Give what a tool took for a row in a process of its own: wall, cpu, peak in MB, and what it tells."""
    script, *words = TOOLS[tool].module.split()
    command = [*(str(python), "-W", "ignore", str(PEERS / f"{script}.py")), *words]
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            [*command, row, str(path), str(side)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=said,
            text=True,
        )
        try:
            peak = _watched(process)
            out = process.stdout.read() if peak is not None else ""
            process.wait()
        finally:
            process.kill()
            process.wait()
        if process.returncode or peak is None:
            said.seek(0)
            lines = said.read().decode(errors="replace").strip().splitlines() or ["no reason told"]
            return {"failed": f"failed: {lines[-1][:120]}"}
    return {**json.loads(out.strip().splitlines()[-1]), "peak": peak}


def _watched(process: subprocess.Popen[str]) -> float | None:
    """Let the work begin, and give the most anonymous memory that it took above what was there, in MB."""
    if not _line(process, "begin"):
        return None
    os.set_blocking(process.stdout.fileno(), False)
    before = peak = anonymous(process.pid)
    process.stdin.write("go\n")
    process.stdin.flush()
    try:
        while not (process.stdout.readline() or "").startswith("end"):
            peak = max(peak, anonymous(process.pid))
            if process.poll() is not None:
                return None
            time.sleep(0.001)
    finally:
        os.set_blocking(process.stdout.fileno(), True)
    peak = max(peak, anonymous(process.pid))
    process.stdin.write("on\n")
    process.stdin.flush()
    return peak - before


def _line(process: subprocess.Popen[str], wanted: str) -> bool:
    return any(line.startswith(wanted) for line in process.stdout)


def anonymous(pid: int) -> float:
    """Give the anonymous memory of a process in MB."""
    try:
        with Path(f"/proc/{pid}/status").open() as file:
            return next((int(n.split()[1]) / 1e3 for n in file if n.startswith("RssAnon")), 0.0)
    except OSError:
        return 0.0


def write(path: Path, side: int) -> None:
    """Write a sky of noise, a band of rows at a time."""
    import numpy as np
    from astropy.io import fits

    header = fits.Header(
        {"SIMPLE": True, "BITPIX": -32, "NAXIS": 2, "NAXIS1": side, "NAXIS2": side}
    )
    noise = np.random.default_rng(0).normal(100, 5, (256, side)).astype(">f4")
    with path.open("wb") as out:
        out.write(header.tostring().encode())
        for start in range(0, side, 256):
            out.write(np.roll(noise, start, axis=1)[: min(256, side - start)].tobytes())
        out.write(b"\0" * (-out.tell() % 2880))
        out.flush()
        os.fsync(out.fileno())


def write_rice(plain: Path, path: Path) -> None:
    """Write the same sky as whole numbers, compressed row by row, as fpack does."""
    import numpy as np
    from astropy.io import fits

    with fits.open(plain) as hdus:
        values = np.empty(hdus[0].shape, "i2")
        for start in range(0, len(values), 256):
            values[start : start + 256] = 20 * hdus[0].data[start : start + 256]
    image = fits.CompImageHDU(values, compression_type="RICE_1", tile_shape=(1, values.shape[1]))
    image.writeto(path)


def remember(path: Path) -> None:
    """Bring the file's pages into the page cache."""
    with path.open("rb") as file:
        while file.read(1 << 24):
            pass


def _those_that_run(options: argparse.Namespace) -> dict[str, Path]:
    """Make the environments, and say which tools cannot be had."""
    pythons = {}
    print("\n| tool | version |\n|---|---|")
    for name in options.tools:
        tool = TOOLS[name]
        try:
            pythons[name] = python_of(tool, options.cache, ())
            version = version_in(pythons[name], tool.version_of)
        except Missing as error:
            version = str(error)
        print(f"| {tool.title} | {version} |", flush=True)
    return pythons


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", type=names_of(ROWS), default=list(ROWS), help="rows, by comma")
    parser.add_argument("--tools", type=names_of(TOOLS), default=list(TOOLS))
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--side", type=int, default=20_000)
    parser.add_argument("--folder", type=Path, help="where the image is written: some 2.5 GB")
    parser.add_argument("--quick", action="store_true", help="a small image: a trial")
    parser.add_argument(
        "--cache", type=Path, default=Path(tempfile.gettempdir(), "astrodata-fits-peers")
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
