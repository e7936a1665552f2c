"""Arrays that lie in a file as they are, read where they are sliced."""

from __future__ import annotations

import os
import weakref
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ..datasets.lazy import Block, LazyArray, Values
from ..errors import DamagedFile

_BAND_BYTES = 8 << 20
"""Rows are read in bands of about this size where whole rows are cheaper than pieces of them."""


class PositionedArray(LazyArray):
    """Values that lie in a file as they are, in C order, read by position.

    No memory map: a mapped file that shrinks ends the process with SIGBUS, mapped pages count as its
    memory, and network file systems serve long reads better than page faults. `os.preadv` needs no
    lock either.

    Parameters
    ----------
    path
        The file.
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
    """

    def __init__(
        self,
        path: Path,
        offset: int,
        shape: Sequence[int],
        stored: npt.DTypeLike,
        dtype: npt.DTypeLike,
        where: str,
    ) -> None:
        super().__init__(shape, dtype)
        self._stored = np.dtype(stored)
        self._offset = offset
        self._where = where
        self._file = os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
        weakref.finalize(self, os.close, self._file)

    def _read(self, block: Block) -> Values:
        *lead, columns = block
        counts = [len(range(s.start, s.stop, s.step)) for s in block]
        out = np.empty(counts, self._stored)
        if out.size == 0:
            return self._physical(out)
        flat = out.reshape(-1, counts[-1])
        rows = self._row_numbers(lead)
        if self._whole_rows_are_cheaper(rows, columns):
            self._read_bands(rows, columns, flat)
        else:
            self._read_rows(rows, columns, flat)
        return self._physical(out)

    def _physical(self, stored: Values) -> Values:
        return np.ascontiguousarray(stored, self.dtype).reshape(stored.shape)

    def _row_numbers(self, lead: Sequence[slice]) -> Values:
        if not lead:
            return np.zeros(1, np.int64)
        axes = [np.arange(s.start, s.stop, s.step, dtype=np.int64) for s in lead]
        grid = np.ix_(*axes)
        return np.ravel_multi_index(grid, self.shape[:-1]).ravel()

    def _whole_rows_are_cheaper(self, rows: Values, columns: slice) -> bool:
        wanted = columns.stop - columns.start
        adjoining = len(rows) > 1 and bool(rows[-1] - rows[0] == len(rows) - 1)
        return adjoining and 2 * wanted > self.shape[-1]

    def _read_bands(self, rows: Values, columns: slice, out: Values) -> None:
        width = self.shape[-1]
        height = max(1, _BAND_BYTES // (width * self._stored.itemsize))
        for start in range(0, len(rows), height):
            count = min(height, len(rows) - start)
            if columns == slice(0, width, 1):
                self._fill(out[start : start + count], int(rows[start]) * width)
            else:
                band = np.empty((count, width), self._stored)
                self._fill(band, int(rows[start]) * width)
                out[start : start + count] = band[:, columns]

    def _read_rows(self, rows: Values, columns: slice, out: Values) -> None:
        width = self.shape[-1]
        piece = np.empty(columns.stop - columns.start, self._stored)
        for number, row in enumerate(rows.tolist()):
            target = out[number] if columns.step == 1 else piece
            self._fill(target, row * width + columns.start)
            if target is piece:
                out[number] = piece[:: columns.step]

    def _fill(self, target: Values, first: int) -> None:
        # The rest of a short read is asked for again: a network file system may give less.
        view = memoryview(target.reshape(-1).view(np.uint8).data)
        position = self._offset + first * self._stored.itemsize
        while view:
            count = os.preadv(self._file, [view], position)
            if count == 0:
                raise DamagedFile(
                    f"{self._where}: the file ended at byte {position:,} while its pixels were read; it "
                    "became shorter since it was opened: open it again"
                )
            view, position = view[count:], position + count
