"""Gzip'd files, expanded once to the system's temporary folder."""

from __future__ import annotations

import gzip
import os
import shutil
import tempfile
import zlib
from pathlib import Path

from ..errors import DamagedFile, TooLarge, UnreadableFile
from .caps import caps
from .once import Once, Progress
from .scratch import folder

_CHUNK = 4 << 20
_LEFT_FREE = 1 << 30
_expanded: Once[Path] = Once(Path.exists)


def is_gzip(head: bytes) -> bool:
    """Tell whether a file begins like gzip."""
    return head.startswith(b"\x1f\x8b\x08")


def gunzipped_head(path: Path, count: int) -> bytes:
    """Give the first `count` bytes of what a gzip'd file holds.

    Raises
    ------
    DamagedFile
        The gzip stream breaks off before its first block.
    """
    with path.open("rb") as file:
        raw = file.read(4 * count)
    try:
        head = zlib.decompressobj(wbits=31).decompress(raw, count)
    except zlib.error as error:
        raise DamagedFile(
            f"{path.name} begins like gzip but is damaged ({error}); copy or download it again"
        ) from None
    if not head:
        raise DamagedFile(
            f"{path.name} begins like gzip but holds nothing; copy or download it again"
        )
    return head


def expanded(path: Path, progress: Progress | None = None) -> Path:
    """Give a path where the expanded bytes of a gzip'd file are.

    Parameters
    ----------
    path
        The gzip'd file; expanded anew only when its size or time changed, and once for all who want it.
    progress
        Told the share of the gzip'd bytes that are done. What it raises, such as `Cancelled`, gives the work
        up and leaves nothing behind.

    Raises
    ------
    TooLarge
        It grows beyond the cap, or would fill the disk.
    DamagedFile
        The stream is cut short or damaged.
    """
    status = path.stat()
    key = (str(path.resolve()), status.st_size, status.st_mtime_ns)
    return _expanded.get(key, lambda told: _expand(path, status.st_size, told), progress)


def _expand(path: Path, size: int, progress: Progress) -> Path:
    _refuse_without_room(path, size)
    try:
        descriptor, name = tempfile.mkstemp(dir=folder(), suffix=".expanded")
    except OSError as error:
        raise _no_room(path, error) from None
    done = False
    try:
        with os.fdopen(descriptor, "wb") as out, path.open("rb") as raw, gzip.open(raw) as source:
            while chunk := source.read(_CHUNK):
                out.write(chunk)
                if out.tell() > caps.expanded_bytes:
                    raise TooLarge(
                        f"{path.name} expands to more than {caps.expanded_bytes:,} bytes: expand it "
                        "yourself, where there is room, if you trust it"
                    )
                if shutil.disk_usage(folder()).free < _LEFT_FREE:
                    raise _full(path)
                progress(min(1.0, raw.tell() / size))
        done = True
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DamagedFile(
            f"{path.name}: its gzip stream is damaged or cut short ({error}); copy or download it again"
        ) from None
    except OSError as error:
        raise _no_room(path, error) from None
    finally:
        if not done:
            Path(name).unlink(missing_ok=True)
    return Path(name)


def _refuse_without_room(path: Path, size: int) -> None:
    """Find out before the work whether the disk has room, by the size that the stream tells at its end."""
    with path.open("rb") as raw:
        raw.seek(-min(4, size), os.SEEK_END)
        told = int.from_bytes(raw.read(4), "little")  # modulo 4 GiB, and of the last member only
    if shutil.disk_usage(folder()).free < max(told, size) + _LEFT_FREE:
        raise _full(path)


def _full(path: Path) -> TooLarge:
    return TooLarge(
        f"{path.name} would fill the disk of {folder().parent} when expanded: make room there, or set TMPDIR"
    )


def _no_room(path: Path, error: OSError) -> UnreadableFile:
    return UnreadableFile(
        f"{path.name} cannot be expanded into {tempfile.gettempdir()}: {error.strerror or error}; set "
        "TMPDIR to a folder with room"
    )
