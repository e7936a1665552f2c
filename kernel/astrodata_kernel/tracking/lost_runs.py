"""Runs of MLflow whose process was killed, and could not say so: ended, where the store is a file."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import AstrodataError
from ..runs import RunFacts, run_of
from ..runs.processes import boot
from ..runs.run_folder import ALIVE
from .sqlite_files import reading
from .stores import in_words, sqlite_path

if TYPE_CHECKING:
    from .trackers import Tracker

FOLDER, PROCESS, PARENT = "astrodata.run", "astrodata.process", "mlflow.parentRunId"
"""Tags that tell a run's folder, its process, and the run that it is within."""


def process() -> str:
    """Give what tells this process from all others: start of the machine, machine and number."""
    return f"{boot() or '-'} {os.uname().nodename} {os.getpid()}"


def end_lost_runs(tracker: Tracker) -> tuple[str, ...]:
    """End the runs that say that they run, and whose process does not live any more; give their ids.

    They end as KILLED, at their last heartbeat. Asked of an SQLite file only, without MLflow unless there is
    something to end: a server's runs may be anybody's, of machines that are not seen from here. What goes
    wrong is not told: the next one tries again.

    Parameters
    ----------
    tracker
        Of the store; the folders of runs are those of its workspace.
    """
    path = sqlite_path(tracker.address)
    if path is None or not path.is_file():
        return ()
    try:
        dead = _dead(_running(path), tracker.root)
        if not dead:
            return ()
        client = tracker.client()
        with in_words(tracker.address):
            for ident, ended in dead.items():
                client.set_terminated(ident, "KILLED", ended)
    except (AstrodataError, sqlite3.Error):
        return ()
    return tuple(dead)


def _running(path: Path) -> dict[str, dict[str, str]]:
    """Give the runs that say that they run, each with those of its tags that matter here."""
    found: dict[str, dict[str, str]] = {}
    with reading(path) as base:
        rows = base.execute(
            "SELECT r.run_uuid, t.key, t.value FROM runs r LEFT JOIN tags t ON t.run_uuid = r.run_uuid "
            "AND t.key IN (?, ?, ?) WHERE r.status = 'RUNNING' AND r.lifecycle_stage = 'active'",
            (FOLDER, PROCESS, PARENT),
        )
        for ident, key, value in rows:
            tags = found.setdefault(str(ident), {})
            if key is not None:
                tags[str(key)] = str(value)
    return found


def _dead(
    running: Mapping[str, Mapping[str, str]], root: str | os.PathLike[str] | None
) -> dict[str, int]:
    """Give when those ended whose process is gone, in milliseconds; runs within one end with it."""
    found: dict[str, int] = {}
    for ident, tags in running.items():
        if FOLDER in tags:
            facts = _facts(tags[FOLDER], ident, root)
            if facts is not None and facts.state == "lost":
                found[ident] = _last_sign(facts.path)
        elif _is_gone(tags.get(PROCESS, "")):
            found[ident] = int(time.time() * 1000)
    for ident, tags in running.items():
        if tags.get(PARENT) in found:
            found.setdefault(ident, found[tags[PARENT]])
    return found


def _facts(name: str, ident: str, root: str | os.PathLike[str] | None) -> RunFacts | None:
    """Give what is known of the folder that a run names, if that names the run too."""
    if os.sep in name:
        return None
    try:
        facts = run_of(name, root)
    except AstrodataError:
        return None  # of another workspace, or removed
    return facts if facts.mlflow is not None and facts.mlflow["run"] == ident else None


def _is_gone(told: str) -> bool:
    """Tell whether a process of this start of this machine has ended; of others nothing is known."""
    here, _, number = process().rpartition(" ")
    there, _, other = told.rpartition(" ")
    if there != here or other == number or not other.isdigit() or boot() is None:
        return False
    try:
        os.kill(int(other), 0)
    except (ProcessLookupError, OverflowError):
        return True
    except PermissionError:
        pass
    return False


def _last_sign(folder: Path) -> int:
    try:
        return int((folder / ALIVE).lstat().st_mtime * 1000)
    except OSError:
        return int(time.time() * 1000)
