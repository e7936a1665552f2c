"""Arrays in NumPy's npy and npz files and in HDF5."""

from __future__ import annotations

import threading
import weakref
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np

from ..datasets import Dataset, LazyTable, MemoryArray, Part, Provenance
from ..datasets.dataset import part_number
from ..datasets.lazy import Block, LazyArray, Values
from ..errors import DamagedFile, TooLarge, UnsupportedFormat
from .caps import caps, refuse_beyond
from .positioned import PositionedArray

_KINDS = ("spectrum", "image", "cube")


def _part(index: int, name: str, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Part:
    kind: str | None
    kind, note = None, ""
    if dtype.names and not dtype.hasobject:
        kind, note = ("table", "") if len(shape) == 1 else (None, "records of several axes")
    elif dtype.hasobject:
        note = (
            "pickled Python objects, which could run any program when they are read; save numbers"
        )
    elif dtype.kind not in "biuf":
        note = f"values of type {dtype} are no numbers"
    elif not shape or min(shape) < 1:
        note = "no data"
    else:
        kind = _KINDS[min(len(shape), 3) - 1]
    shape = (*shape, len(dtype.names)) if dtype.names and kind else shape
    return Part(index, name, 1, kind, shape, str(dtype), "", note)


def _choose(parts: Sequence[Part], part: int | str | None, name: str) -> Part:
    if not parts:
        raise UnsupportedFormat(f"{name} holds no array")
    if part is not None:
        chosen = parts[part_number(tuple(parts), part, name)]
    else:
        chosen = next((p for p in parts if p.kind and not p.note), parts[0])
    if not chosen.kind:
        raise UnsupportedFormat(f"{name}, {chosen.name}: {chosen.note}")
    return chosen


class _RecordRows:
    """Rows of a structured array."""

    def __init__(self, rows: Any) -> None:
        self._rows = rows

    def read(self, start: int, stop: int, columns: Sequence[str]) -> Any:
        from astropy.table import Table

        records = np.asarray(self._rows[start:stop])
        return Table([records[name] for name in columns], names=list(columns))


def _contents(array: Any, part: Part, lazy: Callable[[Any], LazyArray]) -> LazyArray | LazyTable:
    if part.kind != "table":
        return lazy(array)
    columns = [(name, str(array.dtype[name]), "") for name in array.dtype.names]
    return LazyTable(columns, part.shape[0], _RecordRows(array))


def _dataset(
    contents: LazyArray | LazyTable,
    parts: tuple[Part, ...],
    part: Part,
    provenance: Provenance,
    meta: dict[str, Any],
    again: Callable[[int], Dataset],
) -> Dataset:
    return Dataset(
        kind=str(part.kind),
        name=Path(provenance.path).name,
        shape=part.shape,
        dtype=contents.dtype if isinstance(contents, LazyArray) else np.dtype("V"),
        meta=meta,
        provenance=provenance,
        contents=contents,
        parts=parts,
        part=part.index,
        open_part=again,
    )


class NumpyReader:
    """Reads npy files, by position, and members of npz files; never what is pickled."""

    name = "NumPy"
    version = "1"

    def sniff(self, head: bytes, path: Path) -> bool:
        """Tell from the first bytes of a file whether it is npy, or a zip whose first member is."""
        if head.startswith(b"\x93NUMPY"):
            return True
        return head.startswith(b"PK\x03\x04") and b".npy" in head[30 : 30 + 260]

    def open(self, path: Path, provenance: Provenance, part: int | str | None = None) -> Dataset:
        """Give the data set of an npy file, or of one member of an npz file.

        Raises
        ------
        UnsupportedFormat
            Python objects or text instead of numbers.
        DamagedFile
            Fewer bytes than the header declares.
        """
        with path.open("rb") as file:
            zipped = file.read(2) == b"PK"
        members = self._members(path) if zipped else [("array", *_npy_header(path, path.name))]
        parts = tuple(
            _part(index, name, shape, dtype)
            for index, (name, shape, dtype, _, _) in enumerate(members)
        )
        chosen = _choose(parts, part, path.name)
        _, shape, dtype, offset, fortran = members[chosen.index]
        if zipped:
            contents = _contents(
                _NpzMember(path, chosen.name, shape, dtype), chosen, lambda member: member
            )
        else:
            contents = _npy_contents(path, chosen, shape, dtype, offset, fortran)
        return _dataset(
            contents,
            parts,
            chosen,
            provenance,
            {"unit": "", "warnings": []},
            lambda number: self.open(path, provenance, number),
        )

    @staticmethod
    def _members(path: Path) -> list[tuple[str, tuple[int, ...], np.dtype[Any], int, bool]]:
        try:
            with zipfile.ZipFile(path) as archive:
                names = [n for n in archive.namelist() if n.endswith(".npy")][: caps.objects]
                found = []
                for name in names:
                    with archive.open(name) as file:
                        found.append((name[:-4], *_header(file, f"{path.name}, {name}")))
        except (zipfile.BadZipFile, RuntimeError, EOFError) as error:
            raise DamagedFile(
                f"{path.name} is a damaged npz file ({error}); copy or download it again"
            ) from None
        if not found:
            raise UnsupportedFormat(f"{path.name} is a zip file without arrays in it")
        return found


def _npy_header(path: Path, where: str) -> tuple[tuple[int, ...], np.dtype[Any], int, bool]:
    with path.open("rb") as file:
        shape, dtype, offset, fortran = _header(file, where)
    missing = offset + _nbytes(shape, dtype) - path.stat().st_size
    if missing > 0 and not dtype.hasobject:
        raise DamagedFile(
            f"{where}: truncated; its header declares {shape} values of {dtype}, but {missing:,} bytes "
            "are missing at the end. Copy or download it again"
        )
    return shape, dtype, offset, fortran


def _nbytes(shape: tuple[int, ...], dtype: np.dtype[Any]) -> int:
    size = dtype.itemsize
    for n in shape:
        size *= n  # Python's integers: a hostile header must not overflow into a small number
    return size


def _header(file: IO[bytes], where: str) -> tuple[tuple[int, ...], np.dtype[Any], int, bool]:
    try:
        version = np.lib.format.read_magic(file)
        read = (
            np.lib.format.read_array_header_1_0
            if version == (1, 0)
            else np.lib.format.read_array_header_2_0
        )
        shape, fortran, dtype = read(file, max_header_size=10_000)
    except (ValueError, EOFError, SyntaxError, TypeError) as error:
        raise DamagedFile(f"{where}: its npy header is damaged ({str(error)[:120]})") from None
    return tuple(int(n) for n in shape), dtype, file.tell(), fortran


def _npy_contents(
    path: Path,
    part: Part,
    shape: tuple[int, ...],
    dtype: np.dtype[Any],
    offset: int,
    fortran: bool,
) -> LazyArray | LazyTable:
    if part.kind == "table" or fortran:
        # Records, and columns before rows, are left to NumPy's own reading by position.
        mapped = np.memmap(path, dtype, "r", offset, shape, "F" if fortran else "C")
        return _contents(mapped, part, MemoryArray)
    return PositionedArray(path, offset, shape, dtype, dtype.newbyteorder("="), path.name)


class _NpzMember(LazyArray):
    """A member of an npz file, read whole when its values are first asked for: it is compressed."""

    def __init__(self, path: Path, name: str, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
        super().__init__(shape, dtype.newbyteorder("="))
        self._path, self._name = path, name
        self._lock = threading.Lock()
        self._values: Values | None = None

    def _read(self, block: Block) -> Values:
        with self._lock:
            if self._values is None:
                where = f"{self._path.name}, {self._name}"
                refuse_beyond(caps.member_bytes, _nbytes(self.shape, self.dtype), where)
                try:
                    with np.load(self._path, allow_pickle=False) as archive:
                        self._values = np.asarray(archive[self._name], self.dtype)
                except (ValueError, zipfile.BadZipFile, EOFError, OSError) as error:
                    raise DamagedFile(f"{where}: cannot be read ({str(error)[:160]})") from None
            return self._values[block]


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

        try:
            file = h5py.File(path, "r", locking=False)
        except OSError as error:
            raise DamagedFile(
                f"{path.name} begins like HDF5 but cannot be opened ({str(error)[:160]}); it may be cut "
                "short: copy or download it again"
            ) from None
        try:
            found = _arrays_of(file, path.name)
            parts = tuple(p for p, _ in found)
            chosen = _choose(parts, part, path.name)
            array = found[chosen.index][1]
            contents = _contents(array, chosen, _Hdf5Array)
        except BaseException:
            file.close()
            raise
        weakref.finalize(contents, file.close)
        meta = {"unit": _attribute(array, ("units", "unit", "UNIT")), "warnings": []}
        return _dataset(
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


def _arrays_of(file: Any, name: str) -> list[tuple[Part, Any]]:
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
            item = group.get(key)
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
    return _part(index, path, tuple(item.shape or ()), item.dtype)


class _Hdf5Array(LazyArray):
    """An HDF5 array; h5py reads only the chunks that a slice touches, and does its own locking."""

    def __init__(self, array: Any) -> None:
        super().__init__(array.shape, array.dtype.newbyteorder("="))
        self._array = array

    def _read(self, block: Block) -> Values:
        try:
            return np.asarray(self._array[block]).astype(self.dtype, copy=False)
        except OSError as error:
            raise DamagedFile(f"{self._array.name}: cannot be read ({str(error)[:160]})") from None
