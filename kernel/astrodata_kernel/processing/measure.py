"""What is measured on an image: statistics of regions, profiles, growth and photometry, as astropy's tables.

Of an image on disk only the part that matters is read. Pixel coordinates count from 0, with centres at
integers: ``image.array[y, x]``. The measuring itself is photutils' and regions'.
"""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import BadRequest
from .sky import places_of

Values = npt.NDArray[np.float64]

LARGEST = 4096
"""Half the side of the largest part that a profile is measured in, in pixels."""

LONGEST = 100_000
"""Points of a line profile at most."""


def statistics(image: Any, regions: Any) -> Any:
    """Give statistics of the pixels in regions.

    Parameters
    ----------
    image
        Data set of kind ``"image"``, or an array of shape (rows, columns) that may be read as it is sliced.
    regions
        A `regions.Region` of pixels or of the sky, or several. A pixel is inside where its centre is.

    Returns
    -------
    QTable
        A row a region: ``pixels`` with a value, ``blank`` without one, ``sum``, ``mean``, ``median``,
        ``std``, ``mad_std`` (robust), ``min``, ``max``, each with the unit of the image, and ``x``, ``y`` of
        the brightest pixel. A region without a pixel has NaN.

    Raises
    ------
    BadRequest
        What is no image or no region, or a region of the sky where the image has none.
    """
    from astropy.stats import mad_std
    from astropy.table import QTable

    plane, wcs, unit = _of(image)
    rows = []
    for region in _several(regions):
        values, corner, inside = _in_region(plane, wcs, region)
        good = inside & np.isfinite(values)
        found = values[good]
        some = bool(found.size)
        peak = _where_brightest(values, good, corner) if some else (math.nan, math.nan)
        numbers = (
            (found.sum(), found.mean(), np.median(found), found.std(), mad_std(found))
            if some
            else (math.nan,) * 5
        )
        ends = (found.min(), found.max()) if some else (math.nan, math.nan)
        blank = int(np.count_nonzero(inside & ~np.isfinite(values)))
        rows.append((int(found.size), blank, *numbers, *ends, *peak))
    names = ("pixels", "blank", "sum", "mean", "median", "std", "mad_std", "min", "max", "x", "y")
    table = QTable(rows=rows or None, names=names)
    for name in names[2:9]:
        _give_unit(table, name, unit)
    return table


def line(image: Any, start: Any, end: Any, width: float = 1) -> Any:
    """Give the values along a straight line.

    Parameters
    ----------
    image
        As in `statistics`.
    start, end
        x and y of its ends, or a `SkyCoord` each.
    width
        Pixels across the line that are averaged.

    Returns
    -------
    QTable
        ``distance`` in pixels from the start, about one pixel apart; ``x``, ``y``; ``value`` between pixels
        by straight lines, NaN beyond the image.

    Raises
    ------
    BadRequest
        Ends that are no places, or a line too long or too wide.
    """
    from astropy.table import QTable
    from scipy.ndimage import map_coordinates

    plane, wcs, unit = _of(image)
    first, last = _point(start, wcs), _point(end, wcs)
    length = float(np.hypot(*(last - first)))
    if length > LONGEST or not 1 <= width <= 1000:
        raise BadRequest(f"a line of {length:.0f} pixels, {width} wide: it is too long or too wide")
    along = np.linspace(0, 1, max(2, round(length) + 1))
    centres = first + along[:, None] * (last - first)
    across = np.array([-(last - first)[1], (last - first)[0]]) / (length or 1)
    offsets = (np.arange(math.ceil(width)) - (math.ceil(width) - 1) / 2)[:, None, None]
    points = centres[None] + offsets * across
    values, corner = _part(
        plane, points.reshape(-1, 2).min(axis=0), points.reshape(-1, 2).max(axis=0)
    )
    if values.size:
        local = (points - corner)[..., ::-1].transpose(2, 0, 1)
        sampled = map_coordinates(values, local, order=1, mode="constant", cval=np.nan)
    else:
        sampled = np.full(points.shape[:2], np.nan)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # nothing but NaN across has no mean
        mean = np.nanmean(sampled, axis=0)
    table = QTable(
        {"distance": along * length, "x": centres[:, 0], "y": centres[:, 1], "value": mean}
    )
    _give_unit(table, "value", unit)
    return table


@dataclass(frozen=True)
class RadialProfile:
    """How the brightness falls from a source's middle.

    Attributes
    ----------
    table
        ``radius`` in pixels and the mean ``value`` of each ring, background included.
    centre
        x and y of the middle.
    background
        What was taken off before the fit.
    fwhm
        Full width at half maximum of the fit in pixels, NaN where there is none.
    model
        The fitted `astropy.modeling` model of the radius, without the background; or None.
    kind
        ``"moffat"`` or ``"gauss"``.
    """

    table: Any
    centre: tuple[float, float]
    background: float
    fwhm: float
    model: Any
    kind: str


def radial(
    image: Any,
    position: Any,
    radius: float = 20,
    *,
    fit: str = "moffat",
    recentre: bool = True,
) -> RadialProfile:
    """Measure the radial profile of a source, and its width by a fit.

    Parameters
    ----------
    image
        As in `statistics`.
    position
        x and y of the source, or a `SkyCoord`.
    radius
        Of the outermost ring, in pixels.
    fit
        ``"moffat"`` or ``"gauss"``.
    recentre
        Whether the middle is looked for near the position: the peak of a paraboloid through the
        brightest pixels.

    Raises
    ------
    BadRequest
        A place beyond the image, a radius that is none, or another fit.
    """
    from astropy.table import QTable
    from photutils.centroids import centroid_quadratic
    from photutils.profiles import RadialProfile as Profile

    if fit not in ("moffat", "gauss"):
        raise BadRequest(f"fit {fit!r} is unknown: there are moffat and gauss")
    plane, wcs, unit = _of(image)
    values, corner, point = _about(plane, wcs, position, radius, 4)
    centre = point - corner
    edges = np.arange(0, math.floor(radius) + 1)
    if not np.isfinite(values).any():
        rings = edges[:-1] + 0.5
        table = QTable({"radius": rings, "value": np.full(len(rings), np.nan)})
        middle = (float(point[0]), float(point[1]))
        return RadialProfile(table, middle, math.nan, math.nan, None, fit)
    if recentre:
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore"
            )  # where no peak is found the place stays as it was given
            found = centroid_quadratic(
                values, xpeak=round(centre[0]), ypeak=round(centre[1]), search_boxsize=7,
                mask=~np.isfinite(values),
            )  # fmt: skip
        if np.isfinite(found).all() and np.hypot(*(found - centre)) < 7:
            centre = found
    background = _background(values, centre, radius)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a fit that finds nothing tells so by NaN
        measured = Profile(values - background, tuple(centre), edges, mask=~np.isfinite(values))
        model = measured.moffat_fit if fit == "moffat" else measured.gaussian_fit
        fwhm = measured.moffat_fwhm if fit == "moffat" else measured.gaussian_fwhm
    good = model is not None and np.isfinite(fwhm) and float(model.amplitude.value) > 0
    table = QTable({"radius": measured.radius, "value": measured.profile + background})
    _give_unit(table, "value", unit)
    middle = centre + corner
    return RadialProfile(
        table,
        (float(middle[0]), float(middle[1])),
        background,
        float(fwhm) if good else math.nan,
        model if good else None,
        fit,
    )


def growth(
    image: Any, position: Any, radius: float = 20, *, background: float | None = None
) -> Any:
    """Give the curve of growth: the sum of all values within each radius.

    Parameters
    ----------
    image, position
        As in `radial`.
    radius
        The largest, in pixels.
    background
        Of a pixel, taken off; by default the median beyond the radius.

    Returns
    -------
    QTable
        ``radius`` in pixels, ``area`` in pixels, ``flux`` within it, pixels at the edge by their share.
        Its meta has the ``background``.
    """
    from astropy.table import QTable
    from photutils.profiles import CurveOfGrowth

    plane, wcs, unit = _of(image)
    values, corner, point = _about(plane, wcs, position, radius, 4)
    centre = point - corner
    taken = _background(values, centre, radius) if background is None else float(background)
    curve = CurveOfGrowth(
        values - taken,
        tuple(centre),
        np.arange(1, math.floor(radius) + 1),
        mask=~np.isfinite(values),
    )
    table = QTable({"radius": curve.radius, "area": np.asarray(curve.area), "flux": curve.profile})
    _give_unit(table, "flux", unit)
    table.meta["background"] = taken
    return table


def photometry(
    image: Any, positions: Any, radius: float, annulus: tuple[float, float] | None = None
) -> Any:
    """Measure what lies within circles, each beside its own sky.

    Parameters
    ----------
    image
        As in `statistics`.
    positions
        x and y of each source, shape (n, 2), or a `SkyCoord`.
    radius
        Of the circles, in pixels.
    annulus
        Inner and outer radius of the ring whose clipped median is the sky of a source; none by default.

    Returns
    -------
    QTable
        A row a source: ``x``, ``y``, ``pixels`` in the circle, their ``sum``, the ``background`` of a pixel,
        its ``background_std``, and the ``flux``, that is the sum without the background. NaN where
        a circle has no pixel.

    Raises
    ------
    BadRequest
        Radii that are none, or positions that are no places.
    """
    from astropy.table import QTable

    rings = (float(radius), *(float(one) for one in annulus or ()))
    if not (all(map(math.isfinite, rings)) and rings[0] > 0 and list(rings) == sorted(rings)):
        raise BadRequest(f"radii {rings}: give a positive radius, and a ring outside of it")
    if rings[-1] > LARGEST:
        raise BadRequest(f"a radius of {rings[-1]:.0f} pixels: {LARGEST} at most")
    plane, wcs, unit = _of(image)
    rows = [_one_source(plane, point, rings) for point in places_of(positions, wcs)]
    names = ("x", "y", "pixels", "sum", "background", "background_std", "flux")
    table = QTable(rows=rows or None, names=names)
    for name in names[3:]:
        _give_unit(table, name, unit)
    return table


# --- parts ------------------------------------------------------------------------------------------


def _one_source(plane: Any, point: Values, rings: tuple[float, ...]) -> tuple[float, ...]:
    from astropy.stats import SigmaClip
    from photutils.aperture import ApertureStats, CircularAnnulus, CircularAperture

    reach = rings[-1] + 2
    values, corner = _part(plane, point - reach, point + reach)
    x, y = float(point[0]), float(point[1])
    nothing = math.nan
    if not values.size:
        return (x, y, nothing, nothing, nothing, nothing, nothing)
    centre, blank = tuple(point - corner), ~np.isfinite(values)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a circle beyond the image tells so by NaN
        inner = ApertureStats(values, CircularAperture(centre, rings[0]), mask=blank)
        pixels, total = float(inner.sum_aper_area.value), float(inner.sum)
        sky, spread = 0.0, nothing
        if len(rings) > 1:
            ring = ApertureStats(
                values,
                CircularAnnulus(centre, rings[-2], rings[-1]),
                mask=blank,
                sigma_clip=SigmaClip(3.0),
            )
            sky, spread = float(ring.median), float(ring.std)
    return (x, y, pixels, total, sky, spread, total - sky * pixels)


def _of(image: Any) -> tuple[Any, Any, str]:
    plane = getattr(image, "array", image)
    if len(getattr(plane, "shape", ())) != 2:
        raise BadRequest(
            f"something of shape {tuple(getattr(plane, 'shape', ()))} is measured as no image: give "
            "(rows, columns)"
        )
    meta = getattr(image, "meta", {})
    return plane, getattr(image, "wcs", None), str(meta.get("unit", ""))


def _several(regions: Any) -> list[Any]:
    if hasattr(regions, "to_mask") or hasattr(regions, "to_pixel"):
        return [regions]
    try:
        return list(regions)
    except TypeError:
        raise BadRequest(f"a {type(regions).__name__} is no region") from None


def _in_region(plane: Any, wcs: Any, region: Any) -> tuple[Values, Values, npt.NDArray[np.bool_]]:
    """Give the values of the part of an image about a region, its corner (x, y), and who is inside."""
    if hasattr(region, "to_pixel"):
        if wcs is None:
            raise BadRequest("there is no WCS to place a region of the sky by: give one of pixels")
        region = region.to_pixel(wcs)
    if not hasattr(region, "to_mask"):
        raise BadRequest(f"a {type(region).__name__} is no region")
    try:
        mask = region.to_mask(mode="center")
    except NotImplementedError:
        raise BadRequest(f"a {type(region).__name__} has no pixels inside") from None
    large, small = mask.get_overlap_slices(plane.shape)
    if large is None:
        return np.zeros((0, 0)), np.zeros(2), np.zeros((0, 0), bool)
    rows, columns = (slice(int(one.start), int(one.stop)) for one in large)
    values = np.asarray(plane[rows, columns], float)
    return values, np.array([columns.start, rows.start], float), mask.data[small] > 0


def _where_brightest(values: Values, good: Any, corner: Values) -> tuple[float, float]:
    row, column = np.unravel_index(np.argmax(np.where(good, values, -np.inf)), values.shape)
    return float(column + corner[0]), float(row + corner[1])


def _point(position: Any, wcs: Any) -> Values:
    points = places_of(position, wcs)
    if len(points) != 1:
        raise BadRequest(f"{len(points)} places where one is wanted")
    return points[0]


def _part(plane: Any, low: Values, high: Values) -> tuple[Values, Values]:
    """Give the values between two corners, as far as the image goes, and where they begin (x, y)."""
    rows, columns = plane.shape
    x0, y0 = (int(max(0, math.floor(one))) for one in low)
    x1, y1 = min(columns, math.ceil(high[0]) + 1), min(rows, math.ceil(high[1]) + 1)
    if x0 >= x1 or y0 >= y1:
        return np.zeros((0, 0)), np.zeros(2)
    return np.asarray(plane[y0:y1, x0:x1], float), np.array([x0, y0], float)


def _about(
    plane: Any, wcs: Any, position: Any, radius: float, room: int
) -> tuple[Values, Values, Values]:
    if not (math.isfinite(radius) and 2 <= radius <= LARGEST):
        raise BadRequest(f"a radius of {radius} pixels: give 2 to {LARGEST}")
    point = _point(position, wcs)
    rows, columns = plane.shape
    if not (-0.5 <= point[0] < columns - 0.5 and -0.5 <= point[1] < rows - 0.5):
        raise BadRequest(f"({point[0]:.1f}, {point[1]:.1f}) lies beyond {columns} x {rows} pixels")
    values, corner = _part(plane, point - radius - room, point + radius + room)
    return values, corner, point


def _background(values: Values, centre: Values, radius: float) -> float:
    """Give the median beyond a radius; of all where nothing lies there."""
    y, x = np.indices(values.shape)
    beyond = (np.hypot(x - centre[0], y - centre[1]) > radius) & np.isfinite(values)
    good = values[beyond] if beyond.any() else values[np.isfinite(values)]
    return float(np.median(good)) if good.size else 0.0


def _give_unit(table: Any, name: str, unit: str) -> None:
    from astropy.units import Unit, dimensionless_unscaled

    if not unit or not len(table.colnames):
        return
    known = Unit(unit, parse_strict="silent")
    if known != dimensionless_unscaled and hasattr(known, "bases"):
        table[name] = table[name] * known
    else:
        table[name].info.description = f"in {unit}"
