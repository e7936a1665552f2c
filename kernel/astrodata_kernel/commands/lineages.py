"""``astrodata lineage`` and ``crate``: where data came from, and what was made of it."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from .terminal import say


def add_to(commands: Any) -> None:
    """Add the commands to the words of ``astrodata``."""
    lineage = commands.add_parser(
        "lineage", help="tell where a file or hash came from, or what it became"
    )
    lineage.add_argument(
        "what", metavar="PATH", help="a file, sha256:..., a run, or run:step.output"
    )
    lineage.add_argument("--forward", action="store_true", help="what was made of it")
    lineage.add_argument(
        "--format", choices=("text", "prov", "openlineage"), default="text", help="to print (text)"
    )
    lineage.add_argument(
        "--save", metavar="FILE", help="write it: .svg, .json (PROV), .jsonl (OpenLineage)"
    )
    lineage.set_defaults(do=_lineage)

    crate = commands.add_parser("crate", help="write a finished run as an RO-Crate")
    crate.add_argument("run", metavar="RUN", help="id of the run")
    crate.add_argument("folder", metavar="FOLDER", help="to be made")
    crate.set_defaults(do=_crate)


def _lineage(words: argparse.Namespace) -> int:
    from ..lineage import Store

    store = Store(words.workspace)
    found = store.forward(words.what) if words.forward else store.back(words.what)
    if words.save:
        say(f"kept in {found.save(words.save)}")
        return 0
    if words.format == "prov":
        say(json.dumps(found.to_prov(), indent=1))
    elif words.format == "openlineage":
        for event in found.to_openlineage():
            say(json.dumps(event))
    else:
        say(found.text())
    for warning in store.warnings:
        say(warning)
    return 0


def _crate(words: argparse.Namespace) -> int:
    from ..pipeline import Run

    made = Run.of(words.run, words.workspace).crate(Path(words.folder))
    say(f"the run is kept in {made}")
    return 0
