"""What a classifier, learnt from the labels of a sight, says of all its events."""

from __future__ import annotations

import numpy as np

from .classifiers import Classifier
from .sights import Array, Sight


def probabilities(sight: Sight, model: str) -> Array | None:
    """Give the probability of each class, shape (n, classes); None without labels of two classes."""
    found = _learnt(sight, model)
    return None if found is None else found[1]


def voted(sight: Sight) -> Array:
    """Give the interest that a random forest expects of each event, 0 to 1; 0 without two classes."""
    found = _learnt(sight, "random_forest")
    if found is None:
        return np.zeros(len(sight))
    made, each = found
    known = sight.targets
    return each @ np.array([known.values[known.names == name].mean() for name in made.classes])


def _learnt(sight: Sight, model: str) -> tuple[Classifier, Array] | None:
    known = sight.targets
    if len(np.unique(known.names)) < 2:
        return None
    made = Classifier.fit(
        model, sight.z[known.rows], known.names, seed=sight.seed, cancelled=sight.cancelled
    )
    return made, made.probabilities(sight.z, sight.cancelled)
