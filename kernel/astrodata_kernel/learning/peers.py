"""Strategies of others, written anew from their papers: Astronomaly's and Protege's."""

from __future__ import annotations

import numpy as np
from sklearn.ensemble import RandomForestRegressor

from .gaussian import Gaussian
from .sights import CHUNK, Array, Sight

TOP = 5.0
"""Both papers let a person give an interest from 0 to 5."""


def neighbour_score(sight: Sight, alpha: float = 1.0) -> Array:
    """Give Astronomaly's score: the anomaly score, re-weighted by what the labels predict.

    A regression of the labels on the latents predicts the interest U of each event. Where labels are near, U
    decides; far from all of them the anomaly score S stays what it was:

        S tanh(delta - 1 + arctanh(u)),  delta = exp(alpha d / mean(d)),  u = 0.1 + 0.85 U / 5,

    with d the distance to the nearest labelled event. S runs from 0 to 5.

    Notes
    -----
    Lochner and Bassett 2021, Astronomy and Computing 36, 100481 (arXiv:2010.11202), with a random forest of
    100 trees as they use it.
    """
    spread = np.ptp(sight.scores)
    score = TOP * (sight.scores - sight.scores.min()) / (spread if spread > 0 else 1.0)
    if not len(sight.targets):
        return score
    known = sight.targets
    forest = RandomForestRegressor(n_estimators=100, random_state=sight.seed)
    forest.fit(sight.scaled[known.rows], TOP * known.values)
    interest = np.empty(len(sight))
    for start in range(0, len(sight), CHUNK):
        sight.cancelled()
        interest[start : start + CHUNK] = forest.predict(sight.scaled[start : start + CHUNK])
    away = sight.nearest_labelled()
    mean = away.mean()
    # Far beyond the mean distance the exponential has no number, and tanh is 1 long before.
    reach = np.minimum(alpha * away / (mean if mean > 0 else 1.0), 50.0)
    trust = np.exp(reach) - 1 + np.arctanh(0.1 + 0.85 * interest / TOP)
    return score * np.tanh(trust)


def expected_improvement(sight: Sight, tradeoff: float = 0.5) -> Array:
    """Give Protege's acquisition: by how much an event may be expected to beat the best label so far.

    A Gaussian process is fitted to the labels, from 0 to 5; its mean and standard deviation at each event
    give the expected improvement over the highest label plus `tradeoff`. Without labels all events are alike.

    Notes
    -----
    Lochner and Rudnick 2025 (arXiv:2411.04188), with a Matern kernel plus white noise, whose length and noise
    are fitted, and their trade-off of 0.5. The prediction goes through the events in chunks.
    """
    from scipy.special import ndtr

    if not len(sight.targets):
        return np.zeros(len(sight))
    known = sight.targets
    process = Gaussian(sight.scaled[known.rows], TOP * known.values, fitted=True)
    mean, spread = process.predict(sight.scaled, sight.cancelled)
    spread = np.maximum(spread, 1e-9)
    gain = mean - TOP * known.values.max() - tradeoff
    away = gain / spread
    return gain * ndtr(away) + spread * np.exp(-0.5 * away**2) / np.sqrt(2 * np.pi)
