"""Layers of GeoTIFF and JPEG 2000 files: windows, and lower resolutions."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ..datasets.lazy import Values
from ..datasets.scene_arrays import CHUNK_PIXELS, Grid
from ..errors import DamagedFile, TooLarge, UnreadableFile
from .sentinel_gdal import FileFacts, GdalFile


@dataclass(frozen=True)
class GdalRaster:
    """One layer of a `GdalFile`.

    Parameters
    ----------
    file
        The file.
    index
        Number of the layer, from 1.
    told
        What metadata say of its pixels, for files at addresses, which are opened when they are read.
    blank
        Number that stands for nothing where the file itself does not say.
    """

    file: GdalFile
    index: int = 1
    told: tuple[Grid, str] | None = None
    blank: float | None = None

    @property
    def facts(self) -> FileFacts:
        """What the file says."""
        return _known(self.file)

    @property
    def grid(self) -> Grid:
        """Where its pixels are."""
        if self.told is not None:
            return self.told[0]
        facts = self.facts
        return Grid(facts.crs, facts.transform, facts.shape)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of its values."""
        return np.dtype(
            self.told[1] if self.told is not None else self.facts.dtypes[self.index - 1]
        )

    @property
    def nodata(self) -> float | None:
        """What stands for nothing."""
        if self.told is not None:
            return self.blank
        said = self.facts.nodata[self.index - 1]
        return self.blank if said is None else said

    @property
    def is_jpeg2000(self) -> bool:
        """Whether reading it costs so much that a tiled copy pays."""
        return self.told is None and self.facts.driver == "JP2OpenJPEG"

    def read(self, rows: slice, columns: slice) -> Values:
        """Give a window as it is stored."""
        return self.window(self._fast(), None, rows, columns)

    def reduced(self, rows: slice, columns: slice, step: int, classes: bool) -> Values:
        """Give one value for each `step` x `step` pixels, from the file's overviews where they help.

        Means leave nodata out, and are of the number's own type; of classes the middle pixel stands for all.
        """
        file = self._fast()
        with file.opened() as (_, facts):
            self._check(facts)
        # Where it does not divide the step, blocks are whole pixels of it as near as can be.
        # Low resolutions of JPEG 2000 are smoothed, which makes classes that are not there.
        smooth = classes and facts.driver == "JP2OpenJPEG"
        factor = max((n for n in facts.overviews if n <= step and not smooth), default=1)
        level = None if factor == 1 else facts.overviews.index(factor)
        counts = [-(-(part.stop - part.start) // step) for part in (rows, columns)]
        out = np.zeros(counts, self.dtype)
        if not out.size:
            return out
        source = [-(-n // factor) for n in facts.shape]
        at_once = max(1, CHUNK_PIXELS // max(1, step * (columns.stop - columns.start) // factor**2))
        for first in range(0, counts[0], at_once):
            last = min(first + at_once, counts[0])
            block = slice(rows.start + first * step, min(rows.start + last * step, rows.stop))
            inner = [
                slice(part.start // factor, min(-(-part.stop // factor), n))
                for part, n in zip((block, columns), source, strict=True)
            ]
            values = self.window(file, level, *inner)
            out[first:last] = _picked(
                values, (last - first, counts[1]), step / factor, classes, self.nodata
            )
        return out

    def window(self, file: GdalFile, level: int | None, rows: slice, columns: slice) -> Values:
        """Give a window of the file itself or of its tiled copy, at full size or of one of its overviews."""
        from rasterio.windows import Window

        if file is not self.file and not Path(file.place).exists():
            file = self.file  # the temporary folder was emptied
        with file.opened(level) as (handle, facts):
            if level is None:
                self._check(facts)
            height, width = rows.stop - rows.start, columns.stop - columns.start
            first = facts.shape[0] - rows.stop if facts.southward else rows.start
            index = self.index if file is self.file else 1
            try:
                values: Values = handle.read(
                    index, window=Window(columns.start, first, width, height)
                )
            except MemoryError:
                raise TooLarge(
                    f"{self.file.name}: no memory for {height} x {width} pixels"
                ) from None
        return values[::-1] if facts.southward else values

    def _check(self, facts: FileFacts) -> None:
        if self.told is not None and facts.shape != self.told[0].shape:
            raise DamagedFile(
                f"{self.file.name} has {facts.shape[0]} x {facts.shape[1]} pixels, while its metadata say "
                f"{self.told[0].shape[0]} x {self.told[0].shape[1]}: they are not of the same product"
            )

    def _fast(self) -> GdalFile:
        """Give the tiled copy where there is one."""
        from .sentinel_transcode import copy_of

        return copy_of(self) or self.file


@dataclass(frozen=True)
class MissingRaster:
    """A layer that metadata list and of which there is no file: facts, and an error when it is read."""

    grid: Grid
    name: str
    why: str
    dtype: np.dtype[Any] = field(default_factory=lambda: np.dtype("u2"))
    nodata: float | None = 0

    def read(self, rows: slice, columns: slice) -> Values:
        """Say which file is missing."""
        raise UnreadableFile(f"{self.name}: {self.why}")

    def reduced(self, rows: slice, columns: slice, step: int, classes: bool) -> Values:
        """Say which file is missing."""
        return self.read(rows, columns)


_facts_known: dict[Any, FileFacts] = {}


def _known(file: GdalFile) -> FileFacts:
    # Without opening the file in each thread that asks for a shape.
    known = _facts_known.get(file.key)
    if known is None:
        if len(_facts_known) > 4096:
            _facts_known.clear()
        known = _facts_known[file.key] = file.facts()
    return known


def _picked(
    values: Values, shape: tuple[int, int], step: float, classes: bool, nodata: float | None
) -> Values:
    """Give one value for each block of `step` pixels, the last ones of less."""
    rows, columns = (
        np.minimum(np.arange(n + 1) * step, size).astype(int)
        for n, size in zip(shape, values.shape, strict=True)
    )
    rows, columns = (
        np.minimum(e, n - 1) for e, n in zip((rows, columns), values.shape, strict=True)
    )
    if classes or step <= 1:
        middle = int(step) // 2
        chosen = (
            np.minimum(e[:-1] + middle, n - 1)
            for e, n in zip((rows, columns), values.shape, strict=True)
        )
        picked: Values = values[np.ix_(*chosen)]
        return picked
    known = np.ones(values.shape, bool) if nodata is None else values != nodata
    if values.dtype.kind == "f":
        known &= np.isfinite(values)
    total, count = (
        np.add.reduceat(np.add.reduceat(v.astype(np.float64), rows[:-1], 0), columns[:-1], 1)
        for v in (np.where(known, values, 0), known)
    )
    blank = np.nan if values.dtype.kind == "f" and nodata is None else (nodata or 0)
    mean = np.where(count > 0, total / np.maximum(count, 1), blank)
    return (np.rint(mean) if values.dtype.kind in "ui" else mean).astype(values.dtype)
