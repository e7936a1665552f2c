"""Running a function over many parts: on a cluster or in threads, in bounded memory, in order."""

from __future__ import annotations

import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sized
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import wait as wait_for
from typing import Any

from ..errors import AstrodataError, BadRequest, Cancelled
from .clusters import Cluster, current
from .limits import cpus

_LOOK = 0.1
"""Seconds between two looks at whether the work is wanted still."""


def each(
    function: Callable[[Any], Any],
    parts: Iterable[Any],
    *,
    cluster: Any = None,
    progress: Callable[[float], object] | None = None,
    cancelled: Callable[[], object] | None = None,
    retries: int = 2,
    most_at_once: int | None = None,
) -> Iterator[Any]:
    """Give what a function makes of each part, in the order of the parts, one after the other.

    Parameters
    ----------
    function
        Called with one part. On a cluster it is run in other processes, and again where a worker died:
        it should give the same for the same part and leave nothing behind.
    parts
        What it is called with, any number: they are asked for as they are needed. Give what names the data
        (a path and a slice) rather than the data, which would travel through the scheduler.
    cluster
        A `Cluster` or a `distributed.Client`; by default the one that is `current`, and where none is open
        threads of this process.
    progress
        Told the share done, 0 to 1, at most ten times a second, where ``parts`` has a length.
    cancelled
        Asked ten times a second; it raises, or gives True, to give the work up. Parts that have begun
        run to their end, unheard of.
    retries
        How often a part is begun anew after an `OSError` (a file system far away), or after it seems to
        have ended its worker more often than Dask allows.
    most_at_once
        Parts that are begun and not given yet, at most: what bounds the memory when results are large. By
        default three tasks for each thread; a task is as many parts as take a fifth of a second and as give
        8 MB.

    Returns
    -------
    iterator
        Leaving it early ends the work.

    Raises
    ------
    Cancelled
        ``cancelled`` gave True.
    OutOfMemory
        A part went beyond the memory limit of its worker, each time.
    ServiceFailed
        A part ended its worker each time, or the cluster went away.
    Exception
        What the function raised, with a note of which part it was.

    >>> list(each(len, ["a", "bc"]))
    [1, 2]
    """
    if not callable(function):
        raise BadRequest(f"{type(function).__name__} is no function to run over parts")
    if retries < 0 or (most_at_once is not None and most_at_once < 1):
        raise BadRequest("retries must be 0 or more, and most_at_once 1 or more")
    client, threads = _where(cluster)
    check = _checking(cancelled)
    total = len(parts) if isinstance(parts, Sized) else None
    if client is None:
        run = _in_threads(function, parts, threads, check, retries, most_at_once)
    else:
        from .cluster_parts import on_cluster

        run = on_cluster(function, parts, client, check, retries, most_at_once)
    return _reported(run, total, progress)


def client_for(cluster: Any = None) -> Any:
    """Give the `distributed.Client` that `each` would use, None where it would use threads."""
    return _where(cluster)[0]


def one_part(function: Callable[[Any], Any], part: Any, number: int, retries: int) -> Any:
    """Give what a function makes of one part, begun anew after errors of the file system."""
    while True:
        try:
            return function(part)
        except Exception as error:
            # Ours say what is wrong with the file itself.
            if retries > 0 and isinstance(error, OSError) and not isinstance(error, AstrodataError):
                retries -= 1
                continue
            error.add_note(f"in part {number} of compute.each")
            raise


def _where(cluster: Any) -> tuple[Any, int]:
    """Give the client to work with, or None and the number of threads."""
    if cluster is None:
        # What a worker runs must not wait for its own cluster, nor take all cores beside its neighbours.
        if _in_task():
            return None, 1
        cluster = current()
    if cluster is None:
        return None, cpus()
    if isinstance(cluster, Cluster):
        if cluster.closed:
            raise BadRequest("this cluster is closed: open another one")
        return cluster.client, cluster.threads_here
    if hasattr(cluster, "submit") and hasattr(cluster, "scheduler_info"):
        return cluster, 0
    raise BadRequest(
        f"{type(cluster).__name__} is no cluster: give what compute.cluster() gives, or a Dask client"
    )


def _in_task() -> bool:
    if "distributed.worker" not in sys.modules:
        return False
    from distributed import get_worker

    try:
        get_worker()
    except ValueError:
        return False
    return True


def _checking(cancelled: Callable[[], object] | None) -> Callable[[], None]:
    last = -_LOOK

    def check() -> None:
        nonlocal last
        if cancelled is None or time.monotonic() - last < _LOOK / 2:
            return
        if cancelled() is True:
            raise Cancelled("the work was cancelled")
        last = time.monotonic()

    return check


def _reported(
    run: Iterator[Any], total: int | None, progress: Callable[[float], object] | None
) -> Iterator[Any]:
    if progress is None or not total:
        yield from run
        return
    last = time.monotonic()
    try:
        for done, result in enumerate(run, 1):
            yield result
            if done == total or time.monotonic() - last >= _LOOK:
                last = time.monotonic()
                progress(done / total)
    finally:
        run.close()  # type: ignore[attr-defined]


def _in_threads(
    function: Callable[[Any], Any],
    parts: Iterable[Any],
    threads: int,
    check: Callable[[], None],
    retries: int,
    most: int | None,
) -> Iterator[Any]:
    if threads == 1 or most == 1:
        for number, part in enumerate(parts):
            check()
            yield one_part(function, part, number, retries)
        return
    most = most or 8 * threads
    pool = ThreadPoolExecutor(threads, thread_name_prefix="compute")
    waiting: deque[Any] = deque()
    try:
        for number, part in enumerate(parts):
            check()
            while len(waiting) >= most:
                yield _ended(waiting, check)
            waiting.append(pool.submit(one_part, function, part, number, retries))
        while waiting:
            yield _ended(waiting, check)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _ended(waiting: deque[Any], check: Callable[[], None]) -> Any:
    check()
    while not waiting[0].done():
        wait_for([waiting[0]], timeout=_LOOK)
        check()
    return waiting.popleft().result()
