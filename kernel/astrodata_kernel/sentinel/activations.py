"""Activations of the Copernicus Emergency Management Service: what burnt, as masks on a scene's pixels."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..datasets.scene import Scene
from ..datasets.scene_arrays import Grid
from ..errors import BadRequest, DamagedFile, UnsupportedFormat
from .activation_files import Layer, layers_of
from .mask_shapes import LONLAT, drawn, mended, moved
from .polygon_files import read_polygons

GRADES = {
    "no visible damage": 0,
    "negligible to slight damage": 1,
    "negligible": 1,
    "possibly damaged": 2,
    "moderately damaged": 2,
    "moderate": 2,
    "damaged": 3,
    "highly damaged": 3,
    "high": 3,
    "destroyed": 4,
    "completely destroyed": 4,
}
"""Classes of damage by the service's words. What was not analysed has none."""

_GRADE_FIELDS = ("damage_gra", "damage_grade", "grading")
FIRE = "fire"
"""In the type of an event: its number has changed over the years, the word has not."""


@dataclass(frozen=True)
class Match:
    """A scene that an activation can be seen in.

    Parameters
    ----------
    scene
        The scene.
    days
        From the event to the scene; negative before it.
    covered
        Share of the burnt area that the scene's footprint has.
    """

    scene: Scene
    days: float
    covered: float


@dataclass(frozen=True)
class Activation:
    """What the service found of one event, from `activation`.

    Parameters
    ----------
    code, area, product
        Such as ``"EMSR382"``, ``"AOI01"``, and ``"DEL"`` (delineation), ``"GRA"`` (grading), ``"FEP"`` (first
        estimate).
    crs
        Of the polygons, ``"EPSG:4326"``.
    burnt
        Polygons (shapely) of what burnt.
    graded
        Polygons with their class of damage, 0 to 4.
    date
        When it burnt, as it was told; None where nobody did.
    notes
        What was mended or left out.
    """

    code: str
    area: str
    product: str
    crs: str
    burnt: tuple[Any, ...] = field(default=(), repr=False)
    graded: tuple[tuple[Any, int], ...] = field(default=(), repr=False)
    date: datetime | None = None
    notes: tuple[str, ...] = ()
    rasters: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def has_grades(self) -> bool:
        """Whether it tells classes of damage, so that `mask` takes ``grading=True``."""
        return bool(self.graded) or "GRA" in self.rasters

    def mask(
        self,
        onto: Scene | Grid,
        *,
        grading: bool = False,
        resolution: float | None = None,
        all_touched: bool = False,
    ) -> npt.NDArray[np.uint8]:
        """Give what burnt as a mask on the pixels of a scene.

        Parameters
        ----------
        onto
            A scene, or its grid.
        grading
            Give classes of damage, 0 to 4, instead of 0 and 1. Where polygons overlap the worse one counts.
        resolution
            Of a scene's grid, in metres; its finest by default.
        all_touched
            Count each pixel that a polygon touches, not only those whose centre lies in it.

        Returns
        -------
        ndarray
            uint8, shape (rows, columns); as `rasterio.features.rasterize` gives it of the polygons in the
            scene's system, or the nearest pixel of a raster.

        Raises
        ------
        BadRequest
            The scene does not say where it is, or there is no grading.
        """
        grid = onto.grid(resolution) if isinstance(onto, Scene) else onto
        if not grid.crs:
            raise BadRequest("the scene does not say where on the ground it is: a mask needs a CRS")
        if self.rasters:
            return self._warped(grid, grading)
        if grading and not self.graded:
            raise BadRequest(f"{self.code} {self.area} {self.product} has no classes of damage")
        shapes = (
            sorted(self.graded, key=lambda one: one[1])
            if grading
            else [(one, 1) for one in self.burnt]
        )
        placed = [(moved(shape, self.crs, grid.crs), value) for shape, value in shapes]
        return drawn(placed, grid, all_touched=all_touched)

    def match(self, scenes: Sequence[Scene], least: float = 0.5) -> list[Match]:
        """Give the scenes that see what burnt, by time.

        Parameters
        ----------
        scenes
            To choose from.
        least
            Share of the burnt area that a scene must have.

        Raises
        ------
        BadRequest
            It is not known when it burnt, or where.
        """
        import shapely
        from shapely.geometry import shape

        if self.date is None:
            raise BadRequest(
                f"{self.code} does not say when it burnt: open it with date='2019-08-17'"
            )
        if not self.burnt:
            raise BadRequest(f"{self.code} {self.area} has no polygons to match scenes by")
        whole = shapely.union_all([moved(one, self.crs, LONLAT) for one in self.burnt])
        found = []
        for scene in scenes:
            if scene.date is None or scene.footprint is None:
                continue
            shared = shape(scene.footprint).intersection(whole).area
            covered = shared / whole.area if whole.area else 0.0
            taken = scene.date.replace(tzinfo=None)
            if covered >= least:
                days = (taken - self.date.replace(tzinfo=None)).total_seconds() / 86400
                found.append(Match(scene, days, covered))
        return sorted(found, key=lambda one: one.days)

    def pair(self, scenes: Sequence[Scene], least: float = 0.5) -> tuple[Scene, Scene]:
        """Give the last scene before and the first one after the fire; of one day, the less cloudy.

        Raises
        ------
        BadRequest
            There is none on one side.
        """

        def clouds(match: Match) -> float:
            return match.scene.cloud_share if match.scene.cloud_share is not None else 1.0

        found = self.match(scenes, least)
        before = [one for one in found if one.days < 0]
        after = [one for one in found if one.days > 0]
        for side, name in ((before, "before"), (after, "after")):
            if not side:
                raise BadRequest(
                    f"none of {len(scenes)} scenes sees {self.code} {self.area} {name} the fire"
                )
        last = min(before, key=lambda one: (math.floor(-one.days), clouds(one)))
        first = min(after, key=lambda one: (math.floor(one.days), clouds(one)))
        return last.scene, first.scene

    def _warped(self, grid: Grid, grading: bool) -> npt.NDArray[np.uint8]:
        from affine import Affine
        from rasterio import band as rasterio_band
        from rasterio import open as opened
        from rasterio._err import CPLE_BaseError
        from rasterio.enums import Resampling
        from rasterio.errors import RasterioError
        from rasterio.warp import reproject

        path = self.rasters.get("GRA" if grading else "DEL") or (
            None if grading else self.rasters.get("GRA")
        )
        if path is None:
            raise BadRequest(
                f"{self.code} {self.area} has no classes of damage: there is no _GRA raster"
            )
        made = np.zeros(grid.shape, np.uint8)
        name = path.rpartition("/")[2]
        try:
            # As GeoTIFF only: GDAL would follow what else calls itself .tif to files elsewhere.
            with opened(path, driver="GTiff") as image:
                if image.crs is None:
                    raise BadRequest(f"{name} does not say its CRS: a mask needs one")
                reproject(
                    rasterio_band(image, 1),
                    made,
                    dst_transform=Affine(*grid.transform),
                    dst_crs=grid.crs,
                    resampling=Resampling.nearest,
                )
        except (RasterioError, CPLE_BaseError) as error:
            raise DamagedFile(f"{name} cannot be read: {str(error)[:200]}") from None
        return made if grading or "DEL" in self.rasters else (made > 0).astype(np.uint8)


def activation(
    path: str | os.PathLike[str],
    *,
    product: str | None = None,
    date: str | date | datetime | None = None,
    crs: str | None = None,
) -> Activation:
    """Open an activation: a zip or a folder as the service gives it, or one of its files.

    Parameters
    ----------
    path
        Shapefiles or GeoJSON by the service's names, packed or not; or rasters that end in ``_DEL`` and
        ``_GRA``.
    product
        ``"DEL"``, ``"GRA"`` or ``"FEP"``; by default the one that tells most, and its newest edition.
    date
        When it burnt: the files do not say it.
    crs
        Of polygons whose file does not say it.

    Raises
    ------
    UnreadableFile, UnsupportedFormat, DamagedFile, TooLarge
        Nothing there, nothing of an activation in it, or what cannot be read; the text names it.
    BadRequest
        There is no such product, or no CRS.
    MissingPackage
        The package that reads polygons is not installed.
    """
    file = Path(path).expanduser()
    layers = layers_of(file)
    rasters = [one for one in layers if one.layer == "raster"]
    if product is not None and product.upper() not in {one.product for one in layers}:
        known = ", ".join(sorted({one.product for one in layers}))
        raise BadRequest(f"{file.name} has no product {product!r}: there are {known}")
    chosen = [one for one in layers if product is None or one.product == product.upper()]
    when = _day(date)
    if all(one.layer == "raster" for one in chosen):
        first = max(rasters, key=lambda one: one.rank)
        kept = {one.product: one.where for one in chosen if one.area == first.area}
        return Activation(first.code, first.area, first.product, "", date=when, rasters=kept)
    best = max((one for one in chosen if one.layer != "raster"), key=lambda one: one.rank)
    own = [
        one for one in chosen if (one.code, one.area, one.rank) == (best.code, best.area, best.rank)
    ]
    notes: list[str] = []
    burnt, burnt_crs = _burnt(own, crs, notes)
    graded, graded_crs = _graded(own, crs, notes)
    if not burnt and not graded:
        raise UnsupportedFormat(
            f"{file.name}: {best.code} {best.area} {best.product} has no burnt area (observedEvent) and no "
            "classes of damage (naturalLandUse)"
        )
    if burnt and graded and burnt_crs != graded_crs:
        graded = [(moved(shape, graded_crs, burnt_crs), grade) for shape, grade in graded]
    told = burnt_crs or graded_crs
    if not burnt:
        burnt = [shape for shape, grade in graded if grade > 0]
    return Activation(
        best.code, best.area, best.product, told, tuple(burnt), tuple(graded), when, tuple(notes)
    )


def _burnt(layers: list[Layer], crs: str | None, notes: list[str]) -> tuple[list[Any], str]:
    layer = next((one for one in layers if one.layer.lower() == "observedevent"), None)
    if layer is None:
        return [], ""
    shapes, rows, told = _read(layer, crs, notes)
    kinds = [f"{row.get('event_type', '')} {row.get('obj_desc', '')}".lower() for row in rows]
    fires = [shape for shape, kind in zip(shapes, kinds, strict=True) if FIRE in kind]
    others = len(shapes) - len(fires)
    if fires and others:
        notes.append(f"{others} polygons of other events were left out")
    return (fires or shapes), told


def _graded(
    layers: list[Layer], crs: str | None, notes: list[str]
) -> tuple[list[tuple[Any, int]], str]:
    layer = next((one for one in layers if one.layer.lower() == "naturallanduse"), None)
    if layer is None:
        return [], ""
    shapes, rows, told = _read(layer, crs, notes)
    found, unknown = [], 0
    for shape, row in zip(shapes, rows, strict=True):
        words = next((str(row[key]) for key in _GRADE_FIELDS if row.get(key)), "")
        grade = GRADES.get(words.strip().lower())
        if grade is None:
            unknown += 1
        else:
            found.append((shape, grade))
    if unknown:
        notes.append(f"{unknown} polygons without a class of damage were left out")
    return found, told


def _read(
    layer: Layer, crs: str | None, notes: list[str]
) -> tuple[list[Any], list[dict[str, Any]], str]:
    name = layer.where.rpartition("/")[2]
    shapes, columns, own = read_polygons(layer.where, name)
    told = own or crs or ""
    if not told:
        raise BadRequest(f"{name} does not say its CRS (there is no .prj): give crs='EPSG:4326'")
    rows = [{key: column[i] for key, column in columns.items()} for i in range(len(shapes))]
    kept, said = mended(zip(shapes, rows, strict=True), name)
    notes += said
    return [shape for shape, _ in kept], [row for _, row in kept], told


def _day(told: Any) -> datetime | None:
    if told is None or isinstance(told, datetime):
        return told
    try:
        return datetime.fromisoformat(str(told))
    except ValueError:
        raise BadRequest(f"date {told!r}: give a day such as 2019-08-17") from None
