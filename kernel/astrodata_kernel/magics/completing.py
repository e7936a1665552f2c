"""What the Tab key offers behind ``%astro``: commands, options, and the names that there are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..errors import AstrodataError
from .words import words_of

OPTIONS = {
    "view": ("--hdu",),
    "ls": (),
    "add": ("--name", "--tag"),
    "info": (),
    "train": ("--preset", "--engine", "--as", "--hdu"),
    "encode": ("--model", "--hdu"),
    "garage": ("--model", "--rate", "--hdu"),
    "explore": ("--encoder", "--method", "--labels", "--hdu"),
    "label": ("--classes", "--session", "--queue", "--encoder", "--blind", "--hdu"),
    "labels": (),
    "index": ("--resolution", "--save", "--offset", "--scale"),
    "run": ("-p", "--upto", "--fresh", "--dry-run", "--no-track", "--as"),
    "burnt": (
        *("--resolution", "--save", "--offset", "--scale"),
        *("--mask", "--threshold", "--model"),
    ),
}


def complete(_shell: Any, event: Any) -> list[str]:
    """Give the words that may stand where the cursor is; IPython keeps those that fit."""
    text = event.text_until_cursor.partition("astro")[2]
    try:
        words = words_of(text)
    except AstrodataError:
        return []  # in the middle of a quotation
    if not text[-1:].isspace():
        words = words[:-1]
    if not words:
        return [*OPTIONS, "help"]
    command, before = words[0], words[-1]
    if command not in OPTIONS:
        return []
    if before in _VALUES and before in OPTIONS[command]:
        return _quoted(_VALUES[before]())
    if event.symbol.startswith("-"):
        return [option for option in OPTIONS[command] if option not in words]
    if command == "train" and len(words) == 1:
        return ["daidream"]
    if command == "index" and len(words) == 2:
        return _indices()
    options = [option for option in OPTIONS[command] if option not in words]
    return [*_quoted(_datasets()), *options]


def _quoted(names: list[str]) -> list[str]:
    return [f'"{name}"' if any(c in name for c in " '") else name for name in names]


def _datasets() -> list[str]:
    from ..catalog import Catalog

    return [entry.name for entry in Catalog()]


def _models() -> list[str]:
    from .encoders import models

    return models()


def _sessions() -> list[str]:
    from ..labels import sessions

    return [session.name for session in sessions()]


def _indices() -> list[str]:
    from ..processing.indices import names

    return names()


def _methods() -> list[str]:
    from .labelling import METHODS

    return list(METHODS)


def _strategies() -> list[str]:
    from ..learning import STRATEGIES

    return list(STRATEGIES)


_VALUES: dict[str, Callable[[], list[str]]] = {
    "--encoder": _models,
    "--labels": _sessions,
    "--method": _methods,
    "--model": _models,
    "--queue": _strategies,
    "--session": _sessions,
}
