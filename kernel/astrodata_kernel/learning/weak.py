"""An autoencoder with a small head on its latents, trained on traces of which some have labels."""

from __future__ import annotations

from typing import Any, Self

from ..errors import BadRequest
from ..models.backend import keras_with_backend

keras = keras_with_backend()

TAIL = 3
"""Numbers behind each trace: its class, and its weights in telling and in rebuilding."""


@keras.saving.register_keras_serializable(package="astrodata")
def weak_loss(y_true: Any, y_pred: Any) -> Any:
    """Give the sum of squares of each trace plus the cross-entropy of its class, each with its weight.

    Parameters
    ----------
    y_true
        Shape (n, samples + 3): the trace, the number of its class, the weight of the cross-entropy and that
        of the sum of squares.
    y_pred
        Shape (n, samples + classes): the rebuilt trace, and a logit for each class.

    Returns
    -------
    tensor
        Shape (n,).
    """
    ops = keras.ops
    samples = y_true.shape[1] - TAIL
    y_true = ops.cast(y_true, y_pred.dtype)
    away = y_pred[:, :samples] - y_true[:, :samples]
    rebuilt = ops.sum(ops.square(away), axis=-1)
    number = ops.cast(y_true[:, samples], "int32")
    logits = y_pred[:, samples:]
    entropy = keras.losses.sparse_categorical_crossentropy(number, logits, from_logits=True)
    return y_true[:, samples + 2] * rebuilt + y_true[:, samples + 1] * entropy


class WeaklySupervised(keras.Model):  # type: ignore[misc]
    """Maps traces with their tail to rebuilt traces and logits; `WeaklySupervised.of` makes it.

    Parameters
    ----------
    autoencoder
        With ``.encoder`` and ``.decoder``.
    head
        From latents to logits.
    samples
        Of a trace.
    """

    def __init__(self, autoencoder: Any, head: Any, samples: int) -> None:
        super().__init__()
        self.autoencoder, self.head = autoencoder, head
        self.n_samples = samples + TAIL

    @classmethod
    def of(
        cls,
        model: Any,
        samples: int,
        classes: int,
        hidden: int,
        mean: Any,
        variance: Any,
        seed: int,
    ) -> Self:
        """Give a copy of an autoencoder with a fresh head.

        Parameters
        ----------
        model
            The autoencoder; it stays as it is.
        samples, classes, hidden
            Of a trace, of the labels, and of the head's hidden layer (0 for none).
        mean, variance
            Of each latent: a head that is given hundreds learns nothing in its first steps.
        seed
            Of the head's weights.

        Raises
        ------
        BadRequest
            A model without encoder and decoder, or one that cannot be copied.
        """
        if not (hasattr(model, "encoder") and hasattr(model, "decoder")):
            raise BadRequest(
                "the model has no .encoder and .decoder: give one of adk.models.waveform_cae or "
                "waveform_vae"
            )
        layers = keras.layers
        steps = [
            layers.Input((len(mean),)),
            layers.Normalization(axis=-1, mean=mean, variance=variance),
        ]
        if hidden:
            draw = keras.initializers.GlorotUniform(seed)
            steps.append(layers.Dense(hidden, activation="relu", kernel_initializer=draw))
        draw = keras.initializers.GlorotUniform(seed + 1)
        steps.append(layers.Dense(classes, kernel_initializer=draw))
        copy = type(model).from_config(model.get_config())
        copy.set_weights(model.get_weights())
        return cls(copy, keras.Sequential(steps, name="head"), samples)

    def call(self, traces: Any, training: bool | None = None) -> Any:
        """Give rebuilt traces and, behind them, the logits."""
        ops = keras.ops
        bare = ops.expand_dims(traces[:, : self.n_samples - TAIL], -1)
        encode = getattr(self.autoencoder, "encode", None) or self.autoencoder.encoder
        z = encode(bare, training=training)
        rebuilt = self.autoencoder.decoder(z, training=training)
        logits = self.head(z, training=training)
        return ops.concatenate([ops.squeeze(rebuilt, -1), logits], axis=-1)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Give the shape of rebuilt traces and logits."""
        return (input_shape[0], self.n_samples - TAIL + self.head.output_shape[-1])
