"""GeoTIFF as all parts of the project write it: compressed tiles with place, names of bands and tags."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from ..datasets.scene_arrays import Grid
from ..errors import BadRequest, TooLarge, UnreadableFile
from ..writing import write_whole
from .quiet import quiet
from .scratch import folder
from .sentinel_gdal import SETTINGS, needed

TILE = 256
"""Pixels of the side of a tile; smaller files are written in strips."""

KINDS = ("float32", "float64", "uint8", "uint16", "uint32", "int16", "int32")
"""Types of values that every program reads."""

_LEFT_FREE = 256 << 20


def profile_of(
    grid: Grid, dtype: Any, count: int = 1, nodata: float | None = None
) -> dict[str, Any]:
    """Give what rasterio wants to be told to open a new file.

    Parameters
    ----------
    grid
        Where its pixels lie.
    dtype
        Of its values; booleans become uint8.
    count
        Bands.
    nodata
        What stands for nothing.

    Raises
    ------
    BadRequest
        Values that not every program reads.
    """
    from rasterio.transform import Affine

    kind = np.dtype(np.uint8) if np.dtype(dtype).kind == "b" else np.dtype(dtype)
    if kind.name not in KINDS:
        raise BadRequest(f"a GeoTIFF does not hold {kind.name}: give float32 or uint8")
    rows, columns = grid.shape
    tiled = {"tiled": True, "blockxsize": TILE, "blockysize": TILE}
    return {
        "driver": "GTiff",
        "height": rows,
        "width": columns,
        "count": count,
        "dtype": kind.name,
        "crs": grid.crs or None,
        "transform": Affine(*grid.transform),
        "nodata": nodata,
        "compress": "deflate",
        "predictor": 3 if kind.kind == "f" else 2,
        "bigtiff": "IF_SAFER",
        **(tiled if min(rows, columns) >= TILE else {}),
    }


@dataclass(frozen=True)
class GeoTiff:
    """A file to be written.

    Parameters
    ----------
    grid, dtype, count, nodata
        As of `profile_of`.
    fill
        Writes the values into the open file of rasterio, in whatever windows it likes.
    names
        Of the bands.
    tags
        What else it says; empty ones are left out.
    options
        More of GDAL's options, such as ``photometric``.
    what
        How errors name it.
    """

    grid: Grid
    dtype: Any
    fill: Callable[[Any], object]
    count: int = 1
    nodata: float | None = None
    names: Sequence[str] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    what: str = "a map"

    def save(self, path: str | PathLike[str]) -> Path:
        """Write it; what was there before stays until all is written.

        Raises
        ------
        BadRequest
            Values that a GeoTIFF does not hold.
        TooLarge, UnreadableFile
            No room for it, or the folder does not take it.
        MissingPackage
            rasterio is not installed.
        """
        with self._made() as made, made.open("rb") as file:
            return write_whole(
                Path(path).expanduser(), lambda out: shutil.copyfileobj(file, out, 1 << 20)
            )

    def content(self) -> bytes:
        """Give what `save` writes."""
        with self._made() as made:
            return made.read_bytes()

    @contextmanager
    def _made(self) -> Iterator[Path]:
        rasterio = needed()
        profile = {**profile_of(self.grid, self.dtype, self.count, self.nodata), **self.options}
        rows, columns = self.grid.shape
        size = rows * columns * self.count * np.dtype(self.dtype).itemsize
        home = Path(tempfile.mkdtemp(dir=folder(), prefix="geotiff-"))
        try:
            # Most compress well; where one does not, this is still enough.
            if shutil.disk_usage(home).free < size + _LEFT_FREE:
                raise TooLarge(
                    f"{home.parent.parent} has no room for {size:,} bytes of {self.what}: make room there, "
                    "write less, or set TMPDIR"
                )
            try:
                self._write(rasterio, home / "made.tif", profile)
            except rasterio.errors.RasterioError as error:
                raise UnreadableFile(
                    f"a GeoTIFF of {self.what} cannot be written to {home.parent.parent} "
                    f"({str(error)[:160]}): make room there, or set TMPDIR"
                ) from None
            yield home / "made.tif"
        finally:
            shutil.rmtree(home, ignore_errors=True)

    def _write(self, rasterio: Any, path: Path, profile: dict[str, Any]) -> None:
        with rasterio.Env(**SETTINGS):
            with quiet():  # that a scene does not say where it is, others say
                out = rasterio.open(path, "w", **profile)
            with out:
                self.fill(out)
                out.update_tags(**{key: text for key, text in self.tags.items() if text})
                for number, name in enumerate(self.names, 1):
                    out.set_band_description(number, name)
