"""Layers of classes over the picture of a scene: its classification, its clouds, and masks."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ..datasets.lazy import LazyArray
from ..datasets.scene import Scene
from ..datasets.scene_arrays import Grid
from ..errors import AstrodataError, BadRequest, UnknownName
from ..processing.class_windows import Classes, commonest, counts_of, highest
from ..processing.mask_edits import EditedMask
from ..processing.scene_names import GRADE_COLOURS, GRADES, SCL_CLASSES, SCL_COLOURS
from ..sentinel.mask_shapes import MOST_CLASSES, hectares_of_pixel

SCL, CLOUD = "SCL", "cloud"
LOOKS = ("visible", "opacity", "outline_only", "colors")
"""Of a layer, what one sets."""

MASK_COLOURS = ("#ff3b30", "#ffd60a", "#30d5ff", "#ff5ed1", "#9dff4d", "#ff9500")

LONGEST_NAME = 60
AT_ONCE = 1 << 21
"""Pixels of a layer that are read for a window, at most: a second of JPEG 2000."""

SIDE = 4
"""Pixels a side that at most are looked at for the commonest class of a block: it is painted as one."""


class Layer:
    """What all layers have: a name, looks, and windows of classes.

    Parameters
    ----------
    name
        What it is called; no two of a viewer are called alike.
    grid
        Of the picture, rows from the north.
    names, colors
        Of the classes that are painted, by number.
    """

    kind = ""

    def __init__(
        self, name: str, grid: Grid, names: Mapping[int, str], colors: Mapping[int, str]
    ) -> None:
        self.name, self.grid = name, grid
        self.names, self.colors = dict(names), dict(colors)
        self.visible, self.opacity, self.outline_only = True, 0.5, False
        self.version = 0
        self.notes: list[str] = []
        self._hectares = hectares_of_pixel(grid)

    def set(self, values: Mapping[str, Any]) -> None:
        """Set looks.

        Raises
        ------
        BadRequest
            Something else, or a value that is none; nothing is set then.
        """
        made: dict[str, Any] = {}
        for key, value in values.items():
            if key not in LOOKS:
                raise BadRequest(f"{key!r}: of a layer one sets {', '.join(LOOKS)}")
            if key == "colors":
                known = {int(number): hexadecimal(color) for number, color in dict(value).items()}
                value = {**self.colors, **known}
            elif key == "opacity":
                value = float(value)
                if not 0 <= value <= 1:
                    raise BadRequest(f"opacity {value:g}: give a share from 0 to 1")
            else:
                value = bool(value)
            made[key] = value
        for key, value in made.items():
            setattr(self, key, value)

    @property
    def looks(self) -> dict[str, Any]:
        """What one sets, as plain values."""
        made = {name: getattr(self, name) for name in LOOKS}
        return {**made, "colors": {str(number): color for number, color in self.colors.items()}}

    def counts(self) -> Sequence[int] | None:
        """Give how many pixels of the picture each class has; None while nobody has counted."""
        raise NotImplementedError

    def window(self, box: tuple[int, int, int, int], step: int) -> Classes:
        """Give a part of the picture, rows from the south, with `step` pixels a side to each of its own."""
        raise NotImplementedError

    def painted(self, box: tuple[int, int, int, int], step: int) -> Any:
        """Give a window as colours, uint8 of (rows, columns, 4), as the browser paints it."""
        classes = self.window(box, step)
        table = np.zeros((256, 4), np.uint8)
        for number in self.names:
            color = self.colors.get(number, "#ffffff")
            alpha = 0 if self.outline_only else round(255 * self.opacity)
            table[number] = [*bytes.fromhex(color[1:]), alpha]
        made = table[classes]
        if self.kind == "mask" or self.outline_only:
            made[_edges(classes) & np.isin(classes, list(self.names)), 3] = 255
        return made

    def facts(self) -> dict[str, Any]:
        """Give what the browser shows of it."""
        counts = self.counts()
        every = self.grid.shape[0] * self.grid.shape[1]

        def told(number: int) -> dict[str, Any]:
            pixels = None if counts is None else int(counts[number])
            area = pixels * self._hectares if pixels is not None and self._hectares else None
            return {
                "value": number,
                "name": self.names[number],
                "color": self.colors.get(number, "#ffffff"),
                "pixels": pixels,
                "hectares": area,
                "share": None if pixels is None else pixels / every,
            }

        return {
            "name": self.name,
            "kind": self.kind,
            "visible": self.visible,
            "opacity": self.opacity,
            "outline_only": self.outline_only,
            "version": self.version,
            "classes": [told(number) for number in sorted(self.names)],
            "notes": list(self.notes),
        }


class SceneLayer(Layer):
    """The scene classification, or the clouds, of the date on show.

    Small ones, and those that are brought onto the bands' pixels, are read once as a whole. Of large ones
    windows are read, so that they show at once, and the classes counted meanwhile by a thread.
    """

    def __init__(self, kind: str, scene: Scene) -> None:
        names = dict(enumerate(SCL_CLASSES)) if kind == SCL else {1: "cloud or its shadow"}
        colors = dict(enumerate(SCL_COLOURS)) if kind == SCL else {1: "#ff4fd8"}
        super().__init__(kind, scene.grid(), names, colors)
        self.kind = "scl" if kind == SCL else "cloud"
        self.visible = False
        self._scene = scene
        self._lock, self._reading = threading.Lock(), threading.Lock()
        self._values: Classes | None = None
        self._counts: Sequence[int] | None = None
        self._counting: threading.Thread | None = None
        self.counted: Callable[[], object] = lambda: None
        """Called by the thread that counted."""

    def follow(self, scene: Scene) -> None:
        """Become that of another scene on the same pixels; looks stay."""
        with self._lock:
            self._scene, self._values, self._counts, self._counting = scene, None, None, None
        self.version += 1

    @property
    def scene(self) -> Scene:
        """Whose it is."""
        return self._scene

    def counts(self) -> Sequence[int] | None:
        """Give how many pixels each class has, once it was read."""
        return self._counts

    def window(self, box: tuple[int, int, int, int], step: int) -> Classes:
        """Give a part, of which each pixel has the commonest class of its block."""
        known = self._values
        source: Any = read_of(self._scene, self.kind) if known is None else known
        if known is None and source.shape[0] * source.shape[1] <= AT_ONCE:
            source = self._read()
        left, bottom, right, top = box
        rows = self.grid.shape[0]
        factor = rows / source.shape[0]
        # No finer than the layer's own pixels, and some of each block.
        apart = max(1, 1 << int(np.log2(max(1.0, factor))), step // SIDE)
        apart = min(apart, step)
        at_y = np.minimum(np.arange(bottom, top, apart) + (apart - 1) / 2, top - 1)
        at_x = np.minimum(np.arange(left, right, apart) + (apart - 1) / 2, right - 1)
        down = np.floor((rows - 1 - at_y + 0.5) / factor).astype(int)
        across = np.floor((at_x + 0.5) * source.shape[1] / self.grid.shape[1]).astype(int)
        places = [np.clip(at, 0, n - 1) for at, n in zip((down, across), source.shape, strict=True)]
        if not isinstance(source, np.ndarray):
            first = [int(at.min()) for at in places]
            last = [int(at.max()) + 1 for at in places]
            if (last[0] - first[0]) * (last[1] - first[1]) <= AT_ONCE:
                part = source[first[0] : last[0], first[1] : last[1]]
                source = np.asarray(part).astype(np.uint8)
                places = [at - start for at, start in zip(places, first, strict=True)]
                self._count_meanwhile()
            else:
                source = self._read()
        return commonest(source[np.ix_(*places)], step // apart)

    def _count_meanwhile(self) -> None:
        with self._lock:
            if self._counting is None and self._values is None:
                self._counting = threading.Thread(
                    target=self._count, name="astrodata-classes", daemon=True
                )
                self._counting.start()

    def _count(self) -> None:
        try:
            self._read()
        except AstrodataError:
            return  # whoever looks at that part is told
        self.counted()

    def _read(self) -> Classes:
        with self._lock:
            scene, known = self._scene, self._values
        if known is not None:
            return known
        with self._reading:  # one at a time, while others look at what is there
            if self._values is not None and self._scene is scene:
                return self._values
            values = np.asarray(read_of(scene, self.kind)[:, :]).astype(np.uint8)
            found = counts_of(values)
            # In pixels of the picture, which are finer.
            every = self.grid.shape[0] * self.grid.shape[1] / max(1, values.size)
            with self._lock:
                if self._scene is scene:  # and not another date's by now
                    self._values = values
                    self._counts = [round(int(count) * every) for count in found]
            return values


class MaskLayer(Layer):
    """A mask that belongs to the pixels of the viewer, whatever date is on show."""

    kind = "mask"

    def __init__(
        self,
        name: str,
        grid: Grid,
        mask: EditedMask,
        names: Mapping[int, str],
        colors: Mapping[int, str],
    ) -> None:
        super().__init__(name, grid, names, colors)
        self.mask = mask
        self.source = ""
        """The file that has the mask as it is; empty where there is none."""
        self.unsaved = False
        """Whether a hand changed it since it was read or saved."""

    def counts(self) -> Sequence[int] | None:
        """Give how many pixels each class has."""
        return [int(count) for count in self.mask.counts]

    def changed(self) -> None:
        """Take note that its pixels are others now; classes that it did not have get a name."""
        self.version += 1
        self.unsaved, self.source = True, ""
        for number in np.flatnonzero(self.mask.counts[1:]) + 1:
            self.name_class(int(number))

    def name_class(self, number: int) -> None:
        """Have a name and a colour for a class."""
        if number not in self.names:
            several = max(self.names, default=0) > 1 or number > 1
            self.names[number] = GRADES.get(number, "") if several else ""
            self.names[number] = self.names[number] or f"class {number}"
            self.colors.setdefault(number, colour_of_class(number))

    def window(self, box: tuple[int, int, int, int], step: int) -> Classes:
        """Give a part, of which each pixel has the highest class of its block."""
        left, bottom, right, top = box
        rows = self.grid.shape[0]
        return highest(self.mask.values[rows - top : rows - bottom, left:right][::-1], step)

    def facts(self) -> dict[str, Any]:
        """Give what the browser shows of it."""
        known = {"undo": self.mask.undoable, "redo": self.mask.redoable, "unsaved": self.unsaved}
        return {**super().facts(), **known}


def scene_layers(scene: Scene) -> list[str]:
    """Give the names of the layers that a scene has of its own."""
    found = [SCL] if SCL in scene.layers.names and not scene.named(SCL).note else []
    try:
        scene.cloud_mask()
    except UnknownName:
        return found
    return [*found, CLOUD]


def colour_of_class(number: int) -> str:
    """Give the colour of a class of a mask to begin with."""
    return GRADE_COLOURS.get(number, MASK_COLOURS[number % len(MASK_COLOURS)])


def hexadecimal(color: Any) -> str:
    """Give a colour as ``#rrggbb``.

    Raises
    ------
    BadRequest
        It is none.
    """
    from PIL import ImageColor

    try:
        red, green, blue = ImageColor.getrgb(str(color))[:3]
    except ValueError:
        raise BadRequest(f"color {color!r} is none: give one such as 'red' or '#ff0000'") from None
    return f"#{red:02x}{green:02x}{blue:02x}"


def mask_name(name: Any) -> str:
    """Give the name of a mask as it is kept.

    Raises
    ------
    BadRequest
        There is none, or one of several lines.
    """
    text = str(name).strip()
    if not text or len(text) > LONGEST_NAME or not text.isprintable():
        raise BadRequest(
            f"name {text[:40]!r} of a mask: give 1 to {LONGEST_NAME} characters on one line"
        )
    return text


def class_names(given: Any, name: str, highest_class: int) -> dict[int, str]:
    """Give the names of a mask's classes, from what was given, or those of a grading where it has several.

    Raises
    ------
    BadRequest
        Numbers that are no classes.
    """
    if given:
        told = given if isinstance(given, Mapping) else dict(enumerate(given, 1))
        numbers = {int(number): str(text)[:100] for number, text in told.items()}
        if not all(0 < number <= MOST_CLASSES for number in numbers):
            raise BadRequest(f"classes {list(numbers)}: they go from 1 to {MOST_CLASSES}")
        return numbers
    if highest_class > 1:
        last = max(highest_class, len(GRADES))
        return {number: GRADES.get(number, f"class {number}") for number in range(1, last + 1)}
    return {1: name}


def read_of(scene: Scene, kind: str) -> LazyArray:
    """Give the classification or the clouds of a scene, lazily, as coarse as the product has them."""
    read: Callable[..., Any] = scene.scl if kind == "scl" else scene.cloud_mask
    own = read()
    grid = scene.grid()
    factor = grid.shape[0] / max(1, own.shape[0])
    known = SCL if SCL in scene.layers.names else ""
    placed = scene.named(known).raster.grid.bounds if known else grid.bounds
    near = abs(grid.transform[0])
    lies = all(abs(a - b) < near for a, b in zip(placed, grid.bounds, strict=True))
    if not lies or abs(grid.shape[1] / max(1, own.shape[1]) - factor) > 0.01:
        # Cut otherwise than the bands: brought onto their pixels.
        own = read(resolution=min(one.resolution for one in scene.bands or scene.layers))
    made: LazyArray = own
    return made


def _edges(classes: Classes) -> Any:
    """Give where a lower class lies beside a pixel: the higher one has the line between two."""
    found = np.zeros(classes.shape, bool)
    for own, other in ((np.s_[1:], np.s_[:-1]), (np.s_[:-1], np.s_[1:])):
        found[own] |= classes[own] > classes[other]
        found[:, own] |= classes[:, own] > classes[:, other]
    return found
