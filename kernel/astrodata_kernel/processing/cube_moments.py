"""Moments of a cube along its spectral axis, a band of rows at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import BadRequest
from .cube_source import BAND, BLOCK, Check, Cube, Progress, in_parallel, pieces

Values = npt.NDArray[np.float64]

NAMES = ("integrated value", "mean", "dispersion")
"""Of the moments of order 0, 1 and 2."""


def chosen_channels(
    cube: Cube,
    channels: Sequence[int] | None,
    spectral_range: Any,
    convention: str | None = None,
    rest: Any = None,
) -> tuple[int, int]:
    """Give the first and the last channel that are meant; all by default.

    Raises
    ------
    BadRequest
        Both were given, or what holds no channel.
    """
    last = cube.axes.channels - 1
    if channels is not None and spectral_range is not None:
        raise BadRequest("give channels or a spectral range, not both")
    if channels is not None:
        try:
            low, high = sorted(int(one) for one in channels)
        except (TypeError, ValueError):
            raise BadRequest(f"channels {channels!r}: give the first and the last one") from None
        if low < 0 or high > last:
            raise BadRequest(f"channels {low} to {high}: there are channels 0 to {last}")
        return low, high
    if spectral_range is None:
        return 0, last
    from astropy import units as u

    try:
        ends = u.Quantity(spectral_range)
    except (TypeError, ValueError, u.UnitsError):
        ends = u.Quantity([])
    if ends.shape != (2,) or not np.isfinite(ends.value).all():
        raise BadRequest(
            f"spectral range {spectral_range!r}: give two values with a unit, such as [3, 6] * u.km / u.s"
        )
    values = cube.axes.values(unit=ends.unit, convention=convention, rest=rest).value
    inside = np.flatnonzero((values >= ends.value.min()) & (values <= ends.value.max()))
    if not inside.size:
        raise BadRequest(
            f"no channel lies between {ends[0]} and {ends[1]}: they run from {values[0]:.6g} to "
            f"{values[-1]:.6g} {ends.unit}"
        )
    return int(inside[0]), int(inside[-1])


def moment_map(
    cube: Cube,
    order: int,
    channels: tuple[int, int],
    values: Values,
    widths: Values,
    threshold: float | None,
    others: tuple[int, ...],
    check: Check | None = None,
    progress: Progress | None = None,
) -> Values:
    """Give a moment of each pixel, shape (rows, columns); NaN where nothing counts.

    Parameters
    ----------
    values, widths
        Of the channels from the first to the last chosen one, along the spectral axis.
    threshold
        Values below it do not count.
    """
    first, last = channels
    # About their middle: the square of a frequency would leave no digits for its spread.
    middle = float(values.mean())
    off = values - middle
    weights = np.stack([widths, np.ones_like(off), off, off**2])[: (1, 3, 4)[order]]
    bands = pieces(cube.rows, max(1, BAND // cube.columns))
    every = [(down, across) for down in bands for across in pieces(cube.columns, max(BAND, 1))]
    steps = max(1, BLOCK // (max(1, BAND // cube.columns) * min(cube.columns, BAND)))
    found = np.full((cube.rows, cube.columns), np.nan)

    def band(place: tuple[slice, slice]) -> None:
        down, across = place
        shape = (down.stop - down.start, across.stop - across.start)
        sums = np.zeros((len(weights), shape[0] * shape[1]))
        some = np.zeros(sums.shape[1], bool)
        for part in pieces(last + 1, steps, first):
            if check is not None:
                check()
            block = cube.read(part, down, across, others).reshape(part.stop - part.start, -1)
            block = block.astype(np.float64)
            good = np.isfinite(block)
            if threshold is not None:
                good &= block >= threshold
            if good.all():
                some[:] = True
            else:
                block[~good] = 0
                some |= good.any(axis=0)
            sums += weights[:, part.start - first : part.stop - first] @ block
        found[down, across] = _moment(order, sums, some, middle).reshape(shape)

    in_parallel(band, every, check, progress)
    return found


def _moment(order: int, sums: Values, some: npt.NDArray[np.bool_], middle: float) -> Values:
    with np.errstate(all="ignore"):
        if order == 0:
            result = sums[0]
        else:
            # What adds up to nothing or less has no centre.
            total = np.where(sums[1] > 0, sums[1], np.nan)
            mean = sums[2] / total
            result = mean + middle
            if order == 2:
                about = sums[3] / total
                spread = about - mean**2
                # One value alone has no spread, whatever the last digits say.
                result = np.sqrt(np.where(np.abs(spread) <= 1e-13 * about, 0, spread))
    return np.where(some, result, np.nan)
