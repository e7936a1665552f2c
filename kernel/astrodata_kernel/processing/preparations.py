"""Overviews under way: made in the background, one after the other, shared by all viewers of an image."""

from __future__ import annotations

import contextlib
import hashlib
import os
import threading
from collections import OrderedDict
from collections.abc import Hashable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import Cancelled
from ..readers.scratch import folder
from .overviews import Averages, Layout, build, made_before
from .pyramid import Planes

SESSION_BYTES = 4 << 30
"""Of all levels of a session; those looked at longest ago are given up."""


class Preparation:
    """The levels of one plane, under way or made; viewers of the same plane share it.

    Parameters
    ----------
    planes, plane, layout
        What is averaged, and into what.
    path
        Where the levels go.
    """

    def __init__(self, planes: Planes, plane: int, layout: Layout, path: Path) -> None:
        self.path, self.layout = path, layout
        self.share = 0.0
        self.state = "waiting"
        self.said = ""
        self.abandoned = False
        """Given up because nobody looked, not because somebody said so."""
        self.averages: Averages | None = None
        self._work: tuple[Planes, int] | None = (planes, plane)
        self._users: set[int] = set()
        self._cancel = threading.Event()
        self._over = threading.Event()

    @property
    def over(self) -> bool:
        """Whether it is made, or will not be."""
        return self._over.is_set()

    def join(self, user: int) -> None:
        """Note that a viewer wants it."""
        self._users.add(user)

    def leave(self, user: int) -> None:
        """Note that a viewer no longer looks at the plane; work that nobody wants is given up."""
        self._users.discard(user)
        if not self._users and not self.over:
            self.abandoned = True
            self._cancel.set()

    def cancel(self) -> None:
        """Give it up, for all viewers."""
        self._cancel.set()

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until it is over; gives whether it is."""
        return self._over.wait(seconds)

    def found(self) -> bool:
        """Take what an earlier session made; gives whether there was something."""
        self.averages = made_before(self.path, self.layout)
        if self.averages is not None:
            self.state, self.share, self._work = "done", 1.0, None
            self._over.set()
        return self.averages is not None

    def run(self) -> None:
        """Make the levels; what goes wrong is noted."""
        try:
            if self._work is None:
                return
            self._told(0.0)
            self.state = "running"
            self.averages = build(*self._work, self.layout, self.path, self._told)
            self.state, self.share = "done", 1.0
        except Cancelled:
            self.state = "cancelled"
        except Exception as error:  # noqa: BLE001 - the viewer tells, and shows what it has
            self.state, self.said = "failed", str(error) or type(error).__name__
        finally:
            self._work = None
            self._over.set()

    def _told(self, share: float) -> None:
        self.share = share
        if self._cancel.is_set():
            raise Cancelled("the overviews are not wanted any more")


_all: OrderedDict[Hashable, Preparation] = OrderedDict()
_guard = threading.Lock()


@cache
def _worker() -> ThreadPoolExecutor:
    # One at a time: two would read two files in turns. It gives way to everything else on the machine.
    return ThreadPoolExecutor(1, thread_name_prefix="astrodata-overviews", initializer=_give_way)


def _give_way() -> None:
    with contextlib.suppress(
        AttributeError, OSError
    ):  # where threads have no priorities of their own
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 10)


def prepare(
    planes: Planes,
    plane: int,
    dtype: np.dtype[Any],
    key: Hashable,
    beside: Path | None = None,
    again: bool = False,
) -> Preparation | None:
    """Have the levels of a plane made in the background, unless they are or were.

    Parameters
    ----------
    planes, plane, dtype
        The image, the plane and the type of its values.
    key
        What tells its bytes from all others, such as `Provenance.content_key` with HDU and plane.
    beside
        File to keep them in for good; one that is there and was made of the same bytes is used.
    again
        Begin anew what was given up or failed.

    Returns
    -------
    Preparation or None
        None where the plane is averaged while one waits.
    """
    layout = Layout.of(planes, dtype, repr(key))
    if not layout.levels:
        return None
    home = (key, beside)
    with _guard:
        known = _all.get(home)
        gone = known is not None and known.state == "done" and not known.path.exists()
        stopped = known is not None and known.over and known.averages is None
        abandoned = known is not None and known.abandoned
        if known is None or gone or abandoned or (again and stopped):
            digest = hashlib.sha256(repr(key).encode()).hexdigest()
            known = Preparation(planes, plane, layout, beside or _own(digest))
            _make_room(layout.size)
            _all[home] = known
            if beside is None or not known.found():
                _worker().submit(known.run)
        _all.move_to_end(home)
    planes.prepared[plane] = known
    return known


def _own(digest: str) -> Path:
    place = folder() / "overviews"
    place.mkdir(mode=0o700, exist_ok=True)
    return place / f"{digest}.fits"


def _make_room(wanted: int) -> None:
    own = folder() / "overviews"
    kept = [(key, one) for key, one in _all.items() if one.over and one.path.parent == own]
    taken = wanted + sum(one.layout.size for _, one in kept if one.averages is not None)
    for key, one in kept:
        if taken > SESSION_BYTES or one.averages is None:
            taken -= one.layout.size if one.averages is not None else 0
            one.path.unlink(missing_ok=True)
            del _all[key]
