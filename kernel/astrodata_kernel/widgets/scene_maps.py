"""Maps for papers of what a viewer of scenes shows."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from ..datasets.scene import Scene
from ..datasets.scene_arrays import Grid
from ..errors import MissingPackage
from ..processing.pyramid import Planes
from .fits_colours import colour_table
from .fits_composite import CompositeWidget


class SceneMapsWidget(CompositeWidget):
    """Draws what a viewer of scenes shows as a map; a subclass sets what is declared here."""

    _scene: Scene
    bands: Any
    overlays: Any
    masks_visible: Any
    mask: Callable[[str], Any]

    def map(self, path: str | os.PathLike[str] | None = None, **options: Any) -> Any:
        """Give the map of what is seen, with scale bar, north arrow, legend, date and attribution.

        Bands, limits, stretch, colours, the area in view, the uppermost mask and the clouds that are shown
        are those of the viewer.

        Parameters
        ----------
        path
            File to write as well: ``.png``, ``.pdf``, ``.svg`` or ``.tif``.
        **options
            Of `reports.scene_map`, instead of what the viewer has (``title``, ``size``, ``theme``, ``area``,
            ``mask``, ...); ``overwrite=True`` replaces a file, ``values=True`` writes numbers to a GeoTIFF.

        Returns
        -------
        reports.scene_maps.SceneMap
            A figure that shows itself in a notebook.

        Raises
        ------
        BadRequest
            What cannot be drawn, another ending, or a file that is there.
        MissingPackage
            Matplotlib is not installed.
        """
        try:
            from ..reports.scene_maps import scene_map
        except ImportError as error:
            if (error.name or "").partition(".")[0] != "matplotlib":
                raise
            raise MissingPackage("a map needs Matplotlib: pip install matplotlib") from None
        saving = {key: options.pop(key) for key in ("overwrite", "values") if key in options}
        made = scene_map(self._scene, **{**self._shown_settings(options), **options})
        if path is not None:
            made.save(Path(path), **saving)
        return made

    def _shown_settings(self, options: dict[str, Any]) -> dict[str, Any]:
        colours = self.composite and len(self.bands) == 3
        settings: dict[str, Any] = {"bands": list(self.bands), "stretch": self.stretch}
        if colours:
            settings |= {"limits": self.band_limits_in_force(), "shade": self._shaded}
        else:
            # Of three bands that are not shown as colours, the one on show.
            at = self.plane if self.plane < len(self.bands) else 0
            places = np.round(255 * self._shaded(np.linspace(0, 1, 256))).astype(int)
            settings |= {
                "bands": self.bands[at],
                "limits": self.limits_in_force(),
                "colormap": colour_table(self.colormap)[places],
            }
        if "bands" in options:  # limits are of what is on show
            settings = {"stretch": self.stretch}
        if self.view and "area" not in options:
            settings["area"] = self._area_seen(self._planes_of(self.dataset))
        if "mask" not in options:
            settings |= self._mask_seen()
        shown = [one["kind"] for one in self.overlays if one["visible"] and self.masks_visible]
        return {**settings, "clouds": "cloud" in shown}

    def _area_seen(self, planes: Planes) -> Grid:
        left, bottom, right, top = self._box(planes, None)
        grid = self._scene.grid()
        dx, _, west, _, dy, north = grid.transform
        first = grid.shape[0] - top  # pictures count their rows from the south
        place = (dx, 0.0, west + dx * left, 0.0, dy, north + dy * first)
        return Grid(grid.crs, place, (top - bottom, right - left))

    def _mask_seen(self) -> dict[str, Any]:
        """Give the uppermost mask that is shown."""
        if not self.masks_visible:
            return {}
        for one in reversed(list(self.overlays)):
            if one["kind"] == "mask" and one["visible"]:
                classes = one["classes"]
                return {
                    "mask": self.mask(one["name"]),
                    "mask_name": {each["value"]: each["name"] for each in classes},
                    "mask_colors": {each["value"]: each["color"] for each in classes},
                }
        return {}
