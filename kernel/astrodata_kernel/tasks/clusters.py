"""The cluster that is open in this session: looked at, scaled, ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import BadRequest

if TYPE_CHECKING:
    from ..compute import Cluster


def cluster_now() -> Cluster:
    """Give the cluster that is open, the newest where there are several.

    Raises
    ------
    BadRequest
        None is.
    """
    from ..compute import current

    found = current()
    if found is None:
        raise BadRequest(
            "no cluster is open: %astro cluster start, or adk.compute.cluster() opens one"
        )
    return found


def scale_cluster(workers: int) -> Cluster:
    """Ask the open cluster for a number of workers, and give it.

    Parameters
    ----------
    workers
        How many; for a batch system how many jobs.

    Raises
    ------
    BadRequest
        None is open, or its workers are not ours to start.
    ServiceFailed
        The workers did not come.
    """
    found = cluster_now()
    found.scale(workers)
    return found


def stop_cluster() -> Cluster:
    """End the open cluster, with its workers where it has started them, and give it, closed.

    Raises
    ------
    BadRequest
        None is open.
    """
    found = cluster_now()
    found.close()
    return found
