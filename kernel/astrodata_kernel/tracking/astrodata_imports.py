"""What the ICSC library AstroData left: its runs of MLflow into ours, its Parquet files by path."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from math import isfinite
from pathlib import Path
from typing import Any

from ..errors import UnreadableFile, UnsupportedFormat
from ..plain_files import open_plain
from .buffers import AT_ONCE
from .old_stores import OldRun, regular_files, runs_in_files, runs_in_sqlite
from .open_runs import name_of
from .stores import in_words, sqlite_path
from .trackers import Tracker

FROM = "astrodata.imported_from"
"""Tag of a run that was brought in: its id where it was kept before."""

_OUTPUT = "astrodata_files"
_PARENT = "mlflow.parentRunId"
_STATES = ("FINISHED", "FAILED", "KILLED")


@dataclass(frozen=True)
class TableFile:
    """A Parquet file of AstroData, for `Catalog.add` and for `read_table`.

    Parameters
    ----------
    path
        Where it is; it stays there.
    name
        For the catalogue: ``processed_data``, ``preml/train_features``.
    rows, columns
        Of the table.
    """

    path: Path
    name: str
    rows: int
    columns: tuple[str, ...]


@dataclass(frozen=True)
class Imported:
    """What was brought in.

    Parameters
    ----------
    runs
        New id of each run by its old one; those that were here already too.
    new
        How many of them were not here before.
    files
        Parquet files.
    notes
        What was left where it is, and why.
    """

    runs: dict[str, str]
    new: int
    files: tuple[TableFile, ...]
    notes: tuple[str, ...]

    def __str__(self) -> str:
        lines = [f"{self.new} of {len(self.runs)} runs are new, {len(self.files)} tables"]
        return "\n".join([*lines, *self.notes])


def import_astrodata(
    source: str | os.PathLike[str],
    tracker: Tracker | None = None,
    experiment: str | None = None,
) -> Imported:
    """Bring in what AstroData (the ICSC library, 0.1) left in a project's folder, without running any of it.

    Its runs, which MLflow kept in plain files (``mlruns``, which MLflow 3.17 refuses) or in SQLite, become
    runs of the tracker: parameters, metrics with steps and times, tags, artifacts. Its tables
    (``astrodata_files/processed_data`` and ``astrodata_files/preml``) stay and are told by path. Its pickles
    are neither loaded nor told as tables. What was brought in before is not doubled.

    Parameters
    ----------
    source
        The project's folder, a folder ``mlruns``, or an SQLite file by path or by ``sqlite:///…``.
    tracker
        Where runs go; the workspace's by default.
    experiment
        For all runs; by default each keeps its experiment's name.

    Raises
    ------
    UnreadableFile
        There is no such folder or file.
    UnsupportedFormat
        Nothing of AstroData or MLflow is in it.
    """
    tracker = tracker or Tracker()
    stores, tables = _look(source)
    notes: list[str] = []
    files = [_table(path, base, notes) for path, base in tables]
    runs: dict[str, str] = {}
    parents: dict[str, str] = {}
    new = 0
    if stores:
        client = tracker.client()
        known = _known(client, tracker)
        for kind, path in stores:
            found = runs_in_files(path) if kind == "files" else runs_in_sqlite(path)
            for old in found:
                notes.extend(f"run {old.ident}: {note}" for note in old.notes)
                if old.ident not in known:
                    known[old.ident] = _bring(client, tracker, old, experiment)
                    parents[known[old.ident]] = old.tags.get(_PARENT, "")
                    new += 1
                runs[old.ident] = known[old.ident]
        with in_words(tracker.address):
            for ident, parent in parents.items():
                if parent in known:
                    client.set_tag(ident, _PARENT, known[parent])
    return Imported(runs, new, tuple(one for one in files if one), tuple(notes))


def _look(
    source: str | os.PathLike[str],
) -> tuple[list[tuple[str, Path]], list[tuple[Path, Path]]]:
    path = sqlite_path(os.fspath(source)) or Path(source)
    if not path.exists():
        raise UnreadableFile(
            f"{path} does not exist: name a project's folder, its mlruns, or its mlflow.db"
        )
    if not path.is_dir():
        return [("sqlite", path)], []
    folders = (place for place in (path, path / "mlruns") if place.is_dir())
    stores = [("files", place) for place in folders if any(place.glob("*/meta.yaml"))]
    stores += [("sqlite", found) for found in sorted(path.glob("*.db")) if _is_sqlite(found)]
    output = path if path.name == _OUTPUT else path / _OUTPUT
    tables: list[tuple[Path, Path]] = []
    if output.is_dir() and not output.is_symlink():
        tables = [(file, output) for file in sorted(regular_files(output))]
    if not stores and not tables:
        raise UnsupportedFormat(
            f"{path} holds nothing of AstroData: neither {_OUTPUT}/ nor mlruns/ nor an SQLite file of MLflow"
        )
    return stores, tables


def _is_sqlite(path: Path) -> bool:
    try:
        with open_plain(path) as file:
            return file.read(16) == b"SQLite format 3\0"
    except OSError:
        return False


def _table(path: Path, base: Path, notes: list[str]) -> TableFile | None:
    import pyarrow
    import pyarrow.parquet

    inner = path.relative_to(base)
    if path.suffix == ".pkl":
        notes.append(f"{inner}: a pickle is code, and was left alone")
        return None
    if path.suffix != ".parquet":
        return None
    try:
        facts = pyarrow.parquet.read_metadata(path)
    except (pyarrow.ArrowException, OSError) as error:
        notes.append(
            f"{inner}: no Parquet file that can be read: {str(error).splitlines()[0][:120]}"
        )
        return None
    name = inner.with_suffix("").as_posix()
    name = "processed_data" if name == "processed_data/processed_data" else name
    return TableFile(path, name, facts.num_rows, tuple(facts.schema.to_arrow_schema().names))


def _known(client: Any, tracker: Tracker) -> dict[str, str]:
    """Give the runs that were brought in before, by their old id."""
    with in_words(tracker.address):
        homes = [one.experiment_id for one in client.search_experiments()]
        found: dict[str, str] = {}
        token = None
        while homes:
            page = client.search_runs(
                homes, f"tags.`{FROM}` != ''", max_results=1000, page_token=token
            )
            found.update((run.data.tags[FROM], run.info.run_id) for run in page)
            token = page.token
            if not token:
                break
        return found


def _bring(client: Any, tracker: Tracker, old: OldRun, experiment: str | None) -> str:
    from mlflow.entities import Metric, Param

    goal = replace(tracker, experiment=experiment or old.experiment)
    home = goal.experiment_id(client)
    tags = {
        name_of(k): v[:8000] for k, v in old.tags.items() if not k.startswith("mlflow.log-model")
    }
    with in_words(tracker.address):
        made = client.create_run(home, start_time=old.started, run_name=old.name or None, tags=tags)
        ident = str(made.info.run_id)
        parameters = [Param(name_of(k), v[:6000]) for k, v in old.parameters.items()]
        for start in range(0, len(parameters), 100):
            client.log_batch(ident, params=parameters[start : start + 100])
        points = [Metric(name_of(n), v, t, s) for n, v, t, s in old.metrics if isfinite(v)]
        for start in range(0, len(points), AT_ONCE):
            client.log_batch(ident, metrics=points[start : start + AT_ONCE])
        if old.artifacts is not None:
            for path in sorted(regular_files(old.artifacts)):
                under = path.parent.relative_to(old.artifacts).as_posix()
                client.log_artifact(ident, str(path), None if under == "." else under)
        state = old.status if old.status in _STATES else "KILLED"
        client.set_terminated(ident, state, old.ended)
        # Last: a run that was brought in by half is brought in again.
        client.set_tag(ident, FROM, old.ident)
    return ident
