"""Masks written as GeoTIFF and GeoJSON that say who made them, when, and of which scene."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from ..datasets.scene_arrays import Grid
from ..errors import BadRequest
from ..readers.geotiff_writing import GeoTiff
from ..writing import write_whole
from .mask_shapes import (
    LONLAT,
    Mask,
    hectares_of,
    moved,
    needed,
    polygons,
)

RASTERS = (".tif", ".tiff")
KEPT_STEPS = 200
"""Of the history in a file: the last ones."""

_DIGITS = 9
"""Of degrees in GeoJSON: a tenth of a millimetre, or pixels would change on the way back."""


@dataclass(frozen=True)
class MaskFacts:
    """What is known of a mask besides its pixels.

    Parameters
    ----------
    name
        What it is called.
    classes
        Names of its classes, by number.
    who, when
        Who saves it, and the time (UTC, ISO 8601).
    scene, sha256
        The scene that it was drawn on, and what tells its bytes from others; "" where that is not known.
    history
        What was done: of each step ``who``, ``when`` and ``what``.
    """

    name: str
    classes: Mapping[int, str] = field(default_factory=dict)
    who: str = ""
    when: str = ""
    scene: str = ""
    sha256: str = ""
    history: Sequence[Mapping[str, str]] = ()


def now() -> str:
    """Give the time as masks keep it, ``"2019-08-17T10:06:01Z"``."""
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def write_mask(
    path: str | os.PathLike[str],
    mask: Mask,
    grid: Grid,
    facts: MaskFacts,
    *,
    overwrite: bool = False,
) -> Path:
    """Write a mask as GeoTIFF (``.tif``) or GeoJSON (``.geojson``), by the ending of the name.

    Parameters
    ----------
    mask
        uint8, shape of the grid, rows from the north; 0 is nothing.
    overwrite
        Replace a file that is there.

    Raises
    ------
    BadRequest
        Another ending, a file that is there, or a grid that does not say where it is.
    """
    target = Path(path).expanduser()
    ending = target.suffix.lower()
    if ending not in (*RASTERS, ".geojson", ".json"):
        raise BadRequest(f"{target.name}: a mask is saved as .tif or .geojson, not as {ending!r}")
    if target.exists() and not overwrite:
        raise BadRequest(f"{target.name} is there already: choose another name, or overwrite=True")
    if ending in RASTERS:
        return _geotiff(mask, grid, facts).save(target)
    return write_whole(target, _geojson(mask, grid, facts))


def _geotiff(mask: Mask, grid: Grid, facts: MaskFacts) -> GeoTiff:
    tags = {
        "name": facts.name,
        "who": facts.who,
        "when": facts.when,
        "scene": facts.scene,
        "scene_sha256": facts.sha256,
        "classes": json.dumps({str(number): name for number, name in facts.classes.items()}),
        "history": json.dumps([dict(one) for one in facts.history[-KEPT_STEPS:]]),
        "software": "AstroData Lab",
    }
    return GeoTiff(
        grid,
        np.uint8,
        lambda out: out.write(mask, 1),
        names=[facts.name],
        tags=tags,
        what=f"mask {facts.name}",
    )


def _geojson(mask: Mask, grid: Grid, facts: MaskFacts) -> bytes:
    if not grid.crs:
        raise BadRequest(
            "the scene does not say where on the ground it is, which GeoJSON has to: save it as .tif"
        )
    shapely, _ = needed()
    features = []
    told = {"who": facts.who, "when": facts.when, "scene": facts.scene}
    for number, outline in polygons(mask, grid):
        area = hectares_of(outline, grid)
        placed = _cut(shapely.orient_polygons(moved(outline, grid.crs, LONLAT)))
        properties = {
            "class": number,
            "class_name": facts.classes.get(number, f"class {number}"),
            "area_ha": None if area is None else round(area, 4),
            **told,
        }
        geometry = _rounded(shapely.geometry.mapping(placed))
        features.append({"type": "Feature", "properties": properties, "geometry": geometry})
    whole = {"type": "FeatureCollection", "name": facts.name, "features": features}
    return json.dumps(whole, separators=(",", ":"), allow_nan=False).encode()


def _cut(shape: Any) -> Any:
    """Give a polygon that crosses the antimeridian as its parts on both sides, as the standard has it."""
    shapely, _ = needed()
    west, _, east, _ = shape.bounds
    if east - west < 180:
        return shape

    def turned(x: Any, y: Any) -> Any:
        return np.where(x < 0, x + 360, x), y

    around = shapely.transform(shape, turned, interleaved=False)
    parts = []
    for left, by in ((-180, 0), (180, 360)):
        part = around.intersection(shapely.box(left, -90, left + 360, 90))
        part = shapely.transform(part, lambda x, y, by=by: (x - by, y), interleaved=False)
        parts += [one for one in shapely.get_parts(part) if one.geom_type == "Polygon"]
    return shapely.orient_polygons(shapely.MultiPolygon(parts))


def _rounded(geometry: Mapping[str, Any]) -> dict[str, Any]:
    def cut(places: Any) -> Any:
        if isinstance(places, (list, tuple)):
            return [cut(one) for one in places]
        return round(places, _DIGITS)

    return {"type": geometry["type"], "coordinates": cut(geometry["coordinates"])}
