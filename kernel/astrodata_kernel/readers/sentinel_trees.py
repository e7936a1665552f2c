"""The files of a product, in a folder or in a zip archive that is never unpacked."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Protocol

from ..errors import DamagedFile, TooLarge, UnreadableFile
from .caps import caps
from .sentinel_gdal import GdalFile

_RATIO = 200
"""How many times its bytes in the archive a member may grow, beyond the first 16 MiB."""
_FREE = 16 << 20
_DEPTH = 6


class Tree(Protocol):
    """Files by their names within a product, separated by slashes."""

    name: str
    names: tuple[str, ...]

    def data(self, name: str, limit: int) -> bytes:
        """Give the bytes of a small file."""

    def raster(self, name: str) -> GdalFile:
        """Give a file for GDAL to read."""


class FolderTree:
    """A folder.

    Raises
    ------
    TooLarge
        More files than a product ever has.
    """

    def __init__(self, folder: Path, depth: int = _DEPTH) -> None:
        self.folder, self.name = folder, folder.name
        self.names = tuple(sorted(_files(folder, depth)))

    def data(self, name: str, limit: int) -> bytes:
        """Give the bytes of a small file."""
        try:
            with (self.folder / name).open("rb") as file:
                return _limited(file.read(limit + 1), limit, f"{self.name}, {name}")
        except OSError as error:
            raise UnreadableFile(
                f"{self.name}, {name} cannot be read: {error.strerror or error}"
            ) from None

    def raster(self, name: str) -> GdalFile:
        """Give a file for GDAL to read."""
        return GdalFile.at(self.folder / name, f"{self.name}, {name.rpartition('/')[2]}")


class ZipTree:
    """A zip archive, of which members are read where they are.

    Raises
    ------
    DamagedFile
        No whole archive, or one with names that lead out of it.
    """

    def __init__(self, archive: Path) -> None:
        self.archive, self.name = archive, archive.name
        try:
            with zipfile.ZipFile(archive) as opened:
                self._members = {m.filename: m for m in opened.infolist() if not m.is_dir()}
        except (zipfile.BadZipFile, NotImplementedError, ValueError, EOFError) as error:
            raise DamagedFile(
                f"{archive.name} is no whole zip archive ({error}): copy or download it again"
            ) from None
        if len(self._members) > caps.objects:
            raise TooLarge(f"{archive.name} holds {len(self._members):,} files: it is no product")
        for name in self._members:
            parts = PurePosixPath(name.replace("\\", "/")).parts
            if ".." in parts or name.startswith(("/", "\\")) or ":" in name.split("/")[0]:
                raise DamagedFile(
                    f"{archive.name} holds a file called {name[:80]!r}, which leads out of the archive: no "
                    "product does; it is not read"
                )
        self.names = tuple(sorted(self._members))

    def data(self, name: str, limit: int) -> bytes:
        """Give the bytes of a small member."""
        member = self._checked(name)
        try:
            with zipfile.ZipFile(self.archive) as opened, opened.open(member) as file:
                return _limited(file.read(limit + 1), limit, f"{self.name}, {name}")
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError) as error:
            raise DamagedFile(
                f"{self.name}, {name} cannot be read ({error}): copy or download the archive again"
            ) from None

    def raster(self, name: str) -> GdalFile:
        """Give a member for GDAL to read."""
        self._checked(name)
        return GdalFile.zipped(self.archive, name)

    def _checked(self, name: str) -> zipfile.ZipInfo:
        member = self._members[name]
        if member.file_size > _FREE and member.file_size > _RATIO * max(1, member.compress_size):
            raise TooLarge(
                f"{self.name}, {name} would grow from {member.compress_size:,} to {member.file_size:,} bytes"
                ": it is no image, and is not read"
            )
        return member


def _limited(data: bytes, limit: int, where: str) -> bytes:
    if len(data) > limit:
        raise TooLarge(f"{where} has more than {limit:,} bytes: it is no product metadata")
    return data


def _files(folder: Path, depth: int, inside: str = "") -> Iterator[str]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        raise UnreadableFile(f"{folder} cannot be listed: {error.strerror or error}") from None
    for count, entry in enumerate(entries, 1):
        if count > caps.objects:
            raise TooLarge(f"{folder} holds more than {caps.objects:,} files: it is no product")
        if entry.is_dir(follow_symlinks=False):
            if depth > 0 and not entry.name.startswith("."):
                yield from _files(Path(entry.path), depth - 1, f"{inside}{entry.name}/")
        elif entry.is_file():
            yield inside + entry.name
