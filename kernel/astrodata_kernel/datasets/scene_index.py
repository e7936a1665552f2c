"""Indices of a scene as lazy arrays: NBR, NDVI, or a formula of one's own."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from .lazy import Block, LazyArray, Values

if TYPE_CHECKING:
    from .scene import Scene


def _indices() -> Any:
    # By name: processing is a room above this one, and only who asks a scene for an index goes there.
    return import_module("astrodata_kernel.processing.indices")


class IndexArray(LazyArray):
    """An index of some bands of one grid, computed where it is sliced.

    Parameters
    ----------
    wanted
        Name or formula, as `processing.indices.compute` takes it.
    bands
        Reflectance of the bands that it needs.
    """

    def __init__(self, wanted: Any, bands: Mapping[str, LazyArray]) -> None:
        self._wanted, self._bands = wanted, dict(bands)
        super().__init__(next(iter(bands.values())).shape, np.float32)

    def _read(self, block: Block) -> Values:
        values = {name: band[block] for name, band in self._bands.items()}
        made: Values = next(iter(_indices().compute(self._wanted, values, scale=1.0).values()))
        return made


def index_of(scene: Scene, wanted: Any, resolution: float | None) -> IndexArray:
    """Give an index of a scene; see `Scene.index`."""
    names = _indices().bands_of(wanted)
    size = resolution or min(scene.named(name).resolution for name in names)
    return IndexArray(wanted, {name: scene.band(name, size) for name in names})
