"""How far the expanding or fetching of a file is, shown in the notebook, with a button to give it up."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..errors import Cancelled
from ..notebook import in_notebook
from ..readers import addresses

PATIENCE = 0.5
"""Seconds before anything is shown: what is done by then needs no sign."""

_EACH = 0.1


@contextmanager
def shown_while_opening(name: str) -> Iterator[Callable[[float], None]]:
    """Give what is told the share done; it is shown under the cell, and taken away in the end.

    Whoever interrupts the kernel gives the work up as well as by the button.

    Parameters
    ----------
    name
        Of what is opened.

    Raises
    ------
    Cancelled
        By what is told the share, once the button was pressed.
    """
    bar = _Bar(name)
    try:
        yield bar.tell
    finally:
        bar.close()


def shown_name(source: Any) -> str:
    """Give a name for what is opened, without folders and without what lets one in."""
    text = os.fspath(source) if isinstance(source, str | os.PathLike) else "files"
    return addresses.name_of(text) if addresses.is_url(text) else Path(text).name


class _Bar:
    def __init__(self, name: str) -> None:
        self._name, self._begun, self._told = name, time.monotonic(), 0.0
        self._cancelled = threading.Event()
        self._progress: Any = None
        self._box: Any = None

    def tell(self, share: float) -> None:
        if self._cancelled.is_set():
            raise Cancelled(f"{self._name} was not opened: it was cancelled")
        now = time.monotonic()
        if now - self._begun < PATIENCE or now - self._told < _EACH or not in_notebook():
            return
        self._told = now
        if self._box is None:
            self._show()
        self._progress.value = share

    def close(self) -> None:
        if self._box is not None:
            for widget in (*self._box.children, self._box):
                widget.close()

    def _show(self) -> None:
        import ipywidgets
        from IPython.display import display

        said = ipywidgets.Label(f"Opening {self._name}")
        self._progress = ipywidgets.FloatProgress(max=1.0)
        button = ipywidgets.Button(description="Cancel", tooltip="Give up; nothing is left behind")
        button.on_click(lambda _: self._cancelled.set())
        self._box = ipywidgets.HBox([said, self._progress, button])
        display(self._box)
        # A click goes to the thread that last wrote to the button, which is busy here: see `Channel`.
        getattr(button.comm, "__dict__", {}).pop("_reply_subshell_id", None)
