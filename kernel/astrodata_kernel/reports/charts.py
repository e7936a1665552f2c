"""Histograms of scores, with the thresholds that were calibrated."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from bokeh.models import Span

from ..errors import UnknownName
from .looks import Look
from .maps import plain_figure
from .points import Points

BINS = 60
# A logarithmic axis has no 0: what is empty lies below its end.
_FLOOR, _LOWEST = 0.5, 0.8


def histogram(points: Points, score: str, look: Look, calibration: Any = None) -> tuple[Any, str]:
    """Give the histogram of a score, all points and each class, and what its axis leaves out.

    Parameters
    ----------
    points, look
        What is drawn, and its colours.
    score
        Name of a column.
    calibration
        With ``threshold`` and ``rate``, or None.

    Returns
    -------
    figure, note
    """
    values = np.asarray(points.columns[score], dtype=np.float64)
    finite = values[np.isfinite(values)]
    # A class of ten is seen beside one of ten thousand on a logarithmic axis only.
    fig = plain_figure(
        look, score, "points", height=260, y_axis_type="log", tools="pan,wheel_zoom,reset,save"
    )
    if not finite.size:
        return fig, "no point has a finite score"
    low, high = np.percentile(finite, [0.0, 99.5])
    threshold = None if calibration is None else float(calibration.threshold)
    if threshold is not None and np.isfinite(threshold):
        high = max(high, threshold + 0.1 * abs(threshold - low))
    high = high if high > low else low + max(abs(low), 1.0) * 1e-3
    edges = np.linspace(low, high, BINS + 1)
    most = _fill(fig, finite, edges, look)
    fig.y_range.start, fig.y_range.end = _LOWEST, 2 * max(1, most)
    if points.labelled is not None:
        known = points.labelled
        for code, colour in enumerate(known.colours):
            _outline(fig, values[known.codes == code], edges, colour)
    if threshold is not None:
        fig.add_layout(
            Span(
                location=threshold,
                dimension="height",
                line_color=look.accent,
                line_dash="dashed",
                line_width=2,
            )
        )
    return fig, _note(values, finite, high)


def calibrations_of(points: Points, given: Mapping[str, Any] | None) -> dict[str, Any]:
    """Give the calibrations of the points' scores.

    Raises
    ------
    UnknownName
        One is of a score that there is not.
    """
    for name in given or {}:
        if name not in points.scores:
            raise UnknownName(
                f"a calibration of {name!r}, which is no score; there are {', '.join(points.scores)}"
            )
    return dict(given or {})


def _fill(fig: Any, values: Any, edges: Any, look: Look) -> int:
    counts, _ = np.histogram(values, edges)
    fig.quad(
        left=edges[:-1],
        right=edges[1:],
        bottom=_FLOOR,
        top=np.maximum(counts, _FLOOR),
        fill_color=look.other,
        fill_alpha=0.5,
        line_color=None,
    )
    return int(counts.max())


def _outline(fig: Any, values: Any, edges: Any, colour: str) -> None:
    counts, _ = np.histogram(values[np.isfinite(values)], edges)
    if counts.any():
        tops = np.maximum(np.r_[counts, counts[-1]], _FLOOR)
        fig.step(edges, tops, mode="after", line_color=colour, line_width=2)


def _note(values: Any, finite: Any, high: float) -> str:
    parts = []
    above = int((finite > high).sum())
    if above:
        parts.append(f"{above:,} beyond the axis, up to {finite.max():.4g}")
    missing = len(values) - len(finite)
    if missing:
        parts.append(f"{missing:,} without a finite score")
    return "; ".join(parts)
