"""Numbers on their way to a store: gathered, sent many at once, and never in the way of what makes them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

from ..errors import AstrodataError, BadRequest

AT_ONCE = 1000
"""Metrics that MLflow takes in one call."""

_MOST_REFUSED = 50
"""Items refused one after the other after which it is tried later: of a run that was deleted all are."""

_PAUSE_S = 1.0
_LONGEST_PAUSE_S = 60.0


class Buffer:
    """Sends what it is given from a thread of its own, each second, or sooner when there is much.

    A call of the store costs milliseconds where it answers and twenty seconds where it is locked: a training
    loop must wait for neither. What could not be sent is kept and tried again, ever more rarely; an item that
    the store refuses for what it is would be refused for ever, and is dropped for those behind it.

    Parameters
    ----------
    send
        Writes up to `AT_ONCE` items, or none of them; raises where it cannot, `BadRequest` where it will not
        take one of them.

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
        self._refused: list[str] = []
        self._in_a_row = 0

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
                    self._hand_over(part)
                except AstrodataError as error:
                    self._trouble = str(error)
                    return self._trouble

    def _hand_over(self, part: Sequence[Any]) -> None:
        """Send items, or all but those that are refused, which are found by halves."""
        try:
            self._send(part)
            self._in_a_row = 0
        except BadRequest as error:
            if self._in_a_row >= _MOST_REFUSED:
                self._in_a_row = 0
                raise
            if len(part) > 1:
                half = len(part) // 2
                self._hand_over(part[:half])
                self._hand_over(part[half:])
                return
            self._in_a_row += 1
            self._refused.append(str(error))
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
        lost = []
        if self._refused:
            lost.append(f"{_numbers(len(self._refused))} refused: {self._refused[0]}")
        if trouble:
            lost.append(f"{_numbers(len(self._waiting))} not kept: {trouble}")
        return "; ".join(lost)

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


def _numbers(count: int) -> str:
    return f"{count:,} number{'s were' if count != 1 else ' was'}"
