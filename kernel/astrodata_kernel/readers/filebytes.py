"""Bytes of a file by position: shared by threads, never mapped.

A file that is cut short while it is mapped ends the whole process with a bus error, and mapped pages count
as its memory. Positioned reads give an error instead, and network file systems like their size.
"""

from __future__ import annotations

import copy
import os
import weakref
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from ..errors import DamagedFile, DataCheckFailed, TooLarge, UnreadableFile

Values = npt.NDArray[Any]

_CHUNK = 4 << 20
# Skipping less than this costs as much as reading it.
_GAP = 16 << 10


class Bytes:
    """Bytes by position, wherever they are; subclasses give `read` and `check`.

    Parameters
    ----------
    name
        What messages call them.
    size
        How many there were when they were opened.
    """

    far = False
    """Whether each read costs a way through the network."""
    gap = _GAP
    """Skipping fewer bytes than this costs as much as reading them."""

    def __init__(self, name: str, size: int) -> None:
        self.name, self.size = name, size

    def called(self, name: str) -> Self:
        """Give the same bytes, to be called otherwise in messages."""
        other = copy.copy(self)
        other.name = name
        return other

    def read(self, offset: int, count: int) -> bytes:
        """Give `count` bytes from `offset` on, fewer only at the end."""
        raise TypeError(f"{type(self).__name__} does not say how it reads")

    def check(self) -> None:
        """Find out whether they are still those that were opened.

        Raises
        ------
        DamagedFile, DataCheckFailed
            The file was cut short meanwhile, or written to.
        """

    def expect(self, places: Sequence[tuple[int, int]]) -> None:
        """Get ready for reads of (offset, count), where that saves ways through the network."""

    def read_exactly(self, offset: int, count: int) -> bytes:
        """Give `count` bytes from `offset` on.

        Raises
        ------
        DamagedFile
            The file ends before.
        """
        if count > max(0, self.size - offset):
            raise self._short(offset + count)
        data = self.read(offset, count)
        if len(data) != count:
            raise self._short(offset + count)
        return data

    def read_into(self, offset: int, target: memoryview) -> None:
        """Fill `target` with the bytes from `offset` on.

        Raises
        ------
        DamagedFile
            The file ends before.
        """
        target[:] = self.read_exactly(offset, target.nbytes)

    def gather(self, grid: Grid, dtype: np.dtype[Any], out: Values) -> None:
        """Read values that lie on a regular grid in the file into `out`.

        `out` has the grid's counts as its shape, and may be of a dtype that `dtype` is cast to.
        """
        if out.size:
            _gather(self, grid.offset, grid.counts, grid.pitches, dtype, out)

    def _size_now(self) -> int:
        return self.size

    def _short(self, needed: int) -> DamagedFile:
        return DamagedFile(
            f"{self.name} ends after {self._size_now():,} bytes, where {needed:,} are "
            "needed: it is cut short or being written; copy or download it again"
        )


class FileBytes(Bytes):
    """A file that is open for reading until nobody needs it.

    Parameters
    ----------
    path
        The file.
    name
        What messages call it.
    """

    def __init__(self, path: Path, name: str | None = None) -> None:
        self._opened = _Opened(path)
        status = self._opened.status()
        super().__init__(name or path.name, status.st_size)
        self._changed = status.st_mtime_ns

    def read(self, offset: int, count: int) -> bytes:
        """Give `count` bytes from `offset` on, fewer only at the end of the file."""
        parts = []
        while count > 0:
            try:
                part = os.pread(self._opened.descriptor, min(count, 1 << 30), offset)
            except OSError as error:
                raise self._unreadable(error) from None
            if not part:
                break
            parts.append(part)
            offset, count = offset + len(part), count - len(part)
        return b"".join(parts)

    def read_into(self, offset: int, target: memoryview) -> None:
        """Fill `target` with the bytes from `offset` on.

        Raises
        ------
        DamagedFile
            The file ends before.
        """
        while target.nbytes:
            try:
                count = os.preadv(self._opened.descriptor, [target], offset)
            except OSError as error:
                raise self._unreadable(error) from None
            if count == 0:
                raise self._short(offset + target.nbytes)
            if count == target.nbytes:
                return
            target, offset = target[count:], offset + count

    def check(self) -> None:
        """Find out whether the file is as it was when it was opened; another one of its name does no harm.

        Raises
        ------
        DamagedFile, DataCheckFailed
            It was cut short meanwhile, or written to.
        """
        now = self._opened.status()
        if now.st_size < self.size:
            raise self._short(self.size)
        if (now.st_size, now.st_mtime_ns) != (self.size, self._changed):
            raise DataCheckFailed(
                f"{self.name} was written to since it was opened ({self.size:,} bytes then, "
                f"{now.st_size:,} now): open it again"
            )

    def _size_now(self) -> int:
        return self._opened.status().st_size

    def _unreadable(self, error: OSError) -> UnreadableFile:
        return UnreadableFile(f"{self.name} can no longer be read: {error.strerror}")


class _Opened:
    """A descriptor that is closed when the last `FileBytes` that shares it is gone."""

    def __init__(self, path: Path) -> None:
        self.descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        self._close = weakref.finalize(self, os.close, self.descriptor)

    def status(self) -> os.stat_result:
        return os.fstat(self.descriptor)


def bytes_of(place: Path | Bytes, name: str) -> Bytes:
    """Give the bytes of a file by its path, or those that are open already, under a name."""
    return place.called(name) if isinstance(place, Bytes) else FileBytes(place, name)


@dataclass(frozen=True, slots=True)
class Grid:
    """Where in a file the values of a block are.

    Parameters
    ----------
    offset
        Byte of the first one.
    counts
        Values along each axis.
    pitches
        Bytes from one value to the next along each axis.
    """

    offset: int
    counts: tuple[int, ...]
    pitches: tuple[int, ...]

    @classmethod
    def of_block(
        cls, offset: int, shape: Sequence[int], itemsize: int, block: Sequence[slice]
    ) -> Grid:
        """Give the grid of a block (forward slices) of a C-ordered array that begins at `offset`."""
        counts, pitches, pitch = [], [], itemsize
        for length, part in zip(reversed(shape), reversed(block), strict=True):
            offset += part.start * pitch
            counts.append(len(range(part.start, part.stop, part.step)))
            pitches.append(part.step * pitch)
            pitch *= length
        return cls(offset, tuple(reversed(counts)), tuple(reversed(pitches)))


def allocate(shape: Sequence[int], dtype: np.dtype[Any], name: str) -> Values:
    """Give an empty array.

    Raises
    ------
    TooLarge
        There is no memory for it.
    """
    try:
        return np.empty(tuple(shape), dtype)
    except (MemoryError, ValueError):
        raise TooLarge(
            f"{name}: there is no memory for {' x '.join(map(str, shape))} values of {dtype}: "
            "read a smaller slice"
        ) from None


def _gather(
    file: Bytes,
    offset: int,
    counts: tuple[int, ...],
    pitches: tuple[int, ...],
    dtype: np.dtype[Any],
    out: Values,
) -> None:
    counts, pitches, out = _merged(counts, pitches, dtype.itemsize, out)
    inner = _extent(counts[1:], pitches[1:], dtype.itemsize)
    gap = pitches[0] - inner
    if inner > _CHUNK:
        for i in range(counts[0]):
            _gather(file, offset + i * pitches[0], counts[1:], pitches[1:], dtype, out[i])
        return
    apart = gap > file.gap
    pitch = inner if apart else pitches[0]
    group = max(1, (_CHUNK - inner) // max(pitch, 1) + 1)
    buffer = bytearray((min(group, counts[0]) - 1) * pitch + inner)
    view = memoryview(buffer)
    for start in range(0, counts[0], group):
        count = min(group, counts[0] - start)
        at = offset + start * pitches[0]
        if apart:
            file.expect([(at + i * pitches[0], inner) for i in range(count)] if file.far else ())
            for i in range(count):
                file.read_into(at + i * pitches[0], view[i * inner : (i + 1) * inner])
        else:
            file.read_into(at, view[: (count - 1) * pitch + inner])
        values = np.ndarray((count, *counts[1:]), dtype, buffer, 0, (pitch, *pitches[1:]))
        np.copyto(out[start : start + count], values, casting="unsafe")


def _extent(counts: Sequence[int], pitches: Sequence[int], itemsize: int) -> int:
    return sum((n - 1) * pitch for n, pitch in zip(counts, pitches, strict=True)) + itemsize


def _merged(
    counts: tuple[int, ...], pitches: tuple[int, ...], itemsize: int, out: Values
) -> tuple[tuple[int, ...], tuple[int, ...], Values]:
    # Axes that lie end to end in the file are one, if they do in `out` too; single ones are none.
    kept = [(n, pitch) for n, pitch in zip(counts, pitches, strict=True) if n > 1]
    merged: list[tuple[int, int]] = []
    for n, pitch in kept:
        if merged and merged[-1][1] == n * pitch and out.flags.c_contiguous:
            merged[-1] = merged[-1][0] * n, pitch
        else:
            merged.append((n, pitch))
    if not merged:
        merged = [(1, itemsize)]
    shape = tuple(n for n, _ in merged)
    return shape, tuple(pitch for _, pitch in merged), out.reshape(shape)
