"""Pictures of a search: how it went, what mattered, where the good ones lie."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

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
    return figure


def _parallel(search: Search, done: Any) -> Any:
    from ..drawing import CellFigure

    names = [*done.columns[5:], "value"]
    figure = CellFigure(figsize=(1.6 * len(names) + 1.5, 3.5), layout="constrained")
    axes = figure.subplots()
    lines, shown = [], []
    for name in names:
        values, ticks = _places(done[name])
        low, high = float(np.min(values)), float(np.max(values))
        lines.append((values - low) / ((high - low) or 1))
        shown.append((ticks[0], ticks[-1]) if ticks else (f"{low:.4g}", f"{high:.4g}"))
    order = np.argsort(done.value.to_numpy())
    colours = (np.argsort(order) + 1) / len(order)
    if search.direction == "minimize":
        colours = 1 - colours
    from matplotlib import colormaps

    for row, strength in enumerate(colours):
        heights = [line[row] for line in lines]
        axes.plot(range(len(names)), heights, color=colormaps["viridis_r"](strength), alpha=0.7)
    for place, (low_text, high_text) in enumerate(shown):
        axes.axvline(place, color="0.6", linewidth=0.8)
        axes.text(place, -0.04, low_text, ha="center", va="top", fontsize=8)
        axes.text(place, 1.04, high_text, ha="center", va="bottom", fontsize=8)
    axes.set_xticks(range(len(names)), [*names[:-1], search.metric])
    axes.tick_params(axis="x", pad=14, length=0)
    axes.set_yticks([])
    axes.spines[:].set_visible(False)
    axes.set_ylim(-0.02, 1.12)
    return figure


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
