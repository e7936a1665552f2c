"""Images cut into square patches, and put together again."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import BadRequest
from .augment import spatial_axes
from .tiled_windows import hann

Array = npt.NDArray[Any]


def patches(
    array: Any,
    size: int,
    stride: int | None = None,
    *,
    pad: str = "reflect",
    axes: tuple[int, int] | None = None,
) -> Any:
    """Cut an image into square patches, row by row.

    Parameters
    ----------
    array
        Shape (rows, columns), (rows, columns, bands) or (dates, rows, columns, bands), of NumPy or Dask.
    size
        Edge of a patch, in pixels.
    stride
        From one patch to the next: `size` by default, less for patches that overlap.
    pad
        What fills the part of the last patches that lies beyond the image: ``"reflect"`` mirrors the image
        at its last row and column, ``"edge"`` repeats them, ``"constant"`` fills in 0.
    axes
        Which are rows and columns; by default both of two, else the two before the last.

    Returns
    -------
    array
        Shape (n, ...): the array's with `size` in the place of rows and columns. Lazy of Dask.

    Raises
    ------
    BadRequest
        A size or stride that leaves pixels out, or an unknown way to pad.

    Examples
    --------
    >>> import numpy as np
    >>> patches(np.arange(16).reshape(4, 4), 2)[1].tolist()
    [[2, 3], [6, 7]]
    """
    if not hasattr(array, "ndim"):
        array = np.asarray(array)
    stride = _checked(size, stride)
    if pad not in {"reflect", "edge", "constant"}:
        raise BadRequest(f'pad {pad!r} is unknown: give "reflect", "edge" or "constant"')
    rows, columns = spatial_axes(array.ndim, axes)
    firsts = [_firsts(array.shape[axis], size, stride) for axis in (rows, columns)]
    module = _module(array)
    places = [(y, x) for y in firsts[0] for x in firsts[1]]
    if module is np:
        shape = list(array.shape)
        shape[rows] = shape[columns] = size
        out = np.empty((len(places), *shape), array.dtype)
        for patch, place in zip(out, places, strict=True):
            patch[...] = _one(array, place, size, pad, (rows, columns))
        return out
    return module.concatenate(
        [_row(array, y, firsts[1], size, pad, (rows, columns)) for y in firsts[0]]
    )


def positions(shape: tuple[int, int], size: int, stride: int | None = None) -> Array:
    """Give the first row and column of each patch of an image, in the order of `patches`.

    Returns
    -------
    ndarray
        int64, shape (n, 2).

    Raises
    ------
    BadRequest
        A size or stride that leaves pixels out.
    """
    stride = _checked(size, stride)
    ys, xs = (_firsts(int(length), size, stride) for length in shape)
    return np.stack(np.meshgrid(ys, xs, indexing="ij"), axis=-1).reshape(-1, 2).astype(np.int64)


def _one(array: Array, place: tuple[int, int], size: int, pad: str, axes: tuple[int, int]) -> Array:
    """Give one patch; only what lies beyond the image is made for it, not a larger image."""
    where = [slice(None)] * array.ndim
    after, inside = [(0, 0)] * array.ndim, [slice(None)] * array.ndim
    for axis, first in zip(axes, place, strict=True):
        start, beyond = _reach(array.shape[axis], first, size)
        where[axis] = slice(start, first + size)
        after[axis] = (0, beyond)
        inside[axis] = slice(first - start, first - start + size)
    part = array[tuple(where)]
    if any(beyond for _, beyond in after):
        part = np.pad(part, after, mode=pad)[tuple(inside)]  # type: ignore[call-overload]
    return part


def _reach(length: int, first: int, size: int) -> tuple[int, int]:
    """Give from where an image is needed for a patch, and how much lies beyond its end.

    A mirror may show pixels before the patch.
    """
    beyond = max(0, first + size - length)
    return (min(first, max(0, length - 1 - beyond)) if beyond else first), beyond


def row_strip(length: int, first: int, size: int) -> slice:
    """Give which rows of an image of `length` rows the patches need that begin in row `first`."""
    return slice(_reach(length, first, size)[0], min(first + size, length))


def strip_patches(
    first: int, lefts: Any, size: int, pad: str, axes: tuple[int, int] | None = None
) -> Callable[[Array], Array]:
    """Give what cuts the patches of one row out of its strip, in which they begin in row `first`."""
    return partial(_cut, first=first, lefts=[int(x) for x in lefts], size=size, pad=pad, axes=axes)


def _row(
    array: Any, first: int, lefts: list[int], size: int, pad: str, axes: tuple[int, int]
) -> Any:
    """Give the patches that begin in one row of a Dask array, in one task: a task a patch is slow."""
    rows, columns = axes
    reach = row_strip(array.shape[rows], first, size)
    where = [slice(None)] * array.ndim
    where[rows] = reach
    strip = array[tuple(where)].rechunk(-1)
    shape = list(array.shape)
    shape[rows] = shape[columns] = size
    return strip.map_blocks(
        strip_patches(first - reach.start, lefts, size, pad, axes),
        dtype=array.dtype,
        chunks=((len(lefts),), *((length,) for length in shape)),
        new_axis=0,
        meta=np.empty((0,) * (array.ndim + 1), array.dtype),
    )


def _cut(
    strip: Array,
    first: int,
    lefts: list[int],
    size: int,
    pad: str,
    axes: tuple[int, int] | None,
) -> Array:
    pair = spatial_axes(strip.ndim, axes)
    return np.stack([_one(strip, (first, left), size, pad, pair) for left in lefts])


def mosaic(
    patches: Any,
    shape: tuple[int, ...],
    stride: int | None = None,
    *,
    blend: str = "mean",
    axes: tuple[int, int] | None = None,
) -> Any:
    """Put patches together again: the opposite of `patches`, exactly.

    Parameters
    ----------
    patches
        As `patches` gives them, or predictions in their places, with other bands perhaps.
    shape
        Of the image: the first two, or more, of its numbers (rows, columns); what lies beyond them is cut
        off. A shape with dates and bands is understood too.
    stride
        That the patches had.
    blend
        Where they overlap: ``"mean"`` of all, or ``"window"``, a mean in which a patch counts less towards
        its edges, so that no seams are seen.
    axes
        Of the image, as of `patches`.

    Returns
    -------
    array
        Of the patches' type. Whole numbers are rounded: blend probabilities, not classes. Lazy of Dask.

    Raises
    ------
    BadRequest
        The number of patches does not fit the shape.
    """
    if blend not in {"mean", "window"}:
        raise BadRequest(f'blend {blend!r} is unknown: give "mean" or "window"')
    ndim = patches.ndim - 1
    rows, columns = spatial_axes(ndim, axes)
    size = int(patches.shape[1 + rows])
    if patches.shape[1 + columns] != size:
        raise BadRequest(f"patches of {size} x {patches.shape[1 + columns]} pixels are not square")
    stride = _checked(size, stride)
    if len(shape) not in {2, ndim}:
        raise BadRequest(f"shape {tuple(shape)} for patches of {ndim} axes: give (rows, columns)")
    height, width = shape if len(shape) == 2 else (shape[rows], shape[columns])
    ys, xs = _firsts(height, size, stride), _firsts(width, size, stride)
    if len(ys) * len(xs) != len(patches):
        raise BadRequest(
            f"{len(patches)} patches of {size} pixels, {stride} apart, for {height} x {width} pixels, "
            f"which are {len(ys)} x {len(xs)}: give the size and the stride that they were cut with"
        )
    weight = hann(size) if blend == "window" else np.ones(size)
    module = _module(patches)
    strips = []
    for start in range(0, height, stride):
        stop = min(start + stride, height)
        # Patches of the rows that reach into this strip of the image.
        those = [i for i, y in enumerate(ys) if y < stop and y + size > start]
        chosen = patches[those[0] * len(xs) : (those[-1] + 1) * len(xs)]
        tops = [ys[i] - start for i in those]
        layout = (tops, xs, stop - start, width, rows, columns, weight)
        strips.append(_strip(chosen, *layout) if module is np else _lazy(module, chosen, layout))
    return module.concatenate(strips, axis=rows)


def _strip(
    chosen: Array,
    tops: list[int],
    lefts: list[int],
    height: int,
    width: int,
    rows: int,
    columns: int,
    weight: Array,
) -> Array:
    """Blend patches into `height` rows; `tops` may lie above them."""
    first = np.moveaxis(chosen, (1 + rows, 1 + columns), (1, 2))
    size = first.shape[1]
    whole = chosen.dtype.kind in "iub"
    mean = np.zeros((height, width, *first.shape[3:]), np.float64 if whole else chosen.dtype)
    total = np.zeros((height, width))
    places = [(top, left) for top in tops for left in lefts]
    with np.errstate(invalid="ignore"):
        for patch, (top, left) in zip(first, places, strict=True):
            y0, y1 = max(top, 0), min(top + size, height)
            x1 = min(left + size, width)
            part = patch[y0 - top : y1 - top, : x1 - left]
            weights = np.outer(weight[y0 - top : y1 - top], weight[: x1 - left])
            total[y0:y1, left:x1] += weights
            share = (weights / total[y0:y1, left:x1]).astype(mean.dtype)
            before = mean[y0:y1, left:x1]
            # A running mean: equal values stay what they are, to the last bit.
            away = np.where(part == before, 0, part - before)
            shares = share.reshape(share.shape + (1,) * (away.ndim - 2))
            mean[y0:y1, left:x1] = np.where(shares == 1, part, before + away * shares)
    if whole:
        mean = np.rint(mean)
    return np.moveaxis(mean.astype(chosen.dtype, copy=False), (0, 1), (rows, columns))


def _lazy(dask: Any, chosen: Any, layout: tuple[Any, ...]) -> Any:
    from dask.delayed import delayed

    height, width, rows, columns = layout[2:6]
    shape = list(chosen.shape[1:])
    shape[rows], shape[columns] = height, width
    # One task for the strip, once its patches are there.
    made = delayed(_strip)(chosen, *layout)
    return dask.from_delayed(made, tuple(shape), chosen.dtype)


def _firsts(length: int, size: int, stride: int) -> list[int]:
    if length < 1:
        raise BadRequest("an image without pixels cannot be cut into patches")
    count = max(0, -(-(length - size) // stride)) + 1
    return [i * stride for i in range(count)]


def _checked(size: int, stride: int | None) -> int:
    stride = size if stride is None else stride
    if size < 1 or not 1 <= stride <= size:
        raise BadRequest(
            f"patches of {size} pixels, {stride} apart: a stride of 1 to the size leaves nothing out"
        )
    return stride


def _module(array: Any) -> Any:
    dask = sys.modules.get("dask.array")
    return dask if dask and isinstance(array, dask.Array) else np
