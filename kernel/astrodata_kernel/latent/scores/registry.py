"""Scores by their names."""

from __future__ import annotations

from importlib import import_module
from inspect import Parameter, signature
from typing import Any

import numpy as np
import numpy.typing as npt

from ...errors import BadRequest, UnknownName
from ..latents import Latents
from .points import Points, Scores

_HOMES = {
    "default": ("neighbourhoods", "default"),
    "ecod": ("marginals", "ecod"),
    "ensemble": ("residuals", "ensemble"),
    "garage": ("spreads", "garage"),
    "hbos": ("marginals", "hbos"),
    "isolation_forest": ("forests", "isolation_forest"),
    "kde": ("spreads", "kde"),
    "knn": ("neighbourhoods", "knn"),
    "lof": ("neighbourhoods", "lof"),
    "mahalanobis": ("spreads", "mahalanobis"),
    "reconstruction": ("residuals", "reconstruction"),
}
_PEERS = "pyod:"


def names() -> list[str]:
    """Give the names of the scores; ``"pyod:NAME"`` gives PyOD's besides."""
    return sorted(_HOMES)


def score(name: str, z: Any, reference: Any = None, **options: Any) -> Scores:
    """Give how anomalous each point is.

    Parameters
    ----------
    name
        One of `names`, or ``"pyod:NAME"`` for a detector of PyOD.
    z
        Latents or an array, shape (n, d).
    reference
        Points that are known to be usual, shape (m, d), which the score is fitted on. By default the points
        themselves: then none is its own neighbour.
    **options
        Of the score: ``k`` of "knn" and "lof", ``trees`` of "isolation_forest", ``traces`` and ``model`` of
        "reconstruction", ``members`` of "ensemble", ...; ``sample`` and ``seed`` where a random share of the
        reference is fitted on.

    Returns
    -------
    ndarray
        float64, shape (n,): higher is more anomalous; NaN for points that are not finite, else finite.

    Raises
    ------
    UnknownName
        No such score.
    BadRequest
        A reference of another width or without finite points, or options that the score does not have.
    MissingPackage
        A detector of PyOD without that package.

    Examples
    --------
    >>> z = np.vstack([np.random.default_rng(0).normal(size=(500, 3)), [[9.0, 9.0, 9.0]]])
    >>> int(score("knn", z).argmax())
    500
    """
    latents = Latents.of(z)
    pool = None if reference is None else _reference(reference, latents.shape[1])
    rows = np.flatnonzero(latents.finite)
    points = Points(
        latents.z if len(rows) == len(latents) else latents.z[rows], pool, rows, len(latents)
    )
    if name.startswith(_PEERS):
        from .detectors import pyod

        work, options = pyod, {"name": name.removeprefix(_PEERS), **options}
    else:
        work = _scorer(name, options)
    out = np.full(len(latents), np.nan)
    if len(rows):
        # Beyond what squares can hold, a point is as far as numbers go.
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            found = work(points, **options)
        out[rows] = np.nan_to_num(found, nan=np.finfo(float).max)
    return out


def has_option(name: str, option: str) -> bool:
    """Tell whether one of our own scores has an option."""
    return name in _HOMES and option in signature(_scorer(name, {})).parameters


def _scorer(name: str, options: dict[str, Any]) -> Any:
    if name not in _HOMES:
        raise UnknownName(
            f'there is no score {name!r}; there are {", ".join(names())} and "pyod:NAME"'
        )
    module, function = _HOMES[name]
    work = getattr(import_module(f".{module}", __package__), function)
    known = [
        one.name for one in signature(work).parameters.values() if one.kind != Parameter.VAR_KEYWORD
    ]
    for option in options:
        if option not in known[1:]:
            raise BadRequest(
                f"the score {name!r} has no option {option!r}; it has {', '.join(known[1:]) or 'none'}"
            )
    return work


def _reference(reference: Any, width: int) -> npt.NDArray[Any]:
    latents = Latents.of(reference)
    if latents.shape[1] != width:
        raise BadRequest(f"a reference of {latents.shape[1]} dimensions for points of {width}")
    if not latents.finite.any():
        raise BadRequest("no point of the reference is finite: there is nothing to be fitted on")
    return latents.z if latents.finite.all() else latents.z[latents.finite]
