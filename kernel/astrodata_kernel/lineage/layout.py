"""Where the boxes of a graph stand: in layers, so that lines lead downwards and cross seldom.

The way is Sugiyama's: break cycles, give layers, order each by the mean place of its neighbours, and then
move the boxes as near to their neighbours as the order lets them.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

Id = Hashable
Edge = tuple[Id, Id]
SWEEPS = 8
MOST_BENDS = 4_000
"""Places where lines pass layers; beyond that lines go straight, for no eye follows them any more."""


@dataclass(frozen=True)
class Layout:
    """Places of boxes.

    Parameters
    ----------
    places
        Centre of each box, and its layer.
    lines
        For each edge, in the order given, the centres and layers that it passes, its ends included, and
        whether it leads upwards, against all others.
    width
        Of all, in the unit of the boxes' widths.
    layers
        Number of layers.
    """

    places: dict[Id, tuple[float, int]]
    lines: list[tuple[list[tuple[float, int]], bool]]
    width: float
    layers: int


def layout(widths: Mapping[Id, float], edges: Sequence[Edge], gap: float) -> Layout:
    """Give the places of boxes.

    Parameters
    ----------
    widths
        Of each box.
    edges
        From which box to which; cycles are allowed, and edges from a box to itself.
    gap
        Least room between two boxes of a layer, in the unit of the widths.
    """
    turned = against(list(widths), edges)
    forward = {(b, a) if (a, b) in turned else (a, b): None for a, b in edges if a != b}
    layer = layers_of(list(widths), list(forward))
    bends = sum(max(0, layer[b] - layer[a] - 1) for a, b in forward)
    rows: list[list[Id]] = [[] for _ in range(max(layer.values(), default=-1) + 1)]
    for ident in widths:
        rows[layer[ident]].append(ident)
    room: dict[Id, float] = dict(widths)
    short: list[Edge] = []
    passing: dict[Edge, list[Id]] = {}
    for edge in forward:
        a, b = edge
        chain: list[Id] = [a]
        if bends <= MOST_BENDS:
            for at in range(layer[a] + 1, layer[b]):
                ident = ("bend", a, b, at)
                rows[at].append(ident)
                room[ident] = 0.0
                chain.append(ident)
        chain.append(b)
        passing[edge] = chain
        if len(chain) > 2 or layer[b] == layer[a] + 1:
            short += pairwise(chain)
    level = {ident: at for at, row in enumerate(rows) for ident in row}
    above: dict[Id, list[Id]] = {ident: [] for ident in room}
    below: dict[Id, list[Id]] = {ident: [] for ident in room}
    for a, b in short:
        below[a].append(b)
        above[b].append(a)
    _order(rows, above, below)
    x = _placed(rows, room, above, below, gap)
    left = min((x[one] - room[one] / 2 for one in room), default=0.0)
    right = max((x[one] + room[one] / 2 for one in room), default=0.0)
    places = {ident: (x[ident] - left, level[ident]) for ident in room}
    lines = []
    for a, b in edges:
        up = (a, b) in turned
        chain = [a, a] if a == b else passing[(b, a) if up else (a, b)]
        points = [places[one] for one in chain]
        lines.append((points[::-1] if up else points, up))
    return Layout({ident: places[ident] for ident in widths}, lines, right - left, len(rows))


def against(nodes: Sequence[Id], edges: Sequence[Edge]) -> set[Edge]:
    """Give the edges that lead back into a cycle: without them there is none."""
    targets: dict[Id, list[Id]] = {ident: [] for ident in nodes}
    for a, b in edges:
        targets[a].append(b)
    entered = {b for a, b in edges if a != b}
    found: set[Edge] = set()
    state: dict[Id, int] = {}
    # Beginnings first, so that what is called "back" leads to them and not from them.
    for start in sorted(nodes, key=lambda one: one in entered):
        if start in state:
            continue
        state[start] = 1
        path = [(start, iter(targets[start]))]
        while path:
            ident, rest = path[-1]
            for target in rest:
                if state.get(target) == 1:
                    found.add((ident, target))
                elif target not in state:
                    state[target] = 1
                    path.append((target, iter(targets[target])))
                    break
            else:
                state[ident] = 2
                path.pop()
    return found


def layers_of(nodes: Sequence[Id], edges: Sequence[Edge]) -> dict[Id, int]:
    """Give the layer of each node of a graph without cycles: as far down as its longest way from above.

    A beginning stands right above what needs it first, and not at the top of all.
    """
    targets: dict[Id, list[Id]] = {ident: [] for ident in nodes}
    missing = dict.fromkeys(nodes, 0)
    for a, b in edges:
        targets[a].append(b)
        missing[b] += 1
    beginnings = [ident for ident in nodes if not missing[ident]]
    layer = dict.fromkeys(nodes, 0)
    ready = list(beginnings)
    while ready:
        ident = ready.pop()
        for target in targets[ident]:
            layer[target] = max(layer[target], layer[ident] + 1)
            missing[target] -= 1
            if not missing[target]:
                ready.append(target)
    for ident in beginnings:
        if targets[ident]:
            layer[ident] = min(layer[target] for target in targets[ident]) - 1
    return layer


def _order(
    rows: list[list[Id]], above: Mapping[Id, list[Id]], below: Mapping[Id, list[Id]]
) -> None:
    """Order the rows, in place, by the mean place of what each box is joined to."""
    best, fewest = [list(row) for row in rows], _crossings(rows, below)
    for sweep in range(SWEEPS):
        down = sweep % 2 == 0
        near = above if down else below
        for at in range(1, len(rows)) if down else range(len(rows) - 2, -1, -1):
            other = rows[at - 1 if down else at + 1]
            place = {ident: number for number, ident in enumerate(other)}
            key = {}
            for number, ident in enumerate(rows[at]):
                met = [place[one] for one in near[ident]]
                key[ident] = sum(met) / len(met) if met else number
            rows[at].sort(key=key.__getitem__)
        found = _crossings(rows, below)
        if found < fewest:
            best, fewest = [list(row) for row in rows], found
    rows[:] = best


def _crossings(rows: Sequence[Sequence[Id]], below: Mapping[Id, list[Id]]) -> int:
    total = 0
    for upper, lower in pairwise(rows):
        place = {ident: number for number, ident in enumerate(lower)}
        ends = [
            end
            for ident in upper
            for end in sorted(place[one] for one in below[ident] if one in place)
        ]
        # Inversions, by a tree of counts: a row may have thousands of lines.
        counts = [0] * (len(lower) + 1)
        for seen, end in enumerate(ends):
            at, before = end + 1, 0
            while at:
                before += counts[at]
                at -= at & -at
            total += seen - before
            at = end + 1
            while at <= len(lower):
                counts[at] += 1
                at += at & -at
    return total


def _placed(
    rows: Sequence[Sequence[Id]],
    room: Mapping[Id, float],
    above: Mapping[Id, list[Id]],
    below: Mapping[Id, list[Id]],
    gap: float,
) -> dict[Id, float]:
    x: dict[Id, float] = {}
    for row in rows:
        offsets = _offsets(row, room, gap)
        middle = offsets[-1] / 2 if offsets else 0.0
        x.update({ident: offset - middle for ident, offset in zip(row, offsets, strict=True)})
    for sweep in range(SWEEPS + 1):
        near = above if sweep % 2 else below
        for row in rows if sweep % 2 else rows[::-1]:
            wish = []
            for ident in row:
                met = near[ident] or above[ident] or below[ident]
                wish.append(sum(x[one] for one in met) / len(met) if met else x[ident])
            x.update(zip(row, _nearest(wish, _offsets(row, room, gap)), strict=True))
    return x


def _offsets(row: Sequence[Id], room: Mapping[Id, float], gap: float) -> list[float]:
    """Give the least places of a row's boxes behind its first."""
    found = [0.0] if row else []
    for a, b in pairwise(row):
        found.append(found[-1] + (room[a] + room[b]) / 2 + gap)
    return found


def _nearest(wish: Sequence[float], offsets: Sequence[float]) -> list[float]:
    """Give the places nearest to those wished for, in least squares, that keep order and room."""
    # Without the room between them it is a regression that only rises: pool what would fall.
    pools: list[tuple[float, int]] = []
    for wanted, offset in zip(wish, offsets, strict=True):
        pools.append((wanted - offset, 1))
        while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
            (b, m), (a, n) = pools.pop(), pools.pop()
            pools.append(((a * n + b * m) / (n + m), n + m))
    flat = [value for value, count in pools for _ in range(count)]
    return [value + offset for value, offset in zip(flat, offsets, strict=True)]
