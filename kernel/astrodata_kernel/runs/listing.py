"""The runs of a workspace: listed, found, cancelled and removed."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
from collections.abc import Iterable
from dataclasses import replace
from html import escape
from pathlib import Path
from typing import Any

from ..errors import AstrodataError, BadRequest, UnknownName, UnreadableFile, closest
from ..lineage.plain import shown
from .clocks import seconds_since
from .facts import RunFacts, facts_of, is_lost
from .run_folder import ALIVE, CANCEL, RECORD, ROOM, RunFolder, read_record, runs_folder

MOST, MOST_WARNINGS, MOST_BAD = 200, 20, 1_000
KEPT = 1_000
"""Runs whose facts stay in memory, so that a listing reads only what has changed."""

_ID = re.compile(r"\d{8}-\d{6}-[a-z0-9_]{1,40}-[0-9a-f]{4}")
_known: dict[Path, tuple[tuple[int, ...], dict[str, Any], RunFacts]] = {}


class RunList(list[RunFacts]):
    """Runs, the newest first, with what had to be left out.

    Parameters
    ----------
    found
        The runs.
    warnings
        A sentence for each folder that cannot be read, and one where there are more runs than listed.

    Examples
    --------
    >>> import tempfile
    >>> from astrodata_kernel.runs import RunFolder, runs
    >>> root = tempfile.mkdtemp()
    >>> folder = RunFolder.create(root, "cardio")
    >>> [run.pipeline for run in runs(root)], runs(root).warnings
    (['cardio'], ())
    """

    def __init__(self, found: Iterable[RunFacts] = (), warnings: Iterable[str] = ()) -> None:
        super().__init__(found)
        self.warnings = tuple(warnings)

    def _repr_html_(self) -> str:
        rows = "".join(
            "<tr>"
            + "".join(
                f"<td style='text-align:left'>{escape(text)}</td>"
                for text in (run.id, run.state, f"{run.share:.0%}", run.started[:19])
            )
            + "</tr>"
            for run in self
        )
        told = "".join(f"<p>{escape(text)}</p>" for text in self.warnings)
        head = "".join(f"<th>{name}</th>" for name in ("run", "state", "done", "started (UTC)"))
        return f"<table><tr>{head}</tr>{rows}</table>{told}"


def runs(root: str | os.PathLike[str] | None = None, most: int = MOST) -> RunList:
    """Give the runs of a workspace, the newest first, and in `warnings` what had to be left out.

    Parameters
    ----------
    root
        Folder of the workspace; by default the one that the current folder is in.
    most
        Runs at most.

    Returns
    -------
    RunList
        A list of `RunFacts`.
    """
    place = runs_folder(root)
    found: list[RunFacts] = []
    told: list[str] = []
    names = sorted(_folders(place), reverse=True)
    bad = 0
    for at, name in enumerate(names):
        if len(found) >= most:
            told.append(f"There are {len(names):,} runs: the {most:,} newest are listed.")
            break
        if bad >= MOST_BAD:
            told.append(f"{len(names) - at:,} more folders were not looked at.")
            break
        try:
            found.append(_facts(place / name))
        except AstrodataError as error:
            if _is_being_made(place / name):
                continue
            bad += 1
            told.append(f"{shown(name)} is left out: {error}")
        except Exception as error:  # noqa: BLE001 - what one folder holds must not hide the others
            bad += 1
            told.append(f"{shown(name)} is left out: it cannot be read ({type(error).__name__})")
    if len(told) > MOST_WARNINGS:
        told[MOST_WARNINGS - 1 : -1] = [f"{len(told) - MOST_WARNINGS:,} more are left out as well."]
    return RunList(found, [shown(text, 1_000) for text in told])


def run_of(
    id_or_path: str | os.PathLike[str], root: str | os.PathLike[str] | None = None
) -> RunFacts:
    """Give what is known of one run.

    Parameters
    ----------
    id_or_path
        The run's id, or the path of its folder.
    root
        Folder of the workspace, for an id; by default the one that the current folder is in.

    Raises
    ------
    UnknownName
        There is no such run.
    UnreadableFile, TooLarge, DamagedFile
        There is, but its record cannot be read; the text says why.
    """
    return _facts(_folder(id_or_path, root))


def cancel(id_or_path: str | os.PathLike[str], root: str | os.PathLike[str] | None = None) -> bool:
    """Ask a run to end, and tell whether that is of use: False for one that has ended already.

    The run's process looks for the wish at its next opportunity; `run_of` tells when it has ended.

    Raises
    ------
    UnknownName
        There is no such run.
    UnreadableFile
        It cannot be asked: the folder belongs to somebody else.
    """
    facts = run_of(id_or_path, root)
    if facts.state != "running":
        return False
    RunFolder(facts.path).ask_cancel()
    return True


def remove_run(
    id_or_path: str | os.PathLike[str], root: str | os.PathLike[str] | None = None
) -> None:
    """Remove the folder of a run that has ended; lineage, cache and MLflow keep what they have of it.

    Raises
    ------
    UnknownName
        There is no such run.
    BadRequest
        It still runs.
    UnreadableFile
        The folder cannot be removed.
    """
    folder = _folder(id_or_path, root)
    state = ""
    with contextlib.suppress(AstrodataError):  # what cannot be read can be removed
        state = _facts(folder).state
    if state == "running":
        raise BadRequest(f"run {folder.name} still runs: cancel it first")
    # At once out of every listing, whatever removing its files takes.
    gone = folder.with_name(f".{folder.name}-{secrets.token_hex(2)}.removed")
    try:
        folder.rename(gone)
        shutil.rmtree(gone)
    except OSError as error:
        raise UnreadableFile(
            f"run {folder.name} cannot be removed: {error.strerror or error}. Ask its owner"
        ) from None
    _known.pop(folder, None)


def _folders(place: Path) -> list[str]:
    # A link could lead out of what the server shows.
    try:
        with os.scandir(place) as entries:
            return [
                entry.name
                for entry in entries
                if not entry.name.startswith(".") and entry.is_dir(follow_symlinks=False)
            ]
    except OSError:
        return []


def _folder(id_or_path: str | os.PathLike[str], root: str | os.PathLike[str] | None) -> Path:
    given = os.fspath(id_or_path)
    place = runs_folder(root)
    names = _folders(place)
    if given in names:
        return place / given
    path = Path(given).resolve()
    if os.sep in given and path.parent.name == ROOM and (path / RECORD).is_file():
        return path
    hint = closest(given, names)
    if not hint and names:
        hint = f"; the newest is {max(names)}"
    raise UnknownName(f"there is no run {shown(given)!r} in {place}{hint}")


def _facts(folder: Path) -> RunFacts:
    path = folder / RECORD
    try:
        status = path.lstat()
        mark = (status.st_ino, status.st_size, status.st_mtime_ns)
    except OSError:
        mark = (0, 0, 0)  # reading it says what is wrong
    if not any(mark) or folder not in _known or _known[folder][0] != mark:
        record, status = read_record(folder)
        mark = (status.st_ino, status.st_size, status.st_mtime_ns)
        if len(_known) >= KEPT:
            _known.pop(next(iter(_known)))
        few = {name: record.get(name) for name in ("pid", "host", "boot", "start")}
        _known[folder] = (mark, few, facts_of(folder, record))
    _, record, facts = _known[folder]
    if facts.state != "running":
        return facts
    try:
        beat = (folder / ALIVE).lstat().st_mtime
    except OSError:
        beat = status.st_mtime
    asked = (folder / CANCEL).exists()
    lost = is_lost(record, lambda: seconds_since(folder, beat))
    return replace(facts, state="lost" if lost else "running", cancel_asked=asked)


def _is_being_made(folder: Path) -> bool:
    """Tell whether a folder without a record is that of a run that has just begun."""
    try:
        changed = folder.stat().st_mtime
    except OSError:
        return True  # removed meanwhile
    if _ID.fullmatch(folder.name) is None or (folder / RECORD).exists():
        return False
    return abs(seconds_since(folder.parent, changed)) < 5
