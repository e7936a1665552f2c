"""The workers of a cluster on this machine: started again where Dask has given them up."""

from __future__ import annotations

import time
from typing import Any

from ..errors import ServiceFailed

_QUIET = 10.0
"""Seconds with workers missing after which they are started again; between two starts too."""
_STARTS = 4
"""Starts without a worker in between, after which nobody waits any more."""


class LocalWorkers:
    """What became of the worker processes of one cluster.

    A nanny starts its worker again when it has ended. One that takes longer for it than Dask waits
    (``distributed.deploy.lost-worker-timeout``), on a machine under load, is closed with its worker, and
    nothing else would start another one.

    Parameters
    ----------
    made
        Dask's cluster, a `distributed.LocalCluster`.
    """

    def __init__(self, made: Any) -> None:
        self._made = made
        self._whole = self._asked = time.monotonic()
        self._starts = 0

    def check(self) -> None:
        """Start workers that are gone for good; cheap enough for ten times a second.

        Raises
        ------
        ServiceFailed
            No worker is there, and none can be started or none is asked for.
        """
        now = time.monotonic()
        there, wanted = len(self._made.scheduler_info["workers"]), len(self._made.worker_spec)
        if there:
            self._starts = 0
        if there and there >= wanted:
            self._whole = now
        if now - max(self._whole, self._asked) < _QUIET:
            return
        self._asked = now
        if not wanted:
            raise ServiceFailed(
                "no worker is there to do this, and none is asked for: ask for some with .scale(2)"
            )
        if self._starts == _STARTS:
            raise ServiceFailed(
                f"no worker is there to do this, and {wanted} could not be started in "
                f"{_STARTS * _QUIET:.0f} s: the machine may be short of memory. Close this cluster, and open "
                "one with fewer workers"
            )
        self._starts += 1
        # Those that Dask still has are left alone: only what is missing of its plan is begun.
        self._made.scale(wanted)
