"""Display limits and reductions of 2-D images, as pure functions on arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import BadRequest
from .cutting import cutouts as cutouts
from .patches import mosaic as mosaic
from .patches import patches as patches

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
    # Infinities of both signs in one block have no mean: NaN is the honest answer, without a warning.
    with np.errstate(invalid="ignore", over="ignore"):
        mean = block_sums(values, factor) / block_counts(values.shape, factor)
        if values.dtype.kind == "f" and np.isnan(mean).any():
            blank = np.isnan(values)
            mean = block_sums(np.where(blank, 0, values), factor) / block_sums(~blank, factor)
    return mean.astype(out)


def block_counts(shape: tuple[int, ...], factor: int) -> Image:
    """Give how many pixels the `factor` x `factor` blocks of an image of a shape have: fewer at its end."""
    rows, columns = (np.minimum(factor, n - np.arange(0, n, factor)) for n in shape)
    return np.outer(rows, columns).astype(np.float64)


def block_sums(values: Image, factor: int) -> Image:
    """Give the float64 sum of each `factor` x `factor` block of an image."""
    # Rows first: whole rows add up without a stride. (`np.add.reduceat` takes five times as long.)
    return _sums_of_rows(_sums_of_rows(values, factor).T, factor).T


def _sums_of_rows(values: Image, factor: int) -> Image:
    whole, rest = divmod(len(values), factor)
    total = np.zeros((whole + bool(rest), values.shape[1]))
    for first in range(factor):
        total[:whole] += values[first : whole * factor : factor]
    if rest:
        total[whole] = values[whole * factor :].sum(axis=0, dtype=np.float64)
    return total


def edges_of(box: Any) -> tuple[float, float, float, float]:
    """Give the left, bottom, right and top edge of a box of pixels.

    Raises
    ------
    BadRequest
        What is no box, or an edge that is not finite.
    """
    try:
        left, bottom, right, top = (float(edge) for edge in box)
    except (TypeError, ValueError):
        left = bottom = right = top = np.nan
    if not np.isfinite([left, bottom, right, top]).all():
        raise BadRequest(f"box {str(box)[:60]}: give left, bottom, right and top in pixels")
    return left, bottom, right, top


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


def counted(
    sample: npt.ArrayLike, low: float, high: float, bins: int = 256
) -> tuple[npt.NDArray[np.uint32], dict[str, float]]:
    """Count the values of a sample in equal bins.

    Parameters
    ----------
    sample
        Of any shape.
    low, high
        Edges of the first and of the last bin; the last bin holds its upper edge.
    bins
        1 to 65,536.

    Returns
    -------
    tuple
        uint32 of shape (bins,), and a dict of ``low``, ``high`` and how many values lie ``below``, ``above``
        or are ``blank``, that is no number.

    Raises
    ------
    BadRequest
        No range, or a number of bins that is none.
    """
    if not (np.isfinite(low) and np.isfinite(high) and low < high):
        raise BadRequest(f"a histogram from {low} to {high}: give two finite numbers, low < high")
    if not 1 <= bins <= 65_536:
        raise BadRequest(f"{bins} bins: give 1 to 65,536")
    values = np.asarray(sample).ravel()
    values = values.astype(np.float64) if values.dtype.itemsize > 4 else values.astype(np.float32)
    blank = int(np.count_nonzero(np.isnan(values)))
    below, above = int(np.count_nonzero(values < low)), int(np.count_nonzero(values > high))
    inside = values[(values >= low) & (values <= high)]
    counts = np.histogram(inside, bins=bins, range=(low, high))[0]
    facts = {"low": low, "high": high, "below": below, "above": above, "blank": blank}
    return counts.astype(np.uint32), facts


def _zscale(values: Image) -> tuple[float, float]:
    from astropy.visualization import ZScaleInterval

    with np.errstate(over="ignore", invalid="ignore"):
        low, high = ZScaleInterval().get_limits(values)
    if not (np.isfinite(low) and np.isfinite(high)):  # squares of the values are beyond float64
        low, high = values.min(), values.max()
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
