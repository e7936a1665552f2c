"""Where work runs: on this machine's cores, on a Dask cluster, or as a batch job of the platform."""

from __future__ import annotations

from ..lazy_names import lazy_names

# Loaded when first asked for: Dask takes a second.
_HOMES = {
    "BatchClient": "batch",
    "Cluster": "clusters",
    "Job": "jobs",
    "Worker": "clusters",
    "cluster": "starting",
    "current": "clusters",
    "devices": "gpus",
    "each": "parts",
    "each_block": "array_blocks",
    "usage": "resources",
}
_ROOMS = ("limits",)

__all__ = sorted((*_HOMES, *_ROOMS))
__getattr__, __dir__ = lazy_names(__name__, _HOMES, _ROOMS)
