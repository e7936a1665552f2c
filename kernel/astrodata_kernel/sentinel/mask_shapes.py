"""From polygons to the pixels of a mask and back, on a scene's grid, rows from the north."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from ..datasets.scene_arrays import Grid
from ..datasets.scene_warp import transformer
from ..errors import BadRequest, MissingPackage
from .ground_areas import HECTARE, areas_of_rows, mean_area

LONLAT = "EPSG:4326"
"""What GeoJSON is in, by its standard."""

MOST_CLASSES = 15
"""Highest number of a class: colours of more are not told apart."""

Mask = npt.NDArray[np.uint8]
Told = TypeVar("Told")


def needed() -> tuple[Any, Any]:
    """Give the packages that know polygons and their pixels: shapely, and rasterio with its features.

    Raises
    ------
    MissingPackage
        One of them is not installed.
    """
    try:
        import rasterio.features
        import shapely
    except ImportError:
        raise MissingPackage(
            "masks need rasterio, shapely and pyogrio: pip install 'astrodata-lab[sentinel]'"
        ) from None
    return shapely, rasterio


def geometries_of(given: Any) -> Iterator[tuple[Any, dict[str, Any]]]:
    """Give the geometries of what somebody gave, each with its properties.

    Parameters
    ----------
    given
        A shapely geometry or several, GeoJSON as a mapping, or what has ``__geo_interface__``.

    Raises
    ------
    BadRequest
        It is none of these.
    """
    shapely, _ = needed()
    if isinstance(given, shapely.Geometry):
        yield given, {}
        return
    told = getattr(given, "__geo_interface__", given)
    if isinstance(told, Mapping):
        yield from _of_geojson(told)
    elif isinstance(told, Iterable) and not isinstance(told, (str, bytes)):
        for one in told:
            yield from geometries_of(one)
    else:
        raise BadRequest(
            f"a {type(given).__name__} is no mask: give an array, a file, a geometry, or an activation"
        )


def _of_geojson(told: Mapping[str, Any]) -> Iterator[tuple[Any, dict[str, Any]]]:
    from shapely.geometry import shape

    if not isinstance(told, Mapping):
        raise BadRequest(
            f"GeoJSON with a {type(told).__name__} where a geometry or feature belongs"
        )
    kind = told.get("type")
    if kind == "FeatureCollection":
        for one in told.get("features") or ():
            yield from _of_geojson(one)
        return
    geometry = told.get("geometry") if kind == "Feature" else told
    properties = told.get("properties") if kind == "Feature" else None
    properties = dict(properties) if isinstance(properties, Mapping) else {}
    if kind == "Feature" and geometry is None:
        yield None, properties  # a feature without a place is one, by the standard
        return
    try:
        made = shape(geometry)
    except Exception as error:  # noqa: BLE001 - shapely fails in a dozen ways over what is no geometry
        raise BadRequest(f"GeoJSON of type {kind!r} that is no geometry: {error}") from None
    yield made, properties


def sound(shapes: Iterable[tuple[Any, int]], name: str) -> tuple[list[tuple[Any, int]], list[str]]:
    """Give polygons that can be filled, each with its class, and notes on what was mended or left out.

    Raises
    ------
    BadRequest
        Nothing that has an area, or coordinates that are no numbers.
    """
    kept, notes = mended(shapes, name)
    if not kept:
        raise BadRequest(f"{name} has no polygon with an area: there is nothing to fill")
    return kept, notes


def mended(
    shapes: Iterable[tuple[Any, Told]], name: str
) -> tuple[list[tuple[Any, Told]], list[str]]:
    """Give what `sound` gives, be it nothing at all; what is told of each shape goes with it.

    Raises
    ------
    BadRequest
        Coordinates that are no numbers.
    """
    shapely, _ = needed()
    kept: list[tuple[Any, Told]] = []
    crooked = empty = 0
    for shape, told in shapes:
        if shape is not None and not np.isfinite(shapely.get_coordinates(shape)).all():
            raise BadRequest(f"{name}: a polygon has coordinates that are no finite numbers")
        if shape is not None:
            crooked += not shape.is_valid
            shape = filled(shape)
        if shape is None or shape.is_empty or not shape.area:
            empty += 1
            continue
        kept.append((shapely.force_2d(shape), told))
    notes = [f"{name}: {crooked} invalid polygons were mended"] if crooked else []
    if empty:
        notes.append(f"{name}: {empty} shapes without an area were left out")
    return kept, notes


def filled(shape: Any) -> Any:
    """Give what of a shape can be filled: its polygons, made valid; lines and points are left out.

    Lines come about where a polygon is mended, too, and rasterio would draw them a pixel wide.
    """
    shapely, _ = needed()
    if not shape.is_valid:
        shape = shapely.make_valid(shape)
    if shape.geom_type in ("Polygon", "MultiPolygon"):
        return shape
    every = [one for part in _parts(shape) for one in _parts(part)]
    return shapely.union_all([one for one in every if one.geom_type == "Polygon"])


def _parts(shape: Any) -> list[Any]:
    inner = getattr(shape, "geoms", None)
    return [shape] if inner is None else [one for part in inner for one in _parts(part)]


def moved(shape: Any, source: str, target: str) -> Any:
    """Give a shape in another coordinate reference system.

    Raises
    ------
    BadRequest
        There is no way from one to the other, or a place that it does not lead to.
    """
    if source == target:
        return shape
    shapely, _ = needed()
    change = transformer(source, target)
    made = shapely.transform(shape, lambda x, y: change.transform(x, y), interleaved=False)
    if not np.isfinite(shapely.get_coordinates(made)).all():
        raise BadRequest(f"polygons in {source} reach where {target} does not")
    return made


def rasterised(shapes: Iterable[tuple[Any, int]], grid: Grid, *, all_touched: bool = False) -> Mask:
    """Give the mask of polygons in the grid's own system; where they overlap the last one counts.

    Raises
    ------
    BadRequest
        They all lie beside the grid.
    """
    every = list(shapes)
    left, bottom, right, top = grid.bounds
    edges = [shape.bounds for shape, _ in every]
    if not any(x0 < right and x1 > left and y0 < top and y1 > bottom for x0, y0, x1, y1 in edges):
        raise BadRequest(
            "the polygons lie outside of the scene: look whether they are of this place, and in the CRS "
            "that they say"
        )
    return drawn(every, grid, all_touched=all_touched)


def drawn(shapes: Sequence[tuple[Any, int]], grid: Grid, *, all_touched: bool = False) -> Mask:
    """Give what `rasterised` gives, and nothing anywhere of polygons that lie beside the grid."""
    if not shapes:
        return np.zeros(grid.shape, np.uint8)
    _, rasterio = needed()
    made: Mask = rasterio.features.rasterize(
        shapes,
        out_shape=grid.shape,
        transform=rasterio.Affine(*grid.transform),
        fill=0,
        all_touched=all_touched,
        dtype="uint8",
    )
    return made


def polygons(mask: Mask, grid: Grid) -> Iterator[tuple[int, Any]]:
    """Give the outlines of what a mask has, in the grid's own system: its class with each polygon.

    Pixels that touch by a corner only are two polygons; filling all of them gives the mask again.
    """
    _, rasterio = needed()
    from shapely.geometry import shape

    found = rasterio.features.shapes(
        mask, mask=mask > 0, connectivity=4, transform=rasterio.Affine(*grid.transform)
    )
    for outline, number in found:
        yield int(number), shape(outline)


def hectares_of_pixel(grid: Grid) -> float | None:
    """Give the area of one pixel; None where nothing tells it, or pixels differ by more than 1 %."""
    area = mean_area(grid)
    return None if area is None else area / HECTARE


def hectares_of(shape: Any, grid: Grid) -> float | None:
    """Give the area of a polygon in the grid's own system; on the ellipsoid where that is not true to it."""
    areas = areas_of_rows(grid)
    if areas is None:
        return None
    if areas.shape == (1, 1):
        flat = abs(grid.transform[0] * grid.transform[4])
        return float(shape.area * areas[0, 0] / flat / HECTARE)
    from pyproj import Geod

    around = moved(shape, grid.crs, LONLAT)
    return abs(float(Geod(ellps="WGS84").geometry_area_perimeter(around)[0])) / HECTARE
