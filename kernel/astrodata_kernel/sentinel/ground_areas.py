"""How much ground pixels cover: in a plane that is true to it, on the ellipsoid where it is not."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ..datasets.scene_arrays import Grid

HECTARE = 1e4
"""In m²."""

NEARLY = 0.01
"""Share by which areas of a plane may differ from the ground's: in UTM it is below 0.002."""

_SAMPLES = 65
"""Rows at which a projection is compared with the ellipsoid."""

Areas = npt.NDArray[np.float64]


def areas_of_rows(grid: Grid) -> Areas | None:
    """Give the area of a pixel of each row in m²; None of a grid without a CRS.

    Returns
    -------
    ndarray or None
        Shape (1, 1) where all pixels count as alike, as in UTM, whose plane is true to 0.2 %; else
        (rows, 1): in degrees, and in projections that stretch the ground, such as that of maps of the web.

    Raises
    ------
    pyproj.exceptions.CRSError
        A CRS that is none.
    """
    if not grid.crs:
        return None
    from pyproj import CRS

    crs = CRS.from_user_input(grid.crs)
    if crs.is_geographic:
        return _of_degrees(crs, grid)
    unit = crs.axis_info[0].unit_conversion_factor if crs.axis_info else 1.0
    flat = abs(grid.transform[0] * grid.transform[4]) * unit**2
    true = _on_ellipsoid(crs, grid)
    if true is None or np.abs(true / flat - 1).max() < NEARLY:
        return np.full((1, 1), flat)
    return true


def mean_area(grid: Grid) -> float | None:
    """Give the area of a pixel in m²; None where there is no CRS, or pixels differ by more than 1 %."""
    from pyproj.exceptions import CRSError

    try:
        areas = areas_of_rows(grid)
    except CRSError:
        return None
    if areas is None or not areas.size or not areas.min() > 0:
        return None
    if np.ptp(areas) > 2 * NEARLY * areas.mean():
        return None
    return float(areas.mean())


def _of_degrees(crs: Any, grid: Grid) -> Areas:
    dx, _, _, _, dy, top = grid.transform
    edges = np.radians(np.clip(top + dy * np.arange(grid.shape[0] + 1), -90, 90))
    ellipsoid = crs.ellipsoid
    polar = ellipsoid.semi_minor_metre
    e = float(np.sqrt(1 - (polar / ellipsoid.semi_major_metre) ** 2))
    sine = np.sin(edges)
    # Area between the equator and a latitude on the ellipsoid, for one radian of longitude.
    below = (
        polar**2 / 2 * (sine / (1 - (e * sine) ** 2) + np.arctanh(e * sine) / e)
        if e
        else polar**2 * sine
    )
    made: Areas = np.abs(np.diff(below) * np.radians(dx))[:, None]
    return made


def _on_ellipsoid(crs: Any, grid: Grid) -> Areas | None:
    """Give the true areas along the middle column; None where the plane has no way to the ground."""
    from pyproj import Transformer
    from pyproj.exceptions import ProjError

    geod = crs.get_geod()
    if geod is None:
        return None
    dx, _, left, _, dy, top = grid.transform
    rows, columns = grid.shape
    at = np.unique(np.linspace(0, max(0, rows - 1), min(_SAMPLES, max(1, rows))))
    x = left + dx * columns / 2
    # Wide enough that what the ellipsoid's area is computed to does not count.
    half = max(1.0, 500.0 / max(abs(dx), abs(dy)))
    try:
        way = Transformer.from_crs(crs, crs.geodetic_crs, always_xy=True)
        found = []
        for row in at:
            y = top + dy * (row + 0.5)
            corners = np.array([(-half, -half), (half, -half), (half, half), (-half, half)])
            lon, lat = way.transform(x + dx * corners[:, 0], y + dy * corners[:, 1])
            found.append(abs(geod.polygon_area_perimeter(lon, lat)[0]) / (2 * half) ** 2)
    except ProjError:
        return None
    if not np.isfinite(found).all() or not min(found) > 0:
        return None
    made: Areas = np.interp(np.arange(rows), at, found)[:, None]
    return made
