"""Tells the browser how far JPEG 2000 bands on show are written anew as tiles, and stops it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..errors import BadRequest, Cancelled
from ..wire import Reply
from .base import answers
from .fits_state import StateWidget

WISHES = ("cancel", "again")


class SceneTranscodingWidget(StateWidget):
    """Answers after the bands that are written anew; `SceneViewer` sets what is declared here."""

    _works: Sequence[Any]
    _rewritten = 0
    _transcode_shown: Callable[[], None]

    @answers("transcoding")
    def _answer_transcoding(self, wish: str = "") -> Reply:
        """Answer how far it is: ``state`` is none, running, done, cancelled or failed.

        ``wish`` is ``"cancel"`` or ``"again"``.
        """
        if wish and wish not in WISHES:
            raise BadRequest(f"wish {wish!r} is unknown: there are {', '.join(WISHES)}")
        if wish == "again":
            self._transcode_shown()
        works = [work for work in self._works if work.bands]
        if wish == "cancel":
            for work in works:
                work.cancel()
        bands = sum(work.bands for work in works)
        done = sum(work.progress * work.bands for work in works)
        told: dict[str, Any] = {"done": done / bands if bands else 1.0, "bands": bands}
        told["rewritten"] = self._rewritten
        return Reply({"state": _state(works), **told, "said": _said(works)})

    def _written(self) -> Callable[[float], None]:
        """Give what is told the share of some bands; it is told once where all of them were there before."""
        told: list[float] = []

        def report(share: float) -> None:
            told.append(share)
            if share >= 1 and len(told) > 1:
                self._rewritten += 1

        return report

    def _times_rewritten(self) -> int:
        return self._rewritten


def _state(works: Sequence[Any]) -> str:
    if not works:
        return "none"
    if any(work.cancelled for work in works):
        return "cancelled"
    if _said(works):
        return "failed"
    return "done" if all(work.done for work in works) else "running"


def _said(works: Sequence[Any]) -> str:
    """Give what went wrong, "" where nothing did."""
    errors = (work.error for work in works)
    return next((str(e) for e in errors if e and not isinstance(e, Cancelled)), "")
