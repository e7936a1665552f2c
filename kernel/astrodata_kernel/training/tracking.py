"""Runs of training in MLflow: parameters, curves, hashes, figures and models."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from math import isfinite
from pathlib import Path
from typing import Any

from ..catalog import Catalog
from ..errors import MissingPackage
from .results import Training

_AT_ONCE = 1000  # metrics that the store takes in one call


@dataclass
class Run:
    """A run that is being written.

    Parameters
    ----------
    client
        MLflow's.
    ident
        Of the run.
    status
        That it ends with.
    """

    client: Any
    ident: str
    status: str = "FINISHED"

    def parameters(self, facts: Mapping[str, Any]) -> None:
        """Keep printable facts by name; what is nested is joined by dots."""
        from mlflow.entities import Param

        parameters = [Param(k, str(v)[:6000]) for k, v in _flat(facts).items()]
        for start in range(0, len(parameters), 100):
            self.client.log_batch(self.ident, params=parameters[start : start + 100])

    def metrics(self, values: Mapping[str, float]) -> None:
        """Keep numbers by name; those that are not finite are left out."""
        from mlflow.entities import Metric

        now = int(time.time() * 1000)
        self.send([Metric(k, float(v), now, 0) for k, v in values.items() if isfinite(v)])

    def curve(self, name: str, steps: Sequence[int], values: Sequence[float]) -> None:
        """Keep a curve: a number at each of some steps."""
        from mlflow.entities import Metric

        now = int(time.time() * 1000)
        points = zip(steps, values, strict=True)
        self.send([Metric(name, float(value), now, int(step)) for step, value in points])

    def send(self, metrics: Sequence[Any]) -> None:
        """Keep MLflow's own metrics, many in one call: one by itself costs five milliseconds."""
        for start in range(0, len(metrics), _AT_ONCE):
            self.client.log_batch(self.ident, metrics=metrics[start : start + _AT_ONCE])

    def artifacts(self, folder: str | os.PathLike[str]) -> None:
        """Keep all files of a folder."""
        self.client.log_artifacts(self.ident, str(folder))

    def register(self, name: str, artifact: str) -> str:
        """Register an artifact of the run as the next version of a model, and give the version."""
        from mlflow.exceptions import MlflowException

        try:
            self.client.create_registered_model(name)
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise
        place = self.client.get_run(self.ident).info.artifact_uri
        made = self.client.create_model_version(name, f"{place}/{artifact}", run_id=self.ident)
        return str(made.version)


@dataclass(frozen=True)
class Tracker:
    """Where runs are kept.

    Parameters
    ----------
    uri
        MLflow's tracking URI; the environment's ``MLFLOW_TRACKING_URI`` by default, and else an SQLite file
        ``astrodata/mlflow.db`` in the workspace.
    experiment
        Name of the experiment.
    name
        Name of the run.
    """

    uri: str | None = None
    experiment: str = "astrodata-lab"
    name: str | None = None

    @property
    def address(self) -> str:
        """The URI that is used."""
        given = self.uri or os.environ.get("MLFLOW_TRACKING_URI")
        return given or f"sqlite:///{Catalog().folder / 'mlflow.db'}"

    def log(
        self, training: Training, facts: Mapping[str, Any], files: Mapping[str, str] | None = None
    ) -> str:
        """Keep a training as a run and give the run's id.

        Parameters
        ----------
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
        """
        with self.run() as run:
            self._write(run, training, facts, files or {})
            run.status = "FINISHED" if training.stopped == "finished" else "KILLED"
        return run.ident

    @contextmanager
    def run(self) -> Iterator[Run]:
        """Open a run for a block; it ends with its status, or as FAILED where the block raises.

        Raises
        ------
        MissingPackage
            MLflow is not installed.
        """
        client = self._client()
        made = client.create_run(self._experiment(client), run_name=self.name)
        run = Run(client, made.info.run_id)
        try:
            yield run
        except BaseException:
            client.set_terminated(run.ident, "FAILED")
            raise
        client.set_terminated(run.ident, run.status)

    def _client(self) -> Any:
        if not find_spec("mlflow"):
            raise MissingPackage(
                'keeping runs needs MLflow; run "pip install astrodata-lab[ml]" in this kernel\'s environment'
            )
        # What a shared hub's users do is not for others to count.
        os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
        from mlflow.tracking import MlflowClient

        address = self.address
        if address.startswith("sqlite:///"):
            Path(address.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
        return MlflowClient(address)

    def _experiment(self, client: Any) -> str:
        known = client.get_experiment_by_name(self.experiment)
        if known is not None:
            return str(known.experiment_id)
        address = self.address
        place = None
        if address.startswith("sqlite:///"):
            folder = Path(address.removeprefix("sqlite:///")).resolve().parent / "mlflow-artifacts"
            place = folder.as_uri()
        return str(client.create_experiment(self.experiment, artifact_location=place))

    def _write(
        self, run: Run, training: Training, facts: Mapping[str, Any], files: Mapping[str, str]
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
        with tempfile.TemporaryDirectory() as folder:
            self._artifacts(Path(folder), training)
            for name, text in files.items():
                (Path(folder) / name).write_text(text, encoding="utf-8")
            run.artifacts(folder)

    @staticmethod
    def _artifacts(folder: Path, training: Training) -> None:
        from ..models.saving import save
        from .figures import history_figure, svg_of

        training.history.to_csv(folder / "history.csv", index=False)
        training.starts.to_csv(folder / "starts.csv", index=False)
        figure = history_figure(training.history, training.starts)
        (folder / "history.svg").write_text(svg_of(figure), encoding="utf-8")
        if training.notes:
            (folder / "notes.txt").write_text("\n".join(training.notes), encoding="utf-8")
        save(training.model, folder / "model.keras")


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
        training.facts["mlflow_run"] = tracker.log(training, facts, files)
        training.facts["mlflow_uri"] = tracker.address
    except Exception as error:  # noqa: BLE001 - whatever the store says
        training.notes.append(f"the run was not kept in {tracker.address}: {str(error)[:200]}")


def _flat(facts: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in facts.items():
        name = f"{before}{key}"
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{name}.")
        elif isinstance(value, tuple):
            flat[name] = ", ".join(map(str, value))
        else:
            flat[name] = value
    return flat
