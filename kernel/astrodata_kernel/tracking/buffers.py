"""Numbers on their way to a store: gathered, sent many at once, and never in the way of what makes them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

from ..errors import AstrodataError

AT_ONCE = 1000
"""Metrics that MLflow takes in one call."""

_PAUSE_S = 1.0
_LONGEST_PAUSE_S = 60.0


class Buffer:
    """Sends what it is given from a thread of its own, each second, or sooner when there is much.

    A call of the store costs milliseconds where it answers and twenty seconds where it is locked: a training
    loop must wait for neither. What could not be sent is kept and tried again, ever more rarely.

    Parameters
    ----------
    send
        Writes up to `AT_ONCE` items; raises where it cannot.

    Examples
    --------
    >>> sent = []
    >>> buffer = Buffer(sent.extend)
    >>> buffer.add([1, 2, 3])
    >>> buffer.close()
    ''
    >>> sent
    [1, 2, 3]
    """

    def __init__(self, send: Callable[[Sequence[Any]], object]) -> None:
        self._send = send
        self._waiting: list[Any] = []
        self._told = threading.Condition()
        self._sending = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closed = False
        self._trouble = ""

    def add(self, items: Sequence[Any]) -> None:
        """Take items to send; returns at once."""
        with self._told:
            self._waiting.extend(items)
            if self._thread is None and not self._closed:
                self._thread = threading.Thread(target=self._work, name="metrics", daemon=True)
                self._thread.start()
            if len(self._waiting) >= AT_ONCE:
                self._told.notify()

    def flush(self) -> str:
        """Send all there is and give why something could not be sent, or an empty text."""
        with self._sending:
            while True:
                with self._told:
                    part = self._waiting[:AT_ONCE]
                if not part:
                    self._trouble = ""
                    return ""
                try:
                    self._send(part)
                except AstrodataError as error:
                    self._trouble = str(error)
                    return self._trouble
                with self._told:
                    del self._waiting[: len(part)]

    def close(self) -> str:
        """Send the rest, end the thread, and give what was lost in words, or an empty text."""
        with self._told:
            self._closed = True
            self._told.notify()
        if self._thread is not None:
            self._thread.join()
        trouble = self.flush()
        if not trouble:
            return ""
        count = len(self._waiting)
        return f"{count:,} number{'s were' if count != 1 else ' was'} not kept: {trouble}"

    def _work(self) -> None:
        pause = _PAUSE_S
        while True:
            with self._told:
                self._told.wait_for(lambda: self._closed or len(self._waiting) >= AT_ONCE, pause)
                if self._closed:
                    return  # close() sends the rest, and tells
            pause = min(2 * pause, _LONGEST_PAUSE_S) if self.flush() else _PAUSE_S
            if pause > _PAUSE_S:
                with self._told:
                    self._told.wait_for(lambda: self._closed, pause)
