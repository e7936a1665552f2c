"""The spectrum at a pixel or in a region of a cube, from its own file or from its blocks."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import BadRequest
from .cube_regions import mask_of
from .cube_source import BLOCK, Check, Cube, Progress, in_parallel, pieces

Values = npt.NDArray[np.float64]

STATISTICS = ("mean", "sum", "median")
"""What becomes of the pixels of a region, those without a value left out."""


def raw_spectrum(
    cube: Cube,
    where: Any,
    y: float | None,
    statistic: str,
    others: tuple[int, ...],
    check: Check | None = None,
    progress: Progress | None = None,
) -> tuple[Values, npt.NDArray[np.int64]]:
    """Give value and number of pixels of each channel, as in `cubes.spectrum`."""
    if y is not None:
        column, row = pixel_at(cube, where, y)
        values = cube.at(column, row, others).astype(float)
        return values, np.isfinite(values).astype(np.int64)
    if statistic not in STATISTICS:
        raise BadRequest(f"statistic {statistic!r}: there are {', '.join(STATISTICS)}")
    down, across, inside = mask_of(where, cube.wcs, cube.rows, cube.columns)
    if cube.blocks is not None:
        tasks: list[slice] = pieces(
            down.stop, BLOCK // (cube.axes.channels * inside.shape[1]), down.start
        )
        if statistic != "median":
            return _summed_rows(
                cube, tasks, down, across, inside, statistic, others, check, progress
            )

    def some(part: slice) -> tuple[Values, npt.NDArray[np.int64]]:
        found = cube.read(part, down, across, others)[:, inside].astype(float)
        return _reduced(found, statistic)

    parts = in_parallel(some, pieces(cube.axes.channels, BLOCK // inside.size), check, progress)
    values, counts = (np.concatenate(one) for one in zip(*parts, strict=True))
    return values, counts


def pixel_at(cube: Cube, x: Any, y: Any) -> tuple[int, int]:
    """Give the column and row of the pixel that a place lies in.

    Raises
    ------
    BadRequest
        It lies outside, or is no place.
    """
    try:
        at = float(x), float(y)
    except (TypeError, ValueError):
        raise BadRequest(f"({x!r}, {y!r}) is no pixel: give two numbers, or a region") from None
    if not all(map(math.isfinite, at)):
        raise BadRequest(f"({x}, {y}) is no pixel: give finite numbers")
    column, row = (math.floor(one + 0.5) for one in at)
    if not (0 <= column < cube.columns and 0 <= row < cube.rows):
        raise BadRequest(
            f"pixel ({column}, {row}) lies outside of {cube.columns} x {cube.rows} pixels"
        )
    return column, row


def _summed_rows(
    cube: Cube,
    tasks: list[slice],
    down: slice,
    across: slice,
    inside: npt.NDArray[np.bool_],
    statistic: str,
    others: tuple[int, ...],
    check: Check | None,
    progress: Progress | None,
) -> tuple[Values, npt.NDArray[np.int64]]:
    """Give mean or sum of a region from blocks in which each spectrum lies together."""

    def some(rows: slice) -> tuple[Values, npt.NDArray[np.int64]]:
        found = cube.blocks.spectra(rows, across, others)
        mask = inside[rows.start - down.start : rows.stop - down.start]
        return _reduced(found[mask].astype(float).T, "sum")

    parts = in_parallel(some, tasks, check, progress)
    counts = np.sum([count for _, count in parts], axis=0)
    total = np.nansum([value for value, _ in parts], axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        values = total / counts if statistic == "mean" else np.where(counts > 0, total, np.nan)
    return values, counts


def _reduced(found: Values, statistic: str) -> tuple[Values, npt.NDArray[np.int64]]:
    """Give one value for each row of values, NaN where none has a value, and how many have one."""
    good = np.isfinite(found)
    counts = good.sum(axis=1)
    some = counts > 0
    values = np.full(len(found), np.nan)
    if statistic == "median":
        values[some] = np.nanmedian(np.where(good, found, np.nan)[some], axis=1)
        return values, counts
    total = np.where(good, found, 0).sum(axis=1)[some]
    values[some] = total / counts[some] if statistic == "mean" else total
    return values, counts
