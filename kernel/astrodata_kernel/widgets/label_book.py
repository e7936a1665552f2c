"""The label log as the labeller sees it: by row, with what is open, and each step done once."""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..errors import BadRequest, UnknownName
from ..processing.events import Events
from .label_queue import Order, Repeats

KEPT = 2_000
"""Steps whose answers are kept, for the case that one is sent again."""

SOURCE = "hotkey"
REPEATED = "repeat"
"""What the log says of labels that were given to an event that came a second time."""


class Book:
    """Labels of one annotator on some events.

    Parameters
    ----------
    log
        A `LabelLog`.
    events
        What is labelled.
    order
        Kept in step with the log.
    repeats
        Told of each label.
    """

    def __init__(self, log: Any, events: Events, order: Order, repeats: Repeats) -> None:
        self.log, self.events, self.order, self.repeats = log, events, order, repeats
        self.lock = threading.RLock()
        self.counts: Counter[str] = Counter()
        self.unknown = 0
        """Labels of ids that the events do not have."""
        self._done: OrderedDict[str, dict[str, Any] | None] = OrderedDict()
        self._held: dict[int, Counter[str]] = {}
        self._repeated = False
        self.refresh()
        self._recount()
        repeats.begin(self._held)

    def refresh(self) -> None:
        """Read what others, and this annotator elsewhere, have appended."""
        with self.lock:
            self.log.refresh()
            self._held, self.counts, self.unknown = {}, Counter(), 0
            self.order.labelled[:] = False
            self.order.skipped[:] = False
            fold, parts = self.log.fold, {}
            for (ident, _), event in fold.regions.get(self.log.annotator, {}).items():
                parts.setdefault(ident, []).append({"label": names_of(fold.label(event))})
            found = {ident: names_of(label) for ident, label in self.log.labelled().items()}
            for ident in {**found, **parts, **dict.fromkeys(self.log.skipped)}:
                row = self._row(ident)
                if row is None:
                    self.unknown += 1
                    continue
                label = found.get(ident, [])
                said = {"label": label, "regions": parts.get(ident, []), "skipped": not label}
                self._hold(row, said)

    def once(self, key: str, step: Callable[[], dict[str, Any] | None]) -> dict[str, Any] | None:
        """Do a step, or give the answer that it had when it was done before."""
        with self.lock:
            if key not in self._done:
                self._done[key] = step()
                while len(self._done) > KEPT:
                    self._done.popitem(last=False)
            return self._done[key]

    def did(self, key: str) -> bool:
        """Whether a step is done."""
        with self.lock:
            return key in self._done

    def ident(self, row: int) -> Any:
        """Give the id of an event as the log keeps it.

        Raises
        ------
        BadRequest
            There is no such row.
        """
        if not 0 <= row < len(self.events):
            raise BadRequest(f"event {row}: there are events 0 to {len(self.events) - 1}")
        ident = self.events.ids[row]
        return ident.item() if hasattr(ident, "item") else ident

    def said(self, row: int) -> dict[str, Any]:
        """Give what the log says of an event: label (a list), note, confidence, skipped, regions."""
        found = self.log.said_of(self.ident(row))
        return {
            "label": names_of(found["label"]),
            "note": found["note"] or "",
            "confidence": found["confidence"],
            "skipped": found["skipped"],
            "regions": [
                {"region": one["region"], "label": names_of(one["label"])}
                for one in found["regions"]
                if one["label"] is not None
            ],
        }

    def others(self, row: int) -> list[dict[str, Any]]:
        """Give what other annotators say of an event."""
        ident, own = self.ident(row), self.log.annotator
        said = {who: self.log.said_of(ident, who) for who in self.log.annotators if who != own}
        return [
            {"annotator": who, "label": names_of(one["label"])}
            for who, one in said.items()
            if one["label"] is not None
        ]

    def put(
        self,
        row: int,
        label: Sequence[str],
        *,
        repeated: bool = False,
        source: str = SOURCE,
        region: Mapping[str, Any] | None = None,
        **said: Any,
    ) -> None:
        """Write a label; when this returns it is on the disk."""
        ident = self.ident(row)
        wanted = [str(name) for name in label]
        before = names_of(self.log.label_of(ident))
        source = REPEATED if repeated else source
        given = wanted[0] if len(wanted) == 1 else wanted or None
        self.log.put(ident, given, source=source, region=region, **said)
        if repeated:
            self._repeated = True
            self.repeats.compare(before, wanted)
        elif wanted and not before and region is None:
            self.repeats.note(row)
        self._take(row)

    def skip(self, row: int) -> None:
        """Write that an event was skipped."""
        self.log.skip(self.ident(row))
        self._take(row)

    def step(self, what: str) -> int | None:
        """Undo or redo; give the event that it is about, or None if there was nothing."""
        made = self.log.undo() if what == "undo" else self.log.redo()
        rows = [row for row in map(self._row, made["ids"]) if row is not None] if made else []
        for row in rows:
            self._take(row)
        if self._repeated:
            self._recount()
        return rows[0] if rows else None

    def _recount(self) -> None:
        """Compare the repetitions of the whole history, those before a restart too."""
        from ..labels import self_consistency

        found = self_consistency(self.log)
        self.repeats.same, self.repeats.compared = found.same, found.compared
        self._repeated = self._repeated or found.compared > 0

    def _take(self, row: int) -> None:
        self._hold(row, self.said(row))

    def _hold(self, row: int, said: Mapping[str, Any]) -> None:
        now = Counter(said["label"])
        for region in said["regions"]:
            now.update(region["label"])
        self.counts.subtract(self._held.pop(row, Counter()))
        self.counts.update(now)
        if now:
            self._held[row] = now
        self.order.labelled[row] = bool(now)
        self.order.skipped[row] = said["skipped"] and not now

    def _row(self, ident: Any) -> int | None:
        try:
            return self.events.row_of(ident)
        except UnknownName:
            return None  # an event of other data in the same log


def names_of(label: Any) -> list[str]:
    """Give a label as a list of classes."""
    if label is None:
        return []
    return [str(name) for name in label] if isinstance(label, list | tuple) else [str(label)]
