"""Work that several wait for, done once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Value = TypeVar("Value")

Progress = Callable[[float], None]
"""Told the share done, 0 to 1; what it raises ends the waiting."""


class Once(Generic[Value]):
    """Makes a thing the first time it is wanted, for all who want it meanwhile or later.

    Parameters
    ----------
    good
        Tells whether a thing that was made before can still be used.
    """

    def __init__(self, good: Callable[[Value], bool]) -> None:
        self._good = good
        self._guard = threading.Lock()
        self._known: dict[Hashable, Value] = {}
        self._turns: dict[Hashable, threading.Lock] = {}
        self._shares: dict[Hashable, float] = {}

    def get(
        self,
        key: Hashable,
        make: Callable[[Progress], Value],
        progress: Progress | None = None,
    ) -> Value:
        """Give the thing of a key.

        Parameters
        ----------
        key
            What tells it from other things.
        make
            Makes it, and reports how far it is. Where it raises, the next one who waits tries again.
        progress
            Told how far it is, by whoever makes it. A cancel is an exception that it raises: that ends the
            waiting of one, and the work where it was theirs.
        """
        with self._guard:
            turn = self._turns.setdefault(key, threading.Lock())
        while not turn.acquire(timeout=0.2):
            if progress is not None:
                progress(self._shares.get(key, 0.0))
        try:
            known = self._known.get(key)
            if known is None or not self._good(known):

                def told(share: float) -> None:
                    self._shares[key] = share
                    if progress is not None:
                        progress(share)

                known = self._known[key] = make(told)
            return known
        finally:
            self._shares.pop(key, None)
            turn.release()
