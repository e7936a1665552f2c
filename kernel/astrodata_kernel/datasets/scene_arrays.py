"""Bands of satellite scenes as lazy arrays: digital numbers, reflectance, resampled onto other grids."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from ..errors import BadRequest
from .lazy import Block, LazyArray, Values

CHUNK_PIXELS = 4 << 20
"""Source pixels that are read at a time for a slice with steps, or one that is resampled."""


@dataclass(frozen=True)
class Grid:
    """Pixels on the ground: `transform` is (dx, 0, left, 0, dy, top) in the units of `crs`."""

    crs: str
    transform: tuple[float, float, float, float, float, float]
    shape: tuple[int, int]

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """Left, bottom, right and top edge."""
        dx, _, left, _, dy, top = self.transform
        right, bottom = left + dx * self.shape[1], top + dy * self.shape[0]
        return min(left, right), min(top, bottom), max(left, right), max(top, bottom)

    @property
    def x(self) -> npt.NDArray[np.floating[Any]]:
        """Where the centres of the columns are."""
        return self.transform[2] + self.transform[0] * (np.arange(self.shape[1]) + 0.5)

    @property
    def y(self) -> npt.NDArray[np.floating[Any]]:
        """Where the centres of the rows are."""
        return self.transform[5] + self.transform[4] * (np.arange(self.shape[0]) + 0.5)

    def scaled(self, factor: float) -> Grid:
        """Give the grid of pixels that are `factor` times as large, from the same corner."""
        dx, _, left, _, dy, top = self.transform
        rows, columns = (max(1, round(n / factor)) for n in self.shape)
        return Grid(self.crs, (dx * factor, 0.0, left, 0.0, dy * factor, top), (rows, columns))

    def same(self, other: Grid) -> bool:
        """Tell whether both have the same pixels, to a thousandth of one."""
        near = 1e-3 * abs(self.transform[0])
        ends = zip(self.bounds, other.bounds, strict=True)
        return (
            self.crs == other.crs
            and self.shape == other.shape
            and all(abs(a - b) < near for a, b in ends)
        )


class Raster(Protocol):
    """One layer of pixels in a file, read by windows; any number of threads may read it."""

    @property
    def grid(self) -> Grid:
        """Where its pixels are."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of its values."""

    @property
    def nodata(self) -> float | None:
        """What the file writes where there is nothing."""

    def read(self, rows: slice, columns: slice) -> Values:
        """Give a window as it is stored."""

    def reduced(self, rows: slice, columns: slice, step: int, classes: bool) -> Values:
        """Give one value for each `step` x `step` pixels, by the file's own overviews where it has any."""


@dataclass(frozen=True)
class Calibration:
    """How numbers become physical values: ``(DN + offset) * scale``, and NaN for some of them."""

    offset: float
    scale: float
    blank: tuple[float, ...] = ()

    def __call__(self, numbers: Values) -> Values:
        """Give float32 values."""
        out = numbers.astype(np.float32)
        if self.offset:
            out += np.float32(self.offset)
        if self.scale != 1:
            out *= np.float32(self.scale)
        for value in self.blank:
            out[numbers == value] = np.nan
        return out


class BandArray(LazyArray):
    """A band as it is stored, or as physical values where there is a calibration; on its grid or another.

    Parameters
    ----------
    raster
        Where the numbers come from.
    calibration
        What makes physical values of them, None for the numbers themselves.
    grid
        Grid to resample onto, of the same CRS; None for its own. Physical values are interpolated linearly
        between finer pixels and averaged over larger ones, NaN left out; numbers are those of the nearest
        pixel.
    """

    def __init__(
        self, raster: Raster, calibration: Calibration | None = None, grid: Grid | None = None
    ) -> None:
        own = raster.grid
        self.raster, self.calibration = raster, calibration
        self.grid = own if grid is None or own.same(grid) else grid
        self._resampled = self.grid is not own
        if self._resampled and self.grid.crs != own.crs:
            raise BadRequest(f"pixels in {own.crs} cannot be laid on a grid in {self.grid.crs}")
        super().__init__(self.grid.shape, raster.dtype if calibration is None else np.float32)

    def _read(self, block: Block) -> Values:
        rows, columns = block
        counts = [len(range(s.start, s.stop, s.step)) for s in block]
        out = np.empty(counts, self.dtype)
        if not out.size:
            return out
        width = columns.stop - columns.start
        if self._resampled:
            # Pixels of the source behind one row, where those are finer.
            for i in (0, 4):
                finer = abs(self.grid.transform[i] / self.raster.grid.transform[i])
                width = int(width * max(1.0, finer))
        at_once = max(1, CHUNK_PIXELS // max(1, width))
        at_once = max(1, at_once // rows.step) * rows.step
        for start in range(rows.start, rows.stop, at_once):
            stop = min(start + at_once, rows.stop)
            part = self._window(slice(start, stop), slice(columns.start, columns.stop))
            first = (start - rows.start) // rows.step
            strided = part[:: rows.step, :: columns.step]
            out[first : first + len(strided)] = strided
        return out

    def _window(self, rows: slice, columns: slice) -> Values:
        if self._resampled:
            return resampled(self.raster, self.calibration, self.grid, rows, columns)
        numbers = self.raster.read(rows, columns)
        return numbers if self.calibration is None else self.calibration(numbers)


def resampled(
    raster: Raster, calibration: Calibration | None, grid: Grid, rows: slice, columns: slice
) -> Values:
    """Give a window of another grid: nearest pixels of numbers, linear or mean of physical values."""
    own = raster.grid
    edges = [
        _edges(part, grid.transform[i], grid.transform[j], own.transform[i], own.transform[j])
        for part, i, j in ((rows, 4, 5), (columns, 0, 2))
    ]
    centres = [(e[1:] + e[:-1]) / 2 for e in edges]
    reach = [
        _reach(e, n, 0 if calibration is None else 1) for e, n in zip(edges, own.shape, strict=True)
    ]
    if any(part.stop <= part.start for part in reach):
        empty = np.zeros([len(c) for c in centres], raster.dtype)
        return empty if calibration is None else np.full(empty.shape, np.nan, np.float32)
    numbers = raster.read(*reach)
    inside = [(c >= 0) & (c < n) for c, n in zip(centres, own.shape, strict=True)]
    outside = ~np.outer(*inside)
    starts = [part.start for part in reach]
    nearest = [
        np.clip(np.floor(c).astype(int) - at, 0, n - 1)
        for c, at, n in zip(centres, starts, numbers.shape, strict=True)
    ]
    if calibration is None:
        taken = numbers[np.ix_(*nearest)]
        taken[outside] = 0 if raster.nodata is None else raster.nodata
        return taken
    values = calibration(numbers)
    known = np.isfinite(values)
    filled = np.where(known, values, np.float32(0))
    for axis in (0, 1):
        grows = abs(edges[axis][1] - edges[axis][0]) > 1 + 1e-9
        make = _averaged if grows else _interpolated
        places = (edges if grows else centres)[axis] - starts[axis]
        filled = make(filled, places, axis)
        if known is not None and not known.all():
            weight = make(known.astype(np.float32) if known.dtype == bool else known, places, axis)
            known = weight
        else:
            known = np.ones(filled.shape, np.float32)
    with np.errstate(invalid="ignore", divide="ignore"):
        out: Values = (filled / known).astype(np.float32)
    gone = known < 0.5 - 1e-6  # most of what would be averaged is missing
    out[gone | outside] = np.nan
    return out


def _edges(part: slice, step: float, origin: float, own_step: float, own_origin: float) -> Values:
    places = origin + step * np.arange(part.start, part.stop + 1)
    return np.asarray((places - own_origin) / own_step)


def _reach(edges: Values, n: int, beyond: int) -> slice:
    low, high = float(edges.min()), float(edges.max())
    return slice(max(0, int(np.floor(low)) - beyond), min(n, int(np.ceil(high)) + beyond))


def _interpolated(values: Values, centres: Values, axis: int) -> Values:
    """Give values between pixel centres along an axis, linear; beyond the outermost ones those."""
    n = values.shape[axis]
    place = np.clip(centres - 0.5, 0, n - 1)
    left = np.minimum(place.astype(int), max(0, n - 2))
    share = (place - left).astype(np.float32)
    right = np.minimum(left + 1, n - 1)
    shape = (-1, 1) if axis == 0 else (1, -1)
    share = share.reshape(shape)
    low, high = np.take(values, left, axis), np.take(values, right, axis)
    out: Values = low * (1 - share) + high * share
    return out


def _averaged(values: Values, edges: Values, axis: int) -> Values:
    """Give means between edges along an axis, pixels that are cut by their share."""
    n = values.shape[axis]
    total = np.cumsum(values, axis=axis, dtype=np.float64)
    pad = [(0, 0), (0, 0)]
    pad[axis] = (1, 0)
    total = np.pad(total, pad)
    place = np.clip(edges, 0, n)
    left = np.minimum(place.astype(int), n - 1)
    share = (place - left).reshape((-1, 1) if axis == 0 else (1, -1))
    at = np.take(total, left, axis) * (1 - share) + np.take(total, left + 1, axis) * share
    width = np.maximum(np.abs(np.diff(place)), 1e-9).reshape((-1, 1) if axis == 0 else (1, -1))
    out: Values = (np.abs(np.diff(edges)).reshape(width.shape) > 0) * np.diff(at, axis=axis) / width
    return out


class Stacked(LazyArray):
    """Bands over each other on one grid: (bands, rows, columns)."""

    def __init__(self, bands: Sequence[LazyArray]) -> None:
        self._bands = tuple(bands)
        dtype = np.result_type(*(band.dtype for band in bands)) if bands else np.dtype("f4")
        shape = bands[0].shape if bands else (0, 0)
        super().__init__((len(self._bands), *shape), dtype)

    def _read(self, block: Block) -> Values:
        which, rows, columns = block
        chosen = self._bands[which]
        counts = [len(range(s.start, s.stop, s.step)) for s in (rows, columns)]
        out = np.empty([len(chosen), *counts], self.dtype)
        for number, band in enumerate(chosen):
            out[number] = band[rows, columns]
        return out


class Tested(LazyArray):
    """Where a band has some values, as booleans: masks of clouds, of saturated pixels."""

    def __init__(self, source: LazyArray, test: Any) -> None:
        self._source, self._test = source, test
        super().__init__(source.shape, np.bool_)

    def _read(self, block: Block) -> Values:
        return np.asarray(self._test(self._source[block]), bool)


@dataclass(frozen=True)
class OneOf:
    """Tests whether numbers are some of these."""

    values: tuple[float, ...]

    def __call__(self, numbers: Values) -> Values:
        """Give True where they are."""
        found: Values = np.isin(numbers, self.values)
        return found


@dataclass(frozen=True)
class AtLeast:
    """Tests whether numbers reach a limit."""

    limit: float

    def __call__(self, numbers: Values) -> Values:
        """Give True where they do."""
        found: Values = numbers >= self.limit
        return found


@dataclass(frozen=True)
class AnyBit:
    """Tests whether any of some bits is set."""

    bits: int

    def __call__(self, numbers: Values) -> Values:
        """Give True where one is."""
        found: Values = (numbers.astype(np.int64) & self.bits) != 0
        return found


class AnyOf(LazyArray):
    """Where any of some masks of one grid is true."""

    def __init__(self, masks: Sequence[LazyArray]) -> None:
        self._masks = tuple(masks)
        super().__init__(masks[0].shape, np.bool_)

    def _read(self, block: Block) -> Values:
        out: Values = self._masks[0][block]
        for mask in self._masks[1:]:
            out = out | mask[block]
        return out
