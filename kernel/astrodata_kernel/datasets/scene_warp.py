"""Bands on a grid of another coordinate reference system."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import BadRequest, MissingPackage
from .lazy import Block, LazyArray, Values
from .scene_arrays import BandArray, Calibration, Grid

if TYPE_CHECKING:
    from .scene_bands import Band

_ROWS = 512


def laid(band: Band, calibration: Calibration | None, grid: Grid, resolution: float) -> LazyArray:
    """Give a band on the pixels of a grid, also of another CRS, by the file whose pixels are nearest in size.

    Parameters
    ----------
    band
        Of a scene.
    calibration
        What makes physical values of its numbers; None for the numbers.
    grid, resolution
        The pixels, and their size in m.
    """
    near = (r for size, r in band.coarser.items() if abs(size / resolution - 1) < 1e-3)
    raster = next(near, band.raster)
    own = raster.grid
    if own.crs == grid.crs:
        return BandArray(raster, calibration, grid)
    # Pixels of the grid's size first, so that none is left out where that is coarser.
    return Warped(BandArray(raster, calibration, own.scaled(resolution / band.resolution)), grid)


class Warped(LazyArray):
    """A band on another grid: linear between pixels, the nearest one of classes.

    Parameters
    ----------
    source
        The band, with pixels about as large as the grid's.
    grid
        Where to put it.
    """

    def __init__(self, source: BandArray, grid: Grid) -> None:
        self._source, self.grid = source, grid
        super().__init__(grid.shape, source.dtype)

    def _read(self, block: Block) -> Values:
        rows, columns = (range(s.start, s.stop, s.step) for s in block)
        out = np.empty((len(rows), len(columns)), self.dtype)
        for first in range(0, len(rows), _ROWS):
            some = rows[first : first + _ROWS]
            out[first : first + len(some)] = self._part(np.array(some), np.array(columns))
        return out

    def _part(self, rows: Values, columns: Values) -> Values:
        source, grid = self._source, self._source.grid
        classes = source.calibration is None
        empty = np.full((rows.size, columns.size), 0 if classes else np.nan, self.dtype)
        if not empty.size:
            return empty
        dx, _, left, _, dy, top = self.grid.transform
        x, y = np.meshgrid(left + dx * (columns + 0.5), top + dy * (rows + 0.5))
        x, y = transformer(self.grid.crs, grid.crs).transform(x, y)
        u = (np.asarray(x) - grid.transform[2]) / grid.transform[0] - 0.5
        v = (np.asarray(y) - grid.transform[5]) / grid.transform[4] - 0.5
        height, width = grid.shape
        with np.errstate(invalid="ignore"):
            inside = (u >= -0.5) & (u < width - 0.5) & (v >= -0.5) & (v < height - 0.5)
        if not inside.any():
            return empty
        u, v = np.where(inside, u, u[inside][0]), np.where(inside, v, v[inside][0])
        first, last = (
            [max(0, int(np.floor(at.min()))) for at in (v, u)],
            [min(n, int(np.floor(at.max())) + 2) for at, n in ((v, height), (u, width))],
        )
        values = source[first[0] : last[0], first[1] : last[1]]
        u, v = u - first[1], v - first[0]
        taken = _nearest(values, v, u) if classes else _linear(values, v, u)
        empty[inside] = taken[inside]
        return empty


def _nearest(values: Values, v: Values, u: Values) -> Values:
    at = [
        np.clip(np.rint(place), 0, n - 1).astype(int)
        for place, n in zip((v, u), values.shape, strict=True)
    ]
    found: Values = values[at[0], at[1]]
    return found


def _linear(values: Values, v: Values, u: Values) -> Values:
    low, share = [], []
    for place, n in zip((v, u), values.shape, strict=True):
        place = np.clip(place, 0, n - 1)
        low.append(np.minimum(place.astype(int), max(0, n - 2)))
        share.append((place - low[-1]).astype(np.float32))
    total = np.zeros(v.shape, np.float32)
    weight = np.zeros(v.shape, np.float32)
    for i in (0, 1):
        for j in (0, 1):
            part = (share[0] if i else 1 - share[0]) * (share[1] if j else 1 - share[1])
            at = (
                np.minimum(low[0] + i, values.shape[0] - 1),
                np.minimum(low[1] + j, values.shape[1] - 1),
            )
            taken = values[at]
            known = np.isfinite(taken)
            total += np.where(known, taken * part, 0)
            weight += np.where(known, part, 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(weight >= 0.5, total / weight, np.nan).astype(np.float32)


def transformer(source: str, target: str) -> Any:
    """Give pyproj's way from one coordinate reference system to another, x before y.

    Raises
    ------
    MissingPackage
        pyproj is not installed.
    BadRequest
        There is no way.
    """
    try:
        from pyproj import Transformer
        from pyproj.exceptions import ProjError
    except ImportError:
        raise MissingPackage(
            "places on the ground, and scenes of several coordinate reference systems, need the package "
            "pyproj: pip install 'astrodata-lab[sentinel]'"
        ) from None
    try:
        return Transformer.from_crs(source, target, always_xy=True)
    except ProjError as error:
        raise BadRequest(
            f"there is no way from {source or 'no CRS'} to {target}: one of them cannot be used here "
            f"({str(error)[:120]})"
        ) from None
