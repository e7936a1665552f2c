"""Several dates in the viewer of scenes: which is on show, and which it is compared with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import traitlets

from ..datasets.scene import Scene
from ..errors import AstrodataError, BadRequest
from ..processing.scene_names import known_name
from .fits_state import StateWidget

COMPARE = ("", "swipe", "side")
_LISTED = 12
"""Dates that an error lists."""


class DatesWidget(StateWidget):
    """Keeps the dates of a viewer of scenes; a subclass sets what is declared here."""

    bands: Any
    hdu: Any
    _ready: bool
    _scenes: tuple[Scene, ...]
    _scene: Scene
    _number_of: Callable[[tuple[str, ...], int], int]
    _show_scene: Callable[[], None]
    _transcode_shown: Callable[[], None]

    dates: Any = traitlets.List(
        read_only=True,
        help="All dates in order: name, date (ISO), cloud (share or None), satellite and level of each, the "
        "number by which the browser asks for it (hdu), and why it cannot show the bands of now (error).",
    ).tag(sync=True)
    date = traitlets.Int(0, min=0, help="Number of the date on show, from 0.").tag(sync=True)
    other = traitlets.Int(
        None, allow_none=True, min=0, help="Number of the date that it is compared with, or None."
    ).tag(sync=True)
    compare = traitlets.Enum(
        COMPARE,
        "",
        help='How the other date is shown: over this one, cut at a line ("swipe"), beside it ("side"), or '
        'not at all ("").',
    ).tag(sync=True)
    swipe = traitlets.Float(
        0.5, min=0.0, max=1.0, help="Where the line is, as a share of the picture's width."
    ).tag(sync=True)
    max_cloud = traitlets.Float(
        1.0,
        min=0.0,
        max=1.0,
        help="Dates with a larger share of cloud are passed over by play and by the keys.",
    ).tag(sync=True)
    dates_pace = traitlets.Float(1.0, min=0.1, max=20.0, help="Dates a second in play.").tag(
        sync=True
    )
    play_dates = traitlets.Bool(False, help="Whether the dates follow each other.").tag(sync=True)

    _saved = ("date", "other", "compare", "swipe", "max_cloud", "dates_pace")

    @property
    def scenes(self) -> tuple[Scene, ...]:
        """All scenes of the viewer, by date, on the pixels of the first one that was given."""
        return self._scenes

    def show_date(self, which: Any) -> None:
        """Show another date.

        Parameters
        ----------
        which
            Its number from 0, or the date: ``"2020-08-13"``, a `date` or a `datetime`.

        Raises
        ------
        BadRequest
            There is no such date; the text lists those that there are.
        UnknownName
            Its scene lacks a band that is on show.
        """
        self.date = number_of_date(self._scenes, which)

    def compare_with(self, which: Any, how: str = "swipe") -> None:
        """Compare the date on show with another one.

        Parameters
        ----------
        which
            As `show_date` takes it.
        how
            ``"swipe"`` or ``"side"``.

        Raises
        ------
        BadRequest, UnknownName
            As of `show_date`.
        """
        if how not in COMPARE[1:]:
            raise BadRequest(f"{how!r} is no way to compare: there are 'swipe' and 'side'")
        self.other = number_of_date(self._scenes, which)
        self.compare = how

    @traitlets.validate("date", "other")
    def _date_is_there(self, proposal: dict[str, Any]) -> int | None:
        number = proposal["value"]
        if number is None:
            return None
        number = number_of_date(self._scenes, int(number))
        if proposal["trait"].name == "date" or self.compare:
            self._shows_bands(number)
        return number

    @traitlets.validate("compare")
    def _there_are_two(self, proposal: dict[str, Any]) -> str:
        how = str(proposal["value"])
        if how:
            if len(self._scenes) < 2:
                raise BadRequest(
                    f"there is one date only, {self._scene.name}: give several scenes to compare them"
                )
            self._shows_bands(self._neighbour() if self.other is None else self.other)
        return how

    def _date_of(self, date: int | None) -> int:
        """Give the number of a date, which the browser may know before Python does."""
        return self.date if date is None else number_of_date(self._scenes, int(date))

    def _shows_bands(self, number: int, names: Sequence[str] | None = None) -> None:
        for name in self.bands if names is None else names:
            known_name(self._scenes[number], str(name))

    def _neighbour(self) -> int:
        """Give the date to compare with unless another one was chosen: the next, or that before the last."""
        return self.date + 1 if self.date + 1 < len(self._scenes) else max(0, self.date - 1)

    @traitlets.observe("compare")
    def _choose_other(self, change: dict[str, Any]) -> None:
        if self._ready and change["new"] and self.other is None:
            self.other = self._neighbour()

    @traitlets.observe("date")
    def _show_date(self, change: dict[str, Any]) -> None:
        if self._ready:
            self._scene = self._scenes[change["new"]]
            self._show_scene()

    @traitlets.observe("other", "compare")
    def _transcode_other(self, _change: dict[str, Any]) -> None:
        if self._ready:
            self._transcode_shown()

    def _compared(self) -> list[Scene]:
        """Give the scenes that are seen."""
        if not self.compare or self.other is None:
            return [self._scene]
        return [self._scene, self._scenes[self.other]]

    def _tell_dates(self) -> None:
        names = tuple(self.bands)
        self.set_trait(
            "dates", [self._told_of(number, names) for number in range(len(self._scenes))]
        )

    def _told_of(self, number: int, names: tuple[str, ...]) -> dict[str, Any]:
        scene, error = self._scenes[number], ""
        try:
            self._shows_bands(number, names)
        except AstrodataError as known:
            error = str(known)
        cloud = scene.cloud_share
        return {
            "name": scene.name,
            "date": "" if scene.date is None else scene.date.isoformat(),
            "cloud": None if cloud is None else float(cloud),
            "satellite": scene.satellite,
            "level": scene.level,
            "hdu": self._number_of(names, number),
            "error": error,
        }


def number_of_date(scenes: Sequence[Scene], which: Any) -> int:
    """Give the number of a date among scenes; see `DatesWidget.show_date`."""
    if isinstance(which, int) and not isinstance(which, bool):
        if 0 <= which < len(scenes):
            return which
        raise BadRequest(f"date {which} does not exist: there are dates 0 to {len(scenes) - 1}")
    text = which.isoformat() if hasattr(which, "isoformat") else str(which).strip()
    known = ["" if scene.date is None else scene.date.isoformat() for scene in scenes]
    found = [number for number, one in enumerate(known) if text and one.startswith(text)]
    if not found:
        days = [one[:10] or scene.name for one, scene in zip(known, scenes, strict=True)]
        more = f" and {len(days) - _LISTED} more" if len(days) > _LISTED else ""
        raise BadRequest(
            f"there is no scene of {text!r}: there are {', '.join(days[:_LISTED])}{more}"
        )
    return found[0]
