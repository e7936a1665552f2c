"""Tables in memory and on disk, read column by column in one way."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ..datasets import Dataset
from ..datasets.lazy import LazyTable
from ..errors import BadRequest, UnknownName, UnsupportedFormat

Values = npt.NDArray[Any]
Mask = npt.NDArray[np.bool_]

KEPT_BYTES = 512 << 20
"""Of the columns of a table on disk that are kept in memory; those used longest ago go first."""


class CatalogueRows:
    """Columns and rows of a table, in memory or on disk, in one way.

    Parameters
    ----------
    table
        An astropy `Table` or `QTable`, a pandas `DataFrame`, a `LazyTable`, or a mapping of names to values.
    ucds
        UCD of columns that have one, by name.

    Raises
    ------
    UnsupportedFormat
        It is no table, or has no rows or columns.
    """

    def __init__(self, table: Any, ucds: dict[str, str] | None = None) -> None:
        self._lock = threading.RLock()
        self._kept: OrderedDict[str, tuple[Values, Mask | None]] = OrderedDict()
        self._table = table
        self.names: list[str] = [str(name) for name in _names(table)]
        self._keys = dict(zip(self.names, _names(table), strict=True))
        self.ucds = {**_ucds(table), **(ucds or {})}
        self.units = {name: self._unit(name) for name in self.names}
        if not self.names:
            raise UnsupportedFormat("the table has no columns: there is nothing to show")
        self._length = len(table) if not isinstance(table, dict) else len(table[self.names[0]])
        if not self._length:
            raise UnsupportedFormat("the table has no rows: there is nothing to show")

    @classmethod
    def of_dataset(cls, dataset: Dataset) -> CatalogueRows:
        """Give the rows of a data set of kind ``"table"``."""
        header = {card[0]: card[1] for card in dataset.meta.get("header", ())}
        ucds = {
            name: str(header[f"TUCD{number}"])
            for number, (name, _, _) in enumerate(dataset.table.columns, 1)
            if f"TUCD{number}" in header
        }
        return cls(dataset.table, ucds)

    def __len__(self) -> int:
        return self._length

    def raw(self, name: str) -> tuple[Values, Mask | None]:
        """Give the values of a column as they are, and where they are masked.

        Raises
        ------
        UnknownName
            No such column.
        """
        if name not in self._keys:
            raise UnknownName(f"there is no column {name!r}: the columns are {listed(self.names)}")
        with self._lock:
            found = self._kept.get(name)
            if found is None:
                found = self._kept[name] = _split(self._column(name), self._length)
                size = sum(values.nbytes for values, _ in self._kept.values())
                while (
                    isinstance(self._table, LazyTable) and size > KEPT_BYTES and len(self._kept) > 1
                ):
                    size -= self._kept.popitem(last=False)[1][0].nbytes
            self._kept.move_to_end(name)
            return found

    def values(self, name: str) -> Values:
        """Give a column of one value a row, shape (n,): numbers with NaN, texts with None where masked."""
        values, mask = self.raw(name)
        if values.ndim != 1:
            raise BadRequest(
                f"column {name!r} has {values.shape[1:]} values a row: choose one of single values"
            )
        if mask is None or not mask.any():
            return values
        if values.dtype.kind in "iufb":
            return np.where(mask, np.nan, values.astype(np.float64))
        made = values.astype(object)
        made[mask] = None
        return made

    def is_number(self, name: str) -> bool:
        """Tell whether a column has one number a row."""
        values, _ = self.raw(name)
        return values.ndim == 1 and values.dtype.kind in "iuf"

    def texts(self, name: str, rows: Sequence[int] | npt.NDArray[np.int64]) -> list[str]:
        """Give what a person reads of some rows of a column."""
        values, mask = self.raw(name)
        return [
            "–" if mask is not None and mask[row] else _text(values[row])
            for row in np.asarray(rows)
        ]

    def coordinates(self, name: str) -> Any:
        """Give a column of `SkyCoord` itself, None where it is of another kind."""
        if isinstance(self._table, LazyTable):
            return None
        column = self._table[self._keys[name]]
        return column if hasattr(column, "transform_to") else None

    def _column(self, name: str) -> Any:
        if isinstance(self._table, LazyTable):
            return self._table.read([name])[name]
        return self._table[self._keys[name]]

    def _unit(self, name: str) -> str:
        if isinstance(self._table, LazyTable):
            return next(unit for one, _, unit in self._table.columns if one == name)
        unit = getattr(self._table[self._keys[name]], "unit", None)
        return "" if unit is None else str(unit)


def listed(names: Sequence[str]) -> str:
    """Give the names of columns as they are told in an error."""
    more = f" and {len(names) - 60} more" if len(names) > 60 else ""
    return ", ".join(names[:60]) + more


def _names(table: Any) -> list[Any]:
    for attribute in ("colnames", "columns", "keys"):
        found = getattr(table, attribute, None)
        if found is not None:
            return list(found() if callable(found) else found)
    raise UnsupportedFormat(
        f"a {type(table).__name__} is no table: give an astropy Table, a pandas "
        "DataFrame, a path or a Dataset"
    )


def _ucds(table: Any) -> dict[str, str]:
    columns: Any = getattr(table, "columns", None)
    if isinstance(table, LazyTable) or not hasattr(columns, "items"):
        return {}
    metas = {
        str(name): getattr(getattr(one, "info", None), "meta", None)
        for name, one in columns.items()
    }
    return {name: str(meta["ucd"]) for name, meta in metas.items() if meta and "ucd" in meta}


def _split(column: Any, length: int) -> tuple[Values, Mask | None]:
    """Give values in native byte order and their mask."""
    if hasattr(column, "transform_to"):
        return np.asarray(column.to_string("hmsdms"), dtype=object), None
    if hasattr(column, "isot"):
        return np.asarray(column.isot, dtype=object), None
    mask: Any = getattr(column, "mask", None)
    mask = None if mask is None or callable(mask) else np.asarray(mask)
    dtype = getattr(column, "dtype", None)
    if hasattr(column, "to_numpy"):  # pandas; its own missing values have no number in NumPy
        mask = np.asarray(column.isna())
        numeric = getattr(dtype, "kind", "O") in "iuf" and not isinstance(dtype, np.dtype)
        values = column.to_numpy(np.float64, na_value=np.nan) if numeric else column.to_numpy()
    else:
        column = getattr(column, "unmasked", column)
        values = np.asarray(getattr(column, "value", column))
    values = np.asarray(values)
    if values.shape[:1] != (length,):
        raise BadRequest(f"a column has shape {values.shape}, the table {length:,} rows")
    if values.dtype.kind == "S":
        values = np.char.decode(values, "utf-8", "replace")
    if mask is not None:
        # A cell of many values is without a value where all of them are.
        mask = mask.reshape(length, -1).all(axis=1) if mask.ndim > 1 else np.array(mask)
        mask = mask if mask.any() else None
    return values.astype(values.dtype.newbyteorder("="), copy=False), mask


def _text(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, np.ndarray):
        return f"[{', '.join(_text(one) for one in value.ravel()[:4])}{', …' if value.size > 4 else ''}]"
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    if isinstance(value, float | np.floating):
        digits = 7 if getattr(value, "itemsize", 8) == 4 else 10
        return "NaN" if value != value else f"{value:.{digits}g}"
    return str(value)[:200]
