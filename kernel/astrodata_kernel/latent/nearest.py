"""Exact nearest places: a KD-tree in few dimensions, products of matrices in many."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit
from scipy.spatial import KDTree
from scipy.spatial.distance import cdist

Array = npt.NDArray[Any]
Found = tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]

FEW_DIMENSIONS = 10
"""Up to here a tree leaves most points out; beyond, it looks at nearly all of them, one by one."""
_FEW_QUERIES = 64  # that are not worth the building of a tree
_QUERIES, _POINTS = 128, 2048  # of one product: 2 MB of distances stay in a core's cache
_SPARE = 4  # candidates beyond k: products round
_NORMS = {"euclidean": 2.0, "manhattan": 1.0, "chebyshev": np.inf}
_CDIST = {"euclidean": "euclidean", "manhattan": "cityblock", "chebyshev": "chebyshev"}


class Nearest:
    """Finds the k nearest of points that all differ.

    Parameters
    ----------
    points
        float32 or float64, finite, shape (n, d).
    metric
        ``"euclidean"``, ``"manhattan"`` or ``"chebyshev"``.
    """

    def __init__(self, points: Array, metric: str) -> None:
        self._points, self._metric = points, metric
        self._tree: KDTree | None = None
        self._centre = points.mean(axis=0, dtype=np.float64) if len(points) else 0.0
        self._halves: Array | None = None

    def query(self, queries: Array, k: int) -> Found:
        """Give distances and numbers of the k nearest, k at most n, nearest first, shape (m, k) each."""
        # For a large share of all points a tree leaves nothing out.
        few = self._points.shape[1] <= FEW_DIMENSIONS and 20 * k <= len(self._points)
        if few and (self._tree is not None or len(queries) > _FEW_QUERIES):
            if self._tree is None:
                self._tree = KDTree(self._points)
            away, found = self._tree.query(
                queries, [*range(1, k + 1)], p=_NORMS[self._metric], workers=-1
            )
            return away, found.astype(np.int64)
        return self._by_blocks(queries, k)

    def _by_blocks(self, queries: Array, k: int) -> Found:
        if self._halves is None and self._metric == "euclidean":
            self._halves = np.empty(len(self._points))
            for start in range(0, len(self._points), _POINTS):
                part = self._moved(self._points[start : start + _POINTS])
                self._halves[start : start + _POINTS] = np.einsum("ij,ij->i", part, part) / 2
        away = np.empty((len(queries), k))
        found = np.empty((len(queries), k), np.int64)

        def some(start: int) -> None:
            rows = slice(start, start + _QUERIES)
            away[rows], found[rows] = self._block(queries[rows], k)

        _in_threads(some, range(0, len(queries), _QUERIES))
        return away, found

    def _block(self, queries: Array, k: int) -> Found:
        count = min(len(self._points), k + _SPARE)
        best = np.full((len(queries), count), np.inf)
        found = np.zeros((len(queries), count), np.int64)
        moved = self._moved(queries)
        for start in range(0, len(self._points), _POINTS):
            points = self._points[start : start + _POINTS]
            if self._halves is not None:
                # Half the square of the distance, short of what all points of a query share.
                apart = moved @ self._moved(points).T
                np.subtract(self._halves[start : start + _POINTS], apart, out=apart)
            else:
                apart = cdist(queries, points, _CDIST[self._metric])
            _keep_nearest(apart, start, best, found)
        exact = self._exactly(queries, found)
        order = np.argsort(exact, axis=1, kind="stable")[:, :k]
        return np.take_along_axis(exact, order, 1), np.take_along_axis(found, order, 1)

    def _exactly(self, queries: Array, found: Array) -> Array:
        apart = self._points[found].astype(np.float64) - queries[:, None, :]
        return np.asarray(np.linalg.norm(apart, _NORMS[self._metric], axis=2))

    def _moved(self, points: Array) -> Array:
        return points - self._centre


def _in_threads(work: Callable[[int], None], starts: range) -> None:
    from threadpoolctl import threadpool_limits

    workers = min(len(os.sched_getaffinity(0)), len(starts))
    # The products are small: threads of the BLAS would only wait for each other.
    with threadpool_limits(1, "blas"):
        if workers <= 1:
            for start in starts:
                work(start)
        else:
            with ThreadPoolExecutor(workers) as pool:
                list(pool.map(work, starts))


@njit(nogil=True, cache=True)
def _keep_nearest(apart, first, best, found):  # type: ignore[no-untyped-def]  # pragma: no cover
    k = best.shape[1]
    for i in range(apart.shape[0]):
        worst = best[i, k - 1]
        for j in range(apart.shape[1]):
            if apart[i, j] < worst:
                place = k - 1
                while place > 0 and best[i, place - 1] > apart[i, j]:
                    best[i, place] = best[i, place - 1]
                    found[i, place] = found[i, place - 1]
                    place -= 1
                best[i, place] = apart[i, j]
                found[i, place] = first + j
                worst = best[i, k - 1]
