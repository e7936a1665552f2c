"""Regions as text for DS9 and for CASA (CRTF)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from ..errors import BadRequest
from .region_shapes import Shape, on_sky, region_of, regions_of


def written(shapes: Iterable[Shape], form: str = "ds9", wcs: Any = None) -> str:
    """Give the text of a region file.

    Parameters
    ----------
    shapes
        As in `region_shapes`.
    form
        ``"ds9"`` or ``"crtf"``.
    wcs
        Puts the regions on the sky; without it they are of pixels.

    Raises
    ------
    BadRequest
        Another format, or a sky whose system the format does not know.
    """
    shapes = list(shapes)
    if form == "crtf":
        return _written_crtf(shapes, wcs)
    if form != "ds9":
        raise BadRequest(f"format {form!r} is unknown: there are ds9 (.reg) and crtf (.crtf)")
    # DS9 knows no escape: a brace would end the text.
    bare = [{**one, "text": re.sub(r"[{}]", "'", one.get("text", ""))} for one in shapes]
    regions = regions_of(bare)
    if wcs is not None:
        regions = type(regions)([on_sky(region, wcs) for region in regions])
    if not shapes:
        return "# Region file format: DS9\n"
    try:
        text = str(regions.serialize(format="ds9", precision=9 if wcs is not None else 6))
    except KeyError as error:
        raise BadRequest(f"DS9 does not know the system {error} of this sky: save pixels") from None
    return text


_SYSTEMS = {
    "icrs": "ICRS",
    "fk5": "J2000",
    "fk4": "B1950",
    "galactic": "GALACTIC",
    "geocentrictrueecliptic": "ECLIPTIC",
}


def _written_crtf(shapes: list[Shape], wcs: Any) -> str:
    # The package's own writer calls pixels degrees, names a point by a word that it cannot read, and
    # forgets labels.
    lines = ["#CRTFv0"]
    for shape in shapes:
        region = region_of(shape)
        system = "image"
        if wcs is not None:
            region = on_sky(region, wcs)
            frame = _anchor(region).frame.name
            if frame not in _SYSTEMS:
                raise BadRequest(
                    f"CRTF does not know the system {frame!r} of this sky: save pixels"
                )
            system = _SYSTEMS[frame]
        facts = [f"coord={system}"]
        if shape.get("color"):
            facts.append(f"color={shape['color']}")
        if shape.get("text"):
            label = re.sub(r"[\[\]'\",]", " ", shape["text"])
            facts.append(f"label='{label}'")
        sign = "-" if shape.get("exclude") else ""
        lines.append(f"{sign}{_crtf_region(region, shape['shape'])}, {', '.join(facts)}")
    return "\n".join(lines) + "\n"


def _anchor(region: Any) -> Any:
    for name in ("center", "start", "vertices"):
        if hasattr(region, name):
            return getattr(region, name)
    raise BadRequest(f"a {type(region).__name__} lies nowhere")


def _crtf_region(region: Any, shape: str) -> str:
    def place(at: Any) -> str:
        if hasattr(at, "x"):
            return f"[{at.x:.6f}pix, {at.y:.6f}pix]"
        lon, lat = at.spherical.lon.deg, at.spherical.lat.deg
        return f"[{lon:.9f}deg, {lat:.9f}deg]"

    def size(length: Any) -> str:
        return (
            f"{length.to_value('arcsec'):.6f}arcsec"
            if hasattr(length, "to_value")
            else f"{length:.6f}pix"
        )

    if shape == "polygon":
        return f"poly[{', '.join(place(corner) for corner in region.vertices)}]"
    if shape == "line":
        return f"line[{place(region.start)}, {place(region.end)}]"
    centre = place(region.center)
    if shape == "circle":
        return f"circle[{centre}, {size(region.radius)}]"
    if shape == "point":
        return f"symbol[{centre}, +]"
    angle = f"{region.angle.to_value('deg'):.6f}deg"
    width, height = region.width, region.height
    if shape == "ellipse":
        # Half axes, that of the position angle first.
        return f"ellipse[{centre}, [{size(height / 2)}, {size(width / 2)}], {angle}]"
    return f"rotbox[{centre}, [{size(width)}, {size(height)}], {angle}]"
