"""What a cube's header tells of its axes, whatever is wrong with it."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np

from ..errors import BadRequest
from ..readers.quiet import quiet
from .cube_axes import KINDS, CubeAxes

_CONVENTION = {"VRAD": "radio", "VOPT": "optical", "VELO": "relativistic"}
_SPELT = {
    "FREQUENCY": "FREQ",
    "VELOCITY": "VELO",
    "WAVELENGTH": "WAVE",
    "LAMBDA": "WAVE",
    "ENERGY": "ENER",
}
"""Words that are no CTYPE of the standard, and are found in files all the same."""

_STOKES = dict(
    zip(
        (1, 2, 3, 4, -1, -2, -3, -4, -5, -6, -7, -8),
        ("I", "Q", "U", "V", "RR", "LL", "RL", "LR", "XX", "YY", "XY", "YX"),
        strict=True,
    )
)
_CARDS = re.compile(
    r"(WCSAXES|(CTYPE|CRVAL|CRPIX|CDELT|CUNIT|CROTA)\d+|(PC|CD|PV|PS)\d+_\d+|RESTFR(Q|EQ)|RESTWAV"
    r"|SPECSYS|SSYSOBS|VELREF|VELOSYS|ZSOURCE|LONPOLE|LATPOLE|RADESYS|EQUINOX|DATE-OBS|MJD-OBS"
    r"|OBSGEO-[XYZ])$"
)
_MOST_AXES = 32


def axes_of(dataset: Any) -> CubeAxes:
    """Give the axes of a cube.

    Raises
    ------
    BadRequest
        What has fewer than three axes, or an axis of length 0.
    """
    shape = tuple(int(n) for n in getattr(dataset, "shape", ()))
    if len(shape) < 3:
        raise BadRequest(f"something of shape {shape} is no cube: give three axes or more")
    if not all(shape):
        raise BadRequest(f"a cube of shape {shape} has an axis of length 0, and so no values")
    cards = getattr(dataset, "meta", {}).get("header", ())
    header, note = _header(cards, len(shape)), ""
    stokes = _stokes_axis(header, shape)
    wcs, number = None, 0
    try:
        wcs, number = _spectral(header, len(shape))
    except Exception as error:  # noqa: BLE001 - wcslib has a dozen ways to say that it makes no sense
        words = str(error).strip().splitlines() or [type(error).__name__]
        note = (
            f"the header's spectral axis makes no sense ({words[-1][:120]}): channels are numbered"
        )
    names = _polarisations(header, shape, stokes)
    if not number:
        free = [axis for axis in range(len(shape) - 2) if axis != stokes]
        long = [axis for axis in free if shape[axis] > 1] or free or [0]
        return CubeAxes(shape, long[-1], stokes, names, "channel", "", "", "", "", note)
    ctype = str(wcs.wcs.ctype[number - 1])
    unit, scale = _own_unit(header.get(f"CUNIT{number}"), wcs.wcs.cunit[number - 1])
    return CubeAxes(
        shape,
        len(shape) - number,
        stokes,
        names,
        KINDS[ctype[:4]],
        unit,
        _convention(ctype, header),
        _rest(wcs),
        str(wcs.wcs.specsys).strip(),
        note,
        wcs,
        number,
        scale,
    )


def _header(cards: Any, axes: int) -> Any:
    """Give the cards that tell axes, without the tables of distortions that others may want."""
    from astropy.io import fits

    header = fits.Header()
    with quiet():
        for keyword, value, *_ in cards:
            if value is None or not _CARDS.match(str(keyword)) or keyword in header:
                continue
            try:
                if str(keyword).startswith("CTYPE"):
                    value = _SPELT.get(str(value).strip().upper(), str(value).strip().upper())
                header[keyword] = value
            except (ValueError, TypeError):
                continue
    count = header.get("WCSAXES", axes)
    # wcslib takes memory for the square of it.
    good = isinstance(count, int) and not isinstance(count, bool) and axes <= count <= _MOST_AXES
    header["WCSAXES"] = count if good else axes
    return header


def _spectral(header: Any, axes: int) -> tuple[Any, int]:
    """Give the WCS, and FITS's number of the spectral axis if it is none of the picture's, or 0."""
    from astropy.wcs import WCS

    wanted = [n for n in range(3, axes + 1) if str(header.get(f"CTYPE{n}", ""))[:4] in _BEGINNINGS]
    if not wanted:
        return None, 0
    if any(str(header.get(f"CTYPE{n}", "")).endswith("-TAB") for n in range(1, axes + 1)):
        raise ValueError("its values are in a table of the file")
    for card in (f"{key}{wanted[0]}" for key in ("CRVAL", "CRPIX", "CDELT")):
        if isinstance(header.get(card, 0), str | bool):
            raise ValueError(f"{card} is no number")
    with quiet():
        header = _placed(header)
        if not _unit_is_known(header.get(f"CUNIT{wanted[0]}")):
            raise ValueError(f"CUNIT{wanted[0]} = {header[f'CUNIT{wanted[0]}']!r} is no unit")
        wcs = WCS(header)
        number = int(wcs.wcs.spec) + 1
        if not 3 <= number <= axes or str(wcs.wcs.ctype[number - 1])[:4] not in KINDS:
            return None, 0
        pixels = np.tile(np.asarray(wcs.wcs.crpix, float) - 1, (2, 1))
        pixels[1, number - 1] += 1
        found = wcs.wcs_pix2world(pixels, 0)[:, number - 1]
        if not (np.isfinite(found).all() and found[0] != found[1]):
            raise ValueError("its channels all have one value, or none")
    return wcs, number


_BEGINNINGS = {*KINDS, "FELO"}


def _placed(header: Any) -> Any:
    # FITS lets an absent unit mean SI; CDELT 0 would make a matrix that cannot be inverted.
    placed = header.copy()
    for card in list(placed):
        if card.startswith("CDELT") and placed[card] == 0:
            placed[card] = 1.0
    return placed


def _unit_is_known(text: Any) -> bool:
    from astropy import units as u

    if text is None or not str(text).strip():
        return True
    return not isinstance(u.Unit(str(text).strip(), parse_strict="silent"), u.UnrecognizedUnit)


def _own_unit(text: Any, si: Any) -> tuple[str, float]:
    """Give the unit that the header tells, and what SI values are multiplied by to be in it."""
    from astropy import units as u

    plain = u.Unit(str(si))
    with quiet():
        own = u.Unit(str(text or "").strip(), parse_strict="silent")
    if isinstance(own, u.UnrecognizedUnit) or not own.is_equivalent(plain):
        own = plain
    return own.to_string(), float(plain.to(own))


def _convention(ctype: str, header: Any) -> str:
    velref = header.get("VELREF")
    if ctype.strip() == "VELO" and isinstance(velref, int) and velref:
        # AIPS's way to say what its velocities are.
        return "radio" if velref > 256 else "optical"
    return _CONVENTION.get(ctype[:4], "")


def _rest(wcs: Any) -> str:
    for value, unit in ((wcs.wcs.restfrq, "Hz"), (wcs.wcs.restwav, "m")):
        if math.isfinite(value) and value > 0:
            return f"{value!r} {unit}"
    return ""


def _stokes_axis(header: Any, shape: tuple[int, ...]) -> int | None:
    for number in range(3, len(shape) + 1):
        if str(header.get(f"CTYPE{number}", "")).startswith("STOKES"):
            return len(shape) - number
    return None


def _polarisations(header: Any, shape: tuple[int, ...], axis: int | None) -> tuple[str, ...]:
    if axis is None:
        return ()
    number = len(shape) - axis
    value, pixel, step = (
        header.get(f"{key}{number}", default)
        for key, default in (("CRVAL", 1), ("CRPIX", 1), ("CDELT", 1))
    )
    names = []
    for index in range(shape[axis]):
        try:
            code = float(value) + (index + 1 - float(pixel)) * float(step)
            names.append(_STOKES.get(round(code), f"Stokes {code:g}"))
        except (TypeError, ValueError, OverflowError):
            names.append(f"Stokes {index}")
    return tuple(names)
