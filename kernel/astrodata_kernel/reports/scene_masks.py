"""Masks over a map: what burnt, grades of damage, with their areas on the ground."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..datasets.lazy import Values
from ..datasets.scene_arrays import Grid
from ..errors import BadRequest
from ..processing.class_windows import highest_of_cells
from ..processing.scene_names import GRADE_COLOURS, GRADES
from ..sentinel.activations import Activation
from ..sentinel.ground_areas import HECTARE, areas_of_rows
from ..sentinel.mask_reading import read_mask
from .looks import PALETTE, rgb
from .scene_pixels import view_of

BURNT = "#ff2d1a"
OPACITY = 0.45
"""Of the fill: the land is seen through it."""


@dataclass(frozen=True)
class Legend:
    """An entry of a map's legend.

    Parameters
    ----------
    name, note
        What it is, and how much of it.
    colour
        ``#rrggbb`` of the fill, "" for none.
    hatch
        Matplotlib's pattern.
    seen_through
        Whether the land is seen through it.
    """

    name: str
    note: str = ""
    colour: str = ""
    hatch: str = ""
    seen_through: bool = False


@dataclass(frozen=True)
class Overlay:
    """A mask on the grid of a picture.

    Parameters
    ----------
    numbers
        uint8 of shape (rows, columns); 0 is nothing, but of grades.
    hectares
        Area of each number in what is shown, None where nothing tells the size of a pixel.
    names, colours
        Of the numbers.
    """

    numbers: Values
    hectares: dict[int, float | None]
    names: Mapping[int, str]
    colours: Mapping[int, str]

    def colour(self, number: int) -> str:
        """Give the colour of a number."""
        if number in self.colours:
            return self.colours[number]
        return BURNT if number == 1 else PALETTE[(number - 2) % len(PALETTE)]

    @property
    def shown(self) -> list[int]:
        """The numbers that are drawn, from the least."""
        return [number for number in sorted(self.hectares) if number > 0]

    def legend(self) -> list[Legend]:
        """Give an entry of each number."""
        made = []
        for number in self.shown:
            area = self.hectares[number]
            made.append(
                Legend(
                    self.names.get(number, f"class {number}"),
                    "" if area is None else area_text(area),
                    self.colour(number),
                    seen_through=True,
                )
            )
        return made

    def lay(self, picture: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        """Give a picture with the mask over it, its outline one pixel wide."""
        made = picture.copy()
        for number in self.shown:
            where = self.numbers == number
            colour = np.array(rgb(self.colour(number)), np.float64)
            made[where, :3] = np.round(picture[where, :3] * (1 - OPACITY) + colour * OPACITY)
            inside = where.copy()
            inside[1:] &= where[:-1]
            inside[:-1] &= where[1:]
            inside[:, 1:] &= where[:, :-1]
            inside[:, :-1] &= where[:, 1:]
            edge = where & ~inside
            made[edge, :3] = np.round(colour * 0.8)
            made[where, 3] = 255
        return made


def area_text(hectares: float) -> str:
    """Give an area in words: hectares, with as many digits as are worth it."""
    return f"{hectares:,.0f} ha" if hectares >= 100 else f"{hectares:.3g} ha"


def overlay_of(
    mask: Any,
    scene: Any,
    grid: Grid,
    name: str | Mapping[int, str],
    colours: Mapping[int, str] | None = None,
) -> Overlay:
    """Give a mask on the grid of a picture.

    Parameters
    ----------
    mask
        Booleans or numbers, shape (rows, columns), on the pixels of the scene or of one of its resolutions;
        an activation (`adk.sentinel.activation`), or the path of a raster on any grid, GeoJSON or shapefile.
        The numbers 1 to 4 are grades of damage where any is above 1 and nothing else is told.
    scene
        Whose pixels they are: of `scene_pixels.Shown`.
    grid
        Of the picture.
    name
        What a mask of one class is of, or the name of each class.
    colours
        ``#rrggbb`` of some classes.

    Raises
    ------
    BadRequest
        Another shape than the scene's, or numbers that are no classes.
    UnreadableFile, UnsupportedFormat, DamagedFile
        A path where no mask can be read.
    """
    told: Mapping[int, str] = {}
    graded: bool | None = None
    own: Grid = scene.grid
    if isinstance(mask, str | os.PathLike):
        numbers, facts, _ = read_mask(mask, own)
        told = facts.classes
    elif isinstance(mask, Activation):
        graded = mask.has_grades
        numbers = mask.mask(own, grading=graded)
    else:
        numbers = np.asarray(mask)
        own = _grid_of(numbers, scene)
    numbers = _as_classes(numbers)
    most = int(numbers.max(initial=0))
    if not isinstance(name, str):
        told = name
    elif graded or (graded is None and not told and 1 < most <= max(GRADES)):
        told, colours = GRADES, {**GRADE_COLOURS, **(colours or {})}
    elif not told:
        told = {number: name if most < 2 else f"{name} {number}" for number in range(1, most + 1)}
    part = view_of(own, grid, np.inf, "the mask")  # its own pixels of what is shown
    return Overlay(
        on_picture(numbers, own, grid), _areas(numbers, own, part), dict(told), dict(colours or {})
    )


def _areas(numbers: Values, own: Grid, part: Grid) -> dict[int, float | None]:
    """Give the area of each number within a part of a mask."""
    row = round((part.transform[5] - own.transform[5]) / own.transform[4])
    column = round((part.transform[2] - own.transform[2]) / own.transform[0])
    seen = numbers[row : row + part.shape[0], column : column + part.shape[1]]
    if not part.crs:
        return dict.fromkeys((int(number) for number in np.unique(seen)), None)
    areas = areas_of_rows(part)
    return {
        number: None
        if areas is None
        else float(((seen == number).sum(axis=1)[:, None] * areas).sum() / HECTARE)
        for number in (int(one) for one in np.unique(seen))
    }


def on_picture(numbers: Values, own: Grid, grid: Grid) -> npt.NDArray[np.uint8]:
    """Give a mask on the pixels of a picture in the same system, each the highest number that it covers.

    So what burnt in a single pixel is seen on a small map, too, as it is in the viewer.
    """
    edges = [
        (grid.transform[j] + grid.transform[i] * np.arange(count + 1) - own.transform[j])
        / own.transform[i]
        for count, i, j in zip(grid.shape, (4, 0), (5, 2), strict=True)
    ]
    return highest_of_cells(numbers.astype(np.uint8), *edges)


def _as_classes(numbers: Values) -> Values:
    if numbers.ndim != 2 or numbers.dtype.kind not in "biuf":
        raise BadRequest(
            f"a mask of shape {numbers.shape} and type {numbers.dtype}: give booleans or small numbers, "
            "(rows, columns)"
        )
    if numbers.dtype.kind == "f":
        numbers = np.nan_to_num(numbers)
    if numbers.size and (numbers.min() < 0 or numbers.max() > 255 or (numbers % 1 != 0).any()):
        raise BadRequest("the mask has numbers that are no classes: give 0 to 255, or booleans")
    return numbers.astype(np.uint8)


def _grid_of(numbers: Values, scene: Any) -> Grid:
    whole: Grid = scene.grid
    if numbers.shape == whole.shape:
        return whole
    inner = getattr(scene, "scene", None)
    for band in () if inner is None else (*inner.bands, *inner.layers):
        if numbers.shape == band.shape:
            return band.raster.grid  # type: ignore[no-any-return]
    raise BadRequest(
        f"the mask has {' x '.join(map(str, numbers.shape))} pixels, {scene.name} has "
        f"{' x '.join(map(str, whole.shape))}: give one on the scene's pixels, such as "
        "activation.mask(scene), or the path of a GeoTIFF"
    )
