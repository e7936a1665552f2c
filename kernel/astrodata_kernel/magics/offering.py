"""What there is, for the Tab key: names, paths, steps; found by listings alone, and never too much of it."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any

from ..errors import AstrodataError
from ..plain_files import open_plain
from .declaring import Offers, Typed

MOST = 200
"""Names of one kind that are offered at most."""

_LOOKED_AT = 5_000
"""Entries of a folder that are looked at: the Tab key must not wait for a folder of millions."""

_LARGEST = 1 << 18
"""Bytes of a pipeline that are read for its steps."""


def one_of(names: Iterable[str] | Callable[[], Iterable[str]]) -> Offers:
    """Offer names, or those that something gives when it is asked."""
    return lambda _typed: names() if callable(names) else names


def any_of(*offers: Offers) -> Offers:
    """Offer what several do, one after another."""
    return lambda typed: [text for one in offers for text in one(typed)]


def paths(*endings: str) -> Offers:
    """Offer files with one of some endings, any file without them, and folders."""

    def offered(typed: Typed) -> list[str]:
        before, slash, begun = typed.word.rpartition("/")
        folder = Path(f"{before}{slash}" or ".")
        with suppress(OSError, RuntimeError, ValueError):
            found = []
            for entry in islice(_entries(folder.expanduser()), _LOOKED_AT):
                if not entry.name.startswith(begun) or (not begun and entry.name[0] == "."):
                    continue
                if not entry.name.isprintable():  # which no line can hold
                    continue
                if entry.is_dir():
                    found.append(f"{before}{slash}{entry.name}/")
                elif not endings or entry.name.lower().endswith(endings):
                    found.append(f"{before}{slash}{entry.name}")
            return sorted(found)[:MOST]
        return []

    return offered


def datasets(typed: Typed) -> list[str]:
    """Offer names of the catalogue."""
    from ..catalog import Catalog
    from ..catalog.records import file_of, read

    folder = Catalog().folder
    # A record's file begins as its name does: of thousands only those that may fit are opened.
    begun = re.sub(r"-[0-9a-f]{8}\.json$", "", file_of(folder, typed.word).name).lower()
    begun = begun if re.match(r"[A-Za-z0-9_]", typed.word) else ""
    found = []
    for name in _names(folder, ".json"):
        if not name.lower().startswith(begun):
            continue
        record = read(folder / f"{name}.json")
        if record is not None and str(record.get("name", "")).isprintable():
            found.append(str(record.get("name", "")))
        if len(found) >= MOST:
            break
    return sorted(filter(None, found), key=str.casefold)


def models(_typed: Typed) -> list[str]:
    """Offer names of the models that the workspace keeps."""
    return _names(_folder("models"), ".keras")[:MOST]


def sessions(_typed: Typed) -> list[str]:
    """Offer names of label sessions."""
    from ..labels.session_files import read_session

    home = _folder("labels")
    found = []
    for name in _names(home, "")[:MOST]:
        facts, _ = read_session(home / name)
        found.append(str(facts.get("name") or name))
    return sorted(found)


def runs(_typed: Typed) -> list[str]:
    """Offer ids of runs, the newest first."""
    return sorted(_names(_folder("runs"), ""), reverse=True)[:MOST]


def steps(typed: Typed) -> list[str]:
    """Offer the steps of the pipeline that is in the cell, or in the file that is named before."""
    return _keys(_told(typed).get("steps"))


def parameters(typed: Typed) -> list[str]:
    """Offer the parameters of that pipeline, up to where their value goes."""
    return [f"{name}=" for name in _keys(_told(typed).get("parameters"))]


def _told(typed: Typed) -> dict[str, Any]:
    from ..pipeline.yaml_reading import read_yaml

    text = typed.cell
    try:
        if not text.strip() and typed.arguments:
            with open_plain(Path(typed.arguments[0]).expanduser().resolve()) as file:
                text = file.read(_LARGEST).decode("utf-8")
        told = read_yaml(text).value
    except (AstrodataError, OSError, ValueError):
        return {}  # half typed as it may be
    return told if isinstance(told, dict) else {}


def _keys(told: Any) -> list[str]:
    return [str(name) for name in islice(told, MOST)] if isinstance(told, dict) else []


def _folder(room: str) -> Path:
    from ..catalog import Catalog

    return Catalog().folder / room


def _names(folder: Path, ending: str) -> list[str]:
    """Give the names of the files with an ending, or of the folders, without it."""
    with suppress(OSError):
        return sorted(
            entry.name.removesuffix(ending)
            for entry in islice(_entries(folder), _LOOKED_AT)
            if not entry.name.startswith(".")
            and (entry.name.endswith(ending) if ending else entry.is_dir(follow_symlinks=False))
        )
    return []


def _entries(folder: Path) -> Iterator[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        yield from entries
