"""Masks that older products bring as polygons (GML), laid on the pixels of their bands."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..datasets.lazy import Values
from ..datasets.scene_arrays import Grid
from .sentinel_gdal import needed

Ring = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class PolygonRaster:
    """1 where a pixel's centre is inside of a polygon, 0 elsewhere.

    Parameters
    ----------
    grid
        The pixels.
    rings
        Outer rings in the grid's coordinates.
    """

    grid: Grid
    rings: tuple[Ring, ...] = field(repr=False)
    dtype: np.dtype[Any] = field(default_factory=lambda: np.dtype("u1"))
    nodata: float | None = None

    def read(self, rows: slice, columns: slice) -> Values:
        """Give a window."""
        return self._drawn(rows, columns, 1)

    def reduced(self, rows: slice, columns: slice, step: int, classes: bool) -> Values:
        """Give one value for each `step` x `step` pixels: that at their middle."""
        return self._drawn(rows, columns, step)

    def _drawn(self, rows: slice, columns: slice, step: int) -> Values:
        rasterio = needed()
        from rasterio.features import rasterize

        dx, _, left, _, dy, top = self.grid.transform
        shape = tuple(-(-(part.stop - part.start) // step) for part in (rows, columns))
        if not self.rings or not min(shape):
            return np.zeros(shape, "u1")
        place = rasterio.Affine(
            dx * step, 0, left + dx * columns.start, 0, dy * step, top + dy * rows.start
        )
        shapes = [({"type": "Polygon", "coordinates": [ring]}, 1) for ring in self.rings]
        drawn: Values = rasterize(shapes, shape, 0, transform=place, dtype="uint8")
        return drawn
