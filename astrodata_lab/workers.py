"""A few processes that call a function by name, each call with a time limit.

Not ``anyio.to_process``: its workers run the main module of the server once more, which for
``python -m jupyterlab`` is a second JupyterLab, and they answer with pickles. Threads over plain
pipes also work under the event loop that Jupyter uses on Windows.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

import anyio
import anyio.to_thread

from .refusals import Refusal

QUEUE = 200
"""Calls that may wait for a worker, where nobody says otherwise."""


Progress = Callable[[float], None]


class WorkerDiedError(Exception):
    """A worker process that ended in the middle of a call, or before it."""


class Worker:
    """One process; its methods block, and one thread at a time may use it."""

    def __init__(self, memory: int) -> None:
        self._memory = memory
        self._process: subprocess.Popen[bytes] | None = None
        self._in_use = threading.Lock()
        self._killed = False

    def call(self, function: str, args: tuple[Any, ...], progress: Progress | None = None) -> Any:
        """Give what ``function`` ("module:name") gives for `args` (JSON values) over there.

        A function that is to tell its `progress` gets a keyword of that name.

        Raises
        ------
        Refusal
            With the code and the sentence of what the function raised.
        WorkerDiedError
            When the process ended: killed for its time or memory, or a crash in C code.
        """
        with self._in_use:
            try:
                return self._exchange(function, args, progress)
            except WorkerDiedError:
                self.close()
                raise
            finally:
                if self._killed:
                    self.close()

    def _exchange(self, function: str, args: tuple[Any, ...], progress: Progress | None) -> Any:
        if self._killed:  # the time was over before this thread had started
            raise WorkerDiedError("killed")
        process = self._process = self._process or self._start()
        assert process.stdin is not None  # noqa: S101 - for the type checker
        assert process.stdout is not None  # noqa: S101
        try:
            request = {"call": function, "args": args, "progress": progress is not None}
            process.stdin.write(json.dumps(request).encode() + b"\n")
            process.stdin.flush()
            while "progress" in (head := _head(process.stdout.readline())):
                if progress is not None:
                    progress(head["progress"])
            size = head.get("bytes", 0)
            data = process.stdout.read(size)
        except (OSError, ValueError) as error:
            raise WorkerDiedError(str(error)) from error
        if len(data) < size:
            raise WorkerDiedError("no answer")
        if not head["ok"]:
            raise Refusal(head["error"]["code"], head["error"]["message"])
        return data if size else head["value"]

    def _start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(  # noqa: S603 - this interpreter and this package
            # -P: a numpy.py in the user's folder must not be what the worker imports.
            [sys.executable, "-P", "-m", "astrodata_lab.worker", str(self._memory)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
        )

    @property
    def alive(self) -> bool:
        """Whether the process runs, or has yet to start."""
        return self._process is None or self._process.poll() is None

    def kill(self) -> None:
        """End the process, in the middle of a call too: its thread then cleans up."""
        self._killed = True
        if self._process is not None:
            self._process.kill()
        if self._in_use.acquire(blocking=False):
            self.close()
            self._in_use.release()

    def close(self) -> None:
        """End the process and close its pipes; only when no thread waits for an answer."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe is not None:
                    with contextlib.suppress(OSError):
                        pipe.close()


def _head(line: bytes) -> dict[str, Any]:
    """Give a line of an answer; that of a process which ended promises a byte that never comes."""
    return json.loads(line) if line else {"bytes": 1}


class WorkerPool:
    """Workers that start when they are needed and are used again.

    Parameters
    ----------
    count
        Calls that run at once.
    memory
        Bytes of address space for each process, 0 for no limit.
    queue
        Calls that may wait for a process; new ones are turned away.
    """

    def __init__(self, count: int, memory: int, queue: int = QUEUE) -> None:
        self._count = count
        self._memory = memory
        self._queue = queue
        self._limiter: anyio.CapacityLimiter | None = None
        self._idle: list[Worker] = []

    async def call(
        self,
        function: str,
        *args: Any,
        seconds: float,
        progress: Progress | None = None,
        wanted: Callable[[], bool] | None = None,
    ) -> Any:
        """Give what ``function`` ("module:name") gives for `args` in a worker.

        Parameters
        ----------
        function, args
            Of which module, and values that JSON can hold.
        seconds
            Longest time.
        progress
            Told in the event loop what the function tells of its keyword of this name.
        wanted
            Asked when a worker is free: False for an answer that nobody waits for any more.

        Raises
        ------
        Refusal
            What the function raised; "time-out" after `seconds`, when the process is ended;
            "damaged" when it ended by itself; "busy" when too many wait already, or when the answer is
            not `wanted` any more.
        """
        if self._limiter is None:  # it belongs to the running loop
            self._limiter = anyio.CapacityLimiter(self._count)
        if self._limiter.statistics().tasks_waiting >= self._queue:
            raise Refusal("busy", "The server has many files to read already: try again soon.")
        # A token of its own: one task may ask for several things at once.
        token = object()
        async with _borrowed(self._limiter, token):
            if wanted is not None and not wanted():
                raise Refusal("busy", "Nobody waits for this any more.")
            worker = self._take()
            try:
                with anyio.fail_after(seconds):
                    value = await anyio.to_thread.run_sync(
                        worker.call, function, args, _in_loop(progress), abandon_on_cancel=True
                    )
            except Refusal:
                self._idle.append(worker)
                raise
            except TimeoutError:
                worker.kill()
                raise Refusal(
                    "time-out",
                    f"This took longer than the {seconds:g} s that the server gives it: open the "
                    "data set in a notebook.",
                ) from None
            except WorkerDiedError as error:
                raise Refusal(
                    "damaged",
                    "The process that read this file ended without an answer: the file is damaged "
                    "or needs too much memory. Open it in a notebook to learn more.",
                ) from error
            except BaseException:
                worker.kill()
                raise
            self._idle.append(worker)
            return value

    def _take(self) -> Worker:
        while self._idle:
            worker = self._idle.pop()
            if worker.alive:
                return worker
            worker.close()
        return Worker(self._memory)

    def close(self) -> None:
        """End the processes that wait for work."""
        while self._idle:
            self._idle.pop().close()


def _in_loop(progress: Progress | None) -> Progress | None:
    """Give what calls `progress` in the running event loop from another thread."""
    if progress is None:
        return None
    loop = asyncio.get_running_loop()

    def tell(share: float) -> None:
        with contextlib.suppress(RuntimeError):  # the loop may have ended meanwhile
            loop.call_soon_threadsafe(progress, share)

    return tell


@contextlib.asynccontextmanager
async def _borrowed(limiter: anyio.CapacityLimiter, token: object) -> Any:
    await limiter.acquire_on_behalf_of(token)
    try:
        yield
    finally:
        limiter.release_on_behalf_of(token)
