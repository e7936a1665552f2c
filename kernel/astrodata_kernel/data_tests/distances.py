"""How far two distributions are from each other: in bins, by their cumulative shares, in a latent space."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[Any]

POINTS = 1000
"""Points of each side that the energy distance is computed with, drawn by chance where there are more."""

PERMUTATIONS = 499


def population_stability(reference: npt.ArrayLike, data: npt.ArrayLike) -> float:
    """Give the population stability index of counts in the same bins.

    It is the sum over bins of (q - p) ln(q / p), with shares p of the reference and q of the data. A bin that
    is empty on one side counts as half a value there, since the logarithm of nothing is infinite; one that is
    empty on both is left out. Below 0.1 is usually taken as stable, beyond 0.2 as moved.

    Examples
    --------
    >>> round(population_stability([50, 50], [70, 30]), 4)
    0.1695
    """
    p, q = np.asarray(reference, np.float64), np.asarray(data, np.float64)
    if not p.sum() or not q.sum():
        return 0.0 if p.sum() == q.sum() else np.inf
    used = (p > 0) | (q > 0)
    p = np.maximum(p, 0.5)[used] / p.sum()
    q = np.maximum(q, 0.5)[used] / q.sum()
    return float(((q - p) * np.log(q / p)).sum())


def kolmogorov_smirnov(reference: Values, data: Values) -> tuple[float, float]:
    """Give the largest difference of two cumulative distributions and its p-value, both exact.

    The p-value is exact up to 10,000 values a side, and of the limit of many values beyond.
    """
    from scipy.stats import ks_2samp

    with warnings.catch_warnings():
        # Where the exact one cannot be had SciPy takes the limit, which is good enough there.
        warnings.simplefilter("ignore", RuntimeWarning)
        found = ks_2samp(reference, data)
    return float(found.statistic), float(found.pvalue)


def smirnov_of_quantiles(quantiles: Values, size: int, data: Values) -> tuple[float, float, float]:
    """Give a lower limit of the Kolmogorov-Smirnov statistic, its p-value, and how much higher it may be.

    Parameters
    ----------
    quantiles
        Of the reference, evenly spaced in probability from 0 to 1.
    size
        Number of values of the reference.
    data
        Values to compare.
    """
    from scipy.stats import kstwobign

    shares = np.linspace(0, 1, len(quantiles))
    # Of equal quantiles the last one tells the share up to and with them.
    last = np.append(quantiles[1:] > quantiles[:-1], True)
    points, shares = quantiles[last], shares[last]
    own = np.searchsorted(np.sort(data), points, "right") / len(data)
    statistic = float(np.abs(own - shares).max())
    many = size * len(data) / (size + len(data))
    return statistic, float(kstwobign.sf(np.sqrt(many) * statistic)), 1 / (len(quantiles) - 1)


def energy(
    reference: Values, data: Values, permutations: int = PERMUTATIONS, seed: int = 0
) -> tuple[float, float]:
    """Give the energy distance of two clouds of points and its p-value among permutations.

    The distance is the square root of 2 E|X - Y| - E|X - X'| - E|Y - Y'| (Székely and Rizzo 2013), zero only
    for equal distributions; with one dimension it is `scipy.stats.energy_distance`. Unlike the maximum mean
    discrepancy it needs no width of a kernel, and unlike Mahalanobis' distance of means it sees any change.

    Parameters
    ----------
    reference, data
        Shape (n, d) and (m, d), finite.
    permutations
        How often the points are dealt out anew.
    seed
        Of the permutations.
    """
    from scipy.spatial.distance import cdist

    x, y = np.asarray(reference, np.float64), np.asarray(data, np.float64)
    pooled = np.concatenate([x, y])
    between = cdist(pooled, pooled)
    n, m = len(x), len(y)
    rng = np.random.default_rng(seed)
    # A column for each way to deal the points out; the first is the given one.
    first = np.zeros((n + m, permutations + 1))
    first[:n, 0] = 1
    for k in range(1, permutations + 1):
        first[rng.permutation(n + m)[:n], k] = 1
    sums = between @ first
    xx = np.einsum("ij,ij->j", first, sums)
    xy = sums.sum(axis=0) - xx
    yy = between.sum() - xx - 2 * xy
    found = 2 * xy / (n * m) - xx / n**2 - yy / m**2
    # Rounding must not make the given way look rarer than its own like.
    as_far = found[1:] >= found[0] * (1 - 1e-9) - 1e-12
    return float(np.sqrt(max(found[0], 0.0))), float((1 + as_far.sum()) / (permutations + 1))
