"""What every score is given: the finite points, and those that it is fitted on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ...errors import BadRequest
from ..distinct import places_of

Array = npt.NDArray[Any]
Scores = npt.NDArray[np.float64]
BLOCK = 32_768
"""Points that are scored at once."""
SAMPLE = 20_000
"""Points that a score of neighbours is fitted on at most: distances to a random share order anomalies as
well as those to all points do (Sugiyama and Borgwardt 2013), and a million points take minutes, not a day."""


@dataclass(frozen=True)
class Points:
    """Points to be scored and, where they are others, points to be fitted on.

    Parameters
    ----------
    z
        Finite points, shape (n, d).
    reference
        Finite points, shape (m, d); None where the points themselves are: then none is its own neighbour.
    rows
        Of the finite points among all that were given.
    total
        How many were given.
    """

    z: Array
    reference: Array | None
    rows: npt.NDArray[np.int64]
    total: int

    @property
    def fitted(self) -> Array:
        """The points to be fitted on."""
        return self.z if self.reference is None else self.reference

    def thinned(self, sample: int | None, seed: int) -> tuple[Array, npt.NDArray[np.bool_] | None]:
        """Give at most `sample` of the points to be fitted on, and which of all points are among them."""
        pool = self.fitted
        if sample is not None and sample < 2:
            raise BadRequest(f"a sample of {sample} points: give at least 2, or None for all")
        inside = np.ones(len(pool), bool)
        if sample is not None and len(pool) > sample:
            inside[:] = False
            inside[np.random.default_rng(seed).choice(len(pool), sample, replace=False)] = True
            pool = pool[inside]
        return pool, inside if self.reference is None else None

    def of(self, z: Array, reference: Array | None) -> Points:
        """Give the same points in other coordinates."""
        return replace(self, z=z, reference=reference)


def in_blocks(z: Array, work: Callable[[Array, slice], Array]) -> Scores:
    """Give what `work` makes of the points, some at a time, shape (n,)."""
    out = np.empty(len(z))
    for start in range(0, len(z), BLOCK):
        rows = slice(start, start + BLOCK)
        out[rows] = work(z[rows], rows)
    return out


def by_place(z: Array, work: Callable[[Array, slice], Array]) -> Scores:
    """Give what `in_blocks` does, of points in one place only once."""
    places = places_of(z)
    if places.all_differ:
        return in_blocks(z, work)
    return in_blocks(z[places.first], work)[places.place]
