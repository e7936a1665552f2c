"""Training with progress, cancel and resume; many starts at once; every run kept in MLflow."""

from __future__ import annotations

from ..lazy_names import lazy_names

# Loaded when first asked for: Keras with its backend takes seconds.
_HOMES = {
    "PRESETS": "presets",
    "Live": "live",
    "Plateau": "plateau",
    "Preset": "presets",
    "Tracker": "tracking",
    "Round": "presets",
    "Training": "results",
    "collapse": "collapses",
    "fit": "fitting",
    "fit_masks": "masks",
    "history_figure": "figures",
    "multistart": "multistarts",
    "split": "data",
    "svg_of": ".drawing",
}

_ROOMS = ("tabular",)

__all__ = sorted((*_HOMES, *_ROOMS))
__getattr__, __dir__ = lazy_names(__name__, _HOMES, _ROOMS)
