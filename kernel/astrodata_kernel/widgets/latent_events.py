"""What is behind the points of an explorer: small pictures, a gallery, and the facts of each."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import BadRequest, UnknownName
from ..processing.events import Events
from ..wire import Reply
from .base import Cancel, RequestWidget, answers
from .latent_cut import Mask
from .latent_points import Points
from .pictures import thumbnails

MOST = 200
"""Points of the gallery in one answer at most."""


class ShowingWidget(RequestWidget):
    """Thumbnails of points, one by one and as a gallery; a subclass sets what is declared here."""

    events: Events | None
    """What is behind the points, or None."""

    _points: Points
    _lock: threading.RLock
    mask: Mask
    shown: Mask
    _order: tuple[Any, npt.NDArray[np.int64]] | None = None

    @answers("thumbnails")
    def _thumbnails(
        self, rows: list[int], width: int = 96, height: int = 64, *, cancel: Cancel
    ) -> Reply:
        if self.events is None:
            raise BadRequest("nothing is known of what is behind the points: give events=")
        return Reply(*thumbnails(self.events, rows, width, height, cancel))

    @answers("gallery")
    def _gallery(
        self,
        start: int,
        count: int,
        sort: str = "",
        descending: bool = True,
        of: str = "selection",
    ) -> Reply:
        """Give the numbers of the points at some places of a sorted selection, and their captions."""
        if not 0 <= count <= MOST:
            raise BadRequest(f"{count} points at once: {MOST} at most")
        with self._lock:
            order = self._sorted(sort, bool(descending), of)
            rows = [int(row) for row in order[max(0, int(start)) : max(0, int(start)) + count]]
            captions = [self._caption(row, sort) for row in rows]
        return Reply({"total": len(order), "start": int(start), "rows": rows, "captions": captions})

    def _caption(self, row: int, sort: str) -> list[str]:
        ident = str(self._points.ids[row])
        if not sort or sort == "id":
            return [ident]
        try:
            return [ident, f"{self._points.values(sort)[row]:.5g}"]
        except UnknownName:
            return [ident, str(self._points.columns.texts_of(sort)[row])]

    def _sorted(self, sort: str, descending: bool, of: str) -> npt.NDArray[np.int64]:
        mask = self.mask if of == "selection" else self.shown
        key = (sort, descending, of, hash(np.packbits(mask).tobytes()))
        if self._order is not None and self._order[0] == key:
            return self._order[1]
        rows = np.flatnonzero(mask)
        if sort:
            values = self._sortable(sort)[rows]
            order = np.argsort(values, kind="stable")
            if descending:
                order = order[::-1]
            rows = rows[order]
            if values.dtype.kind == "f":
                # NaN comes last either way.
                missing = np.isnan(values[order])
                rows = np.r_[rows[~missing], rows[missing]]
        self._order = (key, rows)
        return rows

    def _sortable(self, name: str) -> npt.NDArray[Any]:
        if name == "id":
            ids = self._points.ids
            return ids if ids.dtype.kind == "i" else ids.astype(str)
        try:
            return self._points.values(name)
        except UnknownName:
            return self._points.columns.texts_of(name).astype(str)
