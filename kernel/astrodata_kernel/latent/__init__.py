"""What encoders make of data: latents, their maps and scores, the garage of the noise, efficiency curves."""

from __future__ import annotations

from ..lazy_names import lazy_names

# Loaded when first asked for: SciPy, pandas and Keras take seconds.
_HOMES = {
    "DensityGarage": "garage_shapes",
    "Detector": "comparison",
    "Efficiency": "efficiencies",
    "EllipseGarage": "garage_shapes",
    "Garage": "garage",
    "Latents": "latents",
    "NeighbourIndex": "neighbour_index",
    "Rate": "rates",
    "cluster": "clusters",
    "compare": "comparison",
    "detectors": "comparison",
    "efficiency": "efficiencies",
    "comparison_table": "figures",
    "efficiency_figure": "figures",
    "encode": "encoding",
    "latent_histograms": "figures",
    "local_density": "clusters",
    "neighbours": "neighbour_index",
    "project": "projections",
    "rate": "rates",
}
_ROOMS = ("scores",)

__all__ = sorted((*_HOMES, *_ROOMS))
__getattr__, __dir__ = lazy_names(__name__, _HOMES, _ROOMS)
