"""The SHA-256 of data sets that are folders."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from ..errors import Cancelled
from .hashing import FileDigest

_CHUNK = 4 << 20


class FolderDigest(FileDigest):
    """The SHA-256 of a folder's files: of their names, sizes and bytes, in the order of their names."""

    def __init__(self, folder: Path, names: tuple[str, ...]) -> None:
        self._folder, self._names = folder, names
        size = sum(_size(folder / name) for name in names)
        super().__init__(folder, os.stat_result((0, 0, 0, 0, 0, 0, size, 0, 0, 0)))

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return self._status.st_size

    def _marked(self) -> str | None:
        # Times and sizes of its files; the folder's own time says little.
        sha = hashlib.sha256()
        for name in self._names:
            status = (self._folder / name).stat()
            sha.update(f"{name}\0{status.st_size}\0{status.st_mtime_ns}\0".encode())
        return sha.hexdigest()

    def _hash(self) -> str:
        sha = hashlib.sha256()
        for name in self._names:
            sha.update(f"{name}\0{_size(self._folder / name)}\0".encode())
            with (self._folder / name).open("rb") as file:
                while chunk := file.read(_CHUNK):
                    if self._cancel.is_set():
                        raise Cancelled(f"{self._folder.name}: hashing was cancelled")
                    sha.update(chunk)
                    self._done += len(chunk)
        return sha.hexdigest()


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
