"""Scenes of several dates on the pixels of the first one, whatever grid or CRS they have themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ..datasets.lazy import LazyArray, Values
from ..datasets.scene import Scene, contents_of
from ..datasets.scene_arrays import Calibration, Grid
from ..datasets.scene_bands import Band, Bands
from ..datasets.scene_warp import transformer
from ..datasets.scenes_together import by_date
from ..errors import BadRequest
from ..processing.scene_lower import centres, halved, window_of
from ..processing.scene_on_grid import SceneOnGrid, finest, is_number

_NODES = 33
"""Places a side at which a way to another CRS is computed; between them it is as good as straight."""


def on_one_grid(scenes: Sequence[Scene]) -> tuple[Scene, ...]:
    """Give scenes by date, all on the pixels of the first one that is given.

    Those on its grid stay as they are. Of others the bands are resampled as they are read, onto its finest
    pixels: linear between pixels, the nearest one of classes; what they do not cover is nothing.

    Raises
    ------
    BadRequest
        No scene, or one of several without a date, a CRS or bands, or that lies elsewhere; the text names it.
    """
    if not scenes:
        raise BadRequest("a list of no scenes: give at least one")
    if len(scenes) == 1:
        return tuple(scenes)
    for scene in scenes:
        for missing, there in (("date", scene.date), ("CRS", scene.crs)):
            if not there:
                raise BadRequest(
                    f"{scene.name} has no {missing}: it cannot be laid over the other scenes; show it alone"
                )
    first = scenes[0]
    made = [scene if scene.grid().same(first.grid()) else laid(scene, first) for scene in scenes]
    return tuple(by_date(made))


def laid(scene: Scene, first: Scene) -> Scene:
    """Give a scene on the finest pixels of another, all bands at its resolution.

    Raises
    ------
    BadRequest
        The two do not overlap.
    """
    grid, size = first.grid(), finest(first)
    if not _overlap(scene.grid(), grid):
        raise BadRequest(
            f"{scene.name} and {first.name} do not overlap: they cannot be laid over each other"
        )
    source = SceneOnGrid(scene, grid, size)

    def moved(band: Band) -> Band:
        if band.note:
            return band  # it cannot be read, and says so
        raster = LaidRaster(source.band(band.name), band, scene.name, grid)
        known: dict[str, Any] = (
            {} if is_number(band) else {"offset": 0.0, "scale": 1.0, "saturated": None}
        )
        return replace(band, raster=raster, resolution=size, coarser={}, **known)

    start, rename = scene.start_transcoding, scene.rename
    changes: dict[str, Any] = {
        "bands": Bands(map(moved, scene.bands)),
        "layers": Bands(map(moved, scene.layers)),
        "crs": grid.crs,
        "rename": rename and (lambda names: laid(rename(names), first)),
        # What is transcoded are the files.
        "start_transcoding": start
        and (lambda bands, report: start([scene.named(one.name) for one in bands], report)),
    }
    made = replace(scene, **changes)
    contents = contents_of(made)
    return replace(made, contents=contents, shape=contents.shape, dtype=contents.dtype)


class LaidRaster:
    """A band on another grid: physical values as float32, or the numbers where it is shown by them.

    Parameters
    ----------
    array
        The band on the grid.
    band
        As its file has it.
    name
        Of its scene, for errors.
    grid
        The pixels.
    """

    def __init__(self, array: LazyArray, band: Band, name: str, grid: Grid) -> None:
        self._array, self._raster = array, band.raster
        self._calibration: Calibration | None = None if is_number(band) else band.calibration(name)
        self.grid = grid

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of its values."""
        return self._array.dtype

    @property
    def nodata(self) -> float | None:
        """What stands for nothing among numbers; physical values are NaN there."""
        return self._raster.nodata if self._calibration is None else None

    def read(self, rows: slice, columns: slice) -> Values:
        """Give a window."""
        return np.asarray(self._array[rows, columns])

    def reduced(self, rows: slice, columns: slice, step: int, classes: bool) -> Values:
        """Give one value for each `step` x `step` pixels, by the file's own overviews where it has any."""
        own = self._raster.grid
        v, u = _pixels(self.grid, own, centres(rows, step), centres(columns, step))
        blank: Any = np.nan if self._calibration is not None else self.nodata or 0
        out = np.full(v.shape, blank, self.dtype)
        with np.errstate(invalid="ignore"):
            inside = (v >= 0) & (v < own.shape[0]) & (u >= 0) & (u < own.shape[1])
        if not inside.any():
            return out
        inner = halved(step * abs(self.grid.transform[0] / own.transform[0]))
        (down, row), (across, column) = (
            window_of(np.floor(place[inside]).astype(int), size, inner)
            for place, size in zip((v, u), own.shape, strict=True)
        )
        if inner == 1:
            numbers = self._raster.read(down, across)
        else:
            numbers = self._raster.reduced(down, across, inner, classes)
        values = numbers if self._calibration is None else self._calibration(numbers)
        out[inside] = values[row, column]
        return out


def _pixels(grid: Grid, own: Grid, rows: Values, columns: Values) -> tuple[Values, Values]:
    """Give the rows and columns, from the edge, in one grid of the centres of pixels of another."""
    dx, _, left, _, dy, top = grid.transform
    if own.crs == grid.crs:
        x, y = np.meshgrid(left + dx * (columns + 0.5), top + dy * (rows + 0.5))
    else:
        at = [np.linspace(part[0], part[-1], min(_NODES, part.size)) for part in (rows, columns)]
        x, y = np.meshgrid(left + dx * (at[1] + 0.5), top + dy * (at[0] + 0.5))
        x, y = transformer(grid.crs, own.crs).transform(x, y)
        down, across = _weights(rows, at[0]), _weights(columns, at[1])
        with np.errstate(invalid="ignore"):
            x, y = (down @ np.asarray(part) @ across.T for part in (x, y))
    return (
        np.asarray((y - own.transform[5]) / own.transform[4]),
        np.asarray((x - own.transform[2]) / own.transform[0]),
    )


def _weights(places: Values, nodes: Values) -> Values:
    """Give the share of each node in each place between them."""
    return np.stack([np.interp(places, nodes, one) for one in np.eye(nodes.size)], axis=1)


def _overlap(grid: Grid, other: Grid) -> bool:
    left, bottom, right, top = grid.bounds
    if grid.crs != other.crs:
        at = np.linspace(0, 1, 21)
        x = np.concatenate([left + (right - left) * at] * 2 + [np.repeat([left, right], 21)])
        y = np.concatenate(
            [np.repeat([bottom, top], 21), *([bottom + (top - bottom) * at] * 2)],
        )
        x, y = (np.asarray(part) for part in transformer(grid.crs, other.crs).transform(x, y))
        known = np.isfinite(x) & np.isfinite(y)
        if not known.any():
            return False
        left, right = float(x[known].min()), float(x[known].max())
        bottom, top = float(y[known].min()), float(y[known].max())
    bounds = other.bounds
    return left < bounds[2] and right > bounds[0] and bottom < bounds[3] and top > bounds[1]
