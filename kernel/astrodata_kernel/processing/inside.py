"""What lies inside regions of an image: statistics and histograms, read in blocks of rows."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import BadRequest
from .image_parts import Values, along, give_unit, image_of, part_between, pixel_area
from .region_shapes import of_pixels

BLOCK = 1 << 20
"""Pixels that are read in one go."""

MOST_PIXELS = 1 << 24
"""Of the box about a region: its median needs all values at once."""

_UNITS = ("sum", "mean", "median", "std", "mad_std", "min", "max")
COLUMNS = ("pixels", "blank", *_UNITS, "x", "y", "area")
"""Of the table of `statistics`."""


def statistics(image: Any, regions: Any) -> Any:
    """Give statistics of the pixels in regions.

    Parameters
    ----------
    image
        Data set of kind ``"image"``, or an array of shape (rows, columns) that may be read as it is sliced.
    regions
        A `regions.Region` of pixels or of the sky, or several. A pixel is inside where its centre is; of
        a point it is the pixel that it lies in, of a line the values along it, a pixel apart.

    Returns
    -------
    QTable
        A row a region: ``pixels`` with a value, ``blank`` without one, ``sum``, ``mean``, ``median``,
        ``std``, ``mad_std`` (robust), ``min``, ``max``, each with the unit of the image, ``x``, ``y`` of
        the brightest pixel, and ``area``, the solid angle of all pixels inside. A region without a pixel
        has NaN, and so has an area without a sky.

    Raises
    ------
    BadRequest
        What is no image or no region, a region that has no inside, one of more than 16 million pixels, or
        one of the sky where the image has none.
    """
    import astropy.units as u
    from astropy.table import QTable

    plane, wcs, unit = image_of(image)
    rows = [_row(plane, wcs, region) for region in _several(regions)]
    table = QTable(rows=rows or None, names=COLUMNS)
    for name in _UNITS:
        give_unit(table, name, unit)
    if rows:
        table["area"] = table["area"] * u.arcsec**2
    return table


def histogram(image: Any, region: Any, bins: int = 64) -> Any:
    """Count the values in a region.

    Parameters
    ----------
    image
        As in `statistics`.
    region
        One `regions.Region`.
    bins
        Equal ones between the lowest and the highest value.

    Returns
    -------
    QTable
        ``low``, ``high`` and ``count`` of each bin; none where the region has no value.

    Raises
    ------
    BadRequest
        As in `statistics`, or a number of bins that is none.
    """
    from astropy.table import QTable

    if not 1 <= bins <= 4096:
        raise BadRequest(f"{bins} bins: give 1 to 4096")
    plane, wcs, unit = image_of(image)
    found, _, _ = _inside(plane, wcs, region)
    counts, edges = np.zeros(0, int), np.zeros(1)
    if found.size:
        counts, edges = np.histogram(found.astype(np.float64), bins)
    table = QTable({"low": edges[:-1], "high": edges[1:], "count": counts})
    give_unit(table, "low", unit)
    give_unit(table, "high", unit)
    return table


def _row(plane: Any, wcs: Any, region: Any) -> tuple[float, ...]:
    region = _of_pixels(region, wcs)
    found, blank, peak = _inside(plane, wcs, region)
    area = math.nan
    if wcs is not None and found.size + blank and not hasattr(region, "start"):
        middle = getattr(region, "center", None)
        x, y = (middle.x, middle.y) if middle is not None else region.bounding_box.center[::-1]
        area = (found.size + blank) * pixel_area(wcs, float(x), float(y))
    if not found.size:
        return (0, blank, *(math.nan,) * len(_UNITS), math.nan, math.nan, area)
    median = float(np.median(found))
    # A float32 of 16 million equal values would lose some of them on the way.
    mean = float(found.mean(dtype=np.float64))
    spread = float(found.std(dtype=np.float64))
    total = float(found.sum(dtype=np.float64))
    low, high = float(found.min()), float(found.max())
    away = np.abs(found - np.float64(median) if found.dtype.kind != "f" else found - median)
    robust = float(np.median(away)) * 1.482602218505602
    return (found.size, blank, total, mean, median, spread, robust, low, high, *peak, area)


def _inside(plane: Any, wcs: Any, region: Any) -> tuple[npt.NDArray[Any], int, tuple[float, float]]:
    """Give the finite values inside a region, how many have none, and x, y of the brightest."""
    region = _of_pixels(region, wcs)
    if type(region).__name__ == "LinePixelRegion":
        return _on_line(plane, region)
    found, blank = [], 0
    best, peak = -math.inf, (math.nan, math.nan)
    for values, inside, corner in _blocks(plane, region):
        good = inside & np.isfinite(values)
        mine = values[good]
        blank += int(np.count_nonzero(inside)) - mine.size
        if mine.size:
            found.append(mine)
            top = float(mine.max())
            if top > best:
                best = top
                row, column = np.argwhere(good & (values == mine.max()))[0]
                peak = float(column + corner[0]), float(row + corner[1])
    return np.concatenate(found) if found else np.zeros(0), blank, peak


def _on_line(plane: Any, region: Any) -> tuple[Values, int, tuple[float, float]]:
    first, last = (np.array([end.x, end.y], float) for end in (region.start, region.end))
    centres, values = along(plane, first, last)
    good = np.isfinite(values)
    if not good.any():
        return np.zeros(0), len(values), (math.nan, math.nan)
    x, y = np.round(centres[np.nanargmax(values)])
    return values[good], int(np.count_nonzero(~good)), (float(x), float(y))


def _blocks(plane: Any, region: Any) -> Iterator[tuple[Any, npt.NDArray[np.bool_], Values]]:
    """Give values, who is inside, and the corner (x, y) of blocks of rows about a region."""
    from regions import PixCoord

    if type(region).__name__ == "PointPixelRegion":
        x, y = (math.floor(float(one) + 0.5) for one in (region.center.x, region.center.y))
        values, corner = part_between(plane, np.array([x, y], float), np.array([x, y], float))
        if values.size and 0 <= x < plane.shape[1] and 0 <= y < plane.shape[0]:
            yield values, np.ones(values.shape, bool), corner
        return
    box = region.bounding_box
    rows, columns = plane.shape
    left, right = max(0, box.ixmin), min(columns, box.ixmax)
    bottom, top = max(0, box.iymin), min(rows, box.iymax)
    if left >= right or bottom >= top:
        return
    if (right - left) * (top - bottom) > MOST_PIXELS:
        raise BadRequest(
            f"a region of {right - left:,} x {top - bottom:,} pixels: {MOST_PIXELS >> 20} million are "
            "measured at most"
        )
    step = max(1, BLOCK // (right - left))
    for start in range(bottom, top, step):
        stop = min(top, start + step)
        values = np.asarray(plane[start:stop, left:right])
        if values.dtype.kind != "f":
            values = values.astype(np.float64)
        ys, xs = np.mgrid[start:stop, left:right]
        yield values, region.contains(PixCoord(xs, ys)), np.array([left, start], float)


def _several(regions: Any) -> list[Any]:
    if hasattr(regions, "meta") and hasattr(regions, "visual"):
        return [regions]
    try:
        return list(regions)
    except TypeError:
        raise BadRequest(f"a {type(regions).__name__} is no region") from None


def _of_pixels(region: Any, wcs: Any) -> Any:
    region = of_pixels(region, wcs)
    if not hasattr(region, "contains"):
        raise BadRequest(f"a {type(region).__name__} is no region")
    if type(region).__name__ == "TextPixelRegion":
        raise BadRequest("a text has no pixels inside")
    return region
