"""How many cores and how much memory this process may take: of its container, not of the machine."""

from __future__ import annotations

import os
from pathlib import Path

from .control_groups import cores, groups, limit, memory_limit


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
    return max(1, int(cpu_share(root)))


def cpu_share(root: str | os.PathLike[str] = "/") -> float:
    """Give how many cores this process may use, with parts of one: 0.5 by a quota of half a core.

    Parameters
    ----------
    root
        Where ``proc`` and ``sys`` are.
    """
    found = [float(len(os.sched_getaffinity(0))), _granted("CPU_LIMIT")]
    return min(*found, *(cores(folder) for folder in groups("cpu", Path(root))))


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
    return int(min(*found, *(memory_limit(folder) for folder in groups("memory", Path(root)))))


def _granted(name: str) -> float:
    return limit(os.environ.get(name, ""))
