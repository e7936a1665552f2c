"""Pure functions on arrays."""

from __future__ import annotations

from importlib import import_module
from typing import Any

__all__ = [
    "augment",
    "cubes",
    "events",
    "graticules",
    "indices",
    "measure",
    "normalise",
    "pyramid",
    "raster",
    "reprojection",
    "sky",
    "splits",
    "strain",
    "thumbnails",
    "waveforms",
]


def __getattr__(name: str) -> Any:
    if name in __all__:
        return import_module(f".{name}", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
