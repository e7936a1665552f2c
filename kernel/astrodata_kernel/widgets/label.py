"""The labeller: one event at a time, named by a key, kept in an append-only log."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import traitlets

from ..errors import BadRequest
from ..processing.events import events_of
from ..wire import Reply
from .base import STATIC, Cancel, RequestWidget, answers
from .label_book import SOURCE, Book
from .label_checks import checked_scores, of_strategy, opened_log
from .label_classes import change_classes, class_facts
from .label_learning import Teaching, order_after
from .label_pictures import picture
from .label_queue import Order, Repeats, order_of
from .pictures import thumbnails

AHEAD = 24
"""Events that are named ahead: a fast hand is this far before the kernel."""


class Labeller(RequestWidget):
    """Shows one event after another, which keys name.

    A label is shown as saved when it is on the disk, never before. What is labelled is not asked again, in
    this view, after the tab was closed or the kernel restarted: the log of the same folder knows it.

    Parameters
    ----------
    events
        What is labelled: whatever `adk.processing.events.events_of` takes.
    log
        A `LabelLog`, the folder of one, or the name of a session of this workspace. By default a session
        that is named after the data.
    classes
        Names, or dicts with name, color, hotkey; by default those of the log.
    latents
        Behind the events, for queues that look at them.
    queue
        What is asked, in which order: ids, a `Queue`, or a strategy's name. By default all events, the
        highest score first.
    scores
        Of each event, shape (n,), higher = more anomalous. They are written with the labels.
    blind
        Hide the score and what others say.
    repeat
        Share of labelled events that come a second time without their label, to see whether one agrees with
        oneself.
    learner
        A `Learner`, told after each `batch` of labels; what comes next follows what it has learnt.
    batch
        Labels after which the learner learns.
    seed
        Of the draw of repetitions.
    **traits
        Initial values of the traits below.

    Raises
    ------
    BadRequest
        Arguments that do not fit each other.

    Examples
    --------
    >>> import tempfile
    >>> traces = np.random.default_rng(0).normal(size=(20, 100)).astype("f4")
    >>> labeller = Labeller(traces, tempfile.mkdtemp(), classes=["glitch", "noise"])
    >>> labeller.remaining
    20
    """

    _esm = STATIC / "label.js"
    _css = STATIC / "label.css"

    # In place of the logger that widgets have under this name, which none of our code paths uses.
    log = traitlets.Any(help="The `LabelLog` that is written to.")
    row = traitlets.Int(-1, min=-1, help="Number of the event on show, -1 for none.").tag(sync=True)
    blind = traitlets.Bool(False, help="Hide the score and what others say.").tag(sync=True)
    advance = traitlets.Bool(
        True, help="Show the next event as soon as one has its class; with several classes, never."
    ).tag(sync=True)
    height = traitlets.Int(360, min=120, help="Height of the picture in CSS pixels.").tag(sync=True)

    def __init__(
        self,
        events: Any,
        log: Any = None,
        *,
        classes: Any = None,
        latents: Any = None,
        queue: Any = None,
        scores: npt.ArrayLike | None = None,
        blind: bool = False,
        repeat: float = 0.05,
        learner: Any = None,
        batch: int = 10,
        seed: int = 0,
        **traits: Any,
    ) -> None:
        self.events = events_of(events)
        self.log = opened_log(log, classes, self.events)
        self._scores = checked_scores(scores, len(self.events))
        self._model = getattr(latents, "facts", {}).get("encoder") if latents is not None else None
        if isinstance(queue, str):
            queue = of_strategy(queue, latents, self.log, self._scores, len(self.events))
        rows, reasons = order_of(self.events, queue, self._scores)
        self._order = Order(len(self.events), rows, reasons)
        self._repeats = Repeats(repeat, seed)
        self._desk = Book(self.log, self.events, self._order, self._repeats)
        self._teaching = Teaching(learner, batch, self._reorder)
        self._orders = 0
        super().__init__(blind=blind, **traits)

    # --- for Python -------------------------------------------------------------------------------

    @property
    def current(self) -> Any:
        """Id of the event on show, or None; setting it shows that event."""
        return None if self.row < 0 else self._desk.ident(self.row)

    @current.setter
    def current(self, ident: Any) -> None:
        self.row = self.events.row_of(ident)

    @property
    def remaining(self) -> int:
        """How many events of the queue have no label and were not skipped."""
        with self._desk.lock:
            return self._order.remaining

    @property
    def selected(self) -> npt.NDArray[np.int64]:
        """Numbers of the labelled events, ascending."""
        with self._desk.lock:
            return np.flatnonzero(self._order.labelled)

    @property
    def counts(self) -> dict[str, int]:
        """How many events have each class, by this annotator."""
        with self._desk.lock:
            return {facts["name"]: facts["count"] for facts in self._classes()}

    @property
    def consistency(self) -> dict[str, int] | None:
        """How often a repeated event got the label that it had: ``same``, ``of``; None before one came."""
        repeats = self._repeats
        return {"same": repeats.same, "of": repeats.compared} if repeats.compared else None

    def refresh(self) -> None:
        """Read what was appended to the log elsewhere."""
        self._desk.refresh()

    @traitlets.validate("row")
    def _row_is_there(self, proposal: dict[str, Any]) -> int:
        row = int(proposal["value"])
        if row >= len(self.events):
            raise BadRequest(f"event {row}: there are events 0 to {len(self.events) - 1}")
        return row

    # --- what the browser asks --------------------------------------------------------------------

    @answers("describe")
    def _describe(self) -> Reply:
        with self._desk.lock:
            self._desk.refresh()
            self._order.passed[:] = False
            start = self._next(self.row) if self.row >= 0 else None
            return Reply(
                {
                    "kind": self.events.kind,
                    "events": len(self.events),
                    "annotator": str(self.log.annotator),
                    "folder": Path(self.log.folder).name,
                    "sample_period": self.events.sample_period,
                    "start": start,
                    "warnings": self._warnings(),
                    **self._state([] if start is None else [self.row]),
                }
            )

    @answers("state")
    def _answer_state(self, without: Sequence[int] = ()) -> Reply:
        with self._desk.lock:
            return Reply(self._state(without))

    @answers("event")
    def _event(self, row: int, turn: int = 0, blind: bool | None = None) -> Reply:
        # The view says whether it is blind: its trait may come later than this.
        hides = self.blind if blind is None else bool(blind)
        ident = self._desk.ident(row)
        meta, buffers = picture(self.events, row)
        with self._desk.lock:
            hidden = turn and self._repeats.is_open(row, turn)
            said = self._mark(row, hidden=bool(hidden))
            facts = [[str(name), str(text)] for name, text in self.events.facts(row)]
            shown = {} if hides else {"score": self._score(row), "others": self._desk.others(row)}
            reason = self._order.reasons.get(row, "")
            return Reply(
                {
                    **meta,
                    **said,
                    "id": str(ident),
                    "facts": facts,
                    "score": None,
                    "others": [],
                    "reason": "" if hides else reason,
                    **shown,
                },
                buffers,
            )

    @answers("thumbnails")
    def _thumbnails(self, rows: Sequence[int], width: int, height: int, *, cancel: Cancel) -> Reply:
        return Reply(*thumbnails(self.events, rows, width, height, cancel))

    @answers("put")
    def _put(
        self,
        key: str,
        row: int,
        label: Sequence[str],
        turn: int = 0,
        note: str | None = None,
        confidence: float | None = None,
        seconds: float | None = None,
        region: Mapping[str, Any] | None = None,
        without: Sequence[int] = (),
    ) -> Reply:
        def step() -> dict[str, Any]:
            repeated = region is None and bool(label) and self._repeats.is_open(row, turn)
            self._desk.put(
                row,
                label,
                repeated=repeated,
                source=self._source(row),
                region=region,
                note=note,
                confidence=confidence,
                seconds=seconds,
                score=self._score(row),
                model=self._model,
            )
            if repeated:
                self._repeats.close(row, turn)
            if label and region is None:
                self._teaching.labelled()
            return self._mark(row)

        return self._done(key, step, without)

    @answers("skip")
    def _skip(self, key: str, row: int, turn: int = 0, without: Sequence[int] = ()) -> Reply:
        def step() -> dict[str, Any]:
            if self._repeats.is_open(row, turn):
                self._repeats.close(row, turn)  # it keeps the label that it has
            else:
                self._desk.skip(row)
            return self._mark(row)

        return self._done(key, step, without)

    @answers("pass")
    def _pass(self, key: str, row: int, turn: int = 0, without: Sequence[int] = ()) -> Reply:
        def step() -> dict[str, Any]:
            self._desk.ident(row)
            self._repeats.close(row, turn)
            self._order.passed[row] = True
            return self._mark(row)

        return self._done(key, step, without)

    @answers("undo")
    def _undo(self, key: str, of: str | None = None, without: Sequence[int] = ()) -> Reply:
        return self._done(key, lambda: self._step("undo", of), without)

    @answers("redo")
    def _redo(self, key: str, of: str | None = None, without: Sequence[int] = ()) -> Reply:
        return self._done(key, lambda: self._step("redo", of), without)

    @answers("again")
    def _again(self, key: str, without: Sequence[int] = ()) -> Reply:
        def step() -> None:
            self._order.again()

        return self._done(key, step, [])

    @answers("classes")
    def _change_classes(
        self, key: str, change: Mapping[str, Any], without: Sequence[int] = ()
    ) -> Reply:
        def step() -> None:
            change_classes(self.log, change)
            self._desk.refresh()

        return self._done(key, step, without)

    # --- the rest ---------------------------------------------------------------------------------

    def _done(
        self, key: str, step: Callable[[], dict[str, Any] | None], without: Sequence[int]
    ) -> Reply:
        with self._desk.lock:
            mark = self._desk.once(key, step)
            ident = "" if mark is None else str(self._desk.ident(mark["row"]))
            return Reply({**self._state(without), "mark": mark, "id": ident})

    def _step(self, what: str, of: str | None) -> dict[str, Any] | None:
        if of is not None and not self._desk.did(of):
            raise BadRequest(
                f"what you wanted to {what} was never saved: nothing was changed in the log"
            )
        row = self._desk.step(what)
        return None if row is None else self._mark(row)

    def _reorder(self, learner: Any) -> None:
        rows, reasons = order_after(learner, self.events)
        with self._desk.lock:
            self._order.reorder(rows, reasons)
            self._orders += 1

    def _state(self, without: Iterable[int]) -> dict[str, Any]:
        order, log = self._order, self.log
        held = [int(row) for row in without]
        self._repeats.draw(order.labelled)
        ahead = [self._next(row, turn) for row, turn in self._repeats.open]
        ahead += [self._next(row) for row in order.ahead(AHEAD - len(ahead), held)]
        return {
            "total": len(order),
            "labelled": order.count(order.labelled),
            "skipped": order.count(order.skipped),
            "passed": order.count(order.passed & ~order.labelled & ~order.skipped),
            "remaining": order.remaining,
            "multiple": bool(getattr(log.label_set, "multiple", False)),
            "classes": self._classes(),
            "ahead": ahead,
            "undo": bool(log.can_undo),
            "redo": bool(log.can_redo),
            "consistency": self.consistency,
            "order": self._orders,
            "learning": self._teaching.said,
        }

    def _classes(self) -> list[dict[str, Any]]:
        return class_facts(self.log, self._desk.counts)

    def _next(self, row: int, turn: int = 0) -> dict[str, Any]:
        reason = "" if self.blind or turn else self._order.reasons.get(row, "")
        return {"row": row, "turn": turn, "id": str(self._desk.ident(row)), "reason": reason}

    def _mark(self, row: int, *, hidden: bool = False) -> dict[str, Any]:
        facts = self._desk.said(row)
        if hidden:  # a repetition: what was said the first time is not told
            facts = {**facts, "label": [], "note": "", "confidence": None, "skipped": False}
        return {"row": row, **facts}

    def _score(self, row: int) -> float | None:
        if self._scores is None or not np.isfinite(self._scores[row]):
            return None
        return float(self._scores[row])

    def _source(self, row: int) -> str:
        reason = self._order.reasons.get(row)
        return f"queue:{reason}" if reason else SOURCE

    def _warnings(self) -> list[str]:
        said = [str(warning) for warning in self.log.warnings]
        unknown = self._desk.unknown
        if unknown:
            said.append(
                f"{unknown:,} labels in this log are of ids that these events do not have: they stay there, "
                "and are not counted."
            )
        if self._scores is not None:
            bad = int(np.count_nonzero(~np.isfinite(self._scores)))
            if bad:
                said.append(f"{bad:,} events have no finite score: they come last.")
        return said
