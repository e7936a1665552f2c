"""Cubes that an image viewer looks along: which there are, how their axes are told, their long work."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from typing import Any

from ..datasets import Dataset
from ..errors import BadRequest
from ..processing.cube_axes import rest_of
from ..wire import Reply
from .base import RequestWidget
from .waveforms_jobs import Jobs, NotYet

PATIENCE = 0.25
"""Seconds that a request waits for work before it says how far it is."""


class CubeJobs(Jobs):
    """Work that a person can give up as well."""

    def leave(self, slot: str) -> None:
        """Give up what a slot asked for, unless another one wants it."""
        with self._lock:
            self._leave(slot, None)

    def give_up(self, key: Hashable) -> None:
        """Give up a piece of work."""
        with self._lock:
            job = self._jobs.pop(key, None)
            if job is not None:
                job.cancel()


class CubeCore(RequestWidget):
    """Keeps the cubes of a viewer; `CubeWidget` adds the traits, and a subclass what is declared here."""

    hdu: Any
    plane: Any
    spectral_unit: Any
    doppler_convention: Any
    rest: Any
    _of: Callable[[int], Dataset]
    _dataset: Dataset
    _by_hdu: dict[int, Dataset]
    _planes: dict[int, Any]

    def __init__(self, **kwargs: Any) -> None:
        self._cubes: dict[int, Any] = {}
        self._cube_lock = threading.Lock()
        self._cube_jobs = CubeJobs()
        self._spectra_refused: dict[int, str] = {}
        self._moment_maps: dict[int, tuple[int, dict[str, Any]]] = {}
        super().__init__(**kwargs)

    def _cube_of(self, hdu: int | None) -> Any:
        from ..processing.cubes import Cube

        number = self.hdu if hdu is None else int(hdu)
        with self._cube_lock:
            known = self._cubes.get(number)
        if known is None:
            dataset = self._of(number)
            if dataset.kind != "cube":
                raise BadRequest(
                    f"{dataset.name}, HDU {number}: an image has no spectra; show a cube first"
                )
            known = Cube(dataset)
            with self._cube_lock:
                known = self._cubes.setdefault(number, known)
        return known

    def _cube_others(self, cube: Any, plane: int | None) -> tuple[int, ...]:
        others: tuple[int, ...] = cube.axes.split(self.plane if plane is None else int(plane))[1]
        return others

    def _others_of(self, cube: Any, stokes: Any) -> tuple[int, ...]:
        """Give the place of the plane on show along the further axes, with another polarisation if told."""
        others: tuple[int, ...] = cube.others(stokes, self._cube_others(cube, None))
        return others

    def _cube_telling(self, cube: Any) -> dict[str, Any]:
        told = self._cube_told(cube)
        return {
            "unit": told["unit"],
            "doppler_convention": told["convention"],
            "rest": told["rest"],
        }

    def _cube_told(
        self,
        cube: Any,
        unit: str | None = None,
        convention: str | None = None,
        rest: str | None = None,
    ) -> dict[str, Any]:
        """Give how the spectral axis is told: by what was said, or else by the traits."""
        unit = self.spectral_unit if unit is None else unit
        convention = self.doppler_convention if convention is None else convention
        rest = self.rest if rest is None else rest
        rest_of(rest)
        return {
            "unit": unit or readable(cube.axes),
            "convention": convention or None,
            "rest": rest or None,
        }


def later(not_yet: NotYet, doing: str) -> Reply:
    """Give the answer to a request whose work is still being done."""
    return Reply({"ready": False, "progress": not_yet.progress, "doing": doing})


def readable(axes: Any) -> str | None:
    """Give the unit in which the numbers of an axis in SI are short; None leaves the header's."""
    if axes.kind == "channel":
        return None
    if axes.unit == "m / s":
        return "km/s"
    first = abs(float(axes.native([0])[0]))
    if axes.unit == "Hz":
        return "GHz" if first >= 1e9 else "MHz"
    if axes.unit == "m":
        return next(
            (name for name, size in (("cm", 1e-2), ("mm", 1e-3), ("um", 1e-6)) if first >= size),
            "nm",
        )
    return None
