"""Spectra of one dimension, from whatever they are kept in: fluxes over wavelengths, errors, a mask."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ..datasets import Dataset
from ..errors import BadRequest, UnsupportedFormat
from .spectral_names import spectral_columns
from .spectral_parts import cells_of, columns_of, companions_of, redshift_beside, unit_beside
from .spectral_reading import (
    axis_of_header,
    axis_of_values,
    bad_of_mask,
    deviations,
    is_spectral,
    medium_of_header,
    redshift_of_header,
)
from .spectral_units import converted, to_air, to_vacuum
from .table_units import unit_of

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

_LARGEST = 1 << 27


@dataclass(frozen=True, eq=False)
class Spectrum1d:
    """Fluxes over a spectral axis, sorted by it.

    Parameters
    ----------
    axis
        Wavelengths, frequencies, energies, velocities or pixel numbers, shape (n,), ascending.
    flux
        Shape (n,); NaN where nothing was measured.
    unit
        Of the axis, as a text that astropy knows; ``"pix"`` where none is known.
    flux_unit
        Of the fluxes, as it was written.
    error
        Standard deviations of the fluxes, NaN where unknown, or None.
    bad
        Boolean: not to be trusted, or None.
    medium
        Of the wavelengths: ``"vacuum"`` or ``"air"``.
    redshift
        That the file tells, or None.
    notes
        What a reader should know of how this was read.
    """

    name: str
    axis: Floats
    flux: Floats
    unit: str
    flux_unit: str = ""
    error: Floats | None = None
    bad: Mask | None = None
    medium: str = "vacuum"
    redshift: float | None = None
    notes: tuple[str, ...] = field(default=())

    def __len__(self) -> int:
        return len(self.axis)

    @property
    def has_units(self) -> bool:
        """Whether the axis can be told in other units."""
        return self.unit != "pix"

    def in_units(self, unit: str = "", medium: str = "", reference: float = math.nan) -> Floats:
        """Give the axis in another unit and medium, in the order of `axis`.

        Parameters
        ----------
        unit
            One of `astrodata_kernel.processing.spectral_units.UNITS`; its own by default.
        medium
            ``"vacuum"`` or ``"air"``, of wavelengths; its own by default.
        reference
            Wavelength of velocity 0 as observed, in Angstrom.

        Raises
        ------
        BadRequest
            Of an axis without units, or velocities without a reference.
        """
        unit = unit or self.unit
        if not self.has_units and unit != self.unit:
            raise BadRequest(f"{self.name}: its axis has no unit, so that {unit} means nothing")
        return self.moved(self.axis, unit, medium or self.medium, reference)

    def moved(self, places: Floats, unit: str, medium: str, reference: float) -> Floats:
        """Give places of the axis in a unit and a medium, as of `in_units`."""
        if not self.has_units or (unit == self.unit and medium == self.medium):
            return places
        angstrom = converted(places, self.unit, "Angstrom", reference)
        if self.medium == "air":
            angstrom = to_vacuum(angstrom)
        if medium == "air" and is_wavelength(unit):
            angstrom = to_air(angstrom)
        return converted(angstrom, "Angstrom", unit, reference)


def is_wavelength(unit: str) -> bool:
    """Tell whether a unit is one of lengths, which differ in air."""
    from astropy import units as u

    return unit != "pix" and u.Unit(unit).is_equivalent(u.AA)


def spectrum_of(source: Any, **named: Any) -> Spectrum1d:
    """Give the spectrum that something holds.

    Parameters
    ----------
    source
        A `Dataset` of kind ``"spectrum"`` or ``"table"``; an astropy ``Table`` or a mapping of names to
        columns; a ``specutils`` spectrum; (wavelengths, fluxes[, errors]); or fluxes alone.
    **named
        ``unit``, ``flux_unit``, ``medium`` and ``name`` where the source does not say them, or wrongly.

    Raises
    ------
    UnsupportedFormat
        Something in which no spectrum is found; the text says what is missing.
    """
    if isinstance(source, Spectrum1d):
        made = source
    elif isinstance(source, Dataset) and source.kind == "table":
        made = _of_table(
            columns_of(source, _LARGEST + 1), source.name, source.meta.get("header", ()), source
        )
    elif isinstance(source, Dataset):
        made = _of_image(source)
    elif hasattr(source, "spectral_axis") and hasattr(source, "flux"):
        made = _of_specutils(source)
    elif hasattr(source, "colnames") or isinstance(source, Mapping) or hasattr(source, "columns"):
        from .tables import Rows

        made = _of_table(Rows(source).table(), "spectrum", ())
    else:
        made = _of_arrays(source)
    given = {name: value for name, value in named.items() if value is not None}
    if given.get("medium") not in (None, "vacuum", "air"):
        raise BadRequest(f"medium {given['medium']!r}: wavelengths are those in 'vacuum' or 'air'")
    if "unit" in given:
        given["unit"] = spectral_unit(given["unit"])
    return _checked(replace(made, **given))


def _checked(made: Spectrum1d) -> Spectrum1d:
    """Give a spectrum sorted by its axis, without places where the axis has no number."""
    count = len(made.flux)
    parts = {"axis": made.axis, "error": made.error, "bad": made.bad}
    for name, values in parts.items():
        if values is not None and np.shape(values) != (count,):
            raise UnsupportedFormat(
                f"{made.name}: {count:,} fluxes, but {name} has the shape {np.shape(values)}"
            )
    _refuse_beyond(made.name, count)
    there = np.isfinite(made.axis)
    if made.unit != "pix" and not is_velocity(made.unit):
        there &= made.axis > 0
    if not there.any():
        raise UnsupportedFormat(f"{made.name}: its spectral axis has no number in it")
    kept = np.flatnonzero(there)
    axis = made.axis[kept]
    if np.any(np.diff(axis) < 0):
        kept = kept[np.argsort(axis, kind="stable")]
    return replace(
        made,
        axis=np.ascontiguousarray(made.axis[kept], np.float64),
        flux=np.ascontiguousarray(made.flux[kept], np.float64),
        error=None if made.error is None else np.ascontiguousarray(made.error[kept], np.float64),
        bad=None if made.bad is None else np.ascontiguousarray(made.bad[kept], bool),
    )


def _refuse_beyond(name: str, count: int) -> None:
    if not count or count > _LARGEST:
        raise UnsupportedFormat(f"{name}: {count:,} values are no spectrum to be shown")


def spectral_unit(unit: str) -> str:
    """Give the unit of an axis that somebody tells as astropy writes it.

    Raises
    ------
    BadRequest
        It is none of a spectral axis.
    """
    if unit == "pix":
        return unit
    known = unit_of(str(unit))
    if known is None or not is_spectral(known):
        raise BadRequest(f"{unit!r} is no unit of a spectral axis: give one such as 'nm' or 'GHz'")
    return str(known.to_string())


def is_velocity(unit: str) -> bool:
    """Tell whether a unit is one of velocities."""
    from astropy import units as u

    return bool(u.Unit(unit).is_equivalent(u.km / u.s))


# --- images of one axis ------------------------------------------------------------------------------


def _of_image(dataset: Dataset) -> Spectrum1d:
    if len(dataset.shape) != 1:
        raise UnsupportedFormat(
            f"{dataset.name}, part {dataset.part}: an array of {len(dataset.shape)} axes is no spectrum"
        )
    _refuse_beyond(dataset.name, dataset.shape[0])  # before all of it is read
    header = {str(key): value for key, value, _ in dataset.meta.get("header", ())}
    found = companions_of(dataset)
    notes = []
    unit = ""
    if "wave" in found:
        axis, unit, said = axis_of_values(found["wave"], found.get("wave_unit", ""), "")
        notes += said
    else:
        axis, unit, said = axis_of_header(header, dataset.shape[0])
        notes += said
    bad = found.get("mask")
    if bad is not None:
        bad, said = bad_of_mask(bad)
        notes += said
    error = deviations(found.get("error"), found.get("ivar"))
    if "guessed" in found:
        notes.append("an array without a name is taken as inverse variances: the fluxes scatter so")
    return Spectrum1d(
        dataset.name,
        axis,
        np.asarray(dataset.array[:], np.float64),
        unit,
        str(dataset.meta.get("unit", "")),
        error,
        bad,
        medium_of_header(header),
        redshift_of_header(header),
        tuple(notes),
    )


# --- tables and arrays -------------------------------------------------------------------------------


def _of_table(
    table: Any, name: str, header: Sequence[Any], dataset: Dataset | None = None
) -> Spectrum1d:
    cards = {str(key): value for key, value, _ in header}
    pairs = [(column, str(getattr(table[column], "unit", "") or "")) for column in table.colnames]
    columns = spectral_columns(pairs)
    if columns is None:
        raise UnsupportedFormat(
            f"{name}: no spectrum, for it has no columns such as wavelength and flux; its columns are "
            f"{', '.join(table.colnames[:12])}"
        )
    units = dict(pairs)
    wave, flux = (cells_of(table[columns[kind]]) for kind in ("wave", "flux"))
    axis, unit, notes = axis_of_values(wave, units[columns["wave"]], columns["wave"].upper())
    bad = None
    if "mask" in columns:
        bad, said = bad_of_mask(cells_of(table[columns["mask"]], float_too=False))
        notes += said
    error = deviations(
        cells_of(table[columns["error"]]) if "error" in columns else None,
        cells_of(table[columns["ivar"]]) if "ivar" in columns else None,
    )
    z = redshift_of_header(cards)
    if z is None and dataset is not None:
        z = redshift_beside(dataset)
    flux_unit = units[columns["flux"]] or str(cards.get("BUNIT", "") or "")
    if not flux_unit and dataset is not None:
        flux_unit = unit_beside(dataset)
    return Spectrum1d(
        name, axis, flux, unit, flux_unit, error, bad, medium_of_header(cards), z, tuple(notes)
    )


def _of_specutils(source: Any) -> Spectrum1d:
    axis, flux = source.spectral_axis, source.flux
    uncertainty = getattr(source, "uncertainty", None)
    error = None
    if uncertainty is not None:
        kind = getattr(uncertainty, "uncertainty_type", "std")
        values = np.asarray(uncertainty.array, np.float64)
        error = deviations(
            np.sqrt(values) if kind == "var" else values if kind == "std" else None,
            values if kind == "ivar" else None,
        )
    mask = getattr(source, "mask", None)
    return Spectrum1d(
        "spectrum",
        np.asarray(axis.value, np.float64),
        np.asarray(flux.value, np.float64),
        axis.unit.to_string(),
        flux.unit.to_string(),
        error,
        None if mask is None else np.asarray(mask, bool),
    )


def _of_arrays(source: Any) -> Spectrum1d:
    several = isinstance(source, tuple | list) and len(source) > 0 and np.ndim(source[0]) == 1
    parts = source if several else None
    if parts is not None and not 2 <= len(parts) <= 3:
        raise UnsupportedFormat(
            f"{len(parts)} arrays are no spectrum: give wavelengths, fluxes, errors"
        )
    axis, flux, error = (*parts, None)[:3] if parts is not None else (None, source, None)

    def split(values: Any) -> tuple[Any, str]:
        unit = getattr(values, "unit", None)
        plain = getattr(values, "value", values)
        return np.asarray(np.ma.filled(np.ma.asarray(plain, np.float64), np.nan)), (
            "" if unit is None else unit.to_string()
        )

    try:
        fluxes, flux_unit = split(flux)
        sigma = None if error is None else deviations(split(error)[0], None)
    except (TypeError, ValueError) as problem:
        raise UnsupportedFormat(f"{type(source).__name__} is no spectrum: {problem}") from None
    if fluxes.ndim != 1:
        raise UnsupportedFormat(f"an array of {fluxes.ndim} axes is no spectrum: give one of them")
    if axis is None:
        places, unit, notes = np.arange(len(fluxes), dtype=np.float64), "pix", []
    else:
        values, told = split(axis)
        places, unit, notes = axis_of_values(values, told, "")
    return Spectrum1d("spectrum", places, fluxes, unit, flux_unit, sigma, notes=tuple(notes))
