"""What the labels teach while one labels: when the learner learns, and what comes next after it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import BadRequest, UnknownName
from ..processing.events import Events

GUIDED = 200
"""Events that the learner's own queue gives, with its random share; the others follow by score."""


class Teaching:
    """Tells a learner of each batch of labels, and its owner of what was learnt.

    Parameters
    ----------
    learner
        A `Learner`, or None.
    batch
        Labels after which it learns.
    learnt
        Called with the learner, in the learner's thread, when there is something new.

    Raises
    ------
    BadRequest
        A batch of no label, or nothing that learns.
    """

    def __init__(self, learner: Any, batch: int, learnt: Callable[[Any], None]) -> None:
        if batch < 1:
            raise BadRequest(f"batch={batch}: give 1 label or more")
        if learner is not None and not hasattr(learner, "update_soon"):
            raise BadRequest(f"a {type(learner).__name__} does not learn: give a Learner")
        self._learner, self._batch, self._learnt = learner, int(batch), learnt
        self._new = self._taught = 0
        self._failed = ""
        if learner is not None:
            learner.watch(self._told)

    def labelled(self) -> None:
        """Say that there is one label more."""
        if self._learner is None:
            return
        self._new += 1
        if self._new >= self._batch:
            self._new = 0
            try:
                self._learner.update_soon()
            except Exception as error:  # noqa: BLE001 - the label is saved, whatever the learner says
                self._failed = f"nothing was learnt: {error}"

    @property
    def said(self) -> str:
        """What a person should know of it; nothing without a learner."""
        if self._learner is None:
            return ""
        if self._failed:
            return self._failed
        if self._learner.busy:
            return "learning"
        times = "once" if self._taught == 1 else f"{self._taught} times"
        return f"learnt {times}" if self._taught else ""

    def _told(self, learner: Any) -> None:
        if learner.error is not None:
            self._failed = f"nothing was learnt: {learner.error}"
            return
        try:
            self._learnt(learner)
        except Exception as error:  # noqa: BLE001 - said in the view; the old order goes on
            self._failed = f"the queue kept its order: {error}"
            return
        self._failed = ""
        self._taught += 1


def order_after(learner: Any, events: Events) -> tuple[npt.NDArray[np.int64], list[str]]:
    """Give rows and reasons after a learning: the learner's queue, then the others by its score.

    Points of the learner that are none of these events are left out.
    """
    ids = learner.latents.ids.tolist()
    rows = []
    for ident in ids:
        try:
            rows.append(events.row_of(ident))
        except UnknownName:
            rows.append(-1)
    of_latents = np.array(rows, dtype=np.int64)
    guided = learner.queue(min(GUIDED, len(ids)))
    first = of_latents[np.asarray(guided.rows, dtype=np.int64)]
    both = np.concatenate([first, of_latents[learner.order]])
    known = both >= 0
    reasons = [*guided.reasons, *[""] * len(ids)]
    _, once = np.unique(both, return_index=True)
    kept = [i for i in np.sort(once).tolist() if known[i]]
    return both[kept], [reasons[i] for i in kept]
