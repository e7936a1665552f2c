"""Tables over images: where their rows lie on the sky, and in the pixels of an image."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import BadRequest
from .catalogue_columns import WhereColumns, frame_of
from .catalogue_rows import CatalogueRows
from .row_masks import Mask
from .sky import coordinates_at, pixels_of
from .table_order import as_floats, missing
from .table_units import unit_of
from .tables import Values

BLOCK = 100_000
"""Rows that are brought to pixels at once: between two blocks somebody may take the wish back."""


def coordinates_of(rows: CatalogueRows, columns: WhereColumns, start: int, stop: int) -> Any:
    """Give a `SkyCoord` of some rows; NaN where a row has no place on the sky."""
    from astropy.coordinates import SkyCoord

    mixed = rows.coordinates(columns.first)
    if mixed is not None:
        return mixed[start:stop]
    names = (columns.first, columns.second)
    block = rows.block(start, stop, names)
    lon, lat = (
        _degrees(name, block[name], rows.units[name], axis, columns.frame)
        for axis, name in enumerate(names)
    )
    good = np.isfinite(lon) & np.isfinite(lat) & (np.abs(lat) <= 90)
    lon, lat = np.where(good, lon, np.nan), np.where(good, lat, np.nan)
    return SkyCoord(lon, lat, unit="deg", frame=frame_of(columns.frame))


def places_of_rows(
    rows: CatalogueRows,
    columns: WhereColumns,
    wcs: Any,
    check: Callable[[], None] = lambda: None,
) -> npt.NDArray[np.float64]:
    """Give the 0-based array pixels of all rows, shape (n, 2); NaN where the image's projection has none.

    Parameters
    ----------
    rows, columns
        The table, and where it says where.
    wcs
        Celestial `astropy.wcs.WCS` of the image; not needed for columns of pixels.
    check
        Called between blocks of rows; what it raises ends the work.
    """
    found = np.full((len(rows), 2), np.nan)
    for start in range(0, len(rows), BLOCK):
        check()
        stop = min(start + BLOCK, len(rows))
        found[start:stop] = (
            pixels_of_block(wcs, coordinates_of(rows, columns, start, stop))
            if columns.on_sky
            else _pixels(rows, columns, start, stop)
        )
    return found


def pixels_of_block(wcs: Any, coordinates: Any) -> npt.NDArray[np.float64]:
    """Give the 0-based pixels of a `SkyCoord`, shape (n, 2); NaN beyond the projection.

    A distortion is inverted by iteration, which may end elsewhere: what does not come back to its place
    on the sky within a tenth of a pixel has none.
    """
    from ..readers.quiet import quiet

    with quiet():
        found = pixels_of(wcs, coordinates)
    found[~np.isfinite(found).all(axis=1)] = np.nan
    if wcs.has_distortion and np.isfinite(found).any():
        from astropy.wcs.utils import proj_plane_pixel_scales

        good = np.flatnonzero(np.isfinite(found[:, 0]))
        back = coordinates_at(wcs, found[good, 0], found[good, 1])
        places: Any = np.ravel(coordinates)
        off = places[good].transform_to(back.frame).separation(back).deg
        # A comparison with NaN is false: what has no place on the sky does not come back either.
        found[good[~(off <= 0.1 * float(min(proj_plane_pixel_scales(wcs))))]] = np.nan
    return found


def within(
    rows: CatalogueRows,
    columns: WhereColumns,
    wcs: Any,
    centre: Any,
    radius: Any,
    check: Callable[[], None] = lambda: None,
) -> Mask:
    """Give the rows within an angle of a place on the sky, boolean of shape (n,).

    Parameters
    ----------
    rows, columns
        The table, and where it says where; rows with pixels lie where the WCS says.
    wcs
        Of the image; needed for columns of pixels only.
    centre
        One `SkyCoord`.
    radius
        A `Quantity` of angle, 0 to 180 degrees, or degrees.
    check
        As in `places_of_rows`.

    Raises
    ------
    BadRequest
        A centre that is no single place, or a radius that is no angle.
    """
    limit = degrees_of(radius)
    if not hasattr(centre, "separation") or np.size(centre) != 1:
        raise BadRequest("the centre of a cone is one SkyCoord")
    centre = np.ravel(centre)[0]
    mask = np.zeros(len(rows), bool)
    for start in range(0, len(rows), BLOCK):
        check()
        stop = min(start + BLOCK, len(rows))
        if columns.on_sky:
            places = coordinates_of(rows, columns, start, stop)
        elif wcs is None:
            raise BadRequest(
                "neither the table nor the image has places on the sky: there are no angles"
            )
        else:
            places = coordinates_at(wcs, *_pixels(rows, columns, start, stop).T)
        mask[start:stop] = places.separation(centre).deg <= limit
    return mask


def degrees_of(angle: Any, what: str = "radius") -> float:
    """Give an angle, a `Quantity` or degrees, as degrees from 0 to 180.

    Raises
    ------
    BadRequest
        It is none.
    """
    from astropy import units as u

    try:
        found = float(u.Quantity(angle, u.deg).value)
    except (TypeError, ValueError, u.UnitsError):
        found = float("nan")
    if not 0 <= found <= 180:
        raise BadRequest(
            f"{what} {angle}: give an angle from 0 to 180 degrees, such as 30 * u.arcsec"
        )
    return found


def coordinate_of(text: str, frame: str = "icrs") -> Any:
    """Give the `SkyCoord` that a person wrote: ``17h45m40s -29d00m28s``, ``17:45:40 -29:00:28`` or degrees.

    Parameters
    ----------
    text
        Longitude and latitude. Plain numbers are degrees; hours of right ascension have colons or letters.
    frame
        astropy's name of the frame.

    Raises
    ------
    BadRequest
        It cannot be read as a place.
    """
    from astropy.coordinates import SkyCoord

    words = str(text).replace(",", " ").split()
    plain = len(words) == 2 and all(_is_float(word) for word in words)
    hours = "hourangle" if frame in ("icrs", "fk5", "fk4") and not plain else "deg"
    try:
        return SkyCoord(" ".join(words)[:200], unit=(hours, "deg"), frame=frame_of(frame))
    except (TypeError, ValueError, IndexError):
        raise BadRequest(
            f"{str(text)[:80]!r} is no place on the sky: write 17h45m40s -29d00m28s, or degrees 266.42 -29.01"
        ) from None


# --- values -----------------------------------------------------------------------------------------


def _pixels(
    rows: CatalogueRows, columns: WhereColumns, start: int, stop: int
) -> npt.NDArray[np.float64]:
    """Give the 0-based pixels of some rows, shape (n, 2)."""
    names = (columns.first, columns.second)
    block = rows.block(start, stop, names)
    if any(rows.facts(name).kind != "number" for name in names):
        raise BadRequest("pixel coordinates are numbers: choose other columns by x= and y=")
    return np.stack([as_floats(block[name]) - columns.origin for name in names], axis=1)


def _degrees(
    name: str, values: Values, told: str, axis: int, frame: str
) -> npt.NDArray[np.float64]:
    """Give a stretch of a column of longitudes (axis 0) or latitudes as degrees."""
    from astropy import units as u

    if values.ndim != 1:
        raise BadRequest(
            f"column {name!r} has {values.shape[1:]} values a row: choose one of single values"
        )
    if values.dtype.kind not in "iuf":
        hours = axis == 0 and frame in ("icrs", "fk5", "fk4")
        return _sexagesimal(values, u.hourangle if hours else u.deg)
    unit = unit_of(told) or u.deg
    unit = u.hourangle if unit.physical_type == "time" else unit
    if unit.physical_type != "angle":
        raise BadRequest(f"column {name!r} is in {unit}: a place on the sky is an angle")
    return np.asarray((as_floats(values) * unit).to_value(u.deg))


def _sexagesimal(values: Values, unit: Any) -> npt.NDArray[np.float64]:
    from astropy.coordinates import Angle

    texts = [
        "" if gone or value is None or value != value else str(value).strip()
        for value, gone in zip(np.ma.getdata(values), missing(values), strict=True)
    ]
    found = np.full(len(texts), np.nan)
    good = [i for i, text in enumerate(texts) if text]
    try:
        found[good] = Angle([texts[i] for i in good], unit).deg
    except (TypeError, ValueError):
        for i in good:
            try:
                found[i] = Angle(texts[i], unit).deg
            except (TypeError, ValueError):  # one bad row does not take the others along
                continue
    return found


def _is_float(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True
