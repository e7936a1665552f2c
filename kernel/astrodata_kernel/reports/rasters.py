"""Points by the million as one picture, through Datashader."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import datashader as ds
import numpy as np
import numpy.typing as npt
import pandas as pd
from datashader import transfer_functions as tf

from .looks import RAMP, Look

Array = npt.NDArray[Any]
Pictures = npt.NDArray[np.uint8]

LARGE = 10_000_000
"""Points from which Dask shares the work among cores."""


@dataclass(frozen=True)
class Colouring:
    """What gives points their colour.

    Parameters
    ----------
    codes
        Of classes, shape (n,): 0, 1, ... or -1 for none; or None.
    names, colours
        Of the classes.
    values
        Shape (n,), for a ramp from `low` to `high`; or None.
    title
        Of the column.
    """

    title: str = ""
    codes: Array | None = None
    names: Sequence[str] = ()
    colours: Sequence[str] = ()
    values: Array | None = None
    low: float = 0.0
    high: float = 1.0


class Cloud:
    """Points that are painted again for each part of the plane that is looked at.

    Parameters
    ----------
    x, y
        Shape (n,). What is not finite is left out.
    colouring
        Colour of the points; by their number where it gives none.
    chosen
        Boolean, shape (n,): the others are dimmed. None chooses all.
    """

    def __init__(
        self, x: Array, y: Array, colouring: Colouring, chosen: npt.NDArray[np.bool_] | None = None
    ) -> None:
        self.x, self.y, self.colouring = x, y, colouring
        self._kind = "count"
        frame = pd.DataFrame({"x": x, "y": y}, copy=False)
        if colouring.codes is not None:
            self._kind = "classes"
            # Those without a class are the last one, so that each point has its colour.
            codes = np.where(colouring.codes < 0, len(colouring.names), colouring.codes)
            places = range(len(colouring.names) + 1)
            frame["c"] = pd.Categorical.from_codes(codes, categories=[f"c{i}" for i in places])
        elif colouring.values is not None:
            self._kind = "values"
            frame["c"] = np.asarray(colouring.values, dtype=np.float64)
        finite = np.isfinite(x) & np.isfinite(y)
        if not finite.all():
            frame = frame[finite]
        self._all = _shared(frame)
        self._chosen = None
        if chosen is not None:
            self._chosen = _shared(frame[chosen[finite]])

    def picture(
        self,
        x_range: tuple[float, float],
        y_range: tuple[float, float],
        width: int,
        height: int,
        look: Look,
    ) -> tuple[Pictures, int]:
        """Give a part of the plane as a picture, and how many points are in it.

        Returns
        -------
        pictures, count
            uint8 of shape (height, width, 4), red, green, blue and opacity, lowest row first; and the number
            of all points in it, dimmed ones too.
        """
        canvas = ds.Canvas(int(width), int(height), x_range, y_range)
        counted = canvas.points(self._all, "x", "y", ds.count())
        count = int(counted.sum())
        if self._chosen is None:
            image = self._shaded(canvas, self._all, look)
        else:
            dim = _spread(tf.shade(counted, cmap=[look.other], alpha=90, min_alpha=50))
            image = tf.stack(dim, self._shaded(canvas, self._chosen, look))
        packed = np.ascontiguousarray(image.values)
        return packed.view(np.uint8).reshape(*packed.shape, 4), count

    def _shaded(self, canvas: ds.Canvas, frame: Any, look: Look) -> Any:
        colouring = self.colouring
        if self._kind == "classes":
            keys = [*colouring.colours, look.other]
            key = {f"c{i}": colour for i, colour in enumerate(keys)}
            made = canvas.points(frame, "x", "y", ds.by("c", ds.count()))
            return _spread(tf.shade(made, color_key=key, how="eq_hist", min_alpha=110))
        if self._kind == "values":
            made = canvas.points(frame, "x", "y", ds.mean("c"))
            span = (colouring.low, max(colouring.high, np.nextafter(colouring.low, np.inf)))
            return _spread(tf.shade(made, cmap=list(RAMP), how="linear", span=span))
        made = canvas.points(frame, "x", "y", ds.count())
        return _spread(tf.shade(made, cmap=list(look.density), how="eq_hist"))


def span_of(values: Array, margin: float = 0.03) -> tuple[float, float]:
    """Give lowest and highest finite value with a margin; something to look at in any case."""
    finite = values[np.isfinite(values)]
    if not finite.size:
        return -1.0, 1.0
    low, high = float(finite.min()), float(finite.max())
    room = margin * (high - low)
    if not room > 1e-12 * max(abs(low), abs(high)):
        room = max(1e-6 * max(abs(low), abs(high)), 1e-12) if low or high else 1.0
    return low - room, high + room


def _shared(frame: pd.DataFrame) -> Any:
    if len(frame) < LARGE:
        return frame
    import dask.dataframe as dd

    return dd.from_pandas(frame, npartitions=max(4, len(frame) // 2_500_000), sort=False)


def _spread(image: Any) -> Any:
    # Few points are dots that can be seen; many keep the detail of single pixels.
    occupied = int((np.asarray(image.values) >> 24 > 0).sum()) / image.size
    pixels = next((px for px, share in ((3, 0.004), (2, 0.02), (1, 0.12)) if occupied < share), 0)
    return tf.spread(image, px=pixels, shape="circle") if pixels else image
