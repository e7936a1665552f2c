"""Files of maps: PNG, PDF and SVG with their text as text, GeoTIFF for a geographic information system."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ..errors import BadRequest
from ..readers.geotiff_writing import GeoTiff
from ..readers.sentinel_gdal import needed
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
    """Write the picture of a map as RGBA, or its values as float32, on its grid.

    Raises
    ------
    MissingPackage
        rasterio is not installed.
    """
    needed()  # says what is missing before anything is painted
    return _geotiff_of(drawn, values).save(target)


def _geotiff_of(drawn: SceneMap, values: bool) -> GeoTiff:
    tags = dict(drawn.facts)
    if drawn.date is not None:
        tags["TIFFTAG_DATETIME"] = f"{drawn.date:%Y:%m:%d %H:%M:%S}"
    bands: npt.NDArray[Any] = (
        np.stack([np.asarray(one, np.float32) for one in drawn.values])
        if values
        else np.moveaxis(drawn.painted(), -1, 0)
    )

    def fill(out: Any) -> None:
        out.write(bands)
        for number in range(1, len(bands) + 1) if values else ():
            out.update_tags(number, LIMITS=_limits(drawn, number - 1))

    return GeoTiff(
        drawn.grid,
        bands.dtype,
        fill,
        len(bands),
        np.nan if values else None,
        drawn.style.names if values else (),
        tags,
        {} if values else {"photometric": "RGB", "alpha": "NON-PREMULTIPLIED"},
        "a map",
    )


def _limits(drawn: SceneMap, number: int) -> str:
    norms = drawn.style.norms
    return f"{norms[number].vmin:g} {norms[number].vmax:g}" if norms else ""
