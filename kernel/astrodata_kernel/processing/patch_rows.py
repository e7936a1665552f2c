"""Rows of arrays in memory, of Dask, or on disk: chosen, joined and gone through without reading them all."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ..datasets.lazy import Block, LazyArray, Values

if TYPE_CHECKING:
    from .patch_sets import PatchSet

_AT_ONCE = 64 << 20  # bytes of patches that are held while a set is gone through


class Rows(LazyArray):
    """Rows of some arrays on disk, in any order, that are read one by one where they are sliced.

    Parameters
    ----------
    arrays
        Of one shape but for the first axis, and one type.
    rows
        Numbers, counted through all arrays; all of them in order when None.
    """

    def __init__(self, arrays: list[Any], rows: npt.NDArray[np.int64] | None = None) -> None:
        self._arrays = arrays
        self._ends = np.cumsum([len(array) for array in arrays])
        self._rows = np.arange(self._ends[-1]) if rows is None else rows
        dtype = np.result_type(*(array.dtype for array in arrays))
        super().__init__((len(self._rows), *arrays[0].shape[1:]), dtype)

    def _read(self, block: Block) -> Values:
        some = self._rows[block[0]]
        rest = block[1:]
        out = np.empty(
            (len(some), *(len(range(s.start, s.stop, s.step)) for s in rest)), self.dtype
        )
        which = np.searchsorted(self._ends, some, side="right")
        for to, row, number in zip(out, some.tolist(), which.tolist(), strict=True):
            array = self._arrays[number]
            to[...] = array[(row - int(self._ends[number]) + len(array), *rest)]
        return out


def blocks(array: Any) -> Iterator[Any]:
    """Give some patches of a set at a time, as NumPy arrays: chunk by chunk where it is lazy."""
    if hasattr(array, "dask"):
        stop = 0
        for count in array.chunks[0]:
            start, stop = stop, stop + count
            yield np.asarray(array[start:stop])
        return
    step = _at_once(array)
    for start in range(0, array.shape[0], step):
        yield np.asarray(array[start : start + step])


def pairs(patches: PatchSet) -> Iterator[tuple[int, Any, Any]]:
    """Give some patches of a set at a time: the number of the first, images, and masks where it has any."""
    first = 0
    for images in blocks(patches.images):
        masks = patches.masks
        those = None if masks is None else np.asarray(masks[first : first + len(images)])
        yield first, images, those
        first += len(images)


def _at_once(array: Any) -> int:
    each = int(np.prod(array.shape[1:])) * array.dtype.itemsize
    return max(1, _AT_ONCE // max(1, each))


def rows_of(array: Any, rows: npt.NDArray[np.int64]) -> Any:
    """Give rows by their numbers; what is on disk stays there until it is sliced."""
    if isinstance(array, np.ndarray) or hasattr(array, "dask"):
        return array[rows]
    # As NumPy counts them: -1 is the last.
    return Rows([array], np.where(rows < 0, rows + len(array), rows))


def joined(arrays: list[Any]) -> Any:
    """Give arrays one after another: lazily where one of them is."""
    if any(hasattr(array, "dask") for array in arrays):
        import dask.array

        return dask.array.concatenate(
            [
                a
                if hasattr(a, "dask")
                else dask.array.from_array(a, chunks=(_at_once(a), *a.shape[1:]))
                for a in arrays
            ]
        )
    if any(isinstance(array, LazyArray) for array in arrays):
        return Rows(arrays)
    return np.concatenate([np.asarray(array) for array in arrays])


def filled(values: Any, rows: list[int]) -> Any:
    """Give values by number, and nothing where the number is -1."""
    chosen = np.asarray(rows)
    taken = rows_of(values, np.maximum(chosen, 0))
    if (chosen >= 0).all():
        return taken
    taken = np.asarray(taken)
    taken[chosen < 0] = np.nan if taken.dtype.kind == "f" else 0
    return taken
