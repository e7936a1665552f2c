"""The nearest neighbours of points: exact ones, or an index for millions."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import BadRequest, MissingPackage
from .distinct import places_of
from .latents import Latents
from .nearest import FEW_DIMENSIONS, Found, Nearest

Array = npt.NDArray[Any]
METRICS = ("chebyshev", "cosine", "euclidean", "manhattan")
_EXACT_PAIRS = 10_000_000_000
"""Distances that are worth waiting for (minutes); beyond, "auto" takes the approximate index."""
_BLOCK = 16_384
_NORMS = {"euclidean": 2, "manhattan": 1, "chebyshev": np.inf}
_SMALL = 5_000  # places, of which an approximate index would not be faster


class NeighbourIndex:
    """Finds the nearest of some points; those that are not finite are none.

    Any number of points may lie in one place: they are told once, and count as many.

    Parameters
    ----------
    z
        Latents or an array, shape (n, d).
    kind
        ``"exact"``: a KD-tree up to 10 dimensions, else all distances by products of matrices; or
        ``"approximate"``: a graph of neighbours (HNSW, of faiss), for millions of points.
    metric
        ``"euclidean"``, ``"manhattan"``, ``"chebyshev"`` or ``"cosine"``.
    seed
        Of the layers of the approximate index; threads that build it may still tie its edges otherwise.

    Raises
    ------
    BadRequest
        No finite point, another kind or metric, or cosines with points at 0.
    MissingPackage
        An approximate index without faiss.

    Examples
    --------
    >>> index = NeighbourIndex(np.arange(10.0)[:, None])
    >>> index.query([[3.2]], k=2)
    (array([[0.2, 0.8]]), array([[3, 4]]))
    """

    def __init__(
        self, z: Any, kind: str = "exact", *, metric: str = "euclidean", seed: int = 0
    ) -> None:
        if kind not in ("exact", "approximate"):
            raise BadRequest(f'an index of kind {kind!r}: there are "exact" and "approximate"')
        if metric not in METRICS:
            raise BadRequest(f"the metric {metric!r}: there are {', '.join(METRICS)}")
        latents = Latents.of(z)
        self._rows = np.flatnonzero(latents.finite)
        if not len(self._rows):
            raise BadRequest("none of these points is finite: there is nothing to be near to")
        self._cosine = metric == "cosine"
        self.width = latents.shape[1]
        points = self._turned(latents.z[self._rows])
        self._places = places_of(points)
        points = points if self._places.all_differ else points[self._places.first]
        self._metric = "euclidean" if self._cosine else metric
        self._near: Any = (
            Nearest(points, self._metric)
            if kind == "exact" or len(points) <= _SMALL
            else _Approximate(points, self._metric, seed)
        )

    def __len__(self) -> int:
        return len(self._rows)

    def query(self, points: npt.ArrayLike, k: int = 10) -> Found:
        """Give the k nearest of each point.

        Parameters
        ----------
        points
            Shape (m, d), or (d,) for one.
        k
            How many; a point that is in the index itself is one of its own.

        Returns
        -------
        distances : ndarray
            float64, shape (m, k), nearest first; infinite where there are fewer than k points, NaN for a
            point that is not finite.
        rows : ndarray
            int64, shape (m, k); -1 where there is none.
        """
        if k < 1:
            raise BadRequest(f"{k} neighbours: give at least 1")
        queries = _points(points, self.width)
        away = np.full((len(queries), k), np.nan)
        rows = np.full((len(queries), k), -1, np.int64)
        good = np.flatnonzero(np.isfinite(queries).all(axis=1))
        for start in range(0, len(good), _BLOCK):
            some = good[start : start + _BLOCK]
            away[some], rows[some] = self._some(self._turned(queries[some]), k)
        return away, rows

    def _some(self, queries: Array, k: int) -> Found:
        places = min(k, len(self._places))
        away, found = self._near.query(queries, places)
        if self._cosine:
            away = away**2 / 2
        if self._places.all_differ:
            rows = self._rows[found]
        else:
            away, rows = self._spread(away, found, k)
        short = k - away.shape[1]
        if short > 0:
            away = np.pad(away, ((0, 0), (0, short)), constant_values=np.inf)
            rows = np.pad(rows, ((0, 0), (0, short)), constant_values=-1)
        return away, rows

    def _spread(self, away: Array, found: Array, k: int) -> Found:
        # A place with three points is three neighbours at one distance.
        ends = np.cumsum(self._places.counts[found], axis=1)
        wanted = np.arange(k)
        # All rows in one search: each begins where the one before cannot reach.
        begins = np.arange(len(ends))[:, None] * (int(ends.max(initial=0)) + k + 1)
        flat = np.searchsorted((ends + begins).ravel(), (wanted + begins).ravel(), side="right")
        nth = flat.reshape(len(ends), k) - np.arange(len(ends))[:, None] * found.shape[1]
        lacking = nth >= found.shape[1]
        nth = np.minimum(nth, found.shape[1] - 1)
        place = np.take_along_axis(found, nth, 1)
        before = np.take_along_axis(ends, nth, 1) - self._places.counts[place]
        inside = np.where(lacking, 0, wanted - before)
        rows = self._rows[self._places.rows(place, inside)]
        out = np.take_along_axis(away, nth, 1)
        return np.where(lacking, np.inf, out), np.where(lacking, -1, rows)

    def _turned(self, points: Array) -> Array:
        if not self._cosine:
            return points
        lengths = np.linalg.norm(points.astype(np.float64), axis=1, keepdims=True)
        if not (lengths > 0).all():
            raise BadRequest("a point at 0 has no direction: take another metric than cosine")
        return np.asarray(points / lengths)


class _Approximate:
    """A graph of neighbours in layers (HNSW), walked from the coarsest to the finest."""

    def __init__(self, points: Array, metric: str, seed: int) -> None:
        try:
            import faiss
        except ImportError:
            raise MissingPackage(
                'an index for millions needs faiss: pip install "astrodata-lab[projections]", or take '
                'kind="exact"'
            ) from None
        kinds = {
            "euclidean": faiss.METRIC_L2,
            "manhattan": faiss.METRIC_L1,
            "chebyshev": faiss.METRIC_Linf,
        }
        self._points, self._metric = points, metric
        # It computes in single precision: what all points have in common would take its digits away.
        self._middle = points.mean(axis=0, dtype=np.float64)
        self._index = faiss.IndexHNSWFlat(points.shape[1], 32, kinds[metric])
        self._index.hnsw.rng = faiss.RandomGenerator(seed)
        self._index.hnsw.efConstruction = 120
        self._index.add(self._single(points))

    def query(self, queries: Array, k: int) -> Found:
        self._index.hnsw.efSearch = max(100, 4 * k)
        _, found = self._index.search(self._single(queries), k)
        apart = self._points[found].astype(np.float64) - queries[:, None, :]
        away = np.linalg.norm(apart, ord=_NORMS[self._metric], axis=2)
        away[found < 0] = np.inf  # what the walk did not come to
        order = np.argsort(away, axis=1, kind="stable")
        return np.take_along_axis(away, order, 1), np.take_along_axis(found, order, 1)

    def _single(self, points: Array) -> Array:
        return np.ascontiguousarray(points - self._middle, dtype=np.float32)


def neighbours(
    latents: Any,
    query: npt.ArrayLike,
    k: int = 10,
    *,
    metric: str = "euclidean",
    index: str = "auto",
) -> Found:
    """Give the k nearest latents of some points.

    Parameters
    ----------
    latents
        Latents or an array, shape (n, d).
    query
        Points, shape (m, d), or (d,) for one.
    k
        How many.
    metric
        ``"euclidean"``, ``"manhattan"``, ``"chebyshev"`` or ``"cosine"``.
    index
        ``"exact"``, ``"approximate"``, or ``"auto"``: exact, but for more than 10 dimensions and more than
        ten thousand million pairs of points.

    Returns
    -------
    distances : ndarray
        float64, shape (m, k), nearest first; infinite where there are fewer than k points, NaN for a query
        that is not finite.
    rows : ndarray
        int64, shape (m, k); -1 where there is none.

    Raises
    ------
    BadRequest
        Queries of another width, no finite latent, or another metric.
    MissingPackage
        An approximate index without faiss.
    """
    table = Latents.of(latents)
    queries = _points(query, table.shape[1])
    kind = index
    if index == "auto":
        many = len(queries) * len(table) > _EXACT_PAIRS and table.shape[1] > FEW_DIMENSIONS
        kind = "approximate" if many else "exact"
    return NeighbourIndex(table, kind, metric=metric).query(queries, k)


def _points(points: npt.ArrayLike, width: int) -> Array:
    values = np.asarray(points)
    if values.dtype not in (np.float32, np.float64):
        values = values.astype(np.float64)
    if values.ndim == 1 and values.size == width:
        values = values[None, :]
    if values.ndim != 2 or values.shape[1] != width:
        raise BadRequest(f"points of shape {values.shape}: give (m, {width})")
    return values
