"""Pictures of a search: how it went, what mattered, where the good ones lie."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import BadRequest, closest

if TYPE_CHECKING:
    from .searching import Search

_GOOD, _POINT = "#1f77b4", "#9aa5b1"


def figure_of(search: Search, what: str) -> Any:
    """Draw a picture of a search.

    Raises
    ------
    BadRequest
        There is no such picture, or no trial to draw.
    """
    if what not in _FIGURES:
        raise BadRequest(
            f"{what!r}: the pictures are {', '.join(_FIGURES)}{closest(what, _FIGURES)}"
        )
    table = search.table
    done = table[table.state == "complete"] if len(table) else table
    if not len(done):
        raise BadRequest(
            f"no trial of {search.study.study_name} has ended: there is nothing to draw"
        )
    return _FIGURES[what](search, done)


def _history(search: Search, done: Any) -> Any:
    from ..drawing import CellFigure

    figure = CellFigure(figsize=(7, 3.5), layout="constrained")
    axes = figure.subplots()
    best = done.value.cummax() if search.direction == "maximize" else done.value.cummin()
    axes.plot(done.trial, done.value, "o", color=_POINT, label="trial")
    axes.step(done.trial, best, where="post", color=_GOOD, label="best so far")
    axes.set(xlabel="trial", ylabel=search.metric)
    axes.legend()
    return figure


def _importance(search: Search, done: Any) -> Any:
    import warnings

    import optuna

    from ..drawing import CellFigure

    if len(done) < 2:
        raise BadRequest("two trials at least must have ended to tell what mattered")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        found = optuna.importance.get_param_importances(
            search.study, evaluator=optuna.importance.FanovaImportanceEvaluator(seed=0)
        )
    names = list(found)[::-1]
    figure = CellFigure(figsize=(7, 1 + 0.4 * len(names)), layout="constrained")
    axes = figure.subplots()
    axes.barh(names, [found[name] for name in names], color=_GOOD)
    axes.set(xlabel=f"share of the variance of {search.metric} (fANOVA)", xlim=(0, 1))
    return figure


def _slice(search: Search, done: Any) -> Any:
    from ..drawing import CellFigure

    names = list(done.columns[5:])
    figure = CellFigure(figsize=(2.6 * len(names) + 0.6, 3), layout="constrained")
    for axes, name in zip(
        figure.subplots(1, len(names), sharey=True, squeeze=False)[0], names, strict=True
    ):
        values, ticks = _places(done[name])
        axes.scatter(values, done.value, c=done.trial, cmap="viridis", s=18)
        axes.set_xlabel(name)
        if ticks:
            axes.set_xticks(range(len(ticks)), ticks, rotation=30)
    figure.axes[0].set_ylabel(search.metric)
    figure.colorbar(figure.axes[0].collections[0], ax=figure.axes, label="trial")
    return figure


def _parallel(search: Search, done: Any) -> Any:
    from ..tracking.pictures import parallel_axes

    table = done.rename(columns={"value": search.metric})
    return parallel_axes(table, [*done.columns[5:], search.metric], search.metric)


def _places(column: Any) -> tuple[Any, list[str]]:
    if column.dtype.kind in "iuf" and not column.isna().any():
        return column.to_numpy(float), []
    names = sorted(map(str, column.unique()))
    return column.map(lambda one: names.index(str(one))).to_numpy(float), names


_FIGURES = {
    "history": _history,
    "importance": _importance,
    "parallel": _parallel,
    "slice": _slice,
}
