"""Contours over the image viewer: of its own image, or of another one, by the sky or by pixels."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import traitlets

from ..datasets import Dataset
from ..errors import BadRequest, UnknownName
from ..processing.image_parts import Sheet
from ..processing.isolines import contours as find_contours
from ..readers.in_memory import held
from ..wire import Reply, encode
from .base import Cancel, answers
from .fits_state import StateWidget

COLOURS = ("#ffb000", "#3fd0ff", "#ff6ec7", "#9be564", "#c9a0ff")
"""Of contours that were given none, in turn."""

SMOOTH = 1.0
"""Standard deviation that contours are smoothed by unless told, in pixels of what they are found on."""

_IN_MEMORY = "memory:"


class ContoursWidget(StateWidget):
    """Contours of an image viewer."""

    plane: Any
    _sheet: Callable[..., Sheet]

    contour_sets = traitlets.List(
        traitlets.Dict(),
        help="Contours on show: source (empty for the image itself), hdu and plane of another image, "
        "levels and color.",
    ).tag(sync=True)

    _saved = ("contour_sets",)

    def contours(
        self,
        other: Any = None,
        levels: int | Sequence[float] = 5,
        color: str | None = None,
        smooth: float = SMOOTH,
        plane: int = 0,
    ) -> dict[float, list[Any]]:
        """Draw contours of another image, or of the image itself, over the picture.

        Parameters
        ----------
        other
            A data set, an array, a path or URL, or another viewer; the image itself by default. It is put
            in its place by the sky where both images have one, by pixels else.
        levels
            Values, or how many: evenly between the limits of zscale.
        color
            ``#rrggbb`` or a name.
        smooth
            Standard deviation of a Gaussian, in pixels of the reading; without it lines follow the noise.
        plane
            Of a cube, from 0; of the image itself it is the one on show.

        Returns
        -------
        dict
            Of each level its lines, shape (n, 2): x and y in 0-based pixels of this image. They are found on
            a reading of at most 1,024 pixels a side.

        Raises
        ------
        BadRequest
            Levels that are none, or lines without end.
        AstrodataError
            A source that cannot be read.
        """
        shown: dict[str, Any] = {"source": ""}
        if other is not None:
            image = self._contour_source(other)
            shown = {"source": self._contour_name(image), "hdu": image.part, "plane": plane}
        shown["smooth"] = smooth
        lines = self._contour_lines(shown, levels)
        shown["levels"] = list(lines)
        shown["color"] = color or COLOURS[len(self.contour_sets) % len(COLOURS)]
        self.contour_sets = [*self.contour_sets, shown]
        return lines

    def clear_contours(self) -> None:
        """Take all contours off the picture."""
        self.contour_sets = []

    def state(self) -> dict[str, Any]:
        """Give what the viewer shows and how, as plain values; contours of arrays in memory are left out."""
        state = super().state()
        kept = [one for one in self.contour_sets if not str(one["source"]).startswith(_IN_MEMORY)]
        if kept:
            state["contour_sets"] = kept
        else:
            state.pop("contour_sets", None)
        return state

    @traitlets.validate("contour_sets")
    def _contours_are_known(self, proposal: dict[str, Any]) -> Any:
        made = []
        for one in proposal["value"]:
            try:
                levels = [float(level) for level in one["levels"]]
                if not (levels and all(map(math.isfinite, levels))):
                    raise ValueError
                smooth = float(one.get("smooth", SMOOTH))
                shown = {"source": str(one.get("source", "")), "levels": levels, "smooth": smooth}
                if shown["source"]:
                    shown |= {"hdu": int(one.get("hdu", 0)), "plane": int(one.get("plane", 0))}
            except (AttributeError, KeyError, TypeError, ValueError):
                raise BadRequest(f"contours {one!r}: give source and levels") from None
            made.append({**shown, "color": str(one.get("color") or COLOURS[0])[:30]})
        return made

    @answers("contour_levels")
    def _answer_levels(
        self,
        levels: int = 5,
        smooth: float = SMOOTH,
        hdu: int | None = None,
        plane: int | None = None,
    ) -> Reply:
        found = find_contours(self._sheet(hdu, plane), int(levels), smooth=smooth)
        return Reply({"levels": list(found)})

    @answers("contours")
    def _answer_contours(
        self,
        contours: dict[str, Any],
        hdu: int | None = None,
        plane: int | None = None,
        *,
        cancel: Cancel,
    ) -> Reply:
        cancel.check()
        lines = self._contour_lines(contours, contours["levels"], hdu, plane)
        cancel.check()
        gap = np.full((1, 2), np.nan)
        parts = [part for level in lines.values() for line in level for part in (line, gap)]
        every = np.concatenate(parts) if parts else np.zeros((0, 2))
        meta, buffer = encode(every.astype(np.float32))
        counts = [len(level) for level in lines.values()]
        return Reply({**meta, "levels": list(lines), "counts": counts}, [buffer])

    def _contour_lines(
        self, shown: dict[str, Any], levels: Any, hdu: int | None = None, plane: int | None = None
    ) -> dict[float, list[Any]]:
        onto, smooth = self._sheet(hdu, plane), float(shown.get("smooth", SMOOTH))
        if not shown.get("source"):
            return find_contours(onto, levels, smooth=smooth)
        plane = int(shown.get("plane", 0))
        return find_contours(self._contour_image(shown), levels, onto, plane, smooth)

    def _contour_source(self, other: Any) -> Dataset:
        from ..readers.registry import open_dataset

        given = getattr(other, "dataset", other)
        image = open_dataset(given) if isinstance(given, (str, os.PathLike)) else held(given)
        if image is None or image.kind not in ("image", "cube"):
            what = type(given).__name__ if image is None else image.kind
            raise BadRequest(f"a {what} has no contours: give an image")
        return image

    def _contour_name(self, image: Dataset) -> str:
        provenance = image.provenance
        name = f"{_IN_MEMORY}{id(image)}" if provenance is None else str(provenance.path)
        self._contour_images()[name, image.part] = image
        return name

    def _contour_image(self, shown: dict[str, Any]) -> Dataset:
        from ..readers.registry import open_dataset

        source, hdu = str(shown["source"]), int(shown.get("hdu", 0))
        known = self._contour_images().get((source, hdu))
        if known is None:
            if source.startswith(_IN_MEMORY):
                raise UnknownName(
                    "the image of these contours was in memory and is gone: draw them anew"
                )
            known = self._contour_images()[source, hdu] = self._contour_source(
                open_dataset(source, hdu=hdu)
            )
        return known

    def _contour_images(self) -> dict[tuple[str, int], Dataset]:
        made: dict[tuple[str, int], Dataset] = self.__dict__.setdefault("_contour_cache", {})
        return made

    def _draw_contours(self, axes: Any) -> None:
        for shown in self.contour_sets:
            for lines in self._contour_lines(shown, shown["levels"]).values():
                for line in lines:
                    axes.plot(
                        *line.T, color=shown["color"], linewidth=0.8, scalex=False, scaley=False
                    )
