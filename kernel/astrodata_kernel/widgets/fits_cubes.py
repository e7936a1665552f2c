"""Cubes in the image viewer: play, spectra, moments and position-velocity slices."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import traitlets

from ..errors import BadRequest
from ..processing.cube_axes import rest_of, spectral_unit
from ..processing.cube_source import Pole
from ..processing.region_shapes import checked
from .fits_cube_answers import CubeAnswers
from .fits_state import StateWidget
from .saved_state import as_words

PLAYS = ("loop", "bounce", "once")
CONVENTIONS = ("", "radio", "optical", "relativistic")
MOST_PINS = 12


class CubeWidget(CubeAnswers, StateWidget):
    """Looks along the third axis of a cube: traits and methods."""

    playing = traitlets.Bool(
        False, help="Whether the channels of a cube follow each other by themselves."
    ).tag(sync=True)
    play_speed = traitlets.Float(8.0, min=0.1, max=60.0, help="Channels a second.").tag(sync=True)
    play_order = traitlets.Enum(
        PLAYS,
        "loop",
        help="What comes after the last channel: the first, the way back, or the end.",
    ).tag(sync=True)
    spectral_unit = traitlets.Unicode(
        "",
        help="Unit in which channels are told: of frequency, wavelength, velocity or energy, or "
        '"channel"; empty takes the cube\'s own quantity.',
    ).tag(sync=True)
    doppler_convention = traitlets.Enum(
        CONVENTIONS, "", help="How velocities follow from frequencies; empty takes the header's."
    ).tag(sync=True)
    rest = traitlets.Unicode(
        "",
        help='Rest frequency or wavelength, such as "110.201 GHz"; empty takes the header\'s.',
    ).tag(sync=True)
    spectra = traitlets.Bool(
        False, help="Whether the spectrum under the pointer is shown below the picture."
    ).tag(sync=True)
    pinned = traitlets.List(
        traitlets.Dict(),
        maxlen=MOST_PINS,
        help='Spectra that stay: {"x": 3, "y": 4}, or regions such as {"shape": "circle", "x": 3, '
        '"y": 4, "radius": 2}, in 0-based array pixels.',
    ).tag(sync=True)
    channel_range = traitlets.List(
        traitlets.Int(min=0),
        None,
        allow_none=True,
        minlen=2,
        maxlen=2,
        help="First and last channel that are chosen on the spectrum, for moments; None is all.",
    ).tag(sync=True)

    slice_path = traitlets.List(
        traitlets.List(traitlets.Float(), minlen=2, maxlen=2),
        None,
        allow_none=True,
        minlen=2,
        maxlen=2,
        help="Ends [x, y] of the line along which the cube is cut, in 0-based array pixels, or None.",
    ).tag(sync=True)
    slice_width = traitlets.Int(
        1, min=1, max=1000, help="Pixels across that line whose mean is taken."
    ).tag(sync=True)

    _saved = (
        *("play_speed", "play_order", "spectral_unit", "doppler_convention", "rest"),
        *("spectra", "pinned", "channel_range", "slice_path", "slice_width"),
    )

    def spectrum(
        self,
        x: Any,
        y: float | None = None,
        statistic: str = "mean",
        stokes: Pole = None,
    ) -> Any:
        """Give the spectrum at a pixel or in a region as a `QTable`, in the viewer's spectral unit.

        Parameters
        ----------
        x, y
            The 0-based pixel; or a region of the package `regions`, or a dict such as those of `pinned`.
        statistic
            ``"mean"``, ``"sum"`` or ``"median"`` of a region.
        stokes
            Polarisation by name or number, that on show by default; or a tuple, the index along all axes but
            the spectral one and the picture's.

        Raises
        ------
        BadRequest
            What is on show is no cube, or the place lies outside of it.
        """
        from ..processing import cubes

        cube = self._cube_of(None)
        return cubes.spectrum(
            cube, x, y, statistic, self._others_of(cube, stokes), **self._cube_telling(cube)
        )

    def moment(
        self,
        order: int = 0,
        channels: Sequence[int] | None = None,
        threshold: float | None = None,
        stokes: Pole = None,
        spectral_range: Any = None,
        **traits: Any,
    ) -> Any:
        """Give a new viewer of a moment map, whose `dataset` and `cutout` are the map.

        Parameters
        ----------
        order
            0: integral over the spectral axis; 1: its mean weighted by the values; 2: the dispersion.
        channels
            The first and the last one; by default `channel_range`, and all where none is chosen.
        threshold
            Values below it do not count.
        stokes
            As in `spectrum`.
        spectral_range
            Two values with a unit, instead of `channels`.
        **traits
            Of the new viewer.
        """
        if channels is None and spectral_range is None:
            channels = self.channel_range
        words = {"order": order, "channels": channels, "threshold": threshold}
        cube = self._cube_of(None)
        others = self._others_of(cube, stokes)
        made = self._made_moment(cube, words, others, spectral_range=spectral_range)
        return type(self)(made, **traits)

    def position_velocity(
        self, path: Any, width: int = 1, channels: Sequence[int] | None = None, stokes: Pole = None
    ) -> tuple[Any, Any]:
        """Give the spectra along a path as an array (channels, points) and its FITS header.

        Parameters
        ----------
        path
            A `SkyCoord` of two places or more, or x and y of each in pixels.
        width
            Pixels across the path whose mean is taken.
        channels, stokes
            As in `moment`; all channels by default.
        """
        from ..processing import cubes

        cube = self._cube_of(None)
        return cubes.position_velocity(cube, path, width, channels, self._others_of(cube, stokes))

    def spectral_axis(self) -> Any:
        """Give the value of each channel, in the viewer's spectral unit."""
        from ..processing import cubes

        cube = self._cube_of(None)
        return cubes.spectral_axis(cube, **self._cube_telling(cube))

    def rechunk(self, folder: str | Path | None = None) -> None:
        """Write the cube once more so that each spectrum is one read, and wait for it.

        A viewer whose browser asks for spectra does so by itself, in the background, for cubes that are
        worth it. The file goes with the viewer.

        Parameters
        ----------
        folder
            Where; the process's temporary folder by default.
        """
        from ..processing import cubes

        cube = self._cube_of(None)
        if cube.blocks is None:
            cube.blocks = cubes.rechunk(cube, folder)

    @property
    def rechunked(self) -> bool:
        """Whether spectra are read from a file in which each lies in one piece."""
        return self._cube_of(None).blocks is not None

    def state(self) -> dict[str, Any]:
        """Give what the viewer shows and how, as plain values; of a moment map the cube it was made of."""
        state = super().state()
        if self.hdu in self._moment_maps:
            state["hdu"] = self._moment_maps[self.hdu][0]
        return state

    def code(self) -> str:
        """Give the Python that shows the same again."""
        code = super().code()
        if self.hdu in self._moment_maps:
            number, words = self._moment_maps[self.hdu]
            if words["channels"] is None and self.channel_range is not None:
                # By default those that are chosen now.
                words = {**words, "channels": [0, self._cube_of(number).axes.channels - 1]}
            # A threshold of 0 is one.
            given = {key: value for key, value in words.items() if value is not None}
            if given["order"] == 0:
                del given["order"]
            code += f".moment({as_words(given).removeprefix(', ')})"
        return code

    def close(self) -> None:
        """Close the widget, end its work and remove its temporary files."""
        if not hasattr(self, "_cube_jobs"):  # the file could not be opened
            super().close()
            return
        self._cube_jobs.close()
        with self._cube_lock:
            blocks = [cube.blocks for cube in self._cubes.values() if cube.blocks is not None]
        super().close()
        for one in blocks:
            one.close()

    @traitlets.validate("spectral_unit")
    def _unit_is_spectral(self, proposal: dict[str, Any]) -> str:
        unit = str(proposal["value"]).strip()
        if unit not in ("", "channel"):
            spectral_unit(unit)
        return unit

    @traitlets.validate("rest")
    def _rest_is_one(self, proposal: dict[str, Any]) -> str:
        rest = str(proposal["value"]).strip()
        rest_of(rest)
        return rest

    @traitlets.validate("pinned")
    def _pins_are_places(self, proposal: dict[str, Any]) -> list[dict[str, Any]]:
        for pin in proposal["value"]:
            if "shape" in pin:
                checked([pin])
            else:
                _refuse_no_place(pin.get("x"), pin.get("y"))
        return list(proposal["value"])

    @traitlets.validate("slice_path")
    def _path_has_places(self, proposal: dict[str, Any]) -> Any:
        for end in proposal["value"] or ():
            _refuse_no_place(*end)
        return proposal["value"]


def _refuse_no_place(x: Any, y: Any) -> None:
    if not all(isinstance(one, int | float) and math.isfinite(one) for one in (x, y)):
        raise BadRequest(f"({x}, {y}) is no place: give finite numbers")
