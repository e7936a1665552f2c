"""A scripted pan over an image of 20,000 x 20,000 pixels in Chromium, idle and while a cell computes.

    python benchmarks/pan.py [--side 20000] [--runs 5]

Each run has a fresh browser, page and kernel. The image is drawn pixel by pixel and dragged by 40 steps of
40 pixels, so that new tiles must come all the time; the cell beside it is a loop of Python that leaves the
kernel's main thread no rest. The browser draws WebGL by software, the worst case. Frames are the page's own
(requestAnimationFrame), and tiles are counted in the kernel. A number is the median of the runs, with the
lowest and the highest.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
from itertools import pairwise
from pathlib import Path
from typing import Any

from fits import write
from latent_peers.places import TOOLS, Tool
from latent_peers.sessions import Sessions, chromium_version
from latent_peers.tables import load_of_machine, machine

TOOLS["pan"] = Tool("AstroData Lab", "peer_pan", "catalogue", version_of="astrodata-lab")
SECONDS = 120
MOVES, BY = 40, 40
COMPUTING = """
import time
until, total = time.monotonic() + 8, 0
while time.monotonic() < until:
    total += sum(i * i for i in range(1000))
"""
WAYS = (("idle", ""), ("while a cell computes", COMPUTING))


def main() -> None:
    """Pan in both states in each run, print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--side", type=int, default=20_000)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    sessions = Sessions(Path(tempfile.gettempdir(), "astrodata-latent-peers"))
    before = os.getloadavg()[0]
    found: dict[str, list[dict[str, float]]] = {name: [] for name, _ in WAYS}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "sky.fits")
        write(path, options.side)
        for run in range(options.runs):
            told = sessions.run("pan", _steps(str(path), options.side))
            if "failed" in told:
                print(f"run {run + 1}: {told['failed']}", file=sys.stderr)
                continue
            for name, _ in WAYS:
                found[name].append(_facts(told[name], told[f"tiles {name}"]))
                print(f"run {run + 1}, {name}: {found[name][-1]}", file=sys.stderr, flush=True)
    print(f"# A pan over {options.side:,} x {options.side:,} pixels\n")
    print(f"{machine()}; {chromium_version()}\n\n| | {' | '.join(found)} |\n|---|---:|---:|")
    for title in (found["idle"] or [{}])[0]:
        print(f"| {title} | {' | '.join(_cell(runs, title) for runs in found.values())} |")
    print(f"\nLoad of the machine: {load_of_machine(before)}.")


def _steps(path: str, side: int) -> list[dict[str, Any]]:
    steps = [{"do": "frame", "name": "first", "code": f"show({path!r})", "seconds": SECONDS}]
    for number, (name, beside) in enumerate(WAYS):
        # Each begins where no tile was before.
        look = (
            f"own.viewer.view = {{'x': {side / 2}, 'y': {side * (1 + 2 * number) / 4}, 'zoom': 1}}"
        )
        steps += [
            {
                "do": "pan",
                "name": name,
                "moves": MOVES,
                "by": -BY,
                "beside": beside,
                "code": f"{look}\ntiles()",
                "seconds": SECONDS,
            },
            {"do": "python", "name": f"tiles {name}", "code": "print(tiles())"},
        ]
    return steps


def _facts(pan: dict[str, Any], tiles: str) -> dict[str, float]:
    ticks = pan["ticks"]
    gaps = sorted(b - a for a, b in pairwise(ticks))
    return {
        "frames per second": 1000 * len(gaps) / (ticks[-1] - ticks[0]),
        "longest wait for a frame, ms": gaps[-1],
        "step of the hand to its frame, ms (of 20 one is slower)": sorted(pan["frames"])[
            int(0.95 * MOVES)
        ],
        "picture stands after letting go, ms": pan["settled"],
        "tiles that came": int(tiles),
    }


def _cell(runs: list[dict[str, float]], title: str) -> str:
    values = [run[title] for run in runs]
    return f"{statistics.median(values):,.0f} ({min(values):,.0f} to {max(values):,.0f})"


if __name__ == "__main__":
    main()
