"""Pure functions on arrays."""

from __future__ import annotations

from importlib import import_module
from typing import Any

__all__ = [
    "augment",
    "burnt",
    "burnt_files",
    "burnt_result",
    "cubes",
    "events",
    "graticules",
    "indices",
    "measure",
    "normalise",
    "patch_sets",
    "pyramid",
    "raster",
    "reprojection",
    "scene_areas",
    "scene_series",
    "scores",
    "sky",
    "splits",
    "strain",
    "tabular",
    "thumbnails",
    "tiled",
    "waveforms",
]


def __getattr__(name: str) -> Any:
    if name in __all__:
        return import_module(f".{name}", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
