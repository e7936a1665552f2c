"""Batches of patches for a network, made in one pass: chosen, turned, scaled, and without gaps."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from ..errors import BadRequest
from .augment import dihedral
from .normalise import PercentileScaling

Array = npt.NDArray[Any]
_TOGETHER = 1024  # values of a loop that is compiled to work on several at once


def turned(images: Any, which: Any, ks: Any) -> Array:
    """Give some images of a set, each turned or mirrored, as one array.

    Parameters
    ----------
    images
        Shape (n, rows, columns), (n, rows, columns, bands) or (n, dates, rows, columns, bands); what is lazy
        is read image by image.
    which
        Numbers of the images.
    ks
        Transform of each, as of `augment.dihedral`.

    Returns
    -------
    ndarray
        A copy, of the images' type.
    """
    source, rows = _gathered(images, which)
    full = _of_five_axes(source)
    ks = _checked(ks, len(rows), full.shape[2:4])
    out = np.empty((len(rows), *full.shape[1:]), source.dtype)
    # One copy of each image, by NumPy: compiled loops are slower at this.
    for to, row, k in zip(out, rows, ks, strict=True):
        to[...] = dihedral(full[row], int(k))
    return out.reshape(len(rows), *source.shape[1:])


def prepared(
    images: Any, which: Any, ks: Any, scaling: PercentileScaling | None = None
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]:
    """Give some images of a set as a network takes them: turned, scaled, and 0 where nothing is known.

    Parameters
    ----------
    images
        Shape (n, rows, columns, bands) or (n, dates, rows, columns, bands), as of `turned`.
    which, ks
        As of `turned`.
    scaling
        Applied as `PercentileScaling.apply` does, to the last bit; None leaves the values.

    Returns
    -------
    tuple of ndarray
        float32 images, and booleans of shape (n, rows, columns): False for a pixel of which any band of any
        date is NaN or infinite. All that is not finite is 0 in the images, after scaling.

    Raises
    ------
    BadRequest
        Images of another number of bands than the scaling has.
    """
    source, rows = _gathered(images, which)
    full = _of_five_axes(source)
    ks = _checked(ks, len(rows), full.shape[2:4])
    bands = full.shape[-1]
    low, width = np.zeros(0), np.ones(0)
    if scaling is not None:
        if len(scaling.low) != bands:
            raise BadRequest(
                f"images of {bands} bands, but limits of {len(scaling.low)}: give the scaling that was "
                "found of these bands"
            )
        low, width = _limits(scaling, bands)
    out = np.empty((len(rows), *full.shape[1:]), np.float32)
    known = np.empty((len(rows), *full.shape[2:4]), np.bool_)
    one, there = np.empty(full.shape[1:], np.float32), np.empty(full.shape[2:4], np.bool_)
    for i, (row, k) in enumerate(zip(rows, ks, strict=True)):
        # In the order of memory first, into what stays in the cache; turned when it is copied from there.
        there[:] = True
        _scale(full[row].reshape(-1), low, width, one.reshape(-1), there.reshape(-1), bands)
        out[i] = dihedral(one, int(k))
        known[i] = dihedral(there, int(k))
    return out.reshape(len(rows), *source.shape[1:]), known


def _limits(scaling: PercentileScaling, bands: int) -> tuple[Array, Array]:
    """Give low limits and widths of many pixels one after another, for a loop without bands."""
    low, high = np.array(scaling.low), np.array(scaling.high)
    # A constant band has no scale: whatever is above its value becomes infinite, and that is clipped to 1.
    width = np.where(high == low, np.nextafter(0, 1), high - low)
    times = max(1, _TOGETHER // bands)
    return np.tile(low, times), np.tile(width, times)


def _gathered(images: Any, which: Any) -> tuple[Array, npt.NDArray[np.int64]]:
    """Give an array, and which of its images are meant: only those where the set is lazy."""
    rows = np.asarray(which, np.int64)
    if rows.size and not 0 <= rows.min() <= rows.max() < len(images):
        raise BadRequest(f"image {rows.max()} of {len(images)}: give numbers from 0")
    if isinstance(images, np.ndarray) and images.dtype.isnative and images.flags.c_contiguous:
        return images, rows
    if not rows.size:
        return np.empty((0, *images.shape[1:]), images.dtype), rows
    taken = np.stack([np.asarray(images[int(i)]) for i in rows])
    return np.ascontiguousarray(taken.astype(taken.dtype.newbyteorder("="), copy=False)), np.arange(
        len(rows)
    )


def _of_five_axes(array: Array) -> Array:
    if array.ndim == 3:
        return array[:, None, :, :, None]
    if array.ndim == 4:
        return array[:, None]
    if array.ndim == 5:
        return array
    raise BadRequest(
        f"images of shape {array.shape}: give (n, rows, columns, bands) or (n, dates, rows, columns, bands)"
    )


def _checked(ks: Any, count: int, size: tuple[int, ...]) -> npt.NDArray[np.int64]:
    ks = np.broadcast_to(np.asarray(ks, np.int64), (count,))
    if count and not (ks.min() >= 0 and ks.max() < 8):
        raise BadRequest("transforms are whole numbers from 0 to 7")
    if size[0] != size[1] and (ks % 2).any():
        raise BadRequest(
            f"images of {size[0]} x {size[1]} pixels cannot be turned by a quarter: give 0, 2, 4 or 6"
        )
    return np.ascontiguousarray(ks)


@njit(nogil=True, cache=True, error_model="numpy")
def _scale(values, low, width, out, known, bands):  # type: ignore[no-untyped-def]
    """Fill in one image, flat, by limits that repeat; what is not finite is 0, and its pixel not known."""
    scaled = len(low) > 0
    step = len(low) if scaled else bands * 64
    for start in range(0, len(values), step):
        count = min(step, len(values) - start)
        part, to = values[start : start + count], out[start : start + count]
        gaps = 0
        if scaled:
            for j in range(count):
                value = np.float64(part[j])
                finite = abs(value) < np.inf
                value = (value - low[j]) / width[j]
                value = 0.0 if value < 0 else value
                value = 1.0 if value > 1 else value
                to[j] = np.float32(value) if finite else np.float32(0)
                gaps += not finite
        else:
            for j in range(count):
                finite = abs(np.float64(part[j])) < np.inf
                to[j] = np.float32(part[j]) if finite else np.float32(0)
                gaps += not finite
        if gaps:
            for j in range(count):
                if not abs(np.float64(part[j])) < np.inf:
                    known[(start + j) // bands % len(known)] = False
