"""Which steps of an annotator can be undone and done again."""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Sequence
from typing import Any

from .lines import LABELLING, Event
from .log_files import ORDER

Ref = tuple[str, int]


class Steps:
    """What was done before the log was opened, and since then by this log alone.

    Parameters
    ----------
    events
        All events, in their order.
    who
        The annotator; what others did is never undone.
    """

    def __init__(self, events: Sequence[Event], who: str) -> None:
        self._who = who
        self._writers = {event.writer for event in events if event.by == who}
        self.anew(events)

    def anew(self, events: Iterable[Event]) -> None:
        """Find the steps again after all events were read anew."""
        self._done: dict[Ref, Event] = {}
        self._undone: dict[Ref, Event] = {}
        for event in events:
            if event.by == self._who and event.writer in self._writers and not event.part:
                if event.do in LABELLING:
                    self.did(event)
                elif event.do in ("undo", "redo") and event.target is not None:
                    from_, to = self._sides(event.do)
                    target = from_.pop(event.target, None)
                    if target is not None:
                        to[event.target] = target

    def did(self, event: Event) -> None:
        """Note a step; what was undone before cannot be done again now."""
        self._writers.add(event.writer)
        self._done[event.ref] = event
        self._undone.clear()

    def turned(self, do: str, event: Event) -> None:
        """Note that a step was undone, or done again."""
        from_, to = self._sides(do)
        from_.pop(event.ref, None)
        to[event.ref] = event

    def to_undo(self, undone: Any) -> Event | None:
        """Give the last step that stands."""
        return next((self._done[ref] for ref in reversed(self._done) if ref not in undone), None)

    def to_redo(self, undone: Any) -> Event | None:
        """Give the step that was undone last."""
        return next((self._undone[ref] for ref in reversed(self._undone) if ref in undone), None)

    def parts(self, event: Event, events: Sequence[Event]) -> list[Event]:
        """Give all that one line told: an import tells many."""
        at = bisect.bisect_left(events, ORDER(event), key=ORDER)
        found = []
        while at < len(events) and events[at].ref == event.ref:
            found.append(events[at])
            at += 1
        return found or [event]

    def _sides(self, do: str) -> tuple[dict[Ref, Event], dict[Ref, Event]]:
        return (self._done, self._undone) if do == "undo" else (self._undone, self._done)
