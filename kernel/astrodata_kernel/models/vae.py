"""The variational form of DAIDREAM's autoencoder."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .backend import keras_with_backend
from .cae import WaveformAutoencoder

keras = keras_with_backend()


def waveform_vae(
    n_samples: int = 9728,
    filters: Sequence[int] = (4, 8, 16),
    kernel_size: int = 32,
    latent_dim: int = 2,
    output_activation: str = "relu",
    kl_weight: float = 1.0,
    seed: int | None = None,
    rewritten: bool = True,
) -> Any:
    """Give the variational autoencoder: each trace becomes a normal distribution in latent space.

    Trained with `sum_of_squares` its loss is that plus the Kullback-Leibler divergence from the standard
    normal distribution.

    Parameters
    ----------
    n_samples, filters, kernel_size, latent_dim, output_activation, rewritten
        As of `waveform_cae`.
    kl_weight
        Factor of the divergence.
    seed
        Of the draws during training.

    Returns
    -------
    keras.Model
        ``.encoder`` gives the means, shape (n, latents); the spread is used in training alone.
    """
    return WaveformVAE.from_config(
        {
            "n_samples": n_samples,
            "filters": filters,
            "kernel_size": kernel_size,
            "latent_dim": latent_dim,
            "output_activation": output_activation,
            "kl_weight": kl_weight,
            "seed": seed,
            "rewritten": rewritten,
        }
    )


@keras.saving.register_keras_serializable(package="astrodata")
class WaveformVAE(WaveformAutoencoder):
    """Variational autoencoder of traces, made by `waveform_vae`."""

    _kl_weight = 1.0
    _seed: int | None = None

    def __init__(self, kl_weight: float = 1.0, seed: int | None = None, **options: Any) -> None:
        options.pop("latent_activation", None)  # a mean is any number
        super().__init__(**options)
        self._kl_weight, self._seed = float(kl_weight), seed
        self._draw = keras.random.SeedGenerator(seed)

    @property
    def architecture(self) -> dict[str, Any]:
        """The arguments that make this architecture anew."""
        return {**super().architecture, "kl_weight": self._kl_weight, "seed": self._seed}

    def _make_encoder(self) -> Any:
        inputs, flat = self._encoder_body()
        mean = keras.layers.Dense(self.latent_dim, name="dense_encoded")(flat)
        spread = keras.layers.Dense(self.latent_dim, name="dense_log_variance")(flat)
        self.distribution = keras.Model(inputs, [mean, spread], name="distribution")
        return keras.Model(inputs, mean, name="encoder")

    def encode(self, traces: Any, training: bool | None = None) -> Any:
        """Give the mean, or in training a draw about it; the divergence joins the loss."""
        ops = keras.ops
        mean, log_variance = self.distribution(traces, training=training)
        divergence = 0.5 * ops.sum(
            ops.square(mean) + ops.exp(log_variance) - 1.0 - log_variance, axis=-1
        )
        self.add_loss(self._kl_weight * ops.mean(divergence))
        if not training:
            return mean
        noise = keras.random.normal(ops.shape(mean), dtype=mean.dtype, seed=self._draw)
        return mean + ops.exp(0.5 * log_variance) * noise
