"""A scene on the pixels of a grid, which may be another scene's: bands, indices, and where there is cloud."""

from __future__ import annotations

import math
from typing import Any

from ..datasets.lazy import LazyArray
from ..datasets.scene import Scene
from ..datasets.scene_arrays import Grid
from ..datasets.scene_bands import Band
from ..datasets.scene_clouds import CLOUD_CLASSES, CLOUD_PROBABILITY, clouds_of
from ..datasets.scene_index import IndexArray
from ..datasets.scene_warp import laid, transformer
from ..errors import BadRequest, UnknownName
from . import indices


class SceneOnGrid:
    """Reads a scene on a grid; values are those that `Scene.band` and `Scene.index` give where it is its own.

    Parameters
    ----------
    scene
        The scene.
    grid
        Pixels, also of another place or CRS: what the scene does not cover is NaN, and 0 in classes.
    resolution
        Size of these pixels in m; that of the scene's finest band when None.

    Raises
    ------
    BadRequest
        The scene has no CRS and the grid has one, or the other way.
    """

    def __init__(
        self, scene: Scene, grid: Grid | None = None, resolution: float | None = None
    ) -> None:
        self.scene = scene
        self.resolution = resolution or finest(scene)
        self.grid = grid or scene.grid(self.resolution)
        own = scene.grid()
        if bool(own.crs) != bool(self.grid.crs):
            raise BadRequest(
                f"{scene.name} is in {own.crs or 'no CRS'} and the pixels asked for are in "
                f"{self.grid.crs or 'no CRS'}: they cannot be laid over each other"
            )

    def band(self, name: str) -> LazyArray:
        """Give a band as physical values, classes and what has no known scale as numbers, lazily."""
        band = self.scene.named(name)
        return self._laid(band, None if is_number(band) else band.calibration(self.scene.name))

    def values(self, name: str) -> LazyArray:
        """Give a band, layer, index or formula, lazily.

        Raises
        ------
        UnknownName, BadRequest
            As of `Scene.named` and `Scene.index`.
        """
        if name in (*self.scene.bands.names, *self.scene.layers.names):
            return self.band(name)
        return IndexArray(name, {one: self.reflectance(one) for one in indices.bands_of(name)})

    def reflectance(self, name: str) -> LazyArray:
        """Give a band as reflectance, lazily.

        Raises
        ------
        UnknownName
            There is no such band.
        BadRequest
            Nothing tells its offset or scale.
        """
        band = self.scene.named(name)
        return self._laid(band, band.calibration(self.scene.name))

    def measured(self, name: str) -> LazyArray:
        """Give what a network is trained on and asked with: a band as reflectance, never as numbers.

        Layers, indices and formulas are those of `values`.

        Raises
        ------
        UnknownName, BadRequest
            As of `values` and `reflectance`.
        """
        return self.reflectance(name) if name in self.scene.bands.names else self.values(name)

    def dn(self, name: str) -> LazyArray:
        """Give the numbers of a band or layer, lazily, each of the nearest pixel."""
        return self._laid(self.scene.named(name), None)

    def clouds(self) -> LazyArray | None:
        """Give where there is cloud or its shadow, lazily; None where nothing tells."""
        try:
            return clouds_of(self.scene, self.dn, CLOUD_CLASSES, CLOUD_PROBABILITY)
        except UnknownName:
            return None

    @property
    def layers(self) -> Any:
        """Those of the scene."""
        return self.scene.layers

    @property
    def name(self) -> str:
        """That of the scene."""
        return self.scene.name

    def _laid(self, band: Band, calibration: Any) -> LazyArray:
        return laid(band, calibration, self.grid, self.resolution)


def finest(scene: Scene) -> float:
    """Give the size in m of the finest pixels of a scene."""
    return min(one.resolution for one in scene.bands or scene.layers)


def is_number(band: Band) -> bool:
    """Tell whether a band is shown by its numbers: classes, and where offset or scale are not known."""
    return band.in_classes or band.offset is None or band.scale is None


def pixel_of(grid: Grid, x: float, y: float, crs: str | None, name: str) -> tuple[int, int]:
    """Give row, from the north, and column of a place.

    Parameters
    ----------
    grid
        The pixels.
    x, y
        Pixel as a viewer counts it: column from the west, row from the south. With `crs` coordinates of it.
    crs
        ``"EPSG:4326"`` for longitude and latitude, the grid's own for map coordinates, None for pixels.
    name
        How the error names the grid.

    Raises
    ------
    BadRequest
        A place outside, or one that is no number.
    """
    rows, columns = grid.shape
    try:
        x, y = float(x), float(y)
    except (TypeError, ValueError):
        raise BadRequest(f"({x!r}, {y!r}) is no place: give two numbers") from None
    if not (math.isfinite(x) and math.isfinite(y)):
        raise BadRequest(f"({x}, {y}) is no place: give finite numbers")
    if crs is None:
        row, column = rows - 1 - math.floor(y + 0.5), math.floor(x + 0.5)
    else:
        east, north = (x, y) if crs == grid.crs else _transformed(x, y, crs, grid.crs)
        column = math.floor((east - grid.transform[2]) / grid.transform[0])
        row = math.floor((north - grid.transform[5]) / grid.transform[4])
    if not (0 <= row < rows and 0 <= column < columns):
        kind = "pixel" if crs is None else crs
        raise BadRequest(
            f"{kind} ({x:g}, {y:g}) lies outside of {name}, which has {columns} x {rows} pixels"
        )
    return row, column


def _transformed(x: float, y: float, source: str, target: str) -> tuple[float, float]:
    if not target:
        raise BadRequest("the scene has no CRS: give the place in pixels")
    found = transformer(source, target).transform(x, y)
    if not all(map(math.isfinite, found)):
        raise BadRequest(f"({x:g}, {y:g}) of {source} lies nowhere in {target}")
    return float(found[0]), float(found[1])
