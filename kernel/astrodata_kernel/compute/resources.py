"""What is taken of the memory, the cores and the disk that this process may use: of its container."""

from __future__ import annotations

import os
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from ..errors import UnreadableFile
from ..workspace import workspace
from . import limits
from .control_groups import cores, entry, groups, memory_limit, number, text

_PARTS = (0, 1, 2, 5, 6, 7)
"""Columns of ``/proc/stat`` that are work: user, nice, system, irq, softirq, steal."""


@dataclass(frozen=True, slots=True)
class Memory:
    """Memory, in bytes.

    Parameters
    ----------
    total
        What may be taken.
    used
        What is, by all in the container; file cache that would be given back at once does not count. None
        where nobody tells.
    own
        What this process takes of it (its resident set); None where nobody tells.
    scope
        ``"container"``, or ``"machine"`` where no container sets a limit.
    """

    total: int
    used: int | None
    own: int | None
    scope: str


@dataclass(frozen=True, slots=True)
class Cpu:
    """Cores, and what they have worked.

    Parameters
    ----------
    total
        Cores that may be used at once; a quota may be a part of one.
    seconds
        Core-seconds that all in the container (or, without one, on the machine) have worked since it began;
        None where nobody tells.
    when
        Seconds of a clock that only goes forward, at which this was so.
    """

    total: float
    seconds: float | None
    when: float

    def busy(self, before: Cpu) -> float | None:
        """Give how many cores worked on average since an earlier look; None where that cannot be told."""
        passed = self.when - before.when
        if self.seconds is None or before.seconds is None or passed <= 0:
            return None
        # A container that began anew counts from nothing.
        return max(0.0, self.seconds - before.seconds) / passed


@dataclass(frozen=True, slots=True)
class Disk:
    """The file system of a workspace, in bytes.

    Parameters
    ----------
    total
        All of it, which others may use too.
    used
        What is taken.
    free
        What this user may still write.
    """

    total: int
    used: int
    free: int


@dataclass(frozen=True, slots=True)
class Usage:
    """What of this machine, or of its container, may be used and what is.

    Parameters
    ----------
    memory, cpu
        Of the container, where it has limits, and else of the machine.
    disk
        Of the workspace.
    """

    memory: Memory
    cpu: Cpu
    disk: Disk


def usage(root: str | os.PathLike[str] | None = None) -> Usage:
    """Give memory, cores and disk as they are now.

    Parameters
    ----------
    root
        Folder of the workspace; by default the one that the current folder is in.

    Raises
    ------
    UnreadableFile
        The file system of the workspace does not answer.

    >>> now = usage("/")
    >>> 0 < now.memory.total and 0 < now.cpu.total and 0 <= now.disk.free <= now.disk.total
    True
    """
    return Usage(memory(), cpu(), disk(root))


def memory(root: str | os.PathLike[str] = "/") -> Memory:
    """Give the memory of the container.

    Parameters
    ----------
    root
        Where ``proc`` and ``sys`` are.
    """
    place, total = Path(root), limits.memory(root)
    bounds = [(memory_limit(folder), folder) for folder in groups("memory", place)]
    least, folder = min(bounds, key=lambda one: one[0], default=(float("inf"), None))
    if folder is not None and least < float("inf"):
        return Memory(total, _within(_taken(folder), total), own_memory(root), "container")
    size, free = (_meminfo(place, name) for name in ("MemTotal", "MemAvailable"))
    used = None if size is None or free is None else size - free
    return Memory(total, _within(used, total), own_memory(root), "machine")


def cpu(root: str | os.PathLike[str] = "/") -> Cpu:
    """Give the cores of the container.

    Parameters
    ----------
    root
        Where ``proc`` and ``sys`` are.
    """
    place = Path(root)
    when, total = time.monotonic(), limits.cpu_share(root)
    bound = [folder for folder in groups("cpu", place) if cores(folder) < float("inf")]
    # Without a quota the outermost group that is to be seen is the container's, or the machine's own.
    for folder in (*bound, *reversed([*groups("cpu", place), *groups("cpuacct", place)])):
        seconds = _worked(folder)
        if seconds is not None:
            return Cpu(total, seconds, when)
    return Cpu(total, _worked_by_all(place), when)


def disk(root: str | os.PathLike[str] | None = None) -> Disk:
    """Give the disk of a workspace.

    Parameters
    ----------
    root
        Folder of the workspace; by default the one that the current folder is in.

    Raises
    ------
    UnreadableFile
        Its file system does not answer.
    """
    place = workspace(root)
    try:
        found = shutil.disk_usage(place)
    except OSError as error:
        raise UnreadableFile(
            f"the disk of {place} does not tell how full it is: {error.strerror or error}. Check that the "
            "folder is there, and that its server answers"
        ) from None
    return Disk(found.total, found.used, found.free)


def own_memory(root: str | os.PathLike[str] = "/") -> int | None:
    """Give the bytes that this process takes (its resident set); None where nobody tells.

    Parameters
    ----------
    root
        Where ``proc`` is.
    """
    pages = text(Path(root) / "proc/self/statm").split()[1:2]
    count = number(pages[0]) if pages else None
    return None if count is None else count * os.sysconf("SC_PAGE_SIZE")


def _taken(folder: Path) -> int | None:
    for name, inactive in (
        ("memory.current", "inactive_file"),
        ("memory.usage_in_bytes", "total_inactive_file"),
    ):
        taken = number(text(folder / name))
        if taken is not None:
            return max(0, taken - (entry(folder / "memory.stat", inactive) or 0))
    return None


def _within(used: int | None, total: int) -> int | None:
    return None if used is None else min(max(0, used), total)


def _meminfo(root: Path, name: str) -> int | None:
    for line in text(root / "proc/meminfo").splitlines():
        said, _, value = line.partition(":")
        if said == name:
            kilobytes = number(value.removesuffix("kB"))
            return None if kilobytes is None else 1024 * kilobytes
    return None


def _worked(folder: Path) -> float | None:
    microseconds = entry(folder / "cpu.stat", "usage_usec")
    if microseconds is not None:
        return microseconds / 1e6
    nanoseconds = number(text(folder / "cpuacct.usage"))
    return None if nanoseconds is None else nanoseconds / 1e9


def _worked_by_all(root: Path) -> float | None:
    columns = text(root / "proc/stat").partition("\n")[0].split()[1:]
    ticks = [number(columns[place]) for place in _PARTS if place < len(columns)]
    known = [one for one in ticks if one is not None]
    return sum(known) / os.sysconf("SC_CLK_TCK") if known else None
