"""The viewer of satellite scenes: any bands as colours, any band or index as a map, north up."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import traitlets

from ..datasets import Dataset
from ..datasets.scene import Scene
from ..errors import BadRequest
from ..processing.pyramid import EXACT_PIXELS, Planes
from ..processing.scene_names import (
    PRESETS,
    bands_of_preset,
    chosen_bands,
    first_bands,
    known_name,
    preset_of,
    scl_name,
)
from ..wire import Reply, encode
from .base import STATIC, Cancel, answers
from .fits import COLORMAPS, FitsViewer
from .saved_state import as_words
from .scene_areas import SceneAreasWidget
from .scene_areas_saving import SceneSavingWidget
from .scene_basemap import BasemapWidget
from .scene_choices import choices_of
from .scene_datasets import dataset_of, scene_of, source_of, taken, value_text
from .scene_dates import DatesWidget, number_of_date
from .scene_dates_grid import on_one_grid
from .scene_dates_limits import DateLimitsWidget
from .scene_dates_pictures import DatePicturesWidget, KeptOfDate, SmallBands
from .scene_maps import SceneMapsWidget
from .scene_masks import MasksWidget
from .scene_pixels import ScenePixelsWidget
from .scene_places import Places
from .scene_planes import BandsOnShow, Kept, ScenePlanes
from .scene_transcoding import SceneTranscodingWidget

if TYPE_CHECKING:
    import os

    Source = str | os.PathLike[str] | Dataset

LIMITS = "99%"
"""Of scenes: a few bright clouds and roofs would leave the land dark."""


class SceneViewer(
    DatesWidget,
    DateLimitsWidget,
    DatePicturesWidget,
    MasksWidget,
    ScenePixelsWidget,
    SceneAreasWidget,
    SceneSavingWidget,
    SceneTranscodingWidget,
    SceneMapsWidget,
    BasemapWidget,
    FitsViewer,
):
    """Viewer of satellite scenes at full resolution: three bands as colours, or a band or index as a map.

    Parameters
    ----------
    source
        A path or an open `Scene`, or a list of them: several dates of one place, which are laid on the pixels
        of the first one.
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
    BadRequest
        Several scenes that cannot be laid over each other; the text names the one that lies elsewhere.
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

    _esm = STATIC / "scene.js"
    _css = STATIC / "scene.css"

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
    _works: Sequence[Any] = ()

    def __init__(
        self,
        source: Source | Sequence[Source],
        bands: str | Sequence[str] | None = None,
        preset: str | None = None,
        **traits: Any,
    ) -> None:
        self._ready = False
        given = source if isinstance(source, list | tuple) else [source]
        opened = [scene_of(one) for one in given]
        self._sources = [source_of(one) for one in opened]
        self._scenes = on_one_grid(opened)
        traits["date"] = number_of_date(self._scenes, traits.get("date", 0))
        self._scene = self._scenes[traits["date"]]
        self._ground = Places(self._scene.grid())
        self._pairs: list[tuple[int, tuple[str, ...]]] = []
        self._numbers: dict[tuple[int, tuple[str, ...]], int] = {}
        self._kept = Kept()
        self._other_layers = {}
        self._small = SmallBands()
        if preset:
            bands = bands_of_preset(preset)
        names = chosen_bands(self._scene, bands if bands is not None else first_bands(self._scene))
        self._pairs.append((traits["date"], names))
        self._numbers[self._pairs[0]] = 0
        super().__init__(
            dataset_of(self._scene, names, 0),
            **{"composite": len(names) == 3, **traits},
            bands=list(names),
            preset=preset_of(names),
        )
        self.set_trait("choices", choices_of(self._scene))
        if self.compare and self.other is None:
            self.other = self._neighbour()
        self._tell_dates()
        self._ready = True
        self._transcode_shown()

    @property
    def scene(self) -> Scene:
        """The scene on show."""
        return self._scene

    @property
    def transcoding(self) -> Any:
        """The writing of the bands on show as tiled files, with ``progress`` and ``wait()``, or None."""
        return self._works[0] if self._works else None

    def state(self) -> dict[str, Any]:
        """Give what the viewer shows and how, as plain values: source, and the traits that were changed."""
        state = super().state()
        del state["hdu"]  # numbers what this viewer happened to show
        if len(self._sources) > 1:
            state["source"] = [source for source, _ in self._sources]
        if self.composite == (len(self.bands) == 3):
            state.pop("composite", None)
        else:
            state["composite"] = self.composite
        return state

    def code(self) -> str:
        """Give the Python that shows the same again."""
        state = self.state()
        source = state.pop("source")
        if not all(in_file for _, in_file in self._sources):
            given = "[scene, ...]" if len(self._sources) > 1 else "scene"
            told = f"# {source} is a scene in memory: give it in its place"
            return f"{told}\nadk.view({given}{as_words(state)})"
        return f"adk.view({source!r}{as_words(state)})"

    def close(self) -> None:
        """Close the widget; what is being written for it is given up."""
        for work in self._works:
            work.cancel()
        super().close()

    # --- what is on show ----------------------------------------------------------------------------

    @traitlets.validate("bands")
    def _bands_are_there(self, proposal: dict[str, Any]) -> list[str]:
        names = chosen_bands(self._scene, proposal["value"])
        if self._ready and self.compare and self.other is not None:
            self._shows_bands(self.other, names)
        return list(names)

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
        number = self._number_of(names, self.date)
        with self.hold_sync():
            self.preset = preset_of(names)
            # Limits in numbers were about what was on show before.
            self.band_limits = None
            if not isinstance(self.limits, str):
                self.limits = LIMITS
            self.composite = False
            self.hdu = number
            self.composite = len(names) == 3
            self._tell_dates()
        self._transcode_shown()

    def _show_scene(self) -> None:
        """Show the date that was chosen, by the same limits and the same plane."""
        with self.hold_sync():
            self.hdu = self._number_of(tuple(self.bands), self.date)
            self.set_trait("choices", choices_of(self._scene))
        self._transcode_shown()

    @traitlets.observe("hdu")
    def _follow_number(self, change: dict[str, Any]) -> None:
        if self._ready and 0 <= change["new"] < len(self._pairs):
            date, names = self._pairs[change["new"]]
            self._scene = self._scenes[date]  # before whatever else follows the number asks for it
            self.date = date
            self.bands = list(names)

    @traitlets.observe("hdu")
    def _first_plane_of_another_hdu(self, change: dict[str, Any]) -> None:
        pairs = [self._pairs[n] for n in (change["old"], change["new"]) if isinstance(n, int)]
        if len(pairs) == 2 and pairs[0][1] != pairs[1][1]:
            self.plane = 0

    @traitlets.observe("transcode")
    def _transcode_or_not(self, _change: dict[str, Any]) -> None:
        if self._ready:
            self._transcode_shown()

    def _transcode_shown(self) -> None:
        """Begin to write the JPEG 2000 bands on show anew, of scenes that are large enough to gain by it."""
        for work in self._works:
            work.cancel()
        self._works = []
        for scene in self._compared() if self.transcode else ():
            bands = [name for name in taken(self.bands) if _large(scene, name)]
            if bands and scene.start_transcoding is not None:
                self._works.append(scene.transcode(bands, self._written()))

    def _number_of(self, names: tuple[str, ...], date: int) -> int:
        """Give the number by which the browser asks for what is on show, as it does for an HDU."""
        with self._lock:
            pair = (date, names)
            if pair not in self._numbers:
                self._numbers[pair] = len(self._pairs)
                self._pairs.append(pair)
            return self._numbers[pair]

    def _of(self, hdu: int) -> Dataset:
        with self._lock:
            known = self._by_hdu.get(hdu)
            if known is None and 0 <= hdu < len(self._pairs):
                date, names = self._pairs[hdu]
                known = self._by_hdu[hdu] = dataset_of(self._scenes[date], names, hdu)
        return super()._of(hdu) if known is None else known

    def _planes_of(self, dataset: Dataset) -> Planes:
        contents = dataset.contents
        if not isinstance(contents, BandsOnShow):
            return super()._planes_of(dataset)
        with self._lock:
            planes = self._planes.get(dataset.part)
            if planes is None:
                planes = self._planes[dataset.part] = ScenePlanes(
                    contents,
                    KeptOfDate(self._kept, self._pairs[dataset.part][0], self._times_rewritten),
                )
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
        date: int | None = None,
        *,
        cancel: Cancel,
    ) -> Reply:
        """Give a tile of one plane, as the browser asks, or of some bands, by default those on show."""
        if bands is None and (hdu is not None or plane is not None):
            return super()._tile(level, x, y, hdu, plane, cancel=cancel)
        number = self._date_of(date)
        scene = self._scenes[number]
        wanted = self.bands if bands is None else [bands] if isinstance(bands, str) else bands
        names = tuple(known_name(scene, str(name)) for name in wanted)
        if not names:
            raise BadRequest("a tile of no bands: name at least one")
        kept = KeptOfDate(self._kept, number, self._times_rewritten)
        planes = ScenePlanes(BandsOnShow(scene, names), kept)
        images = []
        for band in range(len(names)):
            cancel.check()
            image, reduction = planes.tile(level, x, y, band)
            images.append(image)
        meta, buffer = encode(np.stack(images))
        told = {"level": level, "x": x, "y": y, "bands": list(names), "date": number}
        told["reduction"] = reduction
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
            texts = [value_text(name, value) for name, value in values.items()]
            if "SCL" in shown.scene.layers.names and "SCL" not in values:
                told["class"] = scl_name(int(BandsOnShow(shown.scene, ["SCL"])[(0, *at)][0, 0]))
                texts.append(told["class"])
            own = values[shown.names[where["plane"]]]
            told["bands"] = {n: v if math.isfinite(v) else None for n, v in values.items()}
            told |= {"value": own if math.isfinite(own) else None, "text": ", ".join(texts)}
        sky = self._ground.at(x, y)
        return Reply({"x": column, "y": row, **told, "sky": sky, **where})

    def _title(self, planes: Planes) -> str:
        return f"{self._scene.name}, {' '.join(self.bands)}"

    # --- overviews: the files have their own ----------------------------------------------------------

    def _begin(self, where: dict[str, int], planes: Planes, asked: bool = False) -> None:
        return None

    def _told(self, where: dict[str, int], planes: Planes) -> dict[str, Any]:
        size = planes.rows * planes.columns * self._of(where["hdu"]).dtype.itemsize
        return {"state": "whole", "done": 1.0, "said": "", "bytes": size}


def _large(scene: Scene, name: str) -> bool:
    """Tell whether a band gains by being written anew as tiles."""
    band = scene.named(name)
    return not band.note and math.prod(band.shape) > EXACT_PIXELS
