"""Reduced views of an image too large to be read whole: overviews and tiles of any level.

A view is at once what can be had at once, and sharper when `overviews` has made its levels.

Works on anything that slices like a NumPy array, so that only what is shown is ever read.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from ..errors import BadRequest
from ..readers.ranges import PAGE
from .raster import Image, block_mean, levels

TILE = 512
"""Edge of a tile in pixels."""

EXACT_PIXELS = 2048 * 2048
"""Up to this many source pixels a reduced view is their mean; beyond it one pixel of each block stands
for the block, which keeps the cost of a view of 20,000 x 20,000 pixels that of reading its rows."""


FAR_BYTES = 4 << 20
"""Of an image that lies elsewhere, a view takes about so many through the network before one is asked."""

FAR_ROWS = 32
"""That many rows it takes at least."""

OVERVIEW = 1024
"""Pixels of the longer side of an overview, unless another number is asked for."""


class Averages(Protocol):
    """Block-averaged levels of a plane, as `overviews.Averages` gives them."""

    def part(self, rows: slice, columns: slice, step: int) -> Image | None:
        """Give the means of blocks of `step` pixels, None where there are none for such blocks."""

    def coarser(self, step: int) -> int | None:
        """Give the smallest blocks of at least `step` pixels of which there are means."""


class Prepared(Protocol):
    """Levels under way, as `preparations.Preparation` is."""

    @property
    def averages(self) -> Averages | None:
        """The levels, once they are made."""


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
        self.far = bool(getattr(array, "far", False))
        self.prepared: dict[int, Prepared] = {}
        self._last: tuple[tuple[Any, ...], Image] | None = None
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

    @property
    def exact_pixels(self) -> int:
        """Up to this many source pixels a view is their mean, whatever was prepared."""
        return FAR_BYTES // self._array.dtype.itemsize if self.far else EXACT_PIXELS

    def overview(self, width: int = OVERVIEW, plane: int = 0) -> tuple[Image, int, str]:
        """Give a whole plane so reduced that its longer side is at most `width` pixels.

        Returns
        -------
        tuple
            The image, the edge of its pixels in array pixels, and how it was reduced: ``"full"``,
            ``"block mean"`` or ``"strided"``.
        """
        if not 1 <= width <= 8192:
            raise BadRequest(f"an overview of {width} pixels cannot be given: ask for 1 to 8192")
        step = self._step(width)
        averages = self._averages(plane)
        if averages is not None and step > 1:
            # Blocks of twice the size are no worse than single pixels that stand for a block.
            made = averages.coarser(step)
            step = made if made is not None and made <= 2 * step else step
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
        every = slice(0, self.rows), slice(0, self.columns)
        if self.rows * self.columns <= self.exact_pixels:
            return self.read(plane, *every), True
        # The pixels of the overview, which is asked for at the same time.
        step = self._step(OVERVIEW)
        while not self.far and (self.rows // step) * (self.columns // step) > EXACT_PIXELS:
            step += 1
        return self._pixels(plane, *every, step), False

    def reduced(self, plane: int, rows: slice, columns: slice, step: int) -> tuple[Image, str]:
        """Give a part of a plane with `step` pixels a side to each of its own, and how it was reduced."""
        if step == 1:
            return self.read(plane, rows, columns), "full"
        averages = self._averages(plane)
        made = averages.part(rows, columns, step) if averages is not None else None
        if made is not None:
            return made, "block mean"
        if (rows.stop - rows.start) * (columns.stop - columns.start) <= self.exact_pixels:
            return block_mean(self.read(plane, rows, columns), step), "block mean"
        return self._pixels(plane, rows, columns, step), "strided"

    def _pixels(self, plane: int, rows: slice, columns: slice, step: int) -> Image:
        """Give one pixel of each block; those of a whole plane are kept, the last time."""
        key = (plane, rows, columns, step)
        known = self._last
        if known is not None and known[0] == key:
            return known[1]
        if self.far:
            found = self._some_rows(plane, rows, columns, step)
        else:
            strided = (slice(rows.start, rows.stop, step), slice(columns.start, columns.stop, step))
            found = self.read(plane, *strided)
        if (rows.start, rows.stop) == (
            0,
            self.rows,
        ) and columns.stop - columns.start == self.columns:
            self._last = (key, found)
        return found

    def rows_apart(self, rows: slice, columns: slice, step: int) -> int:
        """Give how many rows one stands for in a view of an image that lies elsewhere.

        A row is one piece of the file, and each piece of it that is left out is another way through the
        network: whole rows are taken, and few of them.
        """
        width = (columns.stop - columns.start) * self._array.dtype.itemsize + PAGE
        most = max(FAR_ROWS, FAR_BYTES // width)
        return step * max(1, -(-(rows.stop - rows.start) // (step * most)))

    def _some_rows(self, plane: int, rows: slice, columns: slice, step: int) -> Image:
        apart = self.rows_apart(rows, columns, step)
        some = self.read(
            plane,
            slice(rows.start, rows.stop, apart),
            slice(columns.start, columns.stop, step),
        )
        return np.repeat(some, apart // step, axis=0)[: -(-(rows.stop - rows.start) // step)]

    def _step(self, width: int) -> int:
        return max(1, -(-max(self.rows, self.columns) // width))

    def _averages(self, plane: int) -> Averages | None:
        prepared = self.prepared.get(plane)
        return None if prepared is None else prepared.averages
