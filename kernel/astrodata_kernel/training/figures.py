"""Pictures of a training."""

from __future__ import annotations

from typing import Any

import pandas as pd


def history_figure(history: pd.DataFrame, starts: pd.DataFrame | None = None) -> Any:
    """Give the validation loss of all starts in one plot, round after round.

    Parameters
    ----------
    history
        As of `Training.history`.
    starts
        As of `Training.starts`: collapsed starts are drawn dashed and counted in the legend, the best thick.

    Returns
    -------
    matplotlib.figure.Figure
    """
    from ..drawing import CellFigure

    figure = CellFigure(figsize=(8, 3.6), layout="constrained")
    axes = figure.subplots()
    reasons = {}
    if starts is not None:
        reasons = {(r.round, r.start): r.collapsed for r in starts.itertuples()}
    offset, told = 0, set()
    for number, of_round in history.groupby("round"):
        colour = f"C{int(number) % 10}"
        for start, rows in of_round.groupby("start"):
            dead = bool(reasons.get((number, start)))
            name = f"round {number}" + (", collapsed" if dead else "")
            axes.plot(
                offset + rows.epoch + 1,
                rows.val_loss,
                color="0.55" if dead else colour,
                linestyle="--" if dead else "-",
                linewidth=0.9,
                marker="x" if dead else ".",
                markersize=4,
                label=None if name in told else name,
            )
            told.add(name)
        offset += int(of_round.epoch.max()) + 1
        axes.axvline(offset + 0.5, color="0.85", linewidth=0.8)
    if len(history) and (history.val_loss > 0).all():
        axes.set_yscale("log")
    if len(history) and "val_iou" in history:
        _scores(axes, history)
    many = history["round"].nunique() > 1
    axes.set_xlabel("epoch, rounds one after another" if many else "epoch")
    axes.set_ylabel("validation loss")
    if told:  # a training that was given up in its first epoch has no line
        axes.legend(fontsize="small", ncols=2)
    return figure


def _scores(axes: Any, history: pd.DataFrame) -> None:
    """Draw how well masks are met, which a loss does not tell, by an axis of its own."""
    beside = axes.twinx()
    for name, title, line in (("val_iou", "IoU", "-"), ("val_dice", "Dice", ":")):
        beside.plot(history.epoch + 1, history[name], "C2", linestyle=line, label=title)
    beside.set_ylim(0, 1)
    beside.set_ylabel("IoU and Dice of the validation")
    beside.legend(fontsize="small", loc="lower right")
