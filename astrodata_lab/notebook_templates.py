"""The notebooks that the launcher makes: files of this package, without outputs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from .refusals import Refusal

FOLDER = Path(__file__).parent / "templates"


def names() -> list[str]:
    """Give the names of all templates."""
    return sorted(path.stem for path in FOLDER.glob("*.ipynb"))


def template(name: str) -> dict[str, Any]:
    """Give a template's notebook, as nbformat 4 has it.

    Raises
    ------
    Refusal
        There is none of the name.
    """
    known = names()
    # A name becomes a path only if it is one of those that are there.
    if name not in known:
        raise Refusal(
            "unknown-name", f"There is no template {name!r}: there are {', '.join(known)}."
        )
    made: dict[str, Any] = json.loads((FOLDER / f"{name}.ipynb").read_text("utf-8"))
    return made
