"""What was decompressed of an image: the last bands in memory, all of them on disk while there is room."""

from __future__ import annotations

import math
import os
import shutil
import tempfile
import threading
import weakref
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..datasets.lazy import Block, Values
from ..errors import AstrodataError
from .filebytes import FileBytes, Grid
from .scratch import folder

MEMORY_BYTES = 64 << 20
"""Of the bands in memory, of one image."""

DISK_BYTES = 8 << 30
"""Of a decompressed image on disk; a larger one is decompressed again where it is looked at."""

_LEFT_FREE = 2 << 30

Key = tuple[tuple[int, ...], int, int, int, int]
"""Tiles along the leading axes, first tile and tiles along the last but one, first and last beyond along the
last."""


class Bands:
    """Decompressed bands of tiles, each kept where it is found again.

    Most images are compressed row by row, and 256 pixels of a row cost as much as all of it: a tile of
    256 x 256 pixels is 5 million decompressed ones where rows have 20,000. What lies on disk is read by
    position like an image that was never compressed, and takes none of the kernel's memory.

    Parameters
    ----------
    shape, tile
        Of the image and of a tile, two axes or more.
    stored
        Type of the decompressed numbers.
    """

    def __init__(self, shape: Sequence[int], tile: Sequence[int], stored: np.dtype[Any]) -> None:
        self._shape, self._tile, self._stored = tuple(shape), tuple(tile), stored
        self._lock = threading.Lock()
        self._kept: OrderedDict[Key, Values] = OrderedDict()
        self._bytes = 0
        self._disk: _Disk | None = None
        self._without_disk = math.prod(shape) * stored.itemsize > DISK_BYTES

    def get(self, key: Key) -> Values | None:
        """Give a band that is in memory."""
        with self._lock:
            band = self._kept.get(key)
            if band is not None:
                self._kept.move_to_end(key)
            return band

    def keep(self, key: Key, band: Values) -> None:
        """Keep a band, in memory until others push it out, and on disk."""
        with self._lock:
            self._bytes += band.nbytes - getattr(self._kept.get(key), "nbytes", 0)
            self._kept[key] = band
            while self._bytes > MEMORY_BYTES and len(self._kept) > 1:
                self._bytes -= self._kept.popitem(last=False)[1].nbytes
            if self._disk is None and not self._without_disk:
                self._begin()
            if self._disk is not None and not self._disk.write(key, band):
                self._disk, self._without_disk = None, True

    def fill(self, block: Block, out: Values) -> bool:
        """Fill `out` with a block of the image, if all of its tiles are on disk."""
        disk = self._disk
        return disk is not None and disk.fill(block, out)

    def _begin(self) -> None:
        try:
            self._disk = _Disk(self._shape, self._tile, self._stored)
        except OSError:
            self._without_disk = True


class _Disk:
    """The decompressed image as a file, as far as it is known; it goes with its last reader."""

    def __init__(
        self, shape: tuple[int, ...], tile: tuple[int, ...], stored: np.dtype[Any]
    ) -> None:
        self._shape, self._tile, self._stored = shape, tile, stored
        self._size = math.prod(shape) * stored.itemsize
        self._there = np.zeros([-(-n // t) for n, t in zip(shape, tile, strict=True)], bool)
        self._descriptor, name = tempfile.mkstemp(dir=folder(), suffix=".bands")
        self._close = weakref.finalize(self, os.close, self._descriptor)
        try:
            os.ftruncate(self._descriptor, self._size)
            self._bytes = FileBytes(Path(name))
        finally:
            os.unlink(name)  # noqa: PTH108 - whatever ends the process, the disk is free again

    def write(self, key: Key, band: Values) -> bool:
        """Write a band; gives whether there was room."""
        leading, first, count, left, right = key
        tiles: tuple[Any, ...] = (*leading, slice(first, first + count), slice(left, right))
        if self._there[tiles].all():
            return True
        if shutil.disk_usage(folder()).free < _LEFT_FREE + band.nbytes:
            return False
        starts = [n * t for n, t in zip((*leading, first, left), self._tile, strict=True)]
        whole = band.shape[-1] == self._shape[-1]
        try:
            for place in np.ndindex(*band.shape[: -2 if whole else -1]):
                piece = np.ascontiguousarray(band[place])
                at = [start + n for start, n in zip(starts, (*place, 0, 0), strict=False)]
                offset = int(np.ravel_multi_index(at, self._shape)) * self._stored.itemsize
                if os.pwrite(self._descriptor, piece.data, offset) != piece.nbytes:
                    return False
        except OSError:
            return False
        self._there[tiles] = True
        return True

    def fill(self, block: Block, out: Values) -> bool:
        tiles = tuple(
            slice(part.start // t, -(-part.stop // t))
            for part, t in zip(block, self._tile, strict=True)
        )
        if not self._there[tiles].all():
            return False
        grid = Grid.of_block(0, self._shape, self._stored.itemsize, block)
        try:
            self._bytes.gather(grid, self._stored, out)
        except AstrodataError:
            return False  # it is decompressed again instead
        return True
