"""Rows that are selected: masks of them, and what becomes of one selection by another."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import BadRequest

Mask = npt.NDArray[np.bool_]

OPS = ("replace", "add", "subtract", "intersect", "toggle")
"""What becomes of a selection by the rows that are named."""


def mask_of(which: Any, count: int, name: str = "the table") -> Mask:
    """Give rows of some numbers, or a mask itself, as a mask.

    Parameters
    ----------
    which
        Boolean, shape (count,), or numbers of rows from 0.
    count
        Number of rows.
    name
        Of the table, for errors.

    Raises
    ------
    BadRequest
        What is neither, or a row that there is not.
    """
    values = np.asarray(which)
    if values.dtype == bool:
        if values.shape != (count,):
            raise BadRequest(f"a mask of shape {values.shape}: {name} has {count:,} rows")
        return values
    if values.ndim != 1 or (values.size and values.dtype.kind not in "iu"):
        raise BadRequest("rows are a boolean mask, or their numbers from 0")
    if values.size and not 0 <= values.min() <= values.max() < count:
        raise BadRequest(f"rows {values.min()} to {values.max()}: {name} has rows 0 to {count - 1}")
    mask = np.zeros(count, bool)
    mask[values.astype(np.int64)] = True
    return mask


def selected_by(before: Mask, mask: Mask, op: str = "replace") -> Mask:
    """Give the selection after rows were selected, added, taken away, kept alone or toggled.

    Raises
    ------
    BadRequest
        `op` is none of `OPS`.
    """
    if op == "replace":
        return mask.copy()
    if op == "add":
        return before | mask
    if op == "subtract":
        return before & ~mask
    if op == "intersect":
        return before & mask
    if op == "toggle":
        return before ^ mask
    raise BadRequest(f"{op!r} is no way to select: there are {', '.join(OPS)}")
