"""Running a function over parts on a cluster, in tasks of as many parts as are worth one."""

from __future__ import annotations

import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from ..errors import ServiceFailed
from .clusters import check_workers
from .failures import explained, is_killed
from .parts import _LOOK, one_part

_SECONDS = 0.2
"""What a task should take: Dask's own part of it is a millisecond."""
_BYTES = 8_000_000
"""What a task's results, or its parts, should take."""
_PARTS = 20_000
"""Parts of a task, at most."""
_TASKS = 3
"""Tasks begun for each thread: one that runs, one that waits there, one on its way."""


def on_cluster(
    function: Callable[[Any], Any],
    parts: Iterable[Any],
    client: Any,
    check: Callable[[], None],
    retries: int,
    most: int | None,
) -> Iterator[Any]:
    """Give what a function makes of each part on the workers of a client; see `each`."""
    run = _Run(function, client, check, retries, most)
    try:
        yield from run.results(parts)
    finally:
        run.end()


@dataclass
class _Batch:
    first: int
    parts: list[Any]
    future: Any = None
    done: threading.Event = field(default_factory=threading.Event)


class _Run:
    def __init__(
        self,
        function: Callable[[Any], Any],
        client: Any,
        check: Callable[[], None],
        retries: int,
        most: int | None,
    ) -> None:
        self._client, self._check, self._retries = client, check, retries
        self._name = f"{getattr(function, '__name__', type(function).__name__)}-{uuid.uuid4().hex}"
        # A task of its own, so that the function travels once to each worker, and is made again with one.
        self._function = client.submit(_given, function, key=f"function-{self._name}")
        self._most = most
        self._size = 1
        self._number = 0
        self._waiting: deque[_Batch] = deque()
        self._threads, self._counted = 1, -1e9

    def results(self, parts: Iterable[Any]) -> Iterator[Any]:
        source = iter(parts)
        first, more = 0, True
        while True:
            while more and self._room() > 0:
                self._check()
                batch = _Batch(first, _some(source, min(self._size, self._room())))
                if not batch.parts:
                    more = False
                    break
                first += len(batch.parts)
                self._submit(batch)
                self._waiting.append(batch)
            if not self._waiting:
                return
            results = self._outcome(self._waiting[0])
            self._waiting.popleft()
            yield from results

    def end(self) -> None:
        left = [batch.future for batch in self._waiting if batch.future is not None]
        self._waiting.clear()
        if self._client.status == "running":
            self._client.cancel([*left, self._function])

    def _room(self) -> int:
        """Give how many parts may be begun now."""
        if len(self._waiting) >= _TASKS * self._workers():
            return 0
        if self._most is None:
            return _PARTS
        return self._most - sum(len(batch.parts) for batch in self._waiting)

    def _workers(self) -> int:
        # Workers come and go; asking for each task would cost as much as the task.
        if time.monotonic() - self._counted > 2:
            self._threads = max(1, sum(self._client.nthreads().values()))
            self._counted = time.monotonic()
        return self._threads

    def _submit(self, batch: _Batch) -> None:
        self._number += 1
        batch.done = threading.Event()
        batch.future = self._client.submit(
            _run_batch,
            self._function,
            _Sealed(batch.parts),
            batch.first,
            self._retries,
            key=f"{self._name}-{self._number}",
            pure=False,
        )
        batch.future.add_done_callback(lambda _future, done=batch.done: done.set())

    def _wait(self, batch: _Batch) -> None:
        self._check()
        while not batch.done.wait(_LOOK):
            self._check()
            check_workers(self._client)
        # Done, and gone with the worker that kept it: the scheduler has it made again by itself.
        while batch.future.status == "lost":
            time.sleep(_LOOK)
            self._check()
            check_workers(self._client)

    def _outcome(self, batch: _Batch) -> list[Any]:
        self._wait(batch)
        if batch.future.status == "error" and is_killed(batch.future.exception()):
            return self._alone(batch)
        return self._results(batch)

    def _results(self, batch: _Batch) -> list[Any]:
        if batch.future.status not in ("finished", "error"):
            raise ServiceFailed(
                f"the cluster lost part {batch.first} of compute.each ({batch.future.status}): its "
                "scheduler has ended or was restarted. Open the cluster again and run this again"
            )
        results, seconds, size = batch.future.result()
        count = len(results)
        wanted = min(_SECONDS * count / max(seconds, 1e-6), _BYTES * count / max(size, 1))
        self._size = max(1, min(int(wanted), 4 * count, _PARTS))
        if self._most is not None:
            self._size = max(1, min(self._size, self._most // (2 * self._threads)))
        return list(results)

    def _alone(self, batch: _Batch) -> list[Any]:
        """Give the results of parts whose worker died often, each of them run while nothing else is.

        Dask blames all that was on a worker when it died; alone the guilty one shows itself.
        """
        for other in list(self._waiting)[1:]:
            self._wait(other)
        found: list[Any] = []
        for number, part in enumerate(batch.parts, batch.first):
            error = batch.future.exception()
            for _ in range(self._retries):
                one = _Batch(number, [part])
                self._submit(one)
                self._wait(one)
                error = one.future.exception() if one.future.status == "error" else None
                if not is_killed(error):
                    found += self._results(one)
                    break
            else:
                raise explained(error, self._client, f"part {number} of compute.each") from error
        return found


def _some(source: Iterator[Any], count: int) -> list[Any]:
    from dask.sizeof import sizeof

    found: list[Any] = []
    size = 0
    while len(found) < count and size < _BYTES:
        try:
            found.append(next(source))
        except StopIteration:
            break
        size += sizeof(found[-1])
    return found


class _Sealed:
    """Parts in which Dask must not look for tasks and keys of its own: a tuple may look like one."""

    def __init__(self, parts: list[Any]) -> None:
        self.parts = parts


def _given(function: Any) -> Any:
    return function


def _run_batch(
    function: Any, sealed: _Sealed, first: int, retries: int
) -> tuple[list[Any], float, int]:
    """Give the results of parts in a worker, the seconds that they took and their bytes."""
    from dask.sizeof import sizeof

    start = time.perf_counter()
    results = [
        one_part(function, part, number, retries) for number, part in enumerate(sealed.parts, first)
    ]
    return results, time.perf_counter() - start, sizeof(results)
