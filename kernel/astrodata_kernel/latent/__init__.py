"""What encoders make of data: latents, the garage of the noise, efficiency curves."""

from __future__ import annotations

from importlib import import_module
from typing import Any

# Loaded when first asked for: SciPy, pandas and Keras take seconds.
_HOMES = {
    "DensityGarage": "garage_shapes",
    "Detector": "comparison",
    "Efficiency": "efficiencies",
    "EllipseGarage": "garage_shapes",
    "Garage": "garage",
    "Rate": "rates",
    "compare": "comparison",
    "detectors": "comparison",
    "efficiency": "efficiencies",
    "comparison_table": "figures",
    "efficiency_figure": "figures",
    "encode": "encoding",
    "latent_histograms": "figures",
    "rate": "rates",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f".{_HOMES[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
