"""Files that have their name only when they are whole."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import IO

from .errors import UnreadableFile


def write_whole(
    path: str | os.PathLike[str],
    content: bytes | Callable[[IO[bytes]], object],
    *,
    sync: bool = True,
) -> Path:
    """Write a file under a name of its own and rename it when all of it is on the disk.

    Parameters
    ----------
    path
        Where it shall be; what was there before stays until then.
    content
        The bytes, or what writes them into an open file.
    sync
        False for what is made again at no cost: a power cut may leave it empty.

    Returns
    -------
    Path
        The file's.

    Raises
    ------
    UnreadableFile
        The disk is full, or the folder does not take it; nothing is left behind.
    """
    target = Path(path)
    name = None
    try:
        handle, name = tempfile.mkstemp(
            dir=target.parent, prefix=f".{target.name}.", suffix=".part"
        )
        with os.fdopen(handle, "wb") as file:
            if isinstance(content, bytes):
                file.write(content)
            else:
                content(file)
            if sync:
                file.flush()
                os.fsync(file.fileno())
        permit(Path(name))
        Path(name).replace(target)
    except OSError as error:
        if name is not None:
            Path(name).unlink(missing_ok=True)
        raise UnreadableFile(
            f"{target} cannot be written: {error.strerror or error}. Free some space or choose "
            "another folder; nothing was left there"
        ) from None
    except BaseException:
        if name is not None:
            Path(name).unlink(missing_ok=True)
        raise
    return target


def permit(path: Path) -> None:
    """Let those read a file of `mkstemp`, which is its owner's alone, who could read any other."""
    with contextlib.suppress(OSError):
        path.chmod(0o666 & ~_umask())


def _umask() -> int:
    # os.umask tells by setting another one, which threads would meet.
    try:
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("Umask:"):
                return int(line.split()[1], 8)
    except OSError:
        pass
    return 0o077
