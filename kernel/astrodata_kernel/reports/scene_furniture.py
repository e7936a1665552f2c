"""What stands on a map: scale bar, north arrow, colour bar, legend and the lines of text around it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .looks import Look
from .scene_graticules import Graticule, nice
from .scene_ground import Ground
from .scene_masks import OPACITY, Legend

SMALL, USUAL = 7.0, 8.0
"""Sizes of letters in points."""

LINE = 0.15
"""Height of a line of small letters in inches."""


@dataclass(frozen=True)
class ScaleBar:
    """A scale bar: its true length, and where it begins and ends on the map."""

    metres: float
    start: tuple[float, float]
    end: tuple[float, float]

    @property
    def text(self) -> str:
        """Its length in words."""
        return length_text(self.metres)


def length_text(metres: float) -> str:
    """Give a length in words."""
    return f"{metres / 1000:g} km" if metres >= 1000 else f"{metres:g} m"


def bar_of(
    ground: Ground,
    box: tuple[float, float, float, float],
    unit: tuple[float, float],
    share: float = 0.28,
) -> ScaleBar:
    """Give the scale bar of a map: a round length of at most a share of its width, true where it stands.

    Parameters
    ----------
    ground, box
        Of the map: left, bottom, right and top.
    unit
        An inch of paper in the map's units, across and up.
    share
        Of the map's width.
    """
    left, bottom, right, _ = box
    width = right - left
    x, y = left + 0.24 * unit[0], bottom + 0.2 * unit[1]
    longest = ground.metres((x, y), (x + share * width, y))
    metres = nice(longest * (1 + 1e-9))
    while metres > longest * (1 + 1e-6):
        metres = nice(metres / 2.6)  # the next round number below
    return ScaleBar(metres, (x, y), (x + ground.across(x, y, metres, width), y))


def draw_bar(axes: Any, bar: ScaleBar, unit: tuple[float, float], look: Look) -> None:
    """Draw a scale bar of two halves on a ground that keeps it legible.

    Parameters
    ----------
    axes, bar, look
        Where, what and in which colours.
    unit
        An inch of paper in the map's units, across and up.
    """
    from matplotlib.patches import Rectangle

    (x, y), (end, _) = bar.start, bar.end
    high = 0.055 * unit[1]
    half = (end - x) / 2
    pad_x, pad_y = 0.09 * unit[0], 0.07 * unit[1]
    text = bar.text
    right = max(end, end + 0.028 * len(text) * unit[0])
    axes.add_patch(
        Rectangle(
            (x - pad_x, y - pad_y),
            right - x + 2 * pad_x,
            high + 0.17 * unit[1] + pad_y,
            facecolor=look.ground, edgecolor="none", alpha=0.82, zorder=8,
        )
    )  # fmt: skip
    for start, colour in ((x, look.ink), (x + half, look.ground)):
        axes.add_patch(
            Rectangle(
                (start, y),
                half,
                high,
                facecolor=colour,
                edgecolor=look.ink,
                linewidth=0.6,
                zorder=9,
            )
        )
    for at, label in ((x, "0"), (end, text)):
        axes.text(
            at, y + high + 0.03 * unit[1], label,
            ha="center", va="bottom", fontsize=SMALL, color=look.ink, zorder=9, parse_math=False,
        )  # fmt: skip


def draw_north(
    axes: Any,
    box: tuple[float, float, float, float],
    unit: tuple[float, float],
    angle: float,
    look: Look,
) -> None:
    """Draw an arrow to true north in the upper right corner.

    Parameters
    ----------
    angle
        Of true north, degrees clockwise from up.
    """
    from matplotlib.patches import Circle, Ellipse, Polygon

    _, _, right, top = box
    x, y = right - 0.27 * unit[0], top - 0.27 * unit[1]
    turn = math.radians(angle)

    def placed(across: float, up: float) -> tuple[float, float]:
        # Turned on the paper, in inches, and only then to the map's units.
        return (
            x + (across * math.cos(turn) + up * math.sin(turn)) * unit[0],
            y + (-across * math.sin(turn) + up * math.cos(turn)) * unit[1],
        )

    shape = Circle if unit[0] == unit[1] else Ellipse
    size = (0.2 * unit[0],) if shape is Circle else (0.4 * unit[0], 0.4 * unit[1])
    axes.add_patch(
        shape((x, y), *size, facecolor=look.ground, edgecolor="none", alpha=0.82, zorder=8)
    )
    tip, low, notch = (0.0, 0.16), -0.06, (0.0, -0.015)
    for side, colour in ((-0.06, look.ink), (0.06, look.ground)):
        corners = [placed(*tip), placed(side, low), placed(*notch)]
        axes.add_patch(
            Polygon(
                corners, closed=True, facecolor=colour, edgecolor=look.ink, linewidth=0.6, zorder=9,
                joinstyle="round",
            )
        )  # fmt: skip
    axes.text(
        *placed(0.0, -0.115), "N",
        ha="center", va="center", fontsize=SMALL, fontweight="bold", color=look.ink, zorder=9,
        rotation=-angle,
    )  # fmt: skip


def draw_graticule(axes: Any, drawn: Graticule, look: Look, lines: bool = True) -> None:
    """Draw lines over a map, and ticks at its left and lower edge."""
    for line in drawn.lines if lines else ():
        axes.plot(line[:, 0], line[:, 1], color="black", alpha=0.16, linewidth=1.1, zorder=5)
        axes.plot(line[:, 0], line[:, 1], color="white", alpha=0.55, linewidth=0.5, zorder=5)
    axes.set_xticks([tick.at for tick in drawn.bottom], [tick.text for tick in drawn.bottom])
    axes.set_yticks([tick.at for tick in drawn.left], [tick.text for tick in drawn.left])
    axes.tick_params(labelsize=SMALL, color=look.faint, labelcolor=look.ink, length=2.5, width=0.6)
    for label in axes.get_yticklabels():
        label.set(rotation=90, va="center", ha="right", rotation_mode="default")
    for spine in axes.spines.values():
        spine.set(color=look.faint, linewidth=0.6)


def draw_colour_bar(figure: Any, place: Sequence[float], style: Any, look: Look, flat: bool) -> Any:
    """Draw the colour bar of a style into a place of the figure, and give its axes."""
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import ListedColormap

    axes = figure.add_axes(place)
    norm = style.norms[0]
    bar = figure.colorbar(
        ScalarMappable(norm, ListedColormap(style.colours)),
        cax=axes,
        orientation="horizontal" if flat else "vertical",
        ticks=round_values(norm, 0.16 if flat else 0.09),
    )
    bar.minorticks_off()
    axes.tick_params(labelsize=SMALL, color=look.faint, labelcolor=look.ink, length=2.5, width=0.6)
    bar.outline.set(edgecolor=look.faint, linewidth=0.6)
    return axes


def round_values(norm: Any, apart: float) -> list[float]:
    """Give round values between the limits of a norm that lie apart on its bar."""
    from matplotlib.ticker import MaxNLocator

    kept: list[float] = []
    for value in MaxNLocator(7).tick_values(norm.vmin, norm.vmax):
        inside = norm.vmin <= value <= norm.vmax
        if inside and (not kept or float(norm(value) - norm(kept[-1])) >= apart):
            kept.append(float(value))
    return kept


def draw_legend(
    figure: Any,
    left: float,
    top: float,
    entries: Sequence[Legend],
    look: Look,
    columns: int,
    wide: float,
) -> None:
    """Draw the entries of a legend.

    Parameters
    ----------
    left, top
        Upper left corner in inches of the figure.
    entries
        What is told.
    columns, wide
        How many stand side by side, and the width of each in inches.
    """
    from matplotlib.patches import Rectangle

    width, height = figure.get_size_inches()
    for number, entry in enumerate(entries):
        x = left + wide * (number % columns)
        y = top - entry_height(entries) * (number // columns)
        figure.add_artist(
            Rectangle(
                (x / width, (y - 0.125) / height), 0.19 / width, 0.11 / height,
                transform=figure.transFigure, linewidth=0.7,
                facecolor=_faded(entry) if entry.colour else "none",
                edgecolor=look.ink if entry.hatch else look.faint, hatch=entry.hatch or None,
            )
        )  # fmt: skip
        figure.text(
            (x + 0.26) / width, (y - 0.07) / height, entry.name,
            va="center", fontsize=SMALL + 0.5, color=look.ink, parse_math=False,
        )  # fmt: skip
        if entry.note:
            figure.text(
                (x + 0.26) / width, (y - 0.07 - LINE) / height, entry.note,
                va="center", fontsize=SMALL, color=look.faint, parse_math=False,
            )  # fmt: skip


def entry_height(entries: Sequence[Legend]) -> float:
    """Give the height of an entry in inches: two lines where any has a note."""
    return 0.35 if any(entry.note for entry in entries) else 0.2


def _faded(entry: Legend) -> Any:
    from matplotlib.colors import to_rgba

    return to_rgba(entry.colour, 0.3 + OPACITY if entry.seen_through else 1.0)


def wrapped(
    text: str, points: float, inches: float, bold: bool = False, most: int = 4
) -> list[str]:
    """Give the lines of a text that fit a width; what is beyond the last one becomes an ellipsis."""
    if not text.strip():
        return []
    lines: list[str] = []
    for word in text.split():
        for piece in _pieces(word, points, inches, bold):
            longer = f"{lines[-1]} {piece}" if lines else piece
            if lines and text_inches(longer, points, bold) <= inches:
                lines[-1] = longer
            else:
                lines.append(piece)
    if len(lines) <= most:
        return lines
    last = lines[most - 1]
    while last and text_inches(last + "…", points, bold) > inches:
        last = last[:-1]
    return [*lines[: most - 1], last.rstrip() + "…"]


def _pieces(word: str, points: float, inches: float, bold: bool) -> list[str]:
    """Give a word, or the parts of one that is wider than a line: names of products are."""
    if text_inches(word, points, bold) <= inches:
        return [word]
    at_once = max(4, int(len(word) * inches / text_inches(word, points, bold)) - 1)
    return [word[start : start + at_once] for start in range(0, len(word), at_once)]


def text_inches(text: str, points: float, bold: bool = False) -> float:
    """Give the width of a text in inches."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import TextToPath

    font = FontProperties(size=points, weight="bold" if bold else "normal")
    width: float = TextToPath().get_text_width_height_descent(text, font, ismath=False)[0]
    return width / 72
