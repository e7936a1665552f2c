"""Files that are files: opened past no link and no pipe, and counted, whoever left them there."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import IO


def open_plain(path: str | os.PathLike[str]) -> IO[bytes]:
    """Open a regular file to read its bytes.

    Raises
    ------
    OSError
        It cannot be opened, is a link, or no file: a pipe of its name would hold us for ever.
    """
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0)
    handle = os.open(path, flags)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError("it is no file")
    return os.fdopen(handle, "rb")


def is_plain(path: str | os.PathLike[str]) -> bool:
    """Tell whether there is a regular file at a path, and no link to one."""
    try:
        return stat.S_ISREG(os.lstat(path).st_mode)
    except (OSError, ValueError):
        return False


def size_below(place: Path) -> int:
    """Give the bytes of a file, or of all files in a folder and below."""
    return sum(facts.st_size for facts in _facts_below(place) if stat.S_ISREG(facts.st_mode))


def newest_below(place: Path) -> float:
    """Give when a file, or anything in a folder and below, was last written; 0 where nothing is."""
    return max((facts.st_mtime for facts in _facts_below(place)), default=0.0)


def _facts_below(place: Path) -> Iterator[os.stat_result]:
    # No link is followed, and what others remove meanwhile is not there.
    with contextlib.suppress(OSError):
        yield os.lstat(place)
    for folder, folders, names in os.walk(place, followlinks=False):
        for name in (*folders, *names):
            with contextlib.suppress(OSError):
                yield os.lstat(os.path.join(folder, name))  # noqa: PTH118 - a Path costs more
