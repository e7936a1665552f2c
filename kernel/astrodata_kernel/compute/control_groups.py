"""The control groups that this process is in, as Linux shows them in files (versions 1 and 2)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

NONE = 1 << 60
"""What version 1 says where there is no limit is of this size."""


def groups(controller: str, root: Path) -> Iterator[Path]:
    """Give the folders of this process's control groups, from its own up to the mount's.

    Parameters
    ----------
    controller
        Such as ``"memory"``.
    root
        Where ``proc`` and ``sys`` are.
    """
    for line in text(root / "proc/self/cgroup").splitlines():
        _, _, rest = line.partition(":")
        names, _, path = rest.partition(":")
        if not names:
            mounts = ["", "unified"]  # version 2, alone or beside version 1
        elif controller in names.split(","):
            mounts = [names, controller]
        else:
            continue
        own = PurePosixPath("/", path.lstrip("/"))
        # In a container the path may be the host's, of which only the mount itself is to be seen.
        levels = [] if ".." in own.parts else [own, *own.parents]
        for mount in mounts:
            base = root / "sys/fs/cgroup" / mount
            for level in levels or [PurePosixPath("/")]:
                folder = base / str(level).lstrip("/")
                if folder.is_dir():
                    yield folder


def text(path: Path) -> str:
    """Give what a file says, and nothing for one that cannot be read."""
    try:
        return path.read_text().strip()
    except (OSError, ValueError):
        return ""


def entry(path: Path, name: str) -> int | None:
    """Give the number on the line of a name, as in ``memory.stat``; None where there is none."""
    for line in text(path).splitlines():
        said, _, value = line.partition(" ")
        if said == name:
            return number(value)
    return None


def number(value: str) -> int | None:
    """Give a whole number that can be a size or a time; None for every other text."""
    try:
        found = int(value)
    except ValueError:
        return None
    return found if 0 <= found < NONE else None


def limit(value: str) -> float:
    """Give a number, and infinity for ``max``, -1, nothing and what is beyond all memories."""
    try:
        found = float(value)
    except ValueError:
        return float("inf")
    return found if 0 < found < NONE else float("inf")


def cores(folder: Path) -> float:
    """Give the cores that a group may use at once, by its quota; infinity without one."""
    quota, _, period = text(folder / "cpu.max").partition(" ")
    old = text(folder / "cpu.cfs_quota_us"), text(folder / "cpu.cfs_period_us")
    return min(_share(quota, period), _share(*old))


def memory_limit(folder: Path) -> float:
    """Give the bytes that a group may take; infinity without a limit."""
    files = ("memory.max", "memory.high", "memory.limit_in_bytes")
    return min(limit(text(folder / name)) for name in files)


def _share(quota: str, period: str) -> float:
    length = limit(period)
    return float("inf") if length == float("inf") else limit(quota) / length
