"""Contours of an image, from a reading no larger than a screen, and their way onto another image."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import BadRequest
from .pyramid import Planes
from .raster import limits
from .sky import coordinates_at, pixels_of

FINEST = 1024
"""Pixels of the longer side of what contours are found on."""

MOST_LEVELS = 50

MOST_POINTS = 400_000
"""Of all contours: beyond, levels lie in the noise and no screen shows them."""

Values = npt.NDArray[np.float64]


def contours(
    image: Any,
    levels: int | Sequence[float] = 5,
    onto: Any = None,
    plane: int = 0,
    smooth: float = 0.0,
) -> dict[float, list[Values]]:
    """Find the lines along which an image has some values.

    Parameters
    ----------
    image
        Data set of kind ``"image"`` or ``"cube"``, or an array of shape (..., rows, columns) that may be
        read as it is sliced. Its means over blocks are taken where it is larger than 1,024 pixels.
    levels
        Values, or how many: evenly between the limits of zscale.
    onto
        Image on whose pixels the lines are wanted: by the sky where both have one, by their own pixels else.
    plane
        Of a cube, from 0.
    smooth
        Standard deviation of a Gaussian that the image is smoothed by before, in pixels of the reading.

    Returns
    -------
    dict
        Of each level its lines, shape (n, 2): 0-based pixels x and y.

    Raises
    ------
    BadRequest
        Levels that are none, or lines without end.
    """
    planes = Planes(getattr(image, "array", image))
    values, step, reduction = planes.overview(FINEST, plane)
    values = _smoothed(np.asarray(values, np.float64), smooth)
    wanted = _levels(values, levels)
    # A block's mean belongs to its middle, a pixel that stands for its block to itself.
    shift = (step - 1) / 2 if reduction == "block mean" else 0.0
    found: dict[float, list[Values]] = {}
    points = 0
    for level in wanted:
        lines = [one * step + shift for one in _lines(values, level)]
        points += sum(map(len, lines))
        if points > MOST_POINTS:
            raise BadRequest(
                f"contours at {level:g} would have more than {MOST_POINTS:,} points: take fewer or "
                "higher levels, or smooth more"
            )
        found[level] = lines
    theirs, mine = getattr(image, "wcs", None), getattr(onto, "wcs", None)
    if onto is None or onto is image or theirs is None or mine is None:
        return found
    return {level: _moved(lines, theirs, mine) for level, lines in found.items()}


def _smoothed(values: Values, sigma: float) -> Values:
    if not 0 <= sigma <= 50:
        raise BadRequest(f"smoothing by {sigma} pixels: give 0 to 50")
    if sigma == 0:
        return values
    from scipy.ndimage import gaussian_filter

    good = np.isfinite(values)
    sums = gaussian_filter(np.where(good, values, 0.0), sigma, mode="nearest")
    weights = gaussian_filter(good.astype(np.float64), sigma, mode="nearest")
    with np.errstate(invalid="ignore", divide="ignore"):
        found: Values = np.where(good, sums / weights, np.nan)
    return found


def _levels(values: Values, levels: int | Sequence[float]) -> list[float]:
    if isinstance(levels, (int, np.integer)):
        if not 1 <= levels <= MOST_LEVELS:
            raise BadRequest(f"{levels} contours: give 1 to {MOST_LEVELS}")
        low, high = limits(values, "zscale")
        return [float(one) for one in np.linspace(low, high, int(levels) + 2)[1:-1]]
    try:
        wanted = sorted({float(level) for level in levels})
    except (TypeError, ValueError):
        wanted = []
    if not (1 <= len(wanted) <= MOST_LEVELS and all(map(math.isfinite, wanted))):
        raise BadRequest(f"levels {levels!r}: give 1 to {MOST_LEVELS} numbers, or how many")
    return wanted


def _lines(values: Values, level: float) -> list[Values]:
    from contourpy import contour_generator

    if min(values.shape) < 2:
        return []
    masked = np.ma.masked_invalid(values)
    return [np.asarray(one) for one in contour_generator(z=masked, name="serial").lines(level)]


def _moved(lines: list[Values], theirs: Any, mine: Any) -> list[Values]:
    """Give lines by the sky on another image; where its projection does not reach they are cut."""
    if not lines:
        return []
    ends = np.cumsum([len(line) for line in lines])[:-1]
    every = np.concatenate(lines)
    placed = pixels_of(mine, coordinates_at(theirs, every[:, 0], every[:, 1]))
    return [part for line in np.split(placed, ends) for part in _finite(line)]


def _finite(line: Values) -> list[Values]:
    good = np.isfinite(line).all(axis=1)
    cuts = np.flatnonzero(np.diff(good)) + 1
    parts = zip(np.split(line, cuts), np.split(good, cuts), strict=True)
    return [part for part, fine in parts if fine[0] and len(part) > 1]
