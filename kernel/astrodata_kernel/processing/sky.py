"""Places on the sky: what a pixel's coordinates are in a system, and the lines of equal coordinates."""

from __future__ import annotations

import math
import threading
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import BadRequest

SYSTEMS = ("own", "icrs", "galactic", "ecliptic", "pixel")
"""The image's own system, three that it is transformed to, and none."""

ANGLES = ("sexagesimal", "degrees")

SAMPLES = 97
"""Points at each side of the mesh that the lines of a graticule are found on."""

MOST_LINES = 40
"""Lines of each family; near a pole there would be no end of them."""

_ECLIPTIC = ("barycentricmeanecliptic", "barycentrictrueecliptic", "geocentrictrueecliptic")
_NAMES = {"galactic": "Galactic", **dict.fromkeys(_ECLIPTIC, "Ecliptic")}
FRAMES = {"icrs": "icrs", "galactic": "galactic", "ecliptic": _ECLIPTIC[0]}
"""astropy's name of the frame of each system but the image's own."""

_EQUATORIAL = ("FK4", "FK5", "ICRS")

_wcslib = threading.Lock()
"""wcslib keeps what it computes in the WCS itself: two requests must not transform at once."""

Values = npt.NDArray[np.float64]


def frame_name(wcs: Any, system: str = "own") -> str:
    """Give the name of the celestial frame in which places are told, empty where there is none."""
    frame = _frame(wcs)
    if frame is None or system == "pixel":
        return ""
    name = frame.name if system == "own" else FRAMES[_known(system)]
    return _NAMES.get(name, name.upper())


def world(
    wcs: Any, x: npt.ArrayLike, y: npt.ArrayLike, system: str = "own"
) -> tuple[Values, Values]:
    """Give longitude and latitude of pixels.

    Parameters
    ----------
    wcs
        Celestial `astropy.wcs.WCS` of two axes.
    x, y
        0-based pixel coordinates of one shape, centres at integers.
    system
        ``"own"``, ``"icrs"``, ``"galactic"`` or ``"ecliptic"`` (of J2000).

    Returns
    -------
    tuple of ndarray
        Degrees, longitude in [0, 360); NaN beyond the edge of the projection, or in a frame from which
        there is no way to the system.
    """
    x, y = np.broadcast_arrays(np.asarray(x, float), np.asarray(y, float))
    with _wcslib, np.errstate(invalid="ignore"):
        found = wcs.all_pix2world(x.ravel(), y.ravel(), 0)
    lon, lat = (np.asarray(found[axis], float) for axis in (wcs.wcs.lng, wcs.wcs.lat))
    good = np.isfinite(lon) & np.isfinite(lat) & (np.abs(lat) <= 90)
    lon, lat = np.where(good, lon % 360, np.nan), np.where(good, lat, np.nan)
    if system not in ("own", "pixel") and good.any():
        lon[good], lat[good] = _transformed(wcs, lon[good], lat[good], system)
    return lon.reshape(x.shape), lat.reshape(x.shape)


def place(
    wcs: Any, x: float, y: float, system: str = "own", angles: str = "sexagesimal"
) -> dict[str, Any] | None:
    """Give where a pixel lies: frame, lon and lat in degrees, and as text; None where it lies nowhere."""
    _known(system)
    name = frame_name(wcs, system)
    if not name:
        return None
    lon, lat = (float(one) for one in world(wcs, x, y, system))
    if not (math.isfinite(lon) and math.isfinite(lat)):
        return None  # beyond the edge of an all-sky projection
    return {"frame": name, "lon": lon, "lat": lat, "text": _place_text(name, lon, lat, angles)}


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
        As in `place`; round numbers are those of the angles.
    lines
        About how many lines of each family cross the longer side.

    Raises
    ------
    BadRequest
        A box without an extent, or a system that is none.
    """
    left, bottom, right, top = (float(edge) for edge in box)
    if not (math.isfinite(left + bottom + right + top) and left < right and bottom < top):
        raise BadRequest(f"a box from {left}, {bottom} to {right}, {top} has no extent")
    name = frame_name(wcs, _known(system))
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


def pixel_of(wcs: Any, coordinate: Any) -> tuple[float, float]:
    """Give the 0-based pixel of one `SkyCoord`.

    Raises
    ------
    BadRequest
        It lies beyond the projection, or there is no sky.
    """
    found = pixels_of(wcs, coordinate)
    if found.shape != (1, 2) or not np.isfinite(found).all():
        raise BadRequest(f"{coordinate} is no single place that this image's projection reaches")
    return float(found[0, 0]), float(found[0, 1])


def pixels_of(wcs: Any, coordinates: Any) -> Values:
    """Give the 0-based pixels of a `SkyCoord`, shape (n, 2); NaN beyond the projection.

    Raises
    ------
    BadRequest
        There is no sky.
    """
    if _frame(wcs) is None:
        raise BadRequest("there is no WCS to find a place on the sky by: give pixels x, y")
    with _wcslib:
        x, y = wcs.world_to_pixel(coordinates)
    return np.stack([np.ravel(x), np.ravel(y)], axis=1).astype(np.float64)


def between(wcs: Any, other: Any, x: npt.ArrayLike, y: npt.ArrayLike) -> tuple[Values, Values]:
    """Give the 0-based pixels of one image at which pixels of another one lie on the sky.

    Parameters
    ----------
    wcs, other
        Celestial `astropy.wcs.WCS`: of the pixels that are given, and of those that are wanted.
    x, y
        Shape (n,), centres at integers.

    Returns
    -------
    tuple
        x and y in the other image, each of shape (n,); NaN beyond its projection.

    Raises
    ------
    BadRequest
        One of the two has no sky.
    """
    from astropy.wcs import NoConvergence
    from astropy.wcs.utils import pixel_to_pixel

    if _frame(wcs) is None or _frame(other) is None:
        raise BadRequest("both images need a WCS on the sky for a place of one in the other")
    given = [np.asarray(one, dtype=np.float64) for one in (x, y)]
    with _wcslib, warnings.catch_warnings():
        # A place that the iteration of a distortion does not find is NaN, which says it all.
        warnings.simplefilter("ignore")
        try:
            found = pixel_to_pixel(wcs, other, *given)
        except NoConvergence as error:
            found = np.array(error.best_solution).T.copy()
            for bad in (error.divergent, error.slow_conv):
                if bad is not None:
                    found[:, bad] = np.nan
    x_other, y_other = (np.asarray(one, dtype=np.float64) for one in found)
    return x_other, y_other


def places_of(positions: Any, wcs: Any) -> Values:
    """Give the 0-based pixels, shape (n, 2), of a `SkyCoord` or of x and y.

    Raises
    ------
    BadRequest
        What is neither, places that are not finite or beyond the projection, or an image without a sky.
    """
    if hasattr(positions, "transform_to"):
        found = pixels_of(wcs, positions)
    else:
        try:
            found = np.atleast_2d(np.asarray(positions, dtype=np.float64))
        except (TypeError, ValueError):
            found = np.zeros((0, 0))
    if found.ndim != 2 or found.shape[1] != 2:
        raise BadRequest(
            f"positions of shape {found.shape}: give a SkyCoord, or x and y of each place as (n, 2)"
        )
    if not np.isfinite(found).all():
        bad = int((~np.isfinite(found).all(axis=1)).sum())
        raise BadRequest(f"{bad:,} of {len(found):,} positions are not finite, or not in the image")
    return found


# --- systems ----------------------------------------------------------------------------------------


def _known(system: str) -> str:
    if system not in SYSTEMS:
        raise BadRequest(f"system {system!r} is unknown: there are {', '.join(SYSTEMS)}")
    return system


def _frame(wcs: Any) -> Any:
    from astropy.wcs.utils import wcs_to_celestial_frame

    if wcs is None:
        return None
    try:
        return wcs_to_celestial_frame(wcs)
    except ValueError:
        return None  # celestial axes in a frame that astropy has no name for, such as a planet's


def _transformed(wcs: Any, lon: Values, lat: Values, system: str) -> tuple[Values, Values]:
    from astropy.coordinates import ConvertError, SkyCoord

    try:
        to = SkyCoord(lon, lat, unit="deg", frame=_frame(wcs)).transform_to(FRAMES[system])
    except ConvertError:
        nothing = np.full_like(lon, np.nan)
        return nothing, nothing
    return np.asarray(to.spherical.lon.deg), np.asarray(to.spherical.lat.deg)


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
    if angles == "degrees" or name not in _EQUATORIAL:
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


def _place_text(name: str, lon: float, lat: float, angles: str) -> str:
    from astropy.coordinates import Angle

    if angles == "degrees" or name not in _EQUATORIAL:
        return f"{lon:.5f}° {lat:+.5f}°"
    hours = Angle(lon, "deg").to_string(unit="hourangle", precision=2, pad=True)
    degrees = Angle(lat, "deg").to_string(unit="deg", precision=1, pad=True, alwayssign=True)
    return f"{hours} {degrees}"


def _tick_text(name: str, axis: str, value: float, step: float, angles: str) -> str:
    if angles == "degrees" or name not in _EQUATORIAL:
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
