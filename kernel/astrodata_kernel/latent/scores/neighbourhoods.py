"""Scores by neighbours: how far the k-th is, and how much denser it is around them."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...errors import BadRequest
from ..neighbour_index import NeighbourIndex
from .points import SAMPLE, Array, Points, Scores, in_blocks


def knn(
    points: Points, k: int = 10, mean: bool = False, sample: int | None = SAMPLE, seed: int = 0
) -> Scores:
    """Give the distance of the k-th nearest other point, or the mean over all k."""
    _checked(k)
    pool, inside = points.thinned(sample, seed)
    index = NeighbourIndex(pool)

    def some(z: Array, rows: slice) -> Array:
        away, _ = index.query(z, k + 1)
        away = _others(away, False if inside is None else inside[rows])
        # Fewer than k others: the farthest there is.
        farthest = np.max(away, axis=1, where=np.isfinite(away), initial=0.0)
        away = np.where(np.isfinite(away), away, farthest[:, None])
        return np.asarray(away.mean(axis=1) if mean else away[:, -1])

    return in_blocks(points.z, some)


def lof(points: Points, k: int = 20, sample: int | None = SAMPLE, seed: int = 0) -> Scores:
    """Give the local outlier factor: about 1 inside a cluster of any density, more beside it.

    More than k points in one place would be infinitely dense (Breunig et al. 2000 leave that open): they are
    as dense as the densest others. Where all points lie in one place it is 1 plus the distance from there.
    """
    _checked(k)
    pool, inside = points.thinned(sample, seed)
    if (pool == pool[0]).all():
        return 1.0 + np.linalg.norm(points.z.astype(np.float64) - pool[0], axis=1)
    k = min(k, len(pool) - 1)
    index = NeighbourIndex(pool)
    reach = in_blocks(pool, lambda z, _rows: index.query(z, k + 1)[0][:, -1])
    spread = in_blocks(pool, lambda z, _rows: _spread(*index.query(z, k + 1), reach, True))
    least = spread[spread > 0].min()
    densities = 1.0 / np.maximum(spread, least)

    def some(z: Array, rows: slice) -> Array:
        away, others = index.query(z, k + 1)
        own = False if inside is None else inside[rows]
        spread = np.maximum(_spread(away, others, reach, own), least)
        return _others(densities[others], own).mean(axis=1) * spread

    return in_blocks(points.z, some)


def _spread(away: Array, others: Array, reach: Array, own: Any) -> Array:
    """Give the mean distance by which neighbours are reached, at least their own k-th."""
    return np.asarray(_others(np.maximum(away, reach[others]), own).mean(axis=1))


def _others(values: Array, own: Any) -> Array:
    # The first of a point's own neighbours is the point, or one in its place.
    return np.where(np.broadcast_to(own, len(values))[:, None], values[:, 1:], values[:, :-1])


def default(points: Points, share: float = 0.05, sample: int = 4000, seed: int = 0) -> Scores:
    """Give the distance of the neighbour that closes in a share of all points, each latent of unit width.

    Five in a hundred: a clump of anomalies that the reference holds unnoticed stays far from its own k-th
    neighbour, where ten neighbours would all lie within the clump. `benchmarks/anomalies.py` has the numbers.
    """
    if not 0 < share < 1:
        raise BadRequest(f"a share of {share}: give 0 < share < 1")
    pool = points.fitted
    width = pool.std(axis=0, dtype=np.float64)
    scale = 1.0 / np.where(width > 0, width, 1.0)
    scaled = points.of(
        points.z * scale, None if points.reference is None else points.reference * scale
    )
    k = max(5, int(share * min(len(pool), sample)))
    return knn(scaled, k=k, sample=sample, seed=seed)


def _checked(k: int) -> None:
    if k < 1:
        raise BadRequest(f"{k} neighbours: give at least 1")
