"""The log of labels: what is put is on the disk before the answer, and the table is a fold over all logs."""

from __future__ import annotations

import threading
import time
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from ..errors import BadRequest
from . import given as check
from .folding import Fold
from .label_reading import LabelReading, public
from .label_sets import LabelSet, changed, completed
from .lines import Event, events_of_record, now
from .log_files import LogFolder
from .regions import checked_region
from .session_files import make_folder, read_session
from .steps import Steps
from .writers import Writer

if TYPE_CHECKING:
    import os


_TOLD = 5


class LabelLog(LabelReading):
    """Labels of a data set by several people, whole history kept.

    A folder holds one log for each writer, JSON lines that are appended and on the disk (fsync) before a
    method returns, and that are never rewritten: so two people, two kernels and network folders cannot
    clash, and a kernel that dies loses nothing that was acknowledged. A line that was cut while it was
    written is left out with a warning, and nothing is ever written behind it.

    Events count by their clocks: the time, or one more than the highest clock that the writer had seen,
    whichever is later. A clock of the machine that goes backwards does not turn labels over.

    Parameters
    ----------
    folder
        Where the logs are; made if it is not there.
    annotator
        Who labels; by default the hub's user (``JUPYTERHUB_USER``) or who is logged in.
    classes
        Names, mappings, or a `LabelSet`; None for those that the folder has. New ones are added to them.
        Without classes, every text is a label.
    dataset
        What is labelled: a data set, or a dict of ``name`` and ``digest``; noted with each label.
    model
        What made the scores that one labels by; noted with each label.
    multiple
        Whether an event may have several classes; None as the folder has it.

    Raises
    ------
    UnreadableFile
        The folder cannot be read or made.
    BadRequest
        Classes that contradict themselves, or no name.

    Examples
    --------
    >>> import tempfile
    >>> log = LabelLog(tempfile.mkdtemp(), annotator="ada", classes=["noise", "glitch"])
    >>> log.put([3, 7], "glitch", note="seen twice")
    2
    >>> log.undo()["ids"], log.label_of(3)
    ([3, 7], None)
    >>> log.redo()["label"], log.label_of(3)
    ('glitch', 'glitch')
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        annotator: str | None = None,
        classes: Any = None,
        *,
        dataset: Any = None,
        model: str | None = None,
        multiple: bool | None = None,
    ) -> None:
        self.annotator = check.annotator_of(annotator)
        wanted = LabelSet.of(classes, multiple)
        self.dataset = check.dataset_of(dataset)
        self.model = check.text_of("model", model)
        self.folder = make_folder(Path(folder), self.dataset)
        self._lock = threading.RLock()
        self._own_warnings: list[str] = []
        self._told: set[str] = set()
        self._read_session()
        head = {"dataset": self.dataset, "model": self.model}
        self._writer = Writer(self.folder, self.annotator, head)
        self._files, self._fold = LogFolder(self.folder), Fold()
        self._fold.take(self._files.read()[0])
        self._clock = max((event.clock for event in self._fold.events), default=0)
        self._steps = Steps(self._fold.events, self.annotator)
        self._take_classes(classes, wanted, multiple)
        self._say()

    def put(
        self,
        ids: Any,
        label: str | Sequence[str] | None,
        note: str | None = None,
        *,
        confidence: float | None = None,
        seconds: float | None = None,
        score: float | None = None,
        model: str | None = None,
        region: Mapping[str, Any] | None = None,
        source: Any = "python",
    ) -> int:
        """Label events; when this returns it is on the disk.

        Parameters
        ----------
        ids
            One id or many: one step to undo, however many.
        label
            A class, several where the label set allows it, or None: takes the label away.
        note
            Why.
        confidence
            0 to 1.
        seconds
            Time that it took.
        score, model
            What the label was given on.
        region
            Part of the event that is labelled, as `astrodata_kernel.labels.regions` tells; labels of parts
            stand beside the event's own.
        source
            What it was given with: ``"hotkey"``, ``"repeat"`` (shown a second time), or a dict.

        Returns
        -------
        int
            Number of the event in this writer's log.

        Raises
        ------
        BadRequest, UnknownName
            No ids, no such class, several classes where one is allowed.
        UnreadableFile
            The disk does not take it: the label was not given, earlier ones are safe.
        """
        with self._lock:
            record = {
                "do": "put",
                "ids": check.ids_of(ids),
                "label": check.label_of(label, self.label_set),
                "note": check.text_of("note", note),
                "confidence": check.number_of("confidence", confidence, 0, 1),
                "seconds": check.number_of("seconds", seconds, 0),
                "score": check.number_of("score", score),
                "model": check.text_of("model", model),
                "region": checked_region(region),
                "source": check.json_of("source", source),
            }
            return self._do(record).number

    def skip(self, ids: Any, note: str | None = None) -> int:
        """Note that events were looked at and left without a label; a label that they have stays."""
        with self._lock:
            record = {
                "do": "skip",
                "ids": check.ids_of(ids),
                "note": check.text_of("note", note),
            }
            return self._do(record).number

    def adjudicate(self, ids: Any, label: Any, note: str | None = None) -> int:
        """Decide the label of events on which annotators differ; None takes the decision back."""
        with self._lock:
            record = {
                "do": "adjudicate",
                "ids": check.ids_of(ids),
                "label": check.label_of(label, self.label_set),
                "note": check.text_of("note", note),
            }
            return self._do(record).number

    def undo(self) -> dict[str, Any] | None:
        """Take back this annotator's last step that stands; an event itself.

        What this annotator does at the same time in another kernel is left alone.

        Returns
        -------
        dict or None
            The step: ``do``, ``ids``, ``label``, ``note``, ``time``; None if there is none.
        """
        with self._lock:
            return self._turn("undo", self._steps.to_undo(self._fold.undone))

    def redo(self) -> dict[str, Any] | None:
        """Do again what was undone last, if nothing was labelled since; as `undo`."""
        with self._lock:
            return self._turn("redo", self._steps.to_redo(self._fold.undone))

    @property
    def can_undo(self) -> bool:
        """Whether there is a step to undo."""
        with self._lock:
            return self._steps.to_undo(self._fold.undone) is not None

    @property
    def can_redo(self) -> bool:
        """Whether there is a step to redo."""
        with self._lock:
            return self._steps.to_redo(self._fold.undone) is not None

    def change_classes(
        self,
        *,
        add: Any = (),
        rename: Mapping[str, str] | None = None,
        recolour: Mapping[str, str] | None = None,
        hotkeys: Mapping[str, str | None] | None = None,
        parents: Mapping[str, str | None] | None = None,
        remove: Mapping[str, str | None] | Sequence[str] = (),
        multiple: bool | None = None,
    ) -> LabelSet:
        """Change the classes; labels that were given before follow, the history keeps their old names.

        Parameters
        ----------
        add
            Names, or mappings with ``name``, ``color``, ``hotkey``, ``parent``.
        rename, recolour, hotkeys, parents
            By name of the class.
        remove
            Names, or by name the class that its labels become (None: they are taken away).
        multiple
            Whether an event may have several classes.

        Raises
        ------
        BadRequest, UnknownName
            The change contradicts itself; nothing is changed.
        """
        steps: list[dict[str, Any]] = []
        steps += [{"op": "rename", "name": k, "to": v} for k, v in (rename or {}).items()]
        steps += [{"op": "recolour", "name": k, "color": v} for k, v in (recolour or {}).items()]
        steps += [{"op": "hotkey", "name": k, "hotkey": v} for k, v in (hotkeys or {}).items()]
        steps += [{"op": "parent", "name": k, "parent": v} for k, v in (parents or {}).items()]
        gone = remove if isinstance(remove, Mapping) else dict.fromkeys(remove)
        steps += [{"op": "remove", "name": k, "into": v} for k, v in gone.items()]
        if multiple is not None:
            steps.append({"op": "multiple", "value": bool(multiple)})
        with self._lock:
            new = completed(self.label_set, LabelSet.of(add).classes and add)
            steps += [{"op": "add", **asdict(one)} for one in new]
            return self._change(steps)

    def refresh(self) -> int:
        """Count in what others wrote since; only new bytes are read. Gives the number of new events.

        Raises
        ------
        UnreadableFile
            The folder cannot be read any more.
        """
        with self._lock:
            new = self._count_in()
            self._say()
            return new

    def append(self, record: Mapping[str, Any]) -> Event:
        """Write a record that is checked already; it is a step to undo."""
        with self._lock:
            return self._do(record)

    def classes_with(self, new: Any) -> tuple[LabelSet, list[dict[str, Any]]]:
        """Give the label set with further classes, and the change that makes it; nothing is changed."""
        with self._lock:
            merged, _ = self.label_set.merged(new)
            fresh = [one for one in merged.classes if one.name not in self.label_set]
            return merged, [{"op": "add", **asdict(one)} for one in fresh]

    def close(self) -> None:
        """Let the file go; a later label begins another one."""
        self._writer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _do(self, record: Mapping[str, Any]) -> Event:
        event = self._write(record)
        self._steps.did(event)
        return event

    def _turn(self, do: str, event: Event | None) -> dict[str, Any] | None:
        if event is None:
            return None
        self._write({"do": do, "of": list(event.ref)})
        self._steps.turned(do, event)
        ids = [ident for part in self._steps.parts(event, self._fold.events) for ident in part.ids]
        return {
            "do": event.do,
            "ids": ids,
            "label": public(event.label),
            "note": event.note,
            "time": event.time,
            "number": event.number,
        }

    def _write(self, record: Mapping[str, Any]) -> Event:
        path = self._writer.open(max(time.time_ns() // 1000, self._clock + 1))
        known = self._files.files.get(path.name)
        if known is None or known.offset != self._writer.size:
            # A new file, or a line that was on the disk before an interrupt let us count it.
            self._count_in()
        clock = max(time.time_ns() // 1000, self._clock + 1)
        stamped = {"clock": clock, "time": now(), "who": self.annotator}
        stamped |= {key: value for key, value in record.items() if value is not None}
        head = {**self._writer.head, "dataset": named(self.dataset)}
        # Before it is written: what cannot be read again must not be acknowledged.
        events = events_of_record({"n": self._writer.number + 1, **stamped}, head, clock)
        try:
            line = self._writer.append(stamped)
        finally:
            self._files.forget_missing(path)
        self._clock = clock
        self._files.wrote(path, line, events[-1])
        self._fold.take(events)
        return events[0]

    def _count_in(self) -> int:
        new, anew = self._files.read()
        if anew:
            self._fold.anew(new)
            self._steps.anew(self._fold.events)
        else:
            self._fold.take(new)
        self._clock = max(self._clock, *(event.clock for event in new), 0)
        return len(new)

    def _change(self, steps: list[dict[str, Any]]) -> LabelSet:
        _, said = changed(self.label_set, steps)
        if said:
            raise BadRequest(f"{said[0]}; nothing was changed")
        if steps:
            self._write({"do": "classes", "change": steps})
        return self.label_set

    def _take_classes(self, classes: Any, wanted: LabelSet, multiple: bool | None) -> None:
        have = self.label_set
        merged, said = have.merged(classes)
        self._own_warnings += said
        new = [one for one in merged.classes if one.name not in have]
        steps: list[dict[str, Any]] = [{"op": "add", **asdict(one)} for one in new]
        several = wanted.multiple if multiple is None and len(wanted) else multiple
        if several is not None and several != have.multiple:
            if not len(have) or multiple is not None:
                steps.append({"op": "multiple", "value": several})
            elif isinstance(classes, LabelSet):
                kept = "several classes" if have.multiple else "one class"
                self._own_warnings.append(
                    f"the label set of {self.folder} allows {kept} for each event; it stays so"
                )
        if steps:
            self._change(steps)

    def _read_session(self) -> None:
        facts, said = read_session(self.folder)
        self._own_warnings += said
        self.name = str(facts.get("name") or self.folder.name)
        there = facts.get("dataset")
        if self.dataset is None:
            # Labels that are given on say what they were given on.
            self.dataset = check.dataset_of(there) if isinstance(there, dict) and there else None
        elif isinstance(there, dict) and named(there) != named(self.dataset):
            self._own_warnings.append(
                f"the labels in {self.folder} began on the data set {there.get('name')!r} with the digest "
                f"{str(there.get('digest'))[:12]}; this one is another, and its labels say so"
            )

    def _say(self) -> None:
        new = [text for text in self.warnings if text not in self._told]
        self._told.update(new)
        if new:
            more = f"\n({len(new) - _TOLD} more stand in .warnings)" if len(new) > _TOLD else ""
            warnings.warn("\n".join(new[:_TOLD]) + more, stacklevel=3)


def named(dataset: Mapping[str, Any] | None) -> str | None:
    """Give what a data set is known by in the events: its digest, or its name."""
    return None if dataset is None else dataset.get("digest") or dataset.get("name")
