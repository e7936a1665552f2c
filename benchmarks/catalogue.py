"""A catalogue of 500,000 rows over an image of 4000 x 4000 pixels, in Chromium.

    python benchmarks/catalogue.py [--rows 500000] [--runs 5]

Each run has a fresh browser, page and kernel, driven as the map of latents is (``latent_peers``). The
browser draws WebGL by software, the worst case. Times run from the cell's start, or from letting go of the
mouse, to the first of three equal pictures; the kernel's, until it holds the selected rows. A number is the
median of the runs, with the lowest and the highest. The image alone is measured beside it.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

from latent_peers.places import TOOLS, Tool
from latent_peers.sessions import Sessions, chromium_version
from latent_peers.tables import load_of_machine, machine

TOOLS["catalogue"] = Tool(
    "AstroData Lab", "peer_catalogue", "catalogue", version_of="astrodata-lab"
)
SECONDS = 120
MOVES, BY = 40, 6
BEYOND = [[-1e6, -1e6], [1e6, 1e6]]
"""Corners outside of the picture, which are brought to its own: a box about all that is seen."""


def main() -> None:
    """Measure image and catalogue in turn, print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=500_000)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    sessions = Sessions(Path(tempfile.gettempdir(), "astrodata-latent-peers"))
    before = os.getloadavg()[0]
    image: list[dict[str, Any]] = []
    rows: list[dict[str, Any]] = []
    for run in range(options.runs):
        image.append(_image(sessions, options.rows))
        rows.append(_rows(sessions, options.rows))
        print(f"run {run + 1}: {image[-1]} {rows[-1]}", file=sys.stderr, flush=True)
    print(f"# {options.rows:,} rows over an image\n\n{machine()}; {chromium_version()}\n")
    print("| | image alone | with its catalogue |\n|---|---|---|")
    for title, name in (
        ("first picture, ms", "first"),
        ("frame of a pan, ms (median)", "frame"),
        ("frame of a pan, ms (of 20 one is slower)", "slow"),
        ("box about all rows: kernel holds them, ms", "held"),
        ("box about all rows: picture stands, ms", "lit"),
        ("cone in the kernel, ms", "cone"),
    ):
        print(f"| {title} | {_cell(image, name)} | {_cell(rows, name)} |")
    print(f"\nLoad of the machine: {load_of_machine(before)}.")


def _image(sessions: Sessions, count: int) -> dict[str, Any]:
    steps = [
        {"do": "python", "name": "made", "code": f"prepare({count})", "seconds": 300},
        {"do": "frame", "name": "first", "code": "show(catalogue=False)", "seconds": SECONDS},
        *_pan(),
    ]
    return _found(sessions.run("catalogue", steps))


def _rows(sessions: Sessions, count: int) -> dict[str, Any]:
    box = {"corners": BEYOND, "expected": count, "seconds": SECONDS}
    steps = [
        {"do": "python", "name": "made", "code": f"prepare({count})", "seconds": 300},
        {"do": "frame", "name": "first", "code": "show()", "seconds": SECONDS},
        {"do": "lasso", "name": "box", **box},
        {"do": "python", "name": "cone", "code": "print(cone())", "seconds": SECONDS},
        *_pan(),
    ]
    return _found(sessions.run("catalogue", steps))


def _pan() -> list[dict[str, Any]]:
    near = "own.viewer.select_rows('stars', []) if own.viewer.catalogues else None\n"
    near += "own.viewer.view = {'x': 2000, 'y': 2000, 'zoom': 0.5}"
    return [{"do": "pan", "name": "pan", "moves": MOVES, "by": BY, "code": near}]


def _found(run: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {"first": (run.get("first") or {}).get("ms")}
    frames = sorted((run.get("pan") or {}).get("frames", []))
    if frames:
        found |= {"frame": statistics.median(frames), "slow": frames[int(0.95 * len(frames))]}
    box = run.get("box") or {}
    found |= {"held": box.get("ms"), "lit": box.get("settled")}
    if run.get("cone"):
        found["cone"] = 1000 * float(str(run["cone"]).strip().strip("()").split(",")[0])
    return found | ({"failed": run["failed"]} if "failed" in run else {})


def _cell(runs: list[dict[str, Any]], name: str) -> str:
    values = [run[name] for run in runs if isinstance(run.get(name), int | float)]
    if not values:
        wrong = sorted({str(run["failed"])[:120] for run in runs if "failed" in run})
        return "; ".join(wrong) or "-"
    middle = f"{statistics.median(values):,.0f}"
    return middle if len(values) < 2 else f"{middle} ({min(values):,.0f} to {max(values):,.0f})"


if __name__ == "__main__":
    main()
