"""Network architectures and losses in Keras 3, on whichever backend is there."""

from __future__ import annotations

from importlib import import_module
from typing import Any

# Loaded when first asked for: Keras with its backend takes seconds.
_HOMES = {
    "UpsampledTranspose": "layers",
    "WaveformAutoencoder": "cae",
    "WaveformVAE": "vae",
    "load": "saving",
    "save": "saving",
    "sum_of_squares": "losses",
    "waveform_cae": "cae",
    "waveform_vae": "vae",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f".{_HOMES[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
