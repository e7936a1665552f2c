"""Polygons read from files, with what stands beside each of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..errors import DamagedFile, MissingPackage


def read_polygons(path: str | Path, name: str) -> tuple[list[Any], dict[str, Any], str]:
    """Give the geometries of a file, its columns by name in small letters, and its CRS, "" where it has none.

    Parameters
    ----------
    path
        As GDAL takes it, also within a zip.
    name
        How errors name it.

    Raises
    ------
    DamagedFile
        It cannot be read.
    MissingPackage
        pyogrio or shapely is not installed.
    """
    try:
        import pyogrio
        import shapely
    except ImportError:
        raise MissingPackage(
            "polygons need pyogrio and shapely: pip install 'astrodata-lab[sentinel]'"
        ) from None
    try:
        meta, _, geometry, values = pyogrio.raw.read(path)
        shapes = list(shapely.from_wkb(geometry))
    except (pyogrio.errors.DataSourceError, shapely.errors.GEOSException, ValueError) as error:
        raise DamagedFile(f"{name} cannot be read: {str(error).splitlines()[0][:200]}") from None
    columns = {str(key).lower(): column for key, column in zip(meta["fields"], values, strict=True)}
    return shapes, columns, str(meta["crs"] or "")
