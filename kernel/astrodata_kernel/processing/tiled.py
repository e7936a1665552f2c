"""A whole scene through a network: windows that overlap, blended so that no seams are seen."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import BadRequest, Cancelled
from .burnt_maps import map_of
from .normalise import PercentileScaling
from .tiled_sources import Source, source_of
from .tiled_windows import Blend, starts

Array = npt.NDArray[Any]

BLOCK = 512
"""Rows and columns of the result that are made at a time."""


def predict_scene(
    model: Any,
    source: Any,
    *,
    size: int = 128,
    overlap: int = 32,
    batch: int = 8,
    bands: Sequence[str] | None = None,
    resolution: float | None = None,
    scaling: PercentileScaling | None = None,
    block: int = BLOCK,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Any:
    """Give the map that a network, or any function, makes of a scene of any size.

    Windows of `size` pixels lie `size - overlap` apart, the last ones at the edge. Where several see a pixel
    it gets their mean, in which each counts less towards its own edges; the weights add up to 1 everywhere.
    The input is read and predicted block by block: beside the result no more than one block is in memory.

    Parameters
    ----------
    model
        A Keras model, or a function: a batch of windows, float32 of shape (n, size, size, bands) or
        (n, dates, size, size, bands), to values of shape (n, size, size) or (n, size, size, 1).
    source
        An array or Dask array of shape (rows, columns, bands) or (dates, rows, columns, bands); a scene,
        which is one date, or a list of scenes: they come by date, on the grid of the first that is given.
    size, overlap
        Edge of a window, and how much of it the next one has too, in pixels. A network of two halvings takes
        multiples of 4.
    batch
        Windows that the model gets at a time.
    bands, resolution
        Of scenes: bands, layers or indices by name and in order (those of `scaling` by default), and pixel
        size in m (that of the finest of them).
    scaling
        Limits of the bands that the network was trained with.
    block
        Rows and columns that are made at a time. The result does not depend on it.
    progress
        Told the share done, 0 to 1.
    cancelled
        Asked before each batch; True gives up.

    Returns
    -------
    ndarray or xarray.DataArray
        float32, shape (rows, columns); NaN where any band of any date is. Of scenes with their grid.

    Raises
    ------
    BadRequest
        An overlap that is no smaller than the window, a source or a result of another shape.
    Cancelled
        `cancelled` said so.
    """
    made, read = _prepared(
        model, source, size, overlap, batch, bands, resolution, scaling, cancelled, block
    )
    rows, columns = read.shape
    out = np.empty((rows, columns), np.float32)
    tops, lefts = range(0, rows, block), range(0, columns, block)
    count = len(tops) * len(lefts)
    for done, (top, left) in enumerate((top, left) for top in tops for left in lefts):
        part = slice(top, min(top + block, rows)), slice(left, min(left + block, columns))

        def told(share: float, done: int = done) -> None:
            if progress is not None:
                progress((done + share) / count)

        out[part] = made(*part, told)
    if progress is not None:
        progress(1.0)
    if read.grid is None:
        return out
    return map_of(out, read.grid, read.resolution, "probability")


def predict_lazily(
    model: Any,
    source: Any,
    *,
    size: int = 128,
    overlap: int = 32,
    batch: int = 8,
    bands: Sequence[str] | None = None,
    resolution: float | None = None,
    scaling: PercentileScaling | None = None,
    block: int = BLOCK,
) -> Any:
    """Give the same map as a Dask array: a block is read and predicted when it is asked for.

    Parameters and errors are those of `predict_scene`; the values too, as far as the model gives a window the
    same values in batches of other sizes. Blocks may be computed by several threads, the model sees one batch
    at a time.

    Returns
    -------
    dask.array.Array or xarray.DataArray
        float32, shape (rows, columns), in chunks of `block`.
    """
    import dask.array
    from dask.delayed import delayed

    made, read = _prepared(
        model, source, size, overlap, batch, bands, resolution, scaling, None, block
    )
    whole = []
    for top in range(0, read.shape[0], block):
        line = []
        for left in range(0, read.shape[1], block):
            part = (
                slice(top, min(top + block, read.shape[0])),
                slice(left, min(left + block, read.shape[1])),
            )
            shape = tuple(one.stop - one.start for one in part)
            task = delayed(made, pure=False)(*part, None)
            line.append(dask.array.from_delayed(task, shape, np.float32))
        whole.append(line)
    values = dask.array.block(whole)
    if read.grid is None:
        return values
    return map_of(values, read.grid, read.resolution, "probability")


def _prepared(
    model: Any,
    source: Any,
    size: int,
    overlap: int,
    batch: int,
    bands: Sequence[str] | None,
    resolution: float | None,
    scaling: PercentileScaling | None,
    cancelled: Callable[[], bool] | None,
    block: int,
) -> tuple[_Blocks, Source]:
    if block < 1:
        raise BadRequest(f"blocks of {block} pixels: give at least 1, as {BLOCK}")
    if size < 1 or not 0 <= overlap < size or batch < 1:
        raise BadRequest(
            f"windows of {size} pixels that overlap by {overlap}, {batch} at a time: give an overlap smaller "
            "than the window, and at least one window"
        )
    if bands is None and scaling is not None and scaling.bands:
        bands = scaling.bands
    read = source_of(source, bands, resolution)
    if scaling is not None and len(scaling.low) != read.channels:
        raise BadRequest(
            f"the source has {read.channels} bands, the scaling {len(scaling.low)}: give the bands that the "
            "network was trained with"
        )
    return _Blocks(_called(model), read, size, size - overlap, batch, scaling, cancelled), read


def _called(model: Any) -> Callable[[Array], Any]:
    if hasattr(model, "predict_on_batch"):
        return _Network(model)
    if not callable(model):
        raise BadRequest(f"{type(model).__name__} is neither a network nor a function of windows")
    function: Callable[[Array], Any] = model
    return function


class _Network:
    """Asks a Keras model for batches of few sizes: each other one is traced or compiled anew."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self._takes = tuple(getattr(model, "input_shape", None) or ())
        self._sizes: set[int] = set()

    def __call__(self, windows: Array) -> Any:
        takes, given = self._takes[1:], windows.shape[1:]
        if self._takes and (
            len(takes) != len(given)
            or any(a not in (None, b) for a, b in zip(takes, given, strict=True))
        ):
            raise BadRequest(
                f"the network takes windows of {takes}, these are {given}: give size=, the dates and the "
                "bands that it was trained with"
            )
        count = len(windows)
        size = min((one for one in self._sizes if one >= count), default=count)
        self._sizes.add(size)
        if size > count:
            more = np.zeros((size - count, *given), windows.dtype)
            windows = np.concatenate([windows, more])
        return self._model.predict_on_batch(windows)[:count]


class _Blocks:
    """Makes any block of the map. Windows lie where they lie in the whole, whatever the block."""

    def __init__(
        self,
        call: Callable[[Array], Any],
        source: Source,
        size: int,
        stride: int,
        batch: int,
        scaling: PercentileScaling | None,
        cancelled: Callable[[], bool] | None,
    ) -> None:
        self._call, self._source, self._size, self._batch = call, source, size, batch
        self._scaling, self._cancelled = scaling, cancelled
        self._starts = [starts(length, size, stride) for length in source.shape]
        self._lock = threading.Lock()

    def __call__(
        self, rows: slice, columns: slice, told: Callable[[float], None] | None
    ) -> npt.NDArray[np.float32]:
        size = self._size
        tops, lefts = (
            [one for one in every if one < part.stop and one + size > part.start]
            for every, part in zip(self._starts, (rows, columns), strict=True)
        )
        top, left = tops[0], lefts[0]
        values = self._source.read(slice(top, tops[-1] + size), slice(left, lefts[-1] + size))
        if self._scaling is not None:
            values = self._scaling.apply(values)
        gaps = ~np.isfinite(values).all(axis=(0, -1))
        values = np.where(np.isfinite(values), values, np.float32(0))
        values, gaps = _filled_up(values, gaps, size)
        blend = Blend((rows, columns), size)
        places = [(y, x) for y in tops for x in lefts]
        # Where there is nothing at all there is nothing to ask the network.
        places = [
            (y, x)
            for y, x in places
            if not gaps[y - top : y - top + size, x - left : x - left + size].all()
        ]
        for first in range(0, len(places), self._batch):
            if self._cancelled is not None and self._cancelled():
                raise Cancelled("the prediction was given up")
            some = places[first : first + self._batch]
            windows = np.stack(
                [values[:, y - top : y - top + size, x - left : x - left + size] for y, x in some]
            )
            for place, window in zip(some, self._predicted(windows), strict=True):
                blend.add(place, window)
            if told is not None:
                told(min(1.0, (first + len(some)) / len(places)))
        made = blend.values
        made[
            gaps[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]
        ] = np.nan
        return made

    def _predicted(self, windows: Array) -> npt.NDArray[np.float32]:
        n, size = len(windows), self._size
        if self._source.single:
            windows = windows[:, 0]
        with self._lock:  # not every backend takes two threads
            made = np.asarray(self._call(windows), np.float32)
        if made.shape == (n, size, size, 1):
            made = made[..., 0]
        if made.shape != (n, size, size):
            raise BadRequest(
                f"the model gives shape {made.shape} of windows {windows.shape}: it is to give "
                f"({n}, {size}, {size}) or ({n}, {size}, {size}, 1)"
            )
        return made


def _filled_up(values: Array, gaps: Array, size: int) -> tuple[Array, Array]:
    """Mirror a scene that is smaller than a window beyond its last row and column."""
    beyond = [max(0, size - n) for n in gaps.shape]
    if not any(beyond):
        return values, gaps
    pads = [(0, 0), (0, beyond[0]), (0, beyond[1]), (0, 0)]
    return np.pad(values, pads, "symmetric"), np.pad(gaps, pads[1:3], "symmetric")
