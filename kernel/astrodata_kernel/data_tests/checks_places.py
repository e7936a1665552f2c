"""Checks of where pixels lie on the sky or the ground, and of traces at their converter's end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import BadRequest
from .checks_columns import checked_share
from .findings import Failing, Finding, limits, number, percent
from .given import Block, Given
from .registered import Check, built_in

__all__ = []


@built_in("wcs")
@dataclass
class Wcs(Check):
    """Pixels have a place: on the sky by a celestial WCS (scale in arcsec), or on the ground (in m)."""

    data = ("image", "cube", "scene")
    takes_columns = False
    reads = False

    scale_at_least: float | None = None
    scale_at_most: float | None = None

    def __post_init__(self) -> None:
        for end in (self.scale_at_least, self.scale_at_most):
            if end is not None and not end > 0:
                raise BadRequest(f"a scale of {end}: give a positive number")

    def end(self, cancelled: Callable[[], None]) -> list[Finding]:
        return [self._ground() if self.given.kind == "scene" else self._sky()]

    def _ground(self) -> Finding:
        scene = self.given.source
        grid = scene.grid()
        scale = [abs(grid.transform[0]), abs(grid.transform[4])]
        ends = (self.scale_at_least or 1e-3, self.scale_at_most or 1e6)
        ok = bool(scene.crs) and all(np.isfinite(s) and ends[0] <= s <= ends[1] for s in scale)
        seen = f"{scene.crs or 'no coordinate system'}, pixels of {number(scale[0])} m"
        return Finding(
            ok,
            seen,
            f"a place, pixels {limits(*ends, 'm')}",
            numbers={"scale": scale, "crs": scene.crs},
        )

    def _sky(self) -> Finding:
        from astropy.wcs.utils import proj_plane_pixel_scales

        ends = (self.scale_at_least or 1e-4, self.scale_at_most or 36_000.0)
        allowed = f"a celestial WCS, pixels {limits(*ends, 'arcsec')}"
        wcs = self.given.source.wcs
        if wcs is None:
            return Finding(False, "no celestial WCS", allowed)
        scale = [float(s) * 3600 for s in proj_plane_pixel_scales(wcs)]
        seen = f"{'/'.join(wcs.wcs.ctype)}, pixels of {' x '.join(map(number, scale))} arcsec"
        facts = {"scale": scale, "ctype": list(wcs.wcs.ctype)}
        if not all(np.isfinite(s) and ends[0] <= s <= ends[1] for s in scale):
            return Finding(False, seen, allowed, numbers=facts)
        height, width = self.given.source.shape[-2:]
        off = _round_trip(wcs, (width - 1) / 2, (height - 1) / 2)
        if off > 0.1:
            return Finding(
                False,
                f"{seen}; the centre comes back {number(off)} pixels off",
                allowed,
                numbers=facts,
            )
        return Finding(True, seen, allowed, numbers=facts)


def _round_trip(wcs: Any, x: float, y: float) -> float:
    """Give by how many pixels a pixel misses itself, to the sky and back."""
    try:
        sky = wcs.all_pix2world(x, y, 0)
        back = wcs.all_world2pix(*sky, 0)
        off = float(np.hypot(back[0] - x, back[1] - y))
    except Exception:  # noqa: BLE001 - wcslib has a dozen ways to say that a header makes no sense
        return np.inf
    return off if np.isfinite(off) else np.inf


@built_in("saturated")
@dataclass
class Saturated(Check):
    """At most such a share of the traces is at the end of its converter."""

    data = ("waveforms",)
    takes_columns = False

    at_most: float = 0.0

    def __post_init__(self) -> None:
        checked_share(self.at_most, "at_most")

    def columns(self, given: Given) -> list[str]:
        super().columns(given)
        return ["saturated"]

    def begin(self, given: Given, names: list[str]) -> None:
        super().begin(given, names)
        self.count = Failing()

    def take(self, block: Block) -> None:
        self.count.take(block, "saturated", block.frame["saturated"])

    def end(self, cancelled: Callable[[], None]) -> list[Finding]:
        found = self.count
        return [
            Finding(
                found.share <= self.at_most,
                f"{found.count:,} of {found.seen:,} traces ({percent(found.share)})",
                f"at most {percent(self.at_most)} saturated",
                "",
                found.count,
                tuple(found.first),
                {"share": found.share},
            )
        ]
