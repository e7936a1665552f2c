"""What of a file belongs to a spectrum: arrays and columns, and what other parts of the file tell of it."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..datasets import Dataset
from .spectral_names import kind_by_name, spectral_columns
from .spectral_reading import are_inverse, number_of


def companions_of(dataset: Dataset) -> dict[str, Any]:
    """Give the other arrays of a file that belong to a spectrum, by their names or their looks."""
    found: dict[str, Any] = {}
    unnamed = []
    for part in dataset.parts:
        if part.index == dataset.part or part.kind != "spectrum" or part.note:
            continue
        if part.shape != dataset.shape:
            continue
        values = np.asarray(dataset.hdu(part.index).array[:])
        kind = kind_by_name(part.name)
        if kind:
            found.setdefault(kind, values)
            if kind == "wave":
                found["wave_unit"] = part.unit
        else:
            unnamed.append(values)
    for values in unnamed:
        if values.dtype.kind in "iub":
            found.setdefault("mask", values)
        elif np.all(np.diff(values) > 0) and "wave" not in found:
            found["wave"] = values
        elif not np.any(values < 0):
            inverse = are_inverse(np.asarray(dataset.array[:]), values)
            found.setdefault("ivar" if inverse else "error", values)
            if inverse:
                found["guessed"] = True
    return found


def columns_of(dataset: Dataset, most: int) -> Any:
    """Give the columns of a table on disk that make a spectrum, of no more than `most` rows.

    Of a table with a spectrum in each row it is the first row.
    """
    table = dataset.table
    pairs = [(name, unit) for name, _, unit in table.columns]
    columns = spectral_columns(pairs)
    if columns is None:
        return table.rows(0, 0, table.colnames)
    names = list(dict.fromkeys(columns.values()))
    head = table.rows(0, min(1, len(table)), names)
    flux = np.asarray(head[columns["flux"]])
    return (
        head
        if flux.ndim > 1 or flux.dtype.kind == "O"
        else table.rows(0, min(most, len(table)), names)
    )


def cells_of(column: Any, float_too: bool = True) -> Any:
    """Give a column as one row of values; spectra in one cell (a row a spectrum) as that of the first row."""
    values = getattr(column, "unmasked", column)
    mask = getattr(column, "mask", None)
    data = np.asarray(getattr(values, "value", values))
    data = np.asarray(data[0]) if data.ndim > 1 or data.dtype.kind == "O" else data
    if not float_too:
        return data
    found = data.astype(np.float64)
    if mask is not None and np.shape(mask) == found.shape:
        found = np.where(np.asarray(mask), np.nan, found)
    return found


def redshift_beside(dataset: Dataset) -> float | None:
    """Give the redshift in the table that SDSS keeps beside a spectrum."""
    for part in dataset.parts:
        beside = part.kind == "table" and not part.note and part.index != dataset.part
        if beside and part.name.upper() in ("SPECOBJ", "SPALL", "SPECALL", "SPZBEST"):
            table = dataset.hdu(part.index).table
            name = next((one for one in table.colnames if one.upper() == "Z"), None)
            if name:
                return number_of(float(np.ravel(np.asarray(table.rows(0, 1, [name])[name]))[0]))
    return None


def unit_beside(dataset: Dataset) -> str:
    """Give the unit that the first header of a file tells."""
    first = next((part for part in dataset.parts if part.index == 0), None)
    header = dataset.meta.get("primary_header", ())
    told = next((str(value) for key, value, _ in header if key == "BUNIT"), "")
    return told or (first.unit if first is not None else "")
