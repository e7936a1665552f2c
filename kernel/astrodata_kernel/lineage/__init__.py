"""Where data came from and what was made of it: records of steps, their graph, drawings, exports."""

from __future__ import annotations

from ..lazy_names import lazy_names

# Loaded when first asked for: who writes records needs none of the drawings.
_HOMES = {
    "Artifact": "graphs",
    "Box": "drawing",
    "Lineage": "graphs",
    "LineageWriter": "writers",
    "Step": "records",
    "Store": "stores",
    "draw": "drawing",
    "lineage_folder": "writers",
    "tree": "trees",
}

__all__ = sorted(_HOMES)
__getattr__, __dir__ = lazy_names(__name__, _HOMES)
