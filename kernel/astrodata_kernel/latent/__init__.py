"""What encoders make of data: latents, the garage of the noise, efficiency curves."""

from __future__ import annotations

from ..lazy_names import lazy_names

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
__getattr__, __dir__ = lazy_names(__name__, _HOMES)
