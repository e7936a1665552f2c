"""Who is making what: two runs that need the same result do not both make it.

A claim is a file that one process makes, exclusively, and touches while it works. Whoever finds one waits for
the result, or takes the claim over when its maker has gone. It is a courtesy and no lock: if two make the
same after all, the cache keeps one.
"""

from __future__ import annotations

import contextlib
import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ..runs.clocks import SILENT, seconds_since
from ..runs.processes import has_ended, this_process

BEAT = 5.0
"""Seconds between two signs of life."""

_LOOK = 0.2


class Claims:
    """The claims of a cache.

    Parameters
    ----------
    folder
        Where they lie.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextlib.contextmanager
    def hold(
        self, key: str, check: Callable[[], None], waiting: Callable[[str], None]
    ) -> Iterator[None]:
        """Hold the claim of a key for a block; waits for whoever holds it.

        Parameters
        ----------
        key
            Of the result.
        check
            Raises when one shall wait no longer.
        waiting
            Told once who is waited for.
        """
        path = self._folder / key
        held = False
        # A folder that takes no claims: work that is done twice is no fault.
        with contextlib.suppress(OSError):
            held = self._take(path, check, waiting)
        if not held:
            yield
            return
        _beats.add(path)
        try:
            yield
        finally:
            _beats.remove(path)
            with contextlib.suppress(OSError):
                if _read(path).get("me") == _me()["me"]:
                    path.unlink()

    def _take(self, path: Path, check: Callable[[], None], waiting: Callable[[str], None]) -> bool:
        self._folder.mkdir(parents=True, exist_ok=True)
        told = False
        while True:
            try:
                handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
            except FileExistsError:
                if _has_gone(path):
                    with contextlib.suppress(FileNotFoundError):
                        path.unlink()
                    continue
            else:
                with os.fdopen(handle, "wb") as file:
                    file.write(json.dumps(_me()).encode())
                return True
            if not told:
                other = _read(path)
                waiting(
                    f"another run (process {other.get('pid')} on {other.get('host')}) makes this now"
                )
                told = True
            check()
            time.sleep(_LOOK)


def _me() -> dict[str, Any]:
    mine = this_process()
    me = f"{mine['host']}/{mine['boot']}/{mine['pid']}/{threading.get_ident()}"
    return {**mine, "me": me}


def _read(path: Path) -> dict[str, Any]:
    try:
        told = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}


def _has_gone(path: Path) -> bool:
    if has_ended(_read(path)):
        return True
    try:
        # Whoever it is: without a sign of life it has gone.
        return seconds_since(path.parent, path.stat().st_mtime) > SILENT
    except OSError:
        return False  # it was given up just now


class _Beats:
    """One thread that touches all claims of this process: most are held for a millisecond."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._paths: set[Path] = set()
        self._process = 0

    def add(self, path: Path) -> None:
        with self._lock:
            if self._process != os.getpid():
                # A forked process has our notes of a thread and of claims, and neither of the two.
                self._paths.clear()
                self._process = os.getpid()
                threading.Thread(target=self._beat, name="astrodata-claims", daemon=True).start()
            self._paths.add(path)

    def remove(self, path: Path) -> None:
        with self._lock:
            self._paths.discard(path)

    def _beat(self) -> None:
        while True:
            time.sleep(BEAT)
            with self._lock:
                held = list(self._paths)
            for path in held:
                with contextlib.suppress(OSError):
                    os.utime(path)


_beats = _Beats()
