"""Block-averaged levels of images that are too large to be averaged while one waits.

A level holds the mean of each block of 2 x 2, 4 x 4, ... pixels, NaN left out. Only levels of which a tile is
too much to be averaged at once are made, and one for the overview: those of 20,000 x 20,000 pixels take 37 MB
of disk. The image is read once, in blocks of some MB. Each set of levels is a FITS file that gets its name
when it is whole: what was killed on the way leaves nothing that could be taken for levels.
"""

from __future__ import annotations

import hashlib
import math
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import AstrodataError, TooLarge, UnreadableFile
from ..readers.filebytes import FileBytes, Grid
from .pyramid import OVERVIEW, TILE, Planes
from .raster import Image, block_counts, block_sums

BLOCK_VALUES = 1 << 20
"""Pixels that are read at a time."""

LARGEST_BLOCK = 1 << 24
"""Pixels of a block of the coarsest level beyond which there are no levels: of images of terapixels."""

_LEFT_FREE = 1 << 30
_CARD = 80
_BLOCK = 2880


@dataclass(frozen=True)
class Level:
    """Means of `step` x `step` pixels, of shape (rows, columns), from a byte of the file on."""

    step: int
    shape: tuple[int, int]
    offset: int


@dataclass(frozen=True)
class Layout:
    """Which levels an image gets, and where in their file they lie.

    `identity` names the file, HDU and plane that they were made from, and is written into their headers.
    """

    rows: int
    columns: int
    dtype: np.dtype[Any]
    levels: tuple[Level, ...]
    overview: Level | None
    identity: str

    @classmethod
    def of(cls, planes: Planes, dtype: np.dtype[Any], identity: str = "") -> Layout:
        """Give the levels that a plane of an image needs; none where all of it is averaged at once."""
        first = 1
        while (TILE << first) ** 2 <= planes.exact_pixels:
            first += 1
        steps = [1 << n for n in range(first, planes.levels)]
        step = -(-max(planes.rows, planes.columns) // OVERVIEW)
        extra = [] if step in steps or not steps else [step]
        stored = np.dtype(">f8" if dtype.itemsize > 4 else ">f4")
        found = []
        at = 0
        for one in (*steps, *extra):
            shape = -(-planes.rows // one), -(-planes.columns // one)
            found.append(Level(one, shape, at + _BLOCK))
            at += _BLOCK + -(-math.prod(shape) * stored.itemsize // _BLOCK) * _BLOCK
        levels, overview = found[: len(steps)], found[len(steps) :]
        place = overview[0] if overview else None
        return cls(planes.rows, planes.columns, stored, tuple(levels), place, identity)

    @property
    def all(self) -> tuple[Level, ...]:
        """The levels, and that of the overview where it is another one."""
        return self.levels if self.overview is None else (*self.levels, self.overview)

    @property
    def size(self) -> int:
        """Bytes of the file."""
        return sum(
            _BLOCK + -(-math.prod(level.shape) * self.dtype.itemsize // _BLOCK) * _BLOCK
            for level in self.all
        )

    def header(self, level: Level) -> bytes:
        """Give the header of a level: one block."""
        first = level == self.all[0]
        digest = hashlib.sha256(self.identity.encode()).hexdigest()
        cards = [
            ("SIMPLE", "T") if first else ("XTENSION", "'IMAGE   '"),
            ("BITPIX", str(-8 * self.dtype.itemsize)),
            ("NAXIS", "2"),
            ("NAXIS1", str(level.shape[1])),
            ("NAXIS2", str(level.shape[0])),
            *([("EXTEND", "T")] if first else [("PCOUNT", "0"), ("GCOUNT", "1")]),
            ("EXTNAME", f"'MEAN{level.step}'"),
            ("STEP", str(level.step)),
            ("MADEFROM", f"'{digest[:60]}'"),
        ]
        lines = [
            f"{key:8}= {value:>20}" if value[0] != "'" else f"{key:8}= {value}"
            for key, value in cards
        ]
        text = "".join(line.ljust(_CARD) for line in (*lines, "END"))
        return text.ljust(_BLOCK).encode("ascii")


class Averages:
    """Levels that are whole, read where they are looked at.

    Parameters
    ----------
    path
        Their file.
    layout
        What it holds.
    """

    def __init__(self, path: Path, layout: Layout) -> None:
        self._file, self._layout = FileBytes(path), layout
        self.size = layout.size

    def part(self, rows: slice, columns: slice, step: int) -> Image | None:
        """Give the means of blocks of `step` pixels of a part of the plane, None where there are none."""
        level = next((level for level in self._layout.all if level.step == step), None)
        if level is None or rows.start % step or columns.start % step:
            return None
        block = tuple(slice(s.start // step, -(-s.stop // step), 1) for s in (rows, columns))
        dtype = self._layout.dtype
        grid = Grid.of_block(level.offset, level.shape, dtype.itemsize, block)
        out = np.empty(grid.counts, dtype.newbyteorder("="))
        try:
            self._file.gather(grid, dtype, out)
        except AstrodataError:
            return None  # the temporary folder was emptied: the picture is strided again
        return out

    def coarser(self, step: int) -> int | None:
        """Give the smallest blocks of at least `step` pixels of which there are means."""
        return min((n.step for n in self._layout.all if n.step >= step), default=None)


def build(
    planes: Planes,
    plane: int,
    layout: Layout,
    path: Path,
    told: Callable[[float], None] = lambda _: None,
) -> Averages:
    """Make the levels of a plane, and give them.

    Parameters
    ----------
    planes, plane
        The image, which is read once.
    layout
        What to make.
    path
        Where; nothing is there before all is made.
    told
        Told the share done; what it raises, such as `Cancelled`, gives the work up and leaves nothing behind.

    Raises
    ------
    TooLarge
        The disk has no room, or the image has terapixels.
    UnreadableFile
        They cannot be written.
    """
    if shutil.disk_usage(path.parent).free < layout.size + _LEFT_FREE:
        raise TooLarge(
            f"{path.parent} has no room for the {layout.size:,} bytes of the overviews: make room there, or "
            "set TMPDIR"
        )
    try:
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
    except OSError as error:
        raise UnreadableFile(
            f"overviews cannot be written to {path.parent}: {error.strerror}"
        ) from None
    done = False
    try:
        _Building(planes, plane, layout, descriptor).run(told)
        Path(name).replace(path)
        done = True
    except OSError as error:
        if isinstance(error, AstrodataError):
            raise
        raise UnreadableFile(
            f"overviews cannot be written to {path.parent}: {error.strerror}"
        ) from None
    finally:
        os.close(descriptor)
        if not done:
            Path(name).unlink(missing_ok=True)
    return Averages(path, layout)


class _Building:
    def __init__(self, planes: Planes, plane: int, layout: Layout, descriptor: int) -> None:
        self._planes, self._plane, self._layout = planes, plane, layout
        self._descriptor = descriptor
        shape = layout.overview.shape if layout.overview is not None else (0, 0)
        self._sums, self._counts = np.zeros(shape), np.zeros(shape)

    def run(self, told: Callable[[float], None]) -> None:
        os.ftruncate(self._descriptor, self._layout.size)
        for level in self._layout.all:
            self._write_bytes(self._layout.header(level), level.offset - _BLOCK)
        total = self._planes.rows * self._planes.columns
        done = 0
        told(0.0)
        for rows, columns in self._blocks():
            values = self._planes.read(self._plane, rows, columns)
            self._take(values, rows.start, columns.start)
            done += values.size
            told(done / total)
        if self._layout.overview is not None:
            self._write(self._layout.overview, 0, 0, _mean(self._sums, self._counts))

    def _blocks(self) -> Iterator[tuple[slice, slice]]:
        """Give blocks of whole blocks of the coarsest level: no mean needs two of them."""
        planes, unit = self._planes, self._layout.levels[-1].step
        if min(unit, planes.rows) * min(unit, planes.columns) > LARGEST_BLOCK:
            raise TooLarge(
                f"an image of {planes.columns:,} x {planes.rows:,} pixels gets no overviews"
            )
        height = min(unit, planes.rows)
        width = max(1, BLOCK_VALUES // (height * unit)) * unit
        if width >= planes.columns:
            width = planes.columns
            height = max(1, BLOCK_VALUES // (width * unit)) * unit
        for top in range(0, planes.rows, height):
            for left in range(0, planes.columns, width):
                yield (
                    slice(top, min(top + height, planes.rows)),
                    slice(left, min(left + width, planes.columns)),
                )

    def _take(self, values: Image, top: int, left: int) -> None:
        with np.errstate(invalid="ignore", over="ignore"):
            step = self._layout.levels[0].step
            sums = block_sums(values, step)
            if np.isnan(sums).any():
                blank = np.isnan(values)
                values = np.where(blank, 0, values)
                sums, counts = block_sums(values, step), block_sums(~blank, step)
                known: Image | None = ~blank
            else:
                counts, known = block_counts(values.shape, step), None
            for level in self._layout.levels:
                if level.step > step:
                    sums, counts = block_sums(sums, 2), block_sums(counts, 2)
                    step = level.step
                self._write(level, top // step, left // step, _mean(sums, counts))
            if self._layout.overview is not None:
                _add_to(self._sums, values, top, left, self._layout.overview.step)
                ones = np.broadcast_to(np.uint8(1), values.shape) if known is None else known
                _add_to(self._counts, ones, top, left, self._layout.overview.step)

    def _write(self, level: Level, top: int, left: int, means: Image) -> None:
        stored = np.ascontiguousarray(means, self._layout.dtype)
        pieces = [stored] if stored.shape[1] == level.shape[1] else list(stored)
        for number, piece in enumerate(pieces):
            at = (top + number) * level.shape[1] + left
            self._write_bytes(piece, level.offset + at * stored.itemsize)

    def _write_bytes(self, data: bytes | Image, offset: int) -> None:
        view = memoryview(data).cast("B")
        while view.nbytes:
            count = os.pwrite(self._descriptor, view, offset)
            view, offset = view[count:], offset + count


def _add_to(total: Image, values: Image, top: int, left: int, step: int) -> None:
    """Add a block, which need not begin or end with a block of `step` pixels, to the sums of those."""
    rows, columns = (_starts(at, n, step) for at, n in zip((top, left), values.shape, strict=True))
    ends = [*rows[1:], len(values)]
    sums = [values[a:b].sum(axis=0, dtype=np.float64) for a, b in zip(rows, ends, strict=True)]
    added = np.add.reduceat(np.array(sums), columns, axis=1)
    place = (top // step, left // step)
    total[place[0] : place[0] + len(rows), place[1] : place[1] + len(columns)] += added


def _starts(at: int, count: int, step: int) -> list[int]:
    return [0, *range(step - at % step, count, step)]


def _mean(sums: Image, counts: Image) -> Image:
    return np.divide(sums, counts, out=np.full(sums.shape, np.nan), where=counts > 0)


def made_before(path: Path, layout: Layout) -> Averages | None:
    """Give the levels that are in a file, if they were made of the same bytes and are whole."""
    try:
        if path.stat().st_size != layout.size:
            return None
        with path.open("rb") as file:
            for level in layout.all:
                file.seek(level.offset - _BLOCK)
                if file.read(_BLOCK) != layout.header(level):
                    return None
        return Averages(path, layout)
    except OSError:
        return None
