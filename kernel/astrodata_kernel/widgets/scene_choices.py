"""What a viewer of scenes offers to show: presets of three bands, single bands, indices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..datasets.scene import Scene
from ..errors import BadRequest
from ..processing import indices
from .scene_planes import known_name

PRESETS: dict[str, tuple[str, tuple[str, str, str]]] = {
    "true": ("true colour 4-3-2", ("B04", "B03", "B02")),
    "false": ("false colour 8-4-3", ("B08", "B04", "B03")),
    "geology": ("geology 12-8A-4", ("B12", "B8A", "B04")),
    "swir": ("short-wave infrared 12-8-4", ("B12", "B08", "B04")),
    "agriculture": ("agriculture 11-8-2", ("B11", "B08", "B02")),
    "burn": ("burn 12-11-4", ("B12", "B11", "B04")),
}
"""Three bands as red, green and blue, by name: what to call them, and which they are."""


def first_bands(scene: Scene) -> Sequence[str]:
    """Give what a scene is shown by to begin with: as the eye would see it, if it can be."""
    names = scene.bands.names or scene.layers.names
    true = PRESETS["true"][1]
    return true if set(true) <= set(names) else names[:3] if len(names) > 2 else names[:1]


def chosen_bands(scene: Scene, wanted: Any) -> tuple[str, ...]:
    """Give the names of one or three bands or indices as the scene has them.

    Raises
    ------
    UnknownName, BadRequest
        One that is not there, another number of them, or an index that the scene cannot give.
    """
    given = [wanted] if isinstance(wanted, str) else list(wanted)
    if len(given) not in (1, 3):
        raise BadRequest(
            f"{len(given)} bands {given}: give one, shown by a colour map, or three as red, green and blue"
        )
    return tuple(known_name(scene, str(name)) for name in given)


def bands_of_preset(preset: str) -> tuple[str, ...]:
    """Give the bands of a preset.

    Raises
    ------
    BadRequest
        There is none of that name.
    """
    if preset not in PRESETS:
        raise BadRequest(f"preset {preset!r} is unknown: there are {', '.join(PRESETS)}")
    return PRESETS[preset][1]


def preset_of(names: tuple[str, ...]) -> str:
    """Give the name of the preset of some bands, or an empty text."""
    return next((name for name, (_, bands) in PRESETS.items() if bands == names), "")


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
