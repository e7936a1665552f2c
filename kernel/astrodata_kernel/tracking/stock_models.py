"""Keras models rewritten so that plain Keras loads them: stock layers, and no loss of ours."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

_STOCK = ("keras", "builtins")


def stock_model(model: Any, example: npt.NDArray[Any]) -> tuple[Any, list[str]]:
    """Give a model that does the same with Keras' own layers, where possible, and what it still needs.

    Parameters
    ----------
    model
        Keras'.
    example
        Some rows of its input: both models are asked, and a rewriting that answers otherwise is not used.

    Returns
    -------
    model : keras.Model
        Rewritten, or the model itself.
    needs : list of str
        Packages whose layers or losses it holds; empty where plain Keras loads it.
    """
    expected = model.predict(example, verbose=0)
    for rewrite in (_of_waveforms, _uncompiled):
        made = rewrite(model, example)
        if made is not None and _same(made.predict(example, verbose=0), expected):
            model = made
            break
    return model, needs(model)


def needs(model: Any) -> list[str]:
    """Give the packages, Keras apart, that a Keras model's classes come from."""
    homes = {type(model).__module__}
    for layer in getattr(model, "_flatten_layers", list)():
        homes.add(type(layer).__module__)
    if getattr(model, "compiled", False):
        for made in (model.optimizer, model.loss):
            if made is not None and not isinstance(made, str):
                homes.add(getattr(made, "__module__", None) or type(made).__module__)
    return sorted({home.split(".")[0] for home in homes} - set(_STOCK))


def _of_waveforms(model: Any, example: npt.NDArray[Any]) -> Any:
    """Give an autoencoder of waveforms with stock layers, or None for what is none."""
    from ..models.cae import WaveformAutoencoder
    from ..models.saving import keras

    if not isinstance(model, WaveformAutoencoder):
        return None
    options = {**model.architecture, "rewritten": False}
    twin = type(model).from_config(options)
    twin.set_weights(model.get_weights())
    layers = keras.layers
    inputs = x = layers.Input(example.shape[1:], name="traces")
    if example.ndim == 2:
        x = layers.Reshape((model.n_samples, 1), name="channel")(x)
    x = twin.decoder(twin.encoder(x))
    if example.ndim == 2:
        x = layers.Reshape((model.n_samples,), name="samples")(x)
    return keras.Model(inputs, x, name="autoencoder")


def _uncompiled(model: Any, example: npt.NDArray[Any]) -> Any:
    """Give the same model without what it was trained with, where that is not Keras' own; else None."""
    if not getattr(model, "compiled", False) or not needs(model):
        return None
    try:
        made = type(model).from_config(model.get_config())
        if not made.built:
            made.build((None, *example.shape[1:]))
        made.set_weights(model.get_weights())
    except (TypeError, ValueError, NotImplementedError, AttributeError):
        return None
    return made


def _same(found: Any, expected: Any) -> bool:
    ours, theirs = _leaves(found), _leaves(expected)
    return [leaf.shape for leaf in ours] == [leaf.shape for leaf in theirs] and all(
        np.allclose(a, b, rtol=1e-4, atol=1e-5, equal_nan=True)
        for a, b in zip(ours, theirs, strict=True)
    )


def _leaves(values: Any) -> list[npt.NDArray[Any]]:
    if isinstance(values, dict):
        return [leaf for key in sorted(values) for leaf in _leaves(values[key])]
    if isinstance(values, (list, tuple)):
        return [leaf for value in values for leaf in _leaves(value)]
    return [np.asarray(values)]
