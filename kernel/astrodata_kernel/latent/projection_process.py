"""The process that maps are made in: started, listened to, and ended when nobody waits for its map."""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import AstrodataError, BadRequest, OutOfMemory
from ..readers import scratch

Array = npt.NDArray[Any]
_PATIENCE = 0.2  # seconds between two looks at whether the work is still wanted


def projected(
    method: str,
    points: Array,
    fitted: Array,
    dims: int,
    seed: int,
    options: dict[str, Any],
    told: Callable[[float], None],
    asked: Callable[[], None],
) -> Array:
    """Give a map of points, made by a package in a process of its own, shape (n, dims).

    Raises
    ------
    BadRequest
        The package refuses the options or the points; the text is its own.
    OutOfMemory
        The process was killed, as systems do when memory ends.
    """
    try:
        order = json.dumps({"method": method, "dims": dims, "seed": seed, "options": options})
    except TypeError:
        raise BadRequest(f"options of {method} are numbers, texts and lists of them") from None
    with tempfile.TemporaryDirectory(dir=scratch.folder(), prefix="map-") as name:
        folder = Path(name)
        (folder / "order.json").write_text(order, encoding="utf-8")
        np.save(folder / "points.npy", points, allow_pickle=False)
        np.save(folder / "fitted.npy", fitted, allow_pickle=False)
        worker = _a_worker()
        try:
            worker.make(method, folder, told, asked)
        except BadRequest:
            raise
        except BaseException:
            worker.end()
            raise
        finally:
            # One waits for the next map; a process that was ended, or a second one, does not.
            with _lock:
                keep = worker.alive and not _idle
                if keep:
                    _idle.append(worker)
            if not keep:
                worker.end()
        return np.load(folder / "map.npy", allow_pickle=False)


class _Worker:
    """A process that makes one map after another: packages need long to be loaded and compiled."""

    def __init__(self) -> None:
        paths = os.pathsep.join(path for path in sys.path if path)
        self._said = tempfile.TemporaryFile()  # noqa: SIM115
        self._process = subprocess.Popen(
            [sys.executable, "-m", "astrodata_kernel.latent.projection_work"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            env={**os.environ, "PYTHONPATH": paths},
            text=True,
        )
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def make(
        self, method: str, folder: Path, told: Callable[[float], None], asked: Callable[[], None]
    ) -> None:
        """Make the map that is ordered in a folder, and wait for it."""
        with contextlib.suppress(OSError):  # a process that died tells why below
            print(folder, file=self._process.stdin, flush=True)
        while True:
            asked()
            try:
                line = self._lines.get(timeout=_PATIENCE)
            except queue.Empty:
                continue
            if line is None:
                raise self._death(method)
            fact = json.loads(line)
            if "failure" in fact:
                raise BadRequest(f"{method}: {fact['failure']}")
            if fact.get("done"):
                return
            told(min(1.0, float(fact["share"])))

    @property
    def alive(self) -> bool:
        """Whether it can make another map."""
        return self._process.poll() is None

    def end(self) -> None:
        """End the process, whatever it does."""
        self._process.kill()
        self._process.wait()
        self._reader.join()
        for stream in (self._process.stdin, self._process.stdout):
            with contextlib.suppress(OSError):
                if stream is not None:
                    stream.close()
        self._said.close()

    def _death(self, method: str) -> AstrodataError:
        code = self._process.wait()
        if code < 0:
            return OutOfMemory(
                f"the process of {method} was killed (signal {-code}), as happens when memory ends: give "
                "a sample, such as sample=100_000"
            )
        self._said.seek(0, os.SEEK_END)
        self._said.seek(max(0, self._said.tell() - 300))
        last = self._said.read().decode("utf-8", "replace").strip()
        return BadRequest(f"{method} ended with code {code}: {last}")

    def _read(self) -> None:
        for line in self._process.stdout or ():
            if line.startswith("{"):
                self._lines.put(line)
        self._lines.put(None)


_idle: list[_Worker] = []
_lock = threading.Lock()


def _a_worker() -> _Worker:
    with _lock:
        while _idle:
            worker = _idle.pop()
            if worker.alive:
                return worker
            worker.end()
    return _Worker()


@atexit.register
def end_workers() -> None:
    """End the processes that wait for another map."""
    with _lock:
        while _idle:
            _idle.pop().end()
