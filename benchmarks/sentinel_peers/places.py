"""What all contenders do alike: the same places, the same clock."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable
from typing import Any

EDGE = 512
"""Pixels of a tile's side, as the viewer asks for them."""


def corners(side: int, count: int) -> list[tuple[int, int]]:
    """Give rows and columns of the same tiles for every tool, on the grid of tiles."""
    rng = random.Random(1)
    most = side // EDGE
    return [(rng.randrange(most), rng.randrange(most)) for _ in range(count)]


def timed(work: Callable[[Any], object], places: list[Any]) -> dict[str, float]:
    """Do a piece of work at each place; give the wall milliseconds of half and of 95 % of them."""
    work(places[0])
    walls = []
    for place in places:
        start = time.perf_counter()
        work(place)
        walls.append(1e3 * (time.perf_counter() - start))
    walls.sort()
    return {"p50": walls[len(walls) // 2], "p95": walls[int(len(walls) * 0.95)]}


def tell(**found: object) -> None:
    """Say what was found, on the last line of the output."""
    print(json.dumps(found), flush=True)
