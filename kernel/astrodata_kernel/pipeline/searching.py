"""Searches: trials of a pipeline whose parameters Optuna chooses, resumed, pruned, side by side."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import AstrodataError, BadRequest, Cancelled, MissingPackage, UnknownName, closest
from ..workspace import FOLDER, workspace
from .running import run
from .search_spaces import distributions

if TYPE_CHECKING:
    import pandas as pd

    from .pipelines import Pipeline

ROOM = "searches"
"""Of the workspace: one journal a search, which is only ever appended to."""

_PATIENCE = 0.5


class Search:
    """What a search has found so far.

    Parameters
    ----------
    study
        Optuna's, for all else that it can tell.
    metric, direction
        What was looked for.
    root
        The workspace.
    """

    def __init__(self, study: Any, metric: str, direction: str, root: Path) -> None:
        self.study, self.metric, self.direction, self.root = study, metric, direction, root

    @property
    def best(self) -> dict[str, Any]:
        """The parameters of the best trial.

        Raises
        ------
        UnknownName
            No trial has ended yet.
        """
        return dict(self._best().params)

    @property
    def value(self) -> float:
        """Its number."""
        return float(self._best().value)

    @property
    def run(self) -> str:
        """Id of its run; `Run.of` gives it."""
        return str(self._best().user_attrs["run"])

    @property
    def table(self) -> pd.DataFrame:
        """One row a trial: number, value, state, seconds, run, and the parameters."""
        import pandas as pd

        rows = [
            {
                "trial": one.number,
                "value": one.value,
                "state": one.state.name.lower(),
                "seconds": None if one.duration is None else one.duration.total_seconds(),
                "run": one.user_attrs.get("run", ""),
                **one.params,
            }
            for one in self.study.get_trials(deepcopy=False)
        ]
        return pd.DataFrame(rows)

    def figure(self, what: str = "history") -> Any:
        """Draw ``"history"``, ``"importance"``, ``"parallel"`` or ``"slice"``, as a figure of Matplotlib."""
        from .search_figures import figure_of

        return figure_of(self, what)

    def __repr__(self) -> str:
        states = [one.state.name for one in self.study.get_trials(deepcopy=False)]
        told = (
            f"{len(states)} trials, {states.count('PRUNED')} pruned, {states.count('FAIL')} failed"
        )
        if "COMPLETE" in states:
            told += f"; best {self.metric} = {self.value:.6g} with {self.best}"
        return f"<Search {self.study.study_name}: {told}>"

    def _repr_html_(self) -> str:
        from html import escape

        from ..drawing import svg_of
        from .pictures import Picture

        shown = f"<p>{escape(repr(self)[1:-1])}</p>"
        if any(one.state.name == "COMPLETE" for one in self.study.get_trials(deepcopy=False)):
            shown += Picture(svg_of(self.figure("history")))._repr_html_()
        return shown + str(self.table.tail(20).to_html(index=False, escape=True))

    def _best(self) -> Any:
        try:
            return self.study.best_trial
        except ValueError:
            raise UnknownName(f"no trial of {self.study.study_name} has ended yet") from None


def search(
    pipeline: Pipeline,
    space: Mapping[str, Any],
    metric: str,
    *,
    trials: int,
    direction: str,
    name: str | None,
    seed: int,
    cluster: Any,
    at_once: int | None,
    prune: bool,
    track: Any,
    root: Any,
    progress: Callable[[dict[str, Any]], None] | None,
    cancelled: Callable[[], bool] | None,
    chosen: Mapping[str, Any],
) -> Search:
    """Search; as of `Pipeline.search`."""
    if direction not in ("maximize", "minimize"):
        raise BadRequest(f"direction {direction!r}: give maximize or minimize")
    step = metric.partition(".")[0]
    if step not in pipeline.steps:
        raise UnknownName(
            f"metric {metric!r}: there is no step {step!r}{closest(step, pipeline.steps)}"
        )
    for one in space:
        _check_parameter(pipeline, one)
    pipeline.values({**{k: None for k in space if "." not in k}, **chosen})
    place = workspace(root)
    found = distributions(space)
    study = _study(place, name or f"{pipeline.name}-{metric}", direction, seed, prune)
    _release(study, place)
    tried = _Trials(pipeline, found, metric, study, place, prune, track, cluster, cancelled, chosen)
    count = at_once or (1 if cluster in (None, False) else max(1, len(cluster.workers)))
    result = Search(study, metric, direction, place)
    # Threads wait for steps that cluster's workers do; without a cluster there is one.
    with ThreadPoolExecutor(count, thread_name_prefix="astrodata-search") as pool:
        left: set[Future[dict[str, Any]]] = set()
        try:
            while True:
                while len(left) < count and not tried.ended and _count(study) < trials:
                    left.add(pool.submit(tried.one, study.ask(found)))
                if not left:
                    break
                done, left = wait(left, timeout=_PATIENCE, return_when=FIRST_COMPLETED)
                for future in done:
                    told = future.result()
                    if progress is not None:
                        progress({**told, "done": _count(study), "trials": trials})
        except BaseException:
            tried.end()
            raise
    return result


class _Trials:
    """Does trials."""

    def __init__(
        self,
        pipeline: Pipeline,
        space: Mapping[str, Any],
        metric: str,
        study: Any,
        root: Path,
        prune: bool,
        track: Any,
        cluster: Any,
        cancelled: Callable[[], bool] | None,
        chosen: Mapping[str, Any],
    ) -> None:
        self._pipeline, self._space, self._metric = pipeline, space, metric
        self._study, self._root, self._prune = study, root, prune
        self._track, self._cluster, self._asked = track, cluster, cancelled
        self._chosen = dict(chosen)
        self._end = False

    @property
    def ended(self) -> bool:
        """Whether no further trial shall begin."""
        if not self._end and self._asked is not None and self._asked():
            self._end = True
        return self._end

    def end(self) -> None:
        """Have all trials end."""
        self._end = True

    def one(self, trial: Any) -> dict[str, Any]:
        """Do a trial, tell Optuna what came of it, and give that."""
        from optuna.trial import TrialState

        watch = _Watch(trial, self._metric, self._prune)
        values = dict(self._chosen)
        steps: dict[str, dict[str, Any]] = {}
        for name, value in trial.params.items():
            step, _, parameter = name.partition(".")
            if parameter:
                steps.setdefault(step, {})[parameter] = value
            else:
                values[name] = value
        pipeline = self._pipeline.with_parameters(**steps)
        step = self._metric.partition(".")[0]
        told: dict[str, Any] = {"trial": trial.number, "parameters": dict(trial.params)}
        try:
            done = run(
                pipeline,
                values,
                upto=step,
                cluster=False if self._cluster is None else self._cluster,
                track=self._tracker(trial),
                fresh=False,
                root=self._root,
                progress=watch.began,
                hear=watch.heard,
                cancelled=lambda: watch.pruned or self.ended,
                tags={
                    "astrodata.search": self._study.study_name,
                    "astrodata.trial": str(trial.number),
                },
            )
            value = _number(done, self._metric)
        except Cancelled:
            state = TrialState.PRUNED if watch.pruned else TrialState.FAIL
            self._study.tell(trial, state=state)
            return {**told, "state": state.name.lower(), "value": None}
        except UnknownName:
            self._study.tell(trial, state=TrialState.FAIL)
            self._end = True
            raise
        except AstrodataError as error:
            # A trial that fails is a result; that all do, a person sees in the table.
            trial.set_user_attr("error", str(error)[:500])
            self._study.tell(trial, state=TrialState.FAIL)
            return {**told, "state": "fail", "value": None, "error": str(error)}
        self._study.tell(trial, value)
        return {**told, "state": "complete", "value": value}

    def _tracker(self, trial: Any) -> Any:
        if self._track is False:
            return False
        from dataclasses import replace
        from importlib.util import find_spec

        from ..tracking import Tracker

        if self._track is None and not find_spec("mlflow"):
            return False
        tracker = (
            self._track
            if isinstance(self._track, Tracker)
            else Tracker(root=self._root, system_metrics=None)
        )
        return replace(tracker, name=f"{self._study.study_name}-{trial.number}")


class _Watch:
    """Sees the numbers of a trial while it is under way, and tells Optuna."""

    def __init__(self, trial: Any, metric: str, prune: bool) -> None:
        self._trial, self._prune = trial, prune
        self._step, _, self._name = metric.partition(".")
        self._known = False
        self.pruned = False

    def began(self, record: Mapping[str, Any]) -> None:
        """Note which run this is."""
        if not self._known:
            self._known = True
            self._trial.set_user_attr("run", record["id"])

    def heard(self, step: str, values: Mapping[str, float], epoch: int | None) -> None:
        """Take in numbers of an epoch."""
        if step != self._step or self._name not in values or epoch is None or self.pruned:
            return
        self._trial.report(values[self._name], int(epoch))
        if self._prune and self._trial.should_prune():
            self.pruned = True


def _study(root: Path, name: str, direction: str, seed: int, prune: bool) -> Any:
    try:
        import optuna
        from optuna.storages import JournalStorage
        from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock
    except ImportError:
        raise MissingPackage(
            'searches need Optuna; run "pip install astrodata-lab[pipeline]" in this kernel\'s environment'
        ) from None
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    folder = root / FOLDER / ROOM
    folder.mkdir(parents=True, exist_ok=True)
    slug = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.")[:80] or "search"
    path = str(folder / f"{slug}.log")
    # A journal that is only appended to, with a lock that network file systems keep: no SQLite there.
    storage = JournalStorage(JournalFileBackend(path, lock_obj=JournalFileOpenLock(path)))
    sampler = optuna.samplers.TPESampler(seed=seed)
    pruner = (
        optuna.pruners.MedianPruner(n_startup_trials=5) if prune else optuna.pruners.NopPruner()
    )
    study = optuna.create_study(
        storage=storage,
        study_name=slug,
        direction=direction,
        sampler=sampler,
        pruner=pruner,
        load_if_exists=True,
    )
    if study.direction.name.lower() != direction:
        raise BadRequest(
            f"the search {slug} is there already, and to {study.direction.name.lower()}: name another"
        )
    return study


def _release(study: Any, root: Path) -> None:
    """Give up trials whose process has gone, and have their parameters tried again."""
    from optuna.trial import TrialState

    from ..runs import run_of

    for trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        ident = trial.user_attrs.get("run")
        state = "lost"
        if ident is not None:
            with contextlib.suppress(AstrodataError, OSError):
                state = run_of(ident, root).state
        if state != "running":
            study.tell(trial.number, state=TrialState.FAIL)
            study.enqueue_trial(trial.params)


def _count(study: Any) -> int:
    """Count trials that are under way or have ended; those that were given up do not count."""
    return sum(
        one.state.name in ("COMPLETE", "PRUNED", "RUNNING") or "error" in one.user_attrs
        for one in study.get_trials(deepcopy=False)
    )


def _check_parameter(pipeline: Pipeline, name: str) -> None:
    step, point, parameter = name.partition(".")
    if not point:
        pipeline.values({name: None})
        return
    pipeline.with_parameters(**{step: {parameter: None}})


def _number(done: Any, metric: str) -> float:
    numbers = done.metrics
    if metric in numbers:
        return float(numbers[metric])
    with contextlib.suppress(UnknownName, TypeError, ValueError):
        return float(done.outputs[metric])
    raise UnknownName(
        f"there is no number {metric!r}{closest(metric, [*numbers, *done.outputs])}; the steps tell "
        f"{', '.join(numbers) or 'none'}"
    )
