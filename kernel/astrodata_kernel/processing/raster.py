"""Display limits and reductions of 2-D images, as pure functions on arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import BadRequest

Image = npt.NDArray[Any]


def block_mean(image: npt.ArrayLike, factor: int) -> Image:
    """Give the mean of each `factor` x `factor` block of an image, NaN left out.

    Parameters
    ----------
    image
        Shape (rows, columns). Blocks at the last row and column may be partial.
    factor
        Block edge in pixels, at least 1.

    Returns
    -------
    ndarray
        float32 (float64 for 64-bit input), shape (ceil(rows / factor), ceil(columns / factor)). A block
        of nothing but NaN is NaN.
    """
    values = np.asarray(image)
    out = np.float64 if values.dtype.itemsize > 4 else np.float32
    if factor == 1:
        return values.astype(out, copy=False)
    rows, columns = values.shape
    starts_y, starts_x = np.arange(0, rows, factor), np.arange(0, columns, factor)
    if values.dtype.kind == "f":
        blank = np.isnan(values)
        if blank.any():
            total = _block_sum(np.where(blank, 0, values), starts_y, starts_x)
            count = _block_sum(~blank, starts_y, starts_x)
            with np.errstate(invalid="ignore"):
                return (total / count).astype(out)
    # Infinities of both signs in one block have no mean: NaN is the honest answer, without a warning.
    with np.errstate(invalid="ignore", over="ignore"):
        total = _block_sum(values, starts_y, starts_x)
        size_y = np.minimum(factor, rows - starts_y)
        size_x = np.minimum(factor, columns - starts_x)
        return (total / np.outer(size_y, size_x)).astype(out)


def _block_sum(values: Image, starts_y: Image, starts_x: Image) -> Image:
    # Rows first: additions along whole rows are contiguous, the short axis comes after.
    with np.errstate(invalid="ignore", over="ignore"):
        rows = np.add.reduceat(values, starts_y, axis=0, dtype=np.float64)
        return np.asarray(np.add.reduceat(rows, starts_x, axis=1))


def levels(rows: int, columns: int, tile: int = 512) -> int:
    """Give how many halvings an image has until it fits one tile, full resolution included."""
    count, longest = 1, max(rows, columns, 1)
    while longest > tile:
        longest = -(-longest // 2)
        count += 1
    return count


def limits(sample: npt.ArrayLike, mode: str) -> tuple[float, float]:
    """Give the display limits (low, high) of a sample of an image.

    Parameters
    ----------
    sample
        Physical values of any shape; NaN and infinities are left out.
    mode
        ``"zscale"`` (IRAF's algorithm, from `astropy.visualization.ZScaleInterval`), ``"minmax"``, or a
        central percentage such as ``"99.5%"``.

    Returns
    -------
    tuple of float
        ``low < high`` always, also for a constant or an empty sample.

    Raises
    ------
    BadRequest
        A mode that is none of these.
    """
    values = np.asarray(sample)
    values = values[np.isfinite(values)]
    if values.size == 0:
        return 0.0, 1.0
    if mode == "minmax":
        low, high = float(values.min()), float(values.max())
    elif mode == "zscale":
        low, high = _zscale(values)
    else:
        low, high = _percentile(values, mode)
    return _opened(low, high)


def _zscale(values: Image) -> tuple[float, float]:
    from astropy.visualization import ZScaleInterval

    low, high = ZScaleInterval().get_limits(values)
    return float(low), float(high)


def _percentile(values: Image, mode: str) -> tuple[float, float]:
    try:
        central = float(mode.removesuffix("%")) if mode.endswith("%") else -1.0
    except ValueError:
        central = -1.0
    if not 0 < central <= 100:
        raise BadRequest(
            f'limits {mode!r} are unknown: give "zscale", "minmax", a central percentage such as '
            '"99.5%", or [low, high]'
        )
    tail = (100 - central) / 2
    low, high = np.percentile(values, [tail, 100 - tail])
    return float(low), float(high)


def _opened(low: float, high: float) -> tuple[float, float]:
    # A constant image would divide the stretch by zero.
    if high > low:
        return low, high
    half = abs(low) * 1e-3 or 0.5
    return low - half, low + half
