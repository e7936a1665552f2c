"""Places on the sky: what a pixel's coordinates are in a system, and the WCS of a part of an image."""

from __future__ import annotations

import math
import threading
import warnings
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import BadRequest

SYSTEMS = ("own", "icrs", "galactic", "ecliptic", "pixel")
"""The image's own system, three that it is transformed to, and none."""

ANGLES = ("sexagesimal", "degrees")

_ECLIPTIC = ("barycentricmeanecliptic", "barycentrictrueecliptic", "geocentrictrueecliptic")
_NAMES = {"galactic": "Galactic", **dict.fromkeys(_ECLIPTIC, "Ecliptic")}
FRAMES = {"icrs": "icrs", "galactic": "galactic", "ecliptic": _ECLIPTIC[0]}
"""astropy's name of the frame of each system but the image's own."""

EQUATORIAL = ("FK4", "FK5", "ICRS")
"""Names of the frames whose longitudes are told in hours."""

wcslib = threading.Lock()
"""Held by all who transform by a WCS: wcslib keeps what it computes in the WCS itself, where two requests of
one image, each in a thread of its own, would write at once. Who holds it calls nothing that takes it."""

Values = npt.NDArray[np.float64]


def frame_name(wcs: Any, system: str = "own") -> str:
    """Give the name of the celestial frame in which places are told, empty where there is none."""
    frame = _frame(wcs)
    if frame is None or system == "pixel":
        return ""
    name = frame.name if system == "own" else FRAMES[known_system(system)]
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
    with wcslib, np.errstate(invalid="ignore"):
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
    known_system(system)
    name = frame_name(wcs, system)
    if not name:
        return None
    lon, lat = (float(one) for one in world(wcs, x, y, system))
    if not (math.isfinite(lon) and math.isfinite(lat)):
        return None  # beyond the edge of an all-sky projection
    return {"frame": name, "lon": lon, "lat": lat, "text": _place_text(name, lon, lat, angles)}


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
    with wcslib:
        x, y = wcs.world_to_pixel(coordinates)
    return np.stack([np.ravel(x), np.ravel(y)], axis=1).astype(np.float64)


def coordinates_at(wcs: Any, x: npt.ArrayLike, y: npt.ArrayLike) -> Any:
    """Give the `SkyCoord` of 0-based pixels, in the image's own frame; NaN beyond the projection.

    Raises
    ------
    BadRequest
        There is no sky.
    """
    from astropy.coordinates import SkyCoord

    frame = _frame(wcs)
    if frame is None:
        raise BadRequest("there is no WCS that tells places on the sky")
    lon, lat = world(wcs, x, y)
    return SkyCoord(lon, lat, unit="deg", frame=frame)


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
    with wcslib, warnings.catch_warnings():
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


def part_of(wcs: Any, left: int, bottom: int, shape: tuple[int, int] | None = None) -> Any:
    """Give the WCS of a part of an image: of the same sky, with the part's own pixels.

    Parameters
    ----------
    wcs
        Of the whole image; it stays as it is.
    left, bottom
        0-based pixel x and y with which the part begins; below 0 where it reaches beyond the image.
    shape
        Rows and columns of the part; as of `wcs` by default.

    Returns
    -------
    astropy.wcs.WCS
        Its polynomials and lookup tables of distortion are moved along, which slicing a WCS leaves out of
        the tables.
    """
    from astropy.wcs import DistortionLookupTable, Sip

    with wcslib:
        own = wcs.deepcopy()
    corner = np.array([left, bottom], dtype=np.float64)
    own.wcs.crpix = own.wcs.crpix - corner
    if shape is not None:
        own.array_shape = shape
    if own.sip is not None:
        sip = own.sip
        own.sip = Sip(sip.a, sip.b, sip.ap, sip.bp, sip.crpix - corner)
    for name in ("cpdis1", "cpdis2", "det2im1", "det2im2"):
        table = getattr(own, name)
        if table is not None:
            place = tuple(np.array(table.crval) - corner)
            setattr(own, name, DistortionLookupTable(table.data, table.crpix, place, table.cdelt))
    return own


# --- systems ----------------------------------------------------------------------------------------


def known_system(system: str) -> str:
    """Give the name of a system.

    Raises
    ------
    BadRequest
        There is none of that name.
    """
    if system not in SYSTEMS:
        raise BadRequest(f"system {system!r} is unknown: there are {', '.join(SYSTEMS)}")
    return system


def _frame(wcs: Any) -> Any:
    if wcs is None:
        return (
            None  # before the import, which takes half a second: images of the ground have no sky
        )
    from astropy.wcs.utils import wcs_to_celestial_frame

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


# --- texts ------------------------------------------------------------------------------------------


def _place_text(name: str, lon: float, lat: float, angles: str) -> str:
    from astropy.coordinates import Angle

    if angles == "degrees" or name not in EQUATORIAL:
        return f"{lon:.5f}° {lat:+.5f}°"
    hours = Angle(lon, "deg").to_string(unit="hourangle", precision=2, pad=True)
    degrees = Angle(lat, "deg").to_string(unit="deg", precision=1, pad=True, alwayssign=True)
    return f"{hours} {degrees}"
