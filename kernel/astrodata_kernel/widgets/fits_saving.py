"""What leaves the image viewer: figures with axes, cutouts as FITS, and files of them and of its state."""

from __future__ import annotations

import io
import json
import math
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..datasets import Dataset
from ..errors import BadRequest, MissingPackage
from ..processing.pyramid import Planes
from ..processing.raster import edges_of
from ..processing.sky import FRAMES, part_of
from ..processing.stretches import norm_of
from ..readers.fits_structure import plain_text
from ..wire import Reply
from ..writing import write_whole
from .base import answers
from .fits_colours import colour_table
from .fits_state import StateWidget

FIGURES = ("png", "pdf", "svg")
FORMATS = (*FIGURES, "fits", "json", "py")
FINEST = 2000
"""Pixels of the longer side of the picture in a figure."""

MOST_PIXELS = 1 << 26
"""Of a cutout that the browser takes away; from Python there is no end."""

APART = 0.05
"""Share of the colour bar between two of its labels, at least."""

ASPECT = 1.6
"""Of the picture's sides, where Python does not know how wide the browser shows it."""

NAMES = {
    "icrs": ("Right ascension", "Declination"),
    "galactic": ("Galactic longitude", "Galactic latitude"),
    "ecliptic": ("Ecliptic longitude", "Ecliptic latitude"),
}
"""Of the axes of each system but the image's own."""

AXES = {
    axis: name
    for system, axes in (("icrs", "RA DEC"), ("galactic", "GLON GLAT"), ("ecliptic", "ELON ELAT"))
    for axis, name in zip(axes.split(), NAMES[system], strict=True)
}
"""The same by how a WCS begins its CTYPE."""

Box = tuple[int, int, int, int]


class SavingWidget(StateWidget):
    """Saves what an image viewer shows; a subclass sets what is declared here, and the traits."""

    plane: Any
    view: Any
    height: Any
    stretch: Any
    colormap: Any
    reverse: Any
    contrast: Any
    bias: Any
    system: Any
    angles: Any
    graticule: Any
    limits_in_force: Callable[[], tuple[float, float]]
    _planes_of: Callable[[Dataset], Planes]
    _sample: Callable[..., Any]

    def figure(self, box: Sequence[float] | None = None, width: float = 7.0) -> Any:
        """Draw what is seen as a Matplotlib figure, with the axes of the sky where there is one.

        Parameters
        ----------
        box
            Left, bottom, right and top in 0-based pixel coordinates; what is seen by default.
        width
            Of the figure, in inches.

        Raises
        ------
        MissingPackage
            Matplotlib is not installed.
        BadRequest
            A box that has no pixel of the image in it.
        """
        try:
            from ..drawing import CellFigure
        except ImportError:
            raise MissingPackage("a figure needs Matplotlib: pip install matplotlib") from None
        planes = self._planes_of(self.dataset)
        left, bottom, right, top = self._box(planes, box)
        step = max(1, math.ceil(max(right - left, top - bottom) / FINEST))
        shape = (top - bottom) / (right - left)
        figure = CellFigure(
            figsize=(width, max(2.0, 0.72 * width * shape + 1.1)), layout="constrained"
        )
        wcs = self.dataset.wcs if self.system != "pixel" else None
        if wcs is not None:
            wcs = part_of(
                wcs, 0, 0
            )  # its own: Matplotlib transforms while tiles and places are asked for
        axes = figure.add_subplot(projection=wcs)
        self._draw(figure, axes, planes, (left, bottom, right, top), step)
        axes.set_xlim(left - 0.5, right - 0.5)
        axes.set_ylim(bottom - 0.5, top - 0.5)
        self._name_axes(axes, wcs)
        axes.set_title(self._title(planes), fontsize=10)
        return figure

    def cutout(self, box: Sequence[float] | None = None) -> Any:
        """Give what is seen as an `astropy.io.fits.PrimaryHDU`, with the WCS of the part.

        Parameters
        ----------
        box
            As in `figure`.
        """
        return self._cutout(box, lookups=False)[0]

    def _cutout(self, box: Sequence[float] | None, lookups: bool) -> Any:
        """Give the HDUs of a cutout: the pixels, and the tables of distortion that belong to its WCS."""
        from astropy.io import fits

        planes = self._planes_of(self.dataset)
        left, bottom, right, top = self._box(planes, box)
        values = planes.read(self.plane, slice(bottom, top), slice(left, right))
        hdus = _of_part(self.dataset.wcs, left, bottom, values.shape, lookups)
        header = hdus[0].header
        for name in ("unit", "object"):
            text = str(self.dataset.meta.get(name, ""))
            if text:
                header["BUNIT" if name == "unit" else "OBJECT"] = plain_text(text)
        said = (
            f"Pixels x {left} to {right - 1}, y {bottom} to {top - 1} (from 0), plane {self.plane}, of "
            f"{self.dataset.name}, HDU {self.dataset.part}"
        )
        header.add_history(plain_text(said))
        provenance = self.dataset.provenance
        # Of a file that lies elsewhere all would come through the network for its hash.
        if provenance is not None and not planes.far:
            header.add_history(f"SHA-256 of the file: {provenance.sha256}")
        return fits.HDUList([fits.PrimaryHDU(values, header), *hdus[1:]])

    def save(self, path: str | os.PathLike[str], box: Sequence[float] | None = None) -> Path:
        """Write what is seen to a file, by the ending of its name.

        Parameters
        ----------
        path
            ``.png``, ``.pdf`` or ``.svg`` (a figure with axes), ``.fits`` (the pixels), ``.json`` (the state)
            or ``.py`` (the code that shows it again). A file that is there is replaced.
        box
            As in `figure`.

        Returns
        -------
        Path
            Of the file.

        Raises
        ------
        BadRequest
            Another ending.
        """
        target = Path(path)
        write_whole(target, self._bytes(target.suffix.removeprefix(".").lower(), box))
        return target

    @answers("save")
    def _answer_save(self, what: str, box: list[float] | None = None) -> Reply:
        planes = self._planes_of(self.dataset)
        left, bottom, right, top = self._box(planes, box)
        if what == "fits" and (right - left) * (top - bottom) > MOST_PIXELS:
            raise BadRequest(
                f"{(right - left) * (top - bottom):,} pixels are too many to send to the browser: come "
                "closer, or use viewer.save('cutout.fits')"
            )
        stem = Path(self.dataset.name).name.split(".")[0] or "image"
        made = self._bytes(what, box)
        return Reply({"name": f"{stem}.{what}", "bytes": len(made)}, [memoryview(made)])

    def _bytes(self, what: str, box: Sequence[float] | None) -> bytes:
        made = io.BytesIO()
        if what in FIGURES:
            self.figure(box).savefig(made, format=what, dpi=200, bbox_inches="tight")
        elif what == "fits":
            self._cutout(box, lookups=True).writeto(made)
        elif what == "json":
            made.write(json.dumps(self.state(), indent=1).encode())
        elif what == "py":
            made.write(f"import astrodata_kernel as adk\n\n{self.code()}\n".encode())
        else:
            raise BadRequest(f"format {what!r} is unknown: there are {', '.join(FORMATS)}")
        return made.getvalue()

    def _box(self, planes: Planes, box: Sequence[float] | None) -> Box:
        if box is None and not self.view:
            return 0, 0, planes.columns, planes.rows
        if box is None:
            up = self.height / self.view["zoom"] / 2
            x, y, across = self.view["x"], self.view["y"], ASPECT * up
            box = (x - across, y - up, x + across, y + up)
        edges = edges_of(box)
        left, bottom = (max(0, math.floor(edge + 0.5)) for edge in edges[:2])
        right = min(planes.columns, math.floor(edges[2] + 0.5) + 1)
        top = min(planes.rows, math.floor(edges[3] + 0.5) + 1)
        if left >= right or bottom >= top:
            raise BadRequest(f"box {list(edges)} has no pixel of the image in it")
        return left, bottom, right, top

    def _draw(self, figure: Any, axes: Any, planes: Planes, box: Box, step: int) -> None:
        from matplotlib.colors import ListedColormap

        left, bottom, right, top = box
        image, _ = planes.reduced(self.plane, slice(bottom, top), slice(left, right), step)
        places = np.round(255 * self._shaded(np.linspace(0, 1, 256))).astype(int)
        colours = ListedColormap(colour_table(self.colormap)[places])
        norm = self._norm(self.plane, self.limits_in_force())
        drawn = axes.imshow(
            image,
            origin="lower",
            extent=self._extent(box, step, image.shape),
            norm=norm,
            cmap=colours.with_extremes(bad=(0.44, 0.48, 0.75)),
            interpolation="nearest",
        )
        unit = str(self.dataset.meta.get("unit", "")) or None
        figure.colorbar(drawn, ax=axes, label=unit, ticks=_ticks(norm))

    @staticmethod
    def _extent(box: Box, step: int, shape: tuple[int, ...]) -> tuple[float, float, float, float]:
        """Give where the edges of a reduced picture lie, in pixels of the image."""
        left, bottom = box[:2]
        rows, columns = shape
        return left - 0.5, left - 0.5 + columns * step, bottom - 0.5, bottom - 0.5 + rows * step

    def _norm(self, plane: int, limits: tuple[float, float]) -> Any:
        low, high = limits
        return norm_of(self.stretch, low, high, self._sample(None, plane)[1])

    def _shaded(self, share: Any) -> Any:
        """Give brightness, from 0 to 1, turned by contrast, bias and order."""
        shown = np.clip((share - self.bias) * self.contrast + 0.5, 0, 1)
        return 1 - shown if self.reverse else shown

    def _name_axes(self, axes: Any, wcs: Any) -> None:
        if wcs is None:
            axes.set_xlabel("x, pixels from 0")
            axes.set_ylabel("y, pixels from 0")
            return
        shown = axes.coords
        names: Sequence[str] = [AXES.get(name.split("-")[0], name) for name in wcs.wcs.ctype]
        if self.system in FRAMES:
            # Numbers of both systems would be written over each other.
            for coordinate in axes.coords:
                coordinate.set_ticks_visible(False)
                coordinate.set_ticklabel_visible(False)
                coordinate.set_auto_axislabel(False)
            names = NAMES[self.system]
            shown = axes.get_coords_overlay(FRAMES[self.system])
            for coordinate, side in zip(shown, "bl", strict=True):
                coordinate.set_ticks_position(side)
                coordinate.set_ticklabel_position(side)
                coordinate.set_axislabel_position(side)
        for coordinate, name in zip(shown, names, strict=True):
            coordinate.set_axislabel(name)
            if self.angles == "degrees":
                coordinate.set_format_unit("deg", decimal=True)
        if self.graticule:
            shown.grid(color="white", alpha=0.6, linewidth=0.6)

    def _title(self, planes: Planes) -> str:
        number = f", HDU {self.dataset.part}" if len(self.dataset.parts) > 1 else ""
        plane = f", plane {self.plane}" if planes.count > 1 else ""
        return f"{self.dataset.name}{number}{plane}"


def _of_part(wcs: Any, left: int, bottom: int, shape: tuple[int, int], lookups: bool) -> Any:
    """Give the HDUs that tell the WCS of a part of an image: the first one's header, and tables."""
    from astropy.io import fits

    if wcs is None:
        return fits.HDUList([fits.PrimaryHDU()])
    part = part_of(wcs, left, bottom, shape)
    # astropy reads back a table of each axis, or none.
    pairs = (part.cpdis1, part.cpdis2), (part.det2im1, part.det2im2)
    if lookups and all((one is None) == (other is None) for one, other in pairs):
        return part.to_fits(relax=True)
    return fits.HDUList([fits.PrimaryHDU(header=part.to_header(relax=True))])


def _ticks(norm: Any) -> list[float]:
    """Give round values between the limits that lie apart on the bar, however they are stretched."""
    from matplotlib.ticker import MaxNLocator

    kept: list[float] = []
    for value in MaxNLocator(8).tick_values(norm.vmin, norm.vmax):
        inside = norm.vmin <= value <= norm.vmax
        # The norm puts all that is beyond a limit on it.
        if inside and (not kept or float(norm(value) - norm(kept[-1])) >= APART):
            kept.append(float(value))
    return kept
