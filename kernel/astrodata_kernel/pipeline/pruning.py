"""What of a cache is of no use any more, and its removal while others may work with it."""

from __future__ import annotations

import contextlib
import json
import math
import shutil
import time
from pathlib import Path

from ..errors import BadRequest
from ..plain_files import newest_below, size_below

_FRESH = 3600.0
"""Seconds in which nothing is removed: somebody may be about to use it."""

_STALE = 24 * 3600.0
"""Seconds after which what has no writer is rubbish."""


def prune(folder: Path, days: float, *, dry_run: bool = False) -> int:
    """Remove what `Cache.prune` says from the folder of a cache, and give its bytes.

    Raises
    ------
    BadRequest
        The days are no number, or below 0.
    """
    if math.isnan(days) or days < 0:
        raise BadRequest(f"days = {days}: give a number from 0 on")
    now = time.time()
    limit = now - max(days * 86400, _FRESH)
    used = _of_runs(folder.parents[1])
    for path in folder.glob("results/*/*.json"):
        with contextlib.suppress(
            OSError, ValueError, LookupError, TypeError, AttributeError, RuntimeError
        ):
            if path.stat().st_mtime >= limit:
                told = json.loads(path.read_text("utf-8"))
                used |= {one["hash"] for one in told["outputs"].values()}
                continue
        if not dry_run:
            with contextlib.suppress(OSError):
                path.unlink()
    gone: list[Path] = []
    for value in folder.glob("values/??/*"):
        named = f"sha256:{value.parent.name}{value.name}" in used
        if not named and _touched(value) < now - _FRESH:
            gone.append(value)
    # Checkpoints of steps that failed and were not done since.
    gone += [work for work in folder.glob("work/*") if newest_below(work) < limit]
    gone += [
        left
        for pattern in ("values/.new-*", "values/.old-*", "claims/*", "*/*/.*.part")
        for left in folder.glob(pattern)
        if _touched(left) < now - _STALE
    ]
    gone += [mark for mark in folder.glob("marks/*/*") if _touched(mark) < limit]
    freed = sum(size_below(one) for one in gone)
    if not dry_run:
        for one in gone:
            if one.is_dir() and not one.is_symlink():
                shutil.rmtree(one, ignore_errors=True)
            else:
                with contextlib.suppress(OSError):
                    one.unlink()
    return freed


def _of_runs(root: Path) -> set[str]:
    """Give the hashes of what runs gave that are under way."""
    from ..runs import runs

    return {
        one["hash"]
        for run in runs(root)
        if run.state == "running"
        for step in run.steps.values()
        for one in (step.get("outputs") or {}).values()
    }


def _touched(path: Path) -> float:
    """Give when a file or folder itself was last written; others may remove it meanwhile."""
    with contextlib.suppress(OSError):
        return path.lstat().st_mtime
    return 0.0
