"""The list of a version's parts: derived from their footers, kept beside them, made again when it is lost."""

from __future__ import annotations

import contextlib
import json
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from ..errors import AstrodataError, UnreadableFile
from ..writing import write_whole
from .definitions import FORMAT, Definition
from .parts import NAME, Part, part_of

MANIFEST = "manifest.json"
_LONGEST = 256 << 20
_FIELDS = {field.name for field in fields(Part)}


def listing(folder: Path, definition: Definition, version: int) -> tuple[list[Part], list[str]]:
    """Give the parts of a version by their time of writing, and what is wrong with other files there.

    The folder is what counts: of files that the manifest knows with their size and time of change only
    the entry is read, of others the footer. Where that changes the manifest it is written anew.

    Raises
    ------
    UnreadableFile
        The folder cannot be listed.
    """
    where = folder / "parts"
    try:
        files = sorted(p for p in where.iterdir() if not p.name.startswith("."))
    except OSError as error:
        raise UnreadableFile(
            f"{where} cannot be listed: {error.strerror or error}; see whether the view was removed"
        ) from None
    kept = _kept(folder / MANIFEST, definition, version)
    parts, problems = [], []
    for path in files:
        if NAME.fullmatch(path.name) is None:
            problems.append(f"{path.name} is no part of {definition.name}: it is left out")
            continue
        try:
            status = path.stat()
            known = kept.get(path.name)
            if known is None or (known.size, known.changed) != (status.st_size, status.st_mtime_ns):
                known = part_of(path, definition, version)
            parts.append(known)
        except FileNotFoundError:
            continue  # removed since the folder was listed
        except AstrodataError as error:
            problems.append(f"{error}; it is left out")
        except OSError as error:
            problems.append(f"{path.name} cannot be read: {error.strerror}; it is left out")
    parts.sort(key=lambda part: (part.created, part.file))
    if {part.file: part for part in parts} != kept:
        # Others read it or not: it is a list of what the files tell themselves.
        with contextlib.suppress(UnreadableFile):
            write_whole(folder / MANIFEST, _written(parts, definition, version))
    return parts, problems


def _written(parts: list[Part], definition: Definition, version: int) -> bytes:
    facts = {
        "format": FORMAT,
        "view": definition.name,
        "version": version,
        "definition": definition.digest,
        "rows": sum(part.rows for part in parts),
        "parts": [asdict(part) for part in parts],
    }
    return json.dumps(facts, ensure_ascii=False).encode("utf-8", "surrogatepass")


def _kept(path: Path, definition: Definition, version: int) -> dict[str, Part]:
    try:
        with path.open("rb") as file:
            facts = json.loads(file.read(_LONGEST))
        told = [facts[key] for key in ("format", "view", "version", "definition")]
        if told != [FORMAT, definition.name, version, definition.digest]:
            return {}
        return {one["file"]: _part(one, definition) for one in facts["parts"]}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}


def _part(facts: dict[str, Any], definition: Definition) -> Part:
    if set(facts) != _FIELDS:
        raise ValueError("not the facts of a part")
    ident = int if definition.id_dtype == "int64" else str
    groups = tuple(
        (int(rows), ident(low), ident(high), int(first), int(last))
        for rows, low, high, first, last in facts["groups"]
    )
    numbers = {key: int(facts[key]) for key in ("rows", "created", "size", "changed")}
    return Part(**{**facts, **numbers, "groups": groups})
