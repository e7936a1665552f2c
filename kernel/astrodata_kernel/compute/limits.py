"""How many cores and how much memory this process may take: of its container, not of the machine."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

_NONE = 1 << 60
"""What version 1 of control groups says where there is no limit is of this size."""


def cpus(root: str | os.PathLike[str] = "/") -> int:
    """Give the number of cores that this process may use, at least 1.

    The least of the cores that it is tied to, of the quota of each control group that it is in (version 1 and
    2, rounded down: a quota that is exceeded stalls everything) and of what JupyterHub grants
    (``CPU_LIMIT``).

    Parameters
    ----------
    root
        Where ``proc`` and ``sys`` are.

    >>> cpus() >= 1
    True
    """
    found = [float(len(os.sched_getaffinity(0))), _granted("CPU_LIMIT")]
    for folder in _groups("cpu", Path(root)):
        quota, _, period = _text(folder / "cpu.max").partition(" ")
        found.append(_share(quota, period))
        found.append(
            _share(_text(folder / "cpu.cfs_quota_us"), _text(folder / "cpu.cfs_period_us"))
        )
    return max(1, int(min(found)))


def memory(root: str | os.PathLike[str] = "/") -> int:
    """Give the bytes that this process and those beside it in its container may take together.

    The least of the machine's memory, of the limit of each control group that it is in (version 1 and 2) and
    of what JupyterHub grants (``MEM_LIMIT``).

    Parameters
    ----------
    root
        Where ``proc`` and ``sys`` are.

    >>> memory() > 0
    True
    """
    found = [float(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")), _granted("MEM_LIMIT")]
    for folder in _groups("memory", Path(root)):
        files = ("memory.max", "memory.high", "memory.limit_in_bytes")
        found += [_positive(_text(folder / name)) for name in files]
    return int(min(found))


def _groups(controller: str, root: Path) -> Iterator[Path]:
    """Give the folders of this process's control groups, from its own up to the mount's."""
    for line in _text(root / "proc/self/cgroup").splitlines():
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


def _text(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""


def _positive(text: str) -> float:
    """Give a number, and infinity for ``max``, -1, nothing and what is beyond all memories."""
    try:
        value = float(text)
    except ValueError:
        return float("inf")
    return value if 0 < value < _NONE else float("inf")


def _share(quota: str, period: str) -> float:
    length = _positive(period)
    return float("inf") if length == float("inf") else _positive(quota) / length


def _granted(name: str) -> float:
    return _positive(os.environ.get(name, ""))
