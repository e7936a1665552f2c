"""The viewer of satellite scenes: any bands as colours, any band or index as a map, north up."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import traitlets

from ..datasets import Dataset
from ..datasets.dataset import Part
from ..datasets.scene import Scene
from ..errors import AstrodataError, BadRequest, UnsupportedFormat
from ..processing import indices
from ..processing.pyramid import EXACT_PIXELS, Planes
from ..wire import Reply, encode
from .base import Cancel, answers
from .fits import COLORMAPS, FitsViewer
from .opening import shown_name, shown_while_opening
from .saved_state import as_words
from .scene_choices import (
    PRESETS,
    bands_of_preset,
    choices_of,
    chosen_bands,
    first_bands,
    preset_of,
)
from .scene_places import Places, scl_name
from .scene_planes import BandsOnShow, Kept, ScenePlanes, known_name

if TYPE_CHECKING:
    import os

LIMITS = "99%"
"""Of scenes: a few bright clouds and roofs would leave the land dark."""


class SceneViewer(FitsViewer):
    """Viewer of a satellite scene at full resolution: three bands as colours, or a band or index as a map.

    Parameters
    ----------
    source
        A path or an open `Scene`.
    bands
        Names of one or three bands, layers, indices or formulas; by default true colour, or what the scene
        has.
    preset
        Name of `PRESETS` instead of `bands`.
    **traits
        Initial values of the traits below, and of those of `FitsViewer` (``stretch``, ``limits``, ...).

    Raises
    ------
    UnknownName
        The scene has no such band; the text names it and those that there are.
    AstrodataError
        A source that cannot be read, or that is no scene.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from astrodata_kernel.testing.scenes import safe_folder
    >>> folder = safe_folder(pathlib.Path(tempfile.mkdtemp()), size=60, bands=["B04", "B08", "B12"])
    >>> viewer = SceneViewer(folder, bands="NBR")
    >>> viewer.request("tile", level=0, x=0, y=0).meta["shape"]
    [1, 60, 60]
    """

    bands = traitlets.Union(
        [traitlets.Unicode(), traitlets.List(traitlets.Unicode())],
        default_value=list(PRESETS["true"][1]),
        help="What is on show: one or three names of bands, layers, indices or formulas; three are red, "
        "green and blue.",
    ).tag(sync=True)
    preset = traitlets.Enum(
        ("", *PRESETS), "", help="Name of the three bands on show; empty for any others."
    ).tag(sync=True)
    choices: Any = traitlets.List(
        read_only=True,
        help="What the viewer offers to show: group, text and bands of each.",
    ).tag(sync=True)
    limits = traitlets.Union(
        [traitlets.Unicode(), traitlets.List(traitlets.Float(), minlen=2, maxlen=2)],
        default_value=LIMITS,
        help='"zscale", "minmax", a central percentage such as "99%", or [low, high] in data units.',
    ).tag(sync=True)
    colormap = traitlets.Enum(COLORMAPS, "viridis", help="Colours from low to high.").tag(sync=True)
    transcode = traitlets.Bool(
        True,
        help="Whether JPEG 2000 bands on show are written anew as tiled files in the background, so that "
        "tiles come some fifty times as fast.",
    )

    _saved = ("bands", "transcode")
    _transcoding: Any = None

    def __init__(
        self,
        source: str | os.PathLike[str] | Dataset,
        bands: str | Sequence[str] | None = None,
        preset: str | None = None,
        **traits: Any,
    ) -> None:
        self._ready = False
        self._scene = _scene_of(source)
        self._ground = Places(self._scene.grid())
        self._numbers: dict[tuple[str, ...], int] = {}
        self._kept = Kept()
        if preset:
            bands = bands_of_preset(preset)
        names = chosen_bands(self._scene, bands if bands is not None else first_bands(self._scene))
        self._numbers[names] = 0
        super().__init__(
            _dataset_of(self._scene, names, 0),
            **{"composite": len(names) == 3, **traits},
            bands=list(names),
            preset=preset_of(names),
        )
        self.set_trait("choices", choices_of(self._scene))
        self._ready = True
        self._transcode_shown()

    @property
    def scene(self) -> Scene:
        """The scene on show."""
        return self._scene

    @property
    def transcoding(self) -> Any:
        """The writing of the bands on show as tiled files, with ``progress`` and ``wait()``, or None."""
        return self._transcoding

    def state(self) -> dict[str, Any]:
        """Give what the viewer shows and how, as plain values: source, and the traits that were changed."""
        state = super().state()
        del state["hdu"]  # numbers what this viewer happened to show
        if self.composite == (len(self.bands) == 3):
            state.pop("composite", None)
        else:
            state["composite"] = self.composite
        return state

    def code(self) -> str:
        """Give the Python that shows the same again."""
        state = self.state()
        source = state.pop("source")
        if self._scene.provenance is None:
            return f"# {source} is a scene in memory: give it in its place\nadk.view(scene{as_words(state)})"
        return f"adk.view({source!r}{as_words(state)})"

    def close(self) -> None:
        """Close the widget; what is being written for it is given up."""
        if self._transcoding is not None:
            self._transcoding.cancel()
        super().close()

    # --- what is on show ----------------------------------------------------------------------------

    @traitlets.validate("bands")
    def _bands_are_there(self, proposal: dict[str, Any]) -> list[str]:
        return list(chosen_bands(self._scene, proposal["value"]))

    @traitlets.validate("preset")
    def _preset_is_there(self, proposal: dict[str, Any]) -> str:
        preset = str(proposal["value"])
        if preset:
            chosen_bands(self._scene, bands_of_preset(preset))
        return preset

    @traitlets.observe("preset")
    def _show_preset(self, change: dict[str, Any]) -> None:
        if self._ready and change["new"]:
            self.bands = list(bands_of_preset(change["new"]))

    @traitlets.observe("bands")
    def _show_bands(self, _change: dict[str, Any]) -> None:
        if not self._ready:
            return
        names = tuple(self.bands)
        number = self._number_of(names)
        with self.hold_sync():
            self.preset = preset_of(names)
            # Limits in numbers were about what was on show before.
            self.band_limits = None
            if not isinstance(self.limits, str):
                self.limits = LIMITS
            self.composite = False
            self.hdu = number
            self.composite = len(names) == 3
        self._transcode_shown()

    @traitlets.observe("hdu")
    def _follow_number(self, change: dict[str, Any]) -> None:
        names = next((known for known, n in self._numbers.items() if n == change["new"]), None)
        if self._ready and names is not None:
            self.bands = list(names)

    @traitlets.observe("transcode")
    def _transcode_or_not(self, _change: dict[str, Any]) -> None:
        if self._ready:
            self._transcode_shown()

    def _transcode_shown(self) -> None:
        """Begin to write the JPEG 2000 bands on show anew, of scenes that are large enough to gain by it."""
        if self._transcoding is not None:
            self._transcoding.cancel()
            self._transcoding = None
        scene = self._scene
        bands = [name for name in _taken(self.bands) if _large(scene, name)]
        if self.transcode and bands and scene.start_transcoding is not None:
            self._transcoding = scene.transcode(bands)

    def _number_of(self, names: tuple[str, ...]) -> int:
        """Give the number by which the browser asks for what is on show, as it does for an HDU."""
        with self._lock:
            number = self._numbers.setdefault(names, len(self._numbers))
            if number not in self._by_hdu:
                self._by_hdu[number] = _dataset_of(self._scene, names, number)
        return number

    def _planes_of(self, dataset: Dataset) -> Planes:
        contents = dataset.contents
        if not isinstance(contents, BandsOnShow):
            return super()._planes_of(dataset)
        with self._lock:
            planes = self._planes.get(dataset.part)
            if planes is None:
                planes = self._planes[dataset.part] = ScenePlanes(contents, self._kept)
        return planes

    # --- requests -----------------------------------------------------------------------------------

    @answers("tile")
    def _tile(
        self,
        level: int,
        x: int,
        y: int,
        hdu: int | None = None,
        plane: int | None = None,
        bands: list[str] | None = None,
        *,
        cancel: Cancel,
    ) -> Reply:
        """Give a tile of one plane, as the browser asks, or of some bands, by default those on show."""
        if bands is None and (hdu is not None or plane is not None):
            return super()._tile(level, x, y, hdu, plane, cancel=cancel)
        wanted = self.bands if bands is None else [bands] if isinstance(bands, str) else bands
        names = tuple(known_name(self._scene, str(name)) for name in wanted)
        if not names:
            raise BadRequest("a tile of no bands: name at least one")
        planes = ScenePlanes(BandsOnShow(self._scene, names), self._kept)
        images = []
        for number in range(len(names)):
            cancel.check()
            image, reduction = planes.tile(level, x, y, number)
            images.append(image)
        meta, buffer = encode(np.stack(images))
        told = {"level": level, "x": x, "y": y, "bands": list(names), "reduction": reduction}
        return Reply({**meta, **told}, [buffer])

    @answers("probe")
    def _probe(
        self,
        x: float,
        y: float,
        hdu: int | None = None,
        plane: int | None = None,
        system: str | None = None,
        angles: str | None = None,
    ) -> Reply:
        where, planes = self._where(hdu, plane)
        shown: Any = self._of(where["hdu"]).contents
        column, row = math.floor(x + 0.5), math.floor(y + 0.5)
        told: dict[str, Any] = {"value": None, "text": "outside", "bands": {}, "class": None}
        if 0 <= column < planes.columns and 0 <= row < planes.rows:
            at = slice(row, row + 1), slice(column, column + 1)
            values = {
                name: float(planes.read(number, *at)[0, 0])
                for number, name in enumerate(shown.names)
            }
            texts = [_value_text(name, value) for name, value in values.items()]
            if "SCL" in self._scene.layers.names and "SCL" not in values:
                told["class"] = scl_name(self._class_at(at))
                texts.append(told["class"])
            own = values[shown.names[where["plane"]]]
            told["bands"] = {n: v if math.isfinite(v) else None for n, v in values.items()}
            told |= {"value": own if math.isfinite(own) else None, "text": ", ".join(texts)}
        sky = self._ground.at(x, y)
        return Reply({"x": column, "y": row, **told, "sky": sky, **where})

    def _title(self, planes: Planes) -> str:
        return f"{self._scene.name}, {' '.join(self.bands)}"

    def _class_at(self, at: tuple[slice, slice]) -> int:
        return int(BandsOnShow(self._scene, ["SCL"])[(0, *at)][0, 0])

    # --- overviews: the files have their own ----------------------------------------------------------

    def _begin(self, where: dict[str, int], planes: Planes, asked: bool = False) -> None:
        return None

    def _told(self, where: dict[str, int], planes: Planes) -> dict[str, Any]:
        size = planes.rows * planes.columns * self._of(where["hdu"]).dtype.itemsize
        return {"state": "whole", "done": 1.0, "said": "", "bytes": size}


def _scene_of(source: Any) -> Scene:
    if not isinstance(source, Dataset):
        from ..readers.registry import open_dataset

        with shown_while_opening(shown_name(source)) as progress:
            source = open_dataset(source, progress=progress)
    if not isinstance(source, Scene):
        raise UnsupportedFormat(
            f"{source.name}: a {source.kind} is no satellite scene; adk.view shows whatever it is"
        )
    return source


def _taken(names: Iterable[str]) -> list[str]:
    """Give the bands that some bands and indices take, each once."""
    found: dict[str, None] = {}
    for name in names:
        try:
            taken: Sequence[str] = indices.bands_of(name)
        except AstrodataError:
            taken = [name]  # a layer, or a band that no index knows
        found |= dict.fromkeys(taken or [name])
    return list(found)


def _large(scene: Scene, name: str) -> bool:
    band = scene.named(name)
    return not band.note and math.prod(band.shape) > EXACT_PIXELS


def _dataset_of(scene: Scene, names: tuple[str, ...], number: int) -> Dataset:
    """Give bands on show as the image that the viewer's other halves know."""
    shown = BandsOnShow(scene, names)
    unit = scene.named(names[0]).unit if len(names) == 1 and _is_layer(scene, names[0]) else ""
    part = Part(number, " ".join(names), 1, "image", shown.shape, str(shown.dtype), unit)
    return Dataset(
        kind="image",
        name=scene.name,
        shape=shown.shape,
        dtype=shown.dtype,
        meta={"unit": unit, "warnings": list(scene.meta.get("warnings", ()))},
        provenance=scene.provenance,
        contents=shown,
        parts=(part,),
        part=number,
    )


def _is_layer(scene: Scene, name: str) -> bool:
    return name in scene.bands.names or name in scene.layers.names


def _value_text(name: str, value: float) -> str:
    if name == "SCL" and math.isfinite(value):
        return f"SCL {value:.0f} {scl_name(int(value))}"
    return f"{name} {value:.4g}" if math.isfinite(value) else f"{name} nothing"
