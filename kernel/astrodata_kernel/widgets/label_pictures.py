"""What of an event crosses to the browser: its line, its pixels, or its values as texts."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ..processing.events import Events
from ..processing.thumbnails import limits_of
from ..wire import encode
from .pictures import travelling

SIDE = 1_024
"""Pixels of a side up to which an image travels as it is; of larger ones every second, third, ... does."""

Array = npt.NDArray[Any]


def picture(events: Events, row: int) -> tuple[dict[str, Any], list[memoryview]]:
    """Give an event as it is drawn large.

    Parameters
    ----------
    events
        Where it is.
    row
        Its number.

    Returns
    -------
    meta, buffers
        Waveforms: ``samples``, ``low`` and ``high`` of the finite values, and one buffer of ``shape``
        (1, 1, samples), or (1, 2, columns) with the lowest and the highest value of each column. Images:
        ``width`` and ``height`` of the event, ``step`` from pixel to pixel, ``limits`` of each band, and
        one buffer of ``shape`` (bands, rows, columns), one band or three. Rows: nothing beyond their facts.
    """
    if events.kind == "rows":
        return {}, []
    values = np.asarray(events.array(row))
    return _line(values) if events.kind == "waveforms" else _image(values)


def _line(values: Array) -> tuple[dict[str, Any], list[memoryview]]:
    values = values.ravel()
    with np.errstate(over="ignore"):
        shown = values.astype(np.float32)
    finite = shown[np.isfinite(shown)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    meta, buffer = encode(travelling(shown))
    bad = int(len(shown) - finite.size)
    return {**meta, "samples": len(shown), "low": low, "high": high, "invalid": bad}, [buffer]


def _image(values: Array) -> tuple[dict[str, Any], list[memoryview]]:
    bands = values[..., None] if values.ndim == 2 else values
    bands = bands[..., :3] if bands.shape[-1] >= 3 else bands[..., :1]
    height, width = bands.shape[:2]
    step = max(1, -(-max(height, width) // SIDE))
    with np.errstate(over="ignore"):
        shown = np.moveaxis(bands[::step, ::step], -1, 0).astype(np.float32)
    meta, buffer = encode(shown)
    facts = {
        "width": width,
        "height": height,
        "step": step,
        "limits": [list(limits_of(band)) for band in shown],
        "invalid": int(np.count_nonzero(~np.isfinite(shown))),
    }
    return {**meta, **facts}, [buffer]
