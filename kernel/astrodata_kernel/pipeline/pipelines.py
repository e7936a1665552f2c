"""Pipelines: blocks joined into a graph, in Python or as YAML."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import BadRequest, UnknownName, UnreadableFile, closest
from .block_types import Block
from .registry import block_named
from .steps import RESERVED, Ref, Step, checked_name, in_order, refs_of, substituted

if TYPE_CHECKING:
    from ..compute import Job
    from .planning import Plan
    from .results import Run
    from .searching import Search


class Pipeline:
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

    def __init__(
        self,
        name: str,
        parameters: Mapping[str, Any] | None = None,
        description: str = "",
        base: str | os.PathLike[str] | None = None,
    ) -> None:
        self.name = checked_name(name, "a pipeline")
        self.description = description
        self.parameters: dict[str, Any] = {}
        for one, value in (parameters or {}).items():
            if checked_name(one, "a parameter") in RESERVED:
                raise BadRequest(
                    f"a parameter cannot be called {one!r}: that is an option of `run`"
                )
            self.parameters[one] = value
        self.steps: dict[str, Step] = {}
        self.tests: dict[Ref, list[Any]] = {}
        self.base = Path.cwd() if base is None else Path(base).resolve()
        self.source: Path | None = None

    @classmethod
    def from_yaml(cls, path_or_text: str | os.PathLike[str]) -> Pipeline:
        """Give the pipeline of a YAML file, or of YAML text.

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

        text, path = str(path_or_text), None
        if isinstance(path_or_text, os.PathLike) or "\n" not in text:
            path = Path(path_or_text).expanduser()
            try:
                if path.is_file() or path.suffix in (".yaml", ".yml"):
                    text = path.read_text(encoding="utf-8")
                else:
                    path = None
            except (OSError, UnicodeDecodeError) as error:
                told = getattr(error, "strerror", None) or "it is no UTF-8 text"
                raise UnreadableFile(
                    f"{path}: {told}; give the path of a pipeline's YAML"
                ) from None
        return pipeline_of(text, path)

    def add(
        self,
        name: str,
        block: str | Block | Callable[..., Any],
        *inputs: str | Sequence[str],
        from_: Mapping[str, str | Sequence[str]] | None = None,
        cache: bool | None = None,
        where: str = "",
        **parameters: Any,
    ) -> Pipeline:
        """Add a step, and give the pipeline again.

        Parameters
        ----------
        name
            Of the step.
        block
            Its name, or itself.
        *inputs
            Steps, or ``"step.output"``, in the order of the block's inputs; a list for one that takes many.
        from_
            The same by the names of the block's inputs.
        cache
            False has it done at each run; as the block says by default.
        where
            File and line, for errors.
        **parameters
            Of the block; ``"${name}"`` is a parameter of the pipeline.

        Raises
        ------
        UnknownName
            There is no such block or parameter.
        BadRequest
            The name is taken, or the block takes other inputs.
        """
        before = f"{where}: " if where else ""
        if checked_name(name, "a step", before) in self.steps:
            raise BadRequest(f"{before}there is a step {name!r} already: choose another name")
        try:
            found = block_named(block)
        except UnknownName as error:
            raise UnknownName(f"{before}step {name!r}: {error}") from None
        except BadRequest as error:
            raise BadRequest(f"{before}step {name!r}: {error}") from None
        step = Step(
            name,
            found,
            refs_of(found, name, inputs, from_ or {}, before),
            dict(parameters),
            found.cache if cache is None else cache,
            where,
        )
        step.check_parameters(before)
        self.steps[name] = step
        return self

    def test(self, what: str, *tests: Mapping[str, Any]) -> Pipeline:
        """Declare data tests of what a step gives (`adk.data_tests`), and give the pipeline again."""
        self.tests.setdefault(Ref.of(what), []).extend(dict(one) for one in tests)
        return self

    def tests_by_output(self) -> dict[str, dict[str, list[Any]]]:
        """Give the data tests by step and output.

        Raises
        ------
        UnknownName
            They are of a step or an output that is not there.
        """
        made: dict[str, dict[str, list[Any]]] = {}
        for ref, tests in self.tests.items():
            if ref.step not in self.steps:
                raise UnknownName(
                    f"there is no step {ref.step!r} to test{closest(ref.step, self.steps)}"
                )
            output = self.steps[ref.step].output(ref, "tests")
            made.setdefault(ref.step, {}).setdefault(output, []).extend(tests)
        return made

    @property
    def order(self) -> tuple[Step, ...]:
        """The steps, each after those that it needs.

        Raises
        ------
        UnknownName
            One needs a step or an output that is not there.
        BadRequest
            Steps need each other in a circle; the text names them.
        """
        return in_order(self.steps)

    def values(self, chosen: Mapping[str, Any]) -> dict[str, Any]:
        """Give all parameters of a run: those that were chosen, and else what holds by default.

        Raises
        ------
        UnknownName
            There is no such parameter.
        BadRequest
            A parameter without a default was not chosen.
        """
        for name in chosen:
            if name not in self.parameters:
                known = ", ".join(self.parameters) or "none"
                raise UnknownName(
                    f"pipeline {self.name} has no parameter {name!r}{closest(name, self.parameters)}; "
                    f"it has {known}"
                )
        return {**self.parameters, **chosen}

    def chosen(self, texts: Mapping[str, str]) -> dict[str, Any]:
        """Give parameters from the texts of a command line: numbers where the default is no text.

        Raises
        ------
        UnknownName
            There is no such parameter.
        BadRequest
            A text that stands for no value.
        """
        from .yaml_reading import read_yaml

        self.values(texts)
        return {
            name: text
            if isinstance(self.parameters[name], str)
            else read_yaml(text, f"parameter {name}").value
            for name, text in texts.items()
        }

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

    def with_parameters(self, **steps: Mapping[str, Any]) -> Pipeline:
        """Give the same pipeline with other parameters of some steps: ``with_parameters(fit={"epochs": 3})``.

        Raises
        ------
        UnknownName
            There is no such step, or its block has no such parameter.
        """
        made = Pipeline(self.name, self.parameters, self.description, self.base)
        made.source, made.steps = self.source, dict(self.steps)
        made.tests = {ref: list(tests) for ref, tests in self.tests.items()}
        for name, given in steps.items():
            if name not in made.steps:
                raise UnknownName(f"there is no step {name!r}{closest(name, made.steps)}")
            step = made.steps[name]
            made.steps[name] = replace(step, given={**step.given, **given})
            made.steps[name].check_parameters("")
        return made

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

    def resolved(self, step: Step, values: Mapping[str, Any]) -> dict[str, Any]:
        """Give the parameters of a step, checked; names of parameters are replaced by their values."""
        before = f"{step.where}: " if step.where else ""
        made = {}
        for name, parameter in step.block.parameters.items():
            if name in step.given:
                value = substituted(step.given[name], values, f"{before}step {step.name!r}, {name}")
                # A copy: a block that changes a list that it was given must not change the next run's.
                made[name] = parameter.checked(deepcopy(value), f"{before}step {step.name!r}")
            elif parameter.required:
                raise BadRequest(
                    f"{before}step {step.name!r}: block {step.block.name} needs {name} "
                    f"({parameter.type_name})"
                )
            else:
                made[name] = deepcopy(parameter.default)
        return made

    def __repr__(self) -> str:
        return f"<Pipeline {self.name}: {', '.join(self.steps) or 'no step yet'}>"

    def _repr_html_(self) -> str:
        from .planning import graph_of

        return graph_of(self.order, self.name, {})
