"""The map of latents beside its peers, each in a browser of its own on the same machine, one after the other.

    python benchmarks/latent.py [--only B1,B3] [--tools ours,scatter] [--runs 5] [--quick]

The peers come from their packages, into environments of their own under ``--cache``, which are made once.
The browser is Chromium, headless, with a software renderer: the worst case of what draws by WebGL. Each run
has a fresh browser, a fresh page and a fresh kernel; imports, a first plot of 1,000 points in the kernel and
the making of the points are not timed. A number is the median of the runs, with the lowest and the highest.

Labels acknowledged by the disk (B9) are measured by ``benchmarks/labels.py``, retraining and ranking anew of
a million (B10) and the quality of scores by ``benchmarks/learning.py``.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import tempfile
from pathlib import Path

from latent_peers.options import names_of
from latent_peers.places import TOOLS, Missing, python_of, version_in
from latent_peers.rows import ROWS, Row
from latent_peers.sessions import HUNG, Sessions, chromium_version
from latent_peers.tables import load_of_machine, machine, table


def main() -> None:
    """Run the rows that are wanted, print a table for each."""
    options = _options()
    # Servers and browsers end with the suite, also where it is told to end.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sessions = Sessions(options.cache)
    print(f"# Map of latents beside its peers\n\n{machine()}; {chromium_version()}")
    if options.quick:
        print("\nA trial: with a tenth of the points that the tables name.")
    tools = _those_that_run(options.tools, options.cache)
    kept: dict[str, object] = {"machine": machine(), "rows": {}}
    wanted: list[Row] = [row for row in ROWS if row.name in options.only]
    for row in wanted:
        before = os.getloadavg()[0]
        found: dict[str, list[dict[str, object]]] = {}
        kept["rows"][row.name] = found  # type: ignore[index]
        try:
            for name in tools:
                if name in row.tools:
                    found[name] = []
                    _repeat(row, name, sessions, options, found[name], kept)
        finally:
            # What was measured so far is told also where the suite is ended in the middle.
            print(f"\n## {row.name}: {row.title}\n\n{table(row, found)}")
            print(f"\nLoad of the machine: {load_of_machine(before)}.", flush=True)
    print(
        "\nB9, labels acknowledged: benchmarks/labels.py. B10, retrained and ranked anew: "
        "benchmarks/learning.py."
    )


def _repeat(
    row: Row,
    name: str,
    sessions: Sessions,
    options: argparse.Namespace,
    found: list[dict[str, object]],
    kept: dict[str, object],
) -> None:
    """Measure a row with one tool some times; what hung once is not waited for again."""
    for run in range(row.runs(options.runs)):
        measured = row.measure(sessions, name, options.quick)
        found.append(measured)
        print(f"{row.name} {name} run {run + 1}: {measured}", file=sys.stderr, flush=True)
        if options.json:
            options.json.write_text(json.dumps(kept, indent=1))
        if HUNG in str(measured.get("failed")):
            break


def _those_that_run(names: list[str], cache: Path) -> list[str]:
    """Make the environments, and say which tools cannot be had."""
    there = []
    print("\n| tool | version |\n|---|---|")
    for name in names:
        tool = TOOLS[name]
        try:
            version = version_in(python_of(tool, cache), tool.version_of)
            there.append(name)
        except Missing as error:
            version = str(error)
        print(f"| {tool.title} | {version} |", flush=True)
    return there


def _options() -> argparse.Namespace:
    rows = [row.name for row in ROWS]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", type=names_of(rows), default=rows, help="rows, by comma")
    parser.add_argument("--tools", type=names_of(TOOLS), default=list(TOOLS))
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="a tenth of the points: a trial")
    parser.add_argument("--json", type=Path, help="write what was measured, run by run")
    parser.add_argument(
        "--cache", type=Path, default=Path(tempfile.gettempdir(), "astrodata-latent-peers")
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
