"""Opening a cluster by the name of its kind."""

from __future__ import annotations

import multiprocessing
import re
from typing import Any

from ..errors import BadRequest, MissingPackage, closest
from .clusters import Cluster

_KINDS = ("local", "threads", "gateway", "jobqueue", "none", "kubernetes")
_ADDRESS = re.compile(
    r"(?:(?:tcp|tls|ucx|ws|wss)://)?[\w.\-\[\]:]+:\d{1,5}|inproc://[\w.\-]+/\d+/\d+"
)


def cluster(
    kind: Any = "local",
    workers: int | None = None,
    *,
    memory: int | str | None = None,
    threads_per_worker: int | None = None,
    dashboard: bool = True,
    **options: Any,
) -> Cluster:
    """Give an open cluster to work on, which `each` and the pipelines take from then on.

    Parameters
    ----------
    kind
        ``"local"``: processes on this machine, of this kernel's interpreter and environment;
        ``"threads"``: threads of this process, under Dask's scheduler;
        ``"none"``: threads of this process without Dask;
        ``"gateway"``: a cluster of a Dask Gateway server;
        ``"jobqueue:slurm"`` (or ``htcondor``, ``pbs``, ``lsf``, ``sge``, ``oar``, ``moab``, ``local``):
        workers that are jobs of a batch system, asked for with `dask_jobqueue`;
        an address such as ``"tcp://10.0.0.3:8786"``; or a `distributed.Client` or Dask cluster that is open
        already, which stays open when this one is closed.
    workers
        Worker processes; of a batch system jobs. By default as many as the container's cores and memory hold
        (``local``), and what the server says elsewhere.
    memory
        Limit of each worker in bytes or as ``"2 GB"``; by default the workers share nine tenths of what the
        container has left. A worker near its limit moves results to the disk, then waits, and is restarted
        beyond it. A batch system needs it.
    threads_per_worker
        Tasks that a worker runs at once; 1 by default, and for ``threads`` all cores.
    dashboard
        Whether a cluster that this process starts shows one (``.dashboard``), which needs bokeh.
    **options
        ``gateway``: ``address``, ``auth`` and ``proxy_address`` (by default of Dask's configuration, which
        the environment sets: ``DASK_GATEWAY__ADDRESS``), ``name`` of a cluster that runs already, and the
        options that the server offers. ``jobqueue``: those of `dask_jobqueue`'s class, such as ``queue`` and
        ``walltime``; connections are encrypted, with certificates in ``shared_temp_directory`` (the home by
        default), unless ``security=False`` says otherwise. An address: ``security`` and ``timeout`` in
        seconds. Else those of `distributed.LocalCluster`.

    Returns
    -------
    Cluster
        To be used with ``with``, or closed with ``.close()``.

    Raises
    ------
    BadRequest
        A kind, a number or an option that is none.
    MissingPackage
        The kind needs a package that is not installed.
    ServiceFailed
        No cluster came of it: nobody at the address, a server that refused.

    >>> with cluster("none", 2) as here:
    ...     here.threads
    2
    """
    _check_numbers(workers, threads_per_worker)
    if not isinstance(kind, str):
        from .elsewhere import taken

        return taken(kind)
    if multiprocessing.current_process().__dict__.get("_inheriting"):
        raise BadRequest(
            "this script opens a cluster while a worker of it reads the script: put what it does under "
            'if __name__ == "__main__":'
        )
    if _ADDRESS.fullmatch(kind):
        from .elsewhere import at_address

        return at_address(kind, **options)
    name, _, system = kind.partition(":")
    if name in ("local", "threads") and not system:
        from .here import processes, threads

        start = processes if name == "local" else threads
        return start(workers, memory, threads_per_worker, dashboard, options)
    if name == "none" and not system:
        from .limits import cpus

        return Cluster("none", None, threads=workers or cpus())
    if name == "gateway" and not system:
        from .elsewhere import of_gateway

        return of_gateway(workers, **options)
    if name == "jobqueue":
        from .job_queues import of_job_queue

        return of_job_queue(system, workers, memory, threads_per_worker, dashboard, options)
    if name == "kubernetes":
        raise MissingPackage(
            "clusters of Kubernetes are not opened from here: start one with dask-kubernetes and give its "
            'scheduler\'s address or the object itself, or ask a Dask Gateway for one: cluster("gateway")'
        )
    raise BadRequest(_unknown(kind))


def _unknown(kind: str) -> str:
    meant = closest(kind.partition(":")[0], _KINDS) or "."
    return (
        f"no cluster is of the kind {kind!r}{meant} Give local, threads, gateway, jobqueue:<system>, none, "
        "or an address such as tcp://10.0.0.3:8786"
    )


def _check_numbers(workers: int | None, threads: int | None) -> None:
    for name, value in (("workers", workers), ("threads_per_worker", threads)):
        if value is not None and (
            isinstance(value, bool) or not isinstance(value, int) or value < 0
        ):
            raise BadRequest(f"{name}={value!r}: give a whole number")
    if threads == 0:
        raise BadRequest("threads_per_worker=0: a worker needs one at least")
