"""What all measuring shares: the part of an image about a place, and units of columns."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import BadRequest
from .sky import places_of, world

Values = npt.NDArray[np.float64]

LONGEST = 100_000
"""Points along a line at most."""

PIECE = 256
"""Points of a line that are read in one go."""

LARGEST = 1024
"""Largest radius about a place that is measured, in pixels: what is read stays in memory."""


def image_of(image: Any) -> tuple[Any, Any, str]:
    """Give what is sliced, the WCS or None, and the unit of a data set or an array."""
    plane = getattr(image, "array", image)
    if len(getattr(plane, "shape", ())) != 2:
        raise BadRequest(
            f"something of shape {tuple(getattr(plane, 'shape', ()))} is measured as no image: give "
            "(rows, columns)"
        )
    meta = getattr(image, "meta", {})
    return plane, getattr(image, "wcs", None), str(meta.get("unit", ""))


def one_place(position: Any, wcs: Any) -> Values:
    """Give x and y of one position."""
    points = places_of(position, wcs)
    if len(points) != 1:
        raise BadRequest(f"{len(points)} places where one is wanted")
    return points[0]


def part_between(plane: Any, low: Values, high: Values) -> tuple[Values, Values]:
    """Give the values between two corners, as far as the image goes, and where they begin (x, y)."""
    rows, columns = plane.shape
    x0, y0 = (int(max(0, math.floor(one))) for one in low)
    x1, y1 = min(columns, math.ceil(high[0]) + 1), min(rows, math.ceil(high[1]) + 1)
    if x0 >= x1 or y0 >= y1:
        return np.zeros((0, 0)), np.zeros(2)
    return np.asarray(plane[y0:y1, x0:x1], float), np.array([x0, y0], float)


def part_about(
    plane: Any, wcs: Any, position: Any, radius: float, room: int
) -> tuple[Values, Values, Values]:
    """Give the values about a place, their corner and the place itself, both x and y."""
    if not (math.isfinite(radius) and 2 <= radius <= LARGEST):
        raise BadRequest(f"a radius of {radius} pixels: give 2 to {LARGEST}")
    point = one_place(position, wcs)
    rows, columns = plane.shape
    if not (-0.5 <= point[0] < columns - 0.5 and -0.5 <= point[1] < rows - 0.5):
        raise BadRequest(f"({point[0]:.1f}, {point[1]:.1f}) lies beyond {columns} x {rows} pixels")
    values, corner = part_between(plane, point - radius - room, point + radius + room)
    return values, corner, point


def level_beyond(values: Values, centre: Values, radius: float) -> float:
    """Give the median beyond a radius; of all where nothing lies there."""
    y, x = np.indices(values.shape)
    beyond = (np.hypot(x - centre[0], y - centre[1]) > radius) & np.isfinite(values)
    good = values[beyond] if beyond.any() else values[np.isfinite(values)]
    return float(np.median(good)) if good.size else 0.0


def give_unit(table: Any, name: str, unit: str) -> None:
    """Give a column its unit, or say it where astropy knows none of the kind."""
    from astropy.units import Unit, dimensionless_unscaled

    if not unit or not len(table.colnames):
        return
    known = Unit(unit, parse_strict="silent")
    if known != dimensionless_unscaled and hasattr(known, "bases"):
        table[name] = table[name] * known
    else:
        table[name].info.description = f"in {unit}"


def pixel_area(wcs: Any, x: float, y: float) -> float:
    """Give the solid angle of a pixel at a place in square arc seconds, NaN without a sky."""
    if wcs is None:
        return math.nan
    half = 0.5
    lon, lat = world(wcs, x + np.array([-half, half, 0, 0]), y + np.array([0, 0, -half, half]))
    turns = (np.diff(lon)[[0, 2]] + 180) % 360 - 180
    across, up = np.diff(lat)[[0, 2]]
    cosine = math.cos(math.radians(float(np.mean(lat)))) if np.isfinite(lat).all() else math.nan
    return float(abs(turns[0] * up - turns[1] * across) * cosine * 3600**2)


def pixel_scale(wcs: Any, x: float, y: float) -> float:
    """Give the side of a square pixel of the same area in arc seconds, NaN without a sky."""
    return math.sqrt(pixel_area(wcs, x, y))


class Sheet:
    """One plane of an image or cube with what measuring wants to know; reads what is sliced.

    Parameters
    ----------
    planes
        `pyramid.Planes`.
    plane
        Which, from 0.
    wcs
        Celestial `astropy.wcs.WCS`, or None.
    unit
        Of the values.
    """

    def __init__(self, planes: Any, plane: int, wcs: Any = None, unit: str = "") -> None:
        self._planes, self._plane = planes, plane
        self.shape = (planes.rows, planes.columns)
        self.wcs, self.meta = wcs, {"unit": unit}

    @property
    def array(self) -> Sheet:
        """Itself: ``sheet.array[rows, columns]``."""
        return self

    def __getitem__(self, key: tuple[slice, slice]) -> Any:
        return self._planes.read(self._plane, *key)


def along(plane: Any, first: Values, last: Values, width: float = 1) -> tuple[Values, Values]:
    """Give points about a pixel apart on a straight line, shape (n, 2), and the means across it.

    Raises
    ------
    BadRequest
        A line too long or too wide.
    """
    length = float(np.hypot(*(last - first)))
    if not (length <= LONGEST and 1 <= width <= 1000):
        raise BadRequest(f"a line of {length:.0f} pixels, {width} wide: it is too long or too wide")
    centres = first + np.linspace(0, 1, max(2, round(length) + 1))[:, None] * (last - first)
    across = np.array([-(last - first)[1], (last - first)[0]]) / (length or 1)
    offsets = (np.arange(math.ceil(width)) - (math.ceil(width) - 1) / 2)[:, None, None]
    # By pieces: the box about a whole diagonal would be the whole image.
    pieces = np.array_split(centres, math.ceil(len(centres) / PIECE))
    sampled = np.concatenate(
        [_between(plane, piece[None] + offsets * across) for piece in pieces], axis=1
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # nothing but NaN across has no mean
        return centres, np.nanmean(sampled, axis=0)


def _between(plane: Any, points: Values) -> Values:
    """Give the values at points, shape (..., 2), by straight lines between pixels; NaN beyond."""
    from scipy.ndimage import map_coordinates

    flat = points.reshape(-1, 2)
    values, corner = part_between(plane, flat.min(axis=0), flat.max(axis=0))
    if not values.size:
        return np.full(points.shape[:-1], np.nan)
    local = np.moveaxis((points - corner)[..., ::-1], -1, 0)
    found: Values = map_coordinates(values, local, order=1, mode="constant", cval=np.nan)
    return found
