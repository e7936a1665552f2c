"""Pictures of importances."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import BadRequest, UnknownName

if TYPE_CHECKING:
    from .results import Importance


def _shown(name: Any) -> str:
    # Matplotlib would take what stands between dollars for a formula.
    text = str(name).replace("$", r"\$")
    return text if len(text) <= 40 else f"{text[:39]}…"


def bars(found: Importance, most: int) -> Any:
    """Give horizontal bars, the longest on top, with the spread over repeats or rows."""
    from ..drawing import CellFigure

    top = found.table.head(most)[::-1]
    figure = CellFigure(figsize=(6.4, 0.9 + 0.27 * len(top)), layout="constrained")
    axes = figure.subplots()
    places = np.arange(len(top))
    axes.barh(places, top["mean"], color="C0", alpha=0.85)
    if found.method == "permutation":
        each = found.values[: len(top)][::-1]
        axes.errorbar(
            top["mean"], places, xerr=top["std"], fmt="none", ecolor="0.25", capsize=2, linewidth=1
        )
        for place, values in zip(places, each, strict=True):
            axes.plot(values, np.full(len(values), place), ".", color="0.25", markersize=2.5)
        worse = (
            "gain"
            if found.metric in ("log_loss", "rmse", "mae", "median_absolute_error")
            else "loss"
        )
        axes.set_xlabel(f"{worse} of {found.metric} when shuffled (as it is: {found.base:.3g})")
    else:
        axes.set_xlabel(f"mean size of SHAP values: {_shown(found.metric)}")
    axes.axvline(0, color="0.4", linewidth=0.8)
    axes.set_yticks(places, [_shown(name) for name in top.index])
    axes.set_title(f"What {_shown(found.target)} rests on", fontsize="medium")
    axes.margins(y=0.02)
    return figure


def swarm(found: Importance, most: int, of: Any) -> Any:
    """Give the SHAP values of all rows as points, one line of them for each column."""
    from ..drawing import CellFigure

    if found.method != "shap" or found.features is None:
        raise BadRequest('only method="shap" tells of single rows: use figure() of a permutation')
    values, what = found.values, found.metric
    if values.ndim == 3:
        chosen = found.classes[-1] if of is None else of
        if chosen not in found.classes:
            names = [str(name) for name in found.classes]
            close = difflib.get_close_matches(str(of), names, 1, 0.5) or names
            raise UnknownName(f"there is no class {of!r}: there are {', '.join(close)}")
        values = values[:, :, found.classes.index(chosen)]
        what = f"{what.removesuffix(' of each class')} of {chosen}"
    names = list(found.table.index[:most])
    figure = CellFigure(figsize=(6.8, 1.1 + 0.34 * len(names)), layout="constrained")
    axes = figure.subplots()
    axes.axvline(0, color="0.5", linewidth=0.8)
    span = float(np.ptp(values)) or 1.0
    drawn = None
    for number, name in enumerate(names):
        x = values[:, number]
        height = _heights(x, span)
        column = found.features[name].to_numpy(float)
        place = len(names) - 1 - number + height
        if np.isnan(column).all():
            axes.scatter(x, place, s=6, color="0.55", linewidths=0)
            continue
        # By rank: a single wild value would leave one colour to all others.
        order = np.argsort(np.argsort(column, kind="stable"), kind="stable") / max(
            1, len(column) - 1
        )
        first, inverse = np.unique(column, return_inverse=True)
        shade = np.array([order[inverse == n].mean() for n in range(len(first))])[inverse]
        drawn = axes.scatter(x, place, s=6, c=shade, cmap="coolwarm", vmin=0, vmax=1, linewidths=0)
    axes.set_yticks(range(len(names)), [_shown(name) for name in names[::-1]])
    axes.set_xlabel(f"SHAP value: {_shown(what)}")
    axes.set_ylim(-0.7, len(names) - 0.3)
    if drawn is not None:
        bar = figure.colorbar(drawn, ax=axes, ticks=[0, 1], aspect=30, pad=0.02)
        bar.ax.set_yticklabels(["low", "high"])
        bar.set_label("value of the column, by rank", labelpad=-12)
    return figure


def _heights(x: Any, span: float) -> Any:
    """Give how far from its line each point is drawn, so that those of one value stand side by side."""
    places = np.rint(x / span * 120).astype(int)
    height = np.zeros(len(x))
    for place in np.unique(places):
        mine = np.flatnonzero(places == place)
        steps = np.arange(len(mine))
        height[mine] = np.where(steps % 2, 1, -1) * ((steps + 1) // 2)
    return height * (0.38 / max(1.0, np.abs(height).max()))
