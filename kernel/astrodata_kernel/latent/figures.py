"""Pictures of latents, garages and efficiencies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from .efficiencies import Efficiency
from .garage import Garage
from .regions import latents_of


def efficiency_figure(curves: Mapping[str, Efficiency], title: str = "") -> Any:
    """Give efficiency curves of several detectors on one axis, with intervals and fits.

    Parameters
    ----------
    curves
        By name; the first one is drawn thickest.
    title
        Above the picture.

    Returns
    -------
    matplotlib.figure.Figure
    """
    from ..drawing import CellFigure

    figure = CellFigure(figsize=(8, 4.4), layout="constrained")
    axes = figure.subplots()
    for i, (name, curve) in enumerate(curves.items()):
        table, colour = curve.table, f"C{i}"
        low = np.maximum(table.efficiency - table.lower, 0)
        high = np.maximum(table.upper - table.efficiency, 0)
        label = name if curve.note else f"{name}: 50 % at {curve.midpoint:.4f}"
        axes.errorbar(
            table.centre,
            table.efficiency,
            [low, high],
            fmt="osD^v<>p"[i % 8],
            color=colour,
            markersize=5 if i == 0 else 3.5,
            linewidth=0.9,
            label=label,
        )
        if not curve.note:
            grid = np.geomspace(table.low.min(), table.high.max(), 300)
            axes.plot(grid, curve.curve(grid), color=colour, linewidth=2 if i == 0 else 0.9)
    axes.axhline(0.99, color="0.8", linewidth=0.8, linestyle="--")
    axes.set_xscale("log")
    axes.set_ylim(-0.03, 1.05)
    axes.set_xlabel("true amplitude of the pulse")
    axes.set_ylabel("share of signals that are tagged")
    axes.set_title(title, fontsize="medium")
    axes.legend(fontsize="small", loc="lower right")
    return figure


def latent_histograms(
    groups: Mapping[str, npt.ArrayLike], garage: Garage | None = None, bins: int = 80
) -> Any:
    """Give the histograms of each latent, of noise, training and test side by side.

    Parameters
    ----------
    groups
        Latents by name, each of shape (n, z).
    garage
        Its intervals are shaded.
    bins
        Of each histogram, which reaches three widths of the garage beyond it, or over the central 98 % of
        all points where there is no garage.

    Returns
    -------
    matplotlib.figure.Figure
    """
    from ..drawing import CellFigure

    values = {name: latents_of(z) for name, z in groups.items()}
    width = next(iter(values.values())).shape[1]
    figure = CellFigure(figsize=(3.0 * width, 2.8), layout="constrained")
    for i, axes in enumerate(np.atleast_1d(figure.subplots(1, width))):
        column = np.concatenate([z[:, i] for z in values.values()])
        low, high = np.nanpercentile(column, [1, 99])
        if garage is not None:
            # About the garage: signals reach a hundred times as far, where there is nothing to see.
            first, last = garage.intervals[i]
            low, high = first - 3 * (last - first), last + 3 * (last - first)
            axes.axvspan(*garage.intervals[i], color="0.88", zorder=0)
        edges = np.linspace(low, high if high > low else low + 1, bins + 1)
        for name, z in values.items():
            axes.hist(z[:, i], edges, histtype="step", density=True, label=name)
        axes.set_yscale("log")
        axes.set_xlabel(f"z{i}")
        if i == 0:
            axes.set_ylabel("density")
            axes.legend(fontsize="small")
    return figure


def comparison_table(compared: pd.DataFrame) -> str:
    """Give a comparison as a Markdown table of per cents with intervals."""
    names = list(dict.fromkeys(compared.detector))
    amplitudes = list(dict.fromkeys(compared.amplitude))
    head = ["detector", "false positives %", *[f"A = {a:g}" for a in amplitudes if a]]
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for name in names:
        cells = [name]
        for amplitude in amplitudes:
            row = compared[(compared.detector == name) & (compared.amplitude == amplitude)].iloc[0]
            cells.append(f"{100 * row.rate:.1f} [{100 * row.low:.1f}, {100 * row.high:.1f}]")
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)
