"""The parts of a map that those of one date and of several share: picture, mask, clouds, words around it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..datasets.lazy import Values
from ..datasets.scene_arrays import Grid
from .looks import Look
from .scene_furniture import LINE, SMALL, USUAL, draw_colour_bar, draw_legend
from .scene_ground import Ground
from .scene_layout import TITLE, UNDER, Layout
from .scene_masks import OPACITY, Legend, Overlay
from .scene_pictures import Style, class_colour, class_name
from .scene_pixels import Shown


def entries_of(
    style: Style,
    samples: Sequence[Values],
    overlay: Overlay | None,
    clouds: bool,
) -> list[Legend]:
    """Give the legend of a map: classes that are there, the mask and what is hatched."""
    entries = []
    if style.classes:
        scl = style.names[0] == "SCL"
        numbers = samples[0]
        seen = max(1, int((numbers != 0).sum() if scl else numbers.size))
        for number in np.unique(numbers):
            if number == 0 and scl:
                continue
            share = float((numbers == number).sum()) / seen
            note = f"{share:.1%}" if share >= 0.0005 else "below 0.1%"
            name, colour = class_name(int(number), scl), class_colour(int(number), scl)
            entries.append(Legend(name, note, colour))
    if overlay is not None:
        entries += overlay.legend()
    if clouds:
        entries.append(Legend("cloud", hatch="//////"))
    return entries


def draw_picture(axes: Any, grid: Grid, picture: Any, classes: bool, look: Look) -> None:
    """Draw a picture on the coordinates of its grid."""
    left, bottom, right, top = grid.bounds
    axes.set_facecolor(look.raised)
    axes.imshow(
        picture if grid.transform[4] < 0 else picture[::-1],
        extent=(left, right, bottom, top),
        origin="upper",
        interpolation="nearest" if classes else "auto",
        aspect="auto",
    )
    axes.set(xlim=(left, right), ylim=(bottom, top), autoscale_on=False)


def draw_overlay(axes: Any, grid: Grid, overlay: Overlay | None) -> None:
    """Draw a mask: its fill, and its outline as lines."""
    if overlay is None:
        return
    from matplotlib.colors import to_rgba

    for number in overlay.shown:
        where = overlay.numbers == number
        if not where.any():
            continue
        colour = to_rgba(overlay.colour(number))
        filled = np.zeros((*where.shape, 4))
        filled[where] = (*colour[:3], OPACITY)
        left, bottom, right, top = grid.bounds
        axes.imshow(
            filled,
            extent=(left, right, bottom, top),
            aspect="auto",
            interpolation="nearest",
            zorder=3,
        )
        if min(where.shape) > 1 and not where.all():
            dark = tuple(0.8 * part for part in colour[:3])
            axes.contour(
                grid.x, grid.y, where, levels=[0.5], colors=[dark], linewidths=0.9, zorder=4
            )


def draw_clouds(axes: Any, grid: Grid, where: Values, picture: Any) -> None:
    """Hatch where there is cloud, dark on a bright picture and bright on a dark one."""
    if not where.any() or min(where.shape) < 2:
        return
    hatched = axes.contourf(
        grid.x,
        grid.y,
        where.astype(float),
        levels=[0.5, 1.5],
        colors="none",
        hatches=["//////"],
        zorder=4,
    )
    bright = float(picture[where][:, :3].mean()) > 110
    hatched.set(edgecolor="#1f2328" if bright else "#f4f6f8", linewidth=0.5)


def write_around(
    drawn: Any, layout: Layout, style: Style, entries: Sequence[Legend], look: Look
) -> None:
    """Write title, lines above and below, colour bar and legend around a map."""
    wide, high = layout.size
    left = layout.left / wide
    y = layout.title_at()
    for lines, points, step, ink, weight in (
        (layout.title, TITLE, 0.19, look.ink, "bold"),
        (layout.under, UNDER, 0.165, look.faint, "normal"),
    ):
        for line in lines:
            drawn.text(
                left, y / high, line,
                va="top", fontsize=points, color=ink, fontweight=weight, parse_math=False,
            )  # fmt: skip
            y -= step
    for number, line in enumerate(reversed(layout.foot)):
        drawn.text(
            left, (0.1 + LINE * number) / high, line,
            va="bottom", fontsize=SMALL, color=look.faint, parse_math=False,
        )  # fmt: skip
    if layout.bar is not None:
        flat = layout.bar[2] > layout.bar[3]
        draw_colour_bar(drawn, layout.share(layout.bar), style, look, flat)
        top = layout.bar[1] + layout.bar[3] + 0.06 + 0.16 * (len(layout.bar_title) - 1)
        for number, line in enumerate(layout.bar_title):
            drawn.text(
                layout.bar[0] / wide, (top - 0.16 * number) / high, line,
                va="bottom", fontsize=USUAL, color=look.ink, parse_math=False,
            )  # fmt: skip
    if layout.legend is not None:
        draw_legend(drawn, *layout.legend, entries, look, layout.columns, layout.column)


def under_of(shown: Shown, style: Style) -> str:
    """Give the line under the title: who saw it, where, when, and what is shown."""
    parts = [
        " ".join(text for text in (shown.satellite, shown.level) if text),
        f"tile {shown.tile}" if shown.tile else "",
        "" if shown.date is None else f"{shown.date:%Y-%m-%d %H:%M} UTC",
        style.words if style.colours is None and not style.classes else "",
        "scene classification" if style.classes and style.names[0] == "SCL" else "",
    ]
    return " · ".join(part for part in parts if part)


def attribution_of(shown: Sequence[Shown]) -> str:
    """Give what the Copernicus programme asks for where all or some data are Sentinel's, else ""."""
    years = sorted({s.date.year for s in shown if s.date and s.satellite.startswith("Sentinel")})
    if not years:
        return ""
    year = f"{years[0]}" if len(years) == 1 else f"{years[0]}–{years[-1]}"
    return f"Contains modified Copernicus Sentinel data {year}"


def facts_of(shown: Shown, style: Style, attribution: str) -> dict[str, str]:
    """Give what a file says of the scene."""
    facts = {
        "SCENE": shown.name,
        "SATELLITE": shown.satellite,
        "LEVEL": shown.level,
        "TILE": shown.tile,
        "DATE": "" if shown.date is None else shown.date.isoformat(),
        "BANDS": " ".join(style.names),
        "ATTRIBUTION": attribution,
    }
    return {key: text for key, text in facts.items() if text}


def projection_of(ground: Ground | None, north: float | None) -> str:
    """Give the name of the map's coordinates, and where true north is."""
    if ground is None:
        return ""
    if north is None or ground.geographic:
        return ground.title
    side = (
        "up" if abs(north) < 0.05 else f"{abs(north):.1f}° {'right' if north > 0 else 'left'} of up"
    )
    return f"{ground.title}; true north is {side}"


def middle_of(grid: Grid) -> tuple[float, float]:
    """Give the middle of a grid."""
    left, bottom, right, top = grid.bounds
    return (left + right) / 2, (bottom + top) / 2


def proportion_of(grid: Grid, ground: Ground | None) -> float:
    """Give the height of a map by its width, on paper."""
    left, bottom, right, top = grid.bounds
    longer = 1.0 if ground is None else ground.stretched(*middle_of(grid))
    return (top - bottom) / (right - left) * longer


def inch_of(grid: Grid, place: Sequence[float]) -> tuple[float, float]:
    """Give an inch of paper in the map's units, across and up."""
    left, bottom, right, top = grid.bounds
    return (right - left) / place[2], (top - bottom) / place[3]
