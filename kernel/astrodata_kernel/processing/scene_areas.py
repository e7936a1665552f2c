"""Parts of scenes that a region bounds: which pixels lie inside, their statistics, and what is cut out."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..datasets.lazy import LazyArray
from ..datasets.scene import Scene
from ..datasets.scene_arrays import Grid
from ..datasets.scene_stack import stack
from ..errors import BadRequest
from ..sentinel.ground_areas import HECTARE, areas_of_rows
from . import indices as spectral
from .region_shapes import Shape, region_of
from .scene_names import known_name
from .scene_on_grid import SceneOnGrid, finest, is_number

MOST_PIXELS = 1 << 24
"""Of the box about an area of which there are statistics: medians need all values at once."""

SAMPLED = 1 << 20
"""Pixels of a date that stand for all in a histogram."""

_ROWS = 512
_FLAT = ("line",)

Progress = Callable[[float], object]


@dataclass(frozen=True)
class Area:
    """Pixels of a grid inside a region: the box about them, rows from the north, and which are inside."""

    rows: slice
    columns: slice
    inside: npt.NDArray[np.bool_]
    grid: Grid

    @property
    def pixels(self) -> int:
        """How many lie inside."""
        return int(np.count_nonzero(self.inside))

    @property
    def transform(self) -> tuple[float, float, float, float, float, float]:
        """Where the box lies, as that of `Grid`."""
        dx, _, left, _, dy, top = self.grid.transform
        return dx, 0.0, left + dx * self.columns.start, 0.0, dy, top + dy * self.rows.start

    @property
    def pixel_hectares(self) -> float:
        """Size of a pixel on the ground, the mean of those inside; NaN where there is no CRS."""
        areas = areas_of_rows(self.box)
        if areas is None:
            return math.nan
        counts = np.count_nonzero(self.inside, axis=1)[:, None]
        return float((counts * areas).sum() / max(1, counts.sum()) / HECTARE)

    @property
    def box(self) -> Grid:
        """The pixels of the box."""
        return Grid(self.grid.crs, self.transform, self.inside.shape)


def area_of(shape: Shape, grid: Grid, name: str) -> Area:
    """Give the pixels whose centre lies inside a shape.

    Parameters
    ----------
    shape
        As `region_shapes.checked` gives it: pixels with rows from the south. Of a point the pixel that it
        lies in.
    grid
        The pixels.
    name
        How errors name the grid.

    Raises
    ------
    BadRequest
        A line, or a shape that no pixel's centre lies in.
    """
    rows, columns = grid.shape
    kind = str(shape["shape"])
    if kind in _FLAT:
        raise BadRequest(f"a {kind} has no inside: draw a circle, an ellipse, a box or a polygon")
    if kind == "point":
        x, y = math.floor(shape["x"] + 0.5), math.floor(shape["y"] + 0.5)
        left, right, bottom, top = x, x + 1, y, y + 1
    else:
        box = region_of(shape).bounding_box
        left, right, bottom, top = box.ixmin, box.ixmax, box.iymin, box.iymax
    left, right, bottom, top = max(0, left), min(columns, right), max(0, bottom), min(rows, top)
    if left >= right or bottom >= top:
        raise BadRequest(
            f"the {kind} lies outside of {name}, whose {columns} x {rows} pixels count from 0, rows from the "
            "south"
        )
    inside = np.ones((top - bottom, right - left), bool)
    if kind != "point":
        _fill(inside, shape, left, top)
    if not inside.any():
        raise BadRequest(f"no pixel's centre lies inside the {kind}: draw it larger")
    return Area(slice(rows - top, rows - bottom), slice(left, right), inside, grid)


def _fill(inside: npt.NDArray[np.bool_], shape: Shape, left: int, top: int) -> None:
    from regions import PixCoord

    region, height = region_of({**shape, "exclude": False}), inside.shape[0]
    xs = left + np.arange(inside.shape[1])
    for first in range(0, height, _ROWS):
        some = slice(first, min(first + _ROWS, height))
        ys = top - 1 - np.arange(some.start, some.stop)
        x, y = np.broadcast_arrays(xs[None], ys[:, None])
        inside[some] = region.contains(PixCoord(x, y))


def box_of(left: int, bottom: int, right: int, top: int, grid: Grid) -> Area:
    """Give a box of whole pixels, from `left` to before `right`, rows counted from the south."""
    rows = grid.shape[0]
    inside = np.ones((top - bottom, right - left), bool)
    return Area(slice(rows - top, rows - bottom), slice(left, right), inside, grid)


# --- statistics ---------------------------------------------------------------------------------------


def statistics(
    scenes: Sequence[Scene],
    area: Area,
    indices: Any = (),
    *,
    bands: Sequence[str] | None = None,
    clouds: bool = False,
    like: Scene | None = None,
    progress: Progress | None = None,
) -> Any:
    """Give statistics of bands and indices in an area.

    Parameters
    ----------
    scenes
        Dates, each laid on the area's grid.
    area
        As `area_of` gives it, of the finest grid of `like`.
    indices
        Names or formulas.
    bands
        All of reflectance when None.
    clouds
        Whether pixels under cloud count.
    like
        Whose grid the area is of; the first scene by default.
    progress
        Told the share done; what it raises ends the work.

    Returns
    -------
    pandas.DataFrame
        A row a date and name: ``date``, ``name``, ``n`` (pixels with a value), ``mean``, ``std``, ``min``,
        ``p5``, ``median``, ``p95``, ``max``, ``cloud`` (share of the area, NaN where nothing tells) and
        ``hectares`` (of the n pixels). ``attrs`` has ``pixels`` and ``hectares`` of the whole area.

    Raises
    ------
    BadRequest
        A box of more than 16 million pixels, or an index of bands whose reflectance is not known.
    UnknownName
        A band or index that a scene lacks.
    """
    import pandas as pd

    size, hectares = finest(like or scenes[0]), area.pixel_hectares
    rows: list[dict[str, Any]] = []
    for number, scene in enumerate(scenes):

        def told(share: float, at: int = number) -> None:
            if progress is not None:
                progress((at + share) / len(scenes))

        reader = AreaReader(scene, area, size, clouds)
        rows += reader.rows(bands, indices, told)
    frame = pd.DataFrame(rows)
    frame.attrs = {"pixels": area.pixels, "hectares": area.pixels * hectares}
    return frame


class AreaReader:
    """Reads bands and indices of one scene in an area.

    Parameters
    ----------
    scene, area, clouds
        As of `statistics`.
    size
        Of a pixel of the area's grid in m.
    """

    def __init__(self, scene: Scene, area: Area, size: float, clouds: bool) -> None:
        if area.inside.size > MOST_PIXELS:
            height, width = area.inside.shape
            raise BadRequest(
                f"an area of {width:,} x {height:,} pixels: {MOST_PIXELS >> 20} million are measured at "
                "most; draw a smaller one"
            )
        self._on, self._area = SceneOnGrid(scene, area.grid, size), area
        mask = self._on.clouds()
        self.cloud = math.nan
        """Share of the area under cloud, NaN where nothing tells."""
        self._kept = area.inside
        if mask is not None:
            cloudy = np.asarray(mask[area.rows, area.columns], bool) & area.inside
            self.cloud = np.count_nonzero(cloudy) / area.pixels
            self._kept = area.inside if clouds else area.inside & ~cloudy

    def rows(
        self, bands: Sequence[str] | None, indices: Any = (), progress: Progress | None = None
    ) -> list[dict[str, Any]]:
        """Give the rows of `statistics`, each band read once."""
        scene, on = self._on.scene, self._on
        names = scene.bands.names if bands is None else [scene.named(b).name for b in bands]
        taken = spectral.bands_of(indices) if len(indices) else ()
        for name in taken:
            on.reflectance(name)  # says what is missing before anything is read
        wanted = list(dict.fromkeys([*names, *taken]))
        held, rows = {}, []
        for number, name in enumerate(wanted):
            if progress is not None:
                progress(number / len(wanted))
            values = self._read(on.band(name))
            if name in taken:
                held[name] = values
            if name in names:
                rows.append(self._row(name, values))
        if taken:
            made = spectral.compute(indices, held, scale=1.0)
            rows += [self._row(name, values) for name, values in made.items()]
        return rows

    def sample(self, name: str) -> tuple[npt.NDArray[np.float32], bool]:
        """Give values of a band, layer or index that stand for all, and whether they are fewer."""
        area = self._area
        step = max(1, math.ceil(math.sqrt(area.inside.size / SAMPLED)))
        rows = slice(area.rows.start, area.rows.stop, step)
        columns = slice(area.columns.start, area.columns.stop, step)
        values = np.asarray(self._on.values(name)[rows, columns], np.float32)
        values = values[self._kept[::step, ::step]]
        return values[np.isfinite(values)], step > 1

    def _read(self, array: LazyArray) -> npt.NDArray[Any]:
        values: npt.NDArray[Any] = np.asarray(array[self._area.rows, self._area.columns])
        return values[self._kept]

    def _row(self, name: str, values: npt.NDArray[Any]) -> dict[str, Any]:
        date = self._on.scene.date
        found = _described(values)
        return {
            "date": np.datetime64("NaT" if date is None else date.replace(tzinfo=None), "ns"),
            "name": name,
            **found,
            "cloud": self.cloud,
            "hectares": found["n"] * self._area.pixel_hectares,
        }


def _described(values: npt.NDArray[Any]) -> dict[str, Any]:
    values = values[np.isfinite(values)]
    if not values.size:
        empty = dict.fromkeys(("mean", "std", "min", "p5", "median", "p95", "max"), math.nan)
        return {"n": 0, **empty}
    p5, median, p95 = (float(v) for v in np.percentile(values, [5, 50, 95]))
    return {
        "n": int(values.size),
        "mean": float(values.mean(dtype=np.float64)),
        "std": float(values.std(dtype=np.float64)),
        "min": float(values.min()),
        "p5": p5,
        "median": median,
        "p95": p95,
        "max": float(values.max()),
    }


def histogram(
    samples: Sequence[npt.NDArray[np.floating[Any]]], bins: int = 48
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Count values of several dates in bins that all share, between the lowest and the highest value.

    Returns
    -------
    tuple
        Edges (bins + 1) and counts (dates, bins).
    """
    some = [values for values in samples if values.size]
    low = float(min((v.min() for v in some), default=0.0))
    high = float(max((v.max() for v in some), default=1.0))
    edges = np.linspace(low, high if high > low else low + 1, bins + 1)
    counts = [np.histogram(values, edges)[0] for values in samples]
    return edges, np.array(counts, np.int64).reshape(len(samples), bins)


# --- what is cut out ----------------------------------------------------------------------------------


def crop(
    scenes: Sequence[Scene],
    area: Area,
    bands: Sequence[str] | None = None,
    like: Scene | None = None,
) -> Any:
    """Give the area as an `xarray.Dataset`, lazily: (y, x) of one scene, (time, y, x) of several.

    Parameters
    ----------
    scenes, area, like
        As of `statistics`.
    bands
        Names of bands and layers; all bands of reflectance when None.

    Returns
    -------
    xarray.Dataset
        As `Scene.to_xarray` and `adk.stack` give it, the box about the area only; what lies in the box and
        not in the area is NaN, 0 in classes.
    """
    import xarray

    first = like or scenes[0]
    size = finest(first)
    if len(scenes) > 1:
        whole = stack(scenes, bands, size, first)
    elif scenes[0] is first:
        whole = first.to_xarray(bands, size)
    else:
        whole = stack(scenes, bands or scenes[0].bands.names, size, first).isel(time=0)
    part = whole.isel(y=area.rows, x=area.columns)
    if not area.inside.all():
        inside = xarray.DataArray(area.inside, dims=("y", "x"))
        part = part.map(lambda one: one.where(inside, *([0] if one.dtype.kind in "uib" else [])))
        for name in part.data_vars:
            part[name].attrs = whole[name].attrs
    part.attrs = {**whole.attrs, "transform": area.transform}
    return part


def layers_of(scene: Scene, names: Sequence[str] | str | None, numbers: bool) -> list[str]:
    """Give the names of what is written of a scene: bands, layers, and indices unless numbers are wanted.

    Raises
    ------
    UnknownName, BadRequest
        One that is not there, or numbers of an index, which has none.
    """
    if names is None:
        return scene.bands.names or scene.layers.names
    given = [names] if isinstance(names, str) else list(names)
    if not given:
        raise BadRequest("no bands are named: give at least one, or None for all")
    if numbers:
        return [scene.named(str(name)).name for name in given]
    return [known_name(scene, str(name)) for name in given]


def in_numbers(scene: Scene, names: Sequence[str]) -> bool:
    """Tell whether all of some names are layers whose values are numbers anyway."""
    every = {band.name: band for band in (*scene.bands, *scene.layers)}
    return all(name in every and is_number(every[name]) for name in names)
