"""Steps as tasks of a Dask cluster whose workers see the workspace."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

from ..compute.clusters import check_workers
from ..compute.failures import is_killed
from ..errors import AstrodataError, Cancelled, StepFailed
from .making import Job, Made, make
from .run_records import RunRecord

_PATIENCE = 0.5  # seconds of waiting between two looks whether the run shall end


def sees(client: Any, folder: Path) -> bool:
    """Tell whether all workers see a folder of ours: then they can do steps, and else parts of steps only."""
    mark = folder / f".seen-{uuid.uuid4().hex}"
    mark.touch()
    try:
        told = client.run(_exists, str(mark))
        return bool(told) and all(told.values())
    finally:
        mark.unlink(missing_ok=True)


class Workers:
    """Does jobs on a cluster, several at once.

    Parameters
    ----------
    client
        Of Dask.
    record
        Of the run, which is told how far each is.
    """

    def __init__(self, client: Any, record: RunRecord) -> None:
        self._client, self._record = client, record
        self._topic = f"astrodata-{uuid.uuid4().hex}"
        self._futures: dict[Any, str] = {}

    def __enter__(self) -> Self:
        self._client.subscribe_topic(self._topic, self._heard)
        return self

    def __exit__(self, *error: object) -> None:
        left = list(self._futures)
        if left:
            # What a cancelled task still does, it ends by itself: it looks for the run's wish to end.
            self._record.folder.ask_cancel()
            self._client.cancel(left, force=True)
        self._client.unsubscribe_topic(self._topic)

    @property
    def under_way(self) -> int:
        """How many jobs are on the cluster."""
        return len(self._futures)

    def submit(self, name: str, job: Job) -> None:
        """Begin a job."""
        future = self._client.submit(
            _on_worker,
            job,
            self._topic,
            str(self._record.folder.path),
            key=f"{job.block.name}-{name}-{uuid.uuid4().hex}",
            # What its block raises it would raise again. Where a worker dies Dask begins the step anew by
            # itself, as often as its scheduler allows.
            pure=False,
        )
        self._futures[future] = name

    def ready(self) -> Iterator[tuple[str, Made | BaseException]]:
        """Give the jobs that are done by now, each with what came of it; waits a little if none is.

        Raises
        ------
        ServiceFailed
            No worker is there, and none will come.
        """
        from distributed import TimeoutError as Late
        from distributed import wait

        if not self._futures:
            return
        try:
            done = wait(list(self._futures), timeout=_PATIENCE, return_when="FIRST_COMPLETED").done
        except Late:
            check_workers(self._client)
            return
        for future in done:
            name = self._futures.pop(future)
            error = future.exception() if future.status == "error" else None
            if future.status == "cancelled":
                yield name, Cancelled(f"step {name!r} was cancelled on the cluster")
            elif error is None:
                yield name, future.result()
            else:
                yield name, _told(name, error)

    def _heard(self, event: Any) -> None:
        _, told = event if isinstance(event, tuple) else (None, event)
        if not isinstance(told, dict) or "step" not in told:
            return
        if "numbers" in told:
            self._record.heard(str(told["step"]), told["numbers"], told["epoch"])
        else:
            self._record.moved(str(told["step"]), float(told["share"]), str(told["text"]))


def _exists(path: str) -> bool:
    return Path(path).exists()


def _on_worker(job: Job, topic: str, folder: str) -> Made:
    from distributed import get_client, get_worker

    from ..runs import RunFolder

    run, worker = RunFolder(folder), get_worker()

    def tell(share: float, text: str) -> None:
        worker.log_event(topic, {"step": job.step, "share": share, "text": text})

    def heard(values: dict[str, float], epoch: int | None) -> None:
        worker.log_event(topic, {"step": job.step, "numbers": values, "epoch": epoch})

    return make(job, tell, run.cancel_asked, get_client, heard)


def _told(name: str, error: BaseException) -> BaseException:
    if isinstance(error, AstrodataError) or not isinstance(error, Exception):
        return error
    if is_killed(error):
        times = int(error.allowed_failures) + 1  # type: ignore[attr-defined]
        return StepFailed(
            f"step {name!r}: {times} workers died doing it, one after the other: most often their "
            "memory was too small; give workers more of it, or take smaller parts"
        )
    return StepFailed(f"step {name!r}: {type(error).__name__}: {error}")
