"""What is measured in the regions of an image viewer: for Python a table, for the panel also a curve."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..datasets import Dataset
from ..errors import BadRequest
from ..processing import measure as measuring
from ..processing.image_parts import Sheet, pixel_scale
from ..processing.region_shapes import Shape, checked, region_of
from ..wire import Reply, encode
from .base import Cancel, RequestWidget, answers

CURVES = ("histogram", "growth", "radial", "line")
MOST_ROWS = 500
"""Regions in the panel's table; from Python there is no end."""


class MeasuringWidget(RequestWidget):
    """Measures the regions of an image viewer."""

    dataset: Dataset
    plane: Any
    shapes: Any
    selected_shapes: Any
    _where: Callable[..., Any]
    _of: Callable[[int], Dataset]

    def measure(self, regions: Any = None) -> Any:
        """Measure the pixels in regions on the plane on show.

        Parameters
        ----------
        regions
            Numbers of regions, from 0; by default the selected ones, or all where none is.

        Returns
        -------
        QTable
            A row a region: its number ``region``, its ``shape`` and ``text``, and what
            `processing.measure.statistics` gives.

        Raises
        ------
        BadRequest
            A number of no region, or a region of more pixels than are measured at once.
        """
        if regions is None:
            numbers = list(self.selected_shapes) or list(range(len(self.shapes)))
        else:
            numbers = [regions] if isinstance(regions, int) else [int(one) for one in regions]
        for number in numbers:
            if not 0 <= number < len(self.shapes):
                raise BadRequest(f"there is no region {number}: there are {len(self.shapes)}")
        shapes = [self.shapes[number] for number in numbers]
        table = measuring.statistics(self._sheet(), [region_of(shape) for shape in shapes])
        table.add_columns(
            [numbers, [one["shape"] for one in shapes], [one.get("text", "") for one in shapes]],
            indexes=[0, 0, 0],
            names=["region", "shape", "text"],
        )
        return table

    @answers("measure")
    def _answer_measure(
        self,
        shapes: list[Shape],
        curve: str = "",
        fit: str = "moffat",
        radius: float = 15.0,
        width: float = 1.0,
        annulus: Sequence[float] | None = None,
        hdu: int | None = None,
        plane: int | None = None,
        *,
        cancel: Cancel,
    ) -> Reply:
        """Answer with a row a shape, and of the first shape one curve with what it tells."""
        sheet = self._sheet(hdu, plane)
        asked = checked(shapes)
        rows = []
        for shape in asked[:MOST_ROWS]:
            cancel.check()
            rows.append(_plain(measuring.statistics(sheet, region_of(shape))[0]))
        meta: dict[str, Any] = {
            "rows": rows,
            "unit": sheet.meta["unit"],
            "more": max(0, len(asked) - MOST_ROWS),
            "curve": curve,
            "facts": [],
        }
        cancel.check()
        columns = np.zeros((2, 0))
        if curve and asked:
            columns, meta["facts"] = _curve(sheet, asked[0], curve, fit, radius, width, annulus)
        cancel.check()
        described, buffer = encode(np.ascontiguousarray(columns, dtype=np.float32))
        return Reply({**meta, **described}, [buffer])

    def _sheet(self, hdu: int | None = None, plane: int | None = None) -> Sheet:
        where, planes = self._where(hdu, plane)
        dataset = self._of(where["hdu"])
        unit = str(dataset.meta.get("unit", ""))
        return Sheet(planes, where["plane"], dataset.wcs, unit)


Fact = dict[str, Any]


def _curve(
    sheet: Sheet,
    shape: Shape,
    curve: str,
    fit: str,
    radius: float,
    width: float,
    annulus: Sequence[float] | None,
) -> tuple[Any, list[Fact]]:
    """Give the x and the ys of a curve, shape (2 or 3, n), and the numbers that it tells."""
    if curve == "histogram":
        table = measuring.histogram(sheet, region_of(shape))
        low, high = _values(table["low"]), _values(table["high"])
        return np.stack([low, high, np.asarray(table["count"], float)]), []
    if curve == "line":
        if shape["shape"] != "line":
            raise BadRequest(f"a {shape['shape']} has no profile along it: draw a line")
        start, end = shape["points"]
        table = measuring.line(sheet, start, end, width)
        return _along(sheet, shape, table)
    if curve not in CURVES:
        raise BadRequest(f"curve {curve!r} is unknown: there are {', '.join(CURVES)}")
    if shape["shape"] not in ("circle", "point"):
        raise BadRequest(f"a {shape['shape']} has no {curve}: draw a circle or a point")
    centre = (shape["x"], shape["y"])
    radius = float(shape.get("radius", radius))
    if curve == "radial":
        return _radial(sheet, centre, max(2.0, radius), fit)
    return _growth(sheet, centre, max(2.0, radius), radius, annulus)


def _along(sheet: Sheet, shape: Shape, table: Any) -> tuple[Any, list[Fact]]:
    (x0, y0), (x1, y1) = shape["points"]
    facts = [_fact("length", math.hypot(x1 - x0, y1 - y0), "px")]
    scale = pixel_scale(sheet.wcs, (x0 + x1) / 2, (y0 + y1) / 2)
    if math.isfinite(scale):
        facts.append(_fact("length on the sky", facts[0]["value"] * scale, "arcsec"))
    return np.stack([_values(table["distance"]), _values(table["value"])]), facts


def _radial(
    sheet: Sheet, centre: tuple[float, float], radius: float, fit: str
) -> tuple[Any, list[Fact]]:
    found = measuring.radial(sheet, centre, radius, fit=fit)
    at, values = _values(found.table["radius"]), _values(found.table["value"])
    fitted = np.full(len(at), np.nan)
    if found.model is not None:
        fitted = found.model(at) + found.background
    scale = pixel_scale(sheet.wcs, *found.centre)
    facts = [
        _fact("FWHM", found.fwhm, "px"),
        _fact("FWHM on the sky", found.fwhm * scale, "arcsec"),
        _fact("x", found.centre[0], "px"),
        _fact("y", found.centre[1], "px"),
        _fact("background", found.background, sheet.meta["unit"]),
    ]
    known = [fact for fact in facts if fact["value"] is not None or fact["name"] == "FWHM"]
    return np.stack([at, values, fitted]), known


def _growth(
    sheet: Sheet,
    centre: tuple[float, float],
    reach: float,
    aperture: float,
    annulus: Sequence[float] | None,
) -> tuple[Any, list[Fact]]:
    try:
        rings = tuple(float(one) for one in annulus) if annulus else None
    except (TypeError, ValueError):
        rings = ()
    if rings is not None and len(rings) != 2:
        raise BadRequest(f"annulus {annulus!r}: give its inner and its outer radius")
    row = measuring.photometry(sheet, [centre], aperture, rings)[0]
    sky = _number(row["background"])
    table = measuring.growth(sheet, centre, reach, background=sky if rings else 0.0)
    unit = sheet.meta["unit"]
    facts = [
        _fact("flux", _number(row["flux"]), unit),
        _fact("aperture", aperture, "px"),
        _fact("sky of a pixel", sky if rings else None, unit),
        _fact("its spread", _number(row["background_std"]), unit),
        _fact("pixels", _number(row["pixels"]), ""),
    ]
    known = [fact for fact in facts if fact["value"] is not None or fact["name"] == "flux"]
    return np.stack([_values(table["radius"]), _values(table["flux"])]), known


def _values(column: Any) -> Any:
    return np.asarray(getattr(column, "value", column), float)


def _number(value: Any) -> float | None:
    number = float(getattr(value, "value", value))
    return number if math.isfinite(number) else None


def _fact(name: str, value: float | None, unit: str) -> Fact:
    return {"name": name, "value": None if value is None else _number(value), "unit": unit}


def _plain(row: Any) -> dict[str, float | None]:
    return {name: _number(row[name]) for name in row.colnames}
