"""Events as they cross to the browser, for all widgets that show them: thumbnails and lines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import BadRequest
from ..processing.events import Events
from ..wire import encode
from .base import Cancel

WHOLE = 20_000
"""Samples up to which all of a line travels; of longer ones the lowest and highest values do."""

COLUMNS = 4_000
THUMBNAILS = 64
"""Thumbnails in one answer."""

_AT_ONCE = 8

Array = npt.NDArray[Any]


def thumbnails(
    events: Events, rows: Sequence[int], width: int, height: int, cancel: Cancel
) -> tuple[dict[str, Any], list[memoryview]]:
    """Give small pictures as one buffer: ink of shape (n, height, width), or colours (n, height, width * 3).

    Raises
    ------
    BadRequest
        Too many of them, or too large ones.
    Cancelled
        Nobody waits for them any more.
    """
    width, height = int(width), int(height)
    if not 1 <= len(rows) <= THUMBNAILS or width * height > 256 * 256:
        raise BadRequest(
            f"{len(rows)} thumbnails of {width} x {height} pixels: ask for 1 to {THUMBNAILS} of at most "
            "256 x 256"
        )
    made = []
    for start in range(0, len(rows), _AT_ONCE):
        cancel.check()
        made.append(events.thumbnails(rows[start : start + _AT_ONCE], width, height))
    meta, buffer = encode(np.concatenate(made).reshape(len(rows), height, -1))
    return {**meta, "rows": list(rows), "width": width, "height": height}, [buffer]


def travelling(values: Array) -> Array:
    """Give a line as it travels.

    Parameters
    ----------
    values
        float32, shape (samples,).

    Returns
    -------
    ndarray
        (1, 1, samples), or (1, 2, columns) with the lowest and the highest value of each column.
    """
    if len(values) <= WHOLE:
        return values[None, None, :]
    from ..processing.waveforms import envelope

    return np.stack(envelope(values, 0, len(values), COLUMNS))[None]
