"""Scenes as xarray: one, or several over each other in time, on one grid."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import BadRequest
from .lazy import LazyArray
from .scene_arrays import Grid
from .scene_dask import chunked, needed
from .scene_warp import laid
from .scenes_together import by_date, shared_bands

if TYPE_CHECKING:
    from .scene import Scene


def of_scene(
    scene: Scene, bands: Sequence[str] | None, resolution: float | None, chunk: int
) -> Any:
    """Give an `xarray.Dataset` of a scene; see `Scene.to_xarray`."""
    xarray = needed("xarray")
    names = _names(scene, bands)
    size = resolution or min(scene.named(name).resolution for name in names)
    grid = scene.grid(size)
    variables = {}
    for name in names:
        array = scene.band(name, size)
        variables[scene.named(name).name] = (
            ("y", "x"),
            chunked(array, chunk),
            _facts(scene, name),
        )
    return xarray.Dataset(variables, {"y": grid.y, "x": grid.x}, _attributes(scene, grid, size))


def stack(
    scenes: Sequence[Scene],
    bands: Sequence[str] | None = None,
    resolution: float | None = None,
    like: Scene | None = None,
    chunk: int = 1024,
) -> Any:
    """Give an `xarray.Dataset` of several dates: a variable a band, dims (time, y, x), backed by Dask.

    Parameters
    ----------
    scenes
        In any order; they come in that of their dates.
    bands
        Names; those of reflectance that all scenes have when None.
    resolution
        Pixel size in m; that of the finest of these bands when None.
    like
        Whose grid to use; the first one's of `scenes` when None. The others are resampled onto it, those of
        another CRS too; what they do not cover is NaN (0 in classes).
    chunk
        Rows and columns of a Dask chunk; each date is a chunk of its own.

    Raises
    ------
    BadRequest
        No scenes, one without a date or without a CRS where another has one, or no band that all have.
    MissingPackage
        xarray or dask is not installed.
    """
    xarray = needed("xarray")
    if not scenes:
        raise BadRequest("no scenes to stack: give at least one")
    first = like or scenes[0]
    for scene in scenes:
        if scene.date is None:
            raise BadRequest(f"{scene.name} has no date: a stack in time needs one")
        if bool(scene.crs) != bool(first.crs):
            raise BadRequest(
                f"{scene.name} is in {scene.crs or 'no CRS'} and {first.name} in {first.crs or 'no CRS'}: "
                "they cannot be laid over each other"
            )
    if bands is None:
        names = shared_bands(scenes, first)
    else:
        names = [scenes[0].named(name).name for name in _names(scenes[0], bands)]
    ordered = by_date(scenes)
    size = resolution or min(first.named(name).resolution for name in names)
    grid = first.grid(size)
    dask = needed("dask.array")
    variables = {
        name: (
            ("time", "y", "x"),
            dask.stack([chunked(_on(scene, name, grid, size), chunk) for scene in ordered]),
            _facts(first, name),
        )
        for name in names
    }
    times = [np.datetime64(s.date.replace(tzinfo=None), "ns") for s in ordered if s.date]
    coordinates = {
        "time": np.array(times, "datetime64[ns]"),
        "y": grid.y,
        "x": grid.x,
        "scene": ("time", [s.name for s in ordered]),
        "cloud_share": (
            "time",
            [np.nan if s.cloud_share is None else s.cloud_share for s in ordered],
        ),
    }
    attributes = {k: v for k, v in _attributes(first, grid, size).items() if k in _SHARED}
    return xarray.Dataset(variables, coordinates, attributes)


_SHARED = ("crs", "transform", "resolution")


def _on(scene: Scene, name: str, grid: Grid, size: float) -> LazyArray:
    band = scene.named(name)
    return laid(band, None if band.in_classes else band.calibration(scene.name), grid, size)


def _names(scene: Scene, bands: Sequence[str] | None) -> list[str]:
    names = scene.bands.names if bands is None else list(bands)
    if not names:
        raise BadRequest(f"{scene.name}: no bands are named")
    return names


def _facts(scene: Scene, name: str) -> dict[str, Any]:
    band = scene.named(name)
    facts = {"wavelength": band.wavelength, "long_name": band.name, "units": band.unit or "1"}
    return {key: value for key, value in facts.items() if value is not None}


def _attributes(scene: Scene, grid: Grid, size: float) -> dict[str, Any]:
    facts = {
        "crs": grid.crs,
        "transform": grid.transform,
        "resolution": size,
        "date": scene.date and scene.date.isoformat(),
        "level": scene.level,
        "baseline": scene.baseline,
        "satellite": scene.satellite,
        "tile": scene.tile,
        "name": scene.name,
    }
    return {key: value for key, value in facts.items() if value not in (None, "")}
