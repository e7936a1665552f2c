"""Detectors of the package PyOD, by their names."""

from __future__ import annotations

import warnings
from importlib import import_module
from typing import Any

import numpy as np

from ...errors import BadRequest, MissingPackage, UnknownName
from .points import Points, Scores


def pyod(points: Points, name: str, **options: Any) -> Scores:
    """Give the scores of a detector such as "KNN", "COPOD" or "LODA", fitted on the reference."""
    detector = _class_of(name)
    fitted = np.ascontiguousarray(points.fitted, dtype=np.float64)
    try:
        made = detector(**options)
    except TypeError as error:
        raise BadRequest(f"pyod:{name}: {error}") from None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made.fit(fitted)
        if points.reference is None:
            return np.asarray(made.decision_scores_, dtype=np.float64)
        found = made.decision_function(np.ascontiguousarray(points.z, dtype=np.float64))
    return np.asarray(found, dtype=np.float64)


def _class_of(name: str) -> Any:
    try:
        import pyod.models
    except ImportError:
        raise MissingPackage(
            f'the score "pyod:{name}" needs PyOD: pip install "astrodata-lab[detectors]"'
        ) from None
    from pkgutil import iter_modules

    known = sorted(module.name for module in iter_modules(pyod.models.__path__))
    wanted = name.lower()
    if wanted not in known or wanted.startswith(("base", "_")):
        raise UnknownName(
            f'PyOD has no detector {name!r}; such as "pyod:COPOD", "pyod:KNN", "pyod:LODA"'
        )
    try:
        module = import_module(f"pyod.models.{wanted}")
    except ImportError as error:
        raise MissingPackage(f"pyod:{name} needs a package of its own: {error}") from None
    for label, found in vars(module).items():
        if label.lower() == wanted.replace("_", "") and isinstance(found, type):
            return found
    raise UnknownName(f"PyOD's module {wanted} has no detector of that name")
