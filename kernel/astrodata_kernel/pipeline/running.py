"""A run: what is not done yet is done, in order or side by side, while others look on and may end it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import AstrodataError, Cancelled, DamagedFile, DataCheckFailed, UnknownName, closest
from ..tracking import code_version
from ..workspace import workspace
from .caching import Cache, Result
from .data_testing import tested
from .keeping import Keeper
from .making import Job, Made, flush_lineage, kept_result, make
from .planning import Prepared, hash_of, hashes_of, prepared
from .results import Run
from .run_records import Hear, RunRecord
from .steps import Step, needed, substituted
from .telling import Table, teller_of

if TYPE_CHECKING:
    from .pipelines import Pipeline


def run(
    pipeline: Pipeline,
    chosen: Mapping[str, Any],
    *,
    upto: str | None,
    cluster: Any,
    track: Any,
    fresh: bool | Sequence[str],
    root: Any,
    progress: Any,
    cancelled: Callable[[], bool] | None,
    tags: Mapping[str, str] | None = None,
    hear: Hear | None = None,
) -> Run:
    """Run a pipeline; as of `Pipeline.run`, with tags for MLflow, and numbers told as they come."""
    place = workspace(root)
    cache = Cache(place)
    values = pipeline.values(chosen)
    steps = needed(pipeline.order, upto, pipeline.name)
    anew = _anew(fresh, steps)
    tests = pipeline.tests_by_output()
    ready = prepared(pipeline, values, steps, place, cache)
    client = _client_of(cluster)
    tell = teller_of(progress)
    record = RunRecord.begin(pipeline, values, steps, place, tell, cancelled, hear)
    keeper = Keeper(track, pipeline, record, cache, place, tags)
    found = Run(record.folder, place, told=isinstance(tell, Table))
    running = _Running(pipeline, ready, place, cache, record, keeper, anew, client, values, tests)
    state: str = "failed"
    told: BaseException | None = None
    try:
        with record.alive(), keeper:
            running.all()
        state = "finished"
    except (KeyboardInterrupt, Cancelled) as error:
        state = "cancelled"
        told = Cancelled(
            f"run {found.id} was {'interrupted' if isinstance(error, KeyboardInterrupt) else 'cancelled'}: "
            "what was done is kept, run the pipeline again to go on"
        )
        told.run = found  # type: ignore[attr-defined]
        raise told from None
    except AstrodataError as error:
        error.run = found  # type: ignore[attr-defined]
        told = error
        raise
    except BaseException as error:
        told = error
        raise
    finally:
        flush_lineage(place)
        record.end(state, told)
    return found


class _Running:
    """The steps of one run, as far as they are."""

    def __init__(
        self,
        pipeline: Pipeline,
        ready: list[Prepared],
        root: Path,
        cache: Cache,
        record: RunRecord,
        keeper: Keeper,
        anew: set[str],
        client: Any,
        values: Mapping[str, Any],
        tests: Mapping[str, Mapping[str, Any]],
    ) -> None:
        self._pipeline, self._root, self._cache = pipeline, root, cache
        self._values = values
        self._tests = tests
        self._record, self._keeper = record, keeper
        self._anew, self._client = anew, client
        self._ready = {one.step.name: one for one in ready}
        self._steps = {one.step.name: one.step for one in ready}
        self._results: dict[str, Result] = {}
        # Of the folder that is worked in, asked once: a question to Git takes milliseconds.
        self._version: Any = None

    def all(self) -> None:
        """Do all steps; side by side where a cluster sees the workspace, and else one after the other."""
        self._version = code_version(self._pipeline.base).facts()
        if self._client is not None and len(self._ready) > 1:
            from .on_clusters import Workers, sees

            if sees(self._client, self._record.folder.path):
                with Workers(self._client, self._record) as workers:
                    self._on(workers)
                return
        for name in self._ready:
            self._record.check()
            self._one(name)

    def _one(self, name: str) -> None:
        known = kept_result(self._job(name), self._cache)
        if known is not None:
            self._done(name, Made(known, computed=False))
            return
        self._begin(name)
        try:
            try:
                made = self._make(name)
            except DamagedFile:
                # What another step gave was damaged since: it is made anew, and this one tried again.
                lost = self._lost(name)
                if not lost:
                    raise
                for other in lost:
                    self._one(other)
                made = self._make(name)
        except BaseException as error:
            self._record.broke(name, error)
            raise
        self._done(name, made)

    def _make(self, name: str) -> Made:
        hear = self._record.listener(name)
        tell, cancelled = self._record.teller(name), self._record.cancelled
        return make(self._job(name), tell, cancelled, self._own_client, hear)

    def _lost(self, name: str) -> set[str]:
        """Give the steps that gave a step values which are not in the cache any more."""
        step = self._steps[name]
        return {
            ref.step
            for ref in step.needs
            if ref.step not in self._results
            or not self._cache.has(hash_of(ref, step, self._steps, self._results))
        }

    def _on(self, workers: Any) -> None:
        left = dict(self._ready)
        mended: set[str] = set()
        while left or workers.under_way:
            self._record.check()
            for name in list(left):
                if not all(ref.step in self._results for ref in self._steps[name].needs):
                    continue
                del left[name]
                job = self._job(name)
                known = kept_result(job, self._cache)
                if known is not None:
                    self._done(name, Made(known, computed=False))
                    continue
                self._begin(name)
                workers.submit(name, job)
            for name, made in workers.ready():
                if isinstance(made, DamagedFile) and name not in mended:
                    # As in one process: what was damaged is made anew, and this one tried again, once.
                    mended.add(name)
                    lost = self._lost(name)
                    for other in lost:
                        # What has no result is being made anew already, for another one that needs it.
                        if self._results.pop(other, None) is not None:
                            left[other] = self._ready[other]
                    if lost:
                        left[name] = self._ready[name]
                        continue
                if isinstance(made, BaseException):
                    self._record.broke(name, made)
                    raise made
                self._done(name, made)

    def _job(self, name: str) -> Job:
        one = self._ready[name]
        step = one.step
        inputs = hashes_of(step, self._steps, self._results)
        origins = {
            port: [f"{ref.step}.{self._steps[ref.step].output(ref, name)}" for ref in refs]
            for port, refs in step.inputs.items()
        }
        return Job(
            root=str(self._root),
            run=self._record.folder.id,
            pipeline=self._pipeline.name,
            step=name,
            block=step.block,
            key=one.key(inputs),
            inputs=inputs,
            origins=origins,
            parameters=one.parameters,
            told=one.told,
            sources=one.sources,
            anew=name in self._anew or not step.cache,
            code_version=self._version,
            base=str(self._pipeline.base),
            code=one.code,
        )

    def _begin(self, name: str) -> None:
        one = self._ready[name]
        self._record.began(name)
        self._keeper.began(one)

    def _done(self, name: str, made: Made) -> None:
        step = self._steps[name]
        self._results[name] = made.result
        try:
            self._test(step, made.result)
        except DataCheckFailed as error:
            self._record.broke(name, error, made)
            raise
        self._record.done(name, made)
        self._keeper.done(self._ready[name], made)

    def _test(self, step: Step, result: Result) -> None:
        for output, tests in self._tests.get(step.name, {}).items():
            digest = result.outputs[output].hash
            given = substituted(tests, self._values, f"tests of {step.name}.{output}")
            base = self._pipeline.base
            tested(self._cache, self._record, base, step.name, output, digest, given)

    def _own_client(self) -> Any:
        return self._client


def _anew(fresh: bool | Sequence[str], steps: Sequence[Step]) -> set[str]:
    names = [step.name for step in steps]
    if isinstance(fresh, bool):
        return set(names) if fresh else set()
    wanted = [fresh] if isinstance(fresh, str) else list(fresh)
    for name in wanted:
        if name not in names:
            raise UnknownName(f"fresh: there is no step {name!r}{closest(str(name), names)}")
    return set(wanted)


def _client_of(cluster: Any) -> Any:
    """Give the Dask client of what was given, or of the cluster that is open; None for this process."""
    if cluster is False:
        return None
    if cluster is None:
        from ..compute import current

        cluster = current()
    return getattr(cluster, "client", cluster)
