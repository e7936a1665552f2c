"""What to tell a user whose work ended its workers."""

from __future__ import annotations

from typing import Any

from ..errors import AstrodataError, OutOfMemory, ServiceFailed

_RESTARTED = "worker-restart-memory"
"""Under which Dask's nannies tell that a worker was beyond its memory."""


def is_killed(error: BaseException | None) -> bool:
    """Tell whether this is Dask's word for a task whose workers died one after another."""
    return type(error).__name__ == "KilledWorker" and type(error).__module__.startswith(
        "distributed"
    )


def explained(error: Any, client: Any, task: str | None = None) -> AstrodataError:
    """Give the error for a `distributed.KilledWorker`: which task, why, and what to do.

    Parameters
    ----------
    error
        Dask's.
    client
        A `distributed.Client` of the cluster; its scheduler knows who was beyond its memory.
    task
        What the task is in the user's words; by default Dask's name of it.

    Returns
    -------
    OutOfMemory or ServiceFailed
    """
    name = task or f"task {error.task!r}"
    times = int(error.allowed_failures) + 1
    beyond = _beyond_memory(client)
    address = getattr(error.last_worker, "address", None)
    if address in beyond:
        limit = getattr(error.last_worker, "memory_limit", 0) or 0
        held = f" of {_megabytes(limit)}" if limit else ""
        return OutOfMemory(
            f"{name} went beyond its worker's memory limit{held} and was ended with it, {times} times. Cut "
            'the data into smaller parts, or open a cluster of fewer and larger workers: cluster("local", '
            'workers=1, memory="8 GB")'
        )
    return ServiceFailed(
        f"{name} ended its worker {times} times, without an error of Python's: compiled code that crashed, "
        "the container's own memory limit, or a batch system that ended the job. Run this task alone with "
        'cluster("none") to see it, and look at the logs of the workers'
    )


def _beyond_memory(client: Any) -> set[str]:
    try:
        events = client.get_events(_RESTARTED)
    except Exception:  # noqa: BLE001 - the scheduler may be gone with its workers
        return set()
    return {str(event.get("worker")) for _, event in events if isinstance(event, dict)}


def _megabytes(count: float) -> str:
    return f"{count / 1e6:,.0f} MB" if count < 1e10 else f"{count / 1e9:,.0f} GB"
