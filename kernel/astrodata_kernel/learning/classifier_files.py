"""Classifiers in files that run no code when they are read."""

from __future__ import annotations

import json
import os
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import DamagedFile, UnreadableFile
from ..writing import write_whole
from .classifiers import MODELS, Classifier

_ARRAYS = {
    "random_forest": {
        "roots": ("i", 1),
        "feature": ("i", 1),
        "threshold": ("f", 1),
        "left": ("i", 1),
        "right": ("i", 1),
        "value": ("f", 2),
    },
    "head": {"mean": ("f", 1), "spread": ("f", 1), "slopes": ("f", 2), "offsets": ("f", 1)},
}


def save_classifier(classifier: Classifier, path: str | os.PathLike[str]) -> Path:
    """Write a classifier as an ``.npz`` of its arrays, which has its name only when it is whole.

    Raises
    ------
    UnreadableFile
        The disk is full, or the folder does not take it; nothing is left behind.
    """
    about = {
        "model": classifier.model,
        "classes": list(classifier.classes),
        "width": classifier.width,
    }
    text = np.array(json.dumps(about))
    return write_whole(
        path, lambda file: np.savez_compressed(file, about=text, **classifier.arrays)
    )


def load_classifier(path: str | os.PathLike[str]) -> Classifier:
    """Give the classifier of an ``.npz`` that `save_classifier` has written.

    Raises
    ------
    UnreadableFile
        There is no such file.
    DamagedFile
        It holds no classifier, or one that contradicts itself.
    """
    source = Path(path)
    if not source.is_file():
        raise UnreadableFile(f"{source} does not exist: check the path")
    try:
        # NumPy leaves a file open that it was given by name and cannot read.
        with source.open("rb") as file, np.load(file, allow_pickle=False) as kept:
            about = json.loads(str(kept["about"]))
            model, width = about["model"], int(about["width"])
            classes = tuple(str(name) for name in about["classes"])
            arrays = {name: kept[name] for name in _ARRAYS[model]}
    except (OSError, ValueError, TypeError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise DamagedFile(f"{source.name} holds no classifier: {str(error)[:160]}") from None
    wrong = _contradiction(model, width, classes, arrays)
    if wrong:
        raise DamagedFile(f"{source.name} holds no classifier that can be used: {wrong}")
    return Classifier(model, classes, width, arrays)


def _contradiction(model: str, width: int, classes: tuple[str, ...], a: dict[str, Any]) -> str:
    if model not in MODELS or width < 1 or len(classes) < 2:
        return "its model, classes or number of latents"
    for name, (kind, dimensions) in _ARRAYS[model].items():
        if a[name].dtype.kind != kind or a[name].ndim != dimensions:
            return f"its array {name!r} is of another kind"
        if not np.isfinite(a[name]).all():
            return f"its array {name!r} is not finite"
    if model == "head":
        fits = (
            a["mean"].shape == a["spread"].shape == (width,)
            and a["slopes"].shape == (width, len(classes))
            and a["offsets"].shape == (len(classes),)
        )
        return "" if fits else "its arrays do not fit each other"
    return _broken_tree(width, classes, a)


def _broken_tree(width: int, classes: tuple[str, ...], a: dict[str, Any]) -> str:
    count = len(a["feature"])
    per_node = [a[name].shape for name in ("feature", "threshold", "left", "right")]
    if any(shape != (count,) for shape in per_node) or a["value"].shape != (count, len(classes)):
        return "its arrays do not fit each other"
    node = np.arange(count)
    if not len(a["roots"]) or not ((a["roots"] >= 0) & (a["roots"] < count)).all():
        return "its roots are not in it"
    if not ((a["feature"] >= 0) & (a["feature"] < width)).all():
        return "it asks for latents that there are not"
    leaf = (a["left"] == node) & (a["right"] == node)
    # Children come after their parent: whoever walks down arrives.
    down = (a["left"] > node) & (a["right"] > node) & (a["left"] < count) & (a["right"] < count)
    return "" if (leaf | down).all() else "its branches do not end"


def _load_pyfunc(path: str) -> Any:
    """Give the classifier to MLflow's ``pyfunc.load_model``, which asks for this name."""
    return _Served(load_classifier(path))


class _Served:
    """What MLflow calls: a table of latents to a table of probabilities."""

    def __init__(self, classifier: Classifier) -> None:
        self._classifier = classifier

    def predict(self, rows: Any, params: Any = None) -> Any:
        """Give a column of probabilities for each class."""
        import pandas as pd

        found = self._classifier.probabilities(np.asarray(rows, np.float64))
        return pd.DataFrame(found, columns=list(self._classifier.classes))
