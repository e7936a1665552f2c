"""Masks read from GeoTIFF and polygons, onto the pixels of a scene."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..datasets.scene_arrays import Grid
from ..errors import (
    BadRequest,
    DamagedFile,
    TooLarge,
    UnreadableFile,
    UnsupportedFormat,
)
from ..readers.quiet import quiet
from .mask_files import KEPT_STEPS, RASTERS, MaskFacts
from .mask_shapes import LONLAT, MOST_CLASSES, Mask, geometries_of, moved, needed, rasterised, sound
from .polygon_files import read_polygons

VECTORS = {
    ".geojson": b"{",
    ".json": b"{",
    ".shp": b"\x00\x00\x27\x0a",
    ".gpkg": b"SQLite format 3\x00",
}
"""Endings, and what the bytes begin with: GDAL would follow what is something else to files elsewhere."""

MOST_BYTES = 1 << 30
"""Of a file of polygons, for which GDAL takes many times as much memory, and of the pixels of a mask, of
which a whole tile has a tenth."""


def read_mask(path: str | os.PathLike[str], grid: Grid) -> tuple[Mask, MaskFacts, list[str]]:
    """Give the mask of a file on a grid, what the file says of it, and notes.

    Parameters
    ----------
    path
        A GeoTIFF, or polygons as GeoJSON, shapefile or GeoPackage; those may have a field ``class``.
    grid
        Whose pixels are wanted; a raster of others gives each of them its nearest pixel, which a note says.

    Raises
    ------
    UnreadableFile, UnsupportedFormat, DamagedFile, TooLarge
        What cannot be read; the text names it.
    BadRequest
        It is no mask, or of another place.
    """
    file = Path(path).expanduser()
    if not file.is_file():
        raise UnreadableFile(f"{file.name}: there is no such file")
    ending = file.suffix.lower()
    if ending in RASTERS:
        return _read_raster(file, grid)
    if ending in VECTORS:
        return _read_vector(file, grid)
    known = ", ".join((*RASTERS, *VECTORS))
    raise UnsupportedFormat(f"{file.name} is no file of a mask: their endings are {known}")


def _read_raster(file: Path, grid: Grid) -> tuple[Mask, MaskFacts, list[str]]:
    _, rasterio = needed()
    from rasterio.errors import RasterioError

    try:
        with (
            quiet(),  # that it does not say where it is, we say ourselves
            rasterio.Env(GDAL_PAM_ENABLED="NO", GDAL_DISABLE_READDIR_ON_OPEN="EMPTY_DIR"),
            rasterio.open(file, driver="GTiff") as image,
        ):
            size = np.dtype(image.dtypes[0]).itemsize
            if image.width * image.height * size > MOST_BYTES:
                raise TooLarge(
                    f"{file.name} says it has {image.width:,} x {image.height:,} pixels of {size} bytes: cut "
                    "it first, or write it as uint8"
                )
            values = image.read(1)
            own = Grid(
                _crs_text(image.crs), tuple(image.transform)[:6], (image.height, image.width)
            )
            tags, nodata = image.tags(), image.nodata
    except RasterioError as error:
        raise DamagedFile(f"{file.name} cannot be read: {str(error)[:200]}") from None
    mask = checked(values, file.name, nodata)
    notes: list[str] = []
    if not own.crs and own.shape == grid.shape:
        notes.append(f"{file.name} does not say where it is: its pixels are taken for the scene's")
    elif not own.same(grid):
        mask = _onto(mask, own, grid, file.name)
        notes.append(
            f"{file.name} is on another grid ({own.shape[1]} x {own.shape[0]} pixels in {own.crs}): each "
            "pixel of the scene has the class of the nearest one"
        )
    return mask, _facts_of(tags, file), notes


def _crs_text(crs: Any) -> str:
    if crs is None:
        return ""
    code = crs.to_epsg()
    return f"EPSG:{code}" if code else str(crs.to_wkt())


def _onto(mask: Mask, own: Grid, grid: Grid, name: str) -> Mask:
    if not own.crs or not grid.crs:
        raise BadRequest(
            f"{name} has {own.shape[1]} x {own.shape[0]} pixels and the scene {grid.shape[1]} x "
            f"{grid.shape[0]}, and one of them does not say where it is: they cannot be laid over each other"
        )
    _, rasterio = needed()
    from rasterio.enums import Resampling
    from rasterio.errors import RasterioError
    from rasterio.warp import reproject

    made = np.zeros(grid.shape, np.uint8)
    # 255 marks what the file does not reach, so that a mask of nothing is told from one of elsewhere.
    reached = np.zeros(grid.shape, np.uint8)
    to: dict[str, Any] = {
        "src_transform": rasterio.Affine(*own.transform),
        "src_crs": own.crs,
        "dst_transform": rasterio.Affine(*grid.transform),
        "dst_crs": grid.crs,
        "resampling": Resampling.nearest,
    }
    try:
        reproject(mask, made, **to)
        reproject(np.ones_like(mask), reached, **to)
    except RasterioError as error:
        raise BadRequest(f"{name} cannot be laid over the scene: {str(error)[:200]}") from None
    if not reached.any():
        raise BadRequest(f"{name} lies outside of the scene: they share no ground")
    return made


def checked(values: npt.NDArray[Any], name: str, nodata: float | None = None) -> Mask:
    """Give classes as uint8; two values of which one is 255 are a mask too.

    Raises
    ------
    BadRequest
        Values that are no classes, 0 to 15.
    """
    if values.dtype == bool:
        return values.astype(np.uint8)
    if values.dtype.kind not in "iuf":
        raise BadRequest(
            f"{name} holds {values.dtype}, not classes: give booleans or whole numbers"
        )
    whole = np.array(values)
    if whole.dtype.kind == "f":
        whole[~np.isfinite(whole)] = 0
        if (whole != np.floor(whole)).any():
            raise BadRequest(
                f"{name} holds fractions: give booleans or classes, 0 to {MOST_CLASSES}"
            )
    if nodata is not None:
        whole[whole == nodata] = 0
    if whole.size and whole.max() == 255 and not ((whole > 0) & (whole < 255)).any():
        whole = whole == 255
    if whole.size and (whole.min() < 0 or whole.max() > MOST_CLASSES):
        raise BadRequest(
            f"{name} has values from {whole.min()} to {whole.max()}: a mask has classes, 0 to "
            f"{MOST_CLASSES}, of which 0 is nothing"
        )
    return whole.astype(np.uint8)


def _read_vector(file: Path, grid: Grid) -> tuple[Mask, MaskFacts, list[str]]:
    if not grid.crs:
        raise BadRequest("the scene does not say where on the ground it is: polygons need a CRS")
    if file.stat().st_size > MOST_BYTES:
        raise TooLarge(f"{file.name} has {file.stat().st_size:,} bytes of polygons: cut it first")
    with file.open("rb") as opened:
        begin = opened.read(64).removeprefix(b"\xef\xbb\xbf").lstrip(b" \t\r\n")
    if not begin.startswith(VECTORS[file.suffix.lower()]):
        raise UnsupportedFormat(f"{file.name} does not begin as a {file.suffix.lower()} file does")
    shapes, columns, crs = read_polygons(file, file.name)
    if not crs:
        raise BadRequest(f"{file.name} does not say its CRS: a shapefile needs its .prj beside it")
    numbers = _numbers(columns.get("class"), len(shapes), file.name)
    names = {
        number: str(said)
        for number, said in zip(numbers, columns.get("class_name", ()), strict=False)
        if said
    }
    mask, notes = from_shapes(list(zip(shapes, numbers, strict=True)), crs, grid, file.name)
    return mask, MaskFacts(file.stem, names), notes


def _numbers(column: Any, count: int, name: str) -> list[int]:
    if column is None:
        return [1] * count
    try:
        numbers = [int(one) for one in column]
    except (TypeError, ValueError, OverflowError):
        return [1] * count  # words: a field of that name that is none of ours
    if any(not 0 <= one <= MOST_CLASSES for one in numbers):
        raise BadRequest(f"{name}: the field class goes from 0 to {MOST_CLASSES}, not beyond")
    return numbers


def from_geometry(given: Any, crs: str | None, grid: Grid, name: str) -> tuple[Mask, list[str]]:
    """Give the mask of a geometry and notes; GeoJSON is in degrees, a shapely geometry in the grid's system.

    Raises
    ------
    BadRequest
        No geometry, one without an area, or one of another place.
    """
    if not grid.crs:
        raise BadRequest("the scene does not say where on the ground it is: polygons need a CRS")
    own = getattr(given, "crs", None)
    geojson = isinstance(getattr(given, "__geo_interface__", given), Mapping) and not hasattr(
        given, "geom_type"
    )
    source = str(crs or own or (LONLAT if geojson else grid.crs))
    every = list(geometries_of(given))
    numbers = _numbers([told.get("class", 1) for _, told in every], len(every), name)
    return from_shapes(
        [(shape, number) for (shape, _), number in zip(every, numbers, strict=True)],
        source,
        grid,
        name,
    )


def from_shapes(
    shapes: list[tuple[Any, int]], crs: str, grid: Grid, name: str
) -> tuple[Mask, list[str]]:
    """Give the mask of polygons in some system and notes; where they overlap the higher class counts."""
    kept, notes = sound(shapes, name)
    placed = [(moved(shape, crs, grid.crs), number) for shape, number in kept]
    return rasterised(sorted(placed, key=lambda one: one[1]), grid), notes


def _facts_of(tags: Mapping[str, str], file: Path) -> MaskFacts:
    """Give what the tags of a file say, as far as they say it."""

    def listed(name: str, kind: type) -> Any:
        try:
            found = json.loads(tags.get(name, ""))
        except (ValueError, RecursionError):
            return kind()
        return found if isinstance(found, kind) else kind()

    classes = {
        int(number): str(name)[:100]
        for number, name in listed("classes", dict).items()
        if str(number).isdecimal() and 0 < int(number) <= MOST_CLASSES
    }
    history = [
        {key: str(step.get(key, ""))[:100] for key in ("who", "when", "what")}
        for step in listed("history", list)[-KEPT_STEPS:]
        if isinstance(step, dict)
    ]
    plain = {key: str(tags.get(key, ""))[:200] for key in ("who", "when", "scene")}
    return MaskFacts(tags.get("name", file.stem), classes, history=history, **plain)
