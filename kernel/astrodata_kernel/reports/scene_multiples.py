"""Small multiples: one place on several dates, with the same limits, one colour bar and one scale bar."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..datasets.scene_arrays import Grid
from ..drawing import CellFigure
from ..errors import BadRequest
from .looks import Look, look_of
from .scene_drawing import (
    attribution_of,
    draw_overlay,
    draw_picture,
    entries_of,
    inch_of,
    middle_of,
    proportion_of,
)
from .scene_files import FIGURES, save_figure, target_of
from .scene_furniture import (
    LINE,
    SMALL,
    USUAL,
    ScaleBar,
    bar_of,
    draw_bar,
    draw_colour_bar,
    draw_legend,
    draw_north,
    entry_height,
    wrapped,
)
from .scene_ground import Ground
from .scene_layout import EDGE, TITLE
from .scene_masks import Overlay, overlay_of
from .scene_pictures import Style, style_of
from .scene_pixels import Shown, first_grid, shown_of, view_of

SAMPLE = 192
"""Pixels of the width of what limits are found from, of each date."""

_GAP, _HEAD = 0.12, 0.2


class SceneDates(CellFigure):
    """Maps of several dates as a figure: it shows itself in a notebook, and is saved by `save`.

    Attributes
    ----------
    grid
        Of each picture.
    style
        How values became colours, the same on all dates.
    scale_bar
        With ``metres``, ``start`` and ``end``, or None.
    dates
        What stands over each, in the order of time.
    """

    grid: Grid
    style: Style
    scale_bar: ScaleBar | None
    dates: list[str]

    def save(
        self, path: str | os.PathLike[str], *, overwrite: bool = False, dpi: float | None = None
    ) -> Path:
        """Write the figure as ``.png``, ``.pdf`` or ``.svg``, by the ending of its name.

        Raises
        ------
        BadRequest
            Another ending, or a file that is there and `overwrite` is False.
        """
        return save_figure(
            self, target_of(path, FIGURES, overwrite), self.dpi if dpi is None else dpi
        )


def scene_dates(
    scenes: Any,
    bands: str | Sequence[str] | None = None,
    *,
    columns: int | None = None,
    area: Any = None,
    mask: Any = None,
    mask_name: str | Mapping[int, str] = "burnt",
    mask_colors: Mapping[int, str] | None = None,
    title: str = "",
    limits: Any = "99%",
    stretch: str = "linear",
    colormap: Any = "viridis",
    scale_bar: bool = True,
    north: bool = True,
    legend: bool = True,
    attribution: str | None = None,
    size: float = 7.0,
    dpi: float = 200,
    theme: str = "light",
    progress: Callable[[float], None] = lambda _share: None,
    cancel: Callable[[], None] = lambda: None,
) -> SceneDates:
    """Give small maps of several dates side by side, all with the same colours.

    Parameters
    ----------
    scenes
        Scenes, or a stack of `astrodata_kernel.stack`. All are laid on the grid of the first one.
    bands, area, mask, mask_name, mask_colors, limits, stretch, colormap, scale_bar, north, legend, dpi, theme
        As in `scene_map`; limits by name are those of all dates together.
    columns
        Maps in a row; as square as can be when None.
    title
        Above them.
    attribution
        The last line; as in `scene_map`.
    size
        Width of the figure in inches.
    progress
        Told the share done, 0 to 1.
    cancel
        Called before each date; what it raises gives the work up.

    Raises
    ------
    BadRequest
        No scenes, one without a date, or settings that cannot be.
    UnknownName
        A scene lacks a band.
    """
    look = look_of(theme)
    shown = shown_of(scenes)
    names = names_of(shown, bands)
    whole = first_grid(scenes, shown)
    count = len(shown)
    across = columns if columns is not None else min(count, 5, math.ceil(math.sqrt(count)))
    if not 1 <= across <= 20:
        raise BadRequest(f"{columns} columns: give 1 to 20")
    if not 2 <= size <= 100 or not 20 <= dpi <= 1200:
        raise BadRequest(f"size {size!r} inches at {dpi!r} dots: give 2 to 100, and 20 to 1200")
    across = min(across, count)
    rows = -(-count // across)
    wide = (size - 2 * EDGE - _GAP * (across - 1)) / across
    if wide < 0.4:
        raise BadRequest(
            f"{across} columns on {size:g} inches leave no room: give fewer, or a larger size"
        )
    grid = view_of(whole, area, wide * dpi, shown[0].name)
    style = shared_style(shown, names, grid, limits, stretch, colormap, cancel)
    ground = Ground(grid.crs) if grid.crs else None
    covered = (
        None
        if mask is None
        else overlay_of(mask, Whole(whole, shown[0]), grid, mask_name, mask_colors)
    )
    drawn = SceneDates(facecolor=look.ground, dpi=dpi)
    drawn.grid, drawn.style, drawn.dates, drawn.scale_bar = grid, style, [], None
    said = attribution_of(shown) if attribution is None else attribution
    high = wide * proportion_of(grid, ground)
    titles = wrapped(title, TITLE, size - 2 * EDGE, bold=True, most=3)
    foot = _Foot(style, covered, said, legend, size)
    top = EDGE + 0.19 * len(titles) + (0.05 if titles else 0.0)
    total = top + rows * (high + _HEAD) + (rows - 1) * _GAP + foot.height + EDGE
    drawn.set_size_inches(size, total)
    for number, line in enumerate(titles):
        drawn.text(
            EDGE / size, 1 - (EDGE + 0.19 * number) / total, line,
            va="top", fontsize=TITLE, fontweight="bold", color=look.ink, parse_math=False,
        )  # fmt: skip
    for number, one in enumerate(shown):
        cancel()
        x = EDGE + (number % across) * (wide + _GAP)
        y = total - top - (number // across) * (high + _HEAD + _GAP) - _HEAD - high
        place = (x, y, wide, high)
        axes = drawn.add_axes((x / size, y / total, wide / size, high / total))
        _draw_date(drawn, axes, one, style, covered, place, look)
        if number == 0 and ground is not None:
            unit = inch_of(grid, place)
            if scale_bar:
                drawn.scale_bar = bar_of(ground, grid.bounds, unit, share=0.4)
                draw_bar(axes, drawn.scale_bar, unit, look)
            if north and wide > 1.2:
                draw_north(axes, grid.bounds, unit, ground.north(*middle_of(grid)), look)
        progress((number + 1) / count)
    foot.draw(drawn, look)
    return drawn


def names_of(shown: Sequence[Shown], bands: Any) -> tuple[str, ...]:
    """Give the names of what to show, which all dates have."""
    names = shown[0].chosen(bands)
    for one in shown[1:]:
        one.chosen(list(names))  # says which date lacks one
    return names


def shared_style(
    shown: Sequence[Shown],
    names: tuple[str, ...],
    grid: Grid,
    limits: Any,
    stretch: str,
    colormap: Any,
    cancel: Callable[[], None],
) -> Style:
    """Give how to paint several dates alike: limits by name are those of all of them together."""
    rough = view_of(grid, None, SAMPLE, "the map")
    samples: list[list[Any]] = [[] for _ in names]
    for one in shown:
        cancel()
        for found, name in zip(samples, names, strict=True):
            found.append(np.ravel(one.values(name, rough)))
    pooled = [np.concatenate(found) for found in samples]
    return style_of(shown[0], names, pooled, limits, stretch, colormap)


def _draw_date(
    drawn: SceneDates,
    axes: Any,
    one: Shown,
    style: Style,
    covered: Overlay | None,
    place: tuple[float, float, float, float],
    look: Look,
) -> None:
    picture = style.paint([one.values(name, drawn.grid) for name in style.names])
    draw_picture(axes, drawn.grid, picture, style.classes, look)
    if picture[..., 3].any():
        draw_overlay(axes, drawn.grid, covered)
    axes.set(xticks=[], yticks=[])
    for spine in axes.spines.values():
        spine.set(color=look.faint, linewidth=0.6)
    if not picture[..., 3].any():
        axes.text(
            0.5, 0.5, "nothing here", transform=axes.transAxes,
            ha="center", va="center", fontsize=SMALL, color=look.faint,
        )  # fmt: skip
    date = one.name if one.date is None else f"{one.date:%Y-%m-%d}"
    drawn.dates.append(date)
    wide, high = drawn.get_size_inches()
    x, y, across, up = place
    above = (y + up + 0.04) / high
    drawn.text(
        x / wide, above, date,
        va="bottom", fontsize=USUAL, fontweight="bold", color=look.ink, parse_math=False,
    )  # fmt: skip
    if one.cloud_share is not None and across > 1.1:
        drawn.text(
            (x + across) / wide, above, f"cloud {one.cloud_share:.0%}",
            ha="right", va="bottom", fontsize=SMALL, color=look.faint,
        )  # fmt: skip


class _Foot:
    """What stands under the maps: colour bar or names of the colours, legend, attribution."""

    def __init__(
        self, style: Style, covered: Overlay | None, said: str, legend: bool, size: float
    ) -> None:
        self.style, self.legend = style, legend
        self.bar = legend and style.colours is not None
        classes = [np.arange(1, 12)] if style.classes and style.names[0] == "SCL" else []
        self.entries = entries_of(style, classes, covered, False) if legend and not self.bar else []
        if self.bar and covered is not None:
            self.entries = covered.legend()
        if style.classes and not classes:
            self.entries = [] if covered is None else covered.legend()
        # The share of a class is another one on each date.
        self.entries = [
            type(one)(
                one.name,
                one.note if one.seen_through else "",
                one.colour,
                one.hatch,
                one.seen_through,
            )
            for one in self.entries
        ]
        inner = size - 2 * EDGE
        words = style.words if style.colours is None and not style.classes else ""
        texts = [text for text in (words, said) if text]
        self.lines = [line for text in texts for line in wrapped(text, SMALL, inner, most=2)]
        self.columns = max(1, int(inner / 2.1))
        self.wide = inner / self.columns
        rows = -(-len(self.entries) // self.columns)
        self.high = entry_height(self.entries) * rows if rows else 0.0
        self.height = LINE * len(self.lines) + (0.08 if self.lines else 0.0)
        self.height += (0.52 if self.bar else 0.0) + (self.high + 0.1 if rows else 0.0)
        self.title = wrapped(style.label, USUAL, inner, most=1) if self.bar else []
        self.inner = inner

    def draw(self, drawn: SceneDates, look: Look) -> None:
        wide, high = drawn.get_size_inches()
        y = EDGE
        for line in reversed(self.lines):
            drawn.text(
                EDGE / wide, y / high, line,
                va="bottom", fontsize=SMALL, color=look.faint, parse_math=False,
            )  # fmt: skip
            y += LINE
        if self.entries:
            y += self.high + 0.02
            draw_legend(drawn, EDGE, y, self.entries, look, self.columns, self.wide)
        if self.bar:
            length = min(3.2, self.inner)
            y += 0.24
            place = (EDGE / wide, y / high, length / wide, 0.1 / high)
            draw_colour_bar(drawn, place, self.style, look, flat=True)
            for line in self.title:
                drawn.text(
                    EDGE / wide, (y + 0.14) / high, line,
                    va="bottom", fontsize=USUAL, color=look.ink, parse_math=False,
                )  # fmt: skip


class Whole:
    """A scene's own pixels, for a mask of several dates."""

    def __init__(self, grid: Grid, shown: Shown) -> None:
        self.grid, self.name = grid, shown.name
