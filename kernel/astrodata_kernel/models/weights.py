"""Weights to begin with, the same whatever computes with them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt


def fresh_weights(shapes: Sequence[Sequence[int]], seed: int) -> list[npt.NDArray[np.float32]]:
    """Give Glorot-uniform kernels and zero biases, the same on every backend and engine.

    Parameters
    ----------
    shapes
        Of the weights, as `model.get_weights` orders them.
    seed
        Of the draw.

    Returns
    -------
    list of ndarray
        float32.
    """
    generator = np.random.default_rng(seed)
    weights = []
    for shape in shapes:
        if len(shape) < 2:
            weights.append(np.zeros(shape, np.float32))
            continue
        field_size = int(np.prod(shape[:-2]))
        limit = np.sqrt(6.0 / (field_size * (shape[-2] + shape[-1])))
        weights.append(generator.uniform(-limit, limit, shape).astype(np.float32))
    return weights
