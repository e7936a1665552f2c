"""Pictures of how good a model of a table is; `astrodata_kernel.training.svg_of` makes text of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ...errors import BadRequest
from .scoring import metrics


def _axes(width: float = 4.6, height: float = 4.0) -> tuple[Any, Any]:
    from ...drawing import CellFigure

    figure = CellFigure(figsize=(width, height), layout="constrained")
    return figure, figure.subplots()


def _shown(name: Any) -> str:
    # Matplotlib would take what stands between dollars for a formula.
    return str(name)[:40].replace("$", r"\$")


def _curves(truth: Any, probabilities: Any) -> tuple[dict[str, Any], Any, list[tuple[Any, int]]]:
    if not isinstance(probabilities, pd.DataFrame):
        raise BadRequest(
            "curves need the table of TableModel.probabilities: a column for each class"
        )
    names = list(probabilities.columns)
    said = [names[number] for number in probabilities.to_numpy().argmax(axis=1)]
    # Which refuses what is missing, or of other rows.
    found = metrics(truth, said, probabilities, task="classification")
    sought = [1] if len(names) == 2 else list(range(len(names)))
    values = pd.Series(truth).reset_index(drop=True)
    drawn = [(names[n], n) for n in sought if 0 < (values == names[n]).sum() < len(values)]
    if not drawn:
        raise BadRequest("all rows are of one class: there is no curve of it")
    return found, values, drawn


def roc_figure(truth: Any, probabilities: pd.DataFrame) -> Any:
    """Give the share of each class that is found against the share of others taken for it.

    Parameters
    ----------
    truth
        Class of each row.
    probabilities
        As of `TableModel.probabilities`.

    Returns
    -------
    matplotlib.figure.Figure
        Of two classes the curve of the last one.

    Raises
    ------
    BadRequest
        Missing values, other rows, or one class only.
    """
    from sklearn.metrics import roc_auc_score, roc_curve

    _, values, drawn = _curves(truth, probabilities)
    figure, axes = _axes()
    for name, number in drawn:
        mine, p = (values == name).to_numpy(bool), probabilities.to_numpy()[:, number]
        false, true, _ = roc_curve(mine, p)
        axes.plot(false, true, label=f"{_shown(name)}: area {roc_auc_score(mine, p):.3f}")
    axes.plot([0, 1], [0, 1], color="0.7", linewidth=0.8, linestyle="--", label="by chance")
    axes.set_xlabel("false positive rate")
    axes.set_ylabel("true positive rate")
    axes.set_aspect("equal")
    axes.legend(fontsize="small", loc="lower right")
    return figure


def precision_recall_figure(truth: Any, probabilities: pd.DataFrame) -> Any:
    """Give how pure what is found is, against how much of it is found; as of `roc_figure`."""
    from sklearn.metrics import average_precision_score, precision_recall_curve

    _, values, drawn = _curves(truth, probabilities)
    figure, axes = _axes()
    for name, number in drawn:
        mine, p = (values == name).to_numpy(bool), probabilities.to_numpy()[:, number]
        precision, recall, _ = precision_recall_curve(mine, p)
        mean = average_precision_score(mine, p)
        (line,) = axes.step(
            recall, precision, where="post", label=f"{_shown(name)}: mean {mean:.3f}"
        )
        share = mine.mean()
        axes.axhline(share, color=line.get_color(), linewidth=0.8, linestyle="--")
    axes.plot([], [], color="0.5", linewidth=0.8, linestyle="--", label="by chance")
    axes.set_xlabel("recall")
    axes.set_ylabel("precision")
    axes.set_xlim(0, 1.01)
    axes.set_ylim(0, 1.03)
    axes.legend(fontsize="small", loc="lower left")
    return figure


def confusion_figure(truth: Any, predicted: Any, classes: Any = None) -> Any:
    """Give how many rows of each class were taken for which, with colours by the share of the true class.

    Raises
    ------
    BadRequest
        Missing values, or other rows.
    """
    found = metrics(truth, predicted, task="classification", classes=classes)
    table, names = np.array(found["confusion"]), [_shown(name) for name in found["classes"]]
    shares = table / np.maximum(table.sum(axis=1, keepdims=True), 1)
    side = max(3.4, 0.7 * len(names) + 1.8)
    figure, axes = _axes(side + 0.8, side)
    shown = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for (down, across), count in np.ndenumerate(table):
        colour = "white" if shares[down, across] > 0.55 else "black"
        text = f"{count:,}\n{100 * shares[down, across]:.1f} %"
        axes.text(across, down, text, ha="center", va="center", color=colour, fontsize="small")
    axes.set_xticks(range(len(names)), names, rotation=45 if max(map(len, names)) > 6 else 0)
    axes.set_yticks(range(len(names)), names)
    axes.set_xlabel("predicted")
    axes.set_ylabel("true")
    figure.colorbar(shown, ax=axes, label="share of the true class", shrink=0.8)
    return figure


def residuals_figure(truth: Any, predicted: Any, unit: str = "") -> Any:
    """Give how far off a regression is: predicted minus true against the true value, and how often.

    Raises
    ------
    BadRequest
        Missing values, or other rows.
    """
    from ...drawing import CellFigure

    found = metrics(truth, predicted, task="regression")
    right, said = np.asarray(truth, np.float64), np.asarray(predicted, np.float64)
    off = said - right
    figure = CellFigure(figsize=(7.2, 3.6), layout="constrained")
    left, beside = figure.subplots(1, 2, sharey=True, width_ratios=(3, 1))
    if len(off) > 5000:
        left.hexbin(right, off, gridsize=50, bins="log", cmap="viridis", mincnt=1)
    else:
        left.plot(right, off, ".", markersize=3, alpha=0.6)
    left.axhline(0, color="0.4", linewidth=0.8)
    r2 = "" if found["r2"] is None else f", R² {found['r2']:.3f}"
    left.set_title(f"RMSE {found['rmse']:.4g}, MAE {found['mae']:.4g}{r2}", fontsize="small")
    end = f" [{_shown(unit)}]" if unit else ""
    left.set_xlabel(f"true value{end}")
    left.set_ylabel(f"predicted − true{end}")
    # Rows that are all off by the same have a bar as well.
    low, high = float(off.min()), float(off.max())
    pad = max(0.02 * (high - low), 1e-6 * max(abs(low), abs(high))) or 1.0
    reach = (low - pad, high + pad)
    beside.hist(off, bins=40, range=reach, orientation="horizontal", color="C0")
    beside.axhline(0, color="0.4", linewidth=0.8)
    beside.set_xlabel("rows")
    return figure


def learning_figure(history: pd.DataFrame) -> Any:
    """Give the measures of each round or epoch, of `TableModel.history`.

    Raises
    ------
    BadRequest
        A history without rows: only XGBoost and Keras have one.
    """
    if not len(history):
        raise BadRequest("there is no history: only XGBoost and Keras models learn round by round")
    figure, axes = _axes(6.4, 3.4)
    for name in history.columns[1:]:
        part, _, measure = str(name).partition("_")
        axes.plot(
            history["step"],
            history[name],
            "-" if part == "train" else "--",
            label=f"{part}: {measure}",
        )
    axes.set_xlabel("round or epoch")
    axes.set_ylabel("measure")
    axes.legend(fontsize="small")
    return figure
