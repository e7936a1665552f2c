"""Which process something belongs to, and whether that lives: files outlive the processes that wrote them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

_BOOT = Path("/proc/sys/kernel/random/boot_id")


def this_process() -> dict[str, Any]:
    """Give what tells this process from all others: ``host``, ``boot``, ``pid`` and ``start``."""
    pid = os.getpid()
    return {"host": os.uname().nodename, "boot": boot(), "pid": pid, "start": _own_start(pid)}


def has_ended(told: Mapping[str, Any]) -> bool | None:
    """Tell whether a process does not live any more; None where that cannot be seen from here.

    Parameters
    ----------
    told
        What `this_process` gave there, as far as it was kept.
    """
    pid, own = told.get("pid"), boot()
    here = own is not None and told.get("boot") == own
    if not here or told.get("host") != os.uname().nodename or type(pid) is not int or pid <= 0:
        return None
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return True
    except PermissionError:
        return False  # somebody else's, of whom the system may tell no more
    # A container that is started again has the same host and boot, and counts its processes from 1.
    began = _start(pid)
    return began is None or told.get("start") not in (None, began)


@cache
def boot() -> str | None:
    """Give what tells this start of the machine from others, or None."""
    try:
        return _BOOT.read_text().strip()
    except OSError:
        return None


def _start(pid: int) -> str | None:
    """Give when a process began, in ticks since the start of the machine; None where it has ended."""
    try:
        told = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
        # One that was killed stays there until its parent has looked, and some parents never do.
        return None if told[0] in "ZX" else told[19]
    except (OSError, IndexError):
        return None


_own_start = cache(_start)
