"""Arrays that lie in a file as they are, read where they are sliced."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ..datasets.lazy import Block, LazyArray, Values
from .filebytes import Bytes, Grid, allocate, bytes_of


class PositionedArray(LazyArray):
    """Values that lie in a file as they are, read by position.

    Parameters
    ----------
    path
        The file, or its bytes where they are open already.
    offset
        Its byte where the values begin; all of them were found to be there.
    shape
        In NumPy's order, rows before columns.
    stored
        Type of the values in the file.
    dtype
        Type of the physical values, into which `_physical` turns them.
    where
        How an error names the place.
    fortran
        Whether the first axis is the one whose values lie side by side.
    """

    def __init__(
        self,
        path: Path | Bytes,
        offset: int,
        shape: Sequence[int],
        stored: npt.DTypeLike,
        dtype: npt.DTypeLike,
        where: str,
        fortran: bool = False,
    ) -> None:
        super().__init__(shape, dtype)
        self._stored = np.dtype(stored)
        self._offset, self._where, self._fortran = offset, where, fortran
        self._file = bytes_of(path, where)

    @property
    def far(self) -> bool:
        """Whether reading costs ways through the network."""
        return self._file.far

    def _read(self, block: Block) -> Values:
        order = -1 if self._fortran else 1
        shape, parts = self.shape[::order], block[::order]
        grid = Grid.of_block(self._offset, shape, self._stored.itemsize, parts)
        native = self._stored.newbyteorder("=")
        out = allocate(grid.counts, native, self._where)
        self._file.gather(grid, self._stored, out)
        return self._physical(out.T if self._fortran else out)

    def _physical(self, stored: Values) -> Values:
        return np.ascontiguousarray(stored, self.dtype).reshape(stored.shape)
