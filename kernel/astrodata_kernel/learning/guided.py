"""Our own order: the anomaly score until something is found, then a Gaussian process about what was found."""

from __future__ import annotations

import numpy as np

from .gaussian import Gaussian
from .sights import Array, Sight
from .votes import voted

MOST = 1000
"""Labels that the process is given: its work for each event grows with their square."""
NOISE, EXPECTED = 0.1, 0.05
CURIOSITY, STRANGENESS = 0.1, 0.02


def guided(sight: Sight) -> Array:
    """Give the interest that a Gaussian process and a random forest expect of each event, added up.

    The process carries the interest of labelled events to their neighbours by a Matern kernel in the scaled
    latents, whose length is the typical distance of two events; far from all labels it expects what a rare
    thing has. It learns from one label; the forest finds, with more of them, which latents matter. One
    standard deviation of the process counts a tenth of a find, the rank by anomaly score a fiftieth: they
    decide among events of which the labels say little. As long as nothing was found, the anomaly score alone
    decides.

    Unlike Protege's expected improvement it looks for more of what is sought, not for more than was found;
    and its kernel is not fitted, which costs most of the time and goes wrong with few labels.
    """
    known = sight.targets
    if not known.two_sided or not known.found:
        return sight.ranks
    few = _few(sight)
    process = Gaussian(
        sight.scaled[known.rows[few]],
        known.values[few] - EXPECTED,
        length=float(np.sqrt(sight.z.shape[1])),
        noise=NOISE,
    )
    mean, spread = process.predict(sight.scaled, sight.cancelled)
    by_process = np.clip(mean + CURIOSITY * spread + STRANGENESS * sight.ranks, 0, 1)
    return by_process + voted(sight)


def _few(sight: Sight) -> Array:
    """Give which labels the process gets: half of them of the sought ones, where there are too many."""
    values = sight.targets.values
    if len(values) <= MOST:
        return np.arange(len(values))
    rng = sight.random(4)
    sought, others = np.flatnonzero(values > 0.5), np.flatnonzero(values <= 0.5)
    room = max(MOST // 2, MOST - len(others))
    sought = rng.choice(sought, min(room, len(sought)), replace=False)
    others = rng.choice(others, min(MOST - len(sought), len(others)), replace=False)
    return np.sort(np.concatenate([sought, others]))
