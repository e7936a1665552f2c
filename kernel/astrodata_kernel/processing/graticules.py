"""Lines of equal longitude and latitude over an image, their numbers, the compass and the scale."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import BadRequest
from .raster import edges_of
from .sky import EQUATORIAL, Values, frame_name, known_system, world

SAMPLES = 97
"""Points at each side of the mesh that the lines of a graticule are found on."""

MOST_LINES = 40
"""Lines of each family; near a pole there would be no end of them."""


@dataclass(frozen=True)
class Graticule:
    """Lines of equal longitude and latitude over a part of an image.

    Attributes
    ----------
    lines
        Shape (n, 2): x and y in pixels, a row of NaN between two lines.
    labels
        Text, x, y and axis (``"lon"`` or ``"lat"``) of each number at the edge.
    north, east
        Directions in the middle, in pixels and of length 1; None where there is no sky.
    scale
        Degrees of a pixel in the middle, or None.
    frame
        Name of the system.
    """

    lines: npt.NDArray[np.float32]
    labels: list[dict[str, Any]]
    north: list[float] | None
    east: list[float] | None
    scale: float | None
    frame: str


def graticule(
    wcs: Any,
    box: Sequence[float],
    system: str = "own",
    angles: str = "sexagesimal",
    lines: int = 6,
) -> Graticule:
    """Find the lines of equal longitude and latitude in a box of pixels.

    Parameters
    ----------
    wcs
        Celestial `astropy.wcs.WCS` of two axes.
    box
        Left, bottom, right and top in 0-based pixel coordinates.
    system, angles
        As in `sky.place`; round numbers are those of the angles.
    lines
        About how many lines of each family cross the longer side.

    Raises
    ------
    BadRequest
        A box without an extent, or a system that is none.
    """
    left, bottom, right, top = edges_of(box)
    if not (0 < right - left < math.inf and 0 < top - bottom < math.inf):
        raise BadRequest(f"a box from {left}, {bottom} to {right}, {top} has no extent")
    name = frame_name(wcs, known_system(system))
    if not name:
        return Graticule(np.zeros((0, 2), np.float32), [], None, None, None, "")
    xs, ys = np.linspace(left, right, SAMPLES), np.linspace(bottom, top, SAMPLES)
    lon, lat = world(wcs, *np.meshgrid(xs, ys), system)
    found: list[Values] = []
    labels: list[dict[str, Any]] = []
    for axis, each in (
        ("lon", _longitudes(xs, ys, _off_poles(lon, lat), _steps(name, angles, "lon"), lines)),
        ("lat", _latitudes(xs, ys, lat, _steps(name, angles, "lat"), lines)),
    ):
        for value, step, path in each:
            found += [path, np.full((1, 2), np.nan)]
            end = _end(path, (left, bottom, right, top), axis)
            if end is not None:
                text = _tick_text(name, axis, value, step, angles)
                labels.append({"text": text, "x": float(end[0]), "y": float(end[1]), "axis": axis})
    north, east, scale = _compass(wcs, (left + right) / 2, (bottom + top) / 2, system)
    path = np.concatenate(found).astype(np.float32) if found else np.zeros((0, 2), np.float32)
    return Graticule(path, labels, north, east, scale, name)


# --- lines ------------------------------------------------------------------------------------------

_Line = tuple[float, float, Values]


def _latitudes(
    xs: Values, ys: Values, lat: Values, steps: Sequence[float], lines: int
) -> list[_Line]:
    if not np.isfinite(lat).any():
        return []
    low, high = float(np.nanmin(lat)), float(np.nanmax(lat))
    step = _round(steps, (high - low) / max(1, lines))
    found = []
    for value in _multiples(low, high, step):
        found += [(value, step, path) for path in _contours(xs, ys, lat, value)]
    return found


def _longitudes(
    xs: Values, ys: Values, lon: Values, steps: Sequence[float], lines: int
) -> list[_Line]:
    good = np.isfinite(lon)
    if not good.any():
        return []
    # About the direction in which most of the box lies, so that 360 degrees split nothing.
    turn = np.exp(1j * np.radians(lon[good])).mean()
    centre = math.degrees(math.atan2(turn.imag, turn.real))
    near = _about(lon, centre)
    low, high = float(np.nanmin(near)), float(np.nanmax(near))
    step = _round(steps, (high - low) / max(1, lines))
    found = []
    for value in _multiples(centre + low, centre + high, step):
        # Each line on a mesh whose seam lies on the other side of the sky.
        mesh = _about(lon, value)
        found += [(value % 360, step, path) for path in _contours(xs, ys, _seamless(mesh), 0.0)]
    return found


def _off_poles(lon: Values, lat: Values) -> Values:
    """Take out what is so near to a pole that longitude turns too fast for the mesh."""
    steps = [np.abs(np.diff(lat, axis=axis)) for axis in (0, 1)]
    if not all(np.isfinite(step).any() for step in steps):
        return lon
    near = 4 * max(float(np.nanmax(step)) for step in steps)
    return np.where(90 - np.abs(lat) < near, np.nan, lon)


def _about(lon: Values, centre: float) -> Values:
    return (lon - centre + 180) % 360 - 180


def _seamless(mesh: Values) -> Values:
    """Take out what lies next to a jump by a whole turn, which would look like every line at once."""
    far = np.abs(mesh) > 120
    return np.where(far, np.nan, mesh)


def _contours(xs: Values, ys: Values, mesh: Values, value: float) -> list[Values]:
    from contourpy import contour_generator

    masked = np.ma.masked_invalid(mesh)
    return list(contour_generator(xs, ys, masked, name="serial").lines(value))


def _multiples(low: float, high: float, step: float) -> list[float]:
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    if last - first >= MOST_LINES:
        return []
    return [i * step for i in range(first, last + 1)]


def _steps(name: str, angles: str, axis: str) -> list[float]:
    """Give round steps in degrees, rising."""
    if angles == "degrees" or name not in EQUATORIAL:
        return [m * 10.0**k for k in range(-7, 1) for m in (1, 2, 5)] + [10, 15, 30, 45, 90]
    small = [m * 10.0**k for k in range(-4, 0) for m in (1, 2, 5)]
    parts = [1, 2, 5, 10, 15, 20, 30]
    seconds = [one / 3600 for one in (*small, *parts)]
    minutes = [one / 60 for one in parts]
    if axis == "lat":
        return [*seconds, *minutes, 1, 2, 5, 10, 15, 30, 45]
    return [15 * one for one in (*seconds, *minutes, 1, 2, 3, 6)]


def _round(steps: Sequence[float], wanted: float) -> float:
    return next((step for step in steps if step >= wanted), steps[-1])


def _end(path: Values, box: tuple[float, ...], axis: str) -> Values | None:
    """Give where a line meets the edge that has the numbers of its family."""
    left, bottom, right, top = box
    edges = ((1, bottom), (1, top)) if axis == "lon" else ((0, left), (0, right))
    for column, edge in edges:
        reach = 1e-6 * (top - bottom if column else right - left)
        for end in (path[0], path[-1]):
            if abs(end[column] - edge) <= reach:
                return np.asarray(end)
    return None


def _compass(
    wcs: Any, x: float, y: float, system: str
) -> tuple[list[float] | None, list[float] | None, float | None]:
    step = 0.5
    lon, lat = world(wcs, x + np.array([0, step, 0]), y + np.array([0, 0, step]), system)
    if not (np.isfinite(lon).all() and np.isfinite(lat).all()):
        return None, None, None
    cosine = math.cos(math.radians(lat[0]))
    turned = np.array([_about(lon[1:], lon[0]) * cosine, lat[1:] - lat[0]]) / step
    determinant = float(np.linalg.det(turned))
    if not abs(determinant) > 0:
        return None, None, None
    pixels = np.linalg.inv(turned)
    east, north = (column / np.hypot(*column) for column in pixels.T)
    return [float(v) for v in north], [float(v) for v in east], math.sqrt(abs(determinant))


# --- texts ------------------------------------------------------------------------------------------


def _tick_text(name: str, axis: str, value: float, step: float, angles: str) -> str:
    if angles == "degrees" or name not in EQUATORIAL:
        digits = max(0, math.ceil(-math.log10(step) - 1e-9))
        return f"{value:.{digits}f}°" if axis == "lon" else f"{value:+.{digits}f}°"
    if axis == "lon":
        return _sexagesimal(value / 15, step / 15, "hms", False)
    return _sexagesimal(value, step, "°′″", True)


def _sexagesimal(value: float, step: float, units: str, signed: bool) -> str:
    """Give an angle with no more parts than tell it from its neighbours."""
    seconds = step * 3600
    digits = max(0, math.ceil(-math.log10(seconds) - 1e-9)) if seconds < 1 else 0
    whole = round(abs(value) * 3600 * 10**digits)
    first, rest = divmod(whole, 3600 * 10**digits)
    minutes, second = divmod(rest, 60 * 10**digits)
    if not signed:
        first %= 24
    sign = ("+" if value >= 0 else "−") if signed else ""
    text = f"{sign}{first}{units[0]}"
    if step < 1 - 1e-9:
        text += f"{minutes:02d}{units[1]}"
    if seconds < 60 - 1e-6:
        shown = f"{second / 10**digits:0{3 + digits if digits else 2}.{digits}f}"
        text += f"{shown}{units[2]}"
    return text
