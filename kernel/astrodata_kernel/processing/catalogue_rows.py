"""Tables as catalogues over an image: rows with what tells of places on the sky."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..datasets import Dataset
from ..datasets.lazy import LazyTable
from ..errors import UnsupportedFormat
from .table_order import as_floats
from .tables import Rows, Values


class CatalogueRows(Rows):
    """Rows of a table of which each may have a place.

    Parameters
    ----------
    source
        What `Rows` takes.

    Attributes
    ----------
    ucds
        UCD of the columns that have one, by name.
    units
        Unit of each column as a text, by name; empty where it has none.

    Raises
    ------
    UnsupportedFormat
        It is no table, or has no rows or columns.
    """

    def __init__(self, source: Any) -> None:
        super().__init__(source)
        if not self.columns:
            raise UnsupportedFormat("the table has no columns: there is nothing to show")
        if not self.count:
            raise UnsupportedFormat("the table has no rows: there is nothing to show")
        self.ucds = _ucds(source)
        self.units = {column.name: column.unit for column in self.columns}

    def __len__(self) -> int:
        return self.count

    def values(self, name: str) -> Values:
        """Give a column of one value a row, shape (n,): numbers with NaN, texts with None where missing.

        Raises
        ------
        UnknownName
            There is no such column.
        BadRequest
            One of several values a row.
        """
        values = self.column(name)
        mask = np.ma.getmaskarray(values)
        if not mask.any():
            return np.ma.getdata(values)
        if values.dtype.kind in "iufb":
            return as_floats(values)
        if values.dtype.kind == "M":
            return np.where(mask, np.datetime64("NaT"), np.ma.getdata(values))
        made = np.ma.getdata(values).astype(object)
        made[mask] = None
        return made

    def is_number(self, name: str) -> bool:
        """Tell whether a column has one number a row."""
        return self.facts(name).kind == "number"

    def coordinates(self, name: str) -> Any:
        """Give a column of `SkyCoord` itself, None where it is of another kind."""
        column = None if self._table is None else self._table[name]
        return column if hasattr(column, "transform_to") else None


def listed(names: Sequence[str]) -> str:
    """Give the names of columns as they are told in an error."""
    more = f" and {len(names) - 60} more" if len(names) > 60 else ""
    return ", ".join(names[:60]) + more


def _ucds(source: Any) -> dict[str, str]:
    if isinstance(source, Dataset):
        header = {card[0]: card[1] for card in source.meta.get("header", ())}
        return {
            name: str(header[f"TUCD{number}"])
            for number, (name, _, _) in enumerate(source.table.columns, 1)
            if f"TUCD{number}" in header
        }
    columns: Any = getattr(source, "columns", None)
    if isinstance(source, LazyTable) or not hasattr(columns, "items"):
        return {}
    metas = {
        str(name): getattr(getattr(one, "info", None), "meta", None)
        for name, one in columns.items()
    }
    return {name: str(meta["ucd"]) for name, meta in metas.items() if meta and "ucd" in meta}
