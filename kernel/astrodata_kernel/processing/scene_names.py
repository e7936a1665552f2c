"""What can be shown of a scene, by name: presets of three bands, bands, indices, and classes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..datasets.scene import Scene
from ..datasets.scene_bands import band_name
from ..errors import BadRequest, UnknownName
from . import indices

PRESETS: dict[str, tuple[str, tuple[str, str, str]]] = {
    "true": ("true colour 4-3-2", ("B04", "B03", "B02")),
    "false": ("false colour 8-4-3", ("B08", "B04", "B03")),
    "geology": ("geology 12-8A-4", ("B12", "B8A", "B04")),
    "swir": ("short-wave infrared 12-8-4", ("B12", "B08", "B04")),
    "agriculture": ("agriculture 11-8-2", ("B11", "B08", "B02")),
    "burn": ("burn 12-11-4", ("B12", "B11", "B04")),
}
"""Three bands as red, green and blue, by name: what to call them, and which they are."""

SCL_CLASSES = (
    "no data",
    "saturated or defective",
    "dark area",
    "cloud shadow",
    "vegetation",
    "not vegetated",
    "water",
    "unclassified",
    "cloud, medium probability",
    "cloud, high probability",
    "thin cirrus",
    "snow or ice",
)
"""Names of the numbers of the scene classification (SCL) of level 2A."""

SCL_COLOURS = (
    "#000000",
    "#ff0000",
    "#2f2f2f",
    "#643200",
    "#00a000",
    "#ffe65a",
    "#0000ff",
    "#808080",
    "#c0c0c0",
    "#ffffff",
    "#64c8ff",
    "#ff96ff",
)
"""Their usual colours, those of the processor that makes the classification."""

GRADES = {
    1: "negligible to slight damage",
    2: "moderately damaged",
    3: "highly damaged",
    4: "completely destroyed",
}
"""Classes of a grading by the emergency service; 0 is no visible damage."""

GRADE_COLOURS = {1: "#ffe066", 2: "#ffa62b", 3: "#f9551c", 4: "#b3001b"}


def known_name(scene: Scene, wanted: str) -> str:
    """Give the name of a band or layer as the scene has it, or an index or formula as it was given.

    Raises
    ------
    UnknownName
        It is neither, or an index of which the scene lacks a band; the text names it.
    BadRequest
        A formula that cannot be read, or an index of bands whose reflectance is not known.
    """
    try:
        return scene.named(wanted).name
    except UnknownName as no_band:
        if band_name(wanted) in indices.BANDS:
            raise
        try:
            needed = indices.bands_of(wanted)
        except UnknownName:
            comma = "" if str(no_band).endswith("?") else ","
            raise UnknownName(f"{no_band}{comma} nor is it the name of an index") from None
    for name in needed:
        # Numbers without offset and scale would make an index that looks right and is not.
        scene.named(name).calibration(scene.name)
    return wanted


def first_bands(scene: Scene) -> Sequence[str]:
    """Give what a scene is shown by to begin with: as the eye would see it, if it can be."""
    return first_of(scene.bands.names or scene.layers.names)


def first_of(names: Sequence[str]) -> Sequence[str]:
    """Give which of some bands are shown to begin with; see `first_bands`."""
    true = PRESETS["true"][1]
    return true if set(true) <= set(names) else names[:3] if len(names) > 2 else names[:1]


def chosen_bands(scene: Scene, wanted: Any) -> tuple[str, ...]:
    """Give the names of one or three bands or indices as the scene has them.

    Raises
    ------
    UnknownName, BadRequest
        One that is not there, another number of them, or an index that the scene cannot give.
    """
    return tuple(known_name(scene, str(name)) for name in one_or_three(wanted))


def one_or_three(wanted: Any) -> list[Any]:
    """Give the names of what can be shown together.

    Raises
    ------
    BadRequest
        Another number than one or three.
    """
    given = [wanted] if isinstance(wanted, str) else list(wanted)
    if len(given) not in (1, 3):
        raise BadRequest(
            f"{len(given)} bands {given}: give one, shown by a colour map, or three as red, green and blue"
        )
    return given


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


def scl_name(number: int) -> str:
    """Give the name of a class of the scene classification."""
    return SCL_CLASSES[number] if 0 <= number < len(SCL_CLASSES) else f"class {number}"
