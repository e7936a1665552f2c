"""Where the parts of a map's figure stand, in inches: all are known before anything is drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..errors import BadRequest
from .scene_furniture import LINE, SMALL, USUAL, entry_height, text_inches, wrapped
from .scene_masks import Legend

EDGE = 0.12
TALLEST, TALLEST_NARROW = 1.5, 2.4
"""Height of a map's figure in its widths, at most, where only the width is given."""

NARROW = 4.6
"""Inches below which the legend stands under the map."""

TITLE, UNDER = 10.0, 8.0
_TITLE_LINE, _UNDER_LINE = 0.19, 0.165


@dataclass(frozen=True)
class Layout:
    """Places in inches from the lower left corner: (left, bottom, width, height)."""

    size: tuple[float, float]
    axes: tuple[float, float, float, float]
    title: tuple[str, ...]
    under: tuple[str, ...]
    foot: tuple[str, ...]
    bar: tuple[float, float, float, float] | None
    bar_title: tuple[str, ...]
    legend: tuple[float, float] | None
    columns: int
    left: float
    """Where lines of text begin."""
    column: float
    """Width of a column of the legend."""

    def share(self, place: Sequence[float]) -> tuple[float, float, float, float]:
        """Give a place in shares of the figure, as Matplotlib wants it."""
        wide, high = self.size
        return place[0] / wide, place[1] / high, place[2] / wide, place[3] / high

    def title_at(self) -> float:
        """Give how high the first line of the title begins."""
        return self.size[1] - EDGE


def laid_out(
    size: float | Sequence[float],
    proportion: float,
    *,
    ticks: bool,
    title: str,
    under: str,
    foot: Sequence[str],
    bar: str,
    entries: Sequence[Legend],
) -> Layout:
    """Give the layout of a map.

    Parameters
    ----------
    size
        Width in inches, or width and height.
    proportion
        Height of the map by its width, on paper.
    ticks
        Whether labels stand at its edges.
    title, under, foot
        Texts above and below.
    bar
        Title of the colour bar, "" for none.
    entries
        Of the legend.

    Raises
    ------
    BadRequest
        A size on which there is no room for a map.
    """
    wide, high = _size(size)
    narrow = wide < NARROW
    left = EDGE + (0.22 if ticks else 0.0)
    inner = wide - left - EDGE
    titles = wrapped(title, TITLE, inner, bold=True, most=3)
    unders = wrapped(under, UNDER, inner, most=2)
    feet = [line for text in foot for line in wrapped(text, USUAL - 1, inner, most=2)]
    bottom = EDGE + LINE * len(feet) + (0.04 if feet else 0.0) + (0.19 if ticks else 0.0)
    top = EDGE + _TITLE_LINE * len(titles) + _UNDER_LINE * len(unders)
    top += 0.05 if titles or unders else 0.0
    columns, column, beside, below = 1, 0.0, 0.0, 0.0
    bar_title: list[str] = []
    if narrow:
        columns = 2 if inner >= 3 else 1
        column = inner / columns
        below += 0.55 if bar else 0.0
        below += entry_height(entries) * -(-len(entries) // columns) + 0.1 if entries else 0.0
        bar_title = wrapped(bar, USUAL, inner, most=1)
    elif entries or bar:
        texts = [text_inches(one.name, SMALL + 0.5) for one in entries]
        column = min(2.2, max([1.0, *(0.3 + text for text in texts)]))
        beside = column + 0.15
        bar_title = wrapped(bar, USUAL, column, most=5)
    map_wide = wide - left - EDGE - beside
    tallest = TALLEST_NARROW if narrow else TALLEST
    room = (tallest * wide if high is None else high) - top - bottom - below
    map_high = min(map_wide * proportion, room)
    if map_wide < 0.5 or room < 0.3:
        raise BadRequest(
            f"a map of {wide:g} inches{'' if high is None else f' by {high:g}'} has no room for what "
            "stands around it: give a larger size, or legend=False, graticule=False, title=''"
        )
    spare = map_wide - map_high / proportion
    map_wide = map_high / proportion
    if high is None:
        high = map_high + top + bottom + below
        high = max(high, _least(bar, bar_title, entries, narrow) + top + EDGE)
    base = high - top - map_high
    axes = (left + spare / 2, base, map_wide, map_high)
    bar_at: tuple[float, float, float, float] | None = None
    legend: tuple[float, float] | None = None
    if narrow:
        under_map = base - (0.24 if ticks else 0.0)
        if bar:
            bar_at = (left, under_map - 0.32, inner - 0.1, 0.11)
            under_map -= 0.6
        legend = (left, under_map - 0.05) if entries else None
    elif entries or bar:
        x, start = axes[0] + map_wide + 0.15, base + map_high
        if bar:
            taken = 0.16 * len(bar_title) + 0.08
            # Where entries follow, the bar leaves them room.
            least = entry_height(entries) * len(entries) + 0.25 if entries else 0.0
            length = max(0.7, min(2.4, map_high - taken - least))
            bar_at = (x, start - taken - length, 0.14, length)
            start -= taken + length + 0.25
        legend = (x, start) if entries else None
    return Layout(
        (wide, high), axes, tuple(titles), tuple(unders), tuple(feet), bar_at, tuple(bar_title),
        legend, columns, left, column,
    )  # fmt: skip


def _least(bar: str, title: Sequence[str], entries: Sequence[Legend], narrow: bool) -> float:
    """Give the height that a legend beside the map takes."""
    if narrow:
        return 0.0
    taken = 0.16 * len(title) + 0.08 + 0.95 if bar else 0.0
    return taken + entry_height(entries) * len(entries)


def _size(size: float | Sequence[float]) -> tuple[float, float | None]:
    try:
        given = [float(size)] if isinstance(size, int | float) else [float(one) for one in size]
    except (TypeError, ValueError):
        given = []
    if len(given) not in (1, 2) or not all(1 <= one <= 100 for one in given):
        raise BadRequest(f"size {size!r}: give the width in inches, 1 to 100, or (width, height)")
    return given[0], given[1] if len(given) == 2 else None
