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
    rows = np.arange(0, values.shape[0], step)
    columns = np.arange(0, values.shape[1], step)
    best: Any = None
    made = np.zeros((len(rows), len(columns)), np.uint8)
    for number in np.flatnonzero(counts_of(values)):
        here = (values == number).astype(np.uint32)
        count = np.add.reduceat(np.add.reduceat(here, rows, 0), columns, 1)
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
