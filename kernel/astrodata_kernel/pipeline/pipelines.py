"""Pipelines, in Python or as YAML: planned, run, searched, written for other systems."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import UnreadableFile
from .joined_steps import JoinedSteps

if TYPE_CHECKING:
    from ..compute import Job
    from .planning import Plan
    from .results import Run
    from .searching import Search


class Pipeline(JoinedSteps):
    """Steps, each a block with its parameters, and what flows between them.

    Parameters
    ----------
    name
        Of the pipeline.
    parameters
        What can be chosen at each run, with the value that holds where nothing is chosen. A step names one as
        ``"${name}"``.
    description
        A sentence or two.
    base
        Folder that relative paths start from; the current one by default, that of the file for YAML.

    Examples
    --------
    >>> from astrodata_kernel.pipeline import Pipeline, block
    >>> @block(stage="ingest")
    ... def start(*, at: int):
    ...     return at
    >>> @block
    ... def add(one, other=0, *, more: int = 1):
    ...     return one + other + more
    >>> pipeline = Pipeline("sum", {"at": 3}).add("a", start, at="${at}").add("b", add, "a")
    >>> print(pipeline.plan().text())  # doctest: +ELLIPSIS
    sum: 2 steps...
    """

    @classmethod
    def from_yaml(
        cls,
        path_or_text: str | os.PathLike[str],
        base: str | os.PathLike[str] | None = None,
    ) -> Pipeline:
        """Give the pipeline of a YAML file, or of YAML text.

        Parameters
        ----------
        path_or_text
            Of the file, or the text itself.
        base
            Folder that relative paths start from; by default that of the file, and for text the current one.

        Raises
        ------
        BadRequest
            It says something that no pipeline says; the text gives file and line.
        UnknownName
            A block, step or parameter that is not there; the text names the nearest.
        UnreadableFile
            There is no such file.
        """
        from .yaml_pipelines import pipeline_of

        text, path, digest = str(path_or_text), None, None
        if isinstance(path_or_text, os.PathLike) or "\n" not in text:
            path = Path(path_or_text).expanduser()
            try:
                if path.is_file() or path.suffix in (".yaml", ".yml"):
                    content = path.read_bytes()
                    text, digest = content.decode("utf-8"), hashlib.sha256(content).hexdigest()
                else:
                    path = None
            except (OSError, UnicodeDecodeError) as error:
                told = getattr(error, "strerror", None) or "it is no UTF-8 text"
                raise UnreadableFile(
                    f"{path}: {told}; give the path of a pipeline's YAML"
                ) from None
        made = pipeline_of(text, path, None if base is None else Path(base))
        made.source_sha256 = digest
        return made

    def plan(
        self,
        *,
        upto: str | None = None,
        workspace: str | os.PathLike[str] | None = None,
        **parameters: Any,
    ) -> Plan:
        """Tell what a run would do, without doing it: a graph that can be printed and shown.

        Raises
        ------
        BadRequest, UnknownName, UnreadableFile
            What `run` would say before it begins.
        """
        from .planning import planned

        return planned(self, parameters, upto=upto, root=workspace)

    def run(
        self,
        *,
        upto: str | None = None,
        cluster: Any = None,
        track: Any = None,
        fresh: bool | Sequence[str] = False,
        workspace: str | os.PathLike[str] | None = None,
        progress: Any = None,
        cancelled: Callable[[], bool] | None = None,
        **parameters: Any,
    ) -> Run:
        """Do what is not done yet, and give the run.

        Parameters
        ----------
        upto
            Step to end with; only what it needs is done.
        cluster
            From `adk.compute.cluster`, a Dask client, or None for this process.
        track
            False keeps nothing in MLflow, True any run, and a `Tracker` says where; by default runs in which
            something was trained or evaluated are kept.
        fresh
            True does all steps anew; a list of names these, and what depends on them if they differ.
        workspace
            Whose cache, lineage and runs are used; by default that of the current folder.
        progress
            False tells nothing, a function is told events; by default a notebook shows a table, and a
            terminal prints lines.
        cancelled
            Asked now and then; True ends the run.
        **parameters
            Of the pipeline.

        Returns
        -------
        Run
            ``.outputs``, ``.computed``, ``.lineage()``.

        Raises
        ------
        BadRequest, UnknownName, UnreadableFile
            It cannot begin.
        DataCheckFailed
            A data test failed that stops.
        StepFailed
            A block raised; errors of this package are raised as they are, with the step's name before them.
        Cancelled
            It was cancelled. All have the run as ``.run``; what was done is kept, and done for the next run.
        """
        from .running import run

        return run(
            self,
            parameters,
            upto=upto,
            cluster=cluster,
            track=track,
            fresh=fresh,
            root=workspace,
            progress=progress,
            cancelled=cancelled,
        )

    def search(
        self,
        space: Mapping[str, Any],
        metric: str,
        *,
        trials: int = 50,
        direction: str = "maximize",
        search_name: str | None = None,
        search_seed: int = 0,
        cluster: Any = None,
        at_once: int | None = None,
        prune: bool = True,
        track: Any = None,
        workspace: str | os.PathLike[str] | None = None,
        progress: Callable[[dict[str, Any]], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
        **parameters: Any,
    ) -> Search:
        """Look for the parameters with which a number is best, by trials that Optuna chooses.

        Steps that no searched parameter decides are done once. A search that was ended goes on when it is
        called again under its name.

        Parameters
        ----------
        space
            By parameter of the pipeline, or ``"step.parameter"``: a list of choices, or a mapping with
            ``from``, ``to`` and, if wanted, ``step`` or ``log: true``.
        metric
            ``"step.name"`` of a number that a step tells, or ``"step.output"`` of one that it gives.
        trials
            How many in all, those of before included.
        direction
            ``"maximize"`` or ``"minimize"``.
        search_name
            Of the search; the pipeline's and the metric's by default.
        search_seed
            Of what Optuna draws.
        cluster
            On whose workers the steps are done.
        at_once
            Trials side by side; as many as the cluster has workers by default, and one without.
        prune
            Whether trials that fall behind while they tell epochs are given up.
        track
            False keeps nothing in MLflow, a `Tracker` says where; by default each trial is a run of it.
        workspace
            Whose cache, runs and searches are used.
        progress
            Told a mapping after each trial.
        cancelled
            Asked now and then; True ends the search with what there is.
        **parameters
            Of the pipeline, for all trials.

        Raises
        ------
        BadRequest
            A space or a direction that is none.
        UnknownName
            There is no such parameter, step or number.
        MissingPackage
            Optuna is not installed.
        """
        from .searching import search

        return search(
            self,
            space,
            metric,
            trials=trials,
            direction=direction,
            name=search_name,
            seed=search_seed,
            cluster=cluster,
            at_once=at_once,
            prune=prune,
            track=track,
            root=workspace,
            progress=progress,
            cancelled=cancelled,
            chosen=parameters,
        )

    def to_yaml(self) -> str:
        """Give the pipeline as YAML.

        Raises
        ------
        BadRequest
            A block of it lives in this session alone, or a parameter is no plain value.
        """
        from .yaml_pipelines import yaml_of

        return yaml_of(self)

    def to_snakemake(
        self,
        folder: str | os.PathLike[str],
        *,
        workspace: str | os.PathLike[str] | None = None,
        **parameters: Any,
    ) -> Path:
        """Write the pipeline as a Snakemake workflow, a rule a step, and give the path of its Snakefile.

        Parameters
        ----------
        folder
            Of the workflow; made if it is not there.
        workspace
            Whose cache holds what the steps make.
        **parameters
            Of the pipeline; ``snakemake --config name=value`` chooses others.

        Raises
        ------
        BadRequest
            A block of it lives in this session alone, or the folder holds another workflow.
        UnknownName
            There is no such parameter.
        """
        from .snakemake_export import to_snakemake

        return to_snakemake(self, folder, parameters, workspace)

    def to_batch(
        self,
        parameters: Mapping[str, Any] | None = None,
        *,
        workspace: str | os.PathLike[str] | None = None,
        there: str | None = None,
        **fields: Any,
    ) -> Job:
        """Give the batch job of the platform that runs the pipeline; `adk.compute.BatchClient` submits it.

        Parameters
        ----------
        parameters
            Of the pipeline.
        workspace
            Whose cache holds what the steps make.
        there
            Its folder as the job sees it; the same by default.
        **fields
            Of `adk.compute.Job`: ``queue``, ``cpu_request``, ``memory_request`` and others.

        Raises
        ------
        BadRequest
            A block of it lives in this session alone, or a field that no job can have.
        UnknownName
            There is no such parameter.
        """
        from .batch_export import to_batch

        return to_batch(self, parameters, workspace, there, **fields)

    def __repr__(self) -> str:
        return f"<Pipeline {self.name}: {', '.join(self.steps) or 'no step yet'}>"

    def _repr_html_(self) -> str:
        from .planning import graph_of

        return graph_of(self.order, self.name, {})
