"""Files of maps: PNG, PDF and SVG with their text as text, GeoTIFF for a geographic information system."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import BadRequest, MissingPackage
from ..writing import write_whole

if TYPE_CHECKING:
    from .scene_maps import SceneMap

FIGURES = ("png", "pdf", "svg")
GEOTIFF = ("tif", "tiff")


def target_of(path: str | os.PathLike[str], endings: tuple[str, ...], overwrite: bool) -> Path:
    """Give the path of a file that may be written.

    Raises
    ------
    BadRequest
        Another ending, or a file that is there.
    """
    target = Path(path).expanduser()
    if target.suffix.lower().removeprefix(".") not in endings:
        raise BadRequest(
            f"{target.name}: the ending {target.suffix!r} is unknown, there are "
            f"{', '.join('.' + ending for ending in endings)}"
        )
    if target.exists() and not overwrite:
        raise BadRequest(f"{target} is there: overwrite=True replaces it")
    return target


def save_figure(figure: Any, target: Path, dpi: float) -> Path:
    """Write a figure by its ending, as large as it is told to be."""
    from matplotlib import rc_context

    ending = target.suffix.lower().removeprefix(".")
    made = io.BytesIO()
    # Text that can be searched, copied and corrected, not outlines of letters.
    facts = {"Date": None} if ending == "svg" else None
    with rc_context({"pdf.fonttype": 42, "svg.fonttype": "none", "svg.hashsalt": "map"}):
        figure.savefig(
            made, format=ending, dpi=dpi, facecolor=figure.get_facecolor(), metadata=facts
        )
    return write_whole(target, made.getvalue())


def save_geotiff(drawn: SceneMap, target: Path, values: bool) -> Path:
    """Write the picture of a map as RGBA, or its values as float32, on its grid."""
    return write_whole(target, geotiff_of(drawn, values))


def geotiff_of(drawn: SceneMap, values: bool) -> bytes:
    """Give a map as the bytes of a GeoTIFF.

    Raises
    ------
    MissingPackage
        rasterio is not installed.
    """
    try:
        import rasterio
        from rasterio.io import MemoryFile
    except ImportError:
        raise MissingPackage(
            'a GeoTIFF is written by rasterio: pip install "astrodata-lab[sentinel]"'
        ) from None
    grid = drawn.grid
    if values:
        bands = np.stack([np.asarray(one, np.float32) for one in drawn.values])
    else:
        bands = np.moveaxis(drawn.painted(), -1, 0)
    rows, columns = grid.shape
    profile = {
        "driver": "GTiff", "height": rows, "width": columns, "count": len(bands),
        "dtype": bands.dtype, "transform": rasterio.Affine(*grid.transform), "compress": "deflate",
        "predictor": 3 if values else 2, "nodata": np.nan if values else None,
    }  # fmt: skip
    if grid.crs:
        profile["crs"] = grid.crs
    if min(rows, columns) >= 256:
        profile |= {"tiled": True, "blockxsize": 256, "blockysize": 256}
    if not values:
        profile |= {"photometric": "RGB", "alpha": "NON-PREMULTIPLIED"}
    with MemoryFile() as memory:
        with rasterio.open(memory.name, "w", **profile) as out:
            out.write(bands)
            out.update_tags(**drawn.facts)
            if drawn.date is not None:
                out.update_tags(TIFFTAG_DATETIME=f"{drawn.date:%Y:%m:%d %H:%M:%S}")
            if values:
                out.descriptions = drawn.style.names
                for number in range(1, len(bands) + 1):
                    out.update_tags(number, LIMITS=_limits(drawn, number - 1))
        made: bytes = memory.read()
    return made


def _limits(drawn: SceneMap, number: int) -> str:
    norms = drawn.style.norms
    return f"{norms[number].vmin:g} {norms[number].vmax:g}" if norms else ""
