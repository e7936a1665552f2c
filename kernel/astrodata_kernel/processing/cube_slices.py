"""Position-velocity slices: the spectra along a path across a cube, between pixels."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import BadRequest
from ..readers.fits_structure import plain_text
from .cube_source import BLOCK, Check, Cube, Progress, in_parallel, pieces
from .sky import places_of, world

Values = npt.NDArray[np.float64]

LONGEST = 20_000
"""Points along a path at most."""

WIDEST = 1000
"""Pixels across it at most."""

_STRETCH = 256
"""Points of the path whose surroundings are read together: a long diagonal is not its bounding box."""


def path_points(path: Any, wcs: Any) -> Values:
    """Give points about a pixel apart along a path, shape (n, 2), with the path's ends.

    Raises
    ------
    BadRequest
        What is no path, or one too long.
    """
    corners = places_of(path, wcs)
    if len(corners) < 2 or not np.isfinite(corners).all():
        raise BadRequest("a path has two places or more, each with finite numbers")
    lengths = np.hypot(*np.diff(corners, axis=0).T)
    total = float(lengths.sum())
    if not 0 < total <= LONGEST:
        raise BadRequest(f"a path of {total:.6g} pixels: give one of up to {LONGEST}")
    along = np.concatenate([[0.0], np.cumsum(lengths)])
    at = np.linspace(0, total, max(2, round(total) + 1))
    return np.column_stack([np.interp(at, along, corners[:, axis]) for axis in (0, 1)])


def sliced(
    cube: Cube,
    points: Values,
    width: int,
    channels: tuple[int, int],
    others: tuple[int, ...],
    check: Check | None = None,
    progress: Progress | None = None,
) -> Values:
    """Give values between pixels by straight lines, shape (channels, points).

    Parameters
    ----------
    width
        Pixels across the path whose mean is taken; those without a value do not count.
    """
    if not (isinstance(width, int | np.integer) and 1 <= width <= WIDEST):
        raise BadRequest(f"a width of {width} pixels: give 1 to {WIDEST}")
    first, last = channels
    samples = points[None] + _across(points, int(width))  # (width, points, 2)
    found = np.full((last - first + 1, len(points)), np.nan)
    stretches = pieces(len(points), max(2, _STRETCH))

    def stretch(part: slice) -> None:
        near = samples[:, part]
        low = np.maximum(np.floor(near.min(axis=(0, 1))), 0).astype(int)
        high = np.minimum(np.floor(near.max(axis=(0, 1))) + 2, (cube.columns, cube.rows)).astype(
            int
        )
        if (low >= high).any():
            return
        (x0, y0), (x1, y1) = low, high
        corners, weights = _weights(near, (x0, y0), (x1, y1))
        many = max(1, BLOCK // max((x1 - x0) * (y1 - y0), corners.size))
        for block in pieces(last + 1, many, first):
            if check is not None:
                check()
            read = cube.read(block, slice(y0, y1), slice(x0, x1), others)
            flat = read.reshape(len(read), -1).astype(np.float64)
            values = np.zeros((len(flat), *weights.shape[1:]))
            for corner, weight in zip(corners, weights, strict=True):
                # A neighbour that does not count may be NaN.
                values += np.where(weight > 0, flat[:, corner] * weight, 0)
            values[:, ~np.isfinite(weights[0])] = np.nan
            found[block.start - first : block.stop - first, part] = _mean(values)

    in_parallel(stretch, stretches, check, progress)
    return found


def slice_header(
    cube: Cube, points: Values, channels: tuple[int, int], unit: str, history: str
) -> Any:
    """Give the header of a slice: offset along the path, then the spectral axis as the cube has it."""
    from astropy.io import fits

    header = fits.Header()
    axes = cube.axes
    if axes.wcs is not None:
        try:
            spectral = axes.wcs.sub([0, axes.number])
            header = spectral.to_header()
            for pole in ("LONPOLE", "LATPOLE", "MJDREF"):
                header.remove(pole, ignore_missing=True)
        except Exception:  # noqa: BLE001 - an axis turned into others cannot be taken out
            header = _straight(cube, channels)
        else:
            header["CRPIX2"] = header.get("CRPIX2", 0.0) - channels[0]
    else:
        header["CTYPE2"] = "CHANNEL"
        header["CRPIX2"], header["CRVAL2"], header["CDELT2"] = 1.0, float(channels[0]), 1.0
    step, name = _offset_step(cube, points)
    header["WCSAXES"] = 2
    header["CTYPE1"], header["CUNIT1"] = "OFFSET", name
    header["CRPIX1"], header["CRVAL1"], header["CDELT1"] = 1.0, 0.0, step
    if unit:
        header["BUNIT"] = plain_text(unit)
    for end, (x, y) in (("from", points[0]), ("to", points[-1])):
        history += f" {end} ({x:.2f}, {y:.2f})"
    header.add_history(plain_text(history))
    return header


def _straight(cube: Cube, channels: tuple[int, int]) -> Any:
    from astropy.io import fits

    values = cube.axes.native([channels[0], channels[1] + 1.0])
    header = fits.Header()
    header["CTYPE2"] = str(cube.axes.wcs.wcs.ctype[cube.axes.number - 1])[:4]
    header["CUNIT2"] = cube.axes.unit
    header["CRPIX2"], header["CRVAL2"] = 1.0, float(values[0])
    header["CDELT2"] = float(np.ptp(values) / (channels[1] + 1 - channels[0]))
    if values[1] < values[0]:
        header["CDELT2"] *= -1
    return header


def _offset_step(cube: Cube, points: Values) -> tuple[float, str]:
    """Give degrees from point to point, or pixels where there is no sky."""
    if cube.wcs is not None:
        lon, lat = (np.radians(one) for one in world(cube.wcs, points[:, 0], points[:, 1]))
        half = (
            np.sin(np.diff(lat) / 2) ** 2
            + np.cos(lat[1:]) * np.cos(lat[:-1]) * np.sin(np.diff(lon) / 2) ** 2
        )
        total = float(np.degrees(2 * np.arcsin(np.sqrt(half))).sum())
        if math.isfinite(total) and total > 0:
            return total / (len(points) - 1), "deg"
    steps = np.hypot(*np.diff(points, axis=0).T)
    return float(steps.sum() / (len(points) - 1)), "pixel"


def _across(points: Values, width: int) -> Values:
    """Give the offsets of the samples across the path, shape (width, points, 2) but for their axis."""
    along = np.gradient(points, axis=0)
    length = np.hypot(*along.T)
    normal = np.column_stack([-along[:, 1], along[:, 0]]) / np.where(length, length, 1)[:, None]
    steps = np.arange(width) - (width - 1) / 2
    offsets: Values = steps[:, None, None] * normal[None]
    return offsets


def _weights(
    near: Values, low: tuple[int, int], high: tuple[int, int]
) -> tuple[npt.NDArray[np.int64], Values]:
    """Give for each sample the places of its four neighbours in the box, and what each counts."""
    (x0, y0), (x1, y1) = low, high
    x, y = near[..., 0], near[..., 1]
    inside = (x >= x0) & (x <= x1 - 1) & (y >= y0) & (y <= y1 - 1)
    left = np.clip(np.floor(np.where(inside, x, x0)), x0, max(x0, x1 - 2)).astype(int)
    below = np.clip(np.floor(np.where(inside, y, y0)), y0, max(y0, y1 - 2)).astype(int)
    right, above = np.minimum(left + 1, x1 - 1), np.minimum(below + 1, y1 - 1)
    dx, dy = x - left, y - below
    width = x1 - x0
    corners = np.stack(
        [(row - y0) * width + column - x0 for row in (below, above) for column in (left, right)]
    )
    weights = np.stack([(1 - dx) * (1 - dy), dx * (1 - dy), (1 - dx) * dy, dx * dy])
    weights[:, ~inside] = np.nan
    return corners, weights


def _mean(values: Values) -> Values:
    good = np.isfinite(values)
    counts = good.sum(axis=1)
    with np.errstate(all="ignore"):
        mean: Values = np.where(good, values, 0).sum(axis=1) / counts
    return np.where(counts > 0, mean, np.nan)
