"""Where a scene has clouds, by whatever its product brings to tell them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from ..errors import UnknownName
from .lazy import LazyArray
from .scene_arrays import AnyBit, AnyOf, AtLeast, OneOf, Tested

if TYPE_CHECKING:
    from .scene import Scene

CLOUD_CLASSES = (3, 8, 9, 10)
"""Classes of the scene classification that count as cloud: shadow, medium, high probability, thin cirrus."""

CLOUD_PROBABILITY = 40
"""Per cent from which a pixel of a cloud probability counts as cloud."""


def clouds_of(
    scene: Scene, read: Callable[[str], LazyArray], classes: Sequence[int], probability: float
) -> LazyArray:
    """Give the mask of clouds of a scene; see `Scene.cloud_mask`.

    Parameters
    ----------
    scene
        Whose layers there are.
    read
        Gives the numbers of a layer by its name, on the pixels that the mask is wanted on.
    classes, probability
        What counts as cloud.

    Raises
    ------
    UnknownName
        The scene has nothing to tell clouds by.
    """
    ways: tuple[tuple[tuple[str, ...], Any], ...] = (
        (("SCL",), OneOf(tuple(classes))),
        (("MSK_CLDPRB",), AtLeast(probability)),
        (("MSK_CLASSI_OPAQUE", "MSK_CLASSI_CIRRUS"), AtLeast(1)),
        (("MSK_CLOUDS",), AtLeast(1)),
        (("CLD",), AtLeast(probability)),
        (("CLP",), AtLeast(probability * 2.55)),
        (("CLM",), OneOf((1,))),
        (("cloud_mask",), AtLeast(1)),
        (("QA60",), AnyBit((1 << 10) | (1 << 11))),
    )
    there = scene.layers.names
    for names, test in ways:
        if all(name in there for name in names):
            masks = [Tested(read(name), test) for name in names]
            return masks[0] if len(masks) == 1 else AnyOf(masks)
    raise UnknownName(
        f"{scene.name} has neither a scene classification (SCL) nor a mask or probability of clouds: "
        f"its layers are {', '.join(there) or 'none'}"
    )
