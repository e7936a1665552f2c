"""How much ground the pixels of a grid cover."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import BadRequest
from ..sentinel.ground_areas import HECTARE, areas_of_rows
from .burnt_maps import grid_of

__all__ = ["HECTARE", "hectares", "pixel_areas"]


def pixel_areas(area: Any, shape: tuple[int, ...] | None = None) -> npt.NDArray[np.float64] | None:
    """Give the area of the pixels of each row in m², to be multiplied by a mask.

    Parameters
    ----------
    area
        A grid, a scene, a map that knows its grid, or m² of one pixel; None where nothing is known.
    shape
        Rows and columns that a mask has, to be checked.

    Returns
    -------
    ndarray or None
        As of `sentinel.ground_areas.areas_of_rows`: (1, 1) in UTM, (rows, 1) in degrees.

    Raises
    ------
    BadRequest
        A grid of another shape, or an area that is no positive number.
    """
    if area is None:
        return None
    if isinstance(area, int | float | np.number):
        if not (np.isfinite(area) and area > 0):
            raise BadRequest(f"a pixel of {area} m²: give a positive number")
        return np.full((1, 1), float(area))
    grid = grid_of(area)
    if grid is None:
        raise BadRequest(
            f"{type(area).__name__} does not say how large its pixels are: give a grid, a scene, or m² of one"
        )
    if shape is not None and tuple(grid.shape) != tuple(shape):
        raise BadRequest(
            f"a mask of {' x '.join(map(str, shape))} pixels on a grid of "
            f"{' x '.join(map(str, grid.shape))}: give the mask's own grid"
        )
    return areas_of_rows(grid)


def hectares(mask: Any, area: Any = None) -> float:
    """Give the hectares that a mask covers: its pixels above 0 but not 255, that is not judged.

    Parameters
    ----------
    mask
        Shape (rows, columns).
    area
        As of `pixel_areas`; by default the mask's own grid, where it knows it.

    Raises
    ------
    BadRequest
        As of `pixel_areas`, or no area is known.
    """
    areas = pixel_areas(mask if area is None else area, np.shape(mask))
    if areas is None:
        raise BadRequest("the grid has no coordinate reference system: give m² of one pixel")
    values = np.asarray(getattr(mask, "data", mask) if hasattr(mask, "attrs") else mask)
    burnt = (values > 0) & (values != 255)
    return float((burnt * areas).sum() / HECTARE)
