"""Network architectures and losses in Keras 3, on whichever backend is there."""

from __future__ import annotations

from ..lazy_names import lazy_names

# Loaded when first asked for: Keras with its backend takes seconds.
_HOMES = {
    "UpsampledTranspose": "layers",
    "WaveformAutoencoder": "cae",
    "WaveformVAE": "vae",
    "convlstm_unet": "unet",
    "load": "saving",
    "plain_unet": "unet",
    "save": "saving",
    "sum_of_squares": "losses",
    "waveform_cae": "cae",
    "waveform_vae": "vae",
}

__all__ = sorted([*_HOMES, "losses"])
__getattr__, __dir__ = lazy_names(__name__, _HOMES, rooms=("losses",))
