"""The cluster that is open: its workers, its client, its end."""

from __future__ import annotations

import atexit
import contextlib
import html
import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from ..amounts import bytes_text
from ..errors import BadRequest, ServiceFailed
from .dashboards import safe_link
from .failures import explained, is_killed
from .local_workers import LocalWorkers

if TYPE_CHECKING:
    from .queued_jobs import QueuedJobs

_ABANDONED = 20.0
"""Seconds that the end of what is half-made may take."""

_open: list[Cluster] = []
_lock = threading.RLock()


@dataclass(frozen=True)
class Worker:
    """What a cluster says of one of its workers."""

    name: str
    address: str
    threads: int
    memory: int
    """Its limit in bytes; 0 where it has none."""
    used: int
    """Bytes that its process takes."""


class Cluster:
    """An open cluster, which `cluster` gives: a context manager that ends what it has started.

    Attributes
    ----------
    kind
        Which one was asked for.
    client
        The `distributed.Client`; None for the kind ``"none"``, whose work runs in threads of this process.
    dashboard
        Address of its dashboard as the browser reaches it, behind the hub's prefix; None without one.
    made
        Dask's own object for it, such as a `distributed.LocalCluster`; None where there is none.
    jobs
        Of a batch system, that the workers are; None of other kinds.

    >>> from astrodata_kernel import compute
    >>> with compute.cluster("none") as here:
    ...     list(compute.each(abs, [-1, -2]))
    [1, 2]
    """

    def __init__(
        self,
        kind: str,
        client: Any,
        *,
        made: Any = None,
        dashboard: str | None = None,
        threads: int = 1,
        own: bool = True,
        at_end: Callable[[], None] | None = None,
        jobs: QueuedJobs | None = None,
    ) -> None:
        self.kind = kind
        self.client = client
        self.dashboard = safe_link(dashboard)
        self.threads_here = threads
        self.made = made
        self.jobs = jobs
        self._local = LocalWorkers(made) if kind in ("local", "threads") else None
        self._own = own
        self._at_end = at_end
        self._closed = False
        with _lock:
            _open.append(self)

    @property
    def closed(self) -> bool:
        """Tell whether it was closed."""
        return self._closed

    @property
    def workers(self) -> list[Worker]:
        """Give the workers that are there now, by name; none for the kind ``"none"``."""
        if self.client is None or self._closed:
            return []
        known = self.client.scheduler_info(n_workers=-1)["workers"]
        found = [
            Worker(
                str(one.get("name", address)),
                str(address),
                int(one.get("nthreads", 1)),
                int(one.get("memory_limit") or 0),
                int((one.get("metrics") or {}).get("memory", 0)),
            )
            for address, one in known.items()
        ]
        return sorted(found, key=lambda one: (len(one.name), one.name))

    @property
    def threads(self) -> int:
        """Give how many tasks it works on at once now, at least 1."""
        if self.client is None:
            return self.threads_here
        return max(1, sum(one.threads for one in self.workers))

    @property
    def scales(self) -> bool:
        """Tell whether its workers are ours to start and end."""
        return not self._closed and hasattr(self.made, "scale")

    def scale(self, workers: int, *, wait: float = 60) -> None:
        """Ask for a number of workers.

        Parameters
        ----------
        workers
            How many; for a batch system how many jobs.
        wait
            Seconds to wait for workers on this machine. Others come when there is room for them.

        Raises
        ------
        BadRequest
            A cluster whose workers are not ours to start, or a number below 0.
        ServiceFailed
            They were not there after the time, or the batch system refused the jobs.
        """
        if workers < 0:
            raise BadRequest(f"{workers} workers: give 0 or more")
        if not self.scales:
            raise BadRequest(
                f"the workers of this cluster ({self.kind}) are not ours to start: open one with "
                'cluster("local") or cluster("gateway")'
            )
        self.made.scale(workers)
        if self.jobs is not None:
            self.jobs.wait()
        if self.kind == "local":
            end = time.monotonic() + wait
            while len(self.workers) != workers:
                if time.monotonic() > end:
                    raise ServiceFailed(
                        f"{len(self.workers)} of {workers} workers were there after {wait:.0f} s: the "
                        "machine may be short of memory; ask for fewer"
                    )
                time.sleep(0.05)

    def check(self) -> None:
        """Have workers that are gone for good started again, where they are ours and on this machine.

        Raises
        ------
        ServiceFailed
            No worker is there, and none will come.
        """
        watched = self.jobs or self._local
        if watched is not None and not self._closed:
            watched.check()

    def close(self) -> None:
        """End the client, and the workers where it has started them; doing it again is harmless."""
        with _lock:
            if self._closed:
                return
            self._closed = True
            _open.remove(self)
        with quiet():
            if self._own:
                for one in (self.client, self.made):
                    if one is not None:
                        _end(one)
            if self._at_end is not None:
                self._at_end()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        told = explained(error, self.client) if is_killed(error) and self.client else None
        self.close()
        if told is not None:
            raise told from error

    def __repr__(self) -> str:
        if self._closed:
            return f"<Cluster {self.kind}, closed>"
        if self.client is None:
            return f"<Cluster {self.kind}, {self.threads_here} threads of this process>"
        workers = self.workers
        limit = _memory(workers)
        return f"<Cluster {self.kind}, {len(workers)} workers{limit and f', {limit}'}>"

    def _repr_html_(self) -> str:
        rows = [("cluster", html.escape(self.kind + (", closed" if self._closed else "")))]
        workers = self.workers
        if self.client is None:
            rows.append(("threads of this process", str(self.threads_here)))
        elif not self._closed:
            rows.append(("workers", str(len(workers))))
            rows.append(("threads", str(sum(one.threads for one in workers))))
            if limit := _memory(workers):
                rows.append(("memory", limit))
        if self.dashboard and not self._closed:
            link = html.escape(self.dashboard, quote=True)
            rows.append(
                ("dashboard", f'<a href="{link}" target="_blank" rel="noopener">{link}</a>')
            )
        body = "".join(
            f'<tr><th scope="row" style="text-align:left">{name}</th>'
            f'<td style="text-align:left">{value}</td></tr>'
            for name, value in rows
        )
        return f"<table>{body}</table>"


def current() -> Cluster | None:
    """Give the cluster that is open, the newest where there are several; None where there is none."""
    with _lock:
        return _open[-1] if _open else None


def opened() -> list[Cluster]:
    """Give the clusters that are open, the newest last."""
    with _lock:
        return _open.copy()


def check_workers(client: Any) -> None:
    """Tell whoever waits for a client's workers that none is there and none will come; see `Cluster.check`.

    Raises
    ------
    ServiceFailed
        So it is.
    """
    for one in _open.copy():
        if one.client is client:
            one.check()


def built(kind: Any, *given: Any, **options: Any) -> Any:
    """Give what a class of Dask's makes; one whose start is interrupted is ended with what it has begun."""
    made = kind.__new__(kind)
    try:
        made.__init__(*given, **options)
    except BaseException:
        abandoned(made)
        raise
    return made


def abandoned(made: Any) -> None:
    """End a cluster or client of Dask's that may be half-made; None is left alone."""
    if made is None:
        return
    # It failed already, and that is what is told; of one half-made anything may be missing, or never come.
    with contextlib.suppress(Exception), quiet():
        if getattr(getattr(made, "status", None), "name", "") == "starting":
            from distributed.core import Status

            # One that starts would leave its scheduler alone.
            made.status = Status.failed
        made.close(timeout=_ABANDONED)
        # A client that has not begun takes no notice of this, and leaves its loop running.
        made._loop_runner.stop()


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep what Dask says of connections that end while a cluster does."""
    if "distributed" not in sys.modules:
        yield
        return
    from distributed.utils import silence_logging_cmgr

    with silence_logging_cmgr(logging.CRITICAL):
        yield


def _end(one: Any) -> None:
    try:
        one.close()
    except Exception:
        # A scheduler that is gone already cannot be told to go. How that shows is its transport's and loop's
        # affair (OSError, CommClosedError, TimeoutError, RuntimeError, AssertionError), and whatever it is,
        # what is closed after this one must be closed too.
        logging.getLogger(__name__).debug("a cluster was gone before it was closed", exc_info=True)


def _memory(workers: list[Worker]) -> str:
    """Give what the workers may take together, in words; nothing where they have no limit, as threads."""
    limit = sum(one.memory for one in workers)
    return bytes_text(limit) if limit else ""


@atexit.register
def _close_all() -> None:
    for one in reversed(_open.copy()):
        one.close()


def _forget() -> None:
    # The child of a fork has no right to its parent's workers, nor a loop to speak to them.
    _open.clear()


os.register_at_fork(after_in_child=_forget)
