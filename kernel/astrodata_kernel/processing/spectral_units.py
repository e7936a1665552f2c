"""Wavelengths in other units and in air, and the list of known lines."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import BadRequest, UnknownName

Floats = npt.NDArray[np.float64]

UNITS = ("Angstrom", "nm", "um", "GHz", "km/s", "eV")
"""Units of the spectral axis that one can switch between."""

MEDIA = ("vacuum", "air")
_NO_AIR = 2000.0
"""Angstrom below which wavelengths are told in vacuum always."""

LIGHT = 299_792.458
"""Speed of light in km/s."""


@dataclass(frozen=True, slots=True)
class Line:
    """A spectral line: its wavelength in vacuum at rest, in Angstrom, and how it is ``seen``."""

    name: str
    label: str
    wavelength: float
    group: str
    seen: str


@cache
def line_list() -> tuple[Line, ...]:
    """Give the known lines by wavelength; ``processing/lines.json`` says where they are from."""
    text = files(__package__).joinpath("lines.json").read_text("utf-8")
    return tuple(Line(**one) for one in json.loads(text)["lines"])


def line_named(name: str) -> Line:
    """Give the line of a name, such as ``"H-alpha"`` or ``"[O III] 5008"``.

    Raises
    ------
    UnknownName
        No line is called that; the text names some that are alike.
    """
    for line in line_list():
        if name.casefold() in (line.name.casefold(), line.label.casefold()):
            return line
    import difflib

    names = [line.name for line in line_list()]
    close = difflib.get_close_matches(name, names, 3, 0.4) or names[:6]
    raise UnknownName(f"there is no line {name!r} in the list: there are {', '.join(close)}")


def to_air(wavelength: npt.ArrayLike) -> Floats:
    """Give wavelengths in air of those in vacuum, in Angstrom, by Morton 2000, ApJS 130, 403, equation 8.

    Dry air of 15 degrees C at 1 atmosphere; below 2000 Angstrom nothing changes.
    """
    vacuum = np.asarray(wavelength, np.float64)
    found: Floats = np.where(vacuum < _NO_AIR, vacuum, vacuum / _refraction(vacuum))
    return found


def to_vacuum(wavelength: npt.ArrayLike) -> Floats:
    """Give wavelengths in vacuum of those in air, in Angstrom: the inverse of `to_air`."""
    air = np.asarray(wavelength, np.float64)
    vacuum = air.copy()
    for _ in range(5):  # each step gains four digits
        vacuum = air * _refraction(vacuum)
    found: Floats = np.where(air < _NO_AIR / _refraction(np.float64(_NO_AIR)), air, vacuum)
    return found


def _refraction(vacuum: Any) -> Any:
    with np.errstate(all="ignore"):
        s2 = (1e4 / vacuum) ** 2
        return 1 + 8.34254e-5 + 2.406147e-2 / (130 - s2) + 1.5998e-4 / (38.9 - s2)


def converted(values: npt.ArrayLike, unit: Any, to: str, reference: float = math.nan) -> Floats:
    """Give places on a spectral axis in another unit, through astropy's equivalencies.

    Parameters
    ----------
    values
        Wavelengths, frequencies, energies, wave numbers or optical velocities.
    unit
        What they are in.
    to
        What they shall be in; ``"km/s"`` are optical velocities about `reference`.
    reference
        Wavelength of velocity 0, in Angstrom, as observed.

    Raises
    ------
    BadRequest
        A unit that is none of a spectral axis, or velocities without a reference.
    """
    from astropy import units as u

    target = u.Unit(to)
    with_velocity = u.Unit(unit).is_equivalent(u.km / u.s) or target.is_equivalent(u.km / u.s)
    equivalencies = u.spectral()
    if with_velocity:
        if not (math.isfinite(reference) and reference > 0):
            raise BadRequest("velocities need a line that is at rest: set reference")
        equivalencies = equivalencies + u.doppler_optical(reference * u.AA)
    try:
        with np.errstate(all="ignore"):
            found: Floats = np.asarray(
                (np.asarray(values, np.float64) * u.Unit(unit)).to_value(target, equivalencies)
            )
        return found
    except u.UnitConversionError:
        raise BadRequest(
            f"{unit} cannot be told in {to}: it is no unit of a spectral axis"
        ) from None
