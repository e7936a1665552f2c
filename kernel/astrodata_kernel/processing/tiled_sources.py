"""What a scene is read from, part by part: arrays, or bands of scenes on one grid."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from ..datasets.scene import Scene
from ..datasets.scene_arrays import Grid
from ..datasets.scenes_together import by_date
from ..errors import BadRequest
from . import indices
from .scene_on_grid import SceneOnGrid

Values = npt.NDArray[np.float32]


class Source(Protocol):
    """Dates, rows, columns and bands that are read where they are wanted."""

    shape: tuple[int, int]
    """Rows and columns."""
    channels: int
    single: bool
    """Whether windows come without an axis of dates."""
    grid: Grid | None
    resolution: float | None

    def read(self, rows: slice, columns: slice) -> Values:
        """Give a part, float32 of (dates, rows, columns, bands); what lies beyond the end is left out."""


def source_of(source: Any, bands: Sequence[str] | None, resolution: float | None) -> Source:
    """Give what reads an array, a scene, or several.

    Raises
    ------
    BadRequest
        An array of another number of axes, no scenes, no bands.
    """
    if isinstance(source, Scene):
        return _Scenes([source], bands, resolution, single=True)
    if isinstance(source, list | tuple) and source and isinstance(source[0], Scene):
        return _Scenes(list(source), bands, resolution, single=False)
    return _Array(source)


class _Array:
    """An array of NumPy, Dask, or anything that is read by slices."""

    grid = None
    resolution = None

    def __init__(self, array: Any) -> None:
        if not hasattr(array, "ndim"):
            array = np.asarray(array)
        if array.ndim not in (3, 4) or 0 in array.shape:
            raise BadRequest(
                f"an array of shape {tuple(array.shape)}: give (rows, columns, bands) or (dates, rows, "
                "columns, bands)"
            )
        self.single = array.ndim == 3
        self.shape = tuple(array.shape[-3:-1])
        self.channels = int(array.shape[-1])
        self._array = array

    def read(self, rows: slice, columns: slice) -> Values:
        rows, columns = (
            slice(part.start, min(part.stop, n))
            for part, n in zip((rows, columns), self.shape, strict=True)
        )
        part = np.asarray(self._array[..., rows, columns, :], np.float32)
        return part[None] if self.single else part


class _Scenes:
    """Bands, layers and indices of scenes on the grid of the first."""

    def __init__(
        self,
        scenes: list[Scene],
        bands: Sequence[str] | None,
        resolution: float | None,
        *,
        single: bool,
    ) -> None:
        first = scenes[0]
        names = list(bands) if bands is not None else first.bands.names
        if not names:
            raise BadRequest(f"{first.name}: no bands are named")
        size = resolution or min(first.named(one).resolution for one in _taken(first, names))
        self.resolution: float | None = size
        self.grid: Grid | None = first.grid(size)
        self.shape = first.grid(size).shape
        self.single, self.channels = single, len(names)
        if all(scene.date for scene in scenes):
            # As a training's patches have them, whatever the order they are given in.
            scenes = by_date(scenes)
        each = [SceneOnGrid(scene, self.grid, size) for scene in scenes]
        self._layers = [[on.measured(name) for name in names] for on in each]

    def read(self, rows: slice, columns: slice) -> Values:
        """Give a part, band by band."""
        made = np.empty(
            (
                len(self._layers),
                min(rows.stop, self.shape[0]) - rows.start,
                min(columns.stop, self.shape[1]) - columns.start,
                self.channels,
            ),
            np.float32,
        )
        for date, layers in enumerate(self._layers):
            for number, layer in enumerate(layers):
                made[date, ..., number] = layer[rows, columns]
        return made


def _taken(scene: Scene, names: list[str]) -> list[str]:
    """Give the bands and layers that bands, layers and indices take."""
    there = {*scene.bands.names, *scene.layers.names}
    taken = [[name] if name in there else indices.bands_of(name) for name in names]
    return [band for some in taken for band in some]
