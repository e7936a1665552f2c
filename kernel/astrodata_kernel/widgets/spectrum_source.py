"""A spectrum as it is drawn: in the unit on show, smoothed, reduced to what a screen can show."""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import BadRequest
from ..processing.spectra1d import Spectrum1d, is_wavelength
from ..processing.spectral_measures import smoothed
from ..processing.spectral_units import converted, to_air, to_vacuum
from ..processing.table_units import unit_of

Floats = npt.NDArray[np.float64]
Place = tuple[str, str, float]
"""Unit and medium of the axis, and the wavelength of velocity 0 in Angstrom, as observed."""

_SHADED = 2_000


class Drawn:
    """One spectrum, with what was last worked out of it."""

    def __init__(self, spectrum: Spectrum1d) -> None:
        self._spectrum = spectrum
        self._lock = threading.Lock()
        self._axis: tuple[Place, Floats] | None = None
        self._flux: tuple[tuple[str, float], Floats] | None = None

    def axis(self, place: Place) -> Floats:
        """Give the axis in a unit, pixel by pixel: of frequencies descending."""
        with self._lock:
            if self._axis is None or self._axis[0] != place:
                self._axis = (place, self._spectrum.in_units(*place))
            return self._axis[1]

    def flux(self, how: str, width: float) -> Floats:
        """Give the fluxes, smoothed."""
        key = (how, width if how != "none" else 0.0)
        with self._lock:
            if self._flux is None or self._flux[0] != key:
                self._flux = (key, smoothed(self._spectrum.flux, how, width))
            return self._flux[1]

    def curve(
        self,
        place: Place,
        how: str,
        width: float,
        x_range: Sequence[float] | None,
        columns: int,
    ) -> tuple[npt.NDArray[np.float32], dict[str, Any]]:
        """Give what `SpectrumViewer` answers to ``curve``: five rows, ascending along the axis, and facts."""
        from ..processing.waveforms import envelope  # loads Numba

        axis = self.axis(place)
        turned = bool(axis[0] > axis[-1])
        full = (float(min(axis[0], axis[-1])), float(max(axis[0], axis[-1])))
        low, high = full if x_range is None else (float(x_range[0]), float(x_range[1]))
        if not (math.isfinite(low) and math.isfinite(high)):
            raise BadRequest(f"an axis from {low} to {high}: give two finite numbers")
        first, last = self._between(axis, low, high, turned)
        count = max(0, last - first)
        rows: list[Any] = []
        zero = low
        if count:
            flux = self.flux(how, width)
            n = min(columns, count)
            edges = first + np.arange(n + 1) * count // n
            middle = (axis[edges[:-1]] + axis[edges[1:] - 1]) / 2
            rows = [middle - zero, *envelope(flux, first, last, n)]
            error = self._spectrum.error
            if error is not None:
                rows.append(envelope(flux - error, first, last, n)[0])
                rows.append(envelope(flux + error, first, last, n)[1])
            else:
                rows += [np.full(n, np.nan)] * 2
        made = np.array(rows or np.zeros((5, 0)), np.float64)
        if turned:
            made = made[:, ::-1]
        facts = {
            "zero": zero,
            "full": list(full),
            "exact": count <= columns,
            "pixels": count,
            "shaded": self._shaded(axis, first, last),
        }
        with np.errstate(over="ignore"):
            return made.astype(np.float32), facts

    def probe(self, x: float, place: Place) -> dict[str, Any]:
        """Give the pixel nearest to a place of the axis."""
        axis = self.axis(place)
        turned = axis[0] > axis[-1]
        along = axis[::-1] if turned else axis
        at = int(np.clip(np.searchsorted(along, x), 1, max(1, len(along) - 1)))
        near = at - 1 if abs(along[at - 1] - x) <= abs(along[min(at, len(along) - 1)] - x) else at
        near = min(near, len(along) - 1)
        pixel = len(axis) - 1 - near if turned else near
        spectrum = self._spectrum

        def told(values: Any) -> float | None:
            value = None if values is None else float(values[pixel])
            return value if value is not None and np.isfinite(value) else None

        return {
            "pixel": pixel,
            "x": float(axis[pixel]),
            "flux": told(spectrum.flux),
            "error": told(spectrum.error),
            "bad": bool(spectrum.bad is not None and spectrum.bad[pixel]),
        }

    def place_of(self, wavelength: float, unit: str, medium: str, reference: float) -> float:
        """Give where a wavelength in vacuum, in Angstrom, lies on an axis."""
        angstrom: Any = np.array([wavelength], np.float64)
        if medium == "air" and is_wavelength(unit):
            angstrom = to_air(angstrom)
        return float(converted(angstrom, "Angstrom", unit, reference)[0])

    def moved(self, values: Floats, place: Place) -> Floats:
        """Give places of the spectrum's own axis as those of another one."""
        return self._spectrum.moved(values, *place)

    def back(self, values: Floats, place: Place) -> Floats:
        """Give places of an axis as those of the spectrum's own."""
        spectrum = self._spectrum
        unit, medium, reference = place
        if not spectrum.has_units or (unit == spectrum.unit and medium == spectrum.medium):
            return values
        angstrom = converted(values, unit, "Angstrom", reference)
        if medium == "air" and is_wavelength(unit):
            angstrom = to_vacuum(angstrom)
        if spectrum.medium == "air":
            angstrom = to_air(angstrom)
        return converted(angstrom, "Angstrom", spectrum.unit, reference)

    def table(self, unit: str, medium: str, reference: float) -> Any:
        """Give the spectrum as a `QTable` with units."""
        from astropy import units as u
        from astropy.table import QTable

        spectrum = self._spectrum
        flux_unit = unit_of(spectrum.flux_unit)
        table = QTable()
        name = "pixel" if unit == "pix" else ("wavelength" if is_wavelength(unit) else "spectral")
        table[name] = self.axis((unit, medium, reference)) * u.Unit(unit)
        for column, values in (("flux", spectrum.flux), ("error", spectrum.error)):
            if values is not None:
                table[column] = values if flux_unit is None else values * flux_unit
        if spectrum.bad is not None:
            table["bad"] = spectrum.bad
        table.meta["medium"] = medium
        if flux_unit is None and spectrum.flux_unit:
            table.meta["flux_unit"] = spectrum.flux_unit
        return table

    def _between(self, axis: Floats, low: float, high: float, turned: bool) -> tuple[int, int]:
        """Give the pixels of a stretch, with one more on each side, so that lines leave the picture."""
        along = axis[::-1] if turned else axis
        first = max(0, int(np.searchsorted(along, low)) - 1)
        last = min(len(along), int(np.searchsorted(along, high, "right")) + 1)
        return (len(axis) - last, len(axis) - first) if turned else (first, last)

    def _shaded(self, axis: Floats, first: int, last: int) -> list[list[float]]:
        bad = self._spectrum.bad
        if bad is None or last <= first:
            return []
        flags = np.concatenate([[False], bad[first:last], [False]]).astype(np.int8)
        steps = np.diff(flags)
        starts, stops = np.flatnonzero(steps > 0), np.flatnonzero(steps < 0)
        found = []
        for start, stop in zip(starts[:_SHADED], stops[:_SHADED], strict=True):
            # To the middle between the pixels, so that one masked pixel has a width too.
            a, b = first + int(start), first + int(stop) - 1
            left = (axis[max(a - 1, 0)] + axis[a]) / 2
            right = (axis[b] + axis[min(b + 1, len(axis) - 1)]) / 2
            found.append([float(min(left, right)), float(max(left, right))])
        return found
