"""Views of the same data: what is selected in one is selected in all of a kernel."""

from __future__ import annotations

import threading
from typing import Any, Protocol
from weakref import WeakSet

import numpy.typing as npt


class Follower(Protocol):
    """A widget that shows events which have ids."""

    link: str | None
    """Names the data; widgets of the same name go together. None goes alone."""

    def follow_selection(self, ids: npt.NDArray[Any]) -> None:
        """Select the events of some ids."""


class Teller(Follower, Protocol):
    """One in which events can be selected."""

    @property
    def selected(self) -> npt.NDArray[Any]:
        """The ids of what is selected."""


_known: WeakSet[Any] = WeakSet()
_turn = threading.RLock()
_telling = False


def join(widget: Follower) -> None:
    """Let a widget follow the others of its data."""
    if widget.link is not None:
        _known.add(widget)


def tell(widget: Teller) -> None:
    """Let the other widgets of the same data select what this one selects."""
    global _telling
    with _turn:
        if _telling or widget.link is None:
            return
        others = [one for one in _known if one is not widget and one.link == widget.link]
        if not others:
            return
        _telling = True
        try:
            ids = widget.selected
            for other in others:
                other.follow_selection(ids)
        finally:
            _telling = False
