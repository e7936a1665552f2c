"""Areas of scenes as GeoTIFF: bands and indices with their CRS and place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..datasets.lazy import LazyArray
from ..readers.geotiff_writing import GeoTiff
from .scene_areas import Area, in_numbers, layers_of
from .scene_on_grid import SceneOnGrid

_ROWS = 512

Progress = Callable[[float], object]


def geotiff(
    on: SceneOnGrid,
    area: Area,
    names: Sequence[str] | None = None,
    *,
    numbers: bool = False,
    clouds: bool = True,
    progress: Progress | None = None,
) -> GeoTiff:
    """Give the box about an area as a GeoTIFF, to `save` or to take its `content`.

    Parameters
    ----------
    on
        The scene on the area's grid.
    area
        What is cut out. What lies in the box and not in the area is the file's nodata.
    names
        Bands, layers, indices or formulas, each a band of the file with its name; all bands when None.
    numbers
        Whether the digital numbers are written, nodata that of the bands where they have the same, else 0;
        without them float32 (reflectance, index), nodata NaN.
    clouds
        Whether pixels under cloud are written; else they are nodata.
    progress
        Told the share done as it is written; what it raises ends the work and leaves nothing.

    Raises
    ------
    UnknownName, BadRequest
        A name that is not there, or numbers of an index.
    """
    chosen = layers_of(on.scene, names, numbers)
    numbers = numbers or in_numbers(on.scene, chosen)
    read = [on.dn(name) if numbers else on.values(name) for name in chosen]
    dtype = np.result_type(*(array.dtype for array in read)) if numbers else np.dtype("f4")
    blanks = [on.scene.named(name).raster.nodata if numbers else None for name in chosen]
    blank = _blank(blanks, dtype)
    return GeoTiff(
        area.box,
        dtype,
        lambda out: _fill(out, on, area, list(zip(read, blanks, strict=True)), clouds, progress),
        len(read),
        blank,
        chosen,
        _tags(on),
        what=on.name,
    )


def _blank(blanks: Sequence[float | None], dtype: np.dtype[Any]) -> float:
    """Give what stands for nothing: what all bands have for it, else 0 of whole numbers and NaN of others."""
    if len(set(blanks)) == 1 and blanks[0] is not None:
        return blanks[0]
    return 0 if dtype.kind in "uib" else np.nan


def _fill(
    out: Any,
    on: SceneOnGrid,
    area: Area,
    read: Sequence[tuple[LazyArray, float | None]],
    clouds: bool,
    progress: Progress | None,
) -> None:
    from rasterio.windows import Window

    height, width = area.inside.shape
    mask = None if clouds else on.clouds()
    dtype = np.dtype(out.dtypes[0])
    blank = dtype.type(out.nodata)
    for first in range(0, height, _ROWS):
        some = slice(first, min(first + _ROWS, height))
        rows = slice(area.rows.start + some.start, area.rows.start + some.stop)
        kept = area.inside[some]
        if mask is not None:
            kept = kept & ~np.asarray(mask[rows, area.columns], bool)
        window = Window(0, first, width, some.stop - some.start)
        for number, (array, own) in enumerate(read):
            if progress is not None:
                progress((first + (some.stop - first) * number / len(read)) / height)
            values = np.asarray(array[rows, area.columns])
            there = kept if own is None else kept & (values != own)
            out.write(np.where(there, values.astype(dtype), blank), number + 1, window=window)


def _tags(on: SceneOnGrid) -> dict[str, str]:
    scene = on.scene
    facts = {
        "SCENE": scene.name,
        "DATE": "" if scene.date is None else scene.date.isoformat(),
        "LEVEL": scene.level,
        "BASELINE": scene.baseline,
        "SATELLITE": scene.satellite,
        "TILE": scene.tile,
    }
    return {name: text for name, text in facts.items() if text}
