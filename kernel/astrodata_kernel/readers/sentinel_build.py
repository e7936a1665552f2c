"""Scenes put together from what the readers of each layout found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from ..datasets import Part, Provenance
from ..datasets.lazy import LazyArray
from ..datasets.scene import Scene, contents_of
from ..datasets.scene_arrays import Grid
from ..datasets.scene_bands import Band, Bands
from ..errors import BadRequest, DamagedFile
from .sentinel_gdal import needed
from .sentinel_names import ROLES, WAVELENGTHS
from .sentinel_raster import GdalRaster
from .sentinel_transcode import Transcoding

_AS_THEY_ARE = ("CLD", "SNW", "CLP", "MSK_CLDPRB", "MSK_SNWPRB", "TCI", "TCI_R", "TCI_G", "TCI_B")
"""Layers whose numbers are what they mean, such as per cents."""

_EARTH = 111_320.0
"""Metres of a degree of latitude, as near as a pixel's size needs it."""


def pixel_size(grid: Grid) -> float:
    """Give the size of a grid's pixels in m, near its middle where they are degrees."""
    dx, dy = abs(grid.transform[0]), abs(grid.transform[4])
    if not _in_degrees(grid.crs):
        return max(dx, dy)
    left, bottom, _, top = grid.bounds
    del left
    across = np.cos(np.radians(np.clip((bottom + top) / 2, -89.9, 89.9)))
    return float(np.sqrt(dx * _EARTH * across * dy * _EARTH))


def _in_degrees(crs: str) -> bool:
    return bool(crs) and bool(needed().crs.CRS.from_user_input(crs).is_geographic)


def band(name: str, raster: Any, **known: Any) -> Band:
    """Give a band with what its name tells, and what is known besides.

    The size of pixels is that of the file: metadata say what a whole product has, and files may be reduced.
    """
    usual = WAVELENGTHS.get(name)
    size = pixel_size(raster.grid)
    nominal = known.pop("nominal", None) or (usual[2] if usual else None)
    # 59.7 m in degrees are the 60 m of the product.
    usual_sizes = ([float(nominal)] if nominal else []) + [10.0, 20.0, 60.0]
    resolution = next((s for s in usual_sizes if abs(size / s - 1) < 0.1), round(size, 6))
    spectral = usual is not None or known.get("wavelength") is not None
    role = "reflectance" if spectral else ROLES.get(name, "quantity")
    if usual is None and name.startswith("band "):
        role = "reflectance"
    facts: dict[str, Any] = {"role": role, "resolution": resolution}
    if usual is not None:
        facts |= {"wavelength": usual[0], "bandwidth": usual[1]}
    whole = raster.dtype.kind in "ui"
    if role == "reflectance" and whole and raster.dtype.itemsize == 2:
        facts["saturated"] = 65535.0
    if not whole:
        # Numbers with decimals are physical values already.
        facts |= {"offset": 0.0, "scale": 1.0}
    if role in ("classes", "mask"):
        facts |= {"offset": 0.0, "scale": 1.0}
    if role == "quantity" and name in _AS_THEY_ARE:
        facts |= {"offset": 0.0, "scale": 1.0}
    return Band(name, raster, **(facts | {k: v for k, v in known.items() if v is not None}))


def scene(
    name: str,
    provenance: Provenance | None,
    layers: Sequence[Band],
    meta: Mapping[str, Any] | None = None,
    footprint: Mapping[str, Any] | None = None,
    **facts: Any,
) -> Scene:
    """Give the scene of some layers.

    Raises
    ------
    DamagedFile
        They are in different coordinate reference systems, or of different places.
    """
    check_together(layers, name)
    bands = Bands(one for one in layers if one.role == "reflectance")
    others = Bands(one for one in layers if one.role != "reflectance")
    every = bands or others
    finest = min(every, key=lambda one: one.resolution) if every else None
    crs = finest.raster.grid.crs if finest is not None else facts.pop("crs", "")
    facts.pop("crs", None)
    warnings = list((meta or {}).get("warnings", ()))
    unknown = [one.name for one in bands if one.offset is None or one.scale is None]
    if unknown:
        what = "offset and scale" if bands[unknown[0]].scale is None else "offset"
        warnings.append(
            f"no metadata tell {what} of {', '.join(unknown)}: give them by adk.open(path, offset=..., "
            "scale=...) to get reflectance"
        )
    if finest is not None and not crs:
        warnings.append("no coordinate reference system: where it lies on the ground is not known")
    made = Scene(
        kind="scene",
        name=name,
        shape=(),
        dtype=np.dtype("f4"),
        meta={"unit": "", **(meta or {}), "warnings": warnings},
        provenance=provenance,
        contents=LazyArray((), "f4"),
        bands=bands,
        layers=others,
        crs=crs,
        make_footprint=partial(_given, footprint)
        if footprint is not None
        else (partial(outline, finest.raster.grid) if finest is not None and crs else None),
        start_transcoding=partial(_transcoding, name),
        **facts,
    )
    contents = contents_of(made)
    part = Part(0, name, 1, "scene", contents.shape, str(contents.dtype))
    return replace(
        made, contents=contents, shape=contents.shape, dtype=contents.dtype, parts=(part,)
    )


def check_together(layers: Sequence[Band], name: str) -> None:
    """Raise where layers of one scene cannot lie over each other."""
    if not layers:
        return
    finest = min(layers, key=lambda one: one.resolution)
    first = finest.raster.grid
    for other in layers:
        grid = other.raster.grid
        if grid.crs != first.crs:
            raise DamagedFile(
                f"{name}: band {other.name} is in {grid.crs or 'no CRS'} and band {finest.name} in "
                f"{first.crs or 'no CRS'}: they are not of one scene"
            )
        slack = 1.5 * max(abs(grid.transform[0]), abs(first.transform[0]))
        pairs = zip(grid.bounds, first.bounds, strict=True)
        if any(abs(a - b) > slack for a, b in pairs):
            raise DamagedFile(
                f"{name}: band {other.name} ({grid.shape[0]} x {grid.shape[1]} pixels) covers another area "
                f"than band {finest.name} ({first.shape[0]} x {first.shape[1]}): they are not of one scene"
            )


def outline(grid: Grid) -> Mapping[str, Any]:
    """Give the outline of a grid in longitude and latitude, with points between the corners."""
    needed()
    from rasterio.warp import transform

    left, bottom, right, top = grid.bounds
    share = np.linspace(0, 1, 5)[:-1]
    x = np.concatenate(
        [
            left + (right - left) * share,
            np.full(4, right),
            right - (right - left) * share,
            np.full(4, left),
        ]
    )
    y = np.concatenate(
        [
            np.full(4, bottom),
            bottom + (top - bottom) * share,
            np.full(4, top),
            top - (top - bottom) * share,
        ]
    )
    if grid.crs == "EPSG:4326":
        ring = [[float(a), float(b)] for a, b in zip(x, y, strict=True)]
    else:
        lon, lat = transform(grid.crs, "EPSG:4326", x.tolist(), y.tolist())[:2]
        ring = [[float(a), float(b)] for a, b in zip(lon, lat, strict=True)]
    return {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}


def _given(footprint: Mapping[str, Any]) -> Mapping[str, Any]:
    return footprint


def _transcoding(name: str, bands: Sequence[Band], report: Any) -> Transcoding:
    rasters = [one.raster for one in bands if isinstance(one.raster, GdalRaster)]
    if not any(raster.is_jpeg2000 for raster in rasters):
        raise BadRequest(f"{name}: nothing of it is in JPEG 2000, its windows are read as they are")
    classes = [one.raster for one in bands if one.in_classes]
    return Transcoding(rasters, report, [r for r in classes if isinstance(r, GdalRaster)])
