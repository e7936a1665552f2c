"""Work too long for one request: done in the background, asked after until it is ready."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import cache
from typing import Any, Generic, TypeVar

from ..errors import Cancelled

Value = TypeVar("Value")
Work = Callable[["Job[Value]"], Value]

PATIENCE = 10.0
"""Seconds after which work that no view asks after any more is given up."""

_KEPT = 8


@cache
def _pool() -> ThreadPoolExecutor:
    # Not the pool of the requests: those must stay free to answer "not yet".
    return ThreadPoolExecutor(max_workers=2, thread_name_prefix="astrodata-waveforms")


class NotYet(Exception):
    """What was asked for is still being made; `progress` is the share done."""

    def __init__(self, progress: float) -> None:
        super().__init__(f"{progress:.0%} done")
        self.progress = progress


class Job(Generic[Value]):
    """A piece of work under way, which reports and listens here."""

    def __init__(self, lasting: bool) -> None:
        self.future: Future[Value] = Future()
        self.progress = 0.0
        self.slots: set[str] = set()
        self._lasting = lasting
        self._asked = time.monotonic()
        self._cancel = threading.Event()

    def check(self) -> None:
        """Raise `Cancelled` when nobody waits for this any more."""
        forgotten = not self._lasting and time.monotonic() - self._asked > PATIENCE
        if forgotten or self._cancel.is_set():
            raise Cancelled("nobody waits for this any more")

    def tell(self, share: float) -> None:
        """Note the share done, 0 to 1."""
        self.progress = share

    def asked(self) -> None:
        """Note that somebody waits."""
        self._asked = time.monotonic()

    def cancel(self) -> None:
        """Have the work given up at its next check."""
        self._cancel.set()


class Jobs:
    """The work of one widget; each view has a slot for each thing that it shows.

    What a slot asked for before is given up when it asks for something else, unless another slot wants it.
    """

    def __init__(self) -> None:
        self._jobs: OrderedDict[Hashable, Job[Any]] = OrderedDict()
        self._lock = threading.Lock()
        self._closed = False

    def ask(
        self,
        key: Hashable,
        work: Work[Value],
        slot: str = "",
        patience: float = 0.0,
        lasting: bool = False,
    ) -> Value:
        """Give the result of some work, which is begun when it is first asked for.

        Parameters
        ----------
        key
            What tells this work from other work.
        work
            Called in a thread with its `Job`, to which it reports and whose `check` it calls.
        slot
            Who asks, and for what kind of thing.
        patience
            Seconds to wait for the result.
        lasting
            Go on although nobody asks, and keep the result for good.

        Raises
        ------
        NotYet
            It is not ready.
        """
        with self._lock:
            if self._closed:
                raise Cancelled("the viewer is closed")
            if not lasting:
                self._leave(slot, key)
            job = self._jobs.get(key)
            if job is None:
                job = self._jobs[key] = Job(lasting)
                _pool().submit(_run, job, work)
            self._jobs.move_to_end(key)
            job.slots.add(slot)
            job.asked()
        wait([job.future], timeout=patience)
        if not job.future.done():
            raise NotYet(job.progress)
        if job.future.exception() is not None:
            with self._lock:
                # Whoever asks again has it tried again.
                if self._jobs.get(key) is job:
                    del self._jobs[key]
        result: Value = job.future.result()
        self._forget_old()
        return result

    def close(self) -> None:
        """Give up all work."""
        with self._lock:
            self._closed = True
            for job in self._jobs.values():
                job.cancel()
            self._jobs.clear()

    def _leave(self, slot: str, key: Hashable) -> None:
        for other, job in list(self._jobs.items()):
            if other != key and slot in job.slots:
                job.slots.discard(slot)
                if not job.slots and not job.future.done():
                    job.cancel()
                    del self._jobs[other]

    def _forget_old(self) -> None:
        with self._lock:
            done = [k for k, job in self._jobs.items() if job.future.done() and not job._lasting]
            for key in done[:-_KEPT]:
                del self._jobs[key]


def _run(job: Job[Value], work: Work[Value]) -> None:
    try:
        job.check()
        result = work(job)
    except BaseException as error:  # noqa: BLE001 - told to whoever asks
        job.future.set_exception(error)
    else:
        job.progress = 1.0
        job.future.set_result(result)
