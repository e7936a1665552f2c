"""Clusters whose workers are jobs of a batch system."""

from __future__ import annotations

import difflib
import importlib.util
import shutil
import sys
from typing import Any

from ..errors import BadRequest, MissingPackage, ServiceFailed
from .clusters import Cluster, quiet
from .here import bytes_of, link_of, need_dask, of_scheduler, scratch

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
    too. ``cluster.made.job_script()`` is what is submitted. The ports are open to the nodes: give
    ``security=True`` and a ``shared_temp_directory`` of your own where others are on that network.

    Raises
    ------
    BadRequest
        An unknown system, no memory, or an option that the system does not have.
    MissingPackage
        Without dask-jobqueue.
    ServiceFailed
        The batch system did not take the jobs.
    """
    if system not in _CLASSES:
        near = difflib.get_close_matches(system, _CLASSES, 1)
        meant = f"; did you mean {near[0]!r}?" if near else "."
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
    made = None
    try:
        kind = _class(system)
        # Asked of one job first: a cluster that fails half-made can neither be used nor closed.
        kind.job_cls("tcp://127.0.0.1:1", "probe", **_of_a_job(given))
        _check_commands(system, kind.job_cls, jobs)
        made = kind(**given)
        client = Client(made)
        if jobs:
            made.scale(jobs)
    except (ValueError, TypeError) as error:
        _ended(made)
        raise BadRequest(f"{system} does not take this: {error}") from None
    except (OSError, RuntimeError) as error:
        _ended(made)
        raise ServiceFailed(f"{system} did not take the jobs: {error}") from None
    return Cluster(
        f"jobqueue:{system}", client, made=made, dashboard=link_of(made, scheduler["dashboard"])
    )


def _class(system: str) -> Any:
    if system == "local":
        from dask_jobqueue.local import LocalCluster

        return LocalCluster
    import dask_jobqueue

    return getattr(dask_jobqueue, _CLASSES[system])


def _of_a_job(given: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in given.items() if key not in _OF_CLUSTERS}


def _check_commands(system: str, job: Any, jobs: int | None) -> None:
    command = (job.submit_command or "").partition(" ")[0]
    if jobs and command and shutil.which(command) is None:
        raise ServiceFailed(
            f"{command} is not there, with which jobs of {system} are submitted: start this kernel on a node "
            "that submits jobs, or ask without workers to see the job's script"
        )


def _ended(made: Any) -> None:
    if made is not None:
        with quiet():
            made.close()
