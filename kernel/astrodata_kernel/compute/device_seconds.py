"""How long a run holds a GPU: what a hub accounts for."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

_CUDA = "/dev/nvidia-uvm"
"""CUDA opens it, and what only asks the driver does not."""
_CARD = re.compile(r"/dev/nvidia\d+")
_MOST = 1_000
"""Processes that are looked at."""


class DeviceSeconds:
    """Seconds for which this process, or one that it has started, holds GPUs, times their number.

    A GPU is held from the moment when CUDA is begun until its process ends, whether it works or not: nobody
    else can have it. A slice counts as one. Processes of other machines are not seen.

    Parameters
    ----------
    root
        Where ``proc`` is.

    >>> held = DeviceSeconds()
    >>> held.look()
    >>> held.seconds >= 0
    True
    """

    def __init__(self, root: str | os.PathLike[str] = "/") -> None:
        self.seconds = 0.0
        self._proc = Path(root) / "proc"
        self._looked = time.monotonic()

    def look(self) -> None:
        """Count the time since the last look, if a GPU is held now."""
        now = time.monotonic()
        self.seconds += (now - self._looked) * held_devices(self._proc)
        self._looked = now


def held_devices(proc: str | os.PathLike[str] = "/proc") -> int:
    """Give how many GPUs this process and those that it has started hold.

    Parameters
    ----------
    proc
        Where Linux tells of processes.
    """
    cards: set[str] = set()
    for process in _family(Path(proc)):
        opened = _opened(process)
        if _CUDA in opened:
            cards |= {one for one in opened if _CARD.fullmatch(one)}
    return len(cards)


def _family(proc: Path) -> list[Path]:
    found = [proc / "self"]
    for process in found:
        for listed in process.glob("task/*/children"):
            try:
                found += [proc / pid for pid in listed.read_text().split()]
            except OSError:
                continue
        if len(found) > _MOST:
            break
    return found[:_MOST]


def _opened(process: Path) -> set[str]:
    found = set()
    try:
        for link in os.scandir(process / "fd"):
            try:
                found.add(os.readlink(link.path))  # noqa: PTH115 - hundreds of them, every few seconds
            except OSError:
                continue
    except OSError:
        # Somebody else's, or gone meanwhile.
        return set()
    return found
