"""What a viewer of scenes offers to show: presets of three bands, single bands, indices."""

from __future__ import annotations

from typing import Any

from ..datasets.scene import Scene
from ..processing import indices
from ..processing.scene_names import PRESETS


def choices_of(scene: Scene) -> list[dict[str, Any]]:
    """Give what can be shown of a scene: group, text and bands of each."""
    names = scene.bands.names
    reflects = {b.name for b in scene.bands if b.offset is not None and b.scale is not None}
    colours = [
        ("Colours", text, list(bands))
        for text, bands in PRESETS.values()
        if set(bands) <= set(names)
    ]
    single = [("Bands", name, [name]) for name in (*names, *scene.layers.names)]
    made = [
        ("Indices", name, [name])
        for name in indices.DEFAULT
        if set(indices.bands_of(name)) <= reflects
    ]
    every = (*colours, *single, *made)
    return [{"group": group, "text": text, "bands": bands} for group, text, bands in every]
