"""Areas of scenes as GeoTIFF: bands and indices with their CRS and place."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import TooLarge, UnreadableFile
from ..readers.scratch import folder
from ..readers.sentinel_gdal import SETTINGS, needed
from ..writing import write_whole
from .scene_areas import Area, in_numbers, layers_of
from .scene_on_grid import SceneOnGrid

_ROWS = 512
_LEFT_FREE = 256 << 20

Progress = Callable[[float], object]


def write_geotiff(
    path: str | os.PathLike[str],
    on: SceneOnGrid,
    area: Area,
    names: Sequence[str] | None = None,
    *,
    numbers: bool = False,
    clouds: bool = True,
    progress: Progress | None = None,
) -> Path:
    """Write the box about an area; a file that is there is replaced once all is written.

    Parameters
    ----------
    path
        Where it shall be.
    on
        The scene on the area's grid.
    area
        What is cut out. What lies in the box and not in the area is the file's nodata.
    names
        Bands, layers, indices or formulas, each a band of the file with its name; all bands when None.
    numbers
        Whether the digital numbers are written, nodata 0; else float32 (reflectance, index), nodata NaN.
    clouds
        Whether pixels under cloud are written; else they are nodata.
    progress
        Told the share done; what it raises ends the work and leaves nothing.

    Raises
    ------
    UnknownName, BadRequest
        A name that is not there, or numbers of an index.
    TooLarge, UnreadableFile
        No room for it, or the folder does not take it.
    MissingPackage
        rasterio is not installed.
    """
    with _made(on, area, names, numbers, clouds, progress) as made, made.open("rb") as file:
        return write_whole(path, lambda out: shutil.copyfileobj(file, out))


def geotiff(
    on: SceneOnGrid,
    area: Area,
    names: Sequence[str] | None = None,
    *,
    numbers: bool = False,
    clouds: bool = True,
    progress: Progress | None = None,
) -> bytes:
    """Give what `write_geotiff` writes."""
    with _made(on, area, names, numbers, clouds, progress) as made:
        return made.read_bytes()


@contextmanager
def _made(
    on: SceneOnGrid,
    area: Area,
    names: Sequence[str] | None,
    numbers: bool,
    clouds: bool,
    progress: Progress | None,
) -> Any:
    rasterio = needed()
    chosen = layers_of(on.scene, names, numbers)
    numbers = numbers or in_numbers(on.scene, chosen)
    read = [on.dn(name) if numbers else on.values(name) for name in chosen]
    dtype = np.result_type(*(array.dtype for array in read)) if numbers else np.dtype("f4")
    size = area.inside.size * dtype.itemsize * len(read)
    room = Path(tempfile.mkdtemp(dir=folder(), prefix="area-"))
    try:
        if shutil.disk_usage(room).free < size + _LEFT_FREE:
            raise TooLarge(
                f"{room.parent} has no room for {size:,} bytes of {on.name}: make room there, write fewer "
                "bands or a smaller area, or set TMPDIR"
            )
        profile = {
            **_profile(area, dtype, len(read)),
            "nodata": 0 if dtype.kind in "uib" else np.nan,
        }
        with rasterio.Env(**SETTINGS), rasterio.open(room / "area.tif", "w", **profile) as out:
            out.update_tags(**_tags(on))
            for number, name in enumerate(chosen, 1):
                out.set_band_description(number, name)
            _fill(out, on, area, read, dtype, clouds, progress)
        yield room / "area.tif"
    except rasterio.errors.RasterioError as error:
        raise UnreadableFile(
            f"a GeoTIFF of {on.name} cannot be written to {room.parent} ({str(error)[:160]}): make room "
            "there, or set TMPDIR"
        ) from None
    finally:
        shutil.rmtree(room, ignore_errors=True)


def _fill(
    out: Any,
    on: SceneOnGrid,
    area: Area,
    read: Sequence[Any],
    dtype: np.dtype[Any],
    clouds: bool,
    progress: Progress | None,
) -> None:
    from rasterio.windows import Window

    height, width = area.inside.shape
    mask = None if clouds else on.clouds()
    blank = 0 if dtype.kind in "uib" else np.nan
    for first in range(0, height, _ROWS):
        some = slice(first, min(first + _ROWS, height))
        rows = slice(area.rows.start + some.start, area.rows.start + some.stop)
        kept = area.inside[some]
        if mask is not None:
            kept = kept & ~np.asarray(mask[rows, area.columns], bool)
        window = Window(0, first, width, some.stop - some.start)
        for number, array in enumerate(read):
            if progress is not None:
                progress((first + (some.stop - first) * number / len(read)) / height)
            values = np.asarray(array[rows, area.columns]).astype(dtype)
            out.write(np.where(kept, values, dtype.type(blank)), number + 1, window=window)


def _profile(area: Area, dtype: np.dtype[Any], count: int) -> dict[str, Any]:
    from rasterio.transform import Affine

    height, width = area.inside.shape
    tiled = {"tiled": True, "blockxsize": 256, "blockysize": 256}
    return {
        "driver": "GTiff",
        "height": height,
        "width": width,
        "count": count,
        "dtype": "uint8" if dtype.kind == "b" else dtype.name,
        "crs": area.grid.crs or None,
        "transform": Affine(*area.transform),
        "compress": "deflate",
        "predictor": 3 if dtype.kind == "f" else 2,
        "bigtiff": "IF_SAFER",
        **(tiled if min(height, width) >= 256 else {}),
    }


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
