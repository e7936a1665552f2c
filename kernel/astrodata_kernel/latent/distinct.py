"""Points that lie in one place, told once: neighbours and densities then cost what the places cost."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Places:
    """Where points lie.

    Parameters
    ----------
    first
        Row of the first point in each place, shape (m,), in the order of the rows.
    place
        Of each point, shape (n,), below m.
    counts
        Points in each place, shape (m,).
    """

    first: npt.NDArray[np.int64]
    place: npt.NDArray[np.int64]
    counts: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.first)

    @property
    def all_differ(self) -> bool:
        """Whether no two points lie in one place."""
        return len(self.first) == len(self.place)

    @cached_property
    def _grouped(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        return np.argsort(self.place, kind="stable"), np.cumsum(self.counts) - self.counts

    def rows(self, place: Array, nth: Array) -> npt.NDArray[np.int64]:
        """Give the row of the nth point in a place, elementwise."""
        order, starts = self._grouped
        return order[starts[place] + nth]


def places_of(z: Array) -> Places:
    """Give the places of finite points, shape (n, d), compared exactly."""
    values = np.ascontiguousarray(z) + 0  # -0.0 is 0.0
    bits = values.view(np.uint32 if values.dtype == np.float32 else np.uint64)
    keys = np.zeros(len(bits), np.uint64)
    for column in bits.T:
        # A multiplication and a shift mix well enough for what is compared below in full.
        keys = (keys ^ column) * np.uint64(0x9E3779B97F4A7C15)
        keys ^= keys >> np.uint64(29)
    place, _ = pd.factorize(keys)
    place = place.astype(np.int64)
    first = _first_rows(place)
    if len(first) < len(values) and (values != values[first[place]]).any():
        _, place = np.unique(values, axis=0, return_inverse=True)  # two places had one key
        place, _ = pd.factorize(place.reshape(-1))
        place = place.astype(np.int64)
        first = _first_rows(place)
    return Places(first, place, np.bincount(place, minlength=len(first)))


def _first_rows(place: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    # Numbered as they come: a place is new where its number exceeds all before it.
    if not len(place):
        return np.empty(0, np.int64)
    return np.flatnonzero(np.diff(np.maximum.accumulate(place), prepend=-1))
