"""Clusters of this machine: processes or threads, within the container's limits."""

from __future__ import annotations

import importlib.util
import logging
import os
import tempfile
from collections.abc import Callable
from typing import Any

from ..errors import BadRequest, MissingPackage, ServiceFailed
from .clusters import Cluster, abandoned, built
from .dashboards import dashboard_link
from .limits import cpus
from .limits import memory as container_memory
from .resources import own_memory

LOOPBACK = "127.0.0.1"
_LEAST = 1_000_000_000
"""Bytes that a worker should have: Python with its libraries takes a fifth of it."""
_DEATHS = 2
"""Workers that a task may end before it counts as their murderer: one more than this."""


def processes(
    workers: int | None,
    memory: int | str | None,
    threads_per_worker: int | None,
    dashboard: bool,
    options: dict[str, Any],
) -> Cluster:
    """Give a cluster of worker processes of this interpreter, watched and restarted by Dask's nannies.

    Their connections are encrypted with a certificate of their own where the package ``cryptography`` is
    there: on a machine with other users nobody else can send them work.
    """
    need_dask()
    cores = cpus()
    left = int(0.9 * max(_LEAST, container_memory() - (own_memory() or 0)))
    if workers is None:
        workers = max(1, min(cores, left // _LEAST))
    given = {
        "n_workers": workers,
        "threads_per_worker": threads_per_worker or 1,
        "processes": True,
        "memory_limit": bytes_of(memory) or left // max(1, workers),
        "local_directory": scratch(),
        "security": _security(),
    }
    return _started("local", {**given, **options}, dashboard)


def threads(
    workers: int | None,
    memory: int | str | None,
    threads_per_worker: int | None,
    dashboard: bool,
    options: dict[str, Any],
) -> Cluster:
    """Give a cluster whose workers are threads of this process: nothing is copied, and nothing restarted.

    A limit of memory makes its results go to the disk; it cannot be kept for the whole process.
    """
    need_dask()
    count = workers or 1
    given = {
        "n_workers": count,
        "threads_per_worker": threads_per_worker or max(1, cpus() // count),
        "processes": False,
        "memory_limit": bytes_of(memory) or None,
        "local_directory": scratch(),
    }
    return _started("threads", {**given, **options}, dashboard)


def need_dask() -> None:
    """Raise `MissingPackage` where Dask is not installed."""
    if importlib.util.find_spec("distributed") is None:
        raise MissingPackage(
            'a cluster needs Dask; run "pip install astrodata-lab[train]" in this kernel\'s environment. '
            'cluster("none") needs nothing'
        )


def bytes_of(memory: int | str | None) -> int:
    """Give bytes for a number of them or a text such as ``"2 GB"``; 0 for None.

    Raises
    ------
    BadRequest
        Text that says no number of bytes, or nothing above 0.
    """
    if memory is None:
        return 0
    from dask.utils import parse_bytes

    try:
        found = int(parse_bytes(memory))
    except (ValueError, TypeError, AttributeError):
        found = 0
    if found <= 0:
        raise BadRequest(
            f'memory={memory!r} is no number of bytes: give such as "2 GB" or 2_000_000_000'
        )
    return found


def scratch() -> str:
    """Give the folder in which workers keep what does not fit their memory.

    Dask's ``temporary-directory`` where somebody has set it; else the system's temporary folder: homes are
    often network file systems, too slow for it.
    """
    import dask.config

    return str(dask.config.get("temporary-directory", None) or tempfile.gettempdir())


def of_scheduler(dashboard: bool) -> dict[str, Any]:
    """Give options of a scheduler in this process, whose pages are for this machine alone.

    Without bokeh it has no dashboard, and neither where none is wanted.
    """
    wanted = dashboard and importlib.util.find_spec("bokeh") is not None
    return {"dashboard_address": f"{LOOPBACK}:0", "dashboard": wanted}


def link_of(made: Any, dashboard: bool) -> str | None:
    """Give the link to the dashboard of a scheduler in this process; None without one."""
    served = made.scheduler.services.get("dashboard") if dashboard else None
    return dashboard_link(LOOPBACK, served.port) if served else None


def _started(kind: str, given: dict[str, Any], dashboard: bool) -> Cluster:
    from distributed import Client, LocalCluster

    scheduler = {"allowed_failures": _DEATHS, **of_scheduler(dashboard)}
    given = {
        "dashboard_address": scheduler.pop("dashboard_address"),
        # What workers log would stand in the cell that runs; why a task failed is told with its error.
        "silence_logs": logging.CRITICAL,
        "scheduler_kwargs": scheduler,
        **given,
    }
    restore = _environment()
    try:
        made = built(LocalCluster, **given)
        try:
            client = built(Client, made)
        except BaseException:
            abandoned(made)
            raise
    except TypeError as error:
        raise BadRequest(
            f"the cluster was given an option that it does not have: {error}"
        ) from None
    except (OSError, RuntimeError, ValueError) as error:
        raise ServiceFailed(
            f"no cluster could be started on this machine: {error}. Try fewer workers, or "
            'cluster("threads")'
        ) from error
    finally:
        restore()
    return Cluster(
        kind, client, made=made, dashboard=link_of(made, scheduler["dashboard"]), at_end=restore
    )


def _environment() -> Callable[[], None]:
    """Give what puts back the variables that Dask sets in this process before it starts another one.

    ``OMP_NUM_THREADS=1`` is meant for the workers; left here, it would slow down what the kernel starts
    later.
    """
    import dask.config

    names = {*dask.config.get("distributed.nanny.pre-spawn-environ", {}), "PYTHONHASHSEED"}
    before = {name: os.environ.get(name) for name in names}

    def restore() -> None:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value

    return restore


def _security() -> Any:
    if importlib.util.find_spec("cryptography") is None:
        return None
    from distributed import Security

    return Security.temporary()
