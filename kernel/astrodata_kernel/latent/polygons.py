"""Points in a polygon, concave ones too."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from ..errors import BadRequest

Array = npt.NDArray[Any]
CORNERS = 100_000
"""Corners of a polygon at most."""

_SLABS = 4096


def inside_polygon(x: npt.ArrayLike, y: npt.ArrayLike, polygon: npt.ArrayLike) -> Array:
    """Tell of each point whether it lies in a polygon.

    Parameters
    ----------
    x, y
        Shape (n,), float32 or float64; what is not finite lies outside.
    polygon
        Shape (corners, 2); closed by itself. One that crosses itself holds what an odd number of its turns
        goes around.

    Returns
    -------
    ndarray
        Boolean, shape (n,). A point exactly on an edge belongs to one of its sides.

    Raises
    ------
    BadRequest
        Not a polygon, or corners that are not finite.
    """
    corners = as_polygon(polygon)
    across, up = np.asarray(x), np.asarray(y)
    if across.dtype != np.float32 or up.dtype != np.float32:
        across, up = across.astype(np.float64, copy=False), up.astype(np.float64, copy=False)
    found = np.zeros(len(across), np.bool_)
    low, high = corners.min(axis=0), corners.max(axis=0)
    if not (high > low).all():
        return found  # a line holds nothing
    # A point is held against the edges at its height only: these lie in slabs.
    slabs = int(min(_SLABS, 4 * len(corners)))
    starts, numbers = _slabs(corners, low[1], (high[1] - low[1]) / slabs, slabs)
    first, second = corners[numbers], np.roll(corners, -1, axis=0)[numbers]
    slope = (second[:, 0] - first[:, 0]) / (second[:, 1] - first[:, 1])
    edges = np.c_[first[:, 1], second[:, 1], first[:, 0], slope]
    _inside(across, up, low, high, starts, edges, slabs, found)
    return found


def warm_up() -> None:
    """Compile what a lasso needs, so that the first one does not wait for it."""
    for kind in (np.float32, np.float64):
        inside_polygon(np.zeros(1, kind), np.zeros(1, kind), [[0, 0], [1, 0], [0, 1]])


def as_polygon(polygon: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Give the corners of a polygon as float64 of shape (corners, 2).

    Raises
    ------
    BadRequest
        Fewer than three corners, more than `CORNERS`, or something else.
    """
    try:
        corners = np.asarray(polygon, dtype=np.float64)
    except (TypeError, ValueError):
        raise BadRequest("a polygon is a list of [x, y]") from None
    if corners.ndim != 2 or corners.shape[1] != 2 or not np.isfinite(corners).all():
        raise BadRequest(f"a polygon of shape {corners.shape}: give finite (corners, 2)")
    if not 3 <= len(corners) <= CORNERS:
        raise BadRequest(f"a polygon of {len(corners)} corners: give 3 to {CORNERS:,}")
    return corners


@njit(nogil=True, cache=True)
def _slabs(corners: Array, bottom: float, height: float, slabs: int) -> tuple[Array, Array]:
    count = len(corners)
    starts = np.zeros(slabs + 1, np.int64)
    for turn in range(2):
        if turn == 1:
            edges = np.empty(starts[slabs], np.int64)
            place = starts.copy()
        for i in range(count):
            a, b = corners[i, 1], corners[(i + 1) % count, 1]
            if a == b:
                continue
            first = max(0, min(slabs - 1, int((min(a, b) - bottom) / height) - 1))
            last = max(0, min(slabs - 1, int((max(a, b) - bottom) / height) + 1))
            for slab in range(first, last + 1):
                if turn == 0:
                    starts[slab + 1] += 1
                else:
                    edges[place[slab]] = i
                    place[slab] += 1
        if turn == 0:
            for slab in range(slabs):
                starts[slab + 1] += starts[slab]
    return starts, edges


@njit(nogil=True, cache=True)
def _inside(
    x: Array,
    y: Array,
    low: Array,
    high: Array,
    starts: Array,
    edges: Array,
    slabs: int,
    found: Array,
) -> None:
    scale = slabs / (high[1] - low[1])
    left, bottom, right, top = low[0], low[1], high[0], high[1]
    for k in range(len(x)):
        px, py = np.float64(x[k]), np.float64(y[k])
        if not (px >= left and px <= right and py >= bottom and py <= top):
            continue  # NaN among them
        slab = min(slabs - 1, int((py - bottom) * scale))
        odd = False
        for place in range(starts[slab], starts[slab + 1]):
            ay, by, ax, slope = edges[place]
            if (ay > py) != (by > py) and px < (py - ay) * slope + ax:
                odd = not odd
        found[k] = odd
