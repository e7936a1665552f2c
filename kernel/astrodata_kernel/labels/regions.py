"""Parts of an event that have a label of their own: intervals, boxes, polygons, pixels."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..errors import BadRequest

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

_WANTED = (
    'give {"kind": "interval", "start", "stop"}, {"kind": "box", "x", "y", "width", "height"}, '
    '{"kind": "polygon", "points": [[x, y], ...]} or {"kind": "mask", "size": [height, width], '
    '"counts": [...]}'
)
_NUMBERS = {"interval": ("start", "stop"), "box": ("x", "y", "width", "height")}
_MORE = {"interval": {"channel"}, "box": {"size"}, "polygon": {"size"}, "mask": set()}
_POINTS = 100_000
_PIXELS = 1 << 30


def checked_region(region: Any) -> dict[str, Any] | None:
    """Give a region as it is kept, or None.

    An interval is in the unit of its maker, often samples, and may name its ``channel``. Boxes and polygons
    are in pixels from the corner of the first pixel, and may tell the ``size`` [height, width] of their
    image. A mask has the lengths of runs, row by row, of pixels outside and inside in turn; the first run
    is outside.

    Raises
    ------
    BadRequest
        It is none.
    """
    if region is None:
        return None
    kind = region.get("kind") if isinstance(region, Mapping) else None
    if kind not in _MORE:
        raise BadRequest(f"{str(region)[:80]} is no region: {_WANTED}")
    try:
        made = _CHECKS[kind](region)
        for name in _MORE[kind] & set(region):
            made[name] = _size(region[name]) if name == "size" else _channel(region[name])
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        why = f" ({error})" if isinstance(error, BadRequest) else ""
        raise BadRequest(f"{str(region)[:80]} is no region{why}: {_WANTED}") from None
    rest = set(region) - set(made)
    if rest:
        raise BadRequest(f"a {kind} has no {', '.join(map(str, rest))}: {_WANTED}")
    return {"kind": kind, **made}


def key_of(region: Mapping[str, Any] | None) -> str:
    """Give the same text for the same region, the empty one for none."""
    return "" if region is None else json.dumps(region, sort_keys=True)


def mask_region(mask: npt.ArrayLike) -> dict[str, Any]:
    """Give the region of the pixels that are true in a mask of shape (height, width).

    Examples
    --------
    >>> mask_region([[False, True], [True, False]])
    {'kind': 'mask', 'size': [2, 2], 'counts': [1, 2, 1]}
    """
    import numpy as np

    pixels = np.asarray(mask, bool)
    if pixels.ndim != 2 or not pixels.size:
        raise BadRequest(f"a mask of shape {pixels.shape}: give (height, width)")
    return {"kind": "mask", "size": list(pixels.shape), "counts": runs_of(pixels.ravel())}


def mask_of(region: Mapping[str, Any]) -> npt.NDArray[np.bool_]:
    """Give the mask of shape (height, width) of a region of kind ``"mask"``."""
    checked = checked_region(region)
    if checked is None or checked["kind"] != "mask":
        raise BadRequest(f"{str(region)[:80]} is no mask of pixels")
    return flags_of(checked["counts"]).reshape(checked["size"])


def runs_of(flags: npt.NDArray[np.bool_]) -> list[int]:
    """Give the lengths of runs of false and true in turn."""
    import numpy as np

    edges = np.flatnonzero(np.diff(flags, prepend=False, append=not flags[-1]))
    return [int(n) for n in np.diff(edges, prepend=0)]


def flags_of(counts: list[int]) -> npt.NDArray[np.bool_]:
    """Give what the lengths of runs mean."""
    import numpy as np

    return np.repeat(np.arange(len(counts)) % 2 == 1, counts)


def _numbers(region: Mapping[str, Any]) -> dict[str, Any]:
    kind = region["kind"]
    made: dict[str, Any] = {name: _finite(region[name]) for name in _NUMBERS[kind]}
    if kind == "interval" and made["stop"] < made["start"]:
        raise BadRequest("it stops before it starts")
    if kind == "box" and (made["width"] < 0 or made["height"] < 0):
        raise BadRequest("its width or height is negative")
    return {"kind": kind, **made}


def _polygon(region: Mapping[str, Any]) -> dict[str, Any]:
    points = [[_finite(x), _finite(y)] for x, y in region["points"]]
    if not 3 <= len(points) <= _POINTS:
        raise BadRequest(f"a polygon has 3 to {_POINTS:,} points")
    return {"kind": "polygon", "points": points}


def _mask(region: Mapping[str, Any]) -> dict[str, Any]:
    size, counts = _size(region["size"]), [_whole(n) for n in region["counts"]]
    if size[0] * size[1] > _PIXELS or sum(counts) != size[0] * size[1]:
        raise BadRequest(f"its runs do not fill its size; {_PIXELS:,} pixels at most")
    return {"kind": "mask", "size": size, "counts": counts}


def _size(value: Any) -> list[int]:
    height, width = value
    return [_whole(height), _whole(width)]


def _whole(value: Any) -> int:
    if isinstance(value, bool) or int(value) != value or value < 0:
        raise BadRequest(f"{value!r} is no number of pixels")
    return int(value)


def _finite(value: Any) -> float | int:
    if isinstance(value, bool | str) or not math.isfinite(value):
        raise BadRequest(f"{value!r} is no finite number")
    return int(value) if int(value) == value else float(value)


def _channel(value: Any) -> int | str:
    if not isinstance(value, int | str):
        raise BadRequest(f"{value!r} names no channel")
    return value


_CHECKS = {"interval": _numbers, "box": _numbers, "polygon": _polygon, "mask": _mask}
