"""Satellite scenes: bands of one place at one time, with what makes reflectance of their numbers."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Any

from ..errors import BadRequest, UnknownName
from .dataset import Dataset
from .lazy import LazyArray, Values
from .scene_arrays import (
    BandArray,
    Grid,
    OneOf,
    Raster,
    Stacked,
    Tested,
)
from .scene_bands import Band, Bands, band_name
from .scene_clouds import CLOUD_CLASSES, CLOUD_PROBABILITY, clouds_of
from .scene_shown import shown


@dataclass(frozen=True, eq=False)
class Scene(Dataset):
    """What a satellite saw of one place at one time.

    Parameters
    ----------
    bands
        Those of reflectance, in the order of the product; `layers` are classes, masks and quantities.
    crs
        Coordinate reference system, ``"EPSG:32633"``; "" where there is none.
    date
        When it was sensed, UTC; None where nothing says.
    level
        ``"L1C"`` (top of atmosphere), ``"L2A"`` (surface), "" where nothing says.
    baseline
        Processing baseline, ``"04.00"``; "" where nothing says.
    satellite, tile
        ``"Sentinel-2A"`` and the MGRS tile ``"33XWJ"``; "" where nothing says.
    cloud_share
        Share of cloud, 0 to 1, that the product tells of itself; None where it does not.
    missing
        Bands that the product should have, and where.
    """

    bands: Bands = field(default_factory=Bands)
    layers: Bands = field(default_factory=Bands)
    crs: str = ""
    date: datetime | None = None
    level: str = ""
    baseline: str = ""
    satellite: str = ""
    tile: str = ""
    cloud_share: float | None = None
    missing: Mapping[str, str] = field(default_factory=dict, repr=False)
    make_footprint: Callable[[], Mapping[str, Any]] | None = field(default=None, repr=False)
    rename: Callable[[Sequence[str]], Scene] | None = field(default=None, repr=False)
    start_transcoding: Callable[[Sequence[Band], Any], Any] | None = field(default=None, repr=False)

    @cached_property
    def footprint(self) -> Mapping[str, Any] | None:
        """What is covered, a GeoJSON geometry in longitude and latitude (EPSG:4326), or None."""
        return None if self.make_footprint is None else self.make_footprint()

    @property
    def offset(self) -> float | dict[str, float | None] | None:
        """What is added to the numbers of the bands of reflectance, by band where they differ."""
        return self._common({band.name: band.offset for band in self.bands})

    @property
    def scale(self) -> float | dict[str, float | None] | None:
        """What the sum of number and offset is multiplied by, by band where they differ."""
        return self._common({band.name: band.scale for band in self.bands})

    @staticmethod
    def _common(
        values: dict[str, float | None],
    ) -> float | dict[str, float | None] | None:
        every = set(values.values())
        return values if len(every) > 1 else next(iter(every), None)

    def named(self, name: str) -> Band:
        """Give the facts of a band or layer by its name; ``"B8"`` is B08 too.

        Raises
        ------
        UnknownName
            There is no such band; the text lists those that there are, or names the missing file.
        """
        wanted = band_name(name)
        every: tuple[Band, ...] = (*self.bands, *self.layers)
        for band in every:
            if band.name in (wanted, name):
                return band
        if wanted in self.missing:
            raise UnknownName(f"{self.name} lists band {wanted}, but {self.missing[wanted]}")
        names = [band.name for band in every]
        close = difflib.get_close_matches(wanted, names, 1, 0.6)
        hint = f"; did you mean {close[0]}?" if close else ""
        raise UnknownName(
            f"{self.name} has no band {name!r} (it has {', '.join(names) or 'none'}){hint}"
        )

    def grid(self, resolution: float | None = None, band: str | None = None) -> Grid:
        """Give the grid of a resolution in m: that of the bands that have it, else the finest one scaled.

        Raises
        ------
        BadRequest
            No band, or a resolution that is no positive number.
        """
        if band is not None and resolution is None:
            return self.named(band).raster.grid
        every = self.bands or self.layers
        if not every:
            raise BadRequest(f"{self.name} has no bands")
        finest = min(every, key=lambda one: one.resolution)
        if resolution is None:
            return finest.raster.grid
        if not resolution > 0:
            raise BadRequest(f"a resolution of {resolution} m: give a positive number")
        same = [one for one in every if abs(one.resolution / resolution - 1) < 1e-3]
        return (
            same[0].raster.grid
            if same
            else finest.raster.grid.scaled(resolution / finest.resolution)
        )

    def dn(self, name: str, resolution: float | None = None) -> LazyArray:
        """Give a band's digital numbers, lazily: ``scene.dn("B08")[:512, :512]``.

        Parameters
        ----------
        name
            Of a band or layer.
        resolution
            Pixel size in m; each pixel then gets the number of the nearest one.
        """
        band = self.named(name)
        raster, grid = self._best(band, resolution)
        return BandArray(raster, None, grid)

    def band(self, name: str, resolution: float | None = None) -> LazyArray:
        """Give a band as physical values, lazily: (DN + offset) * scale as float32, nothing as NaN.

        Parameters
        ----------
        name
            Of a band or layer; classes and masks come as the integers that they are.
        resolution
            Pixel size in m: interpolated linearly between coarser pixels, averaged over finer ones, nearest
            for classes. A band that the product brings at this resolution is taken from there.

        Returns
        -------
        LazyArray
            (rows, columns), of which only what is sliced is read. DN 0, the file's nodata and saturated
            pixels are NaN.

        Raises
        ------
        UnknownName
            There is no such band.
        BadRequest
            Nothing tells its offset or scale.
        """
        band = self.named(name)
        if band.in_classes:
            return self.dn(name, resolution)
        raster, grid = self._best(band, resolution)
        return BandArray(raster, band.calibration(self.name), grid)

    def _best(self, band: Band, resolution: float | None) -> tuple[Raster, Grid | None]:
        if resolution is None:
            return band.raster, None
        grid = self.grid(resolution)
        for size, raster in band.coarser.items():
            if abs(size / resolution - 1) < 1e-3:
                return raster, grid
        return band.raster, grid

    def read(self, name: str, rows: slice, columns: slice, step: int = 1) -> Values:
        """Give a window of a band for a picture, one value for each `step` x `step` pixels.

        The file's overviews, and JPEG 2000's lower resolutions, are used where `step` allows; `band` never
        uses them. Values are physical as float32, or the numbers where nothing tells offset and scale.
        """
        band = self.named(name)
        height, width = band.shape
        rows = slice(*rows.indices(height)[:2])
        columns = slice(*columns.indices(width)[:2])
        if step == 1:
            values = band.raster.read(rows, columns)
        else:
            values = band.raster.reduced(rows, columns, int(step), band.in_classes)
        if band.in_classes or band.offset is None or band.scale is None:
            return values
        return band.calibration(self.name)(values)

    def overview(self, name: str, size: int = 1024) -> Values:
        """Give the whole band as a picture of at most `size` pixels a side, from its lower resolutions.

        A pixel stands for 1, 2, 4, 8, ... pixels of the band on a side, as overviews do.
        """
        height, width = self.named(name).shape
        step = 1
        while -(-max(height, width) // step) > size:
            step *= 2
        return self.read(name, slice(0, height), slice(0, width), step)

    def scl(self, resolution: float | None = None) -> LazyArray:
        """Give the scene classification (0 nothing, 3 shadow, 4 vegetation, 8-10 cloud, ...), lazily."""
        return self.dn("SCL", resolution)

    def saturated(self, name: str) -> LazyArray:
        """Give where a band is saturated, as booleans, lazily."""
        band = self.named(name)
        values = () if band.saturated is None else (band.saturated,)
        return Tested(self.dn(name), OneOf(values))

    def cloud_mask(
        self,
        classes: Sequence[int] = CLOUD_CLASSES,
        resolution: float | None = None,
        probability: float = CLOUD_PROBABILITY,
    ) -> LazyArray:
        """Give where there is cloud, as booleans, lazily.

        Parameters
        ----------
        classes
            Of the scene classification that count as cloud. Fresh burn scars are dark: add class 2 with care.
        resolution
            Pixel size in m; None for that of the mask.
        probability
            Per cent from which a cloud probability counts, where there is no classification.

        Raises
        ------
        UnknownName
            The scene has nothing to tell clouds by.
        """
        return clouds_of(self, lambda name: self.dn(name, resolution), classes, probability)

    def index(self, name: Any, resolution: float | None = None) -> LazyArray:
        """Give an index, lazily: ``scene.index("NBR")[:512, :512]``.

        Parameters
        ----------
        name
            Of `processing.indices.names`, or a formula such as ``"(B08 - B11) / (B08 + B11)"``.
        resolution
            Pixel size in m; that of the finest band that it takes when None.

        Returns
        -------
        LazyArray
            float32 of (rows, columns); NaN where there is nothing, or where the index is not defined.

        Raises
        ------
        UnknownName
            No such index, or the scene lacks a band that it takes.
        BadRequest
            A formula that cannot be read, or reflectance that is not known.
        """
        from .scene_index import index_of

        return index_of(self, name, resolution)

    def with_offset(
        self,
        offset: float | Mapping[str, float] | None = None,
        scale: float | Mapping[str, float] | None = None,
    ) -> Scene:
        """Give the same scene with offset or scale as one knows them, for all bands or by name.

        Reflectance = (DN + offset) * scale; None leaves what the product says.
        """

        def told(band: Band, given: Any, known: float | None) -> float | None:
            value = given.get(band.name, known) if isinstance(given, Mapping) else given
            return known if value is None else float(value)

        for given in (offset, scale):
            for name in given if isinstance(given, Mapping) else ():
                self.named(name)
        bands = Bands(
            replace(b, offset=told(b, offset, b.offset), scale=told(b, scale, b.scale))
            for b in self.bands
        )
        return self._rebuilt(bands=bands)

    def with_bands(self, names: Sequence[str]) -> Scene:
        """Give the same scene with other names of its bands and layers, in the order of the file.

        Raises
        ------
        BadRequest
            Another number of names than of bands, or one twice.
        """
        if self.rename is None:
            raise BadRequest(
                f"{self.name}: its bands are named by the product; they keep their names"
            )
        return self.rename(tuple(names))

    def _rebuilt(self, **changes: Any) -> Scene:
        made = replace(self, **changes)
        contents = contents_of(made)
        return replace(made, contents=contents, shape=contents.shape, dtype=contents.dtype)

    def transcode(
        self,
        bands: Sequence[str] | None = None,
        report: Callable[[float], None] | None = None,
    ) -> Any:
        """Begin to write bands in JPEG 2000 anew as tiled files, in the background, and give the work.

        Windows of such files are read some fifty times as fast. They lie in the session's temporary folder,
        and are used from the moment that a band is whole.

        Parameters
        ----------
        bands
            Names, in the order in which they are wanted; all bands of reflectance when None.
        report
            Told the share done, 0 to 1, by the thread that works.

        Returns
        -------
        Transcoding
            With ``progress``, ``done``, ``wait(timeout)`` and ``cancel()``.

        Raises
        ------
        BadRequest
            Nothing of the scene is in JPEG 2000.
        """
        if self.start_transcoding is None:
            raise BadRequest(f"{self.name}: nothing of it is in JPEG 2000")
        chosen = self.bands if bands is None else [self.named(name) for name in bands]
        return self.start_transcoding(chosen, report)

    def to_xarray(
        self,
        bands: Sequence[str] | None = None,
        resolution: float | None = None,
        chunk: int = 1024,
    ) -> Any:
        """Give an `xarray.Dataset` with a variable a band, dims (y, x), backed by Dask.

        Parameters
        ----------
        bands
            Names; all bands of reflectance when None.
        resolution
            Pixel size in m; that of the finest of them when None.
        chunk
            Rows and columns of a Dask chunk.

        Raises
        ------
        MissingPackage
            xarray or dask is not installed.
        """
        from .scene_stack import of_scene

        return of_scene(self, bands, resolution, chunk)

    def _repr_html_(self) -> str:
        return shown(self)


def contents_of(scene: Scene) -> LazyArray:
    """Give all bands of a scene on its finest grid: reflectance, or numbers where that is not known."""
    every = scene.bands or scene.layers
    if not every:
        return Stacked(())
    grid = scene.grid()
    known = all(b.offset is not None and b.scale is not None for b in scene.bands) and scene.bands
    arrays = [
        BandArray(
            band.raster,
            band.calibration(scene.name) if known and not band.in_classes else None,
            grid,
        )
        for band in every
    ]
    return Stacked(arrays)
