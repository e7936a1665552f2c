"""Losses of autoencoders, and of networks that draw masks.

Those of masks take sums over the whole tensor, that is over all pixels of a batch together: a patch without
any burnt pixel then counts as little as its pixels do, in place of 0 or 1.
"""

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


@keras.saving.register_keras_serializable(package="astrodata")
def dice(y_true: Any, y_pred: Any) -> Any:
    """Give 1 - D, where D is twice the overlap of two masks over the sum of both.

    Parameters
    ----------
    y_true
        Mask of 0 and 1.
    y_pred
        Probabilities, as many in the same order; an axis of one channel more or less does not matter.

    Returns
    -------
    tensor
        A number, 0 for equal masks (empty ones too) to almost 1 for masks that do not meet.
    """
    overlap, both = _sums(y_true, y_pred)
    epsilon = keras.config.epsilon()
    return 1 - (2 * overlap + epsilon) / (both + epsilon)


@keras.saving.register_keras_serializable(package="astrodata")
def jaccard(y_true: Any, y_pred: Any) -> Any:
    """Give 1 - J, where J is the overlap of two masks over their union.

    J = D / (2 - D) with the D of `dice`, exactly: the smoothing here is half of the one there.

    Parameters
    ----------
    y_true, y_pred
        As of `dice`.
    """
    overlap, both = _sums(y_true, y_pred)
    epsilon = keras.config.epsilon() / 2
    return 1 - (overlap + epsilon) / (both - overlap + epsilon)


@keras.saving.register_keras_serializable(package="astrodata")
def dice_jaccard(y_true: Any, y_pred: Any) -> Any:
    """Give the mean of `dice` and `jaccard`.

    Parameters
    ----------
    y_true, y_pred
        As of `dice`.
    """
    return 0.5 * dice(y_true, y_pred) + 0.5 * jaccard(y_true, y_pred)


@keras.saving.register_keras_serializable(package="astrodata")
def dice_jaccard_crossentropy(y_true: Any, y_pred: Any) -> Any:
    """Give 0.4 `dice` + 0.4 `jaccard` + 0.2 of the binary cross-entropy, its mean over all pixels.

    Parameters
    ----------
    y_true, y_pred
        As of `dice`.
    """
    ops = keras.ops
    true, found = _alike(y_true, y_pred)
    epsilon = keras.config.epsilon()
    # Each logarithm is kept from 0 by itself: a pixel that is right for certain costs exactly nothing.
    burnt = true * ops.log(ops.maximum(found, epsilon))
    other = (1 - true) * ops.log(ops.maximum(1 - found, epsilon))
    entropy = -ops.mean(burnt + other)
    return 0.4 * dice(true, found) + 0.4 * jaccard(true, found) + 0.2 * entropy


def _sums(y_true: Any, y_pred: Any) -> tuple[Any, Any]:
    """Give the sum of the product, and the sum of both masks."""
    ops = keras.ops
    true, found = _alike(y_true, y_pred)
    return ops.sum(true * found), ops.sum(true) + ops.sum(found)


def _alike(y_true: Any, y_pred: Any) -> tuple[Any, Any]:
    # (n, rows, columns) times (n, rows, columns, 1) would be all pairs of rows. Sums of half-precision
    # numbers end at 65,504.
    ops = keras.ops
    found = ops.cast(ops.convert_to_tensor(y_pred), "float32")
    true = ops.cast(ops.convert_to_tensor(y_true), "float32")
    return ops.reshape(true, (-1,)), ops.reshape(found, (-1,))
