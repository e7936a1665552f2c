"""Which latents lie together, and how densely."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import BadRequest, UnknownName
from .distinct import places_of
from .latents import Latents
from .neighbour_index import NeighbourIndex

Array = npt.NDArray[Any]
Labels = npt.NDArray[np.int64]
_MANY = 100_000  # points, beyond which k-means learns from batches
_SAMPLE = 20_000  # points that HDBSCAN is fitted on at most: its time grows with the square
_BLOCK = 65_536


def cluster(
    latents: Any,
    method: str = "hdbscan",
    *,
    seed: int = 0,
    column: str = "cluster",
    **options: Any,
) -> Latents:
    """Give latents with a column that tells the cluster of each.

    Clusters are numbered by their size, 0 the largest; -1 is noise, and points that are not finite.

    Parameters
    ----------
    latents
        Latents or an array, shape (n, d).
    method
        ``"hdbscan"``: as many clusters as there are, of any shape; options ``min_cluster_size`` (by default a
        hundredth of the points, 5 to 500), ``min_samples`` and ``sample`` (20,000 points are fitted, others
        join the cluster of their nearest fitted point where that is as near as its own points are);
        ``"kmeans"``: ``n_clusters`` (8) round ones, learned from batches beyond 100,000 points.
    seed
        Of the sample, and of where k-means begins.
    column
        Name of the column.
    **options
        Of the method.

    Returns
    -------
    Latents

    Raises
    ------
    UnknownName
        No such method.
    BadRequest
        Options that it does not have, or no finite point.

    Examples
    --------
    >>> two = np.r_[np.random.default_rng(0).normal(size=(60, 2)), np.full((40, 2), 9.0)]
    >>> np.bincount(cluster(two, "kmeans", n_clusters=2).columns["cluster"]).tolist()
    [60, 40]
    """
    table = Latents.of(latents)
    methods = {"hdbscan": _hdbscan, "kmeans": _kmeans}
    if method not in methods:
        raise UnknownName(f'there is no clustering {method!r}; there are "hdbscan" and "kmeans"')
    points = _finite(table)
    try:
        found, used = methods[method](points, seed, **options)
    except TypeError as error:
        raise BadRequest(f"{method} has no such option: {error}") from None
    labels = np.full(len(table), -1, np.int64)
    labels[table.finite] = _by_size(found)
    lineage = {"made_by": method, "parameters": {**used, "seed": seed}, "of": table.digest}
    return table.with_columns(lineage, **{column: labels})


def local_density(latents: Any, k: int = 10, *, column: str = "local_density") -> Latents:
    """Give latents with a column of the logarithm of how many points there are in a unit of volume.

    It is told by the distance of the k-th other point; where k others lie in one place, the smallest distance
    between places that have a density stands for 0. Points that are not finite have NaN.

    Parameters
    ----------
    latents
        Latents or an array, shape (n, d).
    k
        Of the neighbour that is looked for.
    column
        Name of the column.

    Returns
    -------
    Latents

    Raises
    ------
    BadRequest
        No finite point, or k below 1.

    Examples
    --------
    >>> found = local_density(np.random.default_rng(0).normal(size=(500, 2))).columns["local_density"]
    >>> found.shape
    (500,)
    """
    from scipy.special import gammaln

    table = Latents.of(latents)
    points = _finite(table)
    near = max(1, min(k, len(points) - 1))
    away, _ = NeighbourIndex(points).query(points, near + 1) if k >= 1 else _refuse(k)
    radius = away[:, -1]
    some = radius[np.isfinite(radius) & (radius > 0)]
    radius = np.where(np.isfinite(radius) & (radius > 0), radius, some.min() if some.size else 1.0)
    width = points.shape[1]
    ball = width / 2 * np.log(np.pi) - gammaln(width / 2 + 1)
    density = np.full(len(table), np.nan)
    density[table.finite] = np.log(near) - ball - width * np.log(radius)
    lineage = {"made_by": "local_density", "parameters": {"k": k}, "of": table.digest}
    return table.with_columns(lineage, **{column: density})


def _refuse(k: int) -> Any:
    raise BadRequest(f"{k} neighbours: give at least 1")


def _finite(table: Latents) -> Array:
    if not table.finite.any():
        raise BadRequest("none of these points is finite: there is nothing to find together")
    return table.z if table.finite.all() else table.z[table.finite]


def _kmeans(points: Array, seed: int, n_clusters: int = 8) -> tuple[Labels, dict[str, Any]]:
    from sklearn.cluster import KMeans, MiniBatchKMeans

    if n_clusters < 1:
        raise BadRequest(f"{n_clusters} clusters: give at least 1")
    # More clusters than places there are none.
    count = min(n_clusters, len(places_of(points)))
    if len(points) > _MANY:
        made = MiniBatchKMeans(count, random_state=seed, n_init=3, batch_size=16_384)
    else:
        made = KMeans(count, random_state=seed, n_init=3)
    made.fit(points)
    labels = np.concatenate(
        [made.predict(points[i : i + _BLOCK]) for i in range(0, len(points), _BLOCK)]
    )
    return labels.astype(np.int64), {"n_clusters": n_clusters}


def _hdbscan(
    points: Array,
    seed: int,
    min_cluster_size: int | None = None,
    min_samples: int | None = None,
    sample: int = _SAMPLE,
) -> tuple[Labels, dict[str, Any]]:
    from sklearn.cluster import HDBSCAN

    size = min_cluster_size or int(np.clip(min(len(points), sample) // 100, 5, 500))
    if size < 2 or sample < 2:
        raise BadRequest("give min_cluster_size and sample of at least 2")
    used = {"min_cluster_size": size, "min_samples": min_samples, "sample": sample}
    chosen = _some_of_each_place(points, size)
    if len(chosen) > sample:
        chosen = np.sort(np.random.default_rng(seed).choice(chosen, sample, replace=False))
    fitted = points[chosen].astype(np.float64)
    if len(fitted) < size:
        return np.full(len(points), -1, np.int64), used
    if (fitted == fitted[0]).all():
        return np.where((points == fitted[0]).all(axis=1), 0, -1), used
    near = min(min_samples or size, len(fitted))
    found = HDBSCAN(min_cluster_size=size, min_samples=near, copy=True).fit_predict(fitted)
    if len(fitted) == len(points):
        return found.astype(np.int64), used
    return _joined(points, fitted, found, near), used


def _some_of_each_place(points: Array, size: int) -> Labels:
    # As many points in a place as make a cluster stand for all that are there.
    places = places_of(points)
    if places.all_differ:
        return np.arange(len(points))
    order = np.argsort(places.place, kind="stable")
    starts = np.cumsum(places.counts) - places.counts
    nth = np.arange(len(points)) - np.repeat(starts, places.counts)
    return np.sort(order[nth < size])


def _joined(points: Array, fitted: Array, found: Labels, near: int) -> Labels:
    index = NeighbourIndex(fitted)
    own, _ = index.query(fitted, near)
    # How far the points of a cluster are from their neighbours; noise takes nobody in.
    reach = np.zeros(found.max() + 2)
    np.maximum.at(reach, found, own[:, -1])
    reach[-1] = -1.0
    labels = np.empty(len(points), np.int64)
    for start in range(0, len(points), _BLOCK):
        away, rows = index.query(points[start : start + _BLOCK], near)
        to = found[rows[:, 0]]
        labels[start : start + _BLOCK] = np.where(away[:, -1] <= reach[to], to, -1)
    return labels


def _by_size(labels: Labels) -> Labels:
    counts = np.bincount(labels[labels >= 0])
    order = np.argsort(-counts, kind="stable")
    rank = np.empty(len(counts) + 1, np.int64)
    rank[order] = np.arange(len(counts))
    rank[-1] = -1
    return rank[labels]
