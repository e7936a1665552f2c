"""What steps made, kept by the hash of what it was made of.

``results/<key>.json`` says which values a step gave. It is written when they are there and renamed when it is
whole, so that a process that is killed leaves nothing half.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

from ..workspace import FOLDER, workspace
from .kept_values import FORMAT, ODD, Kept, Values, replace_file

_USED = 3600.0  # seconds between two notes that a result was used


@dataclass(frozen=True)
class Result:
    """What a step gave.

    Parameters
    ----------
    key
        Hash of its block, parameters and inputs.
    outputs
        Its values.
    numbers
        Name, value and step of what it told.
    notes
        Sentences.
    record
        Of the lineage, that says how it was made.
    seconds
        That it took.
    used
        What went into it besides its inputs, as the lineage tells it.
    """

    key: str
    outputs: dict[str, Kept]
    numbers: list[tuple[str, float, int | None]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    record: str = ""
    seconds: float = 0.0
    used: dict[str, dict[str, str]] = field(default_factory=dict)


class Cache(Values):
    """The values and results of a workspace.

    Parameters
    ----------
    root
        The workspace; by default that of the current folder.

    Examples
    --------
    >>> import tempfile
    >>> cache = Cache(tempfile.mkdtemp())
    >>> kept = cache.put({"answer": 42})
    >>> kept.kind, cache.get(kept.hash)
    ('json', {'answer': 42})
    """

    def __init__(self, root: str | os.PathLike[str] | None = None) -> None:
        super().__init__(workspace(root) / FOLDER / "cache")

    def result(self, key: str) -> Result | None:
        """Give what a step made before; None where it must be made, anew if something of it is gone."""
        try:
            told = json.loads(self._result(key).read_text("utf-8"))
            if told["format"] != FORMAT or told["key"] != key:
                return None
            outputs = {
                str(name): Kept(str(one["hash"]), str(one["kind"]), int(one["size"]))
                for name, one in told["outputs"].items()
            }
            numbers = [(str(n), float(v), s) for n, v, s in told["numbers"]]
            notes = [str(note) for note in told["notes"]]
            record, seconds = str(told["record"]), float(told["seconds"])
            used = {str(name): dict(one) for name, one in told.get("used", {}).items()}
            found = Result(key, outputs, numbers, notes, record, seconds, used)
        except ODD:
            return None  # none, half, or of another version: it is made anew
        if not all(self.has(kept.hash) for kept in outputs.values()):
            return None
        with contextlib.suppress(OSError):
            path = self._result(key)
            if time.time() - path.stat().st_mtime > _USED:
                os.utime(path)  # it is of use: `prune` leaves it
        return found

    def remember(self, result: Result) -> None:
        """Keep what a step made, after its values."""
        target = self._result(result.key)
        told = {"format": FORMAT, **asdict(result)}
        replace_file(target, json.dumps(told).encode())

    def forget(self, key: str) -> None:
        """Have a step made anew; its values stay for others."""
        self._result(key).unlink(missing_ok=True)

    def work_folder(self, key: str) -> Path:
        """Give the folder that a step keeps checkpoints in while it is under way."""
        return self.folder / "work" / key

    def clear_work(self, key: str) -> None:
        """Remove it."""
        shutil.rmtree(self.work_folder(key), ignore_errors=True)

    def prune(self, days: float = 30.0, *, dry_run: bool = False) -> int:
        """Forget results that nobody used for some days, and values that no result names; give the bytes.

        What is younger than an hour, and what runs that are under way gave, stays.

        Parameters
        ----------
        days
            Since a result was last used; 0 for all. Checkpoints of steps that failed go after them too.
        dry_run
            Only count.

        Raises
        ------
        BadRequest
            The days are no number, or below 0.
        """
        from .pruning import prune

        return prune(self.folder, days, dry_run=dry_run)

    def _result(self, key: str) -> Path:
        return self.folder / "results" / key[:2] / f"{key[2:]}.json"
