"""The label sessions of a workspace. Standard library only: the Lab server lists them too."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import AstrodataError, BadRequest
from ..workspace import FOLDER, workspace
from .folding import Fold
from .log_files import ENDING, LogFolder
from .session_files import make_folder, read_session

if TYPE_CHECKING:
    from .label_log import LabelLog

"""The folder of a workspace that has the catalogue's records too."""

ROOM = "labels"
_SUMMARY = ".summary.json"
_LARGE = 10_000


@dataclass(frozen=True)
class Session:
    """A folder of labels, at a glance.

    `counts` has the labels of each class, `by_annotator` the same for each annotator; `changed` is the time
    of the last write (ISO 8601, UTC), or None; `problems` says what is wrong with its files.
    """

    name: str
    folder: Path
    dataset: dict[str, str] | None = None
    counts: dict[str, int] = field(default_factory=dict)
    by_annotator: dict[str, dict[str, int]] = field(default_factory=dict)
    changed: str | None = None
    problems: tuple[str, ...] = ()

    @property
    def annotators(self) -> tuple[str, ...]:
        """Who labelled, in alphabetical order."""
        return tuple(sorted(self.by_annotator))


def sessions(root: str | os.PathLike[str] | None = None) -> list[Session]:
    """Give the label sessions of a workspace, the last changed first.

    Large logs are counted once; what came out is kept beside them until they change.

    Parameters
    ----------
    root
        Folder of the workspace; by default the nearest one upwards that has a catalogue or labels.
    """
    home = _home(root)
    try:
        folders = [one for one in home.iterdir() if one.is_dir() and not one.name.startswith(".")]
    except OSError:
        return []
    found = [_session(folder) for folder in folders]
    return sorted(sorted(found, key=lambda s: s.name), key=lambda s: s.changed or "", reverse=True)


def session(
    name: str,
    root: str | os.PathLike[str] | None = None,
    dataset: Any = None,
    classes: Any = None,
    annotator: str | None = None,
) -> LabelLog:
    """Open the label session of a name, or begin it.

    Parameters
    ----------
    name
        Of the session.
    root
        As in `sessions`.
    dataset, classes, annotator
        As in `LabelLog`.

    Raises
    ------
    BadRequest
        The name is none.
    UnreadableFile
        Its folder cannot be made or read.
    """
    from .given import dataset_of
    from .label_log import LabelLog

    if not isinstance(name, str) or not name.strip() or len(name) > 200 or not name.isprintable():
        raise BadRequest(f"{str(name)[:40]!r} is no name: give 1 to 200 characters on one line")
    name = name.strip()
    folder = make_folder(_home(root) / _slug(name), dataset_of(dataset), name)
    return LabelLog(folder, annotator, classes, dataset=dataset)


def _home(root: str | os.PathLike[str] | None) -> Path:
    return workspace(root) / FOLDER / ROOM


def _slug(name: str) -> str:
    slug = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.")[:60]
    same = slug == name and slug.lower() == slug
    return slug if same else f"{slug or 'x'}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def _session(folder: Path) -> Session:
    facts, said = read_session(folder)
    dataset = facts.get("dataset")
    name = facts.get("name")
    known = {
        "name": name if isinstance(name, str) and name else folder.name,
        "folder": folder,
        "dataset": dataset if isinstance(dataset, dict) else None,
    }
    stamps = _stamps(folder)
    changed = max((mtime for _, mtime in stamps.values()), default=None)
    if changed is not None:
        moment = datetime.fromtimestamp(changed / 1e9, UTC)
        known["changed"] = moment.isoformat(timespec="seconds").replace("+00:00", "Z")
    kept = _kept(folder, stamps)
    if kept is None:
        kept = _counted(folder, stamps)
    return Session(
        **known,
        counts=kept["counts"],
        by_annotator=kept["by_annotator"],
        problems=(*said, *kept["problems"]),
    )


def _counted(folder: Path, stamps: dict[str, list[int]]) -> dict[str, Any]:
    files, fold = LogFolder(folder), Fold()
    try:
        fold.take(files.read()[0])
    except AstrodataError as error:
        return {"counts": {}, "by_annotator": {}, "problems": [str(error)]}
    each = {who: fold.counts(who) for who in fold.annotators}
    counts = dict.fromkeys(fold.label_set.names, 0)
    for of in each.values():
        for label, count in of.items():
            counts[label] = counts.get(label, 0) + count
    problems = [*files.warnings, *fold.warnings]
    made = {"counts": counts, "by_annotator": each, "problems": problems}
    if len(fold.events) >= _LARGE:
        with contextlib.suppress(AstrodataError):
            from ..writing import write_whole

            write_whole(folder / _SUMMARY, json.dumps({"files": stamps, **made}).encode())
    return made


def _stamps(folder: Path) -> dict[str, list[int]]:
    found = {}
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.endswith(ENDING) and not entry.name.startswith("."):
                status = entry.stat()
                found[entry.name] = [status.st_size, status.st_mtime_ns]
    return found


def _kept(folder: Path, stamps: dict[str, list[int]]) -> dict[str, Any] | None:
    try:
        with (folder / _SUMMARY).open("rb") as file:
            kept = json.loads(file.read(1 << 24))
        if kept["files"] != stamps:
            return None
        each = {str(who): _counts(of) for who, of in kept["by_annotator"].items()}
        problems = [str(one) for one in kept["problems"]]
        return {"counts": _counts(kept["counts"]), "by_annotator": each, "problems": problems}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _counts(given: dict[str, Any]) -> dict[str, int]:
    return {str(label): int(count) for label, count in given.items()}
