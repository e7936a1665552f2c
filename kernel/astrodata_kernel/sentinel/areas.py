"""The grid of an area: its UTM zone, its pixels, and the pieces that a service gives at once."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from ..errors import BadRequest, UnreadableFile

MOST = 2500
"""Pixels of a side of one answer of the Process API."""

LARGEST = 40_000
"""Pixels of a side of an area: four tiles of Sentinel-2."""


@dataclass(frozen=True)
class Piece:
    """A part of a grid: where it begins, in pixels from the upper left, and how many there are."""

    column: int
    row: int
    columns: int
    rows: int


@dataclass(frozen=True)
class Grid:
    """Pixels of an area in a zone of UTM.

    `left` and `top` are the outer edges in metres, multiples of `resolution`.
    """

    epsg: int
    left: float
    top: float
    resolution: float
    columns: int
    rows: int

    def bounds(self, piece: Piece) -> tuple[float, float, float, float]:
        """Give the outer edges of a piece in metres: left, bottom, right, top."""
        left = self.left + piece.column * self.resolution
        top = self.top - piece.row * self.resolution
        return (
            left,
            top - piece.rows * self.resolution,
            left + piece.columns * self.resolution,
            top,
        )

    def pieces(self, most: int = MOST) -> Iterator[Piece]:
        """Give parts of nearly equal size that cover the grid, none with a longer side than `most`."""
        for row, rows in _cut(self.rows, most):
            for column, columns in _cut(self.columns, most):
                yield Piece(column, row, columns, rows)


def _cut(length: int, most: int) -> Iterator[tuple[int, int]]:
    count = -(-length // most)
    edges = [length * number // count for number in range(count + 1)]
    for start, stop in pairwise(edges):
        yield start, stop - start


def box_of(area: Any) -> tuple[float, float, float, float]:
    """Give west, south, east and north in degrees of an area.

    Parameters
    ----------
    area
        These four numbers, a GeoJSON geometry, feature or collection (as a mapping, or the path of a file),
        or what has a ``__geo_interface__``. The coordinates are longitudes and latitudes of WGS 84.

    Raises
    ------
    BadRequest
        None of these, an area without extent, over the poles, or over the 180th meridian.
    UnreadableFile
        No such file.
    """
    if isinstance(area, str | os.PathLike):
        try:
            area = json.loads(Path(area).read_text("utf-8"))
        except OSError:
            raise UnreadableFile(f"{area}: there is no such file with an area") from None
        except ValueError as error:
            raise BadRequest(f"{Path(area).name} is no GeoJSON: {error}") from None
    area = getattr(area, "__geo_interface__", area)
    if isinstance(area, Mapping):
        points = list(_points(area))
        if not points:
            raise BadRequest("the area has no coordinates: give a GeoJSON geometry")
        west, east = min(x for x, _ in points), max(x for x, _ in points)
        south, north = min(y for _, y in points), max(y for _, y in points)
    else:
        try:
            west, south, east, north = map(float, area)
        except (TypeError, ValueError):
            raise BadRequest(
                f"area {area!r}: give (west, south, east, north) in degrees, or GeoJSON"
            ) from None
    if not all(map(math.isfinite, (west, south, east, north))):
        raise BadRequest(f"area {(west, south, east, north)}: give finite numbers")
    if not (-180 <= west < east <= 180 and -80 <= south < north <= 84):
        raise BadRequest(
            f"area {(west, south, east, north)}: give west < east within 180 degrees and south < north "
            "between -80 and 84, where UTM ends; ask twice for an area over the 180th meridian"
        )
    return west, south, east, north


def _points(shape: Any) -> Iterator[tuple[float, float]]:
    if isinstance(shape, Mapping):
        for key in ("features", "geometry", "geometries", "coordinates"):
            if shape.get(key) is not None:
                yield from _points(shape[key])
    elif isinstance(shape, Sequence) and not isinstance(shape, str):
        if len(shape) >= 2 and all(isinstance(one, int | float) for one in shape[:2]):
            yield float(shape[0]), float(shape[1])
        else:
            for one in shape:
                yield from _points(one)


def grid_of(box: tuple[float, float, float, float], resolution: float) -> Grid:
    """Give the pixels that cover a box of degrees, in the UTM zone of its middle.

    Raises
    ------
    BadRequest
        A resolution that is not above 0, or more than `LARGEST` pixels a side.
    """
    from pyproj import Transformer

    if not (math.isfinite(resolution) and resolution > 0):
        raise BadRequest(f"resolution {resolution}: give metres above 0, such as 10")
    west, south, east, north = box
    zone = min(60, int(((west + east) / 2 + 180) // 6) + 1)
    epsg = (32600 if (south + north) / 2 >= 0 else 32700) + zone
    left, bottom, right, top = Transformer.from_crs(4326, epsg, always_xy=True).transform_bounds(
        *box, densify_pts=21
    )
    left, bottom = (math.floor(edge / resolution) * resolution for edge in (left, bottom))
    columns = max(1, math.ceil((right - left) / resolution))
    rows = max(1, math.ceil((top - bottom) / resolution))
    if max(columns, rows) > LARGEST:
        raise BadRequest(
            f"the area has {columns:,} x {rows:,} pixels of {resolution:g} m: ask for parts of at most "
            f"{LARGEST:,} a side, or coarser ones"
        )
    return Grid(epsg, left, bottom + rows * resolution, resolution, columns, rows)
