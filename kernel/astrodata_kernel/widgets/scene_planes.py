"""Bands and indices of a scene as the planes of a picture: north up, from the files' lower resolutions."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

import numpy as np

from ..datasets.lazy import Block, LazyArray, Values
from ..datasets.scene import Scene
from ..processing import indices
from ..processing.pyramid import OVERVIEW, Planes
from ..processing.raster import Image
from ..processing.scene_lower import centres, halved, window_of

_KEPT = 12
"""Whole bands at low resolution that are kept: overview, limits and histogram each ask for them."""


class BandsOnShow(LazyArray):
    """Values of bands and indices on the scene's finest grid, float32 of (bands, rows, columns).

    Rows count from the south, as those of all pictures in the viewer do.

    Parameters
    ----------
    scene
        Where they come from.
    names
        As `known_name` gives them.
    """

    def __init__(self, scene: Scene, names: Sequence[str]) -> None:
        self.scene, self.names = scene, tuple(names)
        self.grid = scene.grid()
        self._layers = {*scene.bands.names, *scene.layers.names}
        self._resolution = min(one.resolution for one in scene.bands or scene.layers)
        super().__init__((len(self.names), *self.grid.shape), np.float32)

    def _read(self, block: Block) -> Values:
        which, rows, columns = block
        height = self.shape[1]
        # Forwards from the north, then turned around.
        count = len(range(rows.start, rows.stop, rows.step))
        last = rows.start + rows.step * (count - 1) if count else rows.start
        north = slice(height - 1 - last, height - rows.start, rows.step) if count else slice(0, 0)
        parts = [self._exact(name, north, columns)[::-1] for name in self.names[which]]
        shape = (0, count, len(range(columns.start, columns.stop, columns.step)))
        return np.stack(parts) if parts else np.empty(shape, np.float32)

    def _exact(self, name: str, rows: slice, columns: slice) -> Values:
        """Give values with rows from the north."""
        if name in self._layers:
            band = self.scene.named(name)
            told = band.offset is not None and band.scale is not None
            read = self.scene.band if told or band.in_classes else self.scene.dn
            array = read(name, self._resolution)
        else:
            array = self.scene.index(name, self._resolution)
        return np.asarray(array[rows, columns], np.float32)

    def reduced(self, plane: int, rows: slice, columns: slice, step: int) -> Image:
        """Give one value for each `step` x `step` pixels, from overviews and JPEG 2000's low resolutions."""
        name = self.names[plane]
        if name in self._layers:
            return self._low(name, rows, columns, step)
        values = {band: self._low(band, rows, columns, step) for band in indices.bands_of(name)}
        found: Image = next(iter(indices.compute(name, values, scale=1.0).values()))
        return found

    def _low(self, name: str, rows: slice, columns: slice, step: int) -> Image:
        band = self.scene.named(name)
        own, height = band.raster.grid, self.shape[1]
        inner = halved(step * abs(self.grid.transform[0] / own.transform[0]))
        # Centres of a picture's rows, from the south, to pixels of the band, from the north.
        places = (height - 1 - centres(rows, step), centres(columns, step))
        taken, windows, outside = [], [], []
        for at, i, j, size in ((places[0], 4, 5, own.shape[0]), (places[1], 0, 2, own.shape[1])):
            ground = self.grid.transform[j] + self.grid.transform[i] * (at + 0.5)
            pixel = (ground - own.transform[j]) / own.transform[i]
            outside.append((pixel < 0) | (pixel >= size))
            pixel = np.clip(np.floor(pixel + 1e-9).astype(int), 0, size - 1)
            window, there = window_of(pixel, size, inner)
            windows.append(window)
            taken.append(there)
        values = self.scene.read(name, windows[0], windows[1], inner)
        found = values[np.ix_(*taken)].astype(np.float32)
        found[outside[0], :] = np.nan
        found[:, outside[1]] = np.nan
        return found


class Kept:
    """Whole bands and indices of one scene at low resolution, the last ones; any thread may ask."""

    def __init__(self) -> None:
        self._images: dict[tuple[str, int], Image] = {}
        self._lock = threading.Lock()

    def get(self, name: str, step: int, make: Callable[[], Image]) -> Image:
        """Give that of a name and a step; `make` gives what is not known."""
        with self._lock:
            known = self._images.get((name, step))
        if known is None:
            known = make()
            with self._lock:
                while len(self._images) >= _KEPT:
                    del self._images[next(iter(self._images))]
                self._images[(name, step)] = known
        return known


class ScenePlanes(Planes):
    """The planes of a scene's bands on show, whose reduced views are the files' own lower resolutions.

    Parameters
    ----------
    bands
        What is on show.
    kept
        What was read of the same scene before.
    """

    def __init__(self, bands: BandsOnShow, kept: Kept) -> None:
        super().__init__(bands)
        self._bands, self._kept = bands, kept

    def reduced(self, plane: int, rows: slice, columns: slice, step: int) -> tuple[Image, str]:
        """Give a part of a plane with `step` pixels a side to each of its own, and how it was reduced."""
        if step == 1:
            return self.read(plane, rows, columns), "full"
        if not 0 <= plane < self.count:
            self.read(plane, slice(0, 0), slice(0, 0))  # says so

        def make() -> Image:
            return self._bands.reduced(plane, rows, columns, step)

        whole = range(self.rows)[rows], range(self.columns)[columns]
        if whole == (range(self.rows), range(self.columns)):
            return self._kept.get(self._bands.names[plane], step, make), "block mean"
        return make(), "block mean"

    def sample(self, plane: int = 0) -> tuple[Image, bool]:
        """Give pixels of a plane that stand for all in its statistics, and whether they are all."""
        step = self._step(OVERVIEW)
        every = slice(0, self.rows), slice(0, self.columns)
        return self.reduced(plane, *every, step)[0], step == 1

    def _step(self, width: int) -> int:
        step = super()._step(width)
        return 1 << (step - 1).bit_length()
