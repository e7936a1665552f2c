"""The map of the application: a picture of all points, painted anew for each part that is looked at."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import holoviews as hv
import numpy as np
import numpy.typing as npt
from holoviews.streams import BoundsXY, Lasso, PlotSize, RangeXY, Stream

from .looks import Look
from .maps import fields_of, hover_of, style
from .points import Points
from .rasters import Cloud, span_of

HOVERED = 2000
"""Points in view up to which each can be hovered over."""

_Turn = Stream.define("Turn", turn=0)


class Picture:
    """Two columns of points against each other.

    Parameters
    ----------
    points, look
        What is drawn, and its colours.
    axes
        Names of the two columns.
    columns
        What hovering tells.
    on_box, on_lasso
        Called with ``(left, bottom, right, top)`` and with a polygon of shape (corners, 2).
    """

    def __init__(
        self,
        points: Points,
        look: Look,
        axes: tuple[str, str],
        columns: list[str],
        on_box: Callable[[Any], None],
        on_lasso: Callable[[Any], None],
    ) -> None:
        self.points, self.look, self.axes, self.columns = points, look, axes, columns
        self.x, self.y = (np.asarray(points.columns[name]) for name in axes)
        self.spans = span_of(self.x), span_of(self.y)
        self.in_view = len(points)
        self._cloud: Cloud | None = None
        self._turn = _Turn()
        self.element = self._element(on_box, on_lasso)

    def paint(
        self, colour: str | None, chosen: npt.NDArray[np.bool_] | None, points: Points
    ) -> None:
        """Paint the points in other colours, or others of them dimmed."""
        self.points = points
        self._cloud = Cloud(self.x, self.y, points.colouring(colour), chosen)
        self._turn.event(turn=self._turn.turn + 1)

    def _element(self, on_box: Callable[[Any], None], on_lasso: Callable[[Any], None]) -> Any:
        ranges, size = RangeXY(), PlotSize()
        raster = hv.DynamicMap(self._raster, streams=[ranges, size, self._turn])
        near = hv.DynamicMap(self._near, streams=[ranges, self._turn])
        x, y = self.axes
        raster = raster.opts(
            hv.opts.RGB(
                tools=["box_select", "lasso_select"],
                default_tools=["pan", "wheel_zoom", "reset", "save"],
                active_tools=["wheel_zoom", "box_select"],
            )
        )
        near = near.opts(
            hv.opts.Points(
                tools=[hover_of(self.points, self.columns)],
                size=9,
                alpha=0,
                hover_alpha=0.9,
                hover_color=self.look.accent,
            )
        )
        # Options make another map: the streams listen to that one.
        ranges.source = raster
        size.source = raster
        BoundsXY(source=raster).add_subscriber(lambda bounds=None: bounds and on_box(bounds))
        Lasso(source=raster).add_subscriber(
            lambda geometry=None: None if geometry is None else on_lasso(geometry)
        )
        return (raster * near).opts(
            hv.opts.Overlay(
                responsive=True,
                height=560,
                xlabel=_words(x),
                ylabel=_words(y),
                hooks=[lambda plot, _: style(plot.state, self.look)],
            )
        )

    def _raster(
        self, x_range: Any, y_range: Any, width: Any, height: Any, scale: float, turn: int
    ) -> Any:
        across, up = _within(x_range, self.spans[0]), _within(y_range, self.spans[1])
        # As many pixels as the screen has, up to what it is worth.
        fine = min(max(float(scale or 1), 1.0), 2.0)
        size = [_pixels(width, 800, fine), _pixels(height, 520, fine)]
        if self._cloud is None:
            pixels = np.zeros((size[1], size[0], 4), np.uint8)
        else:
            pixels, self.in_view = self._cloud.picture(across, up, *size, self.look)
        bounds = (across[0], up[0], across[1], up[1])
        return hv.RGB(pixels[::-1], bounds=bounds, kdims=["x", "y"], vdims=list("RGBA"))

    def _near(self, x_range: Any, y_range: Any, turn: int) -> Any:
        rows = np.empty(0, np.int64)
        if self.in_view <= HOVERED:
            (left, right), (bottom, top) = (
                _within(x_range, self.spans[0]),
                _within(y_range, self.spans[1]),
            )
            inside = (self.x >= left) & (self.x <= right) & (self.y >= bottom) & (self.y <= top)
            rows = np.flatnonzero(inside)[: 2 * HOVERED]
        told = fields_of(self.points, self.columns, rows)
        data = {"x": self.x[rows], "y": self.y[rows], **told}
        return hv.Points(data, kdims=["x", "y"], vdims=list(told))


def _within(given: Any, span: tuple[float, float]) -> tuple[float, float]:
    if given is None or any(end is None or not np.isfinite(end) for end in given):
        return span
    low, high = sorted(float(end) for end in given)
    return (low, high) if high > low else span


def _pixels(given: Any, otherwise: int, fine: float) -> int:
    return int(min(max((given or otherwise) * fine, 16), 4096))


def _words(name: str) -> str:
    # Dollars would begin TeX, for which more code is fetched.
    return name.replace("$", "＄").replace("\\", "＼")
