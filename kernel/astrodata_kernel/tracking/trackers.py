"""Where runs are kept."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from ..errors import BadRequest
from .lost_runs import end_lost_runs
from .open_runs import Run, open_run
from .stores import client_of, in_words, own_address, shown, sqlite_path

ARTIFACTS = "mlflow-artifacts"
"""Folder beside an SQLite store that keeps the files of its runs."""


@dataclass(frozen=True)
class Tracker:
    """Where runs are kept: MLflow's store of the workspace, or another one.

    Parameters
    ----------
    uri
        MLflow's tracking URI; the environment's ``MLFLOW_TRACKING_URI`` by default, and else an SQLite file
        ``astrodata/mlflow.db`` in the workspace.
    experiment
        Name of the experiment.
    name
        Name of the run.
    system_metrics
        Seconds between two samples of memory, CPU and GPU, kept as ``system/…``; None for none.
    root
        The workspace whose store is used where none is named; that of the current folder by default.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> folder = tempfile.TemporaryDirectory()
    >>> tracker = Tracker(f"sqlite:///{pathlib.Path(folder.name) / 'runs.db'}")
    >>> with tracker.run() as run:
    ...     run.parameters({"rate": 0.1})
    ...     for step in range(3):
    ...         run.metrics({"loss": 1 / (1 + step)}, step)
    >>> tracker.client().get_run(run.ident).data.params
    {'rate': '0.1'}
    >>> folder.cleanup()
    """

    uri: str | None = None
    experiment: str = "astrodata-lab"
    name: str | None = None
    system_metrics: float | None = 10.0
    root: str | os.PathLike[str] | None = None

    @property
    def address(self) -> str:
        """The URI that is used."""
        return self.uri or os.environ.get("MLFLOW_TRACKING_URI") or own_address(self.root)

    @property
    def shown(self) -> str:
        """The URI as it may be shown and kept: without a user's name and password."""
        return shown(self.address)

    def client(self, write: bool = True) -> Any:
        """Give MLflow's own client of the store, which is looked at first.

        Raises
        ------
        MissingPackage
            MLflow is not installed.
        ServiceFailed
            The store is locked by another process, or does not answer.
        UnsupportedFormat
            Another version of MLflow wrote it.
        UnreadableFile
            The folder does not take it.
        """
        return client_of(self.address, write)

    @contextmanager
    def run(
        self,
        name: str | None = None,
        *,
        tags: Mapping[str, str] | None = None,
        folder: str | os.PathLike[str] | None = None,
    ) -> Iterator[Run]:
        """Open a run for a block; it ends as FAILED where the block raises, KILLED where it is interrupted.

        The run says which code ran (commit, and whether it was changed), on what, and who ran it.

        Parameters
        ----------
        name
            Of the run; the tracker's own by default.
        tags
            To find it by.
        folder
            That is worked in, whose Git commit is kept; the current one by default.

        Raises
        ------
        MissingPackage
            MLflow is not installed.
        ServiceFailed, UnsupportedFormat, UnreadableFile
            The store cannot be used; as of `client`.
        """
        client = self.client()
        # What was killed could not end its own run: whoever comes next does.
        end_lost_runs(self)
        experiment = self.experiment_id(client)
        with open_run(self, client, experiment, name or self.name, {**(tags or {})}, folder) as run:
            yield run

    def experiment_id(self, client: Any | None = None, make: bool = True) -> str | None:
        """Give the id of the experiment, which is made where it is missing, or None where it shall not be.

        Raises
        ------
        BadRequest
            The experiment was deleted.
        """
        client = client or self.client()
        with in_words(self.address):
            known = client.get_experiment_by_name(self.experiment)
            if known is None and make:
                return self._make_experiment(client)
        if known is not None and known.lifecycle_stage != "active":
            raise BadRequest(
                f"the experiment {self.experiment!r} was deleted: choose another name, or restore it with "
                f'"mlflow experiments restore -x {known.experiment_id}"'
            )
        return None if known is None else str(known.experiment_id)

    def _make_experiment(self, client: Any) -> str:
        from mlflow.exceptions import MlflowException

        path = sqlite_path(self.address)
        place = None if path is None else (path.resolve().parent / ARTIFACTS).as_uri()
        try:
            return str(client.create_experiment(self.experiment, artifact_location=place))
        except MlflowException:
            # Two runs that begin at once both find none.
            known = client.get_experiment_by_name(self.experiment)
            if known is None:
                raise
            return str(known.experiment_id)

    def _client(self) -> Any:
        return self.client()

    def _experiment(self, client: Any) -> str:
        return str(self.experiment_id(client))
