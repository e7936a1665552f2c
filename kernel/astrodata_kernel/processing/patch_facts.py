"""What is known of a set of patches as JSON, which goes with its arrays into a file and is checked again."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from math import isfinite, prod
from typing import Any

import numpy as np

from ..errors import AstrodataError, BadRequest, DamagedFile
from ..readers.caps import caps, refuse_beyond
from .normalise import PercentileScaling
from .patch_cutting import Origin
from .patch_sets import PatchSet

FORMAT = "astrodata patches 1"
TEXT_BYTES = 256 << 20
"""Longest facts that are read."""


@dataclass(frozen=True)
class Facts:
    """What a file says of a set, checked.

    Attributes
    ----------
    images, masks
        Shape and type of each array; `masks` is None where there are none.
    rest
        The set without its arrays.
    """

    images: tuple[tuple[int, ...], np.dtype[Any]]
    masks: tuple[tuple[int, ...], np.dtype[Any]] | None
    rest: Callable[[Any, Any], PatchSet]

    @property
    def size(self) -> int:
        """Bytes of all arrays."""
        every = (self.images, *([self.masks] if self.masks else []))
        return sum(prod(shape) * dtype.itemsize for shape, dtype in every)

    def refuse_bomb(self, stored: int, where: str) -> None:
        """Raise `TooLarge` where a compressed file declares far more than its `stored` bytes can hold."""
        refuse_beyond(min(caps.member_bytes, (1 << 30) + stored * caps.expansion), self.size, where)


def facts_of(patches: PatchSet) -> str:
    """Give what is known of a set as JSON.

    Raises
    ------
    BadRequest
        Nothing to keep, or values that are no numbers.
    """
    if not len(patches):
        raise BadRequest("the set has no patches: there is nothing to save")
    for array in (patches.images, patches.masks):
        if array is not None and np.dtype(array.dtype).kind not in "biuf":
            raise BadRequest(f"values of type {array.dtype} are no numbers that are saved")
    events = sorted(set(patches.events))
    # Patches of plain arrays may be of scenes of which nothing is known.
    scenes = list(dict.fromkeys([*patches.origins, *patches.scenes]))
    told = {
        "format": FORMAT,
        "images": _declared(patches.images),
        "masks": None if patches.masks is None else _declared(patches.masks),
        "bands": list(patches.bands),
        "events": events,
        "event": [events.index(name) for name in patches.events],
        "scenes": scenes,
        "scene": [scenes.index(name) for name in patches.scenes],
        "positions": patches.positions.tolist(),
        "origins": {name: asdict(origin) for name, origin in patches.origins.items()},
        "scaling": None if patches.scaling is None else asdict(patches.scaling),
    }
    return json.dumps(told, ensure_ascii=False, allow_nan=False)


def read_facts(text: str | bytes, where: str) -> Facts:
    """Give checked facts.

    Raises
    ------
    DamagedFile
        Text that is none of ours, or contradicts itself.
    """
    try:
        if len(text) > TEXT_BYTES:
            raise ValueError("too long")
        told = json.loads(text)
        if told["format"] != FORMAT:
            raise ValueError("another format")
        images = _array(told["images"])
        masks = None if told["masks"] is None else _array(told["masks"])
        count = images[0][0]
        events = _names(told["events"], told["event"], count)
        scenes = _names(told["scenes"], told["scene"], count)
        positions = np.array(told["positions"], np.int64)
        if positions.shape != (count, 2) or positions.min() < 0:
            raise ValueError("positions")
        origins = {str(k): _origin(v) for k, v in told["origins"].items()}
        scaling = None if told["scaling"] is None else PercentileScaling.of(told["scaling"])
        if origins and not set(scenes) <= set(origins):
            raise ValueError("scenes")
        bands = tuple(map(str, told["bands"]))
    except (AttributeError, KeyError, IndexError, TypeError, ValueError, OverflowError) as error:
        raise foreign(where, str(error)) from None
    except RecursionError:
        raise foreign(where, "nested too deep") from None

    def rest(first: Any, second: Any) -> PatchSet:
        try:
            return PatchSet(first, second, events, scenes, positions, bands, origins, scaling)
        except BadRequest as error:
            raise foreign(where, str(error)) from None

    return Facts(images, masks, rest)


def foreign(where: str, why: str = "") -> DamagedFile:
    """Give the error of a file that is no set of patches, or was cut short."""
    said = f" ({' '.join(why.split())[:120]})" if why else ""
    return DamagedFile(
        f"{where} holds no whole set of patches{said}: give a file that PatchSet.save wrote, or copy it again"
    )


def guarded(where: str, read: Callable[[], Any], *errors: type[BaseException]) -> Any:
    """Give what a library reads, with one clear sentence for whatever it says of a hostile file."""
    try:
        return read()
    except AstrodataError:
        raise
    except (OSError, ValueError, KeyError, TypeError, EOFError, *errors) as error:
        raise foreign(where, str(error)) from None


def _declared(array: Any) -> dict[str, Any]:
    dtype = np.dtype(array.dtype)
    return {"shape": [int(n) for n in array.shape], "dtype": dtype.newbyteorder("<").str}


def _array(told: Mapping[str, Any]) -> tuple[tuple[int, ...], np.dtype[Any]]:
    shape = tuple(_whole(n) for n in told["shape"])
    dtype = np.dtype(str(told["dtype"]))
    if dtype.kind not in "biuf" or not 3 <= len(shape) <= 5 or min(shape) < 1:
        raise ValueError("arrays")
    return shape, dtype


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError("a number that is not whole")
    return value


def _names(names: Any, which: Any, count: int) -> tuple[str, ...]:
    if len(which) != count or not all(0 <= _whole(i) < len(names) for i in which):
        raise ValueError("names")
    return tuple(str(names[i]) for i in which)


def _origin(told: Mapping[str, Any]) -> Origin:
    rows, columns = map(_whole, told["shape"])
    transform = None if told["transform"] is None else tuple(map(float, told["transform"]))
    if transform is not None and (len(transform) != 6 or not all(map(isfinite, transform))):
        raise ValueError("a transform")
    if min(rows, columns, _whole(told["stride"])) < 1:
        raise ValueError("a scene")
    return Origin(
        (rows, columns),
        _whole(told["stride"]),
        str(told["pad"]),
        str(told["crs"]),
        transform,  # type: ignore[arg-type]
        tuple(map(str, told["dates"])),
    )
