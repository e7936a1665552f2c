"""Values of single pixels of scenes: the spectrum of a date, and indices of many dates as a table."""

from __future__ import annotations

import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..datasets.lazy import LazyArray
from ..datasets.scene import Scene
from ..datasets.scene_arrays import Grid
from ..datasets.scenes_together import by_date
from ..errors import BadRequest
from . import indices as spectral
from .scene_on_grid import SceneOnGrid, finest, is_number, pixel_of

SIDE = 64
"""Pixels on a side of the blocks that are read and kept: the next pixel is mostly near."""

KEPT_BYTES = 128 << 20
"""Of all blocks that are kept."""

Progress = Callable[[float], object]


def series(
    scenes: Sequence[Scene],
    x: float,
    y: float,
    indices: Any = spectral.DEFAULT,
    *,
    clouds: bool = False,
    crs: str | None = None,
    like: Scene | None = None,
    progress: Progress | None = None,
) -> Any:
    """Give indices of one pixel at all dates.

    One pixel of each band that they take is read, once; blocks around it are kept, so that the pixels near
    it cost no reading.

    Parameters
    ----------
    scenes
        In any order. The pixel is one of the first one's finest grid; the others are laid on it, as
        `adk.stack` lays them.
    x, y
        Pixel as a viewer counts it: column from the west, row from the south. With `crs` coordinates of it.
    indices
        As `processing.indices.compute` takes them; the 19 default ones by default.
    clouds
        Whether values under cloud are given too.
    crs
        Of x and y: ``"EPSG:4326"`` for longitude and latitude, ``scenes[0].crs`` for map coordinates.
    like
        Whose finest grid the pixel is of; the first one's of `scenes` by default.
    progress
        Told the share done, 0 to 1, before each date; what it raises ends the work.

    Returns
    -------
    pandas.DataFrame
        A row a date (index ``date``, UTC): a column an index, and ``cloud``. NaN where there is nothing,
        where a scene lacks a band, and under cloud unless `clouds`. ``attrs`` has ``x``, ``y`` and
        ``without_clouds``, names of scenes that do not tell where their clouds are.

    Raises
    ------
    BadRequest
        No scenes, one without a date, a place outside, or reflectance that is not known.
    UnknownName
        An index that is not known, or of which no scene has a band.
    """
    import pandas as pd

    if not scenes:
        raise BadRequest("no scenes: give at least one")
    for scene in scenes:
        if scene.date is None:
            raise BadRequest(f"{scene.name} has no date: a series in time needs one")
    ordered = by_date(scenes)
    first = like or scenes[0]
    size, grid = finest(first), first.grid(finest(first))
    row, column = pixel_of(grid, x, y, crs, first.name)
    bands = spectral.bands_of(indices)
    for name in bands:
        if not any(name in one.bands.names for one in scenes):
            scenes[0].named(name)  # says which there are
    values = np.full((len(bands), len(ordered)), np.nan, np.float32)
    cloud = np.zeros(len(ordered), bool)
    untold = []
    for number, scene in enumerate(ordered):
        if progress is not None:
            progress(number / len(ordered))
        place = _Pixel(scene, grid, size, row, column)
        there = set(scene.bands.names)
        for band, name in enumerate(bands):
            if name in there:
                values[band, number] = place.reflectance(name)
        told = place.cloud()
        cloud[number] = bool(told)
        if told is None:
            untold.append(scene.name)
    made = spectral.compute(indices, dict(zip(bands, values, strict=True)), scale=1.0)
    if not clouds:
        made = {name: np.where(cloud, np.float32(np.nan), one) for name, one in made.items()}
    dates = [np.datetime64(one.date.replace(tzinfo=None), "ns") for one in ordered if one.date]
    frame = pd.DataFrame({**made, "cloud": cloud}, pd.DatetimeIndex(dates, name="date"))
    frame.attrs = {"x": column, "y": grid.shape[0] - 1 - row, "without_clouds": untold}
    return frame


def spectrum(
    scene: Scene, x: float, y: float, *, crs: str | None = None, like: Scene | None = None
) -> Any:
    """Give all bands of one pixel of a scene.

    Parameters
    ----------
    scene
        The scene.
    x, y, crs
        As of `series`.
    like
        Whose finest grid the pixel is of; the scene's own by default.

    Returns
    -------
    pandas.DataFrame
        A row a band, by wavelength: ``band``, ``wavelength`` in nm, ``reflectance`` on the finest grid (so
        that it is what a picture shows; NaN where there is nothing), and ``resolution`` of the band in m.
        Where nothing tells offset or scale, ``number`` takes the place of ``reflectance``. ``attrs`` has
        ``x``, ``y``, and ``cloud``, None where nothing tells.

    Raises
    ------
    BadRequest
        A place outside, or a scene without bands of reflectance.
    """
    import pandas as pd

    if not scene.bands:
        raise BadRequest(f"{scene.name} has no bands of reflectance")
    first = like or scene
    size, grid = finest(first), first.grid(finest(first))
    row, column = pixel_of(grid, x, y, crs, first.name)
    place = _Pixel(scene, grid, size, row, column)
    bands = sorted(scene.bands, key=lambda one: one.wavelength or np.inf)
    # Of numbers beside reflectances no spectrum could be drawn.
    raw = any(is_number(band) for band in bands)
    frame = pd.DataFrame(
        {
            "band": [band.name for band in bands],
            "wavelength": [np.nan if b.wavelength is None else b.wavelength for b in bands],
            "number" if raw else "reflectance": np.array(
                [place.number(b.name) if raw else place.reflectance(b.name) for b in bands],
                np.float32,
            ),
            "resolution": [band.resolution for band in bands],
        }
    )
    frame.attrs = {"x": column, "y": grid.shape[0] - 1 - row, "cloud": place.cloud()}
    return frame


class _Blocks:
    """Blocks of arrays that were read, the last ones; any thread may ask."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Any, Any] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def value(self, key: Any, array: Callable[[], LazyArray | None], row: int, column: int) -> Any:
        """Give a value of an array; `array` gives that of a key of which the block is not known."""
        at = (key, row // SIDE, column // SIDE)
        with self._lock:
            known = self._kept.get(at)
            if known is not None:
                self._kept.move_to_end(at)
        if known is None:
            known = self._read(at, array())
        return known[row % SIDE, column % SIDE] if known.size else None

    def _read(self, at: Any, array: LazyArray | None) -> Any:
        _key, row, column = at
        if array is None:
            block = np.zeros((0, 0))  # nothing tells
        else:
            down, right = row * SIDE, column * SIDE
            block = np.asarray(array[down : down + SIDE, right : right + SIDE])
        with self._lock:
            if at not in self._kept:
                self._kept[at] = block
                self._bytes += block.nbytes
            while self._bytes > KEPT_BYTES and len(self._kept) > 1:
                self._bytes -= self._kept.popitem(last=False)[1].nbytes
        return block


_blocks = _Blocks()


class _Pixel:
    """One pixel of a scene."""

    def __init__(self, scene: Scene, grid: Grid, size: float, row: int, column: int) -> None:
        self._scene, self._grid, self._size = scene, grid, size
        self._at = row, column
        # A reference is equal to others of the same scene, and to no other's once that is gone.
        self._key = weakref.ref(scene), grid

    def reflectance(self, name: str) -> Any:
        """Give the reflectance of a band."""
        return self._value("reflectance", name, lambda on: on.reflectance(name))

    def number(self, name: str) -> Any:
        """Give the number of a band."""
        return self._value("number", name, lambda on: on.dn(name))

    def cloud(self) -> bool | None:
        """Give whether it lies under cloud, None where nothing tells."""
        found = self._value("cloud", "", lambda on: on.clouds())
        return None if found is None else bool(found)

    def _value(self, kind: str, name: str, array: Callable[[SceneOnGrid], LazyArray | None]) -> Any:
        def made() -> LazyArray | None:
            return array(SceneOnGrid(self._scene, self._grid, self._size))

        return _blocks.value((*self._key, kind, name), made, *self._at)
