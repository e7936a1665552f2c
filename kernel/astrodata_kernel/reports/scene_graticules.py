"""Lines of longitude and latitude, or of the map's own coordinates, and their labels at its edges."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import BadRequest
from .scene_ground import Ground

Array = npt.NDArray[np.float64]
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Tick:
    """Where a line meets the edge of the map, in its coordinates, and what it is."""

    at: float
    text: str


@dataclass(frozen=True)
class Graticule:
    """Lines over a map.

    Parameters
    ----------
    lines
        Each an array of shape (points, 2) in the map's coordinates.
    bottom, left
        What stands at the edges.
    unit
        Of the labels, "" where they say it.
    """

    lines: tuple[Array, ...] = ()
    bottom: tuple[Tick, ...] = ()
    left: tuple[Tick, ...] = ()
    unit: str = ""


def graticule_of(kind: Any, ground: Ground | None, box: Box, across: int, up: int) -> Graticule:
    """Give the lines of a map.

    Parameters
    ----------
    kind
        True or ``"lonlat"``, ``"map"`` (UTM), or False for none.
    ground
        Of the map; None where it is not known.
    box
        Left, bottom, right and top of the map.
    across, up
        Labels that have room, at most.

    Raises
    ------
    BadRequest
        Another kind.
    """
    if kind not in (True, False, "lonlat", "map"):
        raise BadRequest(f'graticule {kind!r}: give True or "lonlat", "map", or False')
    if kind is False or ground is None:
        return Graticule()
    if kind == "map" and not ground.geographic:
        return _of_map(box, across, up)
    return _of_degrees(ground, box, across, up)


def nice(least: float) -> float:
    """Give the least of 1, 2 and 5 times a power of ten that is not below a number."""
    power: float = 10.0 ** math.floor(math.log10(least))
    return next(
        step * power for step in (1.0, 2.0, 5.0, 10.0) if step * power >= least * (1 - 1e-9)
    )


def _steps(low: float, high: float, count: int) -> tuple[float, Array]:
    step = nice((high - low) / max(1, count))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return step, step * np.arange(first, last + 1, dtype=np.float64)


def _of_map(box: Box, across: int, up: int) -> Graticule:
    left, bottom, right, top = box
    lines, edges = [], []
    for low, high, count, other, upright in (
        (left, right, across, (bottom, top), True),
        (bottom, top, up, (left, right), False),
    ):
        step, places = _steps(low, high, count)
        digits = max(0, -math.floor(math.log10(step / 1000) + 1e-9))
        edges.append(tuple(Tick(float(at), f"{at / 1000:,.{digits}f} km") for at in places))
        for at in places:
            ends = [(at, end) if upright else (end, at) for end in other]
            lines.append(np.array(ends, np.float64))
    return Graticule(tuple(lines), edges[0], edges[1])


def _of_degrees(ground: Ground, box: Box, across: int, up: int) -> Graticule:
    left, bottom, right, top = box
    at = np.linspace(0, 1, 33)
    x = np.concatenate([left + (right - left) * at] * 2 + [np.full(33, left), np.full(33, right)])
    y = np.concatenate([np.full(33, bottom), np.full(33, top)] + [bottom + (top - bottom) * at] * 2)
    lon, lat = ground.lonlat(x, y)
    if not (np.isfinite(lon).all() and np.isfinite(lat).all()):
        return Graticule()
    # Across the 180th meridian longitudes go on.
    middle = float(lon[0])
    lon = (lon - middle + 180) % 360 - 180 + middle
    west, east, south, north = lon.min(), lon.max(), lat.min(), lat.max()
    lines: list[Array] = []
    ticks: tuple[list[Tick], list[Tick]] = ([], [])
    step, places = _steps(west, east, across)
    for value in places:
        x, y = ground.xy(np.full(65, value), np.linspace(south, north, 65))
        lines.append(np.stack([x, y], axis=1))
        meets = float(np.interp(bottom, y, x, np.nan, np.nan)) if (np.diff(y) > 0).all() else np.nan
        if left <= meets <= right:
            ticks[0].append(Tick(meets, _degrees((value + 180) % 360 - 180, step, "EW")))
    step, places = _steps(south, north, up)
    for value in places:
        x, y = ground.xy(np.linspace(west, east, 65), np.full(65, value))
        lines.append(np.stack([x, y], axis=1))
        meets = float(np.interp(left, x, y, np.nan, np.nan)) if (np.diff(x) > 0).all() else np.nan
        if bottom <= meets <= top:
            ticks[1].append(Tick(meets, _degrees(value, step, "NS")))
    return Graticule(tuple(lines), tuple(ticks[0]), tuple(ticks[1]))


def _degrees(value: float, step: float, signs: str) -> str:
    digits = max(0, -math.floor(math.log10(step) + 1e-9))
    if abs(value) < step / 100:
        return "0°"
    return f"{abs(value):.{digits}f}° {signs[int(value < 0)]}"
