"""Several images beside or over each other: side by side, blinking, or under a divider."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import traitlets

from ..datasets import Dataset
from ..errors import BadRequest
from ..wire import Reply
from .base import STATIC, RequestWidget, answers
from .fits import FitsViewer

if TYPE_CHECKING:
    import os

MODES = ("side", "blink", "swipe")
ALIGNS = ("sky", "pixels")
MOST = 8
"""Images at once: a page holds some sixteen pictures painted by WebGL."""

LOOKS = ("stretch", "colormap", "reverse", "contrast", "bias", "limits")
"""Traits of a viewer that `FitsFrames.match` gives to all."""

_OWN = (*LOOKS, "plane", "composite", "band_limits")
"""Traits that each image keeps when it is aligned anew; where one looks is that of the first image."""


class FitsFrames(RequestWidget):
    """Two or more images that move together: side by side, blinking, or one under a divider.

    Parameters
    ----------
    *sources
        Paths, data sets, or viewers (`FitsViewer`), two to eight of them. The first one gives the pixels
        that all are looked at on.
    align
        ``"sky"`` puts each image on the pixels of the first one by the WCS of both, as it is looked at;
        ``"pixels"`` leaves them as they are. By default by sky where all have one.
    **traits
        Initial values of the traits below, and of those of each viewer (``stretch="asinh"``).

    Raises
    ------
    AstrodataError
        A source that cannot be read, holds no image or cannot be aligned.

    Examples
    --------
    >>> import numpy as np
    >>> from astrodata_kernel.datasets import Dataset
    >>> one, other = (Dataset.of_array(np.full((8, 9), n, "f4"), f"image {n}") for n in (1, 2))
    >>> frames = FitsFrames(one, other, mode="blink")
    >>> [viewer.dataset.name for viewer in frames.viewers]
    ['image 1', 'image 2']
    """

    _esm = STATIC / "frames.js"
    _css = STATIC / "frames.css"

    mode = traitlets.Enum(MODES, "side", help="How the images lie: side, blink or swipe.").tag(
        sync=True
    )
    align = traitlets.Enum(
        ALIGNS, "sky", help="Whether images are put on the first one's pixels by the sky."
    ).tag(sync=True)
    active = traitlets.Int(0, min=0, help="Number of the image whose controls are shown.").tag(
        sync=True
    )
    playing = traitlets.Bool(False, help="Whether the images take turns by themselves.").tag(
        sync=True
    )
    interval = traitlets.Float(
        0.7, min=0.05, max=30.0, help="Seconds that each image is shown while they blink."
    ).tag(sync=True)
    divider = traitlets.Float(
        0.5, min=0.0, max=1.0, help="Where the divider lies, as a share of the picture's width."
    ).tag(sync=True)
    linked = traitlets.Bool(True, help="Whether all images move together.").tag(sync=True)
    matched = traitlets.Bool(
        False, help="Whether stretch, limits and colours of one image are those of all."
    ).tag(sync=True)
    height = traitlets.Int(420, min=120, help="Height of the pictures in CSS pixels.").tag(
        sync=True
    )
    frames = traitlets.List(
        traitlets.Unicode(), help="The viewers, as the browser finds them."
    ).tag(sync=True)

    def __init__(
        self,
        *sources: str | os.PathLike[str] | Dataset | FitsViewer,
        align: str | None = None,
        **traits: Any,
    ) -> None:
        if not 2 <= len(sources) <= MOST:
            raise BadRequest(f"{len(sources)} images: give two to {MOST} of them")
        own = {name: traits.pop(name) for name in list(traits) if self.has_trait(name)}
        self._matching = False
        self._viewers: list[FitsViewer] = []
        self._coming: tuple[str, list[Dataset]] = ("", [])
        with ExitStack() as made:
            # They tell how sources look; what is shown are viewers of the aligned images.
            given = [_viewer_of(one, traits, made) for one in sources]
            self._sources = [viewer.dataset for viewer in given]
            if align is None:
                align = "sky" if all(one.wcs is not None for one in self._sources) else "pixels"
            datasets = self._aligned(align)
            super().__init__(align=align, **own)
            self._take(datasets, _looks_of(given))
        if self.matched:
            self._match(0)

    @property
    def viewers(self) -> tuple[FitsViewer, ...]:
        """The viewer of each image: ``frames.viewers[1].colormap = "magma"``."""
        return tuple(self._viewers)

    def __len__(self) -> int:
        return len(self._viewers)

    def __iter__(self) -> Iterator[FitsViewer]:
        return iter(self._viewers)

    def match(self, number: int = 0) -> None:
        """Give all images the stretch, the limits in data units and the colours of one of them.

        Parameters
        ----------
        number
            Of the image, from 0.
        """
        one = self._viewers[number]
        limits = list(one.limits_in_force())
        looks = {name: getattr(one, name) for name in LOOKS} | {"limits": limits}
        for viewer in self._viewers:
            for name, value in looks.items():
                setattr(viewer, name, value)

    @answers("describe")
    def _describe(self) -> Reply:
        return Reply(
            {
                "names": [one.name for one in self._sources],
                "sky": all(one.wcs is not None for one in self._sources),
            }
        )

    @answers("match")
    def _answer_match(self, number: int) -> Reply:
        if not 0 <= number < len(self._viewers):
            raise BadRequest(f"there is no image {number}: there are {len(self._viewers)}")
        self.match(number)
        return Reply({})

    @traitlets.validate("align")
    def _can_be_aligned(self, proposal: dict[str, Any]) -> str:
        align = str(proposal["value"])
        # What the browser sets is in `align` already when it is looked at here.
        if self._viewers and align != self._taken:
            self._coming = (align, self._aligned(align))  # an error leaves all as it is
        return align

    @traitlets.observe("align")
    def _align_changed(self, _change: Any) -> None:
        align, datasets = self._coming
        if self._viewers and align == self.align != self._taken:
            before = self._viewers
            self._take(datasets, _looks_of(before))
            for viewer in before:
                viewer.close()

    @traitlets.observe("matched")
    def _matched_changed(self, change: Any) -> None:
        if change["new"] and self._viewers:
            self._match(min(self.active, len(self._viewers) - 1))

    def _aligned(self, align: str) -> list[Dataset]:
        from ..processing.reprojection import on_grid

        first = self._sources[0]
        if align == "pixels":
            return list(self._sources)
        return [first, *(on_grid(one, first) for one in self._sources[1:])]

    def _take(self, datasets: list[Dataset], looks: list[dict[str, Any]]) -> None:
        self._taken = self.align
        self._viewers = []
        for dataset, own in zip(datasets, looks, strict=True):
            viewer = FitsViewer(dataset, **own, height=self.height)
            viewer.observe(self._looks_changed, LOOKS)
            self._viewers.append(viewer)
        self.frames = [f"anywidget:{viewer.model_id}" for viewer in self._viewers]

    def _looks_changed(self, change: Any) -> None:
        if self.matched and not self._matching:
            self._match(self._viewers.index(change["owner"]))

    def _match(self, number: int) -> None:
        self._matching = True
        try:
            self.match(number)
        finally:
            self._matching = False

    def close(self) -> None:
        """Close the widget and its viewers."""
        for viewer in getattr(self, "_viewers", ()):  # none where making it failed
            viewer.close()
        super().close()


def _viewer_of(source: Any, traits: dict[str, Any], made: ExitStack) -> FitsViewer:
    """Give the viewer that a source is, or one that is made of it and closed with `made`."""
    if isinstance(source, FitsViewer):
        return source
    viewer = FitsViewer(source, **traits)
    made.callback(viewer.close)
    return viewer


def _looks_of(viewers: Sequence[FitsViewer]) -> list[dict[str, Any]]:
    """Give how each viewer shows its image, and where the first one looks."""
    shared = {name: getattr(viewers[0], name) for name in ("view", "system")}
    return [{name: getattr(one, name) for name in _OWN} | shared for one in viewers]
