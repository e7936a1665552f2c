"""Maps of latents: PCA here, UMAP, PaCMAP and t-SNE in a process of their own."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import BadRequest, MissingPackage, UnknownName
from .distinct import places_of
from .latents import Latents

Array = npt.NDArray[Any]
_PACKAGES = {"umap": "umap", "pacmap": "pacmap", "tsne": "openTSNE"}
METHODS = ("pca", *_PACKAGES)
_BLOCK = 65_536
_LEAST = 10
"""Places that a map of neighbourhoods can be made of."""


def project(
    latents: Any,
    method: str = "pca",
    *,
    dims: int = 2,
    seed: int = 0,
    sample: int | None = None,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], None] | None = None,
    **options: Any,
) -> Latents:
    """Give latents with columns that map them to few dimensions, such as pca0 and pca1.

    Points in one place stay in one place. UMAP, PaCMAP and t-SNE run in a process of their own, which ends at
    once when the work is given up, and whose want of memory does not end the kernel.

    Parameters
    ----------
    latents
        Latents or an array, shape (n, d).
    method
        ``"pca"``, ``"umap"``, ``"pacmap"`` or ``"tsne"``.
    dims
        Of the map; directions that PCA does not find are 0.
    seed
        The same one gives the same map.
    sample
        Points that the map is made from, chosen at random; the others are put into it. All by default.
    progress
        Told the share done, 0 to 1.
    cancelled
        Called some times a second; it raises to give the work up.
    **options
        Of the package's class (`umap.UMAP`, `pacmap.PaCMAP`, `openTSNE.TSNE`), numbers and texts; of PCA
        ``whiten``.

    Returns
    -------
    Latents
        With float32 columns, NaN for points that are not finite, and how they were made as their lineage.

    Raises
    ------
    UnknownName
        No such method.
    BadRequest
        No finite point, too few for a map, or options that the package refuses.
    MissingPackage
        The method's package is not installed.

    Examples
    --------
    >>> mapped = project(np.random.default_rng(0).normal(size=(100, 5)))
    >>> list(mapped.columns), mapped.lineage["pca0"]["made_by"]
    (['pca0', 'pca1'], 'pca')
    """
    table = Latents.of(latents)
    if method not in METHODS:
        raise UnknownName(f"there is no projection {method!r}; there are {', '.join(METHODS)}")
    if dims < 1 or (sample is not None and sample < _LEAST):
        raise BadRequest(
            f"dims={dims}, sample={sample}: give at least 1 dimension and {_LEAST} points"
        )
    if not table.finite.any():
        raise BadRequest("none of these points is finite: there is nothing to map")
    points = table.z if table.finite.all() else table.z[table.finite]
    told = progress or (lambda _share: None)
    asked = cancelled or (lambda: None)
    told(0.0)
    asked()
    if method == "pca":
        found = _pca(_chosen(points, sample, seed), points, dims, asked, **_pca_options(options))
    else:
        found = _elsewhere(method, points, dims, seed, sample, told, asked, options)
    told(1.0)
    made = np.full((len(table), dims), np.nan, np.float32)
    made[table.finite] = found
    parameters = {"dims": dims, "seed": seed, "sample": sample, **options}
    lineage = {"made_by": method, "parameters": parameters, "of": table.digest}
    return table.with_columns(lineage, **{f"{method}{i}": made[:, i] for i in range(dims)})


def _chosen(points: Array, sample: int | None, seed: int) -> Array:
    if sample is None or len(points) <= sample:
        return points
    return points[np.sort(np.random.default_rng(seed).choice(len(points), sample, replace=False))]


def _pca_options(options: dict[str, Any]) -> dict[str, Any]:
    if set(options) - {"whiten"}:
        raise BadRequest(f"pca has no option {min(set(options) - {'whiten'})!r}; it has whiten")
    return options


def _pca(
    fitted: Array, points: Array, dims: int, asked: Callable[[], None], whiten: bool = False
) -> Array:
    width = points.shape[1]
    # Of numbers that are too large for squares, the map in units of the largest is the same map.
    scale = float(np.abs(fitted).max()) or 1.0
    centre = (fitted / scale).mean(axis=0, dtype=np.float64)
    covariance = np.zeros((width, width))
    for start in range(0, len(fitted), _BLOCK):
        asked()
        moved = fitted[start : start + _BLOCK] / scale - centre
        covariance += moved.T @ moved
    strength, axes = np.linalg.eigh(covariance / max(1, len(fitted) - 1))
    kept = axes[:, ::-1][:, :dims]
    strength = strength[::-1][:dims]
    # An axis has two directions: the one in which its largest part is positive.
    kept = kept * np.where(
        kept[np.abs(kept).argmax(axis=0), np.arange(kept.shape[1])] < 0, -1.0, 1.0
    )
    kept = np.where(strength > 1e-14 * max(strength[0], 1e-300), kept, 0.0)
    if whiten:
        kept = kept / np.sqrt(np.maximum(strength, 1e-300)) / scale
    out = np.zeros((len(points), dims), np.float32)
    for start in range(0, len(points), _BLOCK):
        asked()
        moved = points[start : start + _BLOCK] / scale - centre
        out[start : start + _BLOCK, : kept.shape[1]] = moved @ kept * scale
    return out


def _elsewhere(
    method: str,
    points: Array,
    dims: int,
    seed: int,
    sample: int | None,
    told: Callable[[float], None],
    asked: Callable[[], None],
    options: dict[str, Any],
) -> Array:
    if find_spec(_PACKAGES[method]) is None:
        raise MissingPackage(
            f'the projection "{method}" needs {_PACKAGES[method]}: pip install "astrodata-lab[projections]"'
        )
    places = places_of(points)
    if len(places) < _LEAST:
        raise BadRequest(
            f"{len(places)} different points are too few for {method}, which needs {_LEAST}: take "
            'method="pca"'
        )
    from .projection_process import projected

    apart = points if places.all_differ else points[places.first]
    fitted = np.arange(len(apart))
    if sample is not None and len(apart) > sample:
        fitted = np.sort(np.random.default_rng(seed).choice(len(apart), sample, replace=False))
    made = projected(method, apart, fitted, dims, seed, options, told, asked)
    return made[places.place]
