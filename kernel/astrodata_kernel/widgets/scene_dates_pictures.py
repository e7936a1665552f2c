"""Small pictures of the dates of a viewer of scenes, in the bands, limits and colours on show."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np

from ..datasets.scene import Scene
from ..errors import BadRequest
from ..processing.raster import Image
from ..wire import Reply, encode
from .base import Cancel, RequestWidget, answers
from .fits_colours import colour_table
from .scene_dates import number_of_date
from .scene_planes import BandsOnShow, Kept

SMALL = 96
"""Pixels of the longer side, unless another number is asked for."""

_KEPT = 512
"""Small bands that are kept, of some 40 kB each."""

_NOTHING = 128
"""Grey of what a date does not cover."""


class DatePicturesWidget(RequestWidget):
    """Answers requests for thumbnails of dates."""

    bands: Any
    composite: Any
    colormap: Any
    limits_in_force: Callable[[], tuple[float, float]]
    band_limits_in_force: Callable[[], list[tuple[float, float]]]
    _scenes: tuple[Scene, ...]
    _norm: Callable[[int, tuple[float, float]], Any]
    _shaded: Callable[[Any], Any]
    _small: SmallBands

    @answers("thumbnail")
    def _thumbnail(self, date: int, size: int = SMALL, *, cancel: Cancel) -> Reply:
        """Give (rows, columns, 3) of red, green and blue, u1, north up."""
        number = number_of_date(self._scenes, int(date))
        if not 16 <= size <= 512:
            raise BadRequest(f"a thumbnail of {size} pixels cannot be given: ask for 16 to 512")
        images = []
        for name in self.bands:
            cancel.check()
            images.append(self._small.get(self._scenes[number], number, name, int(size)))
        meta, buffer = encode(self._painted(images))
        height, width = images[0].shape
        return Reply({**meta, "date": number, "width": width, "height": height}, [buffer])

    def _painted(self, images: list[Image]) -> Any:
        composite = self.composite and len(images) == 3
        limits = self.band_limits_in_force() if composite else [self.limits_in_force()]
        shares = []
        for plane, (image, ends) in enumerate(zip(images, limits, strict=False)):
            norm = self._norm(plane, ends)
            filled = np.nan_to_num(image, nan=ends[0]).astype(np.float64)
            shares.append(self._shaded(np.asarray(norm(filled))))
        if composite:
            colours = np.stack(shares, axis=-1)
        else:
            colours = colour_table(self.colormap)[np.round(255 * shares[0]).astype(int)]
        out = np.round(255 * np.clip(colours, 0, 1)).astype(np.uint8)
        out[~np.all(np.isfinite(images[: len(shares)]), axis=0)] = _NOTHING
        return out[::-1]


class SmallBands:
    """Bands and indices of several dates at the size of a thumbnail; any thread may ask."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._images: OrderedDict[tuple[int, str, int], Image] = OrderedDict()

    def get(self, scene: Scene, number: int, name: str, size: int) -> Image:
        """Give a band of date `number` with at most `size` pixels a side, rows from the south."""
        key = (number, name, size)
        with self._lock:
            known = self._images.get(key)
            if known is not None:
                self._images.move_to_end(key)
        if known is None:
            shown = BandsOnShow(scene, [name])
            rows, columns = shown.grid.shape
            step = -(-max(rows, columns) // size)
            known = shown.reduced(0, slice(0, rows), slice(0, columns), step)
            with self._lock:
                self._images[key] = known
                while len(self._images) > _KEPT:
                    self._images.popitem(last=False)
        return known


class KeptOfDate(Kept):
    """What is kept of all dates, as one of them asks for it: so many pictures in all, however many dates.

    Parameters
    ----------
    kept
        Of all dates.
    date
        Number of the one that asks.
    times
        Gives how often bands were written anew: what was reduced before then is of another kind.
    """

    def __init__(self, kept: Kept, date: int, times: Callable[[], int] = int) -> None:
        super().__init__()
        self._kept, self._date, self._times = kept, date, times

    def get(self, name: str, step: int, make: Callable[[], Image]) -> Image:
        """Give that of a name and a step; `make` gives what is not known."""
        return self._kept.get(f"{self._date}/{self._times()}/{name}", step, make)
