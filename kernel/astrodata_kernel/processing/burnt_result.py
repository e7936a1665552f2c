"""A map of what burnt as one thing: what it was made of, the mask, its area, how it agrees with a truth."""

from __future__ import annotations

import base64
import html
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ..datasets.scene import Scene
from ..errors import BadRequest
from .burnt import NOT_JUDGED, SEVERITY, above, dnbr, severity
from .burnt_files import save_map
from .burnt_maps import grid_of
from .scores import scores
from .scores_areas import HECTARE, hectares, pixel_areas

FINEST = 700
"""Pixels of the longer side of the picture."""


@dataclass(frozen=True, eq=False)
class BurntMap:
    """What burnt between two scenes, from `burnt_map`; a cell that ends with it shows it.

    Parameters
    ----------
    name
        Of the later scene.
    method
        Such as ``"dNBR"``.
    threshold
        From which a pixel is burnt.
    values
        What was compared with the threshold, an `xarray.DataArray`, which may be lazy.
    mask
        uint8 `DataArray`: 1 burnt, 0 not, 255 not judged.
    severity
        Hectares of each class of severity (USGS) within the mask; none without dNBR.
    scores
        Table of `scores.scores` against a truth, or None.
    truth
        That truth, or None.
    """

    name: str
    method: str
    threshold: float
    values: Any = field(repr=False)
    mask: Any = field(repr=False)
    severity: Mapping[str, float] = field(default_factory=dict)
    scores: Any = field(default=None, repr=False)
    truth: Any = field(default=None, repr=False)

    @property
    def hectares(self) -> float:
        """What burnt, in hectares; NaN where nothing was judged or the scene does not say where it lies."""
        known = self.mask.attrs.get("crs") and self.left_out < 1
        return hectares(self.mask) if known else float("nan")

    @property
    def left_out(self) -> float:
        """Share of the pixels that were not judged, 0 to 1."""
        return float((self.mask.values == NOT_JUDGED).mean())

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the mask as GeoTIFF with its CRS, 255 as nodata; see `burnt_files.save_map`."""
        told = {"scene": self.name, "method": self.method, "threshold": f"{self.threshold:g}"}
        return save_map(path, self.mask, **told)

    def figure(self) -> Any:
        """Draw the map, with the outline of what burnt and, dashed, of the truth."""
        from matplotlib.lines import Line2D
        from matplotlib.patches import Patch

        from ..drawing import CellFigure

        step = max(1, -(-max(self.mask.shape) // FINEST))
        part = slice(None, None, step), slice(None, None, step)
        values = np.asarray(self.values[part])
        rows, columns = self.mask.shape
        figure = CellFigure(figsize=(6.4, 5.2), layout="constrained")
        axes = figure.add_subplot()
        dnbr_like = self.method == "dNBR"
        low, high = (-0.5, 1.0) if dnbr_like else (0.0, 1.0)
        extent = (0, columns, rows, 0)
        axes.set_facecolor("0.8")
        picture = axes.imshow(
            values,
            extent=extent,
            vmin=low,
            vmax=high,
            cmap="RdYlGn_r" if dnbr_like else "inferno",
            interpolation="nearest",
        )
        ours, theirs = ("black", "blue") if dnbr_like else ("white", "cyan")
        outlines = [(self.mask, ours, "-")]
        outlines += [(self.truth, theirs, "--")] if self.truth is not None else []
        for mask, colour, style in outlines:
            drawn = np.asarray(mask[part])
            shown = (drawn > 0) & (drawn != NOT_JUDGED)
            if 0 < shown.mean() < 1:
                axes.contour(
                    shown,
                    [0.5],
                    colors=colour,
                    linestyles=style,
                    linewidths=1,
                    extent=extent,
                    origin="upper",
                )
        said = "" if dnbr_like else f", {getattr(self.values, 'name', None) or 'value'}"
        figure.colorbar(picture, ax=axes, label=f"{self.method}{said}", shrink=0.85)
        names = ["burnt", "truth"]
        lines: list[Any] = [
            Line2D([], [], color=colour, linestyle=style, label=name)
            for name, (_, colour, style) in zip(names, outlines, strict=False)
        ]
        lines.append(Patch(color="0.8", label="not judged"))
        legend = figure.legend(
            handles=lines, loc="outside lower center", ncols=3, fontsize="small", labelcolor="black"
        )
        legend.get_frame().set_facecolor(
            "white" if dnbr_like else "0.55"
        )  # as dark as a line needs
        axes.set_title(str(self), fontsize="small")
        axes.set(xlabel="column", ylabel="row")
        return figure

    def __str__(self) -> str:
        if self.left_out == 1:
            return (
                f"{self.name}: nothing can be judged, there is cloud, water or nothing everywhere"
            )
        return (
            f"{self.name}: {self.hectares:,.1f} ha burnt by {self.method} >= {self.threshold:.3g}, "
            f"{100 * self.left_out:.1f} % not judged"
        )

    def __repr__(self) -> str:
        return f"<{self}>"

    def _repr_html_(self) -> str:
        picture, size = self.figure()._repr_png_()
        shown = base64.b64encode(picture).decode()
        tables = ""
        if self.severity:
            cells = "".join(
                f"<tr><td>{html.escape(name)}</td><td>{value:,.1f} ha</td></tr>"
                for name, value in self.severity.items()
            )
            tables += f"<table>{cells}</table>"
        if self.scores is not None:
            kept = ["iou", "dice", "precision", "recall", "truth_ha", "predicted_ha"]
            tables += self.scores[self.scores.event == "all"][kept].round(3).to_html(index=False)
        return (
            f'<img alt="{html.escape(str(self))}" '
            f'width="{size["width"]}" src="data:image/png;base64,{shown}">{tables}'
        )


def burnt_map(
    before: Scene | None,
    after: Scene,
    *,
    threshold: float | None = None,
    truth: Any = None,
    values: Any = None,
    method: str = "dNBR",
    resolution: float | None = None,
) -> BurntMap:
    """Give what burnt between two scenes, by dNBR, or by values that something else has made.

    Parameters
    ----------
    before, after
        The scenes; `before` gives the grid.
    threshold
        From which a pixel is burnt: 0.27 of dNBR, 0.5 of other values by default.
    truth
        A mask on the same grid to score against: an array, or a function that gives it for a grid.
    values, method
        A map of probabilities, as `tiled.predict_scene` gives it, and what it shall be called.
    resolution
        Pixel size in m, as of `burnt.dnbr`.

    Raises
    ------
    BadRequest
        Scenes that do not go together, reflectance that is not known, a truth on another grid.
    """
    import xarray

    limit = (0.27 if values is None else 0.5) if threshold is None else float(threshold)
    made = dnbr(before, after, resolution=resolution) if values is None else values
    if not isinstance(made, xarray.DataArray):
        raise BadRequest(
            f"values as {type(made).__name__} do not say where they lie: give what "
            "predict_scene made of scenes"
        )
    classes = severity(made) if values is None else made
    # One pass over the scenes for both.
    found, graded = (one.compute() for one in _together(xarray, above(made, limit), classes))
    areas = pixel_areas(found)
    per_class = {}
    if values is None and areas is not None:
        burnt = found.values == 1
        per_class = {
            name: float((here * areas).sum() / HECTARE)
            for number, (name, _) in enumerate(SEVERITY["usgs"])
            if (here := (graded.values == number) & burnt).any()
        }
    true = truth(grid_of(found)) if callable(truth) else truth
    table = None if true is None else scores({after.name: true}, {after.name: found}, area=found)
    return BurntMap(after.name, method, limit, made, found, per_class, table, true)


def _together(xarray: Any, first: Any, second: Any) -> tuple[Any, Any]:
    both = xarray.Dataset({"first": first, "second": second}).compute()
    return both["first"].rename(first.name), both["second"].rename(second.name)
