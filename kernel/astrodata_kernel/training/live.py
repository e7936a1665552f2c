"""Progress of a training while it runs: a line of text, and the history as it grows."""

from __future__ import annotations

import time
from html import escape
from typing import Any

import pandas as pd

from ..notebook import in_notebook
from .starts import Record

_PAUSE = 2.0  # seconds between two pictures: a picture takes 0.1 s


class Live:
    """Shows a training in a notebook, or prints a line an epoch elsewhere; pass it as ``progress``.

    Each epoch is a message of the kernel: a hub does not take a server that trains for an idle one.

    Parameters
    ----------
    epochs
        How many there will be of all starts together.
    """

    def __init__(self, epochs: int) -> None:
        self._epochs, self._records = epochs, []  # type: ignore[var-annotated]
        self._began = time.monotonic()
        self._painted = float("-inf")
        self._handle = self._display()

    def during(self, epoch: int, share: float, loss: float) -> None:
        """Take in how far an epoch is, and its loss so far: a first one may take minutes."""
        now = time.monotonic()
        if self._handle is None or now - self._painted < _PAUSE:
            return
        self._painted = now
        text = f"epoch {epoch + 1} of {self._epochs}, {share:.0%} of it: loss {loss:.4g}"
        picture = self._picture() if self._records else ""
        self._show(text, picture)

    def __call__(self, record: Record) -> None:
        """Take in an epoch."""
        self._records.append(record)
        done = len(self._records)
        taken = time.monotonic() - self._began
        left = taken / done * (self._epochs - done)
        text = (
            f"epoch {done} of {self._epochs} (round {record['round']}, start {record['start']}): "
            f"loss {record['loss']:.4g}, validation {record['val_loss']:.4g}"
            + (f", IoU {record['val_iou']:.3f}" if "val_iou" in record else "")
            + f"; {left:.0f} s to go"
        )
        if self._handle is None:
            print(text, flush=True)  # noqa: T201 - that is what it is for
            return
        now = time.monotonic()
        if now - self._painted < _PAUSE and done < self._epochs:
            return
        self._painted = now
        self._show(text, self._picture())

    def _show(self, text: str, picture: str) -> None:
        from IPython.display import HTML

        self._handle.update(HTML(f"<pre>{escape(text)}</pre>{picture}"))

    def _picture(self) -> str:
        from ..drawing import svg_of
        from .figures import history_figure

        return svg_of(history_figure(pd.DataFrame(self._records)))

    @staticmethod
    def _display() -> Any:
        if not in_notebook():
            return None
        from IPython.display import HTML, display

        return display(HTML("<pre>training begins...</pre>"), display_id=True)
