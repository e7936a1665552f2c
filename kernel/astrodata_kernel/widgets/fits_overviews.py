"""Overviews of large images in the viewer: begun when they are needed, told with progress, cancelled."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import traitlets

from ..datasets import Dataset
from ..processing.preparations import Preparation, prepare
from ..processing.pyramid import OVERVIEW, Planes
from ..wire import Reply
from .base import RequestWidget, answers

KEPT = ("session", "beside", "off")


class PreparingWidget(RequestWidget):
    """Makes the overviews of what an image viewer shows; a subclass sets what is declared here."""

    dataset: Dataset
    plane: Any
    _planes: dict[int, Planes]
    _planes_of: Callable[[Dataset], Planes]
    _where: Callable[[int | None, int | None], tuple[dict[str, int], Planes]]
    _of: Callable[[int], Dataset]

    overviews = traitlets.Enum(
        KEPT,
        "session",
        help="Where averages of large images are kept: 'session' in the temporary folder, 'beside' the "
        "image's file for good, or 'off' for none, so that single pixels stand for many.",
    )

    @property
    def preparing(self) -> dict[str, Any]:
        """How far the overviews of what is on show are.

        ``state`` is ``"whole"`` where none are needed, ``"offered"`` where they are made when they are
        asked for, ``"waiting"``, ``"running"``, ``"done"``, ``"cancelled"`` or ``"failed"``; ``done`` is the
        share that is made, ``said`` what is to be told about it.
        """
        where, planes = self._where(None, None)
        return self._told(where, planes)

    def prepare(self, wait: bool = True) -> dict[str, Any]:
        """Make the overviews of what is on show, of a file elsewhere too, of which all is read then.

        Parameters
        ----------
        wait
            Until they are made.

        Returns
        -------
        dict
            What `preparing` gives.
        """
        where, planes = self._where(None, None)
        found = self._begin(where, planes, asked=True)
        if wait and found is not None:
            found.wait()
        return self._told(where, planes)

    def cancel_preparing(self) -> None:
        """Give the overviews of what is on show up; they are not begun again unless they are asked for."""
        where, planes = self._where(None, None)
        found = planes.prepared.get(where["plane"])
        if isinstance(found, Preparation):
            found.cancel()

    @answers("preparing")
    def _preparing(self, wish: str = "", hdu: int | None = None, plane: int | None = None) -> Reply:
        where, planes = self._where(hdu, plane)
        if wish == "prepare":
            self._begin(where, planes, asked=True)
        known = planes.prepared.get(where["plane"])
        if wish == "cancel" and isinstance(known, Preparation):
            known.cancel()
        return Reply({**self._told(where, planes), **where})

    def _was_strided(self, where: dict[str, int], planes: Planes, reduction: str) -> None:
        """Begin what makes a picture sharper, after one of which most pixels were left out."""
        known = planes.prepared.get(where["plane"])
        new = known is None or (isinstance(known, Preparation) and known.abandoned)
        if reduction == "strided" and not planes.far and new:
            self._begin(where, planes)

    def _begin(
        self, where: dict[str, int], planes: Planes, asked: bool = False
    ) -> Preparation | None:
        if self.overviews == "off" and not asked:
            return None
        dataset = self._of(where["hdu"])
        provenance = dataset.provenance
        key: tuple[Any, ...] = ("array", weakref.ref(dataset.contents))
        beside = None
        if provenance is not None:
            key = provenance.content_key
            if self.overviews == "beside" and Path(provenance.path).is_file():
                suffix = f".{dataset.part}.{where['plane']}.overviews.fits"
                beside = Path(provenance.path + suffix)
        key = (*key, dataset.part, where["plane"])
        found = prepare(planes, where["plane"], dataset.dtype, key, beside, asked)
        if found is not None:
            found.join(id(self))
            self._leave(found)
        return found

    def _leave(self, but: Preparation | None = None) -> None:
        """Let go of what is made for planes that are no longer on show."""
        for planes in list(getattr(self, "_planes", {}).values()):  # none where making it failed
            for other in list(planes.prepared.values()):
                if other is not but and isinstance(other, Preparation) and not other.over:
                    other.leave(id(self))

    def _told(self, where: dict[str, int], planes: Planes) -> dict[str, Any]:
        known = planes.prepared.get(where["plane"])
        every = slice(0, planes.rows), slice(0, planes.columns)
        size = planes.rows * planes.columns * self._of(where["hdu"]).dtype.itemsize
        told: dict[str, Any] = {"state": "whole", "done": 1.0, "said": "", "bytes": size}
        if isinstance(known, Preparation):
            told |= {"state": known.state, "done": known.share, "said": known.said}
        elif planes.rows * planes.columns > planes.exact_pixels and planes.levels > 1:
            told |= {"state": "offered", "done": 0.0}
        if told["state"] != "done" and planes.far:
            step = -(-max(planes.rows, planes.columns) // OVERVIEW)
            told["rows"] = planes.rows_apart(*every, step)
        return told

    def close(self) -> None:
        """Close the widget; what was being prepared for it alone is given up."""
        self._leave()
        super().close()
