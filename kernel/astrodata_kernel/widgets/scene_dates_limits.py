"""One set of limits for all dates of a viewer of scenes, so that their colours can be compared."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..datasets.scene import Scene
from ..errors import AstrodataError
from ..processing.raster import limits as display_limits
from ..processing.scene_names import known_name
from ..wire import Reply
from .base import RequestWidget, answers


class DateLimitsWidget(RequestWidget):
    """Takes limits that are no numbers from the clearest date, whichever one is on show.

    A cloud on one date would otherwise darken the land there, and the same field would have two colours.
    """

    limits: Any
    band_limits: Any
    hdu: Any
    plane: Any
    _scenes: tuple[Scene, ...]
    _pairs: list[tuple[int, tuple[str, ...]]]
    _number_of: Callable[[tuple[str, ...], int], int]
    _sample: Callable[..., Any]

    def limits_in_force(self) -> tuple[float, float]:
        """Give the values that are shown in the first and in the last colour, on all dates."""
        return self._in_force(self.limits, self.hdu, self.plane)[:2]

    def band_limits_in_force(self) -> list[tuple[float, float]]:
        """Give the values of red, green and blue that are shown as none and as all of the colour."""
        wanted = self.band_limits or [self.limits] * 3
        return [self._in_force(one, self.hdu, plane)[:2] for plane, one in enumerate(wanted)]

    @answers("limits")
    def _limits(
        self, limits: str = "zscale", hdu: int | None = None, plane: int | None = None
    ) -> Reply:
        where = {
            "hdu": self.hdu if hdu is None else int(hdu),
            "plane": self.plane if plane is None else int(plane),
        }
        low, high, whole = self._in_force(limits, where["hdu"], where["plane"])
        return Reply({"low": low, "high": high, "limits": limits, "sampled": not whole, **where})

    def _in_force(self, limits: Any, hdu: int, plane: int) -> tuple[float, float, bool]:
        if not isinstance(limits, str):
            return float(limits[0]), float(limits[1]), True
        sample, whole = self._clearest(hdu, plane)
        return (*display_limits(sample, limits), whole)

    def _clearest(self, hdu: int, plane: int) -> tuple[Any, bool]:
        """Give pixels that stand for the bands of a number on the clearest date that shows any."""
        if len(self._scenes) > 1 and 0 <= hdu < len(self._pairs):
            names = self._pairs[hdu][1]
            for date in sorted(range(len(self._scenes)), key=self._cloud):
                try:
                    for name in names:
                        known_name(self._scenes[date], name)
                except AstrodataError:
                    continue
                _, sample, whole = self._sample(self._number_of(names, date), plane)
                if np.isfinite(sample).any():
                    return sample, whole
        _, sample, whole = self._sample(hdu, plane)
        return sample, whole

    def _cloud(self, date: int) -> float:
        cloud = self._scenes[date].cloud_share
        return 2.0 if cloud is None else cloud
