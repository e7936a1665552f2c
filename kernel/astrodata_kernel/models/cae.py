"""DAIDREAM's convolutional autoencoder of waveforms."""

from __future__ import annotations

import json
from collections.abc import Sequence
from math import prod
from typing import Any, Self

from ..errors import BadRequest
from .backend import keras_with_backend
from .layers import UpsampledTranspose

keras = keras_with_backend()


def waveform_cae(
    n_samples: int = 9728,
    filters: Sequence[int] = (2, 4, 8),
    kernel_size: int = 32,
    latent_dim: int = 4,
    latent_activation: str = "linear",
    output_activation: str = "relu",
    rewritten: bool = True,
) -> Any:
    """Give the autoencoder that DAIDREAM showed: 9,728 samples, four latents, 13,657 parameters.

    Each stage of the encoder is a convolution of stride 2 with ReLU and an average over 2; a dense layer
    makes the latents. The decoder is its mirror: dense, then up-sampling by 2 and a transposed convolution of
    stride 2 for each stage.

    Parameters
    ----------
    n_samples
        Length of a trace, a multiple of 4 for each stage: of 64 with three.
    filters
        Channels of each stage: (2, 4, 8) as shown, (4, 8, 16) as released.
    kernel_size
        Of all convolutions, in samples.
    latent_dim
        Number of latents.
    latent_activation
        ``"linear"`` by default: an interval about a median means little where ReLU has put half of the noise
        at 0. ``"relu"`` is what was shown.
    output_activation
        Of the last layer: ``"relu"`` as shown, which cannot follow negative samples, or ``"linear"``.
    rewritten
        Compute up-sampling and transposed convolution in one (`UpsampledTranspose`): the same function, the
        same weights, half the work. False gives the stock layers.

    Returns
    -------
    keras.Model
        Maps (n, samples) or (n, samples, 1) to the same shape; with ``.encoder``, ``.decoder``,
        ``.n_samples`` and ``.latent_dim``.

    Raises
    ------
    BadRequest
        A length that does not fit; the text says which do.

    Notes
    -----
    The architecture is that of G.A. Anastasi (CRIS-MAC 2024); the code is our own.
    """
    return WaveformAutoencoder.from_config(
        {
            "n_samples": n_samples,
            "filters": filters,
            "kernel_size": kernel_size,
            "latent_dim": latent_dim,
            "latent_activation": latent_activation,
            "output_activation": output_activation,
            "rewritten": rewritten,
        }
    )


def fitting_lengths(samples: int, multiple: int) -> tuple[int, int]:
    """Give the next shorter and the next longer (or equal) length that is a multiple."""
    return samples // multiple * multiple, -(-samples // multiple) * multiple


@keras.saving.register_keras_serializable(package="astrodata")
class WaveformAutoencoder(keras.Model):  # type: ignore[misc]
    """Autoencoder of traces, made by `waveform_cae`."""

    def __init__(
        self,
        n_samples: int = 9728,
        filters: Sequence[int] = (2, 4, 8),
        kernel_size: int = 32,
        latent_dim: int = 4,
        latent_activation: str = "linear",
        output_activation: str = "relu",
        rewritten: bool = True,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        multiple = 4 ** len(filters)
        if n_samples % multiple or n_samples <= 0 or not filters:
            shorter, longer = fitting_lengths(max(n_samples, 1), multiple)
            trim = f"trim to {shorter:,} or " if shorter else ""
            raise BadRequest(
                f"{n_samples:,} samples do not fit a network of {len(filters)} stages: the length must be a "
                f"multiple of {multiple}; {trim}pad to {longer:,} with "
                "adk.processing.waveforms.fit_length"
            )
        if min(kernel_size, latent_dim, *filters) < 1:
            raise BadRequest("kernel size, latents and filters are numbers from 1 upwards")
        self.n_samples, self.latent_dim = int(n_samples), int(latent_dim)
        facts = {
            "n_samples": int(n_samples),
            "filters": [int(f) for f in filters],
            "kernel_size": int(kernel_size),
            "latent_dim": int(latent_dim),
            "latent_activation": latent_activation,
            "output_activation": output_activation,
            "rewritten": bool(rewritten),
        }
        # As text: Keras would wrap a dict and its lists in trackers that no other process can load.
        self._facts = json.dumps(facts)
        self.encoder = self._make_encoder()
        self.decoder = self._make_decoder()

    @property
    def architecture(self) -> dict[str, Any]:
        """The arguments that make this architecture anew."""
        facts: dict[str, Any] = json.loads(self._facts)
        return facts

    def _make_encoder(self) -> Any:
        inputs, flat = self._encoder_body()
        z = keras.layers.Dense(
            self.latent_dim,
            activation=self.architecture["latent_activation"],
            name="dense_encoded",
        )(flat)
        return keras.Model(inputs, z, name="encoder")

    def _encoder_body(self) -> tuple[Any, Any]:
        layers, facts = keras.layers, self.architecture
        inputs = x = layers.Input((self.n_samples, 1), name="trace")
        for i, width in enumerate(facts["filters"], 1):
            x = layers.Conv1D(
                width,
                facts["kernel_size"],
                strides=2,
                padding="same",
                activation="relu",
                name=f"conv{i}",
            )(x)
            x = layers.AveragePooling1D(2, name=f"pool{i}")(x)
        return inputs, layers.Flatten(name="flatten")(x)

    def _make_decoder(self) -> Any:
        layers, facts = keras.layers, self.architecture
        filters = facts["filters"]
        short = (self.n_samples // 4 ** len(filters), filters[-1])
        inputs = layers.Input((self.latent_dim,), name="z")
        x = layers.Dense(prod(short), activation="relu", name="dense_decoded")(inputs)
        x = layers.Reshape(short, name="reshape")(x)
        for i, width in reversed(list(enumerate([1, *filters[:-1]], 1))):
            options = {
                "activation": facts["output_activation"] if i == 1 else "relu",
                "name": f"deconv{i}",
            }
            if facts["rewritten"]:
                x = UpsampledTranspose(width, facts["kernel_size"], **options)(x)
            else:
                x = layers.UpSampling1D(2, name=f"up{i}")(x)
                x = layers.Conv1DTranspose(
                    width, facts["kernel_size"], strides=2, padding="same", **options
                )(x)
        return keras.Model(inputs, x, name="decoder")

    def build(self, _input_shape: Any) -> None:
        """Do nothing: both halves know their shapes."""
        self.built = True

    def call(self, traces: Any, training: bool | None = None) -> Any:
        """Give the reconstruction of traces, in their own shape."""
        flat = len(traces.shape) == 2
        if flat:
            traces = keras.ops.expand_dims(traces, -1)
        decoded = self.decoder(self.encode(traces, training), training=training)
        return keras.ops.squeeze(decoded, -1) if flat else decoded

    def encode(self, traces: Any, training: bool | None = None) -> Any:
        """Give the latents that the decoder gets, of traces of shape (n, samples, 1)."""
        return self.encoder(traces, training=training)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Give the shape of the traces themselves."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """Give the arguments that make this architecture anew."""
        return {**self.architecture, "name": self.name}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Give a new model of the same architecture."""
        model = cls(**config)
        model.build(None)
        return model

    def parameter_table(self) -> list[tuple[str, tuple[int, ...], int]]:
        """Give name, output shape and number of parameters of each layer, from trace to trace."""
        both = [*self.encoder.layers, *self.decoder.layers]
        return [(layer.name, tuple(layer.output.shape[1:]), layer.count_params()) for layer in both]
