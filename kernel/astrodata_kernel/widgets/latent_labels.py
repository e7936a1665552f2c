"""Labels of points from the map: who is selected gets a class, in the log that the Labeller writes too."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np

from ..errors import BadRequest
from ..wire import Reply
from .base import RequestWidget, answers
from .latent_cut import Mask
from .latent_points import Points

COLUMN = "label"
"""Column of the points that holds their labels."""


class LabellingWidget(RequestWidget):
    """Puts labels on selected points and shows them; a subclass sets what is declared here."""

    labels: Any
    """The `LabelLog`, or None."""

    _points: Points
    _lock: threading.RLock
    mask: Mask
    selection: Any
    _set_column: Callable[..., None]

    def label(self, name: str | list[str] | None, note: str | None = None) -> int:
        """Give the selected points a label, or take theirs away.

        Parameters
        ----------
        name
            Of a class, several of them where the label set has multiple labels, or None.
        note
            Why.

        Returns
        -------
        int
            How many points were labelled; all are in the log, on the disk, when this returns.

        Raises
        ------
        BadRequest
            There is no log, or nothing is selected.
        """
        with self._lock:
            log = self._log()
            ids = self._points.ids[self.mask].tolist()
            if not ids:
                raise BadRequest("nothing is selected: select the points that get a label")
            source = {"selection": [_plain(step) for step in self.selection]}
            log.put(ids, name, note, source=source)
            self._show_labels()
            return len(ids)

    def refresh_labels(self) -> None:
        """Show what others labelled since."""
        with self._lock:
            self._log().refresh()
            self._show_labels()

    @answers("labels")
    def _answer_labels(self) -> Reply:
        with self._lock:
            log = self._log()
            log.refresh()
            self._show_labels()
            return Reply(self._label_facts())

    @answers("label")
    def _answer_label(self, name: Any, note: str | None = None) -> Reply:
        with self._lock:
            count = self.label(name, note or None)
            return Reply({**self._label_facts(), "labelled": count})

    @answers("label_step")
    def _answer_label_step(self, what: str) -> Reply:
        if what not in ("undo", "redo"):
            raise BadRequest(f"{what!r}: a step is undo or redo")
        with self._lock:
            log = self._log()
            log.undo() if what == "undo" else log.redo()
            self._show_labels()
            return Reply(self._label_facts())

    def _label_facts(self) -> dict[str, Any]:
        log = self._log()
        classes = [
            {"name": one.name, "color": one.color, "hotkey": one.hotkey}
            for one in log.label_set.classes
        ]
        return {
            "classes": classes,
            "counts": {str(name): int(n) for name, n in log.counts(who=log.annotator).items()},
            "undo": bool(log.can_undo),
            "redo": bool(log.can_redo),
            "annotator": str(log.annotator),
        }

    def _log(self) -> Any:
        if self.labels is None:
            raise BadRequest("there is no label log: give labels=adk.labels.LabelLog(...)")
        return self.labels

    def _show_labels(self) -> None:
        """Bring the labels into the column of the points."""
        log = self.labels
        found = log.labelled()
        values = np.full(len(self._points), None, dtype=object)
        rows = self._points.rows if found else {}
        for ident, label in found.items():
            row = rows.get(ident)
            if row is not None and label is not None:
                values[row] = label if isinstance(label, str) else " + ".join(label)
        colours = {one.name: one.color for one in log.label_set.classes}
        self._set_column(COLUMN, values, colours)


def _plain(step: Any) -> Any:
    """Give a step without the masks of Python that nobody could read again."""
    return {"op": step["op"], "rows": "given"} if "rows" in step else step
