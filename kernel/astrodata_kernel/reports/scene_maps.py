"""Maps of satellite scenes for papers: picture, scale bar, north arrow, legend, date and attribution."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..datasets.lazy import Values
from ..datasets.scene_arrays import Grid
from ..drawing import CellFigure
from ..errors import BadRequest
from .looks import Look, look_of
from .scene_drawing import (
    attribution_of,
    draw_clouds,
    draw_overlay,
    draw_picture,
    entries_of,
    facts_of,
    inch_of,
    middle_of,
    projection_of,
    proportion_of,
    under_of,
    write_around,
)
from .scene_files import FIGURES, GEOTIFF, save_figure, save_geotiff, target_of
from .scene_furniture import ScaleBar, bar_of, draw_bar, draw_graticule, draw_north
from .scene_graticules import graticule_of
from .scene_ground import Ground
from .scene_layout import Layout, laid_out
from .scene_masks import Overlay, overlay_of
from .scene_pictures import Style, style_of
from .scene_pixels import shown_of, view_of

FINEST = 8000
"""Pixels of the longer side of a picture, at most."""

SAMPLE = 512
"""Pixels of the width of what limits are found from."""


class SceneMap(CellFigure):
    """A map as a figure: it shows itself in a notebook, and is saved by `save`.

    Attributes
    ----------
    grid
        Of the picture: CRS, place and size of its pixels.
    values
        What was read, float32 (or classes), one array of the grid's shape for each band.
    style
        How they became colours.
    overlay
        The mask, or None.
    scale_bar
        With ``metres``, ``start`` and ``end``, or None.
    north
        Direction of true north at the middle, degrees clockwise from up; None where it is not known.
    date
        Of sensing, UTC, or None.
    facts
        Scene, satellite, date, bands and attribution, as a GeoTIFF's tags say them.
    """

    grid: Grid
    values: list[Values]
    style: Style
    overlay: Overlay | None
    scale_bar: ScaleBar | None
    north: float | None
    date: datetime | None
    facts: dict[str, str]

    def painted(self) -> npt.NDArray[np.uint8]:
        """Give the picture with the mask over it: uint8 of shape (rows, columns, 4)."""
        picture = self.style.paint(self.values)
        return picture if self.overlay is None else self.overlay.lay(picture)

    def save(
        self,
        path: str | os.PathLike[str],
        *,
        values: bool = False,
        overwrite: bool = False,
        dpi: float | None = None,
    ) -> Path:
        """Write the map to a file, by the ending of its name.

        Parameters
        ----------
        path
            ``.png``, ``.pdf`` or ``.svg`` (the figure, its text as text), or ``.tif``: the picture alone, as
            red, green, blue and alpha on its grid, to lie in a geographic information system.
        values
            In a GeoTIFF, write what was measured instead: float32, nothing as NaN, with the bands' names.
        overwrite
            Replace a file that is there.
        dpi
            Pixels to an inch of a PNG; those that the picture was read for when None.

        Returns
        -------
        Path
            Of the file.

        Raises
        ------
        BadRequest
            Another ending, a file that is there, or values that are no GeoTIFF.
        """
        target = target_of(path, FIGURES + GEOTIFF, overwrite)
        if target.suffix.lower().removeprefix(".") in GEOTIFF:
            return save_geotiff(self, target, values)
        if values:
            raise BadRequest(f"{target.name}: values are written as GeoTIFF, with the ending .tif")
        return save_figure(self, target, self.dpi if dpi is None else dpi)


def scene_map(
    scene: Any,
    bands: str | Sequence[str] | None = None,
    *,
    area: Any = None,
    mask: Any = None,
    mask_name: str | Mapping[int, str] = "burnt",
    mask_colors: Mapping[int, str] | None = None,
    clouds: bool = False,
    title: str | None = None,
    limits: Any = "99%",
    stretch: str = "linear",
    colormap: Any = "viridis",
    scale_bar: bool = True,
    north: bool = True,
    legend: bool = True,
    graticule: bool | str = True,
    attribution: str | None = None,
    size: float | Sequence[float] = 7.0,
    dpi: float = 200,
    theme: str = "light",
    shade: Callable[[Any], Any] | None = None,
) -> SceneMap:
    """Give the map of a scene: what a paper prints, or what is laid in a geographic information system.

    Parameters
    ----------
    scene
        A scene, from `astrodata_kernel.open`.
    bands
        A preset of the viewer (``"true"``, ``"false"``, ``"burn"``, ...), a band, layer, index or formula
        (``"NBR"``), or three of them as red, green and blue; true colour by default, if the scene has it.
    area
        What to show: (west, south, east, north) in degrees, GeoJSON in degrees, or a `Grid`; all when None.
    mask
        What is laid over it: booleans or classes on the pixels of the scene, an activation of
        `adk.sentinel.activation`, or the path of a GeoTIFF, GeoJSON or shapefile. The classes 1 to 4 are
        grades of damage where nothing else is told.
    mask_name, mask_colors
        What the legend calls a mask of one class, or each of several; colours ``#rrggbb`` by class.
    clouds
        Hatch where there is cloud.
    title
        Above the map; the name of the scene when None, none when "".
    limits
        A name (``"99%"``, ``"minmax"``, ``"zscale"``), [low, high], or three of these for three bands.
    stretch
        ``"linear"``, ``"sqrt"``, ``"square"``, ``"log"``, ``"asinh"``, ``"sinh"`` or ``"histogram"``.
    colormap
        Name of one of Matplotlib's colour maps, or colours of shape (n, 3).
    scale_bar, north, legend
        Whether there is a scale bar (true where it stands), an arrow to true north, and a legend.
    graticule
        True or ``"lonlat"`` for degrees, ``"map"`` for the map's own coordinates (UTM), or False.
    attribution
        The last line; by default what the Copernicus programme asks for of Sentinel's data.
    size
        Width of the figure in inches, or width and height.
    dpi
        Pixels to an inch: the picture is read at this resolution, and no finer than the scene has it.
    theme
        ``"light"`` or ``"dark"``.
    shade
        What turns the brightness, 0 to 1, of three bands before they are drawn.

    Returns
    -------
    SceneMap
        A figure that shows itself in a notebook; `SceneMap.save` writes it.

    Raises
    ------
    UnknownName
        No such band or index.
    BadRequest
        An area outside the scene, a mask of other pixels, or settings that cannot be.
    MissingPackage
        Matplotlib or pyproj is not installed.
    """
    look = look_of(theme)
    shown = shown_of(scene)
    if len(shown) != 1:
        raise BadRequest(f"a map of {len(shown)} scenes: give one, or use scene_dates")
    one = shown[0]
    names = one.chosen(bands)
    if not 20 <= dpi <= 1200:
        raise BadRequest(f"{dpi} dots per inch: give 20 to 1200")
    whole = view_of(one.grid, area, np.inf, one.name)
    ground = Ground(whole.crs) if whole.crs else None
    rough = view_of(one.grid, area, SAMPLE, one.name)
    samples = [one.values(name, rough) for name in names]
    style = style_of(one, names, samples, limits, stretch, colormap, shade)
    covered = None if mask is None else overlay_of(mask, one, rough, mask_name, mask_colors)
    entries = entries_of(style, samples, covered, clouds) if legend else []
    said = attribution_of([one]) if attribution is None else attribution
    drawn = SceneMap(facecolor=look.ground, dpi=dpi)
    drawn.style, drawn.date, drawn.facts = style, one.date, facts_of(one, style, said)
    drawn.north = None if ground is None else ground.north(*middle_of(whole))
    layout = laid_out(
        size,
        proportion_of(whole, ground),
        ticks=graticule is not False and ground is not None,
        title=one.name if title is None else title,
        under=under_of(one, style),
        foot=[
            text for text in (said, projection_of(ground, drawn.north if north else None)) if text
        ],
        bar=style.label if legend and style.colours is not None and not style.classes else "",
        entries=entries,
    )
    pixels = min(FINEST, layout.axes[2] * dpi, FINEST * layout.axes[2] / layout.axes[3])
    drawn.grid = view_of(one.grid, area, pixels, one.name)
    drawn.values = [one.values(name, drawn.grid) for name in names]
    drawn.overlay = (
        None if mask is None else overlay_of(mask, one, drawn.grid, mask_name, mask_colors)
    )
    hatched = one.clouds(drawn.grid) if clouds else None
    _draw(drawn, layout, ground, look, hatched, graticule, scale_bar, north)
    write_around(drawn, layout, style, entries, look)
    return drawn


def _draw(
    drawn: SceneMap,
    layout: Layout,
    ground: Ground | None,
    look: Look,
    hatched: Values | None,
    graticule: bool | str,
    scale_bar: bool,
    north: bool,
) -> None:
    """Draw the picture and what lies over it."""
    drawn.set_size_inches(*layout.size)
    axes, box = drawn.add_axes(layout.share(layout.axes)), drawn.grid.bounds
    picture = drawn.style.paint(drawn.values)
    draw_picture(axes, drawn.grid, picture, drawn.style.classes, look)
    draw_overlay(axes, drawn.grid, drawn.overlay)
    if hatched is not None:
        draw_clouds(axes, drawn.grid, hatched, picture)
    across, up = int(layout.axes[2] / 0.62), int(layout.axes[3] / 0.62)
    draw_graticule(axes, graticule_of(graticule, ground, box, across, up), look)
    unit, drawn.scale_bar = inch_of(drawn.grid, layout.axes), None
    if scale_bar and ground is not None:
        drawn.scale_bar = bar_of(ground, box, unit)
        draw_bar(axes, drawn.scale_bar, unit, look)
    if north and drawn.north is not None:
        draw_north(axes, box, unit, drawn.north, look)
