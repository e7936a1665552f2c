"""Maps of scenes as GeoTIFF."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import BadRequest, UnreadableFile
from ..readers.sentinel_gdal import needed
from .burnt_maps import grid_of

TILE = 512


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
    UnreadableFile
        The folder does not take it.
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
    if kind.kind == "b":
        values, kind = values.astype(np.uint8), np.dtype(np.uint8)
    if kind.name not in ("float32", "float64", "uint8", "uint16", "int16", "int32", "uint32"):
        raise BadRequest(f"a GeoTIFF does not hold {kind.name}: give float32 or uint8")
    attributes = getattr(made, "attrs", {})
    nodata = attributes.get("nodata", np.nan if kind.kind == "f" else None)
    target = Path(path).expanduser()
    name = getattr(made, "name", None)
    try:
        handle, part = tempfile.mkstemp(".part.tif", f".{target.stem}.", target.parent)
        os.close(handle)
    except OSError as error:
        raise UnreadableFile(
            f"{target} cannot be written: {error.strerror or error}: choose another folder"
        ) from None
    try:
        _write(part, values, kind, place, nodata, tags, name)
        Path(part).replace(target)
    except BaseException as error:
        Path(part).unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise UnreadableFile(f"{target} cannot be written: {error}"[:300]) from None
        raise
    return target


def _write(
    path: str, values: Any, kind: Any, grid: Any, nodata: Any, tags: dict[str, str], name: Any
) -> None:
    rasterio = needed()
    rows, columns = grid.shape
    facts: dict[str, Any] = {"tiled": True, "blockxsize": TILE, "blockysize": TILE}
    facts |= {"compress": "deflate", "predictor": 3 if kind.kind == "f" else 2}
    with (
        rasterio.Env(GDAL_PAM_ENABLED="NO"),
        rasterio.open(
            path,
            "w",
            driver="GTiff",
            height=rows,
            width=columns,
            count=1,
            dtype=kind.name,
            crs=grid.crs or None,
            transform=rasterio.Affine(*grid.transform),
            nodata=nodata,
            **facts,
        ) as out,
    ):
        for top in range(0, rows, TILE):
            for left in range(0, columns, TILE):
                tile = slice(top, min(top + TILE, rows)), slice(left, min(left + TILE, columns))
                window = rasterio.windows.Window.from_slices(*tile)
                out.write(np.asarray(values[tile]), 1, window=window)
        out.update_tags(software="AstroData Lab", **tags)
        if name:
            out.set_band_description(1, str(name))
