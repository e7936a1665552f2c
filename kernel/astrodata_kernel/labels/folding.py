"""What all events together say: the label of each id by each annotator, skips, verdicts, classes.

Events count in the order of their clocks. The clock of an event is the time in microseconds, or one more
than the highest that its writer had seen, whichever is later (a hybrid logical clock). So events of one
writer keep their order whatever its machine's clock does, what was done in knowledge of another event comes
after it, and for the rest the time decides.
"""

from __future__ import annotations

import bisect
from collections import Counter
from collections.abc import Iterable

from .label_sets import LabelSet, changed, translated
from .lines import LABELLING, Event, Id, Label
from .log_files import ORDER
from .regions import key_of

_Place = tuple[int, str, int, int]


class Fold:
    """The state after all events.

    Examples
    --------
    >>> fold = Fold()
    >>> fold.take([Event(1, "w", 1, 0, "put", "ada", "", (7,), "glitch")])
    >>> fold.label(fold.labels["ada"][7])
    'glitch'
    """

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._clear()

    def _clear(self) -> None:
        self.labels: dict[str, dict[Id, Event]] = {}
        """By annotator and id: the event that gave the label."""
        self.regions: dict[str, dict[tuple[Id, str], Event]] = {}
        """By annotator, and by id and region."""
        self.skips: dict[str, dict[Id, Event]] = {}
        self.verdicts: dict[Id, Event] = {}
        """By id: what was decided between the annotators."""
        self.undone: set[tuple[str, int]] = set()
        self.label_set = LabelSet()
        self.warnings: list[str] = []
        self._changes: list[Event] = []
        self._places: list[_Place] = []
        self._known: dict[tuple[str, int], str | None] = {}

    def anew(self, events: Iterable[Event]) -> None:
        """Forget all, and take these."""
        self.events = []
        self._clear()
        self.take(events)

    def take(self, new: Iterable[Event]) -> None:
        """Count further events in; those that come after all others cost only themselves."""
        new = list(new)
        behind = not self.events or (new and ORDER(new[0]) > ORDER(self.events[-1]))
        self.events += new
        if not behind:
            self.events.sort(key=ORDER)
        if behind and not any(event.do in ("undo", "redo", "classes") for event in new):
            self._apply_all(new)
        elif new:
            self._again()

    def _again(self) -> None:
        self._clear()
        for event in self.events:
            if event.do == "undo" and event.target is not None:
                self.undone.add(event.target)
            elif event.do == "redo" and event.target is not None:
                self.undone.discard(event.target)
            elif event.do == "classes":
                self.label_set, said = changed(self.label_set, event.change)
                self.warnings += said
                self._changes.append(event)
                self._places.append(ORDER(event))
        self._apply_all(self.events)

    def _apply_all(self, events: Iterable[Event]) -> None:
        undone = self.undone
        for event in events:
            if not undone or event.ref not in undone:
                self._apply(event)

    def _apply(self, event: Event) -> None:
        do = event.do
        if do not in LABELLING:
            return
        if do == "put" and event.region is not None:
            self._region(event)
            return
        if do == "skip":
            held = self.skips.setdefault(event.who, {})
        elif do == "put":
            held = self.labels.setdefault(event.who, {})
            skipped = self.skips.get(event.who)
            if skipped:
                for ident in event.ids:
                    skipped.pop(ident, None)
        else:
            held = self.verdicts
        if event.label is None and do != "skip":
            for ident in event.ids:
                held.pop(ident, None)
        elif len(event.ids) == 1:
            held[event.ids[0]] = event
        else:
            held.update(dict.fromkeys(event.ids, event))

    def _region(self, event: Event) -> None:
        held = self.regions.setdefault(event.who, {})
        key = key_of(event.region)
        for ident in event.ids:
            if event.label is None:
                held.pop((ident, key), None)
            else:
                held[ident, key] = event

    def label(self, event: Event | None) -> Label:
        """Give the label of an event by the names that the classes have now; None if it has none left."""
        if event is None or event.label is None or not self._changes:
            return None if event is None else event.label
        since = bisect.bisect(self._places, ORDER(event))
        if isinstance(event.label, str):
            return self._now(event.label, since)
        found = [self._now(name, since) for name in event.label]
        return tuple(dict.fromkeys(name for name in found if name is not None)) or None

    def _now(self, name: str, since: int) -> str | None:
        key = (name, since)
        if key not in self._known:
            self._known[key] = self._renamed(name, since)
        return self._known[key]

    def _renamed(self, name: str, since: int) -> str | None:
        found = translated(name, [step for one in self._changes[since:] for step in one.change])
        if found is None or found in self.label_set or not since:
            return found
        # Given by somebody who had not seen yet that the class was renamed or removed.
        # Its label is kept even where the class went without another in its place.
        return translated(found, [step for one in self._changes for step in one.change]) or found

    def seen(self, who: str) -> set[Id]:
        """Give the ids that an annotator labelled, skipped, or labelled a part of."""
        found = set(self.skips.get(who, ()))
        found.update(i for i, e in self.labels.get(who, {}).items() if self.label(e) is not None)
        found.update(
            i for (i, _), e in self.regions.get(who, {}).items() if self.label(e) is not None
        )
        return found

    @property
    def annotators(self) -> list[str]:
        """Who labelled, in alphabetical order."""
        return sorted(
            {who for held in (self.labels, self.regions) for who, of in held.items() if of}
        )

    def counts(self, who: str) -> dict[str, int]:
        """Give how many labels of each class an annotator has given, classes without any at 0."""
        counts = dict.fromkeys(self.label_set.names, 0)
        for held in (self.labels.get(who, {}), self.regions.get(who, {})):
            for label, times in Counter(map(self.label, held.values())).items():
                for name in (label,) if isinstance(label, str) else label or ():
                    counts[name] = counts.get(name, 0) + times
        return counts
