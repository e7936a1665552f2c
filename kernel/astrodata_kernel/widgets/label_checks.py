"""What a labeller is made of: its log, scores and queue, looked at before anything is shown."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import BadRequest


def opened_log(log: Any, classes: Any, events: Any) -> Any:
    """Give the log to write to: one that is there, that of a folder, or a session of the workspace."""
    dataset = {"digest": events.digest}
    named = isinstance(log, str) and os.sep not in log and not Path(log).exists()
    if log is None or named:
        from ..labels import session

        name = log or f"labels-{events.digest[:8]}"
        return session(name, dataset=dataset, classes=classes)
    from ..labels import LabelLog, LabelSet

    if isinstance(log, str | os.PathLike):
        return LabelLog(log, classes=classes, dataset=dataset)
    if classes is not None:
        names = LabelSet.of(classes).names
        given = zip(names, getattr(classes, "classes", classes), strict=True)
        # As they were given, so that colours and keys are chosen beside those that are taken.
        log.change_classes(add=[one for name, one in given if name not in log.label_set])
    return log


def checked_scores(scores: npt.ArrayLike | None, count: int) -> npt.NDArray[np.float64] | None:
    """Give scores as float64 of shape (count,), or None."""
    if scores is None:
        return None
    values = np.asarray(scores, dtype=np.float64)
    if values.shape != (count,):
        raise BadRequest(f"scores of shape {values.shape} for {count:,} events: give one for each")
    return values


def of_strategy(
    name: str, latents: Any, log: Any, scores: npt.NDArray[np.float64] | None, count: int
) -> Any:
    """Give the queue of all events by the name of a strategy."""
    if latents is None:
        raise BadRequest(f"queue={name!r} looks at latents: give latents=")
    from ..learning import queue

    return queue(name, latents, log, scores=scores, n=count)
