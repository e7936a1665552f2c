"""A mask that is painted by hand: brush and polygon, each step taken back by the windows that it changed."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import BadRequest
from ..sentinel.mask_files import now
from ..sentinel.mask_shapes import MOST_CLASSES, Mask, filled, needed
from .class_windows import counts_of

MOST_POINTS = 20_000
"""Of one stroke or polygon."""

_ROWS = 256
"""Of the part of a stroke that is filled at a time: its distances are eight bytes a pixel."""

Window = tuple[int, int, int, int]
"""First row, row behind the last, first column, column behind the last."""


@dataclass
class _Step:
    """A step that can be taken back, or done again: of each window the bytes that were there."""

    what: str
    who: str
    when: str
    stroke: str = ""
    history: list[dict[str, str]] | None = None
    """Of what took the place of all that there was, with which the history begins anew."""
    parts: list[tuple[Window, bytes]] = field(default_factory=list)


class EditedMask:
    """Classes on a grid, uint8, rows from the north, that hands change and that remembers how.

    Points are pixels of a viewer: x from the west, y from the south, centres at whole numbers.

    Parameters
    ----------
    values
        To begin with; they are copied.
    history
        What was done before, of each step ``who``, ``when`` and ``what``.
    """

    def __init__(self, values: Mask, history: Iterable[dict[str, str]] = ()) -> None:
        self.values = np.ascontiguousarray(values, np.uint8).copy()
        self.counts = counts_of(self.values, MOST_CLASSES)
        self._before = [dict(one) for one in history]
        self._done: list[_Step] = []
        self._undone: list[_Step] = []

    @property
    def undoable(self) -> int:
        """How many steps can be taken back."""
        return len(self._done)

    @property
    def redoable(self) -> int:
        """How many steps can be done again."""
        return len(self._undone)

    @property
    def history(self) -> list[dict[str, str]]:
        """The steps that stand: of each ``who``, ``when`` and ``what``, alike ones joined."""
        told = [dict(one) for one in self._before]
        last, times = "", 0
        for step in self._done:
            if step.history is not None:
                told, last = [dict(one) for one in step.history], ""
            elif step.what == last and told[-1]["who"] == step.who:
                times += 1
                told[-1] |= {"when": step.when, "what": f"{step.what}, {times} times"}
            else:
                last, times = step.what, 1
                told.append({"who": step.who, "when": step.when, "what": step.what})
        return told

    def paint(
        self,
        points: Sequence[Sequence[float]],
        size: float,
        value: int = 1,
        *,
        who: str = "",
        stroke: str = "",
    ) -> Window | None:
        """Give all pixels a class whose centre a disc meets that moves along a path.

        Parameters
        ----------
        points
            Of the path, shape (n, 2): x and y. The pixels that they lie in are painted however small it is.
        size
            Diameter of the disc in pixels.
        value
            The class; 0 erases.
        stroke
            Parts of one stroke have the same, and are one step.

        Returns
        -------
        tuple or None
            The window that may have changed; None where the path lies beside the grid.
        """
        path, value = _points(points), _class(value)
        if not 0 < size <= max(self.values.shape) * 2:
            raise BadRequest(f"a brush of {size} pixels: give its diameter, more than 0")
        window = self._around(path, size / 2)
        if window is None:
            return None
        top, bottom, left, right = window
        rows = self.values.shape[0]
        with self._step("erase" if value == 0 else f"brush class {value}", window, who, stroke):
            for first in range(top, bottom, _ROWS):
                some = slice(first, min(first + _ROWS, bottom))
                y = rows - 1 - np.arange(some.start, some.stop, dtype=float)
                met = near(path, size / 2, np.arange(left, right, dtype=float), y)
                self.values[some, left:right][met] = value
        return window

    def fill(
        self, points: Sequence[Sequence[float]], value: int = 1, *, who: str = ""
    ) -> Window | None:
        """Give all pixels a class whose centre lies in a polygon, as ``rasterio.features`` has it.

        Parameters
        ----------
        points
            Corners, shape (n, 2): x and y; the last one is joined to the first one. What it crosses itself
            around is filled by the rule of even and odd.

        Returns
        -------
        tuple or None
            As `paint` gives it.

        Raises
        ------
        BadRequest
            Fewer than three corners, or no area.
        """
        corners, value = _points(points), _class(value)
        if len(np.unique(corners, axis=0)) < 3:
            raise BadRequest(f"a polygon of {len(corners)} points: give at least three corners")
        window = self._around(corners, 0)
        if window is None:
            return None
        shapely, rasterio = needed()
        top, bottom, left, right = window
        # From centres that count from the south to corners that count from the north.
        placed = np.column_stack([corners[:, 0] + 0.5, self.values.shape[0] - 0.5 - corners[:, 1]])
        polygon = shapely.Polygon(placed)
        polygon = filled(polygon)
        if not polygon.area:
            raise BadRequest("the polygon has no area: its corners lie on one line")
        inside = rasterio.features.rasterize(
            [polygon],
            out_shape=(bottom - top, right - left),
            transform=rasterio.Affine.translation(left, top),
            dtype="uint8",
        ).astype(bool)
        what = "polygon erased" if value == 0 else f"polygon class {value}"
        with self._step(what, window, who):
            self.values[top:bottom, left:right][inside] = value
        return window

    def replace(
        self,
        values: Mask,
        what: str,
        *,
        who: str = "",
        history: Iterable[dict[str, str]] | None = None,
    ) -> Window | None:
        """Put other values in the place of all, as one step; None where nothing changes by it.

        Parameters
        ----------
        values
            uint8, shape of the mask.
        what, who
            What the history says of the step.
        history
            Of the other values, where they are another mask: it takes the place of what was done so far.
        """
        changed = values != self.values
        begun = None if history is None else [dict(one) for one in history]
        if not changed.any() and begun in (None, self.history):
            return None
        rows, columns = np.flatnonzero(changed.any(1)), np.flatnonzero(changed.any(0))
        window = (0, 0, 0, 0)
        if len(rows):
            window = int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1
        at = np.s_[window[0] : window[1], window[2] : window[3]]
        with self._step(what, window, who, history=begun):
            self.values[at] = values[at]
        return window

    def fill_holes(self, largest: int = 100, *, who: str = "") -> Window | None:
        """Fill what is surrounded by one class and has at most `largest` pixels, as one step."""
        from scipy import ndimage

        some = self.values > 0
        rows, columns = np.flatnonzero(some.any(1)), np.flatnonzero(some.any(0))
        if not len(rows):
            return None
        # What lies around all that there is belongs to no hole.
        window = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        part = self.values[window]
        empty, count = ndimage.label(~some[window])
        small = np.bincount(empty.ravel(), minlength=count + 1) <= largest
        edge = np.concatenate([empty[0], empty[-1], empty[:, 0], empty[:, -1]])
        small[edge] = small[0] = False
        made = self.values.copy()
        for number, at in enumerate(ndimage.find_objects(empty), 1):
            if not small[number]:
                continue
            # With a rim of one pixel, which is there: none of these holes is at the edge.
            wide = tuple(slice(side.start - 1, side.stop + 1) for side in at)
            hole = empty[wide] == number
            around = np.unique(part[wide][ndimage.binary_dilation(hole) & ~hole])
            if len(around) == 1:
                made[window][wide][hole] = around[0]
        return self.replace(made, "holes filled", who=who)

    def undo(self) -> Window | None:
        """Take the last step back, and give the window that it had changed; None where there is none."""
        return self._turn(self._done, self._undone)

    def redo(self) -> Window | None:
        """Do the last step that was taken back again; as `undo`."""
        return self._turn(self._undone, self._done)

    def _turn(self, source: list[_Step], target: list[_Step]) -> Window | None:
        if not source:
            return None
        step = source.pop()
        other = _Step(step.what, step.who, step.when, history=step.history)
        for window, packed in reversed(step.parts):
            top, bottom, left, right = window
            now = self.values[top:bottom, left:right]
            other.parts.append((window, _packed(now)))
            then = np.frombuffer(zlib.decompress(packed), np.uint8).reshape(now.shape)
            self.counts += counts_of(then, MOST_CLASSES) - counts_of(now, MOST_CLASSES)
            now[:] = then
        target.append(other)
        every = np.array([window for window, _ in step.parts])
        low, high = every.min(0), every.max(0)
        return int(low[0]), int(high[1]), int(low[2]), int(high[3])

    def _around(self, path: npt.NDArray[Any], reach: float) -> Window | None:
        rows, columns = self.values.shape
        (left, bottom), (right, top) = path.min(0) - reach - 1, path.max(0) + reach + 1
        first, last = max(0, int(np.floor(left))), min(columns, int(np.ceil(right)) + 1)
        upper = max(0, int(np.floor(rows - 1 - top)))
        lower = min(rows, int(np.ceil(rows - 1 - bottom)) + 1)
        return (upper, lower, first, last) if upper < lower and first < last else None

    def _step(
        self,
        what: str,
        window: Window,
        who: str,
        stroke: str = "",
        history: list[dict[str, str]] | None = None,
    ) -> _Recording:
        return _Recording(self, _Step(what, who, now(), stroke, history), window)


class _Recording:
    """Notes what a window held before it changes; a step that changes nothing is none."""

    def __init__(self, mask: EditedMask, step: _Step, window: Window) -> None:
        self._mask, self._step, self._window = mask, step, window
        top, bottom, left, right = window
        self._now = mask.values[top:bottom, left:right]
        self._before = self._now.copy()

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, *_: object) -> None:
        mask = self._mask
        if kind is not None:
            self._now[:] = self._before
            return
        if self._step.history is None and np.array_equal(self._now, self._before):
            return
        mask.counts += counts_of(self._now, MOST_CLASSES) - counts_of(self._before, MOST_CLASSES)
        part = (self._window, _packed(self._before))
        last = mask._done[-1] if mask._done else None
        if self._step.stroke and last is not None and last.stroke == self._step.stroke:
            last.parts.append(part)
            last.when = self._step.when
        else:
            self._step.parts.append(part)
            mask._done.append(self._step)
        mask._undone.clear()


def near(
    path: npt.NDArray[Any], radius: float, x: npt.NDArray[Any], y: npt.NDArray[Any]
) -> npt.NDArray[np.bool_]:
    """Give which places, columns `x` by rows `y`, lie within a radius of a path or in its points' pixels."""
    met = np.zeros((len(y), len(x)), bool)
    starts, ends = (path[:-1], path[1:]) if len(path) > 1 else (path, path)
    for (x0, y0), (x1, y1) in zip(starts, ends, strict=True):
        rows = _within(y, min(y0, y1) - radius, max(y0, y1) + radius)
        if rows.start >= rows.stop:
            continue
        dx, dy = x1 - x0, y1 - y0
        # Where the path comes near these rows: a long one is not looked at in all of its width.
        ends_x = [x0, x1]
        if dy:
            reach = y[rows].min() - radius, y[rows].max() + radius
            ends_x = [x0 + dx * min(1.0, max(0.0, (at - y0) / dy)) for at in reach]
        columns = _within(x, min(ends_x) - radius, max(ends_x) + radius)
        u, v = x[columns][None, :] - x0, y[rows][:, None] - y0
        length = dx * dx + dy * dy
        share = np.clip((u * dx + v * dy) / length, 0, 1) if length else 0.0
        far = (u - share * dx) ** 2 + (v - share * dy) ** 2
        met[rows, columns] |= far <= radius * radius
    for px, py in np.floor(path + 0.5):
        met[np.ix_(y == py, x == px)] = True
    return met


def _within(places: npt.NDArray[Any], low: float, high: float) -> slice:
    """Give the part of evenly spaced places, rising or falling, that may lie between two."""
    if not len(places):
        return slice(0, 0)
    step = 1 if len(places) < 2 or places[1] > places[0] else -1
    first, last = sorted(((low - places[0]) * step, (high - places[0]) * step))
    return slice(
        min(len(places), max(0, int(np.floor(first)))),
        min(len(places), max(0, int(np.ceil(last)) + 1)),
    )


def _points(given: Any) -> npt.NDArray[np.float64]:
    try:
        path = np.asarray(given, float).reshape(-1, 2)
    except (TypeError, ValueError):
        raise BadRequest(f"points {str(given)[:60]}: give pairs of x and y") from None
    if not len(path) or len(path) > MOST_POINTS or not np.isfinite(path).all():
        raise BadRequest(
            f"{len(path):,} points: give 1 to {MOST_POINTS:,} pairs of finite numbers, x and y"
        )
    return path


def _class(value: Any) -> int:
    try:
        number = int(value)
    except (TypeError, ValueError, OverflowError):
        number = -1
    if number != value or not 0 <= number <= MOST_CLASSES:
        raise BadRequest(f"class {value!r}: give a whole number from 0 (nothing) to {MOST_CLASSES}")
    return number


def _packed(values: npt.NDArray[Any]) -> bytes:
    return zlib.compress(np.ascontiguousarray(values).data, 1)
