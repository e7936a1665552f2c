"""Turns and mirrors of images, with their masks: the eight that leave a square a square."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import BadRequest

COUNT = 8
"""How many there are."""


def dihedral(image: Any, k: int, axes: tuple[int, int] | None = None) -> Any:
    """Turn or mirror an image.

    Parameters
    ----------
    image
        Shape (rows, columns), (rows, columns, bands), (dates, rows, columns, bands) or with more axes before
        these, of NumPy or Dask.
    k
        0 to 3: k quarter turns counter-clockwise, as row 0 is at the top. 4 to 7: columns in reverse order
        first, then k - 4 quarter turns.
    axes
        Which are rows and columns; by default both of two, else the two before the last. Of
        (dates, rows, columns) they are (1, 2).

    Returns
    -------
    array
        A view where that is possible; rows and columns change places with an odd k.

    Raises
    ------
    BadRequest
        Another k, or axes that are none.

    Examples
    --------
    >>> import numpy as np
    >>> dihedral(np.array([[1, 2], [3, 4]]), 1).tolist()
    [[2, 4], [1, 3]]
    """
    k = _checked(k)
    if not hasattr(image, "ndim"):
        image = np.asarray(image)
    rows, columns = spatial_axes(image.ndim, axes)
    if k >= 4:
        image = _flipped(image, columns)
    turns = k % 4
    if turns == 2:
        return _flipped(_flipped(image, rows), columns)
    if turns:
        order = list(range(image.ndim))
        order[rows], order[columns] = columns, rows
        # A quarter turn is a transposition and a mirror.
        image = image.transpose(order)
        return _flipped(image, rows if turns == 1 else columns)
    return image


def inverse(k: int) -> int:
    """Give the transform that undoes `k`: a mirror undoes itself.

    Raises
    ------
    BadRequest
        A k that is not 0 to 7.
    """
    k = _checked(k)
    return k if k >= 4 else -k % 4


def compose(first: int, then: int) -> int:
    """Give the one transform that does `first` and `then` after it.

    Raises
    ------
    BadRequest
        A number that is not 0 to 7.
    """
    first, then = _checked(first), _checked(then)
    # A mirror turns the sense of the turns before it.
    turns = then % 4 + (-(first % 4) if then >= 4 else first % 4)
    return turns % 4 + 4 * ((first >= 4) != (then >= 4))


def apply(image: Any, mask: Any, k: int) -> tuple[Any, Any]:
    """Turn an image and its mask together.

    Parameters
    ----------
    image
        As of `dihedral`.
    mask
        Shape (rows, columns) or (rows, columns, classes).
    k
        As of `dihedral`.

    Raises
    ------
    BadRequest
        They have different rows and columns.
    """
    _same_size(image, mask)
    return dihedral(image, k), dihedral(mask, k)


def batches(
    images: Any,
    masks: Any,
    size: int = 2,
    seed: int = 0,
    *,
    shuffle: bool = True,
    turned: bool = True,
) -> Iterator[tuple[npt.NDArray[Any], npt.NDArray[Any]]]:
    """Give one epoch of batches, each image turned at random and its mask with it.

    Parameters
    ----------
    images
        Shape (n, rows, columns, bands) or (n, dates, rows, columns, bands); what is lazy is read batch by
        batch.
    masks
        Shape (n, rows, columns) or (n, rows, columns, classes).
    size
        Images of a batch; the last may be smaller.
    seed
        Decides order and turns; give another one each epoch.
    shuffle, turned
        False leaves the order, or the images, as they are.

    Yields
    ------
    tuple of ndarray
        Images and masks, copied. Patches that are not square are turned by half turns only.

    Raises
    ------
    BadRequest
        Numbers of images and masks, or their rows and columns, differ.
    """
    if len(images) != len(masks):
        raise BadRequest(
            f"{len(images)} images and {len(masks)} masks: give one mask for each image"
        )
    if size < 1:
        raise BadRequest(f"batches of {size} images: give at least 1")
    from .patch_batches import turned as turned_images

    rng = np.random.default_rng(seed)
    order = rng.permutation(len(images)) if shuffle else np.arange(len(images))
    if not len(order):
        return
    rows, columns = _same_size(images[0], masks[0])
    ks = draw(rng, len(order), rows == columns) if turned else np.zeros(len(order), np.int64)
    for start in range(0, len(order), size):
        those, by = order[start : start + size], ks[start : start + size]
        yield turned_images(images, those, by), turned_images(masks, those, by)


def draw(rng: np.random.Generator, count: int, square: bool = True) -> npt.NDArray[np.int64]:
    """Draw transforms: of all eight, or of the four that leave a picture that is no square its shape."""
    ks = rng.integers(0, COUNT, count)
    return ks if square else ks // 2 * 2


def spatial_axes(ndim: int, axes: tuple[int, int] | None = None) -> tuple[int, int]:
    """Give which axes are rows and columns: both of two, else the two before the last.

    Raises
    ------
    BadRequest
        Fewer than two axes, or a choice that does not exist.
    """
    if ndim < 2:
        raise BadRequest(f"an image of {ndim} axes: give (rows, columns) or (rows, columns, bands)")
    if axes is None:
        return (0, 1) if ndim == 2 else (ndim - 3, ndim - 2)
    rows, columns = (axis + ndim if axis < 0 else axis for axis in axes)
    if rows == columns or not (0 <= rows < ndim and 0 <= columns < ndim):
        raise BadRequest(f"axes {axes} of an image of {ndim}: give two that there are")
    return rows, columns


def _same_size(image: Any, mask: Any) -> tuple[int, int]:
    sizes = []
    for array in (image, mask):
        rows, columns = spatial_axes(np.ndim(array))
        sizes.append((np.shape(array)[rows], np.shape(array)[columns]))
    if sizes[0] != sizes[1]:
        raise BadRequest(
            f"an image of {sizes[0][0]} x {sizes[0][1]} pixels with a mask of "
            f"{sizes[1][0]} x {sizes[1][1]}: bring them to one grid first"
        )
    return int(sizes[0][0]), int(sizes[0][1])


def _checked(k: int) -> int:
    if isinstance(k, bool) or not isinstance(k, int | np.integer) or not 0 <= k < COUNT:
        raise BadRequest(f"transform {k!r}: give a whole number from 0 to {COUNT - 1}")
    return int(k)


def _flipped(image: Any, axis: int) -> Any:
    index = [slice(None)] * image.ndim
    index[axis] = slice(None, None, -1)
    return image[tuple(index)]
