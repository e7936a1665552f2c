"""Arrays in HDF5 files."""

from __future__ import annotations

import itertools
import math
import weakref
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..datasets import Dataset, Part, Provenance
from ..datasets.lazy import Block, LazyArray, Values
from ..errors import DamagedFile, TooLarge
from .arrays import chosen_part, contents_of, dataset_of, part_of
from .caps import caps
from .filebytes import allocate

_BAND_BYTES = 4 << 20
_GAP_BYTES = 64 << 10


class Hdf5Reader:
    """Reads the arrays of an HDF5 file; links to other files are not followed."""

    name = "HDF5"
    version = "1"

    def sniff(self, head: bytes, path: Path) -> bool:
        """Tell from the first bytes of a file whether it is HDF5."""
        return head.startswith(b"\x89HDF\r\n\x1a\n")

    def open(self, path: Path, provenance: Provenance, part: int | str | None = None) -> Dataset:
        """Give the data set of one array; of the first one of numbers when none is named.

        Raises
        ------
        UnsupportedFormat
            No array of numbers.
        DamagedFile
            HDF5's library cannot make sense of the file.
        """
        import h5py

        name = Path(provenance.path).name
        try:
            file = h5py.File(path, "r", locking=False)
        except OSError as error:
            raise DamagedFile(
                f"{name} begins like HDF5 but cannot be opened ({str(error)[:160]}); it may be cut "
                "short: copy or download it again"
            ) from None
        try:
            found = arrays_of(file, name)
            parts = tuple(p for p, _ in found)
            chosen = chosen_part(parts, part, name)
            array = found[chosen.index][1]
            contents = contents_of(array, chosen, Hdf5Array)
        except BaseException:
            file.close()
            raise
        weakref.finalize(contents, file.close)
        meta = {"unit": _attribute(array, ("units", "unit", "UNIT")), "warnings": []}
        return dataset_of(
            contents,
            parts,
            chosen,
            provenance,
            meta,
            lambda number: self.open(path, provenance, number),
        )


def _attribute(array: Any, names: Sequence[str]) -> str:
    for name in names:
        value = array.attrs.get(name)
        if isinstance(value, bytes):
            return value.decode("utf-8", "replace")
        if isinstance(value, str):
            return value
    return ""


def arrays_of(file: Any, name: str) -> list[tuple[Part, Any]]:
    """Give the arrays of an open HDF5 file, those that cannot be read as parts with a note and None.

    Raises
    ------
    TooLarge
        More groups and arrays than the cap.
    """
    import h5py

    found: list[tuple[Part, Any]] = []
    waiting, seen, count = [("", file)], set(), 0
    while waiting:
        prefix, group = waiting.pop(0)
        for key in group:
            count += 1
            if count > caps.objects:
                raise TooLarge(f"{name} holds more than {caps.objects:,} objects")
            link = group.get(key, getlink=True)
            path = f"{prefix}/{key}"
            if isinstance(link, h5py.ExternalLink):
                note = "a link to another file, which is not followed"
                found.append((Part(len(found), path, note=note), None))
                continue
            try:
                item = group.get(key)
            except (OSError, RuntimeError, KeyError, ValueError) as error:
                found.append((Part(len(found), path, note=f"damaged: {str(error)[:80]}"), None))
                continue
            if isinstance(item, h5py.Group) and item.id.__hash__() not in seen:
                # Hard links can make a ring.
                seen.add(item.id.__hash__())
                waiting.append((path, item))
            elif isinstance(item, h5py.Dataset):
                found.append((_hdf5_part(len(found), path, item), item))
    return found


def _hdf5_part(index: int, path: str, item: Any) -> Part:
    if item.external or (
        item.is_virtual and any(s.file_name != "." for s in item.virtual_sources())
    ):
        return Part(index, path, note="its values lie in another file, which is not opened")
    if item.chunks and math.prod(item.chunks) * item.dtype.itemsize > caps.tile_bytes:
        return Part(index, path, note=f"its chunks of {item.chunks} values are too large")
    return part_of(index, path, tuple(item.shape or ()), item.dtype)


class Hdf5Array(LazyArray):
    """An HDF5 array, of which only the chunks that a slice touches are read; h5py does its own locking.

    HDF5 takes steps value by value, which is slow: bands are read without steps along all axes but the
    first.
    """

    def __init__(self, array: Any) -> None:
        super().__init__(array.shape, array.dtype.newbyteorder("="))
        self._array = array
        self._where = f"{Path(array.file.filename).name}, {array.name}"

    def _read(self, block: Block) -> Values:
        first, *others = block
        out = allocate(
            [len(range(s.start, s.stop, s.step)) for s in block], self.dtype, self._where
        )
        if out.size == 0:
            return out
        spans = tuple(slice(s.start, s.stop) for s in others)
        steps = tuple(slice(None, None, s.step) for s in others)
        row_bytes = math.prod(s.stop - s.start for s in others) * self.dtype.itemsize
        done = 0
        try:
            for start, stop in self._bands(first, row_bytes):
                band = np.asarray(self._array[(slice(start, stop), *spans)])
                picked = band[(slice(None, None, first.step), *steps)]
                out[done : done + len(picked)] = picked
                done += len(picked)
        except (OSError, RuntimeError, ValueError, KeyError) as error:
            raise DamagedFile(
                f"{self._where}: cannot be read ({str(error)[:160]}); the file may be damaged, copy or "
                "download it again"
            ) from None
        return out

    def _bands(self, rows: slice, row_bytes: int) -> Iterator[tuple[int, int]]:
        """Give (start, stop) of pieces of the first axis, each beginning with a wanted row."""
        chunk = self._array.chunks[0] if self._array.chunks else 1
        height = max(chunk, _BAND_BYTES // max(1, row_bytes))
        if rows.step > 1 and rows.step * row_bytes > _GAP_BYTES:
            height = chunk  # what lies between is more than reading apart costs
        wanted = range(rows.start, rows.stop, rows.step)
        for _, group in itertools.groupby(wanted, key=lambda row: row // height):
            members = list(group)
            yield members[0], members[-1] + 1
