"""A training as a run of MLflow: parameters, curves, hashes, figures and the model."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ..readers import scratch
from ..tracking.open_runs import Run
from ..tracking.trackers import Tracker
from .results import Training

__all__ = ["Run", "Tracker", "keep_training", "tracked"]


def keep_training(
    tracker: Tracker,
    training: Training,
    facts: Mapping[str, Any],
    files: Mapping[str, str] | None = None,
) -> str:
    """Keep a training as a run and give the run's id.

    Parameters
    ----------
    tracker
        Where.
    training
        Its history becomes curves; its model, figure and tables become artifacts.
    facts
        Parameters: printable facts by name; what is nested is joined by dots.
    files
        Text of further artifacts by name.

    Raises
    ------
    MissingPackage
        MLflow is not installed.
    ServiceFailed, UnsupportedFormat, UnreadableFile
        The store cannot be used; as of `Tracker.client`.
    """
    with tracker.run() as run:
        _write(run, training, facts, files or {})
        run.status = "FINISHED" if training.stopped == "finished" else "KILLED"
    training.notes.extend(run.notes)
    return run.ident


def tracked(
    track: bool | Tracker,
    training: Training,
    facts: Mapping[str, Any],
    files: Mapping[str, str] | None = None,
) -> None:
    """Keep a training where it is wanted; what goes wrong with that becomes a note, not an error.

    Hours of training must not be lost because a database was locked or a disk full.
    """
    if track is False:
        return
    if track is True and not find_spec("mlflow"):
        training.notes.append(
            'the run was not kept: MLflow is missing (pip install "astrodata-lab[ml]")'
        )
        return
    tracker = track if isinstance(track, Tracker) else Tracker()
    try:
        training.facts["mlflow_run"] = keep_training(tracker, training, facts, files)
        training.facts["mlflow_uri"] = tracker.shown
    except Exception as error:  # noqa: BLE001 - whatever the store says
        training.notes.append(f"the run was not kept in {tracker.shown}: {str(error)[:300]}")


def _write(
    run: Run, training: Training, facts: Mapping[str, Any], files: Mapping[str, str]
) -> None:
    from mlflow.entities import Metric

    run.parameters({**training.facts, **facts})
    now = int(time.time() * 1000)
    metrics = []
    # All that is told of an epoch, as IoU where masks are drawn, is a curve.
    others = {"round", "start", "epoch", "seconds"}
    curves = [name for name in training.history.columns if name not in others]
    for row in training.history.itertuples():
        where = f"round{row.round}/start{row.start:02d}"
        for name in curves:
            value = float(getattr(row, name))
            metrics.append(Metric(f"{where}/{name}", value, now, int(row.epoch)))
    metrics.append(Metric("val_loss", training.val_loss, now, 0))
    metrics.append(Metric("collapsed", float(len(training.collapsed)), now, 0))
    run.send(metrics)
    with tempfile.TemporaryDirectory(dir=scratch.folder()) as folder:
        _artifacts(Path(folder), training)
        for name, text in files.items():
            (Path(folder) / name).write_text(text, encoding="utf-8")
        run.artifacts(folder)


def _artifacts(folder: Path, training: Training) -> None:
    from ..drawing import svg_of
    from ..models.saving import save
    from .figures import history_figure

    training.history.to_csv(folder / "history.csv", index=False)
    training.starts.to_csv(folder / "starts.csv", index=False)
    figure = history_figure(training.history, training.starts)
    (folder / "history.svg").write_text(svg_of(figure), encoding="utf-8")
    if training.notes:
        (folder / "notes.txt").write_text("\n".join(training.notes), encoding="utf-8")
    save(training.model, folder / "model.keras")
