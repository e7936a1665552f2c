"""Reduced views of an image too large to be read whole: overviews and tiles of any level.

Works on anything that slices like a NumPy array, so that only what is shown is ever read.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import BadRequest
from .raster import Image, block_mean, levels

TILE = 512
"""Edge of a tile in pixels."""

EXACT_PIXELS = 2048 * 2048
"""Up to this many source pixels a reduced view is their mean; beyond it one pixel of each block stands
for the block, which keeps the cost of a view of 20,000 x 20,000 pixels that of reading its rows."""


class Planes:
    """The 2-D planes of an image or cube, each read by overview or tile.

    Parameters
    ----------
    array
        Lazy or in memory, 2 or more dimensions; the last two are (rows, columns), with row 0 at the
        bottom of the picture, and all before them number the planes in C order.

    Examples
    --------
    >>> import numpy as np
    >>> planes = Planes(np.arange(12.0).reshape(3, 4))
    >>> planes.tile(0, 0, 0)[0].shape
    (3, 4)
    >>> planes.overview(2)  # doctest: +NORMALIZE_WHITESPACE
    (array([[ 2.5,  4.5],
           [ 8.5, 10.5]]), 2, 'block mean')
    """

    def __init__(self, array: Any) -> None:
        if len(array.shape) < 2:
            raise BadRequest(f"an array of shape {tuple(array.shape)} has no planes: give two axes")
        self._array = array
        self._lead = tuple(int(n) for n in array.shape[:-2])
        self.rows, self.columns = (int(n) for n in array.shape[-2:])
        self.count = int(np.prod(self._lead, dtype=np.int64))
        self.levels = levels(self.rows, self.columns, TILE)

    def read(self, plane: int, rows: slice, columns: slice) -> Image:
        """Give physical values of a part of one plane, shape (rows, columns).

        Raises
        ------
        BadRequest
            A plane that the cube does not have.
        """
        if not 0 <= plane < self.count:
            raise BadRequest(
                f"plane {plane} does not exist: there are planes 0 to {self.count - 1}"
            )
        index = tuple(int(i) for i in np.unravel_index(plane, self._lead)) if self._lead else ()
        return np.asarray(self._array[(*index, rows, columns)])

    def overview(self, width: int = 1024, plane: int = 0) -> tuple[Image, int, str]:
        """Give a whole plane so reduced that its longer side is at most `width` pixels.

        Returns
        -------
        tuple
            The image, the edge of its pixels in array pixels, and how it was reduced: ``"full"``,
            ``"block mean"`` or ``"strided"``.
        """
        if not 1 <= width <= 8192:
            raise BadRequest(f"an overview of {width} pixels cannot be given: ask for 1 to 8192")
        step = max(1, -(-max(self.rows, self.columns) // width))
        image, reduction = self.reduced(plane, slice(0, self.rows), slice(0, self.columns), step)
        return image, step, reduction

    def tile(self, level: int, x: int, y: int, plane: int = 0) -> tuple[Image, str]:
        """Give tile (`x`, `y`) of a level, and how it was reduced.

        Level 0 is full resolution and each next one halves it; tiles are `TILE` pixels square, smaller
        at the last row and column.

        Raises
        ------
        BadRequest
            A tile outside the image.
        """
        step = 1 << level if 0 <= level < self.levels else 0
        span = TILE * step
        if not (step and 0 <= x * span < self.columns and 0 <= y * span < self.rows):
            raise BadRequest(
                f"tile ({x}, {y}) of level {level} lies outside an image of {self.columns} x "
                f"{self.rows} pixels and {self.levels} levels"
            )
        rows = slice(y * span, min((y + 1) * span, self.rows))
        columns = slice(x * span, min((x + 1) * span, self.columns))
        return self.reduced(plane, rows, columns, step)

    def sample(self, plane: int = 0) -> tuple[Image, bool]:
        """Give pixels of a plane that stand for all in its statistics, and whether they are all."""
        step = 1
        while (self.rows // step) * (self.columns // step) > EXACT_PIXELS:
            step += 1
        part = self.read(plane, slice(0, self.rows, step), slice(0, self.columns, step))
        return part, step == 1

    def reduced(self, plane: int, rows: slice, columns: slice, step: int) -> tuple[Image, str]:
        """Give a part of a plane with `step` pixels a side to each of its own, and how it was reduced."""
        if step == 1:
            return self.read(plane, rows, columns), "full"
        if (rows.stop - rows.start) * (columns.stop - columns.start) <= EXACT_PIXELS:
            return block_mean(self.read(plane, rows, columns), step), "block mean"
        strided = (slice(rows.start, rows.stop, step), slice(columns.start, columns.stop, step))
        return self.read(plane, *strided), "strided"
