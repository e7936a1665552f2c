"""Our shortcuts take none away from JupyterLab, and are told in the documentation."""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
LAB = Path(sys.prefix) / "share" / "jupyter" / "lab" / "schemas" / "@jupyterlab"
OURS = json.loads((ROOT / "schema" / "panel.json").read_text("utf-8"))["jupyter.lab.shortcuts"]

CODEMIRROR = {("Alt Shift A",), ("Accel Alt G",), ("Accel Shift K",), ("Alt L",)}
"""Keys of the editor's own that no schema tells: Alt-A of CodeMirror is Alt Shift A here."""


def shortcuts(given: Any) -> Iterator[tuple[str, ...]]:
    for one in given:
        for system in ("keys", "winKeys", "macKeys", "linuxKeys"):
            if one.get(system) and one[system] != [""]:
                yield tuple(spelt(keys) for keys in one[system])


def spelt(keys: str) -> str:
    """Give modifiers in one order, and Ctrl as what it is on most machines."""
    *modifiers, key = keys.split()
    return " ".join([*sorted({"Ctrl": "Accel"}.get(m, m) for m in modifiers), key])


def test_no_shortcut_of_ours_is_one_of_jupyterlab() -> None:
    schemas = [json.loads(path.read_text("utf-8")) for path in LAB.glob("*/*.json")]
    theirs = {keys for one in schemas for keys in shortcuts(one.get("jupyter.lab.shortcuts", []))}
    assert ("Accel Shift F",) in theirs
    assert len(theirs) > 100
    ours = list(shortcuts(OURS))
    assert len(ours) == len(set(ours)) == len(OURS)
    assert set(ours) & (theirs | CODEMIRROR) == set()
    # Neither begins another, which would have to wait for the next key.
    firsts = {keys[0] for keys in theirs if len(keys) > 1}
    assert {keys[0] for keys in ours} & firsts == set()


@pytest.mark.parametrize("shortcut", OURS, ids=lambda one: one["keys"][0])
def test_a_shortcut_is_told_in_the_documentation(shortcut: dict[str, Any]) -> None:
    told = shortcut["keys"][0].replace("Accel", "Ctrl").replace(" ", "+")
    page = (ROOT / "docs" / "panel.md").read_text("utf-8")
    assert re.search(rf"\| {re.escape(told)} \|", page)
