"""What is seen of a scene as a file that knows where it lies: GeoTIFF, and FITS with map coordinates."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ..datasets import Dataset
from ..datasets.scene import Scene
from ..processing.pyramid import Planes
from ..processing.scene_areas import box_of
from ..processing.scene_on_grid import SceneOnGrid, finest
from ..processing.scene_writing import geotiff
from ..readers.fits_structure import plain_text
from .fits_state import StateWidget


class SceneSavingWidget(StateWidget):
    """Saves what is seen of a scene with its place; stands before the image viewer's own saving."""

    scenes: tuple[Scene, ...]
    scene: Scene
    bands: Any
    dataset: Dataset
    _planes_of: Callable[[Dataset], Planes]
    _box: Callable[..., Any]

    def save(self, path: str | os.PathLike[str], box: Sequence[float] | None = None) -> Path:
        """Write what is seen to a file, by the ending of its name.

        Parameters
        ----------
        path
            ``.tif`` (the bands on show as GeoTIFF with CRS), or as of images: ``.png``, ``.pdf``, ``.svg``,
            ``.fits``, ``.json``, ``.py``. A file that is there is replaced.
        box
            Left, bottom, right and top in 0-based pixel coordinates; what is seen by default.

        Raises
        ------
        BadRequest
            Another ending.
        """
        if Path(path).suffix.lower() in (".tif", ".tiff"):
            return geotiff(*self._seen(box)).save(path)
        saved: Path = super().save(path, box)
        return saved

    def _bytes(self, what: str, box: Sequence[float] | None) -> bytes:
        if what in ("tif", "tiff"):
            return geotiff(*self._seen(box)).content()
        made: bytes = super()._bytes(what, box)
        return made

    def _seen(self, box: Sequence[float] | None) -> tuple[SceneOnGrid, Any, list[str]]:
        first = self.scenes[0]
        grid = first.grid(finest(first))
        left, bottom, right, top = self._box(self._planes_of(self.dataset), box)
        area = box_of(left, bottom, right, top, grid)
        return SceneOnGrid(self.scene, grid, finest(first)), area, list(self.bands)

    def _cutout(self, box: Sequence[float] | None, lookups: bool) -> Any:
        """Give the HDUs of a cutout with the coordinates of the map, which are linear."""
        hdus = super()._cutout(box, lookups)
        header, scene = hdus[0].header, self.scene
        grid = self.scenes[0].grid()
        if scene.date is not None:
            header["DATE-OBS"] = scene.date.replace(tzinfo=None).isoformat(timespec="milliseconds")
        if not grid.crs:
            return hdus
        left, bottom, _right, _top = self._box(self._planes_of(self.dataset), box)
        dx, _, west, _, dy, north = grid.transform
        south = north + dy * (grid.shape[0] - bottom)
        unit = _unit(grid.crs)
        # Rows of the cutout begin in the south; pixel 0.5 is the outer edge of the first one.
        for axis, name, edge, step in ((1, "X", west + dx * left, dx), (2, "Y", south, -dy)):
            header[f"CTYPE{axis}"] = (name, "coordinate of the map")
            header[f"CUNIT{axis}"] = unit
            header[f"CRPIX{axis}"] = 0.5
            header[f"CRVAL{axis}"] = edge
            header[f"CDELT{axis}"] = step
        header["MAPCRS"] = (plain_text(grid.crs)[:60], "coordinate reference system")
        return hdus


def _unit(crs: str) -> str:
    try:
        from pyproj import CRS
    except ImportError:
        return "m"
    known = CRS.from_user_input(crs)
    return "deg" if known.is_geographic else "m"
