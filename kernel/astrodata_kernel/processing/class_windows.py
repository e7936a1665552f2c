"""Parts of a layer of classes for the screen: one class for each block of pixels."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Classes = npt.NDArray[np.uint8]


def highest(values: Classes, step: int) -> Classes:
    """Give the highest class of each block of `step` pixels a side, the last ones of less.

    What burnt in a single pixel is seen from far away, too; blocks look larger than what they hold.
    """
    if step == 1 or not values.size:
        return values
    down = _joined(values, step)
    # Along rows by strides: a reduction over few neighbours takes many times as long.
    made: Classes = np.zeros((down.shape[0], -(-down.shape[1] // step)), np.uint8)
    for first in range(min(step, down.shape[1])):
        some = down[:, first::step]
        np.maximum(made[:, : some.shape[1]], some, out=made[:, : some.shape[1]])
    return made


def highest_of_cells(
    values: Classes, rows: npt.NDArray[np.floating[Any]], columns: npt.NDArray[np.floating[Any]]
) -> Classes:
    """Give the highest class of the pixels whose centre lies in each cell, or that of the nearest pixel.

    Parameters
    ----------
    values
        Shape (m, n).
    rows, columns
        Edges of the cells in pixels, rising: one more than there are cells. What lies beyond is 0.
    """
    made = values
    for axis, edges in enumerate((rows, columns)):
        count = made.shape[axis]
        starts, stops = (np.ceil(e - 0.5).astype(int) for e in (edges[:-1], edges[1:]))
        nearest = np.floor((edges[:-1] + edges[1:]) / 2).astype(int)
        alone = stops <= starts  # cells finer than pixels
        starts, stops = np.where(alone, nearest, starts), np.where(alone, nearest + 1, stops)
        beyond = (stops <= 0) | (starts >= count)
        # Pairs of starts and stops, of which `reduceat` gives the reduction from one to the next.
        pairs = np.stack([np.clip(starts, 0, max(0, count - 1)), np.clip(stops, 0, count)], axis=1)
        shape = [made.shape[0], made.shape[1]]
        shape[axis] = len(starts)
        if not made.size:
            return np.zeros((len(rows) - 1, len(columns) - 1), np.uint8)
        # One line more behind the last one, which a stop may name.
        wider = np.concatenate([made, np.take(made, [count - 1], axis)], axis)
        made = np.maximum.reduceat(wider, pairs.ravel(), axis)[
            (slice(None),) * axis + (slice(None, None, 2),)
        ]
        made[(slice(None),) * axis + (beyond,)] = 0
    return made


def _joined(values: Classes, step: int) -> Classes:
    whole, rest = divmod(values.shape[0], step)
    parts = []
    if whole:
        parts.append(values[: whole * step].reshape(whole, step, -1).max(1))
    if rest:
        parts.append(values[whole * step :].max(0, keepdims=True))
    return np.concatenate(parts)


def commonest(values: Classes, step: int) -> Classes:
    """Give the class that most pixels of each block have; of as many the higher one.

    Classes that cover everything have no order in which one could hide another.
    """
    if step == 1 or not values.size:
        return values
    shape = -(-values.shape[0] // step), -(-values.shape[1] // step)
    best: Any = None
    made = np.zeros(shape, np.uint8)
    for number in np.flatnonzero(counts_of(values)):
        count = np.zeros(shape, np.uint32)
        # By strides: reductions over few neighbours take many times as long.
        for row in range(min(step, values.shape[0])):
            for column in range(min(step, values.shape[1])):
                some = values[row::step, column::step]
                count[: some.shape[0], : some.shape[1]] += some == number
        if best is None:
            best, made[:] = count, number
        else:
            more = count >= best
            best[more], made[more] = count[more], number
    return made


def counts_of(values: Classes, most: int = 255) -> npt.NDArray[np.int64]:
    """Give how many pixels each class has, from 0 to `most`, without eight bytes for each of them."""
    found = np.zeros(most + 1, np.int64)
    for number in range(1, int(values.max()) + 1 if values.size else 0):
        found[number] = np.count_nonzero(values == number)
    found[0] = values.size - found.sum()
    return found
