"""Files that GDAL reads: what they say of their pixels, and one handle for each thread."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import (
    DamagedFile,
    DataCheckFailed,
    MissingPackage,
    TooLarge,
    UnreadableFile,
)
from .caps import caps
from .quiet import quiet

DRIVERS = ("GTiff", "JP2OpenJPEG")
"""What GDAL may take a file for, whatever its name says; others can name files elsewhere (VRT)."""

_OPEN = 24
"""Handles that each thread keeps open."""

SETTINGS: dict[str, Any] = {
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",  # no search for files beside, which are slow or hostile
    "GDAL_PAM_ENABLED": "NO",
    "GDAL_CACHEMAX": 256 << 20,  # bytes, for all files; a share of the machine's memory otherwise
    "GDAL_NUM_THREADS": "1",  # threads are ours: one a handle
    "GDAL_HTTP_TIMEOUT": "60",
    "GDAL_HTTP_CONNECTTIMEOUT": "15",
    "GDAL_HTTP_MAX_RETRY": "2",
}

_REMOTE = {"VSI_CACHE": "TRUE"}
"""For addresses only: 25 MB for each handle, which the system's own cache makes useless for local files."""


class _Handles(threading.local):
    def __init__(self) -> None:
        self.kept: OrderedDict[Any, Any] = OrderedDict()


_handles = _Handles()


@dataclass(frozen=True)
class FileFacts:
    """What a file says of its pixels."""

    driver: str
    shape: tuple[int, int]
    dtypes: tuple[str, ...]
    transform: tuple[float, float, float, float, float, float]
    crs: str
    nodata: tuple[float | None, ...]
    descriptions: tuple[str | None, ...]
    overviews: tuple[int, ...]
    block: tuple[int, int]
    referenced: bool
    southward: bool = False
    """Whether the file's rows begin in the south; `transform` is that of rows from the north all the same."""


@dataclass(frozen=True)
class GdalFile:
    """A file that GDAL reads, also inside an archive or at an address.

    Parameters
    ----------
    place
        As GDAL names it: a path, ``/vsizip/{...}/member``, ``/vsicurl/https://...``.
    name
        How errors name it.
    local
        The file of this machine that holds it, None for an address.
    """

    place: str
    name: str
    local: Path | None = None
    stamp: tuple[int, int] | None = field(default=None, compare=False)

    @classmethod
    def at(cls, path: Path, name: str | None = None) -> GdalFile:
        """Give a plain file of this machine."""
        return cls(str(path.absolute()), name or path.name, path, _stamp(path))

    @classmethod
    def zipped(cls, archive: Path, member: str) -> GdalFile:
        """Give a member of a zip archive, which is never unpacked."""
        # Braces keep GDAL from guessing where the archive's path ends.
        place = f"/vsizip/{{{archive.absolute()}}}/{member}"
        return cls(place, f"{archive.name}, {member.rpartition('/')[2]}", archive, _stamp(archive))

    @property
    def key(self) -> tuple[Any, ...]:
        """What tells these bytes from others."""
        return self.place, self.stamp

    def facts(self) -> FileFacts:
        """Give what the file says of its pixels.

        Raises
        ------
        UnreadableFile, DamagedFile
            Nothing is there, or GDAL cannot read it.
        TooLarge
            Blocks that would have to be expanded whole and are beyond the caps.
        """
        with self.opened() as handle:
            known: FileFacts = handle[1]
            return known

    @contextmanager
    def opened(self, overview: int | None = None) -> Iterator[tuple[Any, FileFacts]]:
        """Give this thread's own handle, and what the file says; GDAL's handles serve one thread each."""
        rasterio = needed()
        if self.local is not None and self.stamp != _stamp(self.local):
            raise DataCheckFailed(f"{self.name} changed since it was opened: open it again")
        key = (*self.key, overview)
        kept = _handles.kept
        with rasterio.Env(**SETTINGS, **(_REMOTE if self.local is None else {})):
            pair = kept.get(key)
            if pair is None:
                handle = self._open(rasterio, overview)
                try:
                    pair = handle, _facts(handle, self.name)
                except BaseException:
                    handle.close()
                    raise
                kept[key] = pair
                while len(kept) > _OPEN:
                    kept.popitem(last=False)[1][0].close()
            kept.move_to_end(key)
            try:
                yield pair
            except (rasterio.errors.RasterioError, rasterio._err.CPLE_BaseError) as error:
                kept.pop(key, None)
                raise DamagedFile(
                    f"{self.name} cannot be read here ({_said(error)}): it may be cut short or damaged; copy "
                    "or download it again"
                ) from None

    def _open(self, rasterio: Any, overview: int | None) -> Any:
        options = {} if overview is None else {"overview_level": overview}
        problem: Exception | None = None
        # By content: a GeoTIFF may be called .jp2.
        for driver in DRIVERS:
            try:
                # Not for addresses: that lock would make files at several of them wait for each other.
                with quiet() if self.local is not None else nullcontext():
                    return rasterio.open(self.place, driver=driver, **options)
            except (rasterio.errors.RasterioError, rasterio._err.CPLE_BaseError) as error:
                if problem is None or "not recognized" in str(problem):
                    problem = error
        if self.local is None:
            raise UnreadableFile(
                f"{self.name} cannot be read from its address ({_said(problem)}): check the address, the "
                "network and whether you may read it"
            )
        if not self.local.exists():
            raise UnreadableFile(f"{self.name} is not there any more: {self.local}")
        raise DamagedFile(
            f"{self.name} is neither a whole GeoTIFF nor JPEG 2000 ({_said(problem)}): copy or download it "
            "again"
        )


def needed() -> Any:
    """Give rasterio, which is loaded when a scene is opened.

    Raises
    ------
    MissingPackage
        It is not installed.
    """
    try:
        import rasterio
        import rasterio._err
        import rasterio.errors
    except ImportError:
        raise MissingPackage(
            "GeoTIFF and JPEG 2000 need the package rasterio: pip install rasterio"
        ) from None
    return rasterio


def _facts(handle: Any, name: str) -> FileFacts:
    rows, columns = handle.shape
    if rows < 1 or columns < 1 or not handle.count:
        raise DamagedFile(f"{name} holds no pixels ({rows} x {columns}, {handle.count} layers)")
    block = tuple(handle.block_shapes[0])
    for dtype, (height, width) in zip(handle.dtypes, handle.block_shapes, strict=True):
        if dtype.startswith(("complex", "cint")):
            raise DamagedFile(f"{name} holds complex numbers, which are no scene's")
        size = height * width * np.dtype(dtype).itemsize
        if size > caps.tile_bytes:
            raise TooLarge(f"{name} has blocks of {size:,} bytes, more than {caps.tile_bytes:,}")
    transform = tuple(float(v) for v in handle.transform[:6])
    if transform[1] or transform[3]:
        raise DamagedFile(f"{name} lies askew to its grid (rotated pixels), which is not read here")
    crs = handle.crs
    step, top = transform[4], transform[5]
    southward = crs is not None and step > 0
    if southward:
        step, top = -step, top + step * rows
    return FileFacts(
        handle.driver,
        (rows, columns),
        tuple(handle.dtypes),
        (transform[0], 0.0, transform[2], 0.0, step, top),
        "" if crs is None else crs.to_string(),
        tuple(None if v is None else float(v) for v in handle.nodatavals),
        tuple(handle.descriptions),
        # Blocks of an overview begin where the file does, which is the wrong end.
        () if southward else tuple(handle.overviews(1)),
        (block[0], block[1]),
        crs is not None,
        southward,
    )


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns


def _said(error: Exception | None) -> str:
    text = " ".join(str(error).split())
    # What GDAL says names places as it does, with what an address may hold.
    return text.rpartition(": ")[2][:160] or type(error).__name__
