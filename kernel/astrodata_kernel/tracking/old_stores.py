"""Runs in stores that this MLflow refuses, plain files and SQLite files of any version: read, never run."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

from ..errors import DamagedFile
from ..plain_files import is_plain, open_plain
from .sqlite_files import reading, tables_of

_RUN = re.compile(r"[0-9a-f]{32}")
_STATES = {1: "RUNNING", 2: "SCHEDULED", 3: "FINISHED", 4: "FAILED", 5: "KILLED"}
_LONGEST = 100_000  # bytes of a parameter, a tag or a description
_MOST_METRICS = 64_000_000  # bytes of one metric's file
_MOST_RUNS, _MOST_WORDS, _MOST_POINTS = 100_000, 10_000, 2_000_000  # of a store, and of a run
_TABLES = {"runs", "experiments", "params", "tags", "metrics"}


@dataclass
class OldRun:
    """A run as another store keeps it.

    Parameters
    ----------
    ident, name, experiment, status
        Of the run; names of it and of its experiment.
    started, ended
        Milliseconds since 1970, or None.
    parameters, tags
        By name.
    metrics
        (name, value, milliseconds, step).
    artifacts
        Folder of its files, or None.
    notes
        What could not be read.
    """

    ident: str
    name: str
    experiment: str
    status: str
    started: int | None
    ended: int | None
    parameters: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    metrics: list[tuple[str, float, int, int]] = field(default_factory=list)
    artifacts: Path | None = None
    notes: list[str] = field(default_factory=list)


def runs_in_files(folder: Path) -> Iterator[OldRun]:
    """Give the runs of a folder ``mlruns``; those that were deleted are left out."""
    for experiment in sorted(folder.iterdir()):
        if not _is_folder(experiment) or not is_plain(experiment / "meta.yaml"):
            continue
        facts = _meta(experiment / "meta.yaml")
        for place in sorted(experiment.iterdir()):
            if _RUN.fullmatch(place.name) and _is_folder(place):
                run = _run_of(place, _word(facts.get("name")) or experiment.name)
                if run is not None:
                    yield run


def runs_in_sqlite(path: Path) -> Iterator[OldRun]:
    """Give the runs of an SQLite file of MLflow; those that were deleted are left out.

    Raises
    ------
    UnreadableFile
        It is no file.
    DamagedFile
        It is none of MLflow, or asks for more work than a store of runs does.
    """
    try:
        with reading(path) as base:
            missing = _TABLES - tables_of(base)
            if missing:
                raise DamagedFile(
                    f"{path} is no store of MLflow: it has no table {', '.join(sorted(missing))}"
                )
            rows = base.execute(
                "SELECT r.run_uuid, r.name, e.name, r.status, r.start_time, r.end_time, r.artifact_uri "
                "FROM runs r JOIN experiments e ON e.experiment_id = r.experiment_id "
                "WHERE r.lifecycle_stage = 'active' ORDER BY r.start_time, r.run_uuid "
                "LIMIT ?",
                (_MOST_RUNS,),
            ).fetchall()
            for ident, name, experiment, status, started, ended, address in rows:
                run = OldRun(
                    str(ident),
                    str(name or ""),
                    str(experiment),
                    str(status),
                    _whole(started),
                    _whole(ended),
                )
                _fill(base, run)
                run.artifacts = _local(str(address or ""), path.resolve().parent, run)
                yield run
    except sqlite3.Error as error:
        raise DamagedFile(f"{path} is no store of MLflow that can be read: {error}") from None


def _fill(base: sqlite3.Connection, run: OldRun) -> None:
    for table, kept in (("params", run.parameters), ("tags", run.tags)):
        words = f"SELECT key, value FROM {table} WHERE run_uuid = ? LIMIT ?"  # noqa: S608 - our own words
        kept.update((str(k), str(v)) for k, v in base.execute(words, (run.ident, _MOST_WORDS)))
    words = (
        "SELECT key, value, timestamp, step FROM metrics WHERE run_uuid = ? AND is_nan = 0 LIMIT ?"
    )
    for key, value, stamp, step in base.execute(words, (run.ident, _MOST_POINTS)):
        try:
            run.metrics.append((str(key), float(value), int(stamp), int(step)))
        except (TypeError, ValueError):  # SQLite keeps anything in any column
            run.notes.append(f"a value of the metric {str(key)[:80]!r} cannot be read")
    if len(run.metrics) == _MOST_POINTS:
        run.notes.append(f"only {_MOST_POINTS:,} of its numbers are read")


def _local(address: str, home: Path, run: OldRun) -> Path | None:
    """Give the folder of a run's files where it lies beside its store: an address may say anything."""
    parts = urlparse(address)
    if parts.scheme not in ("", "file"):
        run.notes.append("its artifacts are not on this machine")
        return None
    folder = Path(unquote(parts.path))
    folder = (folder if folder.is_absolute() else home / folder).resolve()
    if home not in folder.parents:
        run.notes.append(f"its artifacts are not beside {home.name}")
        return None
    return folder if folder.is_dir() else None


def _run_of(place: Path, experiment: str) -> OldRun | None:
    try:
        facts = _meta(place / "meta.yaml")
    except DamagedFile as error:
        return OldRun(place.name, "", experiment, "FAILED", None, None, notes=[str(error)])
    if facts.get("lifecycle_stage") == "deleted":
        return None
    state = facts.get("status")
    run = OldRun(
        place.name,
        _word(facts.get("run_name")),
        experiment,
        _STATES.get(state, "FINISHED") if isinstance(state, int) else _word(state) or "FINISHED",
        _whole(facts.get("start_time")),
        _whole(facts.get("end_time")),
    )
    run.parameters.update(_texts(place / "params", run))
    run.tags.update(_texts(place / "tags", run))
    for name, text in _texts(place / "metrics", run, _MOST_METRICS).items():
        for line in text.splitlines():
            try:
                stamp, value, *rest = line.split()
                point = (name, float(value), int(stamp), int(rest[0]) if rest else 0)
            except ValueError:
                run.notes.append(f"a line of the metric {name!r} cannot be read")
                break
            run.metrics.append(point)
    artifacts = place / "artifacts"
    run.artifacts = artifacts if _is_folder(artifacts) else None
    return run


def _meta(path: Path) -> dict[str, Any]:
    import yaml

    try:
        with open_plain(path) as file:
            content = file.read(_LONGEST + 1)
        if len(content) > _LONGEST:
            raise ValueError("it is too long for a description of a run")
        facts = yaml.safe_load(content.decode())
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        line = next(iter(str(error).splitlines()), type(error).__name__)
        raise DamagedFile(f"{path} cannot be read: {line[:120]}") from None
    if not isinstance(facts, dict):
        raise DamagedFile(f"{path} describes no run")
    return facts


def _texts(folder: Path, run: OldRun, longest: int = _LONGEST) -> dict[str, str]:
    """Give the files of a folder by name; MLflow puts names with a slash into folders."""
    if not _is_folder(folder):
        return {}
    found = {}
    for path in sorted(regular_files(folder)):
        name = path.relative_to(folder).as_posix()
        with open_plain(path) as file:
            content = file.read(longest + 1)
        if len(content) > longest:
            run.notes.append(f"{folder.name}/{name} is too long")
            continue
        found[name] = content.decode(errors="replace").rstrip("\n")
    return found


def regular_files(folder: Path) -> Iterator[Path]:
    """Give the files below a folder; no link is followed."""
    for path in folder.iterdir():
        if path.is_symlink():
            continue
        if path.is_dir():
            yield from regular_files(path)
        elif is_plain(path):
            yield path


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def _word(value: object) -> str:
    """Give a text or number as text: written out, a list of YAML's aliases could fill the memory."""
    return str(value) if isinstance(value, (str, int, float)) else ""


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
