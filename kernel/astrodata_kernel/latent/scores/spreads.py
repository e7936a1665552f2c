"""Scores by the shape of all points: Mahalanobis, kernel density, the garage."""

from __future__ import annotations

import numpy as np

from ...errors import BadRequest
from ..garage import Garage
from ..regions import Region
from .points import Array, Points, Scores, in_blocks

_FARTHEST = 1e15
"""Score of a point beside a garage without width, where the division has no number."""


def whitening(pool: Array) -> tuple[Array, Array]:
    """Give the mean of points and the matrix that makes them round with unit width.

    A direction in which they have no width gets a millionth of the greatest width: points beside them are
    then far, not infinitely far.
    """
    values = pool.astype(np.float64)
    centre = values.mean(axis=0)
    covariance = (
        np.atleast_2d(np.cov(values, rowvar=False)) if len(values) > 1 else np.zeros((1, 1))
    )
    if covariance.shape[0] != values.shape[1]:
        covariance = np.zeros((values.shape[1],) * 2)
    strength, axes = np.linalg.eigh(covariance)
    # What rounding leaves of a width that is none.
    least = max(
        1e-12 * float(strength[-1]), (1e-12 * float(np.abs(values).max(initial=0))) ** 2, 1e-300
    )
    return centre, axes / np.sqrt(np.maximum(strength, least))


def mahalanobis(points: Points) -> Scores:
    """Give the distance from the mean in units of the width in that direction."""
    centre, turn = whitening(points.fitted)
    return in_blocks(points.z, lambda z, _rows: np.linalg.norm((z - centre) @ turn, axis=1))


def kde(
    points: Points, sample: int = 1000, bandwidth: float | None = None, seed: int = 0
) -> Scores:
    """Give the negative logarithm of a density of Gaussian kernels, without the point's own.

    Points are whitened; the bandwidth is Scott's by default.
    """
    pool, inside = points.thinned(sample, seed)
    centre, turn = whitening(points.fitted)
    kernels = (pool - centre) @ turn
    count, width = kernels.shape
    scale = count ** (-1 / (width + 4)) if bandwidth is None else float(bandwidth)
    if not scale > 0:
        raise BadRequest(f"a bandwidth of {bandwidth}: give more than 0")
    own = np.full(len(points.z), -1)
    if inside is not None:
        own[inside] = np.arange(count)
    halves = np.einsum("ij,ij->i", kernels, kernels) / 2

    def some(z: Array, rows: slice) -> Array:
        out = np.empty(len(z))
        for start in range(0, len(z), 1024):
            part = slice(start, start + 1024)
            moved = (z[part] - centre) @ turn
            apart = halves + np.einsum("ij,ij->i", moved, moved)[:, None] / 2 - moved @ kernels.T
            # Products round: no square is below 0.
            power = np.maximum(apart, 0.0) / -(scale**2)
            mine = own[rows][part]
            if count > 1:
                power[np.flatnonzero(mine >= 0), mine[mine >= 0]] = -np.inf
            highest = power.max(axis=1)
            # Shares of the highest: single precision is enough for them, and several times as fast.
            shares = np.exp((power - highest[:, None]).astype(np.float32)).sum(axis=1, dtype=float)
            out[part] = np.log(np.maximum(1, count - (mine >= 0))) - highest - np.log(shares)
        return out

    return in_blocks(points.z, some)


def garage(points: Points, garage: Region | None = None, coverage: float = 0.9973) -> Scores:
    """Give how far outside the garage each point is: at most 1 inside.

    The garage is one that was fitted before, or the box of a central share of the reference.
    """
    region = Garage.fit(points.fitted, coverage) if garage is None else garage
    return in_blocks(points.z, lambda z, _rows: np.minimum(region.score(z), _FARTHEST))
