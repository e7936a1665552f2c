"""The points of an explorer as columns of numbers: what its maps, selections and histograms are of."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import BadRequest, UnknownName
from ..wire import encode
from .base import Cancel
from .latent_columns import Columns
from .latent_cut import Cut, Mask

CHUNK = 1_000_000
"""Values of one column in one message: 4 MB."""


class Points:
    """Latents and columns of the points, by name.

    Parameters
    ----------
    ids
        Of the points, shape (n,).
    names
        Of the latents.
    cut
        Holds the latents.
    columns
        What else is known of the points.
    """

    def __init__(
        self, ids: npt.NDArray[Any], names: Sequence[str], cut: Cut, columns: Columns
    ) -> None:
        self.ids, self.cut, self.columns = ids, cut, columns
        self._axes = {name: i for i, name in enumerate(names)}
        self._extents: dict[str, tuple[npt.NDArray[Any], tuple[float, float]]] = {}

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def rows(self) -> dict[Any, int]:
        """The number of the point of each id."""
        return {ident: row for row, ident in enumerate(self.ids.tolist())}

    @property
    def valid(self) -> Mask:
        """Which points have latents that are all finite."""
        return self.cut.finite

    def names(self) -> list[str]:
        """Give the names of all columns of numbers, the latents first."""
        more = [one["name"] for one in self.columns.facts() if one["kind"] == "continuous"]
        return [*self._axes, *(name for name in more if name not in self._axes)]

    def all_names(self) -> list[str]:
        """Give the names of all columns, of categories too."""
        more = [one["name"] for one in self.columns.facts()]
        return [*self._axes, *(name for name in more if name not in self._axes)]

    def values(self, name: str) -> npt.NDArray[Any]:
        """Give a column of numbers, shape (n,).

        Raises
        ------
        UnknownName
            No such column, or one of categories.
        """
        if name in self._axes:
            return self.cut.columns[self._axes[name]]
        if not self.columns.has(name):
            raise UnknownName(
                f"there is no column {name!r}; there are {', '.join(self.all_names())}"
            )
        return self.columns.numbers(name)

    def facts(self) -> list[dict[str, Any]]:
        """Give name and extent of each column of numbers, of the points that are shown."""
        found = []
        for name in self.names():
            low, high = self.extent(name)
            found.append({"name": name, "low": low, "high": high})
        return found

    def extent(self, name: str) -> tuple[float, float]:
        """Give the lowest and the highest finite value of a column."""
        values = self.values(name)
        known, found = self._extents.get(name, (None, (0.0, 1.0)))
        if known is not values:
            found = _extent(values, self.valid)
            self._extents[name] = (values, found)
        return found

    def codes(self, name: str) -> tuple[dict[str, Any], npt.NDArray[np.uint8]]:
        """Give a column as bytes to colour by, of the latents too.

        Raises
        ------
        UnknownName
            No such column.
        """
        if name in self._axes and not self.columns.has(name):
            self.columns.lend(name, self.cut.columns[self._axes[name]])
        return self.columns.codes(name)

    def travelling(self, name: str, start: int) -> tuple[dict[str, Any], list[memoryview]]:
        """Give a stretch of a column as it travels: float32, and what that leaves out of a float64.

        A map that is zoomed in upon float64 values needs both: ``first + second`` has 48 bits.
        """
        values = self.values(name)
        if not 0 <= start <= len(values):
            raise BadRequest(f"there are no values of {name!r} from {start}")
        part = values[start : start + CHUNK]
        meta, buffer = encode(part[None, None])
        buffers = [buffer]
        if part.dtype.itemsize > 4:
            with np.errstate(invalid="ignore", over="ignore"):
                rest = part - part.astype(np.float32).astype(np.float64)
            rest[~np.isfinite(rest)] = 0
            # The next chunk may need it though this one does not.
            buffers.append(encode(rest[None, None])[1])
        return {**meta, "name": name, "start": start}, buffers

    def histogram(
        self, name: str, bins: int, of: Mask, among: Mask, cancel: Cancel
    ) -> tuple[dict[str, Any], list[memoryview]]:
        """Give how many points lie in each of some equal bins: of a selection, and of those on show."""
        if not 1 <= bins <= 1000:
            raise BadRequest(f"{bins} bins: give 1 to 1000")
        values, (low, high) = self.values(name), self.extent(name)
        span = (low, high) if high > low else (low - 0.5, low + 0.5)
        counts = np.zeros((1, 2, bins), np.uint32)
        for start in range(0, len(values), CHUNK):
            cancel.check()
            part = values[start : start + CHUNK]
            finite = np.isfinite(part)
            for i, mask in enumerate((of, among)):
                good = part[finite & mask[start : start + CHUNK]]
                counts[0, i] += np.histogram(good, bins, span)[0].astype(np.uint32)
        meta, buffer = encode(counts)
        return {**meta, "name": name, "low": span[0], "high": span[1]}, [buffer]


def _extent(values: npt.NDArray[Any], valid: Mask) -> tuple[float, float]:
    """Give the lowest and the highest finite value of some, 0 and 1 where none is."""
    low, high = np.inf, -np.inf
    for start in range(0, len(values), CHUNK):
        part = values[start : start + CHUNK]
        good = part[valid[start : start + CHUNK] & np.isfinite(part)]
        if good.size:
            low, high = min(low, float(good.min())), max(high, float(good.max()))
    return (low, high) if high >= low else (0.0, 1.0)
