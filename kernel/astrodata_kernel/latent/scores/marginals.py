"""Scores by each latent alone: histograms (HBOS) and empirical tails (ECOD)."""

from __future__ import annotations

import numpy as np

from ...errors import BadRequest
from .points import Array, Points, Scores, in_blocks


def hbos(points: Points, bins: int = 10, alpha: float = 0.1, tolerance: float = 0.5) -> Scores:
    """Give the sum over the latents of the negative logarithm of the histogram's height.

    Each latent runs from 0 to 1 over the reference (Goldstein and Dengel 2012); farther out than a share
    `tolerance` of a bin counts as the emptiest bin does.
    """
    if bins < 1:
        raise BadRequest(f"{bins} bins: give at least 1")
    pool = points.fitted
    low, high = pool.min(axis=0).astype(np.float64), pool.max(axis=0).astype(np.float64)
    # Beside a latent that has one value, everything is outside.
    width = np.where(high > low, high - low, 1e-12 * np.maximum(1.0, np.abs(high)))
    edges = np.linspace(0.0, 1.0, bins + 1)
    heights = np.stack(
        [
            np.histogram((pool[:, i] - low[i]) / width[i], edges, density=True)[0]
            for i in range(pool.shape[1])
        ]
    )
    levels = -np.log2(heights + alpha)

    def some(z: Array, _rows: slice) -> Array:
        total = np.zeros(len(z))
        for i in range(z.shape[1]):
            place = (z[:, i] - low[i]) / width[i]
            inside = np.clip(np.searchsorted(edges, place) - 1, 0, bins - 1)
            outside = (place < -tolerance / bins) | (place > 1 + tolerance / bins)
            total += np.where(outside, levels[i].max(), levels[i][inside])
        return total

    return in_blocks(points.z, some)


def ecod(points: Points) -> Scores:
    """Give the sum over the latents of how rare a value is at least as far out on its side.

    Li et al. 2022, with the larger of both tails; points that were not fitted on count as one more.
    """
    pool = np.sort(points.fitted, axis=0)
    count = len(pool)
    more = 0 if points.reference is None else 1

    def some(z: Array, _rows: slice) -> Array:
        total = np.zeros(len(z))
        for i in range(z.shape[1]):
            left = np.searchsorted(pool[:, i], z[:, i], side="right")
            right = count - np.searchsorted(pool[:, i], z[:, i], side="left")
            total -= np.log((np.minimum(left, right) + more) / (count + more))
        return total

    return in_blocks(points.z, some)
