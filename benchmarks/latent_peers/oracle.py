"""B8: what a concave lasso selected, held against Shapely."""

from __future__ import annotations

import base64
import json
from typing import Any

import numpy as np

from .points import scattered
from .rows import SMALL, _wrong, lasso, shown
from .sessions import Sessions

PIXELS = 3


def right(sessions: Sessions, tool: str, quick: bool) -> dict[str, Any]:
    """Give how many points the tool and Shapely disagree about."""
    count = SMALL // (10 if quick else 1)
    tell = (
        "import base64, json; print(json.dumps([getattr(own, 'polygon', list)() or None, "
        "base64.b64encode(np.packbits(arrivals.mask)).decode()]))"
    )
    steps = [
        *shown(count, "scattered"),
        lasso("star", None, settle=False),
        {"do": "told", "name": "told", "code": tell},
    ]
    found = sessions.run(tool, steps)
    row = _wrong(found)
    drawn, told = found.get("star"), found.get("told")
    if not drawn or not told or drawn["ms"] is None:
        return {"selected": "nothing came", **row}
    polygon, mask = json.loads(told)
    chosen = np.unpackbits(np.frombuffer(base64.b64decode(mask), np.uint8), count=count) == 1
    x, y, _ = scattered(count)
    places = np.stack([x, y], axis=1).astype(np.float64)
    row["selected"] = int(chosen.sum())
    row["wrong, by the tool's own polygon"] = (
        "it tells none" if polygon is None else int((_inside(places, polygon) != chosen).sum())
    )
    row["wrong beyond 3 px of the hand's line"] = _beyond(places, drawn, chosen)
    return row


def _inside(places: np.ndarray, polygon: Any) -> np.ndarray:
    import shapely

    return shapely.contains_xy(shapely.Polygon(polygon), places[:, 0], places[:, 1])


def _beyond(places: np.ndarray, drawn: dict[str, Any], chosen: np.ndarray) -> int:
    import shapely

    # The coloured part of the picture spans -1 to 1: from pixels of the page to values.
    extent = drawn["extent"]
    across, up = extent["right"] - extent["left"], extent["bottom"] - extent["top"]
    hand = [
        [2 * (x - extent["left"]) / across - 1, 1 - 2 * (y - extent["top"]) / up]
        for x, y in drawn["path"]
    ]
    wrong = np.flatnonzero(_inside(places, hand) != chosen)
    edge = shapely.Polygon(hand).exterior
    far = shapely.distance(shapely.points(places[wrong]), edge)
    return int((far > 2 * PIXELS / min(across, up)).sum())
