"""Runs beside each other: what differs between them, as a table and as a picture."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from ..errors import BadRequest, UnknownName, closest
from .open_runs import Run
from .stores import in_words
from .trackers import Tracker

_MOST = 1000
_SHOWN = 50


@dataclass(frozen=True, eq=False)
class Comparison:
    """Runs beside each other, as `compare` gives them.

    Parameters
    ----------
    table
        One row a run, its id the index: name, parameters and metrics that differ, then those that do not.
    parameters, metrics
        Names of the columns that are one or the other.
    differing
        Columns, of both, whose values are not the same in all runs.
    """

    table: pd.DataFrame
    parameters: tuple[str, ...]
    metrics: tuple[str, ...]
    differing: tuple[str, ...]

    def figure(self, colour: str | None = None) -> Any:
        """Give the runs as lines across one axis for each parameter and metric that differs.

        Parameters
        ----------
        colour
            Metric that colours the lines; by default the last one.

        Returns
        -------
        matplotlib.figure.Figure

        Raises
        ------
        UnknownName
            There is no such metric.
        """
        from .pictures import parallel_axes

        if colour is not None and colour not in self.metrics:
            raise UnknownName(
                f"no run has a metric {colour!r}{closest(colour, self.metrics)}; there are: "
                f"{', '.join(self.metrics[:8]) or 'none'}"
            )
        drawn = self.differing or (*self.parameters, *self.metrics)
        numbers = [name for name in drawn if name in self.metrics]
        return parallel_axes(self.table, drawn, colour or (numbers[-1] if numbers else None))

    def _repr_html_(self) -> str:
        from ..drawing import svg_of

        picture = svg_of(self.figure(), tight=True) if self.parameters or self.metrics else ""
        rows: str = self.table.head(_SHOWN).to_html(escape=True, na_rep="", border=0)
        more = len(self.table) - _SHOWN
        return picture + rows + (f"<p>and {more} more runs</p>" if more > 0 else "")


def compare(
    runs: str | Iterable[str | Run] | None = None,
    metrics: Sequence[str] | None = None,
    parameters: Sequence[str] | None = None,
    *,
    tracker: Tracker | None = None,
) -> Comparison:
    """Give runs beside each other.

    Parameters
    ----------
    runs
        Ids of runs, or the runs; or the name of an experiment, the tracker's by default, whose last thousand
        are taken.
    metrics, parameters
        Names to compare; all by default. Metrics of the machine (``system/…``) only where they are named.
    tracker
        Of the store; the workspace's by default.

    Raises
    ------
    UnknownName
        There is no such experiment or run, or none has such a metric or parameter.
    """
    tracker = tracker or Tracker()
    client = tracker.client(write=False)
    found = _found(tracker, client, runs)
    table, names, numbers = _table(found, metrics, parameters)
    # A run that lacks a word, as one that was kept by hand, makes it no difference between the others.
    differing = [name for name in (*names, *numbers) if table[name].nunique() > 1]
    same = [name for name in (*names, *numbers) if name not in differing]
    ordered = table[["name", *differing, *same, "status"]]
    return Comparison(ordered, tuple(names), tuple(numbers), tuple(differing))


def _found(tracker: Tracker, client: Any, runs: str | Iterable[str | Run] | None) -> list[Any]:
    with in_words(tracker.address):
        if runs is not None and not isinstance(runs, str):
            return [client.get_run(one if isinstance(one, str) else one.ident) for one in runs]
        name = runs or tracker.experiment
        known = client.get_experiment_by_name(name)
        if known is None:
            names = [one.name for one in client.search_experiments()]
            raise UnknownName(
                f"there is no experiment {name!r}{closest(name, names)}; there are: {', '.join(names[:8])}"
            )
        return list(client.search_runs([known.experiment_id], max_results=_MOST))


def _table(
    runs: list[Any], metrics: Sequence[str] | None, parameters: Sequence[str] | None
) -> tuple[pd.DataFrame, list[str], list[str]]:
    if not runs:
        raise BadRequest("there is no run to compare yet")
    has_parameters = _ordered(run.data.params for run in runs)
    has_metrics = _ordered(run.data.metrics for run in runs)
    names = _chosen(parameters, has_parameters, "parameter", lambda _: True)
    numbers = _chosen(metrics, has_metrics, "metric", lambda name: not name.startswith("system/"))
    columns: dict[str, Any] = {"name": [run.info.run_name or "" for run in runs]}
    for name in names:
        columns[_free(name, columns)] = _typed([run.data.params.get(name) for run in runs])
    kept = list(columns)[1:]
    for name in numbers:
        columns[_free(name, columns)] = [run.data.metrics.get(name, float("nan")) for run in runs]
    told = list(columns)[1 + len(kept) :]
    columns["status"] = [run.info.status for run in runs]
    return (
        pd.DataFrame(columns, index=pd.Index([r.info.run_id for r in runs], name="run")),
        kept,
        told,
    )


def _ordered(sets: Iterable[Any]) -> list[str]:
    return sorted({name for one in sets for name in one})


def _chosen(wanted: Sequence[str] | None, known: list[str], what: str, default: Any) -> list[str]:
    if wanted is None:
        return [name for name in known if default(name)]
    for name in wanted:
        if name not in known:
            raise UnknownName(
                f"no run has a {what} {name!r}{closest(name, known)}; there are: {', '.join(known[:8])}"
            )
    return list(wanted)


def _free(name: str, taken: dict[str, Any]) -> str:
    # A parameter and a metric may be called the same, and either may be called like a column of ours.
    while name in taken or name == "status":
        name += " "
    return name


def _typed(values: list[str | None]) -> list[Any]:
    """Give numbers where all that is there are numbers, and texts else."""
    made = pd.to_numeric(pd.Series(values, dtype=object), errors="coerce")
    if made.notna().sum() == sum(value is not None for value in values) and made.notna().any():
        return [float(value) for value in made]
    return list(values)
