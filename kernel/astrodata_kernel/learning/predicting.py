"""Probabilities of many events, here or on a cluster's workers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .classifiers import Classifier
from .sights import Array

PART = 250_000
"""Events that travel to a worker at once."""


class Predictor:
    """Predicts the same events again and again, with newer classifiers.

    Parameters
    ----------
    z
        Latents, shape (n, d), all finite.
    client
        A `distributed.Client`: its workers keep the latents, only classifiers and probabilities travel.
    """

    def __init__(self, z: Array, client: Any = None) -> None:
        self._z, self._client = z, client
        self._parts: list[Any] | None = None

    def probabilities(self, classifier: Classifier, cancelled: Callable[[], None]) -> Array:
        """Give the probability of each class, shape (n, classes)."""
        if self._client is None:
            return classifier.probabilities(self._z, cancelled)
        if self._parts is None:
            self._parts = [
                self._client.scatter(self._z[start : start + PART])
                for start in range(0, len(self._z), PART)
            ]
        shared = self._client.scatter(classifier, broadcast=True)
        futures = [
            self._client.submit(Classifier.probabilities, shared, part, pure=False)
            for part in self._parts
        ]
        try:
            return np.concatenate([_result(future, cancelled) for future in futures])
        except BaseException:
            self._client.cancel(futures)
            raise


def _result(future: Any, cancelled: Callable[[], None]) -> Any:
    from distributed import TimeoutError as NotYet

    while True:
        cancelled()
        try:
            return future.result(timeout=0.2)
        except NotYet:
            continue
