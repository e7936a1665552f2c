"""What a strategy looks at: latents, scores, and the labels there are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import BadRequest
from .targets import Targets

Array = npt.NDArray[Any]
CHUNK = 100_000
"""Events that are looked at between two questions whether the work is still wanted."""


@dataclass(frozen=True)
class Sight:
    """All that is known when the next events to label are chosen.

    Parameters
    ----------
    z
        Latents, shape (n, d), all finite.
    scores
        Anomaly scores, shape (n,), higher = more anomalous.
    targets
        The labelled rows.
    free
        Boolean, shape (n,): the rows that may be asked for.
    seed
        Of all that is drawn.
    cancelled
        Called between chunks; it raises to give the work up.
    """

    z: Array
    scores: Array
    targets: Targets
    free: npt.NDArray[np.bool_]
    seed: int = 0
    cancelled: Callable[[], None] = lambda: None

    def __len__(self) -> int:
        return len(self.z)

    @cached_property
    def scaled(self) -> Array:
        """The latents with mean 0 and standard deviation 1, float64."""
        return scaled(self.z)

    @cached_property
    def ranks(self) -> Array:
        """The share of events with a lower score, 0 to 1: what scores of any kind have in common."""
        from scipy.stats import rankdata

        return (rankdata(self.scores) - 0.5) / max(1, len(self.scores))

    @cached_property
    def features(self) -> Array:
        """What a classifier is given: the scaled latents, and the rank by score as one more."""
        return np.column_stack([self.scaled, self.ranks])

    def random(self, turn: int = 0) -> np.random.Generator:
        """Give a generator that is another one for each number of labels, and the same for the same."""
        return np.random.default_rng([self.seed, turn, len(self.targets)])

    def best(self, priority: Array, n: int) -> npt.NDArray[np.int64]:
        """Give the `n` free rows of the highest priority, the highest first; equal ones in a random order."""
        rows = np.flatnonzero(self.free)
        rows = rows[self.random(1).permutation(len(rows))]
        values = -np.nan_to_num(priority[rows], nan=-np.inf)
        if n < len(rows):
            near = np.argpartition(values, n)[:n] if n else np.empty(0, np.int64)
            # Ties at the border: the permutation above has made the choice among them random.
            rows, values = rows[near], values[near]
        return rows[np.argsort(values, kind="stable")]

    def nearest_labelled(self) -> Array:
        """Give the distance of each event to the nearest labelled one, in scaled latents.

        Raises
        ------
        BadRequest
            Nothing is labelled.
        """
        if not len(self.targets):
            raise BadRequest("no event is labelled: there is no nearest one")
        return distances_to(self.scaled, self.scaled[self.targets.rows], self.cancelled)


def scaled(z: Array) -> Array:
    """Give columns with mean 0 and standard deviation 1; a constant column becomes 0."""
    values = np.asarray(z, np.float64)
    spread = values.std(axis=0)
    return (values - values.mean(axis=0)) / np.where(spread > 0, spread, 1.0)


def distances_to(z: Array, places: Array, cancelled: Callable[[], None] = lambda: None) -> Array:
    """Give the distance of each row to the nearest of some places, chunk by chunk."""
    from scipy.spatial import cKDTree

    # A tree does not help in many dimensions, where it looks at everything with more words.
    few = z.shape[1] <= 16
    tree = cKDTree(places) if few else None
    squares = None if few else np.einsum("ij,ij->i", places, places)
    found = np.empty(len(z))
    for start in range(0, len(z), CHUNK // (1 if few else 10)):
        cancelled()
        some = z[start : start + CHUNK // (1 if few else 10)]
        if tree is not None:
            found[start : start + len(some)] = tree.query(some)[0]
        else:
            products = some @ places.T
            away = np.einsum("ij,ij->i", some, some)[:, None] - 2 * products + squares
            found[start : start + len(some)] = np.sqrt(np.maximum(away.min(axis=1), 0))
    return found
