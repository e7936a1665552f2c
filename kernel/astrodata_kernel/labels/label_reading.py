"""What a log of labels tells, once its events are folded."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ..errors import BadRequest
from . import given as check
from .folding import Fold
from .label_sets import LabelSet
from .lines import Event, Id
from .log_files import LogFolder

if TYPE_CHECKING:
    import os

    import pandas as pd

EVERYONE = "*"
"""As `who`: the verdict if there is one, else the own label, else the latest of others."""


class LabelReading:
    """Labels, counts and tables; a subclass reads the logs, and sets what is declared here."""

    annotator: str
    folder: Path
    name: str
    _lock: threading.RLock
    _fold: Fold
    _files: LogFolder
    _own_warnings: list[str]

    def label_of(self, ident: Any) -> str | list[str] | None:
        """Give this annotator's label of an event, or None."""
        with self._lock:
            [one] = check.ids_of(ident)
            held = self._fold.labels.get(self.annotator, {})
            return public(self._fold.label(held.get(one)))

    def said_of(self, ident: Any, who: str | None = None) -> dict[str, Any]:
        """Give what this annotator, or another, says of an event.

        Returns
        -------
        dict
            ``label``, ``note``, ``confidence``, ``time`` (None each without a label), ``skipped``, and
            ``regions``: of each labelled part its ``region`` and ``label``.
        """
        with self._lock:
            [one] = check.ids_of(ident)
            who, fold = self.annotator if who is None else who, self._fold
            event = fold.labels.get(who, {}).get(one)
            label = fold.label(event)
            if label is None:
                event = None
            parts = [e for (i, _), e in fold.regions.get(who, {}).items() if i == one]
            return {
                "label": public(label),
                "note": event and event.note,
                "confidence": event and event.confidence,
                "time": event and event.time,
                "skipped": label is None and one in fold.skips.get(who, {}),
                "regions": [
                    {"region": part.region, "label": public(fold.label(part))} for part in parts
                ],
            }

    def labelled(self, who: str | None = None) -> dict[Id, str | list[str]]:
        """Give label by id: this annotator's, or another's.

        Parameters
        ----------
        who
            An annotator, or ``"*"``: of each event the verdict if there is one, else this annotator's
            label, else the latest one of others.
        """
        with self._lock:
            fold = self._fold
            if who == EVERYONE:
                held = _merged(fold, self.annotator)
            else:
                held = fold.labels.get(self.annotator if who is None else who, {})
            found = ((ident, fold.label(event)) for ident, event in held.items())
            return {ident: public(label) for ident, label in found if label is not None}

    @property
    def verdicts(self) -> dict[Id, str | list[str]]:
        """What was decided between annotators, by id."""
        with self._lock:
            found = ((i, self._fold.label(event)) for i, event in self._fold.verdicts.items())
            return {ident: public(label) for ident, label in found if label is not None}

    @property
    def skipped(self) -> frozenset[Id]:
        """Ids that this annotator left without a label."""
        with self._lock:
            held = self._fold.labels.get(self.annotator, {})
            skips = self._fold.skips.get(self.annotator, {})
            return frozenset(i for i in skips if self._fold.label(held.get(i)) is None)

    @property
    def seen(self) -> frozenset[Id]:
        """Ids that this annotator labelled, skipped, or labelled a part of."""
        with self._lock:
            return frozenset(self._fold.seen(self.annotator))

    def counts(self, by: Literal["annotator"] | None = None, who: str | None = None) -> dict:
        """Give the number of labels of each class, parts of events included.

        Parameters
        ----------
        by
            ``"annotator"``: the same for each annotator, by name.
        who
            Of one annotator only; by default of all together.
        """
        if by not in (None, "annotator"):
            raise BadRequest(f"by={by!r}: labels are counted by annotator, or all together")
        with self._lock:
            people = self.annotators
            if by is not None:
                return {one: self._fold.counts(one) for one in people}
            total = dict.fromkeys(self.label_set.names, 0)
            for one in people if who is None else [who]:
                for name, count in self._fold.counts(one).items():
                    total[name] = total.get(name, 0) + count
            return total

    @property
    def annotators(self) -> list[str]:
        """Who has labelled, in alphabetical order."""
        with self._lock:
            return self._fold.annotators

    @property
    def label_set(self) -> LabelSet:
        """The classes as they are now."""
        return self._fold.label_set

    def table(self, annotator: str | None = None) -> pd.DataFrame:
        """Give the labels that stand, a row for each (id, annotator), and for each labelled part.

        Returns
        -------
        DataFrame
            id, label, annotator, time, note, confidence, seconds, score, model, dataset, region, source,
            verdict (what was decided between annotators).
        """
        from .tables import label_table

        with self._lock:
            return label_table(self._fold, annotator)

    def events(self) -> pd.DataFrame:
        """Give the whole history in its order, a row for each event and id.

        Returns
        -------
        DataFrame
            As `table`, and ``do`` (put, skip, adjudicate, undo, redo, classes), ``undone``, ``edited``,
            ``by``, ``writer``, ``number``. Labels have the names that they were given with.
        """
        from .tables import event_table

        with self._lock:
            return event_table(self._fold)

    @property
    def digest(self) -> str:
        """SHA-256 that names the state of all logs: the same lines, the same digest."""
        with self._lock:
            return self._files.digest

    @property
    def warnings(self) -> list[str]:
        """What is wrong with the folder: cut and edited lines, missing files, classes that clash."""
        with self._lock:
            return [*self._own_warnings, *self._files.warnings, *self._fold.warnings]

    def export(self, path: str | os.PathLike[str], format: str | None = None) -> Path:  # noqa: A002
        """Write the labels that stand into a file.

        Parameters
        ----------
        path
            ``.csv``, ``.parquet``, ``.fits`` or ``.json``.
        format
            ``"csv"``, ``"parquet"``, ``"fits"``, ``"coco"`` or ``"label-studio"``; by default as the name
            ends, with ``"coco"`` for ``.json``.

        Raises
        ------
        BadRequest
            No such format, or labels that it cannot hold.
        UnreadableFile
            The disk does not take it; what was there before stays.
        """
        from .exporting import export_labels

        with self._lock:
            return export_labels(self, path, format)

    @property
    def fold(self) -> Fold:
        """The state after all events that were read."""
        return self._fold

    def __repr__(self) -> str:
        total = sum(self.counts().values())
        return f"<LabelLog {self.name!r} of {self.annotator}: {total:,} labels in {self.folder}>"


def public(label: Any) -> Any:
    """Give a label as it is handed out: several classes as a list."""
    return list(label) if isinstance(label, tuple) else label


def _merged(fold: Fold, own: str) -> dict[Id, Event]:
    found: dict[Id, Event] = {}
    for who, held in fold.labels.items():
        if who != own:
            for ident, event in held.items():
                if ident not in found or found[ident][:4] < event[:4]:
                    found[ident] = event
    return {**found, **fold.labels.get(own, {}), **fold.verdicts}
