"""Layers of classes over a scene: shown and hidden, painted by hand, saved with who and when."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import traitlets

from ..datasets.scene import Scene
from ..datasets.scene_arrays import Grid
from ..errors import AstrodataError, BadRequest, UnknownName
from ..labels.given import annotator_of
from ..processing.mask_edits import EditedMask
from ..sentinel.activations import Activation
from ..sentinel.mask_files import RASTERS, MaskFacts, now, write_mask
from ..sentinel.mask_reading import checked, from_geometry, read_mask
from ..sentinel.mask_shapes import Mask
from .fits_saving import Box, SavingWidget
from .scene_masks_editing import MaskEditingWidget
from .scene_masks_layers import (
    CLOUD,
    MASK_COLOURS,
    SCL,
    Layer,
    MaskLayer,
    SceneLayer,
    class_names,
    colour_of_class,
    hexadecimal,
    mask_name,
    scene_layers,
)


class MasksWidget(MaskEditingWidget, SavingWidget):
    """Classification, clouds and masks over a scene, with an editor of masks."""

    _scene: Scene

    overlays: Any = traitlets.List(
        traitlets.Dict(),
        read_only=True,
        help="The layers over the picture, the lowest one first: name, kind, visible, opacity, outline_only, "
        "version, and of each class value, name, color, pixels, hectares and share.",
    ).tag(sync=True)
    masks_panel = traitlets.Bool(
        False, help="Whether the list of layers stands below the picture."
    ).tag(sync=True)
    masks_visible = traitlets.Bool(True, help="Whether any layers are painted at all.").tag(
        sync=True
    )
    _saved = ("masks_panel", "masks_visible")

    def __init__(self, *given: Any, overlays: Sequence[Mapping[str, Any]] = (), **traits: Any):
        self._mask_lock = threading.RLock()
        self._layers: dict[str, Layer] = {}
        super().__init__(*given, **traits)
        self._mask_grid: Grid = self._scene.grid()
        self._follow_scene()
        for one in overlays:
            values = dict(one)
            name, source = str(values.pop("name", "")), values.pop("source", "")
            if source:
                self.show_mask(source, name)
            self.set_overlay(name, **values)

    @property
    def masks(self) -> list[str]:
        """The names of the masks."""
        return [one.name for one in self._layers.values() if isinstance(one, MaskLayer)]

    def mask(self, name: str) -> npt.NDArray[np.uint8]:
        """Give a mask as it is now: uint8, rows from the north as in files; 0 is nothing.

        Raises
        ------
        UnknownName
            There is no such mask.
        """
        with self._mask_lock:
            return self._mask_layer(name).mask.values.copy()

    def mask_history(self, name: str) -> list[dict[str, str]]:
        """Give what was done with a mask, of each step ``who``, ``when`` and ``what``."""
        return self._mask_layer(name).mask.history

    def show_mask(
        self,
        mask: Any,
        name: str = "mask",
        color: str | Mapping[int, str] | None = None,
        *,
        classes: Mapping[int, str] | Sequence[str] | None = None,
        crs: str | None = None,
    ) -> list[str]:
        """Show a mask over the picture.

        Parameters
        ----------
        mask
            An array of the scene's pixels, rows from the north: booleans, or classes from 0 (nothing) to 15,
            where 1 to 4 are the grades of damage; the path of a GeoTIFF, a GeoJSON or a shapefile; a geometry
            (GeoJSON is in degrees, shapely's in the system of the scene); or an `Activation`.
        name
            What it is called. A mask of that name is replaced, which `undo_mask` takes back.
        color
            ``#rrggbb`` or a name, or one for each class.
        classes
            Names of the classes, by number or from 1 on.
        crs
            Of a geometry that is in another system.

        Returns
        -------
        list of str
            Notes: what was resampled, mended or left out.

        Raises
        ------
        BadRequest
            Another shape, no classes, or a mask of another place; the text says which. Nothing changes.
        AstrodataError
            A file that cannot be read.
        """
        name = mask_name(name)
        if name in (SCL, CLOUD):
            raise BadRequest(f"{name!r} is the scene's own layer: give the mask another name")
        values, facts, notes, path = self._mask_of(mask, name, crs)
        top = int(values.max()) if values.size else 0
        names = class_names(classes or facts.classes, name, top)
        colors = _colors(color, names, len(self.masks))
        with self._mask_lock:
            known = self._layers.get(name)
            if isinstance(known, MaskLayer):
                begun = [dict(one) for one in facts.history]
                known.mask.replace(values, "replaced", who=annotator_of(None), history=begun)
                known.version += 1
                known.names = names
                known.colors = {**known.colors, **colors} if color else {**colors, **known.colors}
                layer = known
            else:
                edited = EditedMask(values, (dict(one) for one in facts.history))
                layer = MaskLayer(name, self._mask_grid, edited, names, colors)
                self._layers[name] = layer
            for number in np.flatnonzero(layer.mask.counts[1:]) + 1:
                layer.name_class(int(number))
            layer.notes, layer.visible = list(notes), True
            layer.source, layer.unsaved = path, False
        self._tell_layers()
        return list(notes)

    def remove_mask(self, name: str) -> None:
        """Take a mask off the picture; what was not saved of it is gone."""
        with self._mask_lock:
            del self._layers[self._mask_layer(name).name]
        if self.mask_editing == name:
            self.mask_editing = ""
        self._tell_layers()

    def set_overlay(self, name: str, **looks: Any) -> None:
        """Set how a layer looks: ``visible``, ``opacity`` (0 to 1), ``outline_only``, ``colors`` by class.

        Raises
        ------
        UnknownName
            There is no such layer: the text lists them.
        """
        with self._mask_lock:
            self._layer(name).set(looks)
        self._tell_layers()

    def save_mask(
        self, name: str, path: str | os.PathLike[str], *, overwrite: bool = False
    ) -> Path:
        """Write a mask with who, when and of which scene, by the ending of the file's name.

        Parameters
        ----------
        name
            Of the mask.
        path
            ``.tif`` (the pixels, with classes and history) or ``.geojson`` (polygons in degrees with class
            and hectares).
        overwrite
            Replace a file that is there.

        Raises
        ------
        BadRequest
            The file is there, or another ending. Nothing is written.
        """
        with self._mask_lock:
            layer = self._mask_layer(name)
            values, version = layer.mask.values.copy(), layer.version
            facts = MaskFacts(
                name,
                dict(layer.names),
                annotator_of(None),
                now(),
                self._scene.name,
                _hash_of(self._scene),
                layer.mask.history,
            )
        made = write_mask(path, values, self._mask_grid, facts, overwrite=overwrite)
        with self._mask_lock:
            if layer.version == version:
                layer.unsaved = False
                # Polygons have no history, so they are not what would be read again.
                layer.source = str(made.resolve()) if made.suffix.lower() in RASTERS else ""
        self._tell_layers()
        return made

    def state(self) -> dict[str, Any]:
        """Give what the viewer shows and how; masks only where a file has them as they are."""
        state = super().state()
        kept = []
        for one in self._layers.values():
            if isinstance(one, MaskLayer):
                if one.source:
                    kept.append({"name": one.name, "source": one.source, **one.looks})
            elif one.looks != SceneLayer(one.name, self._scene).looks:
                kept.append({"name": one.name, **one.looks})
        if kept:
            state["overlays"] = kept
        return state

    # --- what the browser's half stands on --------------------------------------------------------

    def _draw(self, figure: Any, axes: Any, planes: Any, box: Box, step: int) -> None:
        super()._draw(figure, axes, planes, box, step)
        for layer in list(self._layers.values()) if self.masks_visible else ():
            if layer.visible:
                painted = layer.painted(box, step)
                place = self._extent(box, step, painted.shape[:2])
                axes.imshow(painted, origin="lower", extent=place, interpolation="nearest")

    @traitlets.observe("hdu")
    def _follow_shown(self, _change: dict[str, Any]) -> None:
        if hasattr(self, "_mask_grid"):
            self._follow_scene()

    def _follow_scene(self) -> None:
        """Have the layers of the scene on show."""
        scene = self._scene
        with self._mask_lock:
            there = scene_layers(scene)
            own: dict[str, Layer] = {}
            for name in there:
                known = self._layers.get(name)
                if not isinstance(known, SceneLayer):
                    known = SceneLayer(name, scene)
                elif known.scene is not scene:
                    known.follow(scene)
                known.counted = self._tell_layers
                own[name] = known
            masks = {n: one for n, one in self._layers.items() if isinstance(one, MaskLayer)}
            self._layers = {**own, **masks}
        self._tell_layers()

    def _tell_layers(self) -> None:
        with self._mask_lock:
            self.set_trait("overlays", [one.facts() for one in self._layers.values()])

    def _layer(self, name: str) -> Layer:
        with self._mask_lock:
            known = self._layers.get(name)
        if known is None:
            there = ", ".join(self._layers) or "none"
            raise UnknownName(f"there is no layer {name!r} over the scene: there are {there}")
        return known

    def _mask_layer(self, name: str) -> MaskLayer:
        known = self._layers.get(name)
        if not isinstance(known, MaskLayer):
            raise UnknownName(
                f"there is no mask {name!r}: there are {', '.join(self.masks) or 'none'}"
            )
        return known

    def _mask_of(
        self, mask: Any, name: str, crs: str | None
    ) -> tuple[Mask, MaskFacts, list[str], str]:
        grid = self._mask_grid
        if isinstance(mask, (str, os.PathLike)):
            values, facts, notes = read_mask(mask, grid)
            return values, facts, notes, str(Path(mask).expanduser().resolve())
        facts = MaskFacts(name)
        if isinstance(mask, Activation):
            values = mask.mask(grid, grading=mask.has_grades)
            if not values.any():
                raise BadRequest(
                    f"{mask.code} {mask.area} lies outside of the scene: they share no ground"
                )
            return values, facts, list(mask.notes), ""
        if hasattr(mask, "__geo_interface__") or isinstance(mask, Mapping):
            values, notes = from_geometry(mask, crs, grid, name)
            return values, facts, notes, ""
        try:
            array = np.asarray(mask)
        except (TypeError, ValueError):
            array = np.empty(0, object)
        if array.dtype == object:
            values, notes = from_geometry(mask, crs, grid, name)
            return values, facts, notes, ""
        if array.shape != grid.shape:
            raise BadRequest(
                f"mask {name!r} has the shape {array.shape} and the scene {grid.shape}: give one of the "
                "scene's pixels, or a GeoTIFF that says where it is"
            )
        return checked(array, f"mask {name!r}"), facts, [], ""


def _colors(given: Any, names: Mapping[int, str], before: int) -> dict[int, str]:
    if isinstance(given, Mapping):
        chosen = {int(number): hexadecimal(color) for number, color in given.items()}
        return {**{number: colour_of_class(number) for number in names}, **chosen}
    if len(names) == 1:
        number = next(iter(names))
        return {number: hexadecimal(given or MASK_COLOURS[before % len(MASK_COLOURS)])}
    colors = {number: colour_of_class(number) for number in names}
    if given is not None:
        colors[max(names)] = hexadecimal(given)
    return colors


def _hash_of(scene: Scene) -> str:
    """Give the hash of a scene's file where it is known already: a whole product takes minutes."""
    provenance = scene.provenance
    if provenance is None or provenance.hashing < 1:
        return ""
    try:
        return provenance.sha256
    except AstrodataError:
        return ""  # it changed since: its name is told all the same
