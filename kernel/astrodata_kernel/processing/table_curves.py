"""Tables of times and fluxes as light curves: which columns they are, their zero of time, phases."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import BadRequest
from .table_units import unit_of
from .tables import Rows

_TIMES = ("TIME", "BJD", "BTJD", "BKJD", "HJD", "JD", "MJD", "OBSMJD", "HMJD", "BARYTIME")
_FLUXES = ("PDCSAP_FLUX", "KSPSAP_FLUX", "SAP_FLUX", "DET_FLUX", "FLUX", "CORR_FLUX", "RATE", "MAG")
_QUALITIES = ("SAP_QUALITY", "QUALITY", "QUALITY_FLAG", "CATFLAGS")
_ERRORS = ("{}_ERR", "{}_ERROR", "{}_SIGMA", "E_{}", "{}ERR", "SIGMA_{}", "ERR_{}", "SIG_{}")


@dataclass(frozen=True, slots=True)
class LightCurveFacts:
    """Columns of a light curve, and what is added to its times (`zero`, in days) to give `system`."""

    time: str
    flux: str
    fluxes: tuple[str, ...]
    quality: str
    zero: float
    system: str
    unit: str


def error_column(name: str, names: Sequence[str]) -> str:
    """Give the column with the errors of another one, by its name; empty where there is none."""
    folded = {other.upper(): other for other in names}
    for pattern in _ERRORS:
        found = folded.get(pattern.format(name.upper()))
        if found:
            return found
    return ""


def light_curve_facts(rows: Rows, header: Sequence[Any] = ()) -> LightCurveFacts | None:
    """Give which columns make a light curve, or None where the table is none.

    Parameters
    ----------
    rows
        The table.
    header
        Cards as (keyword, value, comment): ``BJDREFI`` and ``BJDREFF``, ``MJDREFI`` ... say the zero of time.
    """
    numbers = {name.upper(): name for name in rows.numbers}
    time = next((numbers[name] for name in _TIMES if name in numbers), "")
    fluxes = [numbers[name] for name in _FLUXES if name in numbers]
    fluxes += [
        name
        for name in rows.numbers
        if name not in fluxes and re.search(r"(_|^)FLUX(_?\d+)?$", name.upper())
    ]
    if not time or not fluxes:
        return None
    quality = next((numbers[name] for name in _QUALITIES if name in numbers), "")
    zero, system = _zero(time, rows.facts(time).unit, header)
    unit = unit_of(rows.facts(time).unit)
    text = "" if unit is None else unit.to_string()
    return LightCurveFacts(time, fluxes[0], tuple(fluxes), quality, zero, system, text)


def _zero(time: str, unit: str, header: Sequence[Any]) -> tuple[float, str]:
    cards = {str(key): value for key, value, _ in header}
    for system in ("BJD", "HJD", "JD", "MJD"):
        parts = [cards.get(f"{system}REF{end}") for end in ("I", "F", "")]
        numbers = [float(part) for part in parts if isinstance(part, int | float)]
        if numbers and all(map(math.isfinite, numbers)):
            return sum(numbers), _system(system, cards)
    written = re.search(r"\b(B?[TM]?JD)\s*-\s*([\d.]+)", unit)
    if written:
        return float(written[2]), written[1]
    known = {"BTJD": (2457000.0, "BJD"), "BKJD": (2454833.0, "BJD")}
    return known.get(time.upper(), (0.0, time.upper() if time.upper() != "TIME" else ""))


def _system(system: str, cards: dict[str, Any]) -> str:
    scale = str(cards.get("TIMESYS", "")).strip()
    return f"{system} ({scale})" if scale else system


def phases(times: npt.ArrayLike, period: float, epoch: float = 0.0) -> npt.NDArray[np.float64]:
    """Give phases in [-0.5, 0.5) of times, 0 at the epoch.

    Parameters
    ----------
    times
        In any unit.
    period, epoch
        In the same unit and from the same zero.

    Raises
    ------
    BadRequest
        A period that is not positive and finite.
    """
    if not (math.isfinite(period) and period > 0 and math.isfinite(epoch)):
        raise BadRequest(f"a period of {period} and an epoch of {epoch}: give a positive period")
    turns = (np.asarray(times, np.float64) - epoch) / period
    found: npt.NDArray[np.float64] = turns - np.floor(turns + 0.5)
    return found
