"""A private folder for temporary files, which goes with the process."""

from __future__ import annotations

import atexit
import fcntl
import os
import shutil
import tempfile
import threading
from pathlib import Path

_PREFIX = f"astrodata-{os.getuid()}-"
_LOCK = "lock"
_guard = threading.Lock()
_made: dict[int, tuple[Path, int]] = {}


def folder() -> Path:
    """Give this process's own temporary folder, which only its user can enter.

    Folders of processes that were killed are removed on the way: a file expanded for a preview may be
    gigabytes.
    """
    with _guard:
        known = _made.get(os.getpid())
        if known is not None and known[0].is_dir():
            return known[0]
        _sweep(Path(tempfile.gettempdir()))
        made = _make()
        while made is None:
            made = _make()
        _made[os.getpid()] = made
        atexit.register(_remove, os.getpid())
        return made[0]


def _make() -> tuple[Path, int] | None:
    """Make a folder and hold its lock; None where somebody swept it before it was locked."""
    made = Path(tempfile.mkdtemp(prefix=_PREFIX))
    # The lock lives as long as the process, whatever ends it, and across containers that share /tmp.
    lock = os.open(made / _LOCK, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    if os.fstat(lock).st_nlink:
        return made, lock
    os.close(lock)
    return None


def _remove(owner: int) -> None:
    # A forked child runs its parent's exit handlers too.
    if owner == os.getpid():
        shutil.rmtree(_made[owner][0], ignore_errors=True)


def _sweep(place: Path) -> None:
    for left in place.glob(f"{_PREFIX}*"):
        try:
            lock = os.open(left / _LOCK, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError:
            continue  # just being made, or no folder of ours
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(left, ignore_errors=True)
        except OSError:
            pass  # its process is alive
        finally:
            os.close(lock)
