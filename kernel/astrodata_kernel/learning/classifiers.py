"""Classifiers of latents that are arrays: they are predicted by few lines, and saved without any code."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from numba import njit

from ..errors import BadRequest
from .sights import CHUNK

Array = npt.NDArray[Any]
MODELS = ("random_forest", "head")
TREES, STEP = 100, 20


def _nothing() -> None:
    return None


@dataclass(frozen=True)
class Classifier:
    """Gives the probability of each class from latents.

    Parameters
    ----------
    model
        ``"random_forest"``, 100 trees that vote; or ``"head"``, one linear layer with softmax on the scaled
        latents.
    classes
        Names, in the order of the probabilities.
    width
        Number of latents.
    arrays
        What was learnt, by name.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> z = np.concatenate([rng.normal(size=(50, 2)), rng.normal(size=(50, 2)) + 4])
    >>> made = Classifier.fit("head", z, ["noise"] * 50 + ["signal"] * 50)
    >>> made.classes, made.probabilities([[4.0, 4.0]]).round(1).tolist()
    (('noise', 'signal'), [[0.0, 1.0]])
    """

    model: str
    classes: tuple[str, ...]
    width: int
    arrays: Mapping[str, Array]

    @classmethod
    def fit(
        cls,
        model: str,
        z: npt.ArrayLike,
        names: npt.ArrayLike,
        *,
        seed: int = 0,
        cancelled: Callable[[], None] = _nothing,
    ) -> Self:
        """Give a classifier that has learnt from labelled latents.

        Classes have the same weight together, however many events each has: anomalies are few.

        Parameters
        ----------
        model
            One of `MODELS`.
        z
            Shape (m, d), finite.
        names
            Class of each, shape (m,).
        seed
            Of the forest.
        cancelled
            Called now and then; it raises to give the work up.

        Raises
        ------
        BadRequest
            Another model, latents that are not finite, or labels of one class only.
        """
        values, labels = np.asarray(z, np.float64), np.asarray(names, dtype=np.str_)
        if model not in MODELS:
            raise BadRequest(f"a classifier {model!r}: there are {', '.join(MODELS)}")
        if values.ndim != 2 or labels.shape != (len(values),) or not np.isfinite(values).all():
            raise BadRequest(
                f"latents of shape {values.shape} with {labels.size} labels: give finite (m, d) and m names"
            )
        classes, numbers = np.unique(labels, return_inverse=True)
        if len(classes) < 2:
            raise BadRequest(
                "a classifier learns to tell classes apart: give labels of two of them at least"
            )
        weights = (len(labels) / len(classes) / np.bincount(numbers))[numbers]
        learn = _forest if model == "random_forest" else _head
        arrays = learn(values, numbers, weights, seed, cancelled)
        return cls(model, tuple(classes.tolist()), values.shape[1], arrays)

    def probabilities(
        self, z: npt.ArrayLike, cancelled: Callable[[], None] = _nothing
    ) -> npt.NDArray[np.float64]:
        """Give the probability of each class, shape (n, classes); NaN where a latent is not finite.

        Raises
        ------
        BadRequest
            Latents of another number than it has learnt from.
        """
        values = np.asarray(z)
        if values.ndim != 2 or values.shape[1] != self.width:
            raise BadRequest(f"latents of shape {values.shape}: this one takes (n, {self.width})")
        found = np.empty((len(values), len(self.classes)))
        for start in range(0, len(values), CHUNK):
            cancelled()
            some = values[start : start + CHUNK]
            finite = np.isfinite(some).all(axis=1)
            part = np.full((len(some), len(self.classes)), np.nan)
            part[finite] = self._predict(some[finite])
            found[start : start + len(some)] = part
        return found

    def _predict(self, z: Array) -> Array:
        a = self.arrays
        if self.model == "random_forest":
            found = np.zeros((len(z), len(self.classes)))
            _vote(
                np.ascontiguousarray(z, np.float32),
                a["roots"],
                a["feature"],
                a["threshold"],
                a["left"],
                a["right"],
                a["value"],
                found,
            )
            return found / len(a["roots"])
        logits = (z - a["mean"]) / a["spread"] @ a["slopes"] + a["offsets"]
        raised = np.exp(logits - logits.max(axis=1, keepdims=True))
        return raised / raised.sum(axis=1, keepdims=True)

    def __repr__(self) -> str:
        return f"<Classifier {self.model}: {self.width} latents to {', '.join(self.classes)}>"


def _forest(
    z: Array, numbers: Array, weights: Array, seed: int, cancelled: Callable[[], None]
) -> dict[str, Array]:
    from sklearn.ensemble import RandomForestClassifier

    forest = RandomForestClassifier(n_estimators=0, warm_start=True, random_state=seed)
    while forest.n_estimators < TREES:
        cancelled()
        forest.n_estimators += STEP
        forest.fit(z.astype(np.float32), numbers, sample_weight=weights)
    trees = [each.tree_ for each in forest.estimators_]
    roots = np.cumsum([0, *[tree.node_count for tree in trees]])[:-1]

    def joined(name: str) -> Array:
        return np.concatenate([getattr(tree, name) for tree in trees])

    def children(name: str) -> Array:
        # A leaf has no children: itself, so that every number is one of a node.
        parts = []
        for root, tree in zip(roots, trees, strict=True):
            child = getattr(tree, name)
            parts.append(np.where(child < 0, np.arange(tree.node_count), child) + root)
        return np.concatenate(parts).astype(np.int64)

    value = np.concatenate([tree.value[:, 0, :] for tree in trees])
    return {
        "roots": roots.astype(np.int64),
        "feature": np.maximum(joined("feature"), 0).astype(np.int64),
        "threshold": joined("threshold").astype(np.float64),
        "left": children("children_left"),
        "right": children("children_right"),
        "value": value / value.sum(axis=1, keepdims=True),
    }


def _head(
    z: Array, numbers: Array, weights: Array, _seed: int, cancelled: Callable[[], None]
) -> dict[str, Array]:
    from sklearn.linear_model import LogisticRegression

    cancelled()
    mean, spread = z.mean(axis=0), z.std(axis=0)
    spread = np.where(spread > 0, spread, 1.0)
    line = LogisticRegression(max_iter=1000)
    line.fit((z - mean) / spread, numbers, sample_weight=weights)
    slopes, offsets = line.coef_.T, line.intercept_
    if slopes.shape[1] == 1:
        slopes = np.column_stack([np.zeros(len(slopes)), slopes])
        offsets = np.array([0.0, offsets[0]])
    return {"mean": mean, "spread": spread, "slopes": slopes, "offsets": offsets}


@njit(nogil=True, cache=True)
def _vote(z, roots, feature, threshold, left, right, value, found):  # type: ignore[no-untyped-def]
    """Add the votes of all trees. Without the GIL: a notebook goes on while millions are predicted."""
    for tree in range(len(roots)):
        for i in range(len(z)):
            node = roots[tree]
            while left[node] != node:
                node = left[node] if z[i, feature[node]] <= threshold[node] else right[node]
            for k in range(value.shape[1]):
                found[i, k] += value[node, k]
