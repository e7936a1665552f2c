"""The label sessions of the workspace as the sidebar sees them: counts, colours and who labelled."""

from __future__ import annotations

import os
import stat
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from astrodata_kernel.catalog import Catalog
from astrodata_kernel.errors import AstrodataError, TooLarge
from astrodata_kernel.labels.folding import Fold
from astrodata_kernel.labels.listing import ROOM
from astrodata_kernel.labels.log_files import ENDING, LogFolder
from astrodata_kernel.labels.session_files import FILE, read_session

if TYPE_CHECKING:
    from collections.abc import Mapping

    from astrodata_kernel.catalog import Entry

    from .workers import WorkerPool

MOST_SESSIONS, MOST_CLASSES, MOST_ANNOTATORS, MOST_WARNINGS = 200, 24, 12, 20
"""Beyond these the list would be none that a person reads, nor an answer of decent size."""

LONGEST = 200
"""Characters of a name that are shown."""

MOST_BYTES = 1 << 28
"""Logs of a session beyond this size are counted in a notebook, not while a panel waits."""

HELD_EVENTS = 200_000
"""Events of a session that a worker keeps, so that it need not read them again for each new one."""

LATEST = 1e11
"""Seconds since 1970 that no clock of a file system shows by right."""

_Signature = tuple[Any, ...]
_facts: dict[Path, tuple[_Signature, dict[str, Any]]] = {}
_folds: dict[Path, tuple[LogFolder, Fold]] = {}


class LabelSessions:
    """The label sessions, read in worker processes: logs are anyone's files, and can be long.

    Parameters
    ----------
    pool
        Where they are read.
    seconds
        Longest time for all of them.
    """

    def __init__(self, pool: WorkerPool, seconds: float) -> None:
        self._pool = pool
        self._seconds = seconds

    async def listing(self, root: Path) -> dict[str, Any]:
        """Give the sessions that changed last, and a sentence for each that cannot be read."""
        return await self._pool.call(f"{__name__}:listing", str(root), seconds=self._seconds)


def listing(root: str) -> dict[str, Any]:
    """Give the sessions under `root`, those first that changed last; runs in a worker."""
    catalog = Catalog(root)
    folders = _folders(catalog.folder / ROOM)
    told = []
    if len(folders) > MOST_SESSIONS:
        told.append(
            f"There are {len(folders):,} label sessions: the {MOST_SESSIONS} that changed last are listed."
        )
    found = []
    for changed, folder in folders[:MOST_SESSIONS]:
        try:
            facts = _known(folder)
        except AstrodataError as error:
            told.append(f"{folder} is left out: {error}")
            continue
        except Exception as error:  # noqa: BLE001 - what one folder holds must not hide the others
            told.append(f"{folder} is left out: it cannot be read ({type(error).__name__})")
            continue
        told += facts["warnings"]
        found.append((changed, folder, facts))
    for gone in set(_facts) - {folder for _, folder in folders}:
        _facts.pop(gone)
        _folds.pop(gone, None)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the list of the data sets tells of their records
        entries = list(catalog) if found else []
    return {
        "sessions": [
            {
                "path": folder.relative_to(catalog.root).as_posix(),
                "changed": changed if 0 <= changed < LATEST else None,
                **_public(facts, entries),
            }
            for changed, folder, facts in found
        ],
        "warnings": [_shown(text, 1000) for text in dict.fromkeys(told[:MOST_WARNINGS])],
    }


def _folders(place: Path) -> list[tuple[float, Path]]:
    """Give the folders of sessions with the time of their last change, the newest first.

    A link is none: it could lead out of what the server shows.
    """
    try:
        with os.scandir(place) as entries:
            folders = [Path(e.path) for e in entries if e.is_dir(follow_symlinks=False)]
    except OSError:
        return []
    timed = [(max((time for *_, time in _files(one)), default=0.0), one) for one in folders]
    return sorted(timed, key=lambda pair: (-pair[0], pair[1]))


def _files(folder: Path) -> list[tuple[str, int, int, float]]:
    """Give name, inode, size and time of the files of a session."""
    found = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                status = entry.stat(follow_symlinks=False)
                if stat.S_ISREG(status.st_mode):
                    found.append((entry.name, status.st_ino, status.st_size, status.st_mtime))
    except OSError:
        return []
    return sorted(found)


def _known(folder: Path) -> dict[str, Any]:
    """Give what is known of a session; it is read only when its files have changed."""
    signature = tuple(_files(folder))
    if folder not in _facts or _facts[folder][0] != signature:
        _facts[folder] = (signature, _read(folder))
    return _facts[folder][1]


def _read(folder: Path) -> dict[str, Any]:
    there = _files(folder)
    size = sum(size for name, _, size, _ in there if name.endswith(ENDING))
    if size > MOST_BYTES:
        raise TooLarge(
            f"its logs have {size:,} bytes; count them in a notebook: %astro labels {folder.name}"
        )
    # What is no plain file may have no end, or keep who opens it waiting.
    plain = any(name == FILE for name, *_ in there)
    facts, told = read_session(folder) if plain else ({}, [])
    files, fold = _folds.pop(folder, None) or (LogFolder(folder), Fold())
    new, anew = files.read()
    if anew:
        fold.anew(new)
    else:
        fold.take(new)
    if len(fold.events) <= HELD_EVENTS:
        _folds[folder] = (files, fold)
    dataset = facts.get("dataset")
    by = {who: fold.counts(who) for who in fold.annotators}
    return {
        "name": _text(facts.get("name")) or folder.name,
        "dataset": {key: _text(value) for key, value in dataset.items()}
        if isinstance(dataset, dict)
        else {},
        "colours": {one.name: one.color for one in fold.label_set.classes},
        "by": by,
        "labelled": len({ident for held in fold.labels.values() for ident in held}),
        "warnings": [*told, *files.warnings, *fold.warnings],
    }


def _public(facts: Mapping[str, Any], entries: list[Entry]) -> dict[str, Any]:
    """Give what the panel shows of a session, of no more than a person reads."""
    by, colours = facts["by"], facts["colours"]
    total = dict.fromkeys(colours, 0)
    for counts in by.values():
        for name, count in counts.items():
            total[name] = total.get(name, 0) + count
    # In the order of the classes; where they are too many, those that are used.
    most = sorted(total, key=lambda name: -total[name])[:MOST_CLASSES]
    shown = [name for name in total if name in set(most)]
    people = sorted(by, key=lambda who: (-sum(by[who].values()), who))
    return {
        "name": _shown(facts["name"]),
        "dataset": _shown(facts["dataset"].get("name", "")),
        "source": _source(facts["dataset"], entries),
        "classes": [
            {"name": _shown(name), "color": colours.get(name), "count": total[name]}
            for name in shown
        ],
        "annotators": [
            {
                "name": _shown(who),
                "count": sum(by[who].values()),
                "counts": [by[who].get(name, 0) for name in shown],
            }
            for who in people[:MOST_ANNOTATORS]
        ],
        "more": {
            "classes": len(total) - len(shown),
            "annotators": max(0, len(people) - MOST_ANNOTATORS),
        },
        "labelled": facts["labelled"],
    }


def _source(dataset: Mapping[str, str], entries: list[Entry]) -> dict[str, Any] | None:
    """Give the data set of the catalogue that was labelled: by its bytes, or else by its name."""
    digest, name = dataset.get("digest"), dataset.get("name")
    same = [entry for entry in entries if digest and entry.sha256 == digest]
    named = [entry for entry in entries if entry.name == name]
    for entry in [*(one for one in same if one in named), *same, *named]:
        return {
            "name": entry.name,
            "path": entry.relative,
            "kind": entry.kind,
            "format": entry.format,
            "state": entry.state(),
        }
    return None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _shown(text: str, longest: int = LONGEST) -> str:
    """Give a text on one line, of a length and of characters that can be shown.

    What turns the direction of writing is none of them: a name must not look like another one.
    """
    cut = text if len(text) <= longest else f"{text[:longest]}…"
    return "".join(c if c.isprintable() else " " for c in cut)
