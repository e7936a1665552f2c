"""Training of seeds in parallel on a Dask cluster."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ..errors import MissingPackage
from .starts import Finished, Job, Record, Start


class DaskEngine:
    """Trains the starts of a job on a cluster's workers, each start on one of them.

    Parameters
    ----------
    client
        A `distributed.Client`; without one a cluster of processes on this machine is made for the job.
    """

    name = "dask"

    def __init__(self, client: Any = None) -> None:
        try:
            import distributed  # noqa: F401 - asked for early, before hours of waiting
        except ImportError:
            raise MissingPackage(
                'engine="dask" needs Dask; run "pip install astrodata-lab[ml]" in this kernel\'s environment'
            ) from None
        self._client = client

    def run(
        self,
        job: Job,
        report: Callable[[Record], None],
        cancelled: Callable[[], bool],
    ) -> list[Finished]:
        """Give each start's end, in the order of the starts; those that were cancelled are left out."""
        from distributed import Client, LocalCluster

        if self._client is not None:
            return self._on(self._client, job, report, cancelled)
        # One thread each: TensorFlow brings its own.
        with (
            LocalCluster(
                processes=True, threads_per_worker=1, dashboard_address="127.0.0.1:0"
            ) as cluster,
            Client(cluster) as client,
        ):
            return self._on(client, job, report, cancelled)

    def _on(
        self,
        client: Any,
        job: Job,
        report: Callable[[Record], None],
        cancelled: Callable[[], bool],
    ) -> list[Finished]:
        # The traces travel once to each worker, not once with each start.
        data = client.scatter([job.train, job.validation], broadcast=True)
        bare = replace(job, train=None, validation=None, starts=())  # type: ignore[arg-type]
        tasks = {
            client.submit(_train_one, bare, start, *data, pure=False): i
            for i, start in enumerate(job.starts)
        }
        finished: dict[int, Finished] = {}
        waiting = set(tasks)
        while waiting:
            if cancelled():
                client.cancel(list(waiting))
                break
            for future in [f for f in waiting if f.done()]:
                waiting.discard(future)
                done: Finished = future.result()
                finished[tasks[future]] = done
                for record in done.history:
                    report(record)
            time.sleep(0.05)  # between two looks at the workers
        return [finished[i] for i in sorted(finished)]


_models: dict[str, Any] = {}


def _train_one(job: Job, start: Start, train: Any, validation: Any) -> Finished:
    """Train one start in a worker's process, which keeps its compiled model for the next one."""
    from ..models.cae import WaveformAutoencoder
    from .keras_engine import _arrays, compiled, train_start

    whole = replace(job, train=train, validation=validation, starts=(start,))
    key = repr(sorted(job.architecture.items()))
    if key not in _models:
        model = compiled(WaveformAutoencoder.from_config(job.architecture), job.learning_rate)
        _models[key] = model, _arrays(model.optimizer.variables)
    model, zeros = _models[key]
    return train_start(model, zeros, whole, start, lambda _record: None, lambda: False)
