"""Training with progress, cancel and resume; many starts at once; every run kept in MLflow."""

from __future__ import annotations

from importlib import import_module
from typing import Any

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
    "history_figure": "figures",
    "multistart": "multistarts",
    "split": "data",
    "svg_of": "figures",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f".{_HOMES[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
