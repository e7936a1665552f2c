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

from ..errors import BadRequest
from .image_parts import (
    LARGEST,
    Values,
    along,
    give_unit,
    image_of,
    level_beyond,
    one_place,
    part_about,
    part_between,
)
from .inside import histogram, statistics
from .isolines import contours
from .sky import places_of

__all__ = [
    "RadialProfile",
    "contours",
    "growth",
    "histogram",
    "line",
    "photometry",
    "radial",
    "statistics",
]


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

    plane, wcs, unit = image_of(image)
    first, last = one_place(start, wcs), one_place(end, wcs)
    centres, values = along(plane, first, last, width)
    distance = np.hypot(*(centres - first).T)
    table = QTable({"distance": distance, "x": centres[:, 0], "y": centres[:, 1], "value": values})
    give_unit(table, "value", unit)
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
    plane, wcs, unit = image_of(image)
    values, corner, point = part_about(plane, wcs, position, radius, 4)
    centre = point - corner
    edges = np.arange(0, math.floor(radius) + 1)
    if not np.isfinite(values).any():
        rings = edges[:-1] + 0.5
        table = QTable({"radius": rings, "value": np.full(len(rings), np.nan)})
        middle = (float(point[0]), float(point[1]))
        return RadialProfile(table, middle, math.nan, math.nan, None, fit)
    if recentre and min(values.shape) >= 3:  # a paraboloid wants so many
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
    background = level_beyond(values, centre, radius)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a fit that finds nothing tells so by NaN
        measured = Profile(values - background, tuple(centre), edges, mask=~np.isfinite(values))
        model = measured.moffat_fit if fit == "moffat" else measured.gaussian_fit
        fwhm = measured.moffat_fwhm if fit == "moffat" else measured.gaussian_fwhm
    good = model is not None and np.isfinite(fwhm) and float(model.amplitude.value) > 0
    table = QTable({"radius": measured.radius, "value": measured.profile + background})
    give_unit(table, "value", unit)
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

    plane, wcs, unit = image_of(image)
    values, corner, point = part_about(plane, wcs, position, radius, 4)
    centre = point - corner
    taken = level_beyond(values, centre, radius) if background is None else float(background)
    curve = CurveOfGrowth(
        values - taken,
        tuple(centre),
        np.arange(1, math.floor(radius) + 1),
        mask=~np.isfinite(values),
    )
    table = QTable({"radius": curve.radius, "area": np.asarray(curve.area), "flux": curve.profile})
    give_unit(table, "flux", unit)
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
    plane, wcs, unit = image_of(image)
    rows = [_one_source(plane, point, rings) for point in places_of(positions, wcs)]
    names = ("x", "y", "pixels", "sum", "background", "background_std", "flux")
    table = QTable(rows=rows or None, names=names)
    for name in names[3:]:
        give_unit(table, name, unit)
    return table


# --- parts ------------------------------------------------------------------------------------------


def _one_source(plane: Any, point: Values, rings: tuple[float, ...]) -> tuple[float, ...]:
    from astropy.stats import SigmaClip
    from photutils.aperture import ApertureStats, CircularAnnulus, CircularAperture

    reach = rings[-1] + 2
    values, corner = part_between(plane, point - reach, point + reach)
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
