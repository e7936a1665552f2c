"""How long ago a file was written, where the clock of its file system is not that of this machine."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

SILENT = 30.0
"""Seconds without a sign of life after which who gives none counts as gone."""

_HOLDS = 300.0
"""Seconds for which what is known of a file system's clock is taken for true."""

_known: dict[int, tuple[float, float]] = {}


def seconds_since(folder: Path, written: float) -> float:
    """Give the seconds since a time of the file system, by its own clock where that matters.

    Parameters
    ----------
    folder
        Where the file lies; whoever may write into it asks the file system for its time there.
    written
        When, as the file system tells it, in seconds since 1970.
    """
    by_ours = time.time() - written
    if abs(by_ours) <= SILENT:
        return by_ours
    # Another machine's clock may be minutes off.
    return by_ours + _ahead_of_ours(folder)


def _ahead_of_ours(folder: Path) -> float:
    """Give how many seconds the clock of a file system is ahead; that takes a file, once in some minutes."""
    try:
        device = folder.stat().st_dev
        told = _known.get(device)
        if told is not None and time.monotonic() - told[0] < _HOLDS:
            return told[1]
        # Where it cannot be written, this machine's clock must do.
        if not os.access(folder, os.W_OK | os.X_OK):
            return 0.0
        handle, name = tempfile.mkstemp(dir=folder, prefix=".clock")
        try:
            ahead = os.fstat(handle).st_mtime - time.time()
        finally:
            os.close(handle)
            os.unlink(name)  # noqa: PTH108 - of mkstemp
    except OSError:
        return 0.0
    _known[device] = time.monotonic(), ahead
    return ahead
