"""What a map shows of a scene: its bands on the grid of the picture, from the files' lower resolutions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Protocol

import numpy as np

from ..datasets.lazy import Values
from ..datasets.scene import Scene
from ..datasets.scene_arrays import BandArray, Calibration, Grid
from ..datasets.scene_clouds import CLOUD_CLASSES
from ..datasets.scene_warp import Warped
from ..datasets.scenes_together import by_date, utc
from ..errors import BadRequest, UnknownName, UnsupportedFormat
from ..processing import indices
from ..processing.scene_lower import halved
from ..processing.scene_names import PRESETS, chosen_bands, first_bands, first_of, one_or_three
from ..sentinel.areas import box_of
from ..sentinel.mask_shapes import LONLAT
from .scene_ground import box_in

_AS_IT_IS = Calibration(0.0, 1.0)


class Held:
    """Pixels in memory as the raster of a band.

    Parameters
    ----------
    values
        Shape (rows, columns).
    grid
        Where they are.
    """

    nodata = None

    def __init__(self, values: Values, grid: Grid) -> None:
        self.values, self.grid, self.dtype = values, grid, values.dtype

    def read(self, rows: slice, columns: slice) -> Values:
        """Give a window."""
        return self.values[rows, columns]

    def reduced(self, rows: slice, columns: slice, step: int, classes: bool) -> Values:
        """Give one value for each `step` x `step` pixels."""
        return self.values[rows, columns][::step, ::step]


def laid(values: Values, own: Grid, grid: Grid, classes: bool) -> Values:
    """Give pixels on another grid: the nearest of classes (0 beyond them), else means or interpolated."""
    source = BandArray(Held(values, own), None if classes else _AS_IT_IS)
    if own.crs != grid.crs:
        return np.asarray(Warped(source, grid)[:])
    return np.asarray(BandArray(source.raster, source.calibration, grid)[:])


def view_of(grid: Grid, area: Any, pixels: float, name: str) -> Grid:
    """Give the grid of a picture of a scene: what it covers, and no more pixels than are worth it.

    Parameters
    ----------
    grid
        Of the scene.
    area
        None for all of it, (west, south, east, north) in degrees, GeoJSON, or a `Grid` of any system.
    pixels
        Of the picture's width.
    name
        Of the scene, for what is said.

    Raises
    ------
    BadRequest
        The area lies outside of the scene, or the scene does not say where it is.
    """
    dx, _, left, _, dy, top = grid.transform
    rows, columns = grid.shape
    first, last = [0, 0], [rows, columns]
    if area is not None:
        box = _box(area, grid, name)
        at_x = sorted((x - left) / dx for x in (box[0], box[2]))
        at_y = sorted((y - top) / dy for y in (box[1], box[3]))
        near = 1e-6
        first = [max(0, math.floor(at[0] + near)) for at in (at_y, at_x)]
        last = [
            min(n, math.ceil(at[1] - near)) for at, n in zip((at_y, at_x), grid.shape, strict=True)
        ]
        if first[0] >= last[0] or first[1] >= last[1]:
            raise BadRequest(
                f"the area {tuple(round(edge, 5) for edge in box)} lies outside of {name}, which covers "
                f"{tuple(round(edge, 5) for edge in grid.bounds)} in {grid.crs or 'its own units'}"
            )
    height, width = last[0] - first[0], last[1] - first[1]
    factor = max(1.0, width / max(1.0, pixels))
    shape = max(1, round(height / factor)), max(1, round(width / factor))
    # Whole pixels that cover exactly what was asked for.
    transform = (
        dx * width / shape[1], 0.0, left + dx * first[1],
        0.0, dy * height / shape[0], top + dy * first[0],
    )  # fmt: skip
    return Grid(grid.crs, transform, shape)


def _box(area: Any, grid: Grid, name: str) -> tuple[float, float, float, float]:
    if isinstance(area, Grid):
        return tuple(box_in(area.crs, grid.crs, area.bounds))
    if not grid.crs:
        raise BadRequest(f"{name} does not say where on the ground it is: an area needs a CRS")
    return tuple(box_in(LONLAT, grid.crs, box_of(area)))


class Shown(Protocol):
    """One date that can be drawn: a scene, or one time of a stack."""

    name: str
    date: datetime | None
    cloud_share: float | None
    satellite: str
    level: str
    tile: str

    @property
    def grid(self) -> Grid:
        """Of its own pixels."""

    def chosen(self, wanted: Any) -> tuple[str, ...]:
        """Give the names of what to show."""

    def classes(self, name: str) -> bool:
        """Tell whether the numbers of a name are classes."""

    def unit(self, name: str) -> str:
        """Give the unit of a name."""

    def values(self, name: str, grid: Grid) -> Values:
        """Give a band, layer or index on a grid; nothing as NaN, 0 of classes."""

    def clouds(self, grid: Grid) -> Values:
        """Give where there is cloud, as booleans."""


class _Any:
    """What scenes and times of a stack have in common."""

    def values(self, name: str, grid: Grid) -> Values:
        if self._is_layer(name):
            return self._layer(name, grid)
        taken = {band: self._layer(band, grid) for band in indices.bands_of(name)}
        made: Values = next(iter(indices.compute(name, taken, scale=1.0).values()))
        return made

    def _is_layer(self, name: str) -> bool:
        raise NotImplementedError

    def _layer(self, name: str, grid: Grid) -> Values:
        raise NotImplementedError


class ShownScene(_Any):
    """A scene as maps draw it.

    Parameters
    ----------
    scene
        The scene.
    """

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.name, self.cloud_share = scene.name, scene.cloud_share
        self.date = None if scene.date is None else utc(scene.date)
        self.satellite, self.level, self.tile = scene.satellite, scene.level, scene.tile

    @cached_property
    def grid(self) -> Grid:
        """Of the finest band."""
        return self.scene.grid()

    def chosen(self, wanted: Any) -> tuple[str, ...]:
        """Give the names of what to show, as the scene has them."""
        return chosen_bands(
            self.scene, first_bands(self.scene) if wanted is None else _unfolded(wanted)
        )

    def classes(self, name: str) -> bool:
        """Tell whether the numbers of a name are classes."""
        return self._is_layer(name) and self.scene.named(name).in_classes

    def unit(self, name: str) -> str:
        """Give the unit of a name, "" where it has none."""
        if not self._is_layer(name):
            return ""
        band = self.scene.named(name)
        if band.role == "reflectance":
            return "reflectance" if band.scale is not None and band.offset is not None else "DN"
        return band.unit

    def clouds(self, grid: Grid) -> Values:
        """Give where there is cloud, as booleans."""
        scene = self.scene
        if "SCL" in scene.layers.names:
            return np.isin(self._layer("SCL", grid), CLOUD_CLASSES)
        mask = scene.cloud_mask(resolution=min(one.resolution for one in scene.layers))
        own = scene.grid().scaled(scene.grid().shape[1] / mask.shape[1])
        return laid(np.asarray(mask[:]).astype(np.uint8), own, grid, True).astype(bool)

    def _is_layer(self, name: str) -> bool:
        return name in self.scene.bands.names or name in self.scene.layers.names

    def _layer(self, name: str, grid: Grid) -> Values:
        band = self.scene.named(name)
        own = band.raster.grid
        dx, _, left, _, dy, top = own.transform
        box = box_in(grid.crs, own.crs, grid.bounds)
        edges = [
            sorted((at - origin) / size for at in ends)
            for ends, origin, size in (((box[1], box[3]), top, dy), ((box[0], box[2]), left, dx))
        ]
        ratio = min((end - start) / n for (start, end), n in zip(edges, grid.shape, strict=True))
        step = halved(ratio)
        windows = []
        for (start, end), size in zip(edges, own.shape, strict=True):
            first = max(0, (math.floor(start) // step - 2) * step)
            windows.append(slice(first, max(first, min(size, (math.ceil(end) // step + 3) * step))))
        if any(part.stop <= part.start for part in windows):
            return np.full(grid.shape, 0 if band.in_classes else np.nan, np.float32)
        values = self.scene.read(name, windows[0], windows[1], step)
        if not band.in_classes:
            blank = band.raster.nodata
            told = band.offset is not None and band.scale is not None
            taken = values.astype(np.float32)
            if blank is not None and not told:  # numbers without a calibration
                taken[values == blank] = np.nan
            values = taken
        rows, columns = windows
        place = (dx * step, 0.0, left + dx * columns.start, 0.0, dy * step, top + dy * rows.start)
        return laid(values, Grid(own.crs, place, values.shape), grid, band.in_classes)


class ShownTime(_Any):
    """One time of a stack, from `datasets.scene_stack`.

    Parameters
    ----------
    stack
        An `xarray.Dataset` with dims (time, y, x) and the attributes ``crs`` and ``transform``.
    number
        Of the time.
    """

    def __init__(self, stack: Any, number: int) -> None:
        self._stack = stack.isel(time=number)
        when = np.datetime64(self._stack["time"].values, "us").astype(object)
        self.date: datetime | None = when.replace(tzinfo=UTC)
        facts = self._stack.coords
        self.name = str(facts["scene"].values) if "scene" in facts else f"{self.date:%Y-%m-%d}"
        share = float(facts["cloud_share"].values) if "cloud_share" in facts else math.nan
        self.cloud_share = share if math.isfinite(share) else None
        self.satellite = str(stack.attrs.get("satellite", ""))
        self.level, self.tile = "", ""
        shape = (stack.sizes["y"], stack.sizes["x"])
        transform = stack.attrs.get("transform")
        if transform is None:
            raise BadRequest(
                "the stack has no attribute 'transform': adk.stack(scenes) makes one that has"
            )
        self.grid = Grid(str(stack.attrs.get("crs", "")), tuple(transform), shape)
        x, y = np.asarray(stack["x"].values, float), np.asarray(stack["y"].values, float)
        if shape != (1, 1) and not (np.allclose(x, self.grid.x) and np.allclose(y, self.grid.y)):
            # A part of a stack keeps the attributes of the whole one.
            dx = (x[-1] - x[0]) / max(1, len(x) - 1) or transform[0]
            dy = (y[-1] - y[0]) / max(1, len(y) - 1) or transform[4]
            place = (dx, 0.0, x[0] - dx / 2, 0.0, dy, y[0] - dy / 2)
            self.grid = Grid(self.grid.crs, tuple(map(float, place)), shape)  # type: ignore[arg-type]

    def chosen(self, wanted: Any) -> tuple[str, ...]:
        """Give the names of what to show."""
        names = [str(name) for name in self._stack.data_vars]
        chosen = one_or_three(first_of(names) if wanted is None else _unfolded(wanted))
        for name in chosen:
            lacking = [] if name in names else sorted(set(indices.bands_of(name)) - set(names))
            if lacking:
                raise UnknownName(
                    f"the stack has no {', '.join(lacking)} for {name!r}: it has {', '.join(names)}"
                )
        return tuple(chosen)

    def classes(self, name: str) -> bool:
        """Tell whether the numbers of a name are classes."""
        return self._is_layer(name) and self._stack[name].dtype.kind in "iub"

    def unit(self, name: str) -> str:
        """Give the unit of a name."""
        return "" if not self._is_layer(name) else str(self._stack[name].attrs.get("units", ""))

    def clouds(self, grid: Grid) -> Values:
        """Give where there is cloud, as booleans."""
        if not self._is_layer("SCL"):
            raise UnknownName(
                "the stack has no SCL to tell clouds by: stack it with bands=[..., 'SCL']"
            )
        return np.isin(self._layer("SCL", grid), CLOUD_CLASSES)

    def _is_layer(self, name: str) -> bool:
        return name in self._stack.data_vars

    def _layer(self, name: str, grid: Grid) -> Values:
        step = max(1, int(abs(grid.transform[0] / self.grid.transform[0])))
        dx, _, left, _, dy, top = self.grid.transform
        parts = []
        box = box_in(grid.crs, self.grid.crs, grid.bounds)
        for ends, origin, size, count in (
            ((box[1], box[3]), top, dy, self.grid.shape[0]),
            ((box[0], box[2]), left, dx, self.grid.shape[1]),
        ):
            start, end = sorted((at - origin) / size for at in ends)
            first = min(max(0, (math.floor(start) // step - 2) * step), (count - 1) // step * step)
            parts.append(slice(first, max(first + 1, min(count, math.ceil(end) + 2 * step)), step))
        values = np.asarray(self._stack[name][parts[0], parts[1]].values)
        # Each stands for the pixels around it, not for those that follow.
        shift = (1 - step) / 2
        left, top = left + dx * (parts[1].start + shift), top + dy * (parts[0].start + shift)
        place = (dx * step, 0.0, left, 0.0, dy * step, top)
        return laid(values, Grid(self.grid.crs, place, values.shape), grid, self.classes(name))


def _unfolded(wanted: Any) -> Any:
    """Give the bands of a preset by its name, and anything else as it is."""
    return PRESETS[wanted][1] if isinstance(wanted, str) and wanted in PRESETS else wanted


def first_grid(given: Any, shown: Sequence[Shown]) -> Grid:
    """Give the grid that all dates are laid on: that of the scene that was given first."""
    if isinstance(given, Scene) or hasattr(given, "data_vars"):
        return shown[0].grid
    return next(iter(given)).grid()  # type: ignore[no-any-return]


def shown_of(given: Any) -> list[Shown]:
    """Give the dates of scenes, or of a stack, in the order of their time.

    Raises
    ------
    BadRequest
        No scene at all, or one without a date where there are several.
    UnsupportedFormat
        What is no scene.
    """
    if hasattr(given, "data_vars"):
        if "time" not in given.dims:
            raise BadRequest(
                "the stack has no dimension 'time': adk.stack(scenes) makes one that has"
            )
        return [ShownTime(given, number) for number in range(given.sizes["time"])]
    scenes: Sequence[Any] = [given] if isinstance(given, Scene) else list(given)
    for scene in scenes:
        if not isinstance(scene, Scene):
            raise UnsupportedFormat(
                f"a {type(scene).__name__} is no satellite scene: open it by adk.open first"
            )
    if not scenes:
        raise BadRequest("no scenes to draw: give at least one")
    undated = [scene.name for scene in scenes if scene.date is None]
    if undated and len(scenes) > 1:
        raise BadRequest(f"{undated[0]} has no date: it has no place among others")
    return by_date(map(ShownScene, scenes))
