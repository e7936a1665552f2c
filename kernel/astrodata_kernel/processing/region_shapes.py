"""Regions as plain values: what the viewer draws and its state keeps, to and from the package `regions`.

A shape is a dict of numbers in 0-based array pixels, centres at integers: ``shape`` (one of `SHAPES`), ``x``
and ``y`` with ``radius`` (circle) or ``width``, ``height``, ``angle`` (ellipse, box; degrees from x towards
y), or ``points`` (polygon, line); and where they are not empty ``text``, ``color``, ``group``, and
``exclude``.
"""

from __future__ import annotations

import math
import re
import warnings
from collections.abc import Iterable, Mapping
from typing import Any

from ..errors import BadRequest
from .sky import wcslib

NUMBERS: dict[str, tuple[str, ...]] = {
    "circle": ("x", "y", "radius"),
    "ellipse": ("x", "y", "width", "height", "angle"),
    "box": ("x", "y", "width", "height", "angle"),
    "polygon": (),
    "line": (),
    "point": ("x", "y"),
}
"""What tells each shape beside its points."""

SHAPES = tuple(NUMBERS)

MOST = 5000
"""Regions in one viewer."""

CORNERS = 20_000
"""Of one polygon."""

FARTHEST = 1e9
"""Pixels from the origin, and size: beyond, screens have no numbers."""

_COLOUR = re.compile(r"#[0-9a-fA-F]{3,8}|[a-zA-Z]{1,24}")
_SIZES = ("radius", "width", "height")

Shape = dict[str, Any]


def checked(shapes: Any) -> list[Shape]:
    """Give shapes as they are kept: known keys only, numbers as floats.

    Raises
    ------
    BadRequest
        What is no shape, numbers that are not finite, sizes that are not positive, or too many; the text
        says which one.
    """
    if isinstance(shapes, Mapping) or not isinstance(shapes, Iterable):
        raise BadRequest("shapes are a list of dicts")
    found = []
    for number, shape in enumerate(shapes):
        if number >= MOST:
            raise BadRequest(f"more than {MOST:,} regions: give fewer")
        try:
            found.append(_checked(shape))
        except (BadRequest, KeyError, TypeError, ValueError) as error:
            said = f"{error} is missing" if isinstance(error, KeyError) else str(error)
            raise BadRequest(f"region {number}: {said}") from None
    return found


def _checked(shape: Any) -> Shape:
    name = shape.get("shape") if isinstance(shape, Mapping) else None
    if name not in NUMBERS:
        raise BadRequest(f"{str(name)[:40]!r} is no shape: there are {', '.join(SHAPES)}")
    made: Shape = {"shape": name, **{key: _number(shape[key]) for key in NUMBERS[name]}}
    if any(made[size] <= 0 for size in _SIZES if size in made):
        raise BadRequest(f"a {name} without an extent")
    if name in ("polygon", "line"):
        points = [[_number(x), _number(y)] for x, y in shape["points"]]
        wanted = len(points) == 2 if name == "line" else 3 <= len(points) <= CORNERS
        if not wanted:
            raise BadRequest(f"a {name} with {len(points)} points")
        made["points"] = points
    text = re.sub(r"[\x00-\x1f\x7f]+", " ", str(shape.get("text") or "")).strip()[:500]
    colour = str(shape.get("color") or "")
    if colour and not _COLOUR.fullmatch(colour):
        raise BadRequest(f"{colour[:40]!r} is no colour: give #rrggbb or a name")
    group = re.sub(r"[{}\"'\x00-\x1f]+", " ", str(shape.get("group") or "")).strip()[:100]
    kept = {"text": text, "color": colour, "group": group, "exclude": bool(shape.get("exclude"))}
    return {**made, **{key: value for key, value in kept.items() if value}}


def _number(value: Any) -> float:
    number = float(value)
    if not abs(number) <= FARTHEST:  # NaN among them
        raise BadRequest(f"{value} is no place and no size in an image")
    return number


# --- to the package regions ---------------------------------------------------------------------------


def regions_of(shapes: Iterable[Shape]) -> Any:
    """Give shapes as `regions.Regions` of pixels; colour, text and group are in ``visual`` and ``meta``."""
    from regions import Regions

    return Regions([region_of(shape) for shape in shapes])


def region_of(shape: Shape) -> Any:
    """Give one shape as a region of pixels."""
    import astropy.units as u
    import regions as r

    name = shape["shape"]
    if name in ("polygon", "line"):
        xs, ys = zip(*shape["points"], strict=True)
        if name == "polygon":
            region = r.PolygonPixelRegion(r.PixCoord(list(xs), list(ys)))
        else:
            region = r.LinePixelRegion(*(r.PixCoord(x, y) for x, y in shape["points"]))
    else:
        centre = r.PixCoord(shape["x"], shape["y"])
        if name == "point":
            region = r.PointPixelRegion(centre)
        elif name == "circle":
            region = r.CirclePixelRegion(centre, shape["radius"])
        else:
            kind = r.EllipsePixelRegion if name == "ellipse" else r.RectanglePixelRegion
            region = kind(centre, shape["width"], shape["height"], shape["angle"] * u.deg)
    if shape.get("text"):
        region.meta["text"] = shape["text"]
    if shape.get("group"):
        region.meta["tag"] = [shape["group"]]
    if shape.get("exclude"):
        region.meta["include"] = 0
    if shape.get("color"):
        region.visual["color"] = shape["color"]
    return region


def on_sky(region: Any, wcs: Any) -> Any:
    """Give a region of pixels on the sky, with its colour and text.

    Raises
    ------
    BadRequest
        There is no sky, or the region does not lie on it.
    """
    return _placed(region, wcs, "to_sky")


# --- from the package regions -------------------------------------------------------------------------


def shapes_of(regions: Iterable[Any], wcs: Any = None) -> tuple[list[Shape], list[str]]:
    """Give regions as shapes, and sentences on those that cannot be shown.

    Parameters
    ----------
    regions
        Of pixels or of the sky, or shapes.
    wcs
        Celestial `astropy.wcs.WCS` that places those of the sky.

    Raises
    ------
    BadRequest
        What is no region, or one of the sky where there is none.
    """
    shapes: list[Shape] = []
    beyond = 0
    left: dict[str, int] = {}
    changed: dict[str, int] = {}
    for number, region in enumerate(regions):
        if len(shapes) >= MOST:
            raise BadRequest(f"more than {MOST:,} regions: give fewer")
        if isinstance(region, Mapping):
            shapes += checked([region])
            continue
        if not (hasattr(region, "meta") and hasattr(region, "visual")):
            raise BadRequest(f"region {number} is a {type(region).__name__}, which is no region")
        name = type(region).__name__
        if not hasattr(region, "to_sky"):
            if not hasattr(region, "to_pixel") or name.startswith("Compound"):
                left[name] = left.get(name, 0) + 1
                continue
            placed = _on_image(region, wcs)
            if placed is None:
                beyond += 1
                continue
            region = placed
        told = _told(region)
        if told is None:
            left[name] = left.get(name, 0) + 1
            continue
        if name.startswith("Text"):
            changed[name] = changed.get(name, 0) + 1
        try:
            shapes.append(_checked({**told, **_looks(region)}))
        except BadRequest as error:
            raise BadRequest(f"region {number}: {error}") from None
    notes = [
        f"{_counted(count, name)} left out: the viewer shows {', '.join(SHAPES)}"
        for name, count in left.items()
    ]
    if beyond:
        notes.append(
            f"{beyond} beyond the projection of this image {'is' if beyond == 1 else 'are'} left out"
        )
    notes += [f"{_counted(count, name)} shown as a point" for name, count in changed.items()]
    return shapes, notes


def _counted(count: int, name: str) -> str:
    return f"{count} {name}{' is' if count == 1 else 's are'}"


def _placed(region: Any, wcs: Any, how: str) -> Any:
    if wcs is None:
        raise BadRequest("there is no WCS between pixels and the sky: give regions of pixels")
    try:
        with wcslib, warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # what does not lie there is NaN
            placed = getattr(region, how)(wcs)
    except Exception as error:  # noqa: BLE001 - wcslib's errors have no common base
        said = str(error).strip().splitlines()
        raise BadRequest(
            f"a {type(region).__name__} does not lie on this image's sky: {said[0] if said else error}"
        ) from None
    placed.meta, placed.visual = region.meta.copy(), region.visual.copy()
    return placed


def of_pixels(region: Any, wcs: Any) -> Any:
    """Give a region in pixels: one of the sky by the image's WCS, one of pixels as it is.

    Raises
    ------
    BadRequest
        One of the sky where there is none, or that does not lie on this one.
    """
    if not hasattr(region, "to_pixel"):
        return region
    if wcs is None:
        raise BadRequest("there is no WCS to place a region of the sky by: give regions of pixels")
    return _placed(region, wcs, "to_pixel")


def _on_image(region: Any, wcs: Any) -> Any:
    """Give a region of the sky in pixels, None where the projection does not reach it."""
    if wcs is None:
        return of_pixels(region, wcs)
    try:
        placed = of_pixels(region, wcs)
    except BadRequest:
        return None
    return placed if _is_finite(placed) else None


def _is_finite(region: Any) -> bool:
    import numpy as np

    values = [getattr(region, name) for name in region._params if name != "text"]
    flat = [number for one in values for number in (one.xy if hasattr(one, "xy") else (one,))]
    return all(np.isfinite(number).all() for number in flat)


def _told(region: Any) -> Shape | None:
    """Give the numbers of a region of pixels, None where the viewer has no such shape."""
    name = type(region).__name__.removesuffix("PixelRegion")
    if name == "RegularPolygon":
        region, name = region.to_polygon(), "Polygon"
    if name == "Polygon":
        points = list(zip(*(map(float, axis) for axis in region.vertices.xy), strict=True))
        return {"shape": "polygon", "points": points}
    if name == "Line":
        ends = (region.start, region.end)
        return {"shape": "line", "points": [(float(end.x), float(end.y)) for end in ends]}
    if name not in ("Circle", "Ellipse", "Rectangle", "Point", "Text"):
        return None
    told: Shape = {"x": float(region.center.x), "y": float(region.center.y)}
    if name == "Circle":
        return {"shape": "circle", **told, "radius": float(region.radius)}
    if name in ("Ellipse", "Rectangle"):
        sizes = {"width": float(region.width), "height": float(region.height)}
        angle = math.fmod(float(region.angle.to_value("deg")), 360.0)
        return {
            "shape": "box" if name == "Rectangle" else "ellipse",
            **told,
            **sizes,
            "angle": angle,
        }
    return {"shape": "point", **told, "text": getattr(region, "text", "")}


def _looks(region: Any) -> Shape:
    meta, visual = region.meta, region.visual
    colour = visual.get("color") or visual.get("edgecolor") or meta.get("color") or ""
    text = meta.get("text") or meta.get("label") or getattr(region, "text", "")
    tags = meta.get("tag") or []
    include = meta.get("include", 1)
    return {
        "color": colour if isinstance(colour, str) and _COLOUR.fullmatch(colour) else "",
        "text": text,
        "group": tags[0] if isinstance(tags, (list, tuple)) and tags else "",
        "exclude": include in (0, False, "-"),
    }
