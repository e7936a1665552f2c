"""The map of a report: points with what is known of each, over the density of all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from bokeh.models import (
    BoxAnnotation,
    CDSView,
    ColorBar,
    ColumnDataSource,
    HoverTool,
    IndexFilter,
    Legend,
    LegendItem,
    LinearColorMapper,
    PlainText,
)
from bokeh.plotting import figure

from .looks import RAMP, Look
from .markup import png_of
from .points import LABEL, Points
from .rasters import Cloud, Colouring, span_of

Array = npt.NDArray[Any]
Rows = npt.NDArray[np.int64]
PIXELS = (1100, 700)
COLOURINGS = 8
"""Columns that the report's map can be coloured by."""


@dataclass(frozen=True)
class Map:
    """A Bokeh figure, and what there is to say of it.

    `colourings` are the columns of which one gives the colour, by the tag of what draws it; `shown` the rows
    that are points of their own; `dense` tells that the others are there as a picture.
    """

    figure: Any
    axes: tuple[str, str]
    colourings: dict[str, str]
    shown: Rows
    dense: bool


def map_of(
    points: Points,
    look: Look,
    *,
    axes: tuple[str, str],
    columns: list[str],
    max_points: int,
    garage: Any = None,
) -> Map:
    """Give the map of some points.

    Parameters
    ----------
    points, look
        What is drawn, and its colours.
    axes
        Names of two columns.
    columns
        What is told on hovering and offered for colour.
    max_points
        Points drawn one by one; with more of them, the density of all is laid under a sample of so many.
    garage
        Its intervals are drawn where both axes are latents.
    """
    x, y = (np.asarray(points.columns[name], dtype=np.float64) for name in axes)
    finite = np.isfinite(x) & np.isfinite(y)
    x_span, y_span = span_of(x[finite]), span_of(y[finite])
    dense = int(finite.sum()) > max_points
    shown = sample(points, np.flatnonzero(finite), max_points)
    fig = plain_figure(
        look, axes[0], axes[1], height=620, tools="pan,wheel_zoom,box_zoom,reset,save"
    )
    fig.x_range.start, fig.x_range.end = x_span
    fig.y_range.start, fig.y_range.end = y_span
    fig.name = "map"
    if dense:
        _lay_density(fig, x, y, x_span, y_span, look)
    source = _source(points, x, y, shown, columns)
    wanted = [LABEL] if points.labelled is not None else []
    wanted += [name for name in columns if name not in wanted]
    tags = {}
    for i, name in enumerate(wanted[:COLOURINGS] or [""]):
        tag = f"by{i}"
        tags[tag] = name or "none"
        size = 3.5 if dense else 5.5
        _draw(fig, source, points.colouring(name), shown, tag, look, visible=i == 0, size=size)
    if dense:
        tags["density"] = "density only"
    hover = hover_of(points, columns)
    hover.renderers = [one for one in fig.renderers if one.name != "density"]
    fig.add_tools(hover)
    if garage is not None:
        _draw_garage(fig, garage, points, axes, look)
    return Map(fig, axes, tags, shown, dense)


def sample(points: Points, among: Rows, count: int, seed: int = 0) -> Rows:
    """Give the points that are drawn one by one: labelled ones, then high scores, then others at random.

    Returns
    -------
    ndarray
        int64, in ascending order.
    """
    if len(among) <= count:
        return among
    rng = np.random.default_rng(seed)
    first = []
    if points.labelled is not None:
        first += _of_each_class(points.labelled.codes[among], among, count // 2, rng)
    for name in points.scores:
        values = np.nan_to_num(points.columns[name][among].astype(np.float64), nan=-np.inf)
        top = min(len(among) - 1, max(1, count // 20))
        first.append(among[np.argpartition(-values, top)[:top]])
    chosen = np.unique(np.concatenate(first)) if first else np.empty(0, np.int64)
    chosen = chosen if len(chosen) <= count else rng.choice(chosen, count, replace=False)
    rest = np.setdiff1d(among, chosen, assume_unique=True)
    return np.sort(np.r_[chosen, rng.choice(rest, count - len(chosen), replace=False)])


def _of_each_class(codes: Array, among: Rows, count: int, rng: np.random.Generator) -> list[Rows]:
    # The rare classes first and whole: what they leave is the others'.
    classes, sizes = np.unique(codes[codes >= 0], return_counts=True)
    found = []
    for turn, place in enumerate(np.argsort(sizes)):
        members = among[codes == classes[place]]
        part = count // (len(classes) - turn)
        members = members if len(members) <= part else rng.choice(members, part, replace=False)
        found.append(members)
        count -= len(members)
    return found


def plain_figure(look: Look, x: str, y: str, **options: Any) -> Any:
    """Give an empty figure in the colours of a theme, with names of axes that are taken as plain text."""
    fig = figure(
        sizing_mode="stretch_width",
        # Text that is not plain would be taken as TeX where it has dollars, for which more code is fetched.
        x_axis_label=PlainText(text=x),
        y_axis_label=PlainText(text=y),
        **options,
    )
    style(fig, look)
    return fig


def style(fig: Any, look: Look) -> None:
    """Give a figure the colours of a theme."""
    fig.toolbar.logo = None
    fig.background_fill_color = fig.border_fill_color = look.ground
    fig.outline_line_color = look.line
    fig.grid.grid_line_color = look.line
    fig.grid.grid_line_alpha = 0.5
    for axis in fig.axis:
        axis.axis_label_text_color = look.ink
        axis.axis_label_text_font_style = "normal"
        axis.major_label_text_color = look.faint
        axis.axis_line_color = axis.major_tick_line_color = look.line
        axis.minor_tick_line_color = None


def hover_of(points: Points, columns: list[str]) -> HoverTool:
    """Give a tool that tells id, label and columns of the point under the mouse.

    What it tells is in the fields ``id``, ``label`` and ``c0``, ``c1``, ... of a source: names of columns
    come from outside, and could mean something to it.
    """
    told = [("id", "@id")]
    if points.labelled is not None:
        told.append((LABEL, "@label"))
    for i, name in enumerate(columns):
        number = points.columns[name].dtype.kind in "iuf"
        told.append((_plain(name), f"@c{i}{{0,0.[0000]}}" if number else f"@c{i}"))
    return HoverTool(tooltips=told, point_policy="follow_mouse", limit=1)


def fields_of(points: Points, columns: list[str], rows: Rows) -> dict[str, Any]:
    """Give the fields that `hover_of` reads, of some points."""
    data: dict[str, Any] = {"id": [str(ident) for ident in np.asarray(points.latents.ids)[rows]]}
    if points.labelled is not None:
        data["label"] = points.labelled.text()[rows].tolist()
    for i, name in enumerate(columns):
        values = points.columns[name][rows]
        number = values.dtype.kind in "iuf"
        data[f"c{i}"] = values.astype(np.float32) if number else [str(value) for value in values]
    return data


def style_legend(legend: Any, look: Look) -> None:
    """Give a legend the colours of a theme."""
    legend.label_text_color = look.ink
    legend.label_text_font_size = "12px"
    legend.inactive_fill_color = look.ground
    legend.inactive_fill_alpha = 0.7
    legend.background_fill_color = look.ground
    legend.border_line_color = None
    legend.padding = legend.margin = 4
    legend.spacing = 2


def _source(
    points: Points, x: Array, y: Array, shown: Rows, columns: list[str]
) -> ColumnDataSource:
    data = {"x": x[shown], "y": y[shown], **fields_of(points, columns, shown)}
    data["row"] = shown.astype(np.int32) if len(points) < 2**31 else shown.astype(np.float64)
    return ColumnDataSource(data, name="points")


def _draw(
    fig: Any,
    source: ColumnDataSource,
    colouring: Colouring,
    shown: Rows,
    tag: str,
    look: Look,
    *,
    visible: bool,
    size: float,
) -> None:
    style = {"size": size, "line_color": None, "visible": visible, "tags": [tag]}
    marked = {
        "nonselection_alpha": 0.25,
        "selection_line_color": look.ink,
        "selection_line_width": 2,
    }
    if colouring.codes is None:
        colour: Any = look.accent
        if colouring.values is not None:
            mapper = LinearColorMapper(
                palette=list(RAMP), low=colouring.low, high=colouring.high, nan_color=look.other
            )
            kept = f"colour-{tag}"
            source.data[kept] = np.asarray(colouring.values)[shown].astype(np.float32)
            colour = {"field": kept, "transform": mapper}
            bar = ColorBar(
                color_mapper=mapper,
                title=PlainText(text=colouring.title),
                width=12,
                background_fill_color=look.ground,
                title_text_color=look.ink,
                major_label_text_color=look.faint,
                visible=visible,
                tags=[tag],
            )
            fig.add_layout(bar, "right")
        fig.scatter("x", "y", source=source, fill_color=colour, fill_alpha=0.85, **style, **marked)
        return
    legend = Legend(visible=visible, tags=[tag], click_policy="hide", orientation="vertical")
    codes = colouring.codes[shown]
    entries = [("no label" if colouring.title == LABEL else "no value", look.other, -1)]
    entries += [
        (n, c, i) for i, (n, c) in enumerate(zip(colouring.names, colouring.colours, strict=True))
    ]
    for name, colour, code in entries:
        members = np.flatnonzero(codes == code)
        if not len(members):
            continue
        drawn = fig.scatter(
            "x",
            "y",
            source=source,
            view=CDSView(filter=IndexFilter(members.tolist())),
            fill_color=colour,
            fill_alpha=0.45 if code < 0 else 0.9,
            **style,
            **marked,
        )
        legend.items.append(
            LegendItem(label={"value": f"{_short(name)} ({len(members):,})"}, renderers=[drawn])
        )
    style_legend(legend, look)
    fig.add_layout(legend, "right")


def _lay_density(
    fig: Any,
    x: Array,
    y: Array,
    x_span: tuple[float, float],
    y_span: tuple[float, float],
    look: Look,
) -> None:
    picture, _ = Cloud(x, y, Colouring()).picture(x_span, y_span, *PIXELS, look)
    fig.image_url(
        url=[png_of(picture[::-1], look)],
        x=x_span[0],
        y=y_span[1],
        w=x_span[1] - x_span[0],
        h=y_span[1] - y_span[0],
        name="density",
        level="image",
    )


def _draw_garage(fig: Any, garage: Any, points: Points, axes: tuple[str, str], look: Look) -> None:
    intervals = getattr(garage, "intervals", None)
    names = points.latents.names
    if intervals is None or any(name not in names for name in axes):
        return
    (left, right), (bottom, top) = (intervals[names.index(name)] for name in axes)
    box = BoxAnnotation(
        left=left,
        right=right,
        bottom=bottom,
        top=top,
        fill_alpha=0,
        line_color=look.ink,
        line_dash="dashed",
        line_width=1.5,
        name="garage",
    )
    fig.add_layout(box)


def _short(name: str, longest: int = 32) -> str:
    one_line = " ".join(name.split())
    return one_line if len(one_line) <= longest else one_line[: longest - 1] + "…"


def _plain(name: str) -> str:
    # At-signs and dollars stand for columns in a tooltip.
    return _short(name).replace("@", "＠").replace("$", "＄")
