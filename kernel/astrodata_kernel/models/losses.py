"""Losses of autoencoders."""

from __future__ import annotations

from typing import Any

from .backend import keras_with_backend

keras = keras_with_backend()


@keras.saving.register_keras_serializable(package="astrodata")
def sum_of_squares(y_true: Any, y_pred: Any) -> Any:
    """Give the sum of squared differences of each trace: the mean squared error times its samples.

    Parameters
    ----------
    y_true, y_pred
        Shape (traces, samples) or (traces, samples, 1).

    Returns
    -------
    tensor
        Shape (traces,). Keras then takes the mean over the batch.
    """
    ops = keras.ops
    width = y_pred.shape[1]
    away = ops.reshape(y_pred, (-1, width)) - ops.reshape(
        ops.cast(y_true, y_pred.dtype), (-1, width)
    )
    return ops.sum(ops.square(away), axis=-1)
