"""Runs of pipelines in MLflow: parameters, numbers, data with its hashes, of what trains and evaluates."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from ..readers.addresses import shown
from .caching import Cache
from .making import Made
from .planning import Prepared
from .run_records import RunRecord

if TYPE_CHECKING:
    from .pipelines import Pipeline

KEPT = ("train", "evaluate")
"""Stages whose steps open a run of MLflow."""


class Keeper:
    """Keeps one run of a pipeline; what goes wrong with that is told and ends nothing.

    Parameters
    ----------
    track
        False for none, None for runs with a step that trains or evaluates, True or a `Tracker` for any.
    pipeline
        That runs.
    record
        Of the run.
    cache
        That has the pictures of its steps.
    root
        The workspace, whose store is used where no other one is named.
    tags
        More tags for it.
    """

    def __init__(
        self,
        track: Any,
        pipeline: Pipeline,
        record: RunRecord,
        cache: Cache,
        root: Path,
        tags: Mapping[str, str] | None = None,
    ) -> None:
        self._track, self._pipeline, self._record = track, pipeline, record
        self._cache, self._tags = cache, dict(tags or {})
        self._root = root
        self._stack = ExitStack()
        self._run: Any = None
        self._off = track is False
        self._files: set[str] = set()

    def __enter__(self) -> Self:
        if self._track not in (None, False):
            self._safely(self._open)
        return self

    def __exit__(self, *error: object) -> None:
        try:
            self._stack.__exit__(*error)
        except Exception as told:  # noqa: BLE001 - whatever the store says
            if told is not error[1]:
                self._lost(told)

    def began(self, one: Prepared) -> None:
        """Open the run of MLflow before the first step that shall be in it."""
        if one.step.block.stage in KEPT and self._run is None and not self._off:
            self._safely(self._open)
        if self._run is not None:
            self._safely(lambda: self._sources(one))

    def done(self, one: Prepared, made: Made) -> None:
        """Keep the numbers, models' hashes and figures of a step."""
        if self._run is None:
            return
        self._safely(lambda: self._keep(one, made))

    def _open(self) -> None:
        from ..tracking import Tracker
        from ..tracking.lost_runs import FOLDER

        if self._track in (None, True) and not find_spec("mlflow"):
            self._off = True
            self._record.note(
                'the run is not kept: MLflow is missing (pip install "astrodata-lab[ml]")'
            )
            return
        tracker = self._track if isinstance(self._track, Tracker) else Tracker(root=self._root)
        run = self._stack.enter_context(
            tracker.run(
                tracker.name or self._pipeline.name,
                tags={
                    FOLDER: self._record.folder.id,
                    "astrodata.pipeline": self._pipeline.name,
                    **self._tags,
                },
                folder=self._pipeline.base,
            )
        )
        self._run = run
        self._record.fact("mlflow", {"run": run.ident, "uri": tracker.shown})
        run.parameters(self._record.shown_parameters)
        path = self._record.folder.path / "pipeline.yaml"
        if path.is_file():
            run.text("pipeline.yaml", path.read_text("utf-8"))

    def _sources(self, one: Prepared) -> None:
        for source in one.sources:
            if source.hash not in self._files:
                self._files.add(source.hash)
                local = None if "://" in source.path else source.path
                self._run.dataset(shown(source.path).rpartition("/")[2], source.hash, local)

    def _keep(self, one: Prepared, made: Made) -> None:
        name = one.step.name
        if one.told:
            self._run.parameters({name: {"block": one.step.block.name, **one.told}})
        for number, value, step in made.result.numbers:
            self._run.metrics({f"{name}.{number}": value}, step)
        words = {
            f"astrodata.{name}.{output}": kept.hash for output, kept in made.result.outputs.items()
        }
        self._run.tags({**words, f"astrodata.{name}.computed": str(made.computed)})
        for output, kept in made.result.outputs.items():
            if kept.kind == "picture":
                self._run.figure(f"{name}.{output}", self._cache.get(kept.hash).svg)

    def _safely(self, work: Callable[[], None]) -> None:
        # Hours of training must not be lost because a database was locked or a disk full.
        try:
            work()
        except Exception as error:  # noqa: BLE001 - whatever the store says
            self._lost(error)

    def _lost(self, error: BaseException) -> None:
        self._off, self._run = True, None
        self._record.note(f"the run is not kept in MLflow: {str(error)[:300]}")
