"""What the panel asks of a kernel: memory, cores, GPUs, clusters. Mirror of ``src/lab/panel/compute.ts``.

It comes over a comm of its own, which `astrodata_kernel.panel_target` offers.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import asdict
from functools import cache
from typing import Any

from .. import environment
from ..compute import resources
from ..compute.clusters import Cluster, opened
from ..compute.gpus import devices
from ..errors import BadRequest
from ..lineage.plain import shown
from ..running_cell import say_busy
from ..wire import Reply
from .answering import Answering, answers, forget_route

MOST_WORKERS, MOST_CLUSTERS, LONGEST = 64, 8, 200
"""Workers and clusters that are listed, and characters of a text."""


@cache
def _pool() -> ThreadPoolExecutor:
    # Not that of the widgets: a scheduler or a disk that does not answer must not hold up their pictures.
    return ThreadPoolExecutor(max_workers=3, thread_name_prefix="astrodata-compute")


class ComputeAnswers(Answering):
    """Answers one panel; requests are ``hello``, ``usage``, ``disk`` and ``clusters``.

    Parameters
    ----------
    comm
        What the panel has opened.
    """

    def __init__(self, comm: Any) -> None:
        self._begin_answering()
        self._comm = comm
        self._before: resources.Cpu | None = None
        # This lives as long as the comm, which the panel closes.
        comm.on_msg(lambda message: self._take_frame(message["content"]["data"]))

    @answers("hello")
    def _hello(self, version: str, protocol: int) -> Reply:
        if not isinstance(version, str) or type(protocol) is not int:
            raise BadRequest("a greeting has a version, and the number of a protocol")
        environment.heard(version, protocol)
        return Reply(environment.hello())

    @answers("usage")
    def _usage(self) -> Reply:
        memory, cpu, found = resources.memory(), resources.cpu(), devices()
        busy = None if self._before is None else cpu.busy(self._before)
        self._before = cpu
        return Reply(
            {
                "memory": asdict(memory),
                "cpu": {"total": cpu.total, "busy": busy},
                "devices": [asdict(one) for one in found],
                "no_devices": found.note,
            }
        )

    @answers("disk")
    def _disk(self) -> Reply:
        return Reply(asdict(resources.disk()))

    @answers("clusters")
    def _clusters(self) -> Reply:
        found = opened()
        return Reply(
            {
                # The newest one first: it is the one that `adk.compute.current()` gives.
                "clusters": [_told(one) for one in reversed(found[-MOST_CLUSTERS:])],
                "count": len(found),
            }
        )

    def _post(self, content: dict[str, Any], buffers: list[memoryview]) -> None:
        self._comm.send(content, buffers=buffers)
        forget_route(self._comm)
        say_busy()

    def _answering_pool(self) -> Executor:
        return _pool()


def _told(cluster: Cluster) -> Mapping[str, Any]:
    workers = cluster.workers
    return {
        "kind": shown(cluster.kind, LONGEST),
        "dashboard": cluster.dashboard,
        "scales": cluster.scales,
        "threads": cluster.threads_here
        if cluster.client is None
        else sum(w.threads for w in workers),
        "count": len(workers),
        "memory": sum(one.memory for one in workers),
        "used": sum(one.used for one in workers),
        "workers": [
            {
                "name": shown(one.name, LONGEST),
                "threads": one.threads,
                "memory": one.memory,
                "used": one.used,
            }
            for one in workers[:MOST_WORKERS]
        ],
    }
