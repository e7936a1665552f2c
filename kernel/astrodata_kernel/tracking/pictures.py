"""Pictures of runs: figures as text, and runs as lines across axes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

_MOST_AXES = 12
_MOST_WORDS = 12  # categories on an axis that are written
_WIDE = 100.0  # ratio of largest to smallest beyond which an axis is logarithmic


def parallel_axes(table: pd.DataFrame, columns: Sequence[str], colour: str | None) -> Any:
    """Give runs as lines across parallel axes, one axis a column; a value that is missing breaks the line.

    Parameters
    ----------
    table
        One row a run; numbers or words.
    columns
        At most 12 are drawn.
    colour
        Column of numbers whose value colours the lines, or None.

    Returns
    -------
    matplotlib.figure.Figure
        With its own light ground, so that it is read in a dark theme too.
    """
    from matplotlib import colormaps

    from ..drawing import CellFigure

    columns = list(columns)[:_MOST_AXES]
    figure = CellFigure(figsize=(max(2.0 + 1.4 * len(columns), 4.0), 3.8), layout="constrained")
    figure.set_facecolor("white")
    axes = figure.subplots()
    axes.set_axis_off()
    places = np.full((len(table), len(columns)), np.nan)
    for number, name in enumerate(columns):
        places[:, number], ticks = _placed(table[name])
        axes.plot([number, number], [0, 1], color="0.3", linewidth=1)
        axes.text(number, 1.1, _short(name, 22), ha="center", fontsize=9, weight="bold")
        for place, words in ticks:
            axes.text(
                number + 0.03, place, _short(words, 16), fontsize=8, va="center", color="0.25"
            )
    shades = _placed(table[colour])[0] if colour else np.full(len(table), 0.4)
    for line, shade in zip(places, shades, strict=True):
        drawn = colormaps["viridis"](0.9 * shade) if np.isfinite(shade) else "0.6"
        axes.plot(
            range(len(columns)),
            line,
            color=drawn,
            marker="o",
            markersize=3,
            linewidth=1.3,
            alpha=0.85,
        )
    axes.set_xlim(-0.3, max(len(columns) - 0.4, 0.7))
    axes.set_ylim(-0.08, 1.2)
    return figure


def _placed(values: pd.Series) -> tuple[np.ndarray[Any, Any], list[tuple[float, str]]]:
    """Give each value's place on its axis, 0 to 1, and what is written beside it."""
    if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
        return _numbers(values.to_numpy(float, na_value=np.nan))
    words = sorted({str(v) for v in values.dropna()})
    at = {word: (i / (len(words) - 1) if len(words) > 1 else 0.5) for i, word in enumerate(words)}
    places = np.array([np.nan if pd.isna(v) else at[str(v)] for v in values])
    step = -(-len(words) // _MOST_WORDS) or 1
    return places, [(at[word], word) for word in words[::step]]


def _numbers(numbers: np.ndarray[Any, Any]) -> tuple[np.ndarray[Any, Any], list[tuple[float, str]]]:
    numbers = np.where(np.isfinite(numbers), numbers, np.nan)
    known = numbers[np.isfinite(numbers)]
    if not known.size:
        return numbers, []
    low, high = float(known.min()), float(known.max())
    if low == high:
        return np.where(np.isnan(numbers), np.nan, 0.5), [(0.5, f"{low:.4g}")]
    if low > 0 and high / low > _WIDE:
        middle = float(np.sqrt(low * high))
        places = np.log(numbers / low) / np.log(high / low)
    else:
        middle = (low + high) / 2
        places = (numbers - low) / (high - low)
    return places, [(0.0, f"{low:.4g}"), (0.5, f"{middle:.4g}"), (1.0, f"{high:.4g}")]


def _short(words: str, most: int) -> str:
    # Dollars would make a formula of a name.
    plain = re.sub(r"\s+", " ", str(words)).replace("$", r"\$")
    return plain if len(plain) <= most else plain[: most - 1] + "…"
