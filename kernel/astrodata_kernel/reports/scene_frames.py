"""Frames of a film: the picture of a date, and under it date, cloud, the course of time and attribution."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from ..datasets.scene_arrays import Grid
from .looks import Look, rgb
from .scene_drawing import proportion_of
from .scene_furniture import bar_of
from .scene_ground import Ground
from .scene_masks import Overlay, on_picture
from .scene_pictures import Style
from .scene_pixels import Shown, view_of

Pixels = npt.NDArray[np.uint8]


class Board:
    """Where frames are drawn: all that is the same on each is measured once.

    Parameters
    ----------
    width
        Of a frame in pixels; both sides become even, as films want them.
    grid
        Of the pictures.
    shown
        The dates.
    style, overlay, look
        How they are painted.
    attribution
        The last line.
    """

    def __init__(
        self,
        width: int,
        grid: Grid,
        shown: Sequence[Shown],
        style: Style,
        overlay: Overlay | None,
        look: Look,
        attribution: str,
    ) -> None:
        self.grid, self.shown, self.style = grid, shown, style
        self.overlay, self.look = overlay, look
        self._ground = Ground(grid.crs) if grid.crs else None
        self.width = width // 2 * 2
        self.unit = max(1.0, self.width / 480)
        """Pixels of a frame to one of a small one."""
        self.picture_height = max(2, round(self.width * proportion_of(grid, self._ground)))
        self._said = attribution
        lines = 46 + (14 if attribution else 0)
        self.height = -(-int(self.picture_height + lines * self.unit) // 2) * 2
        self._ground_colour, self._blank = rgb(look.ground), rgb(look.raised)

    def small(self, width: int) -> Board:
        """Give the same board with frames of fewer pixels, which are read faster."""
        grid = view_of(self.grid, None, width, "the film")
        over = self.overlay
        if over is not None:
            over = replace(over, numbers=on_picture(over.numbers, self.grid, grid))
        return Board(width, grid, self.shown, self.style, over, self.look, self._said)

    def picture(self, number: int) -> Any:
        """Give the picture of a date, as large as the frame is wide: Pillow's."""
        from PIL import Image

        one = self.shown[number]
        painted = self.style.paint([one.values(name, self.grid) for name in self.style.names])
        if self.overlay is not None and painted[..., 3].any():
            painted = self.overlay.lay(painted)
        if self.grid.transform[4] > 0:
            painted = painted[::-1]
        made = Image.new("RGB", painted.shape[1::-1], self._blank)
        made.paste(Image.fromarray(painted[..., :3]), mask=Image.fromarray(painted[..., 3]))
        size = (self.width, self.picture_height)
        way = Image.Resampling.NEAREST if self.style.classes else Image.Resampling.BICUBIC
        return made if made.size == size else made.resize(size, way)

    def frame(self, picture: Any, number: int, share: float = 0.0) -> Any:
        """Give a whole frame.

        Parameters
        ----------
        picture
            Of the date, or between two.
        number, share
            The date, and how far it is on the way to the next one.
        """
        from PIL import Image, ImageDraw

        made = Image.new("RGB", (self.width, self.height), self._ground_colour)
        made.paste(picture, (0, 0))
        pen = ImageDraw.Draw(made)
        self._scale(pen)
        self._words(made, pen, number if share < 0.5 else number + 1)
        self._time(pen, number, share)
        return made

    def _scale(self, pen: Any) -> None:
        if self._bar is None:
            return
        length, text = self._bar
        u, look = self.unit, self.look
        x, y = 12 * u, self.picture_height - 14 * u
        right = max(x + length, x + pen.textlength(text, font=self._font(9)))
        pen.rectangle((x - 6 * u, y - 16 * u, right + 6 * u, y + 8 * u), fill=rgb(look.ground))
        pen.rectangle((x, y, x + length, y + 3 * u), fill=rgb(look.ink), outline=rgb(look.ink))
        pen.text((x, y - 3 * u), text, font=self._font(9), fill=rgb(look.ink), anchor="ls")

    def _words(self, made: Any, pen: Any, number: int) -> None:
        one, u, look = self.shown[number], self.unit, self.look
        ink = rgb(look.faint)
        x, y = 12 * u, self.picture_height + 21 * u
        date = one.name if one.date is None else f"{one.date:%Y-%m-%d}"
        pen.text((x, y), date, font=self._font(14, bold=True), fill=rgb(look.ink), anchor="ls")
        x += pen.textlength(date, font=self._font(14, bold=True)) + 10 * u
        right = self.width - 12 * u
        if self.style.colours is not None:
            right = self._colours(made, pen, right, y) - 12 * u
        else:
            words = "scene classification" if self.style.classes else self.style.words
            if x + pen.textlength(words, font=self._font(9)) + 70 * u < right:
                pen.text((right, y), words, font=self._font(9), fill=rgb(look.faint), anchor="rs")
        cloud = "" if one.cloud_share is None else f"cloud {one.cloud_share:.0%}"
        if x + pen.textlength(cloud, font=self._font(9)) < right:
            pen.text((x, y), cloud, font=self._font(9), fill=rgb(look.faint), anchor="ls")
        if self._said:
            room = self.width - 24 * u
            long = pen.textlength(self._said, font=self._font(8))
            font = self._font(max(4.0, min(8.0, 8 * room / long)))
            pen.text((12 * u, self.height - 8 * u), self._said, font=font, fill=ink, anchor="ls")

    def _colours(self, made: Any, pen: Any, right: float, y: float) -> float:
        """Draw a small colour bar that ends at the right, and give where it begins."""
        from PIL import Image

        u, look, norm = self.unit, self.look, self.style.norms[0]
        font, ink = self._font(9), rgb(look.faint)
        high = f"{norm.vmax:.3g}"
        pen.text((right, y), high, font=font, fill=ink, anchor="rs")
        right -= pen.textlength(high, font=font) + 5 * u
        length, thick = round(90 * u), round(8 * u)
        at = np.linspace(norm.vmin, norm.vmax, length)
        strip = self.style.paint([np.broadcast_to(at, (thick, length))])[..., :3]
        made.paste(
            Image.fromarray(np.ascontiguousarray(strip)), (round(right) - length, round(y - thick))
        )
        right -= length + 5 * u
        low = f"{norm.vmin:.3g}"
        pen.text((right, y), low, font=font, fill=ink, anchor="rs")
        right -= pen.textlength(low, font=font) + 8 * u
        name = self.style.names[0]
        name = name if len(name) <= 12 else name[:11] + "…"
        pen.text((right, y), name, font=font, fill=rgb(look.ink), anchor="rs")
        return float(right - pen.textlength(name, font=font))

    def _time(self, pen: Any, number: int, share: float) -> None:
        u, look = self.unit, self.look
        left, right = 12 * u, self.width - 12 * u
        y = self.picture_height + 34 * u
        places = [left + at * (right - left) for at in self._course]
        here = places[number]
        if share:
            here += share * (places[number + 1] - here)
        width = max(2, round(2 * u))
        pen.line((left, y, right, y), fill=rgb(look.line), width=width)
        pen.line((left, y, here, y), fill=rgb(look.accent), width=width)
        for n, place in enumerate(places):
            colour = look.accent if n <= number else look.other
            size = 2.5 * u
            pen.ellipse((place - size, y - size, place + size, y + size), fill=rgb(colour))
        size = 4.5 * u
        pen.ellipse(
            (here - size, y - size, here + size, y + size),
            fill=rgb(look.ground), outline=rgb(look.accent), width=width,
        )  # fmt: skip

    @cached_property
    def _course(self) -> list[float]:
        """Where each date lies between the first and the last one, 0 to 1."""
        dates = [one.date for one in self.shown]
        count = len(dates)
        if any(date is None for date in dates) or dates[0] == dates[-1]:
            return [n / max(1, count - 1) for n in range(count)]
        first: Any = dates[0]
        last: Any = dates[-1]
        return [float((date - first) / (last - first)) for date in dates]

    @cached_property
    def _bar(self) -> tuple[float, str] | None:
        if self._ground is None:
            return None
        box = self.grid.bounds
        pixel = (box[2] - box[0]) / self.width
        bar = bar_of(self._ground, box, (0.0, 0.0))
        return (bar.end[0] - bar.start[0]) / pixel, bar.text

    def _font(self, size: float, bold: bool = False) -> Any:
        known = self._fonts.get((size, bold))
        if known is None:
            from matplotlib.font_manager import FontProperties, findfont
            from PIL import ImageFont

            # The one that Matplotlib brings along: it is there, and has the letters.
            path = findfont(
                FontProperties(family="DejaVu Sans", weight="bold" if bold else "normal")
            )
            known = self._fonts[(size, bold)] = ImageFont.truetype(path, round(size * self.unit))
        return known

    @cached_property
    def _fonts(self) -> dict[tuple[float, bool], Any]:
        return {}
