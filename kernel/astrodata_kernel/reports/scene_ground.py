"""Where a map lies on the ground: degrees, true lengths and true north of its coordinates."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from ..datasets.scene_warp import transformer
from ..errors import BadRequest
from ..sentinel.mask_shapes import LONLAT

Array = npt.NDArray[np.float64]


class Ground:
    """Lengths, angles and degrees of one coordinate reference system, on the ellipsoid of WGS 84.

    Parameters
    ----------
    crs
        Such as ``"EPSG:32629"``.

    Raises
    ------
    BadRequest
        No such system.
    MissingPackage
        pyproj is not installed.
    """

    def __init__(self, crs: str) -> None:
        self._there, self._back = transformer(crs, LONLAT), transformer(LONLAT, crs)
        import pyproj

        self._crs = pyproj.CRS.from_user_input(crs)
        self._geod = pyproj.Geod(ellps="WGS84")
        self.crs = crs

    @property
    def geographic(self) -> bool:
        """Whether its coordinates are degrees."""
        return bool(self._crs.is_geographic)

    @property
    def title(self) -> str:
        """Its name and code, as ``"WGS 84 / UTM zone 29N (EPSG:32629)"``."""
        name = str(self._crs.name)
        return f"{name} ({self.crs})" if len(self.crs) < 20 and name != self.crs else name

    def lonlat(self, x: Any, y: Any) -> tuple[Array, Array]:
        """Give longitudes and latitudes of coordinates, in degrees; infinite where there are none."""
        lon, lat = self._there.transform(x, y)
        return np.asarray(lon, np.float64), np.asarray(lat, np.float64)

    def xy(self, lon: Any, lat: Any) -> tuple[Array, Array]:
        """Give the coordinates of longitudes and latitudes."""
        x, y = self._back.transform(lon, lat)
        return np.asarray(x, np.float64), np.asarray(y, np.float64)

    def metres(self, start: tuple[float, float], end: tuple[float, float]) -> float:
        """Give the true length between two points of the map, along the ellipsoid."""
        (lon, other), (lat, to) = self.lonlat([start[0], end[0]], [start[1], end[1]])
        length = self._geod.inv(lon, lat, other, to)[2]
        return float(length)

    def across(self, left: float, y: float, metres: float, width: float) -> float:
        """Give how far east of a point of the map a true length reaches, in the map's units.

        Parameters
        ----------
        left, y
            The point.
        metres
            The true length.
        width
            Of the map, to begin with.
        """
        reach = width * metres / self.metres((left, y), (left + width, y))
        for _ in range(3):  # lengths are all but proportional
            reach *= metres / self.metres((left, y), (left + reach, y))
        return reach

    def stretched(self, x: float, y: float) -> float:
        """Give how many times as long a unit is to the north as to the east, to draw both in proportion."""
        if not self.geographic:
            return 1.0
        step = 1e-3
        north = self.metres((x, y - step), (x, y + step))
        return north / self.metres((x - step, y), (x + step, y))

    def north(self, x: float, y: float) -> float:
        """Give the direction of true north at a point of the map, degrees clockwise from up."""
        lon, lat = (float(at) for at in self.lonlat(x, y))
        step = -1e-3 if lat > 89.9 else 1e-3
        to_x, to_y = (float(at) for at in self.xy(lon, lat + step))
        sign = math.copysign(1, step)
        return math.degrees(math.atan2(sign * (to_x - x), sign * (to_y - y)))


def box_in(crs: str, target: str, box: tuple[float, float, float, float]) -> Any:
    """Give the box around another in a second system, its sides bent: left, bottom, right, top.

    Raises
    ------
    BadRequest
        There is no way from one to the other there.
    """
    if crs == target:
        return box
    way = transformer(crs, target)
    from pyproj.exceptions import ProjError

    try:
        made = way.transform_bounds(*box, 41)
    except ProjError as error:
        raise BadRequest(f"the box {box} of {crs} has no place in {target}: {error}") from None
    if not all(map(math.isfinite, made)):
        raise BadRequest(f"the box {box} of {crs} has no place in {target}")
    return made
