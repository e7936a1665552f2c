"""Orders in which events are offered for labelling."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from ..errors import UnknownName
from .guided import guided
from .peers import expected_improvement, neighbour_score
from .sights import Array, Sight
from .votes import probabilities, voted

Rows = npt.NDArray[np.int64]
Strategy = Callable[[Sight, int], Rows]

DEFAULT = "guided"
"""Finds most on the benchmark's sets (benchmarks/learning.py)."""


def strategy_of(name: str) -> Strategy:
    """Give the function that chooses the next rows: from a `Sight` and a number, the first one first.

    Raises
    ------
    UnknownName
        No strategy has the name.
    MissingPackage
        ``"skactiveml:NAME"`` without scikit-activeml.
    """
    if name.startswith("skactiveml:"):
        from .activeml import activeml

        return activeml(name.removeprefix("skactiveml:"))
    if name not in STRATEGIES:
        raise UnknownName(
            f'there is no strategy {name!r}: there are {", ".join(STRATEGIES)}, and "skactiveml:NAME"'
        )
    return STRATEGIES[name]


def _by(priority: Callable[[Sight], Array]) -> Strategy:
    def chosen(sight: Sight, n: int) -> Rows:
        return sight.best(priority(sight), n)

    chosen.__doc__ = priority.__doc__
    return chosen


def anomaly(sight: Sight) -> Array:
    """Give the anomaly score itself: labels change nothing."""
    return sight.scores


def at_random(sight: Sight) -> Array:
    """Give numbers that mean nothing: `Sight.best` chooses among equals by chance."""
    return np.zeros(len(sight))


def classifier(sight: Sight) -> Array:
    """Give the probability, by a random forest, of being what is looked for; the score until it can learn."""
    if not sight.targets.two_sided:
        return sight.ranks
    # Many events have the same vote; among them the stranger ones come first.
    return voted(sight) + 1e-3 * sight.ranks


def uncertainty(sight: Sight) -> Array:
    """Give how near a classifier is to not knowing: the two most probable classes' difference, negative."""
    found = probabilities(sight, "random_forest")
    if found is None:
        return sight.ranks
    top = np.sort(found, axis=1)
    return -(top[:, -1] - top[:, -2])


def expected_change(sight: Sight) -> Array:
    """Give the length of the step that a label would make the linear head take, expected over its classes.

    Notes
    -----
    The expected gradient length (Settles, Craven and Ray 2008, NIPS 20): of a softmax head the gradient of
    one event is (p - e_k) times its latents and 1, whose length is a product of two lengths.
    """
    found = probabilities(sight, "head")
    if found is None:
        return sight.ranks
    p = found
    squares = np.einsum("ij,ij->i", p, p)
    # |p - e_k|^2 = |p|^2 - 2 p_k + 1
    steps = np.sqrt(np.maximum(squares[:, None] - 2 * p + 1, 0))
    size = np.sqrt(np.einsum("ij,ij->i", sight.scaled, sight.scaled) + 1)
    return np.einsum("ij,ij->i", p, steps) * size


def diversity(sight: Sight, n: int) -> Rows:
    """Draw rows as k-means++ draws its centres, the labelled ones being centres already.

    Each row is drawn with a probability that grows with the square of its distance to the nearest centre
    (Arthur and Vassilvitskii 2007, SODA): spread out, but where the events are.
    """
    return _spread(sight, n, draw=True)


def core_set(sight: Sight, n: int) -> Rows:
    """Take the row that is farthest from all labelled and taken ones, and again.

    The greedy k-centre of core-sets (Sener and Savarese 2018, ICLR, arXiv:1708.00489): it covers the latent
    space, its rim first.
    """
    return _spread(sight, n, draw=False)


def _spread(sight: Sight, n: int, *, draw: bool) -> Rows:
    rng, z = sight.random(), sight.scaled
    free = sight.free.copy()
    away = sight.nearest_labelled() ** 2 if len(sight.targets) else np.full(len(z), np.inf)
    taken: list[int] = []
    while len(taken) < min(n, int(sight.free.sum())):
        sight.cancelled()
        row = _next(away, free, rng, draw)
        taken.append(row)
        free[row] = False
        step = z - z[row]
        away = np.minimum(away, np.einsum("ij,ij->i", step, step))
    return np.array(taken, np.int64)


def _next(away: Array, free: Array, rng: np.random.Generator, draw: bool) -> int:
    left = np.flatnonzero(free)
    weights = away[left]
    # Nothing is near anything yet, or all that is left lies on centres.
    if not np.isfinite(weights).all() or weights.max() <= 0:
        return int(rng.choice(left))
    if not draw:
        return int(left[weights.argmax()])
    steps = np.cumsum(weights)
    return int(left[min(np.searchsorted(steps, rng.random() * steps[-1]), len(left) - 1)])


STRATEGIES: dict[str, Strategy] = {
    "guided": _by(guided),
    "anomaly": _by(anomaly),
    "uncertainty": _by(uncertainty),
    "diversity": diversity,
    "core_set": core_set,
    "expected_change": _by(expected_change),
    "classifier": _by(classifier),
    "astronomaly": _by(neighbour_score),
    "protege": _by(expected_improvement),
    "random": _by(at_random),
}
