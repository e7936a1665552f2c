"""What the axes of a cube are: which one is spectral, which one Stokes, and the values along them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import BadRequest
from .sky import wcslib

Values = npt.NDArray[np.float64]

CONVENTIONS = ("radio", "optical", "relativistic")
"""How a velocity follows from a frequency."""

KINDS = {
    "FREQ": "frequency",
    "ENER": "energy",
    "WAVN": "wavenumber",
    "WAVE": "wavelength",
    "AWAV": "air wavelength",
    "VRAD": "velocity",
    "VOPT": "velocity",
    "VELO": "velocity",
}
"""Spectral quantities by how their CTYPE begins; redshifts and beta are told as plain numbers."""


@dataclass(frozen=True)
class CubeAxes:
    """Which axis of a cube is which; axes are counted as NumPy's are.

    Attributes
    ----------
    shape
        Of the cube; its last two axes are the rows and columns of its planes.
    channel
        The axis along which a spectrum runs.
    stokes
        The axis of polarisations, or None, and what its planes are called.
    kind
        ``"frequency"``, ``"wavelength"``, ``"air wavelength"``, ``"velocity"``, ``"energy"``,
        ``"wavenumber"``, or ``"channel"`` where the header tells no spectral axis.
    unit
        As the header gives it, as a text.
    convention
        Of the velocities of the axis, empty for other axes.
    rest
        Rest frequency or wavelength with its unit, as a text, or empty.
    frame
        SPECSYS, or empty.
    note
        What is wrong with the header's spectral axis, or empty.
    """

    shape: tuple[int, ...]
    channel: int
    stokes: int | None
    polarisations: tuple[str, ...]
    kind: str
    unit: str
    convention: str
    rest: str
    frame: str
    note: str
    wcs: Any = None
    """The whole `astropy.wcs.WCS`, or None."""
    number: int = 0
    """FITS's number of the spectral axis, from 1; 0 without one."""
    scale: float = 1.0
    """What the values of `wcs` are multiplied by to be in `unit`."""

    @property
    def channels(self) -> int:
        """How many channels there are."""
        return self.shape[self.channel]

    @property
    def pole(self) -> int | None:
        """Where the Stokes axis is among those that are neither spectral nor the picture's, or None."""
        if self.stokes is None or self.stokes == self.channel:
            return None
        return self.stokes - (self.stokes > self.channel)

    def plane(self, channel: int, others: Sequence[int] = ()) -> int:
        """Give the number of the plane of a channel; `others` index the other axes before the rows."""
        index = list(others) or [0] * (len(self.shape) - 3)
        index.insert(self.channel, channel)
        return int(np.ravel_multi_index(index, self.shape[:-2]))

    def split(self, plane: int) -> tuple[int, tuple[int, ...]]:
        """Give the channel of a plane, and the index along the other axes before the rows.

        Raises
        ------
        BadRequest
            There is no such plane.
        """
        count = math.prod(self.shape[:-2])
        if not 0 <= plane < count:
            raise BadRequest(f"plane {plane} does not exist: there are planes 0 to {count - 1}")
        index = [int(one) for one in np.unravel_index(plane, self.shape[:-2])]
        channel = index.pop(self.channel)
        return channel, tuple(index)

    def name(self, plane: int) -> str:
        """Give what a plane is called, such as ``"I, channel 12"``; channels count from 0."""
        channel, others = self.split(plane)
        words = self.words_of(others)
        own = self.channel == self.stokes
        return ", ".join([*words, self.polarisations[channel] if own else f"channel {channel}"])

    def words_of(self, others: Sequence[int]) -> list[str]:
        """Give what is said of a place along the axes that are neither spectral nor the picture's."""
        words = []
        for axis, at in enumerate(others):
            axis += axis >= self.channel
            if axis == self.stokes:
                words.append(self.polarisations[at])
            elif self.shape[axis] > 1:
                words.append(f"axis {len(self.shape) - axis} at {at}")
        return words

    def native(self, channels: npt.ArrayLike) -> Values:
        """Give the values of channels, which may lie between two, in the header's unit."""
        at = np.asarray(channels, float)
        if self.wcs is None:
            return at
        pixels = np.zeros((at.size, self.wcs.naxis))
        pixels[:, self.number - 1] = at.ravel()
        for axis in (self.wcs.wcs.lng, self.wcs.wcs.lat):
            if axis >= 0:  # a projection may not reach pixel 0
                pixels[:, axis] = self.wcs.wcs.crpix[axis] - 1
        with wcslib, np.errstate(all="ignore"):
            found = self.wcs.wcs_pix2world(pixels, 0)[:, self.number - 1]
        values: Values = np.asarray(found, float).reshape(at.shape) * self.scale
        return values

    def values(
        self,
        channels: npt.ArrayLike | None = None,
        unit: Any = None,
        convention: str | None = None,
        rest: Any = None,
    ) -> Any:
        """Give the values of channels as a `SpectralCoord`, or channel numbers as a `Quantity`.

        Raises
        ------
        BadRequest
            A unit that is none of spectra, or that needs a rest frequency which nobody gave.
        """
        from astropy import units as u

        at = np.arange(self.channels) if channels is None else np.asarray(channels)
        if self.kind == "channel" or unit == "channel":
            if unit not in (None, "", "channel"):
                raise BadRequest(f"no spectral axis to tell in {unit}: there are channel numbers")
            return u.Quantity(self.native(at) if self.kind == "channel" else at.astype(float))
        return converted(self, self.native(at), unit, convention, rest)


def converted(axes: CubeAxes, values: Values, unit: Any, convention: str | None, rest: Any) -> Any:
    """Give values along the spectral axis in another unit, as a `SpectralCoord`."""
    from astropy import units as u
    from astropy.coordinates import SpectralCoord

    known = spectral_unit(unit) if unit else None
    if convention is not None and convention not in CONVENTIONS:
        raise BadRequest(f"convention {convention!r}: there are {', '.join(CONVENTIONS)}")
    repose = rest_of(rest)
    repose = rest_of(axes.rest) if repose is None else repose
    own = axes.convention or None
    told = convention or own or "radio"
    coords = SpectralCoord(
        values,
        unit=axes.unit,
        doppler_rest=repose,
        # astropy takes both or neither.
        doppler_convention=(own or told) if repose is not None else None,
    )
    if known is None and (convention is None or convention == own or own is None):
        return coords
    target = known or u.Unit(axes.unit)
    if axes.kind == "air wavelength" and not target.is_equivalent(u.m):
        coords = coords.replicate(value=in_vacuum(coords.to_value(u.um)), unit=u.um, copy=False)
    speed = u.m / u.s
    was, shall = coords.unit.is_equivalent(speed), target.is_equivalent(speed)
    same = was and shall and told == own
    if (was or shall) and not same and repose is None:
        raise BadRequest(
            f"no rest frequency or wavelength to tell {axes.kind} in {target} by: the header has none; "
            "give one, such as rest='110.201 GHz'"
        )
    if same or not (was or shall):
        return coords.to(target)
    return coords.to(target, doppler_rest=repose, doppler_convention=told)


def spectral_unit(unit: Any) -> Any:
    """Give the astropy unit of spectra that is meant.

    Raises
    ------
    BadRequest
        It is none.
    """
    from astropy import units as u

    try:
        known = u.Unit(unit)
    except (ValueError, TypeError):
        known = None
    if known is None or not (
        known.is_equivalent(u.m / u.s) or known.is_equivalent(u.Hz, u.spectral())
    ):
        raise BadRequest(
            f"{unit!r} is no unit of spectra: give one of frequency (GHz), wavelength (um), velocity "
            "(km/s) or energy (eV), or 'channel'"
        )
    return known


def rest_of(rest: Any) -> Any:
    """Give a rest frequency or wavelength as a Quantity; None for nothing.

    Raises
    ------
    BadRequest
        What is no positive frequency, wavelength or energy.
    """
    from astropy import units as u

    if rest is None or (isinstance(rest, str) and not rest.strip()):
        return None
    try:
        given = u.Quantity(rest)
        hertz = given.to_value(u.Hz, u.spectral())
    except (u.UnitsError, ValueError, TypeError):
        hertz = math.nan
    if not (np.ndim(hertz) == 0 and math.isfinite(hertz) and hertz > 0):
        raise BadRequest(
            f"rest {rest!r} is no rest frequency or wavelength: give one such as '110.201 GHz'"
        )
    return given


def in_vacuum(microns: npt.ArrayLike) -> Values:
    """Give wavelengths in vacuum of wavelengths in air, both in micrometres.

    Air as the IAU has it, dry and at 15 degrees Celsius (Morton 1991, ApJS 77, 119), which wcslib takes too.
    """
    air = np.asarray(microns, float)
    with np.errstate(all="ignore"):
        wave = 1 / air**2
        index = 1 + 1e-6 * (64.328 + 29498.1 / (146 - wave) + 255.4 / (41 - wave))
        found: Values = air * index
    return found
