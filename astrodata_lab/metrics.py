"""Memory, cores, disk, GPUs and runs as metrics of Prometheus, on the Jupyter server's own ``/metrics``."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from astrodata_kernel.compute import gpus, resources
from astrodata_kernel.runs import runs
from astrodata_kernel.runs.facts import STATES
from prometheus_client import REGISTRY
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from .refusals import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from prometheus_client.core import Metric
    from tornado.ioloop import IOLoop

    from .workers import WorkerPool

OLD = 5.0
"""Seconds after which numbers are measured anew."""

_published: list[Metrics] = []
"""Those of this process's server: the registry is the process's too."""


class Metrics:
    """What is scraped: the numbers of the last measurement.

    A scrape never waits: it has a worker process measure, and the next one gets the numbers. A disk or a
    driver that does not answer holds up neither Jupyter nor Prometheus.

    Parameters
    ----------
    pool
        Where it is measured: the records of runs are anyone's files.
    seconds
        Longest time for it.
    """

    def __init__(self, pool: WorkerPool, seconds: float) -> None:
        self._pool, self._seconds = pool, seconds
        self._families = families(None)
        self._measured: float | None = None
        self._task: asyncio.Task[None] | None = None

    def publish(self, root: Callable[[], Path], loop: IOLoop) -> None:
        """Add the metrics to those of the process, in place of an earlier server's.

        Parameters
        ----------
        root
            Gives the folder of the workspace.
        loop
            The server's.
        """
        self._root, self._loop = root, loop
        for one in _published.copy():
            one.close()
        REGISTRY.register(self)
        _published.append(self)

    def describe(self) -> Sequence[Metric]:
        """Give nothing: to ask for names must measure nothing."""
        return ()

    def collect(self) -> Sequence[Metric]:
        """Give the last numbers, and have them measured anew."""
        # From whichever thread a scrape comes.
        self._loop.add_callback(self._begin)
        return self._families

    def close(self) -> None:
        """Measure no more."""
        if self in _published:
            _published.remove(self)
            REGISTRY.unregister(self)
        if self._task is not None:
            self._task.cancel()

    def _begin(self) -> None:
        new = self._measured is not None and time.monotonic() - self._measured < OLD
        if not new and self in _published and (self._task is None or self._task.done()):
            self._task = asyncio.get_running_loop().create_task(self._measure())

    async def _measure(self) -> None:
        # What cannot be measured stays as it was; the time of it is told as well.
        with contextlib.suppress(Refusal, KeyError, TypeError, ValueError):
            found = await self._pool.call(
                f"{__name__}:sample", str(self._root()), seconds=self._seconds
            )
            self._families = families({**found, "time": time.time()})
        self._measured = time.monotonic()


def sample(root: str) -> dict[str, Any]:
    """Measure; runs in a worker."""
    usage, listed = resources.usage(root), runs(root)
    return {
        "memory": asdict(usage.memory),
        "cpu": asdict(usage.cpu),
        "disk": asdict(usage.disk),
        "devices": [asdict(one) for one in gpus.devices()],
        "states": dict(Counter(run.state for run in listed)),
        "runs": [
            {"labels": [run.user, run.pipeline, run.id], "seconds": run.device_seconds}
            for run in listed
            # One series each: most runs hold no GPU.
            if run.device_seconds > 0
        ],
    }


def families(found: Mapping[str, Any] | None) -> list[Metric]:
    """Give the metrics of a measurement; of None those that there are, without numbers.

    Raises
    ------
    KeyError, TypeError, ValueError
        It is not what `sample` gives.
    """
    memory, cpu, disk = ({} if found is None else found[n] for n in ("memory", "cpu", "disk"))
    devices = [] if found is None else list(enumerate(found["devices"]))
    held = [] if found is None else [(one["labels"], one["seconds"]) for one in found["runs"]]
    states = None if found is None else found["states"]
    of_device = ("gpu", "name", "uuid")

    def each(name: str) -> list[tuple[Sequence[str], Any]]:
        return [((str(index), one["name"], one["uuid"]), one[name]) for index, one in devices]

    return [
        _gauge("memory_bytes", "Memory that the container may take", memory.get("total")),
        _gauge("memory_used_bytes", "Memory that the container takes", memory.get("used")),
        _gauge("cpus", "Cores that the container may use", cpu.get("total")),
        _counter(
            "cpu_seconds", "Core-seconds that the container worked", (), [((), cpu.get("seconds"))]
        ),
        _gauge("disk_bytes", "Size of the workspace's file system", disk.get("total")),
        _gauge("disk_used_bytes", "What is taken of that file system", disk.get("used")),
        _gauge("disk_free_bytes", "What the user may still write there", disk.get("free")),
        _gauges("gpu_memory_bytes", "Memory of a GPU or slice", of_device, each("memory")),
        _gauges("gpu_memory_used_bytes", "Memory taken of it", of_device, each("used")),
        _gauges(
            "gpu_utilisation_ratio",
            "Share of the last moments in which a GPU worked; of slices nobody tells",
            of_device,
            each("utilisation"),
        ),
        _gauges(
            "runs",
            "Runs of pipelines in the workspace, the newest ones",
            ("state",),
            [] if states is None else [((state,), states.get(state, 0)) for state in STATES],
        ),
        _counter(
            "run_gpu_seconds",
            "Seconds for which a run held GPUs, times their number",
            ("user", "pipeline", "run"),
            held,
        ),
        _gauge(
            "measured_timestamp_seconds",
            "When all of these were measured",
            None if found is None else found["time"],
        ),
    ]


def _gauge(name: str, text: str, value: Any) -> Metric:
    return _gauges(name, text, (), [((), value)])


def _gauges(
    name: str, text: str, labels: Sequence[str], rows: Sequence[tuple[Sequence[str], Any]]
) -> Metric:
    return _filled(GaugeMetricFamily(f"astrodata_{name}", text, labels=labels), rows)


def _counter(
    name: str, text: str, labels: Sequence[str], rows: Sequence[tuple[Sequence[str], Any]]
) -> Metric:
    return _filled(CounterMetricFamily(f"astrodata_{name}", text, labels=labels), rows)


def _filled(family: Any, rows: Sequence[tuple[Sequence[str], Any]]) -> Metric:
    for labels, value in rows:
        if value is not None:
            family.add_metric([str(one) for one in labels], float(value))
    return family
