"""The editor of masks over a scene: brush and polygon, from Python just as by hand, and steps taken back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import traitlets

from ..errors import BadRequest
from ..labels.given import annotator_of
from ..processing.mask_edits import EditedMask
from ..sentinel.mask_shapes import MOST_CLASSES
from .scene_masks_answers import MasksAnswers
from .scene_masks_layers import MaskLayer, mask_name


class MaskEditingWidget(MasksAnswers):
    """Paints masks; a subclass keeps them and gives what is declared here."""

    masks: Any
    masks_panel: Any
    masks_visible: Any
    _mask_grid: Any
    _mask_layer: Callable[[str], MaskLayer]
    show_mask: Callable[..., list[str]]
    set_overlay: Callable[..., None]

    mask_editing = traitlets.Unicode(
        "", help="Name of the mask that the hand paints; empty for none."
    ).tag(sync=True)
    mask_tool = traitlets.Enum(
        ("brush", "polygon"), "brush", help="What the hand paints with."
    ).tag(sync=True)
    brush_size = traitlets.Float(
        15.0, min=0.1, max=2000.0, help="Diameter of the brush in pixels of the scene."
    ).tag(sync=True)
    brush_value = traitlets.Int(
        1, min=0, max=MOST_CLASSES, help="Class that is painted; 0 erases."
    ).tag(sync=True)

    _saved = ("mask_tool", "brush_size")

    def edit_mask(
        self, name: str | None = "mask", classes: Mapping[int, str] | Sequence[str] | None = None
    ) -> None:
        """Let the hand paint a mask in the browser; an empty one is made where there is none.

        Parameters
        ----------
        name
            Of the mask; None ends it.
        classes
            Names of the classes of a new one, by number or from 1 on.
        """
        if not name:
            self.mask_editing = ""
            return
        name = mask_name(name)
        if name not in self.masks:
            self.show_mask(np.zeros(self._mask_grid.shape, bool), name, classes=classes)
            self._mask_layer(name).unsaved = False
        self.set_overlay(name, visible=True)
        with self.hold_sync():
            self.masks_visible = self.masks_panel = True
            self.mask_editing = name

    def paint(
        self,
        points: Sequence[Sequence[float]],
        size: float | None = None,
        value: int | None = None,
        name: str | None = None,
    ) -> None:
        """Paint a mask as a stroke of the brush does.

        Parameters
        ----------
        points
            Of the path, shape (n, 2): x and y in pixels, y from the south. All pixels are painted whose
            centre lies within half the size of it.
        size
            Diameter in pixels; `brush_size` by default.
        value
            The class, 0 erases; `brush_value` by default.
        name
            Of the mask; by default the one being edited, or the only one.
        """
        size = self.brush_size if size is None else float(size)
        value = self.brush_value if value is None else value
        who = annotator_of(None)
        self._changed_by(self._edited(name), lambda mask: mask.paint(points, size, value, who=who))

    def fill(
        self,
        points: Sequence[Sequence[float]],
        value: int | None = None,
        name: str | None = None,
    ) -> None:
        """Fill a polygon of a mask: the pixels whose centre lies in it, as ``rasterio.features`` has it.

        Parameters
        ----------
        points
            Its corners, shape (n, 2), in pixels, y from the south.
        value, name
            As in `paint`.
        """
        value = self.brush_value if value is None else value
        who = annotator_of(None)
        self._changed_by(self._edited(name), lambda mask: mask.fill(points, value, who=who))

    def fill_mask_holes(self, largest: int = 100, name: str | None = None) -> None:
        """Fill holes of a mask that have at most `largest` pixels and one class around them."""
        who = annotator_of(None)
        self._changed_by(self._edited(name), lambda mask: mask.fill_holes(largest, who=who))

    def undo_mask(self, name: str | None = None) -> bool:
        """Take the last step of a mask back; tell whether there was one."""
        return self._changed_by(self._edited(name), EditedMask.undo)

    def redo_mask(self, name: str | None = None) -> bool:
        """Do the last step that was taken back again; tell whether there was one."""
        return self._changed_by(self._edited(name), EditedMask.redo)

    # --- what the browser's half stands on --------------------------------------------------------

    @traitlets.validate("mask_editing")
    def _mask_is_there(self, proposal: dict[str, Any]) -> str:
        name = str(proposal["value"])
        if name:
            self._mask_layer(name)
        return name

    def _edited(self, name: str | None) -> MaskLayer:
        if name is None:
            name = self.mask_editing or (self.masks[0] if len(self.masks) == 1 else "")
        if not name:
            raise BadRequest(
                "which mask? Give its name, or choose one by viewer.edit_mask('burnt')"
            )
        return self._mask_layer(name)
