"""Work in the background of which only the newest order matters."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial

from ..errors import Cancelled

Work = Callable[[Callable[[], None]], None]


class Newest:
    """Does one piece of work at a time in a thread; of those that wait only the newest is kept.

    What runs is let finish: with a new order each second a longer work would never end.

    Parameters
    ----------
    name
        Of the thread.
    after
        Called in the thread after each piece of work, done or not, when `error` is known.

    Examples
    --------
    >>> done = []
    >>> background = Newest("example")
    >>> background.start(lambda check: done.append("work"))
    >>> background.wait(), done
    (True, ['work'])
    """

    def __init__(self, name: str, after: Callable[[], None] = lambda: None) -> None:
        self._name, self._after = name, after
        self._changed = threading.Condition()
        self._waiting: Work | None = None
        self._running = False
        self._stopped = threading.Event()
        self.error: BaseException | None = None
        """What the last work ended with; None when it was done."""

    @property
    def busy(self) -> bool:
        """True while something runs or waits."""
        with self._changed:
            return self._running or self._waiting is not None

    def start(self, work: Work) -> None:
        """Do some work when what runs is done; it gets a function that raises once it is cancelled."""
        with self._changed:
            self._waiting = work
            if self._running:
                return
            self._running = True
        # A thread for each run of orders: none is left over when a notebook forgets the learner.
        threading.Thread(target=self._run, name=self._name, daemon=True).start()

    def cancel(self) -> None:
        """Give up what waits, and what runs at its next look; nothing of it is kept."""
        with self._changed:
            self._waiting = None
            self._stopped.set()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until nothing runs; False when it took longer than `timeout` seconds."""
        with self._changed:
            return self._changed.wait_for(
                lambda: not self._running and self._waiting is None, timeout
            )

    def _run(self) -> None:
        while True:
            with self._changed:
                work, self._waiting = self._waiting, None
                if work is None:
                    self._running = False
                    self._changed.notify_all()
                    return
                self._stopped = stopped = threading.Event()
            try:
                work(partial(_check, stopped))
                error: BaseException | None = None
            except Cancelled:
                error = None
            except BaseException as raised:  # noqa: BLE001 - a thread has nobody to raise to
                error = raised
            with self._changed:
                self.error = error
            try:
                self._after()
            except BaseException as raised:  # noqa: BLE001 - a watcher's fault must not end the learning
                self.error = self.error or raised


def _check(stopped: threading.Event) -> None:
    if stopped.is_set():
        raise Cancelled("the work was given up")
