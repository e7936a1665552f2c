"""What the browser asks of the layers over a scene: windows of classes, looks, strokes, and files."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..datasets.scene import Scene
from ..errors import BadRequest
from ..labels.given import annotator_of
from ..processing.mask_edits import EditedMask, Window
from ..processing.scene_names import GRADES
from ..wire import Reply, encode
from .base import Cancel, answers
from .fits_state import StateWidget
from .scene_dates import number_of_date
from .scene_masks_layers import Layer, MaskLayer, SceneLayer, scene_layers

MOST_CELLS = 1 << 24
"""Of one window: more than any screen has."""

MOST_LAYERS = 4
"""Layers of other dates that are kept: each is a band."""

NOTHING = 255
"""Of pixels of which nothing is known: no layer has a class of that number."""


class MasksAnswers(StateWidget):
    """Answers about layers; a subclass keeps them and gives what is declared here."""

    mask_editing: Any
    _mask_lock: threading.RLock
    _mask_grid: Any
    _scenes: tuple[Scene, ...]
    _other_layers: dict[tuple[str, int], SceneLayer]
    _layer: Callable[[str], Layer]
    _mask_layer: Callable[[str], MaskLayer]
    _tell_layers: Callable[[], None]
    _follow_scene: Callable[[], None]
    show_mask: Callable[..., list[str]]
    edit_mask: Callable[..., None]
    remove_mask: Callable[[str], None]
    save_mask: Callable[..., Path]
    set_overlay: Callable[..., None]
    undo_mask: Callable[..., bool]
    redo_mask: Callable[..., bool]
    fill_mask_holes: Callable[..., None]

    @answers("classes")
    def _answer_classes(
        self,
        name: str,
        box: Sequence[int],
        step: int = 1,
        date: int | None = None,
        *,
        cancel: Cancel,
    ) -> Reply:
        """Give a window of a layer: left, bottom, right and top in pixels, one class for each block.

        `date` tells whose classification or clouds, by default those of the date on show; one that has none
        gives `NOTHING` everywhere. A mask is of no date.
        """
        layer: Layer | None = self._layer(name)
        if isinstance(layer, SceneLayer) and date is not None:
            layer = self._layer_of(layer, number_of_date(self._scenes, int(date)))
        rows, columns = self._mask_grid.shape
        try:
            left, bottom, right, top = (int(edge) for edge in box)
            step = int(step)
        except (TypeError, ValueError):
            raise BadRequest(f"window {box!r}: give left, bottom, right, top and a step") from None
        left, bottom = max(0, left), max(0, bottom)
        right, top = min(columns, right), min(rows, top)
        if step < 1 or left >= right or bottom >= top:
            raise BadRequest(f"window {list(box)} with step {step} has no pixel of the scene")
        if -(-(right - left) // step) * -(-(top - bottom) // step) > MOST_CELLS:
            raise BadRequest(f"window {list(box)} with step {step} is larger than any screen")
        cancel.check()
        told = {"name": name, "box": [left, bottom, right, top], "step": step}
        if layer is None:
            shape = -(-(top - bottom) // step), -(-(right - left) // step)
            meta, buffer = encode(np.full(shape, NOTHING, np.uint8))
            return Reply({**meta, **told, "version": 0}, [buffer])
        known = layer.counts() is not None
        if isinstance(layer, MaskLayer):
            with self._mask_lock:  # a stroke is seen as a whole or not at all
                version, values = layer.version, layer.window((left, bottom, right, top), step)
                meta, buffer = encode(values)
        else:
            version, values = layer.version, layer.window((left, bottom, right, top), step)
            meta, buffer = encode(values)
        if not known:
            self._tell_layers()  # it was read for this: how much each class has is known now
        return Reply({**meta, **told, "version": version}, [buffer])

    def _layer_of(self, shown: SceneLayer, number: int) -> SceneLayer | None:
        """Give the layer of a kind that the scene of a date has, None where it has none."""
        scene = self._scenes[number]
        with self._mask_lock:
            if shown.scene is scene:
                return shown
            others = self._other_layers
            known = others.pop((shown.name, number), None)
            if known is None:
                if shown.name not in scene_layers(scene):
                    return None
                known = SceneLayer(shown.name, scene)
            others[(shown.name, number)] = known
            while len(others) > MOST_LAYERS:
                del others[next(iter(others))]
            return known

    @answers("overlay_set")
    def _answer_overlay_set(self, name: str, values: Mapping[str, Any]) -> Reply:
        self.set_overlay(name, **dict(values))
        return Reply({"name": name})

    @answers("mask_new")
    def _answer_new(self, name: str, grades: bool = False) -> Reply:
        self.edit_mask(name, classes=GRADES if grades else None)
        return Reply({"name": self.mask_editing})

    @answers("mask_add")
    def _answer_mask_add(self, path: str, name: str = "") -> Reply:
        made = name or Path(str(path)).stem[:60]
        notes = self.show_mask(str(path), made)
        return Reply({"name": made, "notes": notes})

    @answers("mask_remove")
    def _answer_mask_remove(self, name: str) -> Reply:
        self.remove_mask(name)
        return Reply({"name": name})

    @answers("mask_paint")
    def _answer_paint(
        self,
        name: str,
        points: Sequence[Sequence[float]],
        size: float,
        value: int,
        stroke: str = "",
    ) -> Reply:
        layer, who = self._mask_layer(name), annotator_of(None)
        told: dict[str, Any] = {"who": who, "stroke": str(stroke)[:60]}
        return self._stroke_reply(
            layer, lambda mask: mask.paint(points, float(size), value, **told)
        )

    @answers("mask_fill")
    def _answer_fill(self, name: str, points: Sequence[Sequence[float]], value: int) -> Reply:
        layer, who = self._mask_layer(name), annotator_of(None)
        return self._stroke_reply(layer, lambda mask: mask.fill(points, value, who=who))

    @answers("mask_turn")
    def _answer_turn(self, name: str, back: bool = True) -> Reply:
        done = self.undo_mask(name) if back else self.redo_mask(name)
        return Reply({"name": name, "done": done, "version": self._mask_layer(name).version})

    @answers("mask_holes")
    def _answer_holes(self, name: str, largest: int = 100) -> Reply:
        self.fill_mask_holes(int(largest), name)
        return Reply({"name": name, "version": self._mask_layer(name).version})

    @answers("mask_save")
    def _answer_save_mask(self, name: str, path: str, overwrite: bool = False) -> Reply:
        target = Path(str(path)).expanduser()
        if target.exists() and not overwrite:
            # A person is asked: the file may be another mask's.
            return Reply({"name": name, "path": str(path), "there": True})
        made = self.save_mask(name, target, overwrite=bool(overwrite))
        return Reply({"name": name, "path": str(made), "there": False})

    def _stroke_reply(self, layer: MaskLayer, work: Callable[[EditedMask], Window | None]) -> Reply:
        with self._mask_lock:  # the version is that of this stroke and not of the next one
            self._changed_by(layer, work)
            return Reply({"name": layer.name, "version": layer.version})

    def _changed_by(self, layer: MaskLayer, work: Callable[[EditedMask], Window | None]) -> bool:
        """Change a mask as one step, tell the browser, and give whether anything changed."""
        with self._mask_lock:
            changed = work(layer.mask) is not None
            if changed:
                layer.changed()
        self._tell_layers()
        return changed
