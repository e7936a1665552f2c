"""A cube written once more so that each spectrum lies in one piece.

A cube on disk is stored channel by channel: a spectrum touches the whole file. Here the values of all
channels of a pixel follow each other, and those of a row of pixels too, so that the spectra of a box are a
read a row.
"""

from __future__ import annotations

import math
import os
import shutil
import tempfile
import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import TooLarge
from ..readers.positioned import PositionedArray
from ..readers.scratch import folder as scratch_folder
from .cube_source import Check, Cube, Progress, Values

DISK = 16 << 30
"""Bytes that the file may take by default."""

MEMORY = 128 << 20
"""Bytes of memory that writing it may take by default."""

_STRIP = 256
"""Pixels that are turned at once: their spectra stay in the processor's cache."""


class SpectralBlocks:
    """Spectra of a cube from a file of its own, which is removed by `close` or when nobody needs it.

    Attributes
    ----------
    path, size
        Of the file, in bytes.
    """

    def __init__(self, path: Path, shape: tuple[int, ...], dtype: np.dtype[Any], name: str) -> None:
        self.path, self.shape = path, shape
        self.size = math.prod(shape) * dtype.itemsize
        self._array = PositionedArray(path, 0, shape, dtype, dtype, f"the spectra of {name}")
        self._remove = weakref.finalize(self, _unlink, str(path))

    def spectra(self, rows: slice, columns: slice, others: Sequence[int] = ()) -> Values:
        """Give values of shape (rows, columns, channels)."""
        index = tuple(others) or (0,) * (len(self.shape) - 3)
        return np.asarray(self._array[(*index, rows, columns, slice(None))])

    def close(self) -> None:
        """Remove the file; what is being read of it is still read."""
        self._remove()


def rechunk(
    dataset: Any,
    folder: str | os.PathLike[str] | None = None,
    disk: int = DISK,
    memory: int = MEMORY,
    check: Check | None = None,
    progress: Progress | None = None,
) -> SpectralBlocks:
    """Write a cube once more so that each of its spectra is one read.

    Parameters
    ----------
    dataset
        Data set of kind ``"cube"``.
    folder
        Where; by default this process's temporary folder, which goes with it.
    disk, memory
        Bytes that may be taken at most.
    check
        Called between steps; what it raises ends the work and removes the file.
    progress
        Called with the share done, 0 to 1.

    Returns
    -------
    SpectralBlocks
        Given to `Cube.blocks`, spectra are read of it.

    Raises
    ------
    TooLarge
        The file would not fit `disk`, or leave half of what is free; or one spectrum does not fit `memory`.
    """
    cube = Cube.of(dataset)
    axes, dtype = cube.axes, np.dtype(cube.array.dtype).newbyteorder("=")
    lead = tuple(n for axis, n in enumerate(axes.shape[:-2]) if axis != axes.channel)
    shape = (*lead, cube.rows, cube.columns, axes.channels)
    size = math.prod(shape) * dtype.itemsize
    place = Path(scratch_folder() if folder is None else folder)
    free = shutil.disk_usage(place).free
    if size > min(disk, free // 2):
        raise TooLarge(
            f"the spectra of {cube.name} take {size / 2**30:.1f} GiB on disk, where {disk / 2**30:.1f} are "
            f"allowed and {free / 2**30:.1f} free: they are read from the cube itself, channel by channel"
        )
    spectrum = axes.channels * dtype.itemsize
    many = memory // (
        4 * spectrum
    )  # pixels at once: what is read, its bytes, what is written, and room
    if many < 1:
        raise TooLarge(f"one spectrum of {cube.name} takes more than {memory:,} bytes: allow more")
    handle, name = tempfile.mkstemp(dir=place, prefix="spectra-", suffix=".bin")
    try:
        with os.fdopen(handle, "r+b", buffering=0) as file:
            file.truncate(size)
            _fill(cube, file.fileno(), shape, dtype, many, check, progress)
    except OSError as error:
        _unlink(name)
        raise TooLarge(
            f"the spectra of {cube.name} cannot be written to {place}: {error.strerror or error}"
        ) from None
    except BaseException:
        _unlink(name)
        raise
    return SpectralBlocks(Path(name), shape, dtype, cube.name)


def _fill(
    cube: Cube,
    file: int,
    shape: tuple[int, ...],
    dtype: np.dtype[Any],
    many: int,
    check: Check | None,
    progress: Progress | None,
) -> None:
    *lead, rows, columns, channels = shape
    across = min(columns, many)
    down = max(1, many // across)
    bands = [(y, x) for y in range(0, rows, down) for x in range(0, columns, across)]
    turned = np.empty((down * across, channels), dtype)
    total = math.prod(lead) * len(bands)
    for plane, others in enumerate(np.ndindex(*lead)):
        for number, (y, x) in enumerate(bands):
            if check is not None:
                check()
            y1, x1 = min(y + down, rows), min(x + across, columns)
            read = cube.read(slice(0, channels), slice(y, y1), slice(x, x1), others)
            flat = read.reshape(channels, -1)
            for start in range(0, flat.shape[1], _STRIP):
                part = flat[:, start : start + _STRIP]
                turned[start : start + part.shape[1]] = part.T
            del read, flat
            # Whole rows follow each other in the file; parts of rows are written one by one.
            width, step = x1 - x, (y1 - y) if x1 - x == columns else 1
            for row in range(y, y1, step):
                at = ((plane * rows + row) * columns + x) * channels * dtype.itemsize
                start = (row - y) * width
                _write(file, memoryview(turned[start : start + step * width]).cast("B"), at)
            if progress is not None:
                progress((plane * len(bands) + number + 1) / total)


def _write(file: int, data: memoryview, at: int) -> None:
    while data.nbytes:
        count = os.pwrite(file, data[: 1 << 30], at)
        data, at = data[count:], at + count


def _unlink(name: str) -> None:
    Path(name).unlink(missing_ok=True)
