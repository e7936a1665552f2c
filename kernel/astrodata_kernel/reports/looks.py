"""Colours of pages and pictures, for light and dark grounds."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ..errors import BadRequest

_COLOUR = re.compile("#[0-9a-fA-F]{6}")

# Told apart by the colour-blind and legible on both grounds; the last is for all that come after.
PALETTE = (
    "#3a86c8",
    "#e6862a",
    "#3da45b",
    "#a86bc9",
    "#d1495b",
    "#1aa39a",
    "#a47551",
    "#e07bb5",
    "#9a9a2e",
    "#8a8a8a",
)
# Viridis without its ends, of which one vanishes on dark grounds and the other on light ones.
RAMP = (
    "#46327e", "#3f4889", "#365c8d", "#2e6e8e", "#277f8e", "#21918c",
    "#1fa187", "#2db27d", "#4ac16d", "#71cf57", "#9fda3a", "#cfe11c",
)  # fmt: skip


@dataclass(frozen=True)
class Look:
    """Colours of one theme, each ``#rrggbb``."""

    name: str
    ground: str
    raised: str
    ink: str
    faint: str
    line: str
    accent: str
    other: str
    density: tuple[str, ...]


LOOKS = {
    "light": Look(
        "light", "#ffffff", "#f6f7f9", "#1f2328", "#59636e", "#d1d9e0", "#0b62b8", "#a3abb4",
        ("#ccd3da", "#98a4b1", "#5c6976", "#2b333b"),
    ),
    "dark": Look(
        "dark", "#111418", "#1a1f25", "#e6edf3", "#9ba7b4", "#343c46", "#6cb6ff", "#6b747e",
        ("#39424c", "#5f6b78", "#93a0ae", "#d4dce4"),
    ),
}  # fmt: skip


def look_of(theme: str) -> Look:
    """Give the colours of a theme.

    Raises
    ------
    BadRequest
        Neither ``"light"`` nor ``"dark"``.
    """
    if theme not in LOOKS:
        raise BadRequest(f"a theme {theme!r}: give 'light' or 'dark'")
    return LOOKS[theme]


def colours_of(count: int, given: Sequence[str | None] = ()) -> list[str]:
    """Give a colour for each of some classes: its own where that is ``#rrggbb``, else the palette's next."""
    own = list(given) + [None] * (count - len(given))
    return [
        colour if _COLOUR.fullmatch(str(colour)) else PALETTE[min(i, len(PALETTE) - 1)]
        for i, colour in enumerate(own)
    ]


def rgb(colour: str) -> tuple[int, int, int]:
    """Give red, green and blue, 0 to 255, of ``#rrggbb``."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
