"""Spectral axes, errors and masks out of headers and columns that tell them each in its own way."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from .table_units import unit_of

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


def axis_of_header(header: Mapping[str, Any], count: int) -> tuple[Floats, str, list[str]]:
    """Give the spectral axis that a header describes: even in the wavelength, or in its logarithm."""
    start, step = number_of(header.get("CRVAL1")), number_of(header.get("CD1_1"))
    step = step if step is not None else number_of(header.get("CDELT1"))
    log = header.get("DC-FLAG") == 1
    if start is None or not step:
        start, step = number_of(header.get("COEFF0")), number_of(header.get("COEFF1"))
        log = True
    if start is None or not step:
        return (
            np.arange(count, dtype=np.float64),
            "pix",
            ["no wavelengths are told: pixels are shown"],
        )
    first = number_of(header.get("CRPIX1"))
    with np.errstate(
        all="ignore"
    ):  # what is beyond all numbers is left out when the axis is checked
        return _even(header, count, start, step, 1.0 if first is None else first, log)


def _even(
    header: Mapping[str, Any], count: int, start: float, step: float, first: float, log: bool
) -> tuple[Floats, str, list[str]]:
    axis = start + (np.arange(count) + 1 - first) * step
    ctype = str(header.get("CTYPE1", "")).strip().upper()
    if log or ctype in ("LOG-LINEAR", "WAVE-LOG10"):
        return 10.0**axis, "Angstrom", []
    if ctype.endswith("-LOG"):
        # FITS paper III: even in the natural logarithm about the reference value.
        axis = start * np.exp((axis - start) / np.float64(start))
        ctype = ctype.removesuffix("-LOG")
    return axis_of_values(axis, str(header.get("CUNIT1", "")), ctype)


def axis_of_values(values: Any, unit: str, what: str) -> tuple[Floats, str, list[str]]:
    """Give a spectral axis in a unit that astropy knows; logarithms of wavelengths as wavelengths."""
    axis = np.asarray(np.ma.filled(np.ma.asarray(values, np.float64), np.nan), np.float64)
    finite = axis[np.isfinite(axis)]
    known = unit_of(unit) if unit else None
    told = re.fullmatch(r"\s*log(?:10)?\s*[(\[]?\s*(\w*)\s*[)\]]?\s*", unit, re.IGNORECASE)
    logs = bool(told) or "LOG" in what
    if not logs and known is None and finite.size and 2 < finite.min() <= finite.max() < 6:
        logs = True
    if logs:
        with np.errstate(over="ignore"):
            return 10.0**axis, "Angstrom", []
    if known is not None and is_spectral(known):
        return axis, known.to_string(), []
    if "FREQ" in what or what == "NU":
        return axis, "Hz", []
    if unit and known is not None and known.to_string() in ("pix", "chan"):
        return axis, "pix", []
    note = f"wavelengths in {unit!r} are taken as Angstrom" if unit else ""
    # Optical spectra without a unit are in Angstrom, by custom; what cannot be, counts pixels.
    if finite.size and finite.min() > 10:
        return axis, "Angstrom", [note or "no unit of wavelengths is told: Angstrom is assumed"]
    return axis, "pix", ["no unit of the spectral axis is told"]


def is_spectral(unit: Any) -> bool:
    """Tell whether a unit is one of a spectral axis."""
    from astropy import units as u

    return bool(
        unit.is_equivalent(u.AA, equivalencies=u.spectral()) or unit.is_equivalent(u.km / u.s)
    )


def deviations(error: Any, inverse: Any) -> Floats | None:
    """Give standard deviations, NaN where the error is told as 0: nothing was measured there."""
    if error is not None:
        sigma = np.asarray(error, np.float64)
        return np.where(sigma > 0, sigma, np.nan)
    if inverse is None:
        return None
    weight = np.asarray(inverse, np.float64)
    with np.errstate(all="ignore"):
        return np.where(weight > 0, 1 / np.sqrt(weight), np.nan)


def are_inverse(flux: npt.ArrayLike, values: npt.ArrayLike) -> bool:
    """Tell whether values beside fluxes are inverse variances, and not errors, by how the fluxes scatter.

    Neighbouring pixels of a spectrum differ by its noise, mostly: whichever of both comes nearer to that.
    """
    y, beside = np.asarray(flux, np.float64), np.asarray(values, np.float64)
    scatter = np.abs(np.diff(y)) / (math.sqrt(2) * 0.6745)
    beside = beside[1:]
    there = np.isfinite(scatter) & np.isfinite(beside) & (beside > 0) & (scatter > 0)
    if there.sum() < 16:
        return False
    as_error = abs(math.log(float(np.median(scatter[there] / beside[there]))))
    as_inverse = abs(math.log(float(np.median(scatter[there] * np.sqrt(beside[there])))))
    # Errors are what is written mostly: the other must fit clearly better.
    return as_inverse + 0.7 < as_error


def bad_of_mask(mask: Any) -> tuple[Mask, list[str]]:
    """Give which pixels a mask calls bad, and what a reader should know of that."""
    flagged = np.asarray(mask) != 0
    if flagged.mean() > 0.5:
        return ~flagged, ["the mask flags most pixels: it is taken to say which are good"]
    return flagged, []


def medium_of_header(header: Mapping[str, Any]) -> str:
    """Give whether a header tells of wavelengths in ``"vacuum"`` or in ``"air"``."""
    if str(header.get("AIRORVAC", "")).strip().lower().startswith("air"):
        return "air"
    if header.get("VACUUM") in (False, 0) and "VACUUM" in header:
        return "air"
    return "air" if str(header.get("CTYPE1", "")).upper().startswith("AWAV") else "vacuum"


def redshift_of_header(header: Mapping[str, Any]) -> float | None:
    """Give the redshift that a header tells, or None."""
    for key in ("Z", "REDSHIFT", "Z_BEST", "ZBEST"):
        found = number_of(header.get(key))
        if found is not None and -0.5 < found < 20:
            return found
    return None


def number_of(value: Any) -> float | None:
    """Give a finite number as a float; None of anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | np.number):
        return None
    return float(value) if math.isfinite(value) else None
