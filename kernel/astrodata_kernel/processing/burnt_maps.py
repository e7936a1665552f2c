"""Indices of scenes, bands or arrays as maps of one grid, without cloud and water."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ..datasets.scene import Scene
from ..datasets.scene_arrays import Grid
from ..datasets.scene_dask import chunked, needed
from ..errors import BadRequest
from . import indices
from .scene_on_grid import SceneOnGrid

WATER_CLASS = 6
"""Of the scene classification."""

CHUNK = 1024
"""Rows and columns of a Dask chunk of a scene."""


def index_map(
    name: str,
    source: Any,
    *,
    like: Any = None,
    resolution: float | None = None,
    judged: bool = True,
) -> Any:
    """Give an index of a scene, or of bands; an array is taken for the index itself.

    Parameters
    ----------
    name
        As ``"NBR"``, or a formula.
    source
        A `Scene`; reflectances by band name, as a mapping or an `xarray.Dataset`; or the index as an array.
    like
        Scene whose grid to use.
    resolution
        Pixel size of a scene in m; that of the finest band of the index by default.
    judged
        NaN where a scene says that there is cloud, its shadow, or water.

    Returns
    -------
    array
        float32; of a scene a lazy `xarray.DataArray`.

    Raises
    ------
    BadRequest
        Reflectance that is not known, scenes that cannot be laid over each other.
    """
    if isinstance(source, Scene):
        return _of_scene(name, source, like, resolution, judged)
    if isinstance(source, Mapping) or _is_xarray(source, "Dataset"):
        return next(iter(indices.compute(name, source, scale=1.0).values()))
    if _is_xarray(source, "DataArray") or _is_dask(source):
        return source.astype(np.float32)
    made = np.asarray(source)
    if made.dtype.kind not in "fiub" or made.ndim < 2:
        raise BadRequest(
            f"{name} of {type(source).__name__}: give a scene, bands by name, or an array of (rows, columns)"
        )
    return made.astype(np.float32, copy=False)


def map_of(values: Any, grid: Grid, resolution: float | None, name: str, **facts: Any) -> Any:
    """Give values on a grid as an `xarray.DataArray` that knows where it lies."""
    known = {"crs": grid.crs, "transform": grid.transform, "resolution": resolution, **facts}
    return needed("xarray").DataArray(
        values,
        {"y": grid.y, "x": grid.x},
        ("y", "x"),
        name,
        {key: value for key, value in known.items() if value not in (None, "")},
    )


def grid_of(made: Any) -> Grid | None:
    """Give the grid of a map, a scene or a grid; None of what does not know where it lies."""
    if isinstance(made, Grid):
        return made
    if isinstance(made, Scene):
        return made.grid()
    attributes = getattr(made, "attrs", {})
    if "transform" not in attributes:
        return None
    shape = (made.sizes["y"], made.sizes["x"])
    return Grid(attributes.get("crs", ""), tuple(attributes["transform"]), shape)


def together(work: Callable[[Any, Any], Any], first: Any, second: Any, name: str) -> Any:
    """Give what is made of two maps, of the kind that the first is; both have one shape."""
    if first.shape != second.shape:
        raise BadRequest(
            f"maps of {' x '.join(map(str, first.shape))} and {' x '.join(map(str, second.shape))} pixels: "
            "bring both dates to one grid first, or give scenes"
        )
    values = [one.data if _is_xarray(one, "DataArray") else one for one in (first, second)]
    made = work(*values)
    if not _is_xarray(first, "DataArray"):
        return made
    attributes = {key: value for key, value in first.attrs.items() if key in _PLACE}
    return first.copy(data=made).rename(name).assign_attrs(attributes)


def on_values(
    work: Callable[[Any], Any], values: Any, dtype: Any, name: str, facts: Mapping[str, Any]
) -> Any:
    """Give what is made of each pixel of a map, of the kind that it is."""
    if _is_xarray(values, "DataArray"):
        made = values.copy(data=on_values(work, values.data, dtype, name, facts)).rename(name)
        place = {key: value for key, value in values.attrs.items() if key in _PLACE}
        made.attrs = {**place, **facts}
        return made
    if _is_dask(values):
        meta = np.empty((0,) * values.ndim, dtype)
        return values.map_blocks(work, dtype=dtype, meta=meta)
    return work(np.asarray(values))


_PLACE = ("crs", "transform", "resolution")


def _of_scene(name: str, scene: Scene, like: Any, resolution: float | None, judged: bool) -> Any:
    dask = needed("dask.array")
    bands = indices.bands_of(name)
    onto = like if isinstance(like, Scene) else scene
    size = resolution or min(onto.named(band).resolution for band in bands)
    on = SceneOnGrid(scene, onto.grid(size), size)
    values = {band: chunked(on.reflectance(band), CHUNK) for band in bands}
    made = next(iter(indices.compute(name, values, scale=1.0).values()))
    for mask in _left_out(on) if judged else ():
        made = dask.where(mask, np.float32(np.nan), made)
    return map_of(made, on.grid, size, name)


def _left_out(on: SceneOnGrid) -> list[Any]:
    """Give masks of what is not judged: cloud and its shadow, water."""
    masks = []
    clouds = on.clouds()
    if clouds is not None:
        masks.append(chunked(clouds, CHUNK))
    if "SCL" in on.layers.names:
        masks.append(chunked(on.dn("SCL"), CHUNK) == WATER_CLASS)
    if {"B03", "B11"} <= set(on.scene.bands.names):
        # Xu's MNDWI: char is dark in the green as water is, but not at 1.6 um; a shadow darkens both.
        green, infrared = (chunked(on.reflectance(name), CHUNK) for name in ("B03", "B11"))
        masks.append(green > infrared)
    return masks


def _is_dask(value: Any) -> bool:
    dask = sys.modules.get("dask.array")
    return dask is not None and isinstance(value, dask.Array)


def _is_xarray(value: Any, kind: str) -> bool:
    xarray = sys.modules.get("xarray")
    return xarray is not None and isinstance(value, getattr(xarray, kind))
