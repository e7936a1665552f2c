"""Clusters whose workers are jobs of a batch system."""

from __future__ import annotations

import contextlib
import importlib.util
import shutil
import signal
import sys
from collections.abc import Iterator
from importlib import import_module
from typing import Any

from ..errors import AstrodataError, BadRequest, MissingPackage, ServiceFailed, closest
from .certificates import Certificates
from .clusters import Cluster, abandoned, built
from .here import bytes_of, link_of, need_dask, of_scheduler, scratch
from .queued_jobs import QueuedJobs

_CLASSES = {
    "htcondor": "HTCondorCluster",
    "local": "LocalCluster",
    "lsf": "LSFCluster",
    "moab": "MoabCluster",
    "oar": "OARCluster",
    "pbs": "PBSCluster",
    "sge": "SGECluster",
    "slurm": "SLURMCluster",
}
_OF_CLUSTERS = {
    "asynchronous",
    "loop",
    "n_workers",
    "scheduler_cls",
    "scheduler_options",
    "security",
    "shared_temp_directory",
    "silence_logs",
}
"""Options of dask-jobqueue's clusters that their jobs do not have."""


def of_job_queue(
    system: str,
    jobs: int | None,
    memory: int | str | None,
    threads_per_worker: int | None,
    dashboard: bool,
    options: dict[str, Any],
) -> Cluster:
    """Give a cluster whose workers are jobs of a batch system; the scheduler runs in this kernel.

    Each job is one worker of this kernel's interpreter, so the environment must be one that the nodes see
    too. ``cluster.made.job_script()`` is what is submitted.

    The scheduler listens to the network of the nodes. Its connections are encrypted, and only who has this
    cluster's own certificate can speak to it: the jobs read that from a folder of the user's alone in
    ``shared_temp_directory`` (by default what Dask's configuration says, else the home), which the nodes
    must see; it is removed with the cluster. ``security`` may be a `distributed.Security` of your own.
    ``security=False`` goes without: then everybody who reaches this machine's ports can run code as you.

    Raises
    ------
    BadRequest
        An unknown system, no memory, or an option that the system does not have.
    MissingPackage
        Without dask-jobqueue, or without cryptography where connections are to be encrypted.
    ServiceFailed
        The batch system did not take the jobs; the text holds what it said.
    """
    if system not in _CLASSES:
        meant = closest(system, _CLASSES) or "."
        raise BadRequest(
            f"no batch system {system!r} is known{meant} Give one of {', '.join(_CLASSES)}"
        )
    if importlib.util.find_spec("dask_jobqueue") is None:
        raise MissingPackage(
            f'cluster("jobqueue:{system}") needs dask-jobqueue; run "pip install astrodata-lab[jobqueue]" in '
            "this kernel's environment"
        )
    if memory is None:
        raise BadRequest(
            f'a job of {system} needs its memory said: cluster("jobqueue:{system}", memory="4 GB")'
        )
    need_dask()
    from distributed import Client

    scheduler = {
        **of_scheduler(dashboard),
        **options.pop("scheduler_options", {}),
    }
    given = {
        "cores": threads_per_worker or 1,
        "processes": 1,
        "memory": f"{bytes_of(memory)} B",
        "python": sys.executable,
        "local_directory": scratch(),
        "scheduler_options": scheduler,
        **options,
    }
    security = given.pop("security", None)
    certificates = None
    made = None
    try:
        kind = _class(system)
        # Asked of one job first: a cluster that fails half-made can neither be used nor closed.
        kind.job_cls("tcp://127.0.0.1:1", "probe", **_of_a_job(given))
        _check_commands(system, kind.job_cls, jobs)
        if security in (None, True):
            certificates = Certificates.made(system, given.pop("shared_temp_directory", None))
            security = certificates.security()
        queued = QueuedJobs(system, kind.job_cls)
        made = built(kind, **given, security=security or None, job_cls=queued.kind)
        queued.made = made
        client = built(Client, made)
        if jobs:
            made.scale(jobs)
            queued.wait()
    except BaseException as error:
        # An interrupt too: jobs that are asked for must not outlive who asked.
        abandoned(made)
        if certificates is not None:
            certificates.remove()
        if isinstance(error, (ValueError, TypeError)) and not isinstance(error, AstrodataError):
            raise BadRequest(f"{system} does not take this: {error}") from None
        if isinstance(error, (OSError, RuntimeError)) and not isinstance(error, AstrodataError):
            raise ServiceFailed(f"{system} did not take the jobs: {error}") from None
        raise
    return Cluster(
        f"jobqueue:{system}",
        client,
        made=made,
        dashboard=link_of(made, scheduler["dashboard"]),
        at_end=None if certificates is None else certificates.remove,
        jobs=queued,
    )


def _class(system: str) -> Any:
    with _own_signals():
        module = import_module("dask_jobqueue.local" if system == "local" else "dask_jobqueue")
    return getattr(module, _CLASSES[system])


@contextlib.contextmanager
def _own_signals() -> Iterator[None]:
    """Keep who hears an interrupt: dask-jobqueue 0.9, imported, has it end the process, a kernel too."""
    signs = (signal.SIGINT, signal.SIGTERM)
    before = {sign: signal.getsignal(sign) for sign in signs}
    try:
        yield
    finally:
        for sign, handler in before.items():
            # Only the main thread may; in another one the import could not change it either.
            if handler is not None and signal.getsignal(sign) is not handler:
                signal.signal(sign, handler)


def _of_a_job(given: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in given.items() if key not in _OF_CLUSTERS}


def _check_commands(system: str, job: Any, jobs: int | None) -> None:
    command = (job.submit_command or "").partition(" ")[0]
    if jobs and command and shutil.which(command) is None:
        raise ServiceFailed(
            f"{command} is not there, with which jobs of {system} are submitted: start this kernel on a node "
            "that submits jobs, or ask without workers to see the job's script"
        )
