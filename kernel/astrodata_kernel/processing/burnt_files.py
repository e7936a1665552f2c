"""Maps of scenes as GeoTIFF."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import BadRequest
from ..readers.geotiff_writing import GeoTiff
from .burnt_maps import grid_of

TILE = 512
"""Pixels of the side of what is computed at a time."""


def save_map(path: str | os.PathLike[str], made: Any, grid: Any = None, **tags: str) -> Path:
    """Write a map as a tiled GeoTIFF with its CRS: probabilities, an index, a mask.

    A lazy map is computed tile by tile. The file has its name only when it is whole.

    Parameters
    ----------
    path
        Of the file, which is replaced.
    made
        Shape (rows, columns): floats, of which NaN is nothing, or whole numbers.
    grid
        Where it lies: a grid or a scene; by default the map's own, where it is a `DataArray` that knows it.
    **tags
        What else the file shall say.

    Returns
    -------
    Path
        The file's.

    Raises
    ------
    BadRequest
        No grid, one of another shape, or values that a GeoTIFF does not hold.
    UnreadableFile, TooLarge
        The folder does not take it, or there is no room.
    """
    place = grid_of(made if grid is None else grid)
    values = getattr(made, "data", made) if hasattr(made, "attrs") else made
    if np.ndim(values) != 2:
        raise BadRequest(f"a map of shape {np.shape(values)}: a GeoTIFF takes (rows, columns)")
    if place is None or tuple(place.shape) != tuple(values.shape):
        raise BadRequest(
            "the map does not say where it lies: give its grid, or the scene that it is of"
        )
    kind = np.dtype(values.dtype)
    attributes = getattr(made, "attrs", {})
    name = getattr(made, "name", None)
    return GeoTiff(
        place,
        kind,
        lambda out: _fill(out, values),
        nodata=attributes.get("nodata", np.nan if kind.kind == "f" else None),
        names=[str(name)] if name else [],
        tags={"software": "AstroData Lab", **tags},
    ).save(path)


def _fill(out: Any, values: Any) -> None:
    from rasterio.windows import Window

    rows, columns = values.shape
    for top in range(0, rows, TILE):
        for left in range(0, columns, TILE):
            tile = slice(top, min(top + TILE, rows)), slice(left, min(left + TILE, columns))
            part = np.asarray(values[tile])
            out.write(part.astype(out.dtypes[0]), 1, window=Window.from_slices(*tile))
