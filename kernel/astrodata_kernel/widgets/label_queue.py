"""Which event comes next: the queue's order less what is labelled, and a share that comes again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import BadRequest
from ..processing.events import Events

Rows = npt.NDArray[np.int64]
APART = 10
"""Labels that lie at least between a label and its repetition, or one would only be remembered."""

_BLOCK = 4096


class Order:
    """Events in the order in which they are shown.

    Parameters
    ----------
    count
        Number of events of the data.
    rows
        Numbers of those to be labelled, in order.
    reasons
        Why each is there, or nothing.
    """

    def __init__(self, count: int, rows: npt.ArrayLike, reasons: Sequence[str] = ()) -> None:
        self._count = count
        self.labelled = np.zeros(count, bool)
        self.skipped = np.zeros(count, bool)
        self.passed = np.zeros(count, bool)
        self.put(rows, reasons)

    def put(self, rows: npt.ArrayLike, reasons: Sequence[str] = ()) -> None:
        """Take another order; what is labelled stays so."""
        self.rows: Rows = np.asarray(rows, dtype=np.int64)
        self.reasons = {int(row): str(why) for row, why in zip(self.rows, reasons, strict=False)}
        self._within = np.zeros(self._count, bool)
        self._within[self.rows] = True

    def reorder(self, rows: npt.ArrayLike, reasons: Sequence[str] = ()) -> None:
        """Take these first as far as they are in the queue; the others stay as they were, behind them."""
        wanted: Rows = np.asarray(rows, dtype=np.int64)
        keep = np.flatnonzero(self._within[wanted])
        why = [str(reasons[i]) if i < len(reasons) else "" for i in keep.tolist()]
        first = np.zeros(self._count, bool)
        first[wanted[keep]] = True
        others = self.rows[~first[self.rows]]
        known = [self.reasons.get(row, "") for row in others.tolist()]
        self.put(np.concatenate([wanted[keep], others]), [*why, *known])

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def remaining(self) -> int:
        """How many of the queue have neither a label nor were skipped."""
        return int(np.count_nonzero(self._within & ~self.labelled & ~self.skipped))

    def count(self, mask: npt.NDArray[np.bool_]) -> int:
        """How many of the queue are in a mask over all events."""
        return int(np.count_nonzero(mask & self._within))

    def ahead(self, count: int, without: Iterable[int] = ()) -> list[int]:
        """Give the next rows that are neither labelled, skipped nor passed over, nor among `without`."""
        shut = self.labelled | self.skipped | self.passed
        shut[[row for row in without if 0 <= row < self._count]] = True
        found: list[int] = []
        for start in range(0, len(self.rows), _BLOCK):
            block = self.rows[start : start + _BLOCK]
            found += block[~shut[block]][: count - len(found)].tolist()
            if len(found) >= count:
                break
        return found

    def again(self) -> None:
        """Begin another pass: what was skipped or passed over comes once more."""
        self.skipped[:] = False
        self.passed[:] = False


class Repeats:
    """A share of labelled events that come a second time, to see whether one agrees with oneself.

    Parameters
    ----------
    share
        How many, 0 to 0.5 for each label.
    seed
        Of the draw.

    Raises
    ------
    BadRequest
        Another share.
    """

    def __init__(self, share: float, seed: int = 0) -> None:
        if not 0 <= share <= 0.5:
            raise BadRequest(f"repeat={share}: give a share of 0 to 0.5")
        self._share, self._random = float(share), np.random.default_rng(seed)
        self._known: list[int] = []
        self._owed = 0.0
        self._drawn: set[int] = set()
        self._turn = 0
        self.open: list[tuple[int, int]] = []
        """Row and turn of those that come next. A turn tells a repetition from the event's first time."""
        self.same = self.compared = 0

    def begin(self, rows: Iterable[int]) -> None:
        """Say which events had a label before: the longest forgotten ones."""
        self._known = [int(row) for row in rows]

    def note(self, row: int) -> None:
        """Say that an event got its first label."""
        self._known.append(row)
        self._owed += self._share

    def draw(self, labelled: npt.NDArray[np.bool_]) -> None:
        """Let an event come again when it is time."""
        if self._owed < 1 or self.open:
            return
        rows = [row for row in self._known[:-APART] if row not in self._drawn and labelled[row]]
        if rows:
            self._owed -= 1
            self._turn += 1
            row = rows[self._random.integers(len(rows))]
            self._drawn.add(row)
            self.open.append((row, self._turn))

    def is_open(self, row: int, turn: int) -> bool:
        """Whether an event waits for its second label."""
        return (row, turn) in self.open

    def close(self, row: int, turn: int) -> None:
        """Say that a repetition got its label, or was passed over."""
        if (row, turn) in self.open:
            self.open.remove((row, turn))

    def compare(self, before: Any, after: Any) -> None:
        """Count one repetition."""
        self.compared += 1
        self.same += sorted(before) == sorted(after)


def order_of(
    events: Events, queue: Any, scores: npt.NDArray[np.float64] | None
) -> tuple[Rows, list[str]]:
    """Give rows and reasons of a queue.

    Parameters
    ----------
    events
        What is labelled.
    queue
        None: by falling score, without scores as the data has them; a sequence of ids; or something with
        ``ids`` and, if it likes, ``reasons``.
    scores
        Of each event, or None.

    Raises
    ------
    UnknownName
        An id that no event has.
    BadRequest
        No queue.
    """
    if queue is None:
        if scores is None:
            return np.arange(len(events)), []
        return np.argsort(-np.nan_to_num(scores, nan=-np.inf), kind="stable"), []
    ids = getattr(queue, "ids", queue)
    if isinstance(ids, str) or not hasattr(ids, "__iter__"):
        raise BadRequest(f"queue={queue!r}: give the name of a strategy, ids or a Queue")
    rows = np.array([events.row_of(_plain(ident)) for ident in ids], dtype=np.int64)
    reasons = getattr(queue, "reasons", None)
    _, first = np.unique(rows, return_index=True)  # an event that comes twice is labelled once
    keep = np.sort(first)
    why = [] if reasons is None else [str(reasons[i]) for i in keep]
    return rows[keep], why


def _plain(ident: Any) -> Any:
    return ident.item() if hasattr(ident, "item") else ident
