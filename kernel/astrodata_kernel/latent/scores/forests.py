"""Scores by random cuts: the isolation forest."""

from __future__ import annotations

import numpy as np
from sklearn.ensemble import IsolationForest

from .points import Array, Points, Scores, by_place


def isolation_forest(points: Points, trees: int = 300, samples: int = 256, seed: int = 0) -> Scores:
    """Give how few random cuts set a point apart: 0.5 for a usual one, towards 1 for others."""
    pool = points.fitted
    # The cuts do not feel scales, but single precision does: centred and of unit width nothing is lost.
    centre = pool.mean(axis=0, dtype=np.float64)
    width = pool.std(axis=0, dtype=np.float64)
    width = np.where(width > 0, width, 1.0)

    def scaled(z: Array) -> Array:
        return np.clip((z - centre) / width, -1e30, 1e30).astype(np.float32)

    forest = IsolationForest(
        n_estimators=trees, max_samples=min(samples, len(pool)), random_state=seed
    ).fit(scaled(pool))
    return by_place(points.z, lambda z, _rows: -forest.score_samples(scaled(z)))
