"""Scenes as the viewer takes them, and bands of them as the images that its other halves know."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from ..datasets import Dataset
from ..datasets.dataset import Part
from ..datasets.scene import Scene
from ..errors import AstrodataError, UnsupportedFormat
from ..processing import indices
from ..processing.scene_names import scl_name
from .opening import shown_name, shown_while_opening
from .scene_planes import BandsOnShow


def scene_of(source: Any) -> Scene:
    """Give an open scene, or the one at a path.

    Raises
    ------
    UnsupportedFormat
        It is no scene.
    """
    if not isinstance(source, Dataset):
        from ..readers.registry import open_dataset

        with shown_while_opening(shown_name(source)) as progress:
            source = open_dataset(source, progress=progress)
    if not isinstance(source, Scene):
        raise UnsupportedFormat(
            f"{source.name}: a {source.kind} is no satellite scene; adk.view shows whatever it is"
        )
    return source


def source_of(scene: Scene) -> tuple[str, bool]:
    """Give where a scene comes from, and whether that is a file."""
    provenance = scene.provenance
    return (scene.name, False) if provenance is None else (provenance.path, True)


def taken(names: Iterable[str]) -> list[str]:
    """Give the bands that some bands and indices take, each once."""
    found: dict[str, None] = {}
    for name in names:
        try:
            taken: Sequence[str] = indices.bands_of(name)
        except AstrodataError:
            taken = [name]  # a layer, or a band that no index knows
        found |= dict.fromkeys(taken or [name])
    return list(found)


def dataset_of(scene: Scene, names: tuple[str, ...], number: int) -> Dataset:
    """Give bands on show as the image that the viewer's other halves know."""
    shown = BandsOnShow(scene, names)
    unit = scene.named(names[0]).unit if len(names) == 1 and _is_layer(scene, names[0]) else ""
    part = Part(number, " ".join(names), 1, "image", shown.shape, str(shown.dtype), unit)
    return Dataset(
        kind="image",
        name=scene.name,
        shape=shown.shape,
        dtype=shown.dtype,
        meta={"unit": unit, "warnings": list(scene.meta.get("warnings", ()))},
        provenance=scene.provenance,
        contents=shown,
        parts=(part,),
        part=number,
    )


def _is_layer(scene: Scene, name: str) -> bool:
    return name in scene.bands.names or name in scene.layers.names


def value_text(name: str, value: float) -> str:
    """Give a value as it is told under the picture: ``"B04 0.123"``."""
    if name == "SCL" and math.isfinite(value):
        return f"SCL {value:.0f} {scl_name(int(value))}"
    return f"{name} {value:.4g}" if math.isfinite(value) else f"{name} nothing"
