"""Regions over the image viewer: their traits, what Python sees of them, and files of DS9 and CASA."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import traitlets

from ..datasets import Dataset
from ..errors import BadRequest
from ..processing import region_files
from ..processing.region_shapes import MOST, Shape, checked, on_sky, regions_of, shapes_of
from ..processing.region_writing import written
from ..wire import Reply
from ..writing import write_whole
from .base import answers
from .fits_regions_contours import ContoursWidget
from .fits_regions_measuring import MeasuringWidget


class RegionsWidget(MeasuringWidget, ContoursWidget):
    """Regions of an image viewer: drawn by hand or by Python, measured, read from files and written."""

    dataset: Dataset

    _saved = ("shapes",)

    shapes = traitlets.List(
        traitlets.Dict(),
        help="The regions as plain values in 0-based array pixels; `regions` gives and takes them as "
        "those of the package regions.",
    ).tag(sync=True)
    selected_shapes = traitlets.List(
        traitlets.Int(min=0), help="Numbers of the regions that are selected, from 0."
    ).tag(sync=True)

    def __init__(self, **traits: Any) -> None:
        given = traits.pop("regions", None)
        super().__init__(**traits)
        if given is not None:
            self.regions = given

    @property
    def regions(self) -> Any:
        """The regions as `regions.Regions` of pixels, with colour in ``visual`` and text in ``meta``.

        Set by a region or several, of pixels or of the sky; by the path of a region file of DS9 or CRTF;
        or by its text. What is taken out of the list that this gives stays in the viewer.
        """
        return regions_of(self.shapes)

    @regions.setter
    def regions(self, given: Any) -> None:
        self.shapes = self._region_shapes(given)

    @property
    def sky_regions(self) -> Any:
        """The regions as `regions.Regions` of the sky; set as `regions`."""
        found = self.regions
        return type(found)([on_sky(region, self.dataset.wcs) for region in found])

    @sky_regions.setter
    def sky_regions(self, given: Any) -> None:
        self.regions = given

    @property
    def selected(self) -> Any:
        """The selected regions as `regions.Regions` of pixels; set by their numbers, from 0."""
        return regions_of(self.shapes[number] for number in self.selected_shapes)

    @selected.setter
    def selected(self, numbers: Iterable[int] | int | None) -> None:
        if numbers is None:
            numbers = []
        self.selected_shapes = [numbers] if isinstance(numbers, int) else [int(n) for n in numbers]

    def add_regions(self, given: Any) -> Any:
        """Add regions to those that are there, and select them.

        Parameters
        ----------
        given
            As `regions` is set by.

        Returns
        -------
        Regions
            What was added, of pixels.

        Raises
        ------
        BadRequest
            What is no region, or one of the sky where there is none. Nothing is added.
        """
        taken = self._region_shapes(given)
        before = len(self.shapes)
        self.shapes = [*self.shapes, *taken]
        self.selected_shapes = list(range(before, before + len(taken)))
        return regions_of(taken)

    def load_regions(self, path: str | os.PathLike[str]) -> Any:
        """Add the regions of a file of DS9 (.reg) or CASA (.crtf).

        Parameters
        ----------
        path
            Of the file; its content tells the format.

        Returns
        -------
        Regions
            What was added, of pixels. What cannot be shown is told by a warning.

        Raises
        ------
        DamagedFile
            A syntax error; the text names file, line and column, and nothing is added.
        UnreadableFile
            No such file.
        BadRequest
            Regions of the sky over an image without one.
        """
        return self.add_regions(Path(path))

    def save_regions(
        self, path: str | os.PathLike[str], sky: bool | None = None, selected: bool = False
    ) -> Path:
        """Write the regions to a file of DS9 or CASA. A file that is there is replaced.

        Parameters
        ----------
        path
            ``.reg`` for DS9, ``.crtf`` for CASA.
        sky
            Whether on the sky, in the image's own system, or in pixels; by default where there is a sky.
        selected
            Whether only those that are selected.

        Raises
        ------
        BadRequest
            Another ending, or a sky where there is none.
        """
        target = Path(path)
        form = region_files.FORMATS.get(target.suffix.removeprefix(".").lower())
        if form is None:
            raise BadRequest(f"{target.name}: end the name in .reg (DS9) or .crtf (CASA)")
        sky = self.dataset.wcs is not None if sky is None else sky
        return write_whole(target, self._region_text(form, sky, selected).encode())

    def figure(self, *args: Any, **options: Any) -> Any:
        """Draw what is seen as a Matplotlib figure, regions and contours included."""
        figure = super().figure(*args, **options)
        axes = figure.axes[0]
        for region in self.regions:
            colour = region.visual.pop("color", "#00e64d")
            flat = type(region).__name__ in ("PointPixelRegion", "LinePixelRegion")
            looks = {"color": colour} if flat else {"edgecolor": colour, "facecolor": "none"}
            region.plot(ax=axes, **looks)
            if "text" in region.meta:
                box = region.bounding_box
                at = ((box.ixmin + box.ixmax - 1) / 2, box.iymax)
                text = axes.annotate(region.meta["text"], at, color=colour, ha="center", fontsize=8)
                text.set_clip_on(True)
        self._draw_contours(axes)
        return figure

    @traitlets.validate("shapes")
    def _shapes_are_known(self, proposal: dict[str, Any]) -> Any:
        return checked(proposal["value"])

    @traitlets.validate("selected_shapes")
    def _selected_exist(self, proposal: dict[str, Any]) -> Any:
        numbers = list(dict.fromkeys(proposal["value"]))
        beyond = [number for number in numbers if number >= len(self.shapes)]
        if beyond:
            raise BadRequest(f"there is no region {beyond[0]}: there are {len(self.shapes)}")
        return numbers

    @traitlets.observe("shapes")
    def _selected_are_there(self, _change: Any) -> None:
        there = [number for number in self.selected_shapes if number < len(self.shapes)]
        if there != self.selected_shapes:
            self.selected_shapes = there

    @answers("regions_read")
    def _answer_read(self, text: str, name: str) -> Reply:
        regions, notes = region_files.parse(text, name)
        shapes, more = shapes_of(regions, self.dataset.wcs)
        if len(shapes) + len(self.shapes) > MOST:
            raise BadRequest(f"more than {MOST:,} regions: delete some first")
        return Reply({"shapes": shapes, "notes": [*notes, *more]})

    @answers("regions_write")
    def _answer_write(self, form: str, sky: bool = False, selected: bool = False) -> Reply:
        made = self._region_text(form, sky, selected).encode()
        stem = Path(self.dataset.name).name.split(".")[0] or "image"
        ending = "crtf" if form == "crtf" else "reg"
        return Reply({"name": f"{stem}.{ending}", "bytes": len(made)}, [memoryview(made)])

    def _region_text(self, form: str, sky: bool, selected: bool) -> str:
        wcs = self.dataset.wcs
        if sky and wcs is None:
            raise BadRequest("there is no WCS to write regions of the sky by: write pixels")
        shapes = [self.shapes[n] for n in self.selected_shapes] if selected else self.shapes
        return written(shapes, form, wcs if sky else None)

    def _region_shapes(self, given: Any) -> list[Shape]:
        notes: list[str] = []
        if isinstance(given, (str, os.PathLike)):
            given, notes = _file_or_text(given)
        elif given is None:
            given = []
        elif isinstance(given, Mapping) or (hasattr(given, "meta") and hasattr(given, "visual")):
            given = [given]
        elif not isinstance(given, Iterable):
            raise BadRequest(f"a {type(given).__name__} is no region")
        shapes, more = shapes_of(given, self.dataset.wcs)
        for note in (*notes, *more):
            warnings.warn(note, UserWarning, stacklevel=4)
        return shapes


def _file_or_text(given: str | os.PathLike[str]) -> tuple[Any, list[str]]:
    """Read a file, or parse a text where a string looks like one: it has lines, brackets or statements."""
    if isinstance(given, str) and any(char in given for char in "\n;(["):
        try:
            there = Path(given).is_file()
        except (OSError, ValueError):
            there = False
        if not there:
            return region_files.parse(given)
    return region_files.read(given)
