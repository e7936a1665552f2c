"""Arrays in NumPy's npy and npz files."""

from __future__ import annotations

import lzma
import threading
import weakref
import zipfile
import zlib
from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np

from ..datasets import Dataset, LazyTable, Part, Provenance
from ..datasets.dataset import part_number
from ..datasets.lazy import Block, LazyArray, Values
from ..errors import AstrodataError, DamagedFile, UnsupportedFormat
from .caps import caps, refuse_beyond
from .positioned import PositionedArray

_KINDS = ("spectrum", "image", "cube")


def part_of(index: int, name: str, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Part:
    """Give what an array of a shape and dtype is, with a note where it cannot be opened."""
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


def chosen_part(parts: Sequence[Part], part: int | str | None, name: str) -> Part:
    """Give the part that is meant, the first that can be opened when none is named.

    Raises
    ------
    UnknownName, UnsupportedFormat
        There is no such part, or it cannot be opened.
    """
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


def contents_of(array: Any, part: Part, lazy: Callable[[Any], LazyArray]) -> LazyArray | LazyTable:
    """Give the lazy table of records, or what `lazy` makes of anything else."""
    if part.kind != "table":
        return lazy(array)
    columns = [(name, str(array.dtype[name]), "") for name in array.dtype.names]
    return LazyTable(columns, part.shape[0], _RecordRows(array))


def dataset_of(
    contents: LazyArray | LazyTable,
    parts: tuple[Part, ...],
    part: Part,
    provenance: Provenance,
    meta: dict[str, Any],
    again: Callable[[int], Dataset],
) -> Dataset:
    """Give the data set of one array of a file; `again` opens another one of its parts."""
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
        name = Path(provenance.path).name
        with path.open("rb") as file:
            zipped = file.read(2) == b"PK"
        members = npz_members(path, name) if zipped else [("array.npy", *_npy_header(path, name))]
        parts = tuple(
            part_of(index, member.removesuffix(".npy"), shape, dtype)
            for index, (member, shape, dtype, _, _) in enumerate(members)
        )
        chosen = chosen_part(parts, part, name)
        member, shape, dtype, _, _ = members[chosen.index]
        array = npz_member(path, member, shape, dtype, name) if zipped else npy_array(path, name)
        return dataset_of(
            contents_of(array, chosen, lambda same: same),
            parts,
            chosen,
            provenance,
            {"unit": "", "warnings": []},
            lambda number: self.open(path, provenance, number),
        )


def npz_members(
    path: Path, where: str
) -> list[tuple[str, tuple[int, ...], np.dtype[Any], int, bool]]:
    """Give (name, shape, dtype, length of the header, Fortran order) of the arrays of an npz file.

    Raises
    ------
    DamagedFile, UnsupportedFormat
        The zip file or a header cannot be read, or there is no array.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            names = [n for n in archive.namelist() if n.endswith(".npy")][: caps.objects]
            found = []
            for name in names:
                with archive.open(name) as file:
                    found.append((name, *_header(file, f"{where}, {name}")))
    except _ZIP_ERRORS as error:
        if isinstance(error, AstrodataError):
            raise
        raise _damaged_zip(where, error) from None
    if not found:
        raise UnsupportedFormat(f"{where} is a zip file without arrays in it")
    return found


def npy_array(path: Path, where: str) -> PositionedArray:
    """Give the lazy array of an npy file, read by position.

    Raises
    ------
    DamagedFile, UnsupportedFormat
        Fewer bytes than its header declares, or Python objects.
    """
    shape, dtype, offset, fortran = _npy_header(path, where)
    if dtype.hasobject:
        raise UnsupportedFormat(f"{where}: {part_of(0, '', shape, dtype).note}")
    native = dtype.newbyteorder("=")
    return PositionedArray(path, offset, shape, dtype, native, where, fortran)


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


def npz_member(
    path: Path, member: str, shape: tuple[int, ...], dtype: np.dtype[Any], name: str
) -> LazyArray:
    """Give the lazy array of a member of an npz file: by position where it is stored as it is.

    Raises
    ------
    DamagedFile
        The zip file cannot be read.
    """
    where = f"{name}, {member}"
    try:
        with zipfile.ZipFile(path) as archive:
            info = archive.getinfo(member)
        plain = info.compress_type == zipfile.ZIP_STORED and not info.flag_bits & 1
        if plain and not dtype.hasobject and not dtype.names:
            with path.open("rb") as file:
                # The local header has lengths of its own, other than those of the list at the end.
                file.seek(info.header_offset + 26)
                lengths = np.frombuffer(file.read(4), "<u2")
                begin = info.header_offset + 30 + int(lengths.sum(dtype=np.int64))
                file.seek(begin)
                _, _, offset, fortran = _header(file, where)
            # Within the member: what a header declares beyond it are the bytes of the next one.
            end = min(begin + info.file_size, path.stat().st_size)
            if offset + _nbytes(shape, dtype) <= end:
                native = dtype.newbyteorder("=")
                return PositionedArray(path, offset, shape, dtype, native, where, fortran)
    except _ZIP_ERRORS as error:
        if isinstance(error, AstrodataError):
            raise
        raise _damaged_zip(where, error) from None
    return _NpzMember(path, member, shape, dtype, name)


_KEPT_BYTES = 1 << 30
_kept: OrderedDict[int, weakref.ref[_NpzMember]] = OrderedDict()
_kept_lock = threading.Lock()


def _keep(member: _NpzMember) -> None:
    """Keep the members that were used last in memory, up to a number of bytes."""
    with _kept_lock:
        _kept[id(member)] = weakref.ref(member)
        _kept.move_to_end(id(member))
        alive = {key: one for key, ref in _kept.items() if (one := ref()) is not None}
        total = sum(_nbytes(one.shape, one.dtype) for one in alive.values())
        for key in list(_kept):
            if key not in alive:
                del _kept[key]
            elif total > _KEPT_BYTES and alive[key] is not member:
                total -= _nbytes(alive[key].shape, alive[key].dtype)
                alive[key].forget()
                del _kept[key]


class _NpzMember(LazyArray):
    """A member of an npz file, read whole when its values are first asked for: it is compressed."""

    def __init__(
        self, path: Path, member: str, shape: tuple[int, ...], dtype: np.dtype[Any], name: str
    ) -> None:
        super().__init__(shape, dtype.newbyteorder("="))
        self._path, self._member, self._where = path, member, f"{name}, {member}"
        self._lock = threading.Lock()
        self._values: Values | None = None

    def _read(self, block: Block) -> Values:
        with self._lock:
            if self._values is None:
                self._values = self._whole()
            # A copy: what somebody writes into a slice must not come back with the next one.
            part = np.array(self._values[block])
        _keep(self)
        return part

    def forget(self) -> None:
        """Let the values go; they are read again when they are asked for."""
        with self._lock:
            self._values = None

    def _whole(self) -> Values:
        refuse_beyond(caps.member_bytes, _nbytes(self.shape, self.dtype), self._where)
        try:
            with zipfile.ZipFile(self._path) as archive, archive.open(self._member) as file:
                shape, dtype, _, fortran = _header(file, self._where)
                wanted = _nbytes(shape, dtype)
                # No more than was declared, whatever else comes out of the zip.
                data = file.read(wanted)
        except _ZIP_ERRORS as error:
            raise _damaged_zip(self._where, error) from None
        if len(data) != wanted or shape != self.shape:
            raise DamagedFile(
                f"{self._where}: holds {len(data):,} bytes where its header declares {wanted:,}; copy or "
                "download the file again"
            )
        values = np.frombuffer(data, dtype).reshape(shape, order="F" if fortran else "C")
        return np.asarray(values, self.dtype)


_ZIP_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    NotImplementedError,
    OSError,
    RuntimeError,
    KeyError,
    ValueError,
)


def _damaged_zip(where: str, error: Exception) -> DamagedFile:
    return DamagedFile(
        f"{where}: the zip file cannot be read ({str(error)[:160]}); copy or download it again"
    )
