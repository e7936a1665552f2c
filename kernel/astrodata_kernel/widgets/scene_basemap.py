"""A base map under a scene: which tiles of the web the browser shows, and where they lie in its pixels."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import numpy.typing as npt
import traitlets

from ..datasets.scene import Scene
from ..datasets.scene_warp import transformer
from ..errors import BadRequest
from ..sentinel.mask_shapes import LONLAT
from ..wire import Reply
from .base import answers
from .fits_state import StateWidget

OSM = "https://tile.openstreetmap.org/{z}/{x}/{y}.png"
SERVICES = {"osm": (OSM, "© OpenStreetMap contributors")}
"""Templates of tiles by name, and whose they are."""

FINEST = 19
MOST_TILES = 80
"""Of one view: services ask not to be emptied."""

EARTH = 2 * math.pi * 6378137.0
"""Width of the map of the web in its metres."""

HIGHEST = 85.05112878
"""Latitude where that map ends."""

PIXELS = 256

_FIELDS = re.compile(r"\{([^{}]*)\}")


class BasemapWidget(StateWidget):
    """Lays a map of the web under a scene; `SceneViewer` sets what is declared here."""

    _scene: Scene

    basemap = traitlets.Unicode(
        "",
        help='Map of the web around the scene: "" for none, "osm" for OpenStreetMap, or a template such as '
        '"https://example.org/{z}/{x}/{y}.png". The browser fetches its tiles, so that the service learns '
        "its address and which places one looks at.",
    ).tag(sync=True)
    basemap_attribution = traitlets.Unicode(
        "", help="Whose map a template of one's own is; stands on the picture."
    ).tag(sync=True)
    picture_opacity = traitlets.Float(
        1.0,
        min=0.0,
        max=1.0,
        help="How little of the base map is seen through the picture, 0 to 1.",
    ).tag(sync=True)

    _saved = ("basemap", "basemap_attribution", "picture_opacity")

    @traitlets.validate("basemap")
    def _basemap_is_one(self, proposal: dict[str, Any]) -> str:
        wanted = str(proposal["value"]).strip()
        if wanted and wanted not in SERVICES:
            host_of(wanted)
        return wanted

    @answers("basemap")
    def _answer_basemap(self, box: Sequence[float], scale: float) -> Reply:
        """Answer the tiles of a box: of each ``url``, and ``corners`` in pixels, from the upper left around.

        `box` is left, bottom, right and top in pixels of the picture, rows from the south, and may reach
        beyond it; `scale` is how many pixels of the screen one of them has.
        """
        if not self.basemap:
            return Reply({"tiles": [], "host": "", "attribution": "", "level": 0})
        template, said = SERVICES.get(self.basemap, (self.basemap, self.basemap_attribution))
        level, tiles = tiles_of(self._scene, box, scale)
        told = [
            {
                "key": f"{level}/{x}/{y}",
                "url": _filled(template, level, x, y),
                "corners": corners,
            }
            for x, y, corners in tiles
        ]
        return Reply(
            {"tiles": told, "host": host_of(template), "attribution": said, "level": level}
        )


def host_of(template: str) -> str:
    """Give the host of a template of tiles.

    Raises
    ------
    BadRequest
        It is no address of http or https with {z}, {x} and {y}, or has a password in it.
    """
    example = "https://example.org/{z}/{x}/{y}.png"
    try:
        parts = urlsplit(template)
        host = parts.hostname or ""
    except ValueError:
        parts, host = urlsplit(""), ""
    if parts.scheme not in ("http", "https") or not host or "{" in parts.netloc:
        raise BadRequest(
            f'basemap {template!r}: give "", {_known()} or a template such as {example!r}'
        )
    if parts.username or parts.password:
        raise BadRequest(
            "a basemap's address has a password in it, which everybody would see: leave it out"
        )
    fields = set(_FIELDS.findall(template))
    if fields != {"x", "y", "z"} and fields != {"x", "-y", "z"}:
        raise BadRequest(f"basemap {template!r}: it needs {{z}}, {{x}} and {{y}}, as {example!r}")
    return host


def tiles_of(
    scene: Scene, box: Sequence[float], scale: float
) -> tuple[int, list[tuple[int, int, list[list[float]]]]]:
    """Give the level and the tiles of Web Mercator that a box of a scene's pixels shows.

    Parameters
    ----------
    scene
        Whose pixels they are.
    box
        Left, bottom, right and top, rows from the south.
    scale
        Pixels of the screen to one of the scene.

    Returns
    -------
    tuple
        The level, and column, row and corners of each tile, nearest to the middle first. The corners are
        (x, y) in the scene's pixels: upper left, upper right, lower right, lower left.

    Raises
    ------
    BadRequest
        The scene does not say where it is, or a box or scale that is none.
    MissingPackage
        pyproj is not installed.
    """
    grid = scene.grid()
    if not grid.crs:
        raise BadRequest(
            f"{scene.name} does not say where on the ground it is: no map can lie under it"
        )
    edges = [float(edge) for edge in box]
    numbers = [*edges, float(scale)]
    if len(edges) != 4 or not all(map(math.isfinite, numbers)) or scale <= 0:
        raise BadRequest(
            f"box {list(box)} at {scale}: give left, bottom, right and top, and a scale > 0"
        )
    left, bottom, right, top = edges
    if not (left < right and bottom < top):
        raise BadRequest(f"box {edges}: give left < right and bottom < top")
    there, back = (
        transformer(*ways).transform for ways in ((grid.crs, LONLAT), (LONLAT, grid.crs))
    )
    dx, _, west, _, dy, north = grid.transform
    rows = grid.shape[0]
    at = np.linspace(0, 1, 17)
    u, v = (
        part.ravel()
        for part in np.meshgrid(left + (right - left) * at, bottom + (top - bottom) * at)
    )
    lon, lat = (
        np.asarray(part) for part in there(west + dx * (u + 0.5), north + dy * (rows - v - 0.5))
    )
    known = np.isfinite(lon) & np.isfinite(lat) & (np.abs(lat) < 89.9)
    if not known.any():
        return 0, []
    lon, lat = lon[known], np.clip(lat[known], -HIGHEST, HIGHEST)
    # Across the 180th meridian longitudes go on.
    middle = float(lon[len(lon) // 2])
    lon = (lon - middle + 180) % 360 - 180 + middle
    across = (lon + 180) / 360
    down = 0.5 - np.arcsinh(np.tan(np.radians(lat))) / (2 * math.pi)
    spans = [float(np.ptp(part)) for part in (across, down)]
    # As many pixels of the map as of the screen, along the longer side.
    screen = max(right - left, top - bottom) * scale
    wanted = math.log2(max(1.0, screen / PIXELS / max(*spans, 1e-12)))
    level = min(FINEST, max(0, round(wanted)))
    while level and math.prod(math.ceil(span * 2**level) + 1 for span in spans) > MOST_TILES:
        level -= 1
    count = 2**level
    columns = range(math.floor(across.min() * count), math.floor(across.max() * count) + 1)
    lines = range(
        max(0, math.floor(down.min() * count)), min(count - 1, math.floor(down.max() * count)) + 1
    )

    def placed(x: npt.NDArray[Any], y: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
        lon = x / count * 360 - 180
        lat = np.degrees(np.arctan(np.sinh(math.pi * (1 - 2 * y / count))))
        to_x, to_y = back(lon, lat)
        pixels = (np.asarray(to_x) - west) / dx - 0.5, rows - 0.5 - (np.asarray(to_y) - north) / dy
        return np.stack(pixels, axis=-1)

    every = [(x, y) for x in columns for y in lines]
    x, y = (np.array([one[n] for one in every], float) for n in (0, 1))
    corners = np.stack([placed(x + i, y + j) for i, j in ((0, 0), (1, 0), (1, 1), (0, 1))], axis=1)
    centre = np.array([(left + right) / 2, (bottom + top) / 2])
    order = np.argsort(((corners.mean(axis=1) - centre) ** 2).sum(axis=1))
    return level, [
        (every[n][0] % count, every[n][1], corners[n].tolist())
        for n in order
        if np.isfinite(corners[n]).all()
    ]


def _filled(template: str, level: int, x: int, y: int) -> str:
    values = {"z": level, "x": x, "y": y, "-y": 2**level - 1 - y}
    return _FIELDS.sub(lambda found: str(values[found[1]]), template)


def _known() -> str:
    return " or ".join(f'"{name}"' for name in SERVICES)
