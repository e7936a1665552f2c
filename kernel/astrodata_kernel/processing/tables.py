"""Tables of any origin under one roof: facts of their columns, pages, scattered rows, whole columns.

Only what is asked for is read; of a table on disk no more than a column or two stay in memory.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..datasets import Dataset, LazyTable
from ..errors import BadRequest, UnknownName, UnsupportedFormat
from .table_units import facts_of_header, unit_of

Values = npt.NDArray[Any]
Check = Callable[[], None]
Tell = Callable[[float], None]

BLOCK = 1 << 17
"""Rows read at once."""

KEPT_BYTES = 1 << 27
"""Of whole columns that are kept; the two that were used last are kept in any case."""

SCALARS = ("number", "flag", "text", "time")
"""Kinds of columns with one value a row, by which rows can be ordered and chosen."""


@dataclass(frozen=True, slots=True)
class ColumnFacts:
    """What is known of a column before its values are read.

    `kind` is ``"number"``, ``"flag"``, ``"text"``, ``"time"``, ``"vector"`` (several values a row, of one
    number or of any) or ``"other"``; `shape` is that of one row's values, None where each row has its own.
    """

    name: str
    kind: str
    dtype: str
    unit: str = ""
    description: str = ""
    display: str = ""
    shape: tuple[int, ...] | None = ()


class Rows:
    """Rows of a table, wherever they are.

    Parameters
    ----------
    source
        A `Dataset` or `LazyTable`, an `astropy.table.Table` or ``QTable``, a `pandas.DataFrame`, a structured
        array, or a mapping of names to columns.

    Raises
    ------
    UnsupportedFormat
        Something else, or columns of different lengths.
    """

    def __init__(self, source: Any) -> None:
        header: Sequence[Any] = ()
        if isinstance(source, Dataset):
            header = source.meta.get("header", ())
            source = source.table
        self._lazy: LazyTable | None = source if isinstance(source, LazyTable) else None
        self._table: Any = None if self._lazy is not None else _plain_table(source)
        self.count = len(source if self._lazy is not None else self._table)
        self._kept: OrderedDict[str, Values] = OrderedDict()
        self._lock = threading.Lock()
        self.columns = tuple(self._facts(header))
        self._by_name = {column.name: column for column in self.columns}

    @property
    def names(self) -> list[str]:
        """Names of all columns."""
        return [column.name for column in self.columns]

    @property
    def scalars(self) -> list[str]:
        """Names of the columns with one value a row."""
        return [column.name for column in self.columns if column.kind in SCALARS]

    @property
    def numbers(self) -> list[str]:
        """Names of the columns of numbers."""
        return [column.name for column in self.columns if column.kind in ("number", "flag")]

    def facts(self, name: str) -> ColumnFacts:
        """Give what is known of a column.

        Raises
        ------
        UnknownName
            There is none of that name; the text names some that there are.
        """
        if name not in self._by_name:
            import difflib

            close = difflib.get_close_matches(str(name), self.names, 3, 0.5) or self.names[:8]
            raise UnknownName(f"there is no column {name!r}: there are {', '.join(close)}")
        return self._by_name[name]

    def page(self, numbers: npt.ArrayLike, names: Sequence[str]) -> dict[str, Values]:
        """Give columns of the rows of some numbers, in their order; masked where values are missing."""
        wanted = np.asarray(numbers, np.int64).reshape(-1)
        for name in names:
            self.facts(name)
        if self._lazy is not None:
            found = self._lazy.take(wanted, list(names))
            return {name: _values(found[name]) for name in names}
        # Rows are taken before they are turned into what is shown: a column may have millions.
        return {name: _values(self._table[name][wanted]) for name in names}

    def block(self, start: int, stop: int, names: Sequence[str]) -> dict[str, Values]:
        """Give columns of rows [start, stop)."""
        if self._lazy is not None:
            found = self._lazy.rows(start, stop, list(names))
            return {name: _values(found[name]) for name in names}
        return {name: _values(self._table[name][start:stop]) for name in names}

    def column(self, name: str, check: Check | None = None, tell: Tell | None = None) -> Values:
        """Give all values of a column, shape (rows,), masked where they are missing; kept for the next time.

        Parameters
        ----------
        name
            Of a column with one value a row.
        check
            Called between blocks; it raises to give the work up.
        tell
            Told the share done, 0 to 1.

        Raises
        ------
        BadRequest
            A column with several values a row.
        """
        if self.facts(name).kind not in SCALARS:
            raise BadRequest(f"column {name!r} has no single value in a row")
        if self._lazy is None:
            return _values(self._table[name])
        with self._lock:
            if name in self._kept:
                self._kept.move_to_end(name)
                return self._kept[name]
        made = self._read_column(name, check, tell)
        with self._lock:
            self._kept[name] = made
            self._forget()
        return made

    def table(
        self, numbers: npt.ArrayLike | None = None, names: Sequence[str] | None = None
    ) -> Any:
        """Give rows as an `astropy.table.QTable`, with units where astropy knows them.

        Parameters
        ----------
        numbers
            Of the rows, in the order wanted; all by default.
        names
            Of the columns, in the order wanted; all by default.
        """
        from astropy.table import QTable, vstack

        names = self.names if names is None else list(names)
        wanted = None if numbers is None else np.asarray(numbers, np.int64).reshape(-1)
        count = self.count if wanted is None else len(wanted)
        parts = []
        # Scattered rows are read as bytes before they are taken apart: not all of them at once.
        for start in range(0, max(count, 1), BLOCK):
            stop = min(start + BLOCK, count)
            if self._table is not None:
                rows = slice(start, stop) if wanted is None else wanted[start:stop]
                parts.append(QTable(self._table[names][rows], copy=True))
            else:
                found = (
                    self.block(start, stop, names)
                    if wanted is None
                    else self.page(wanted[start:stop], names)
                )
                parts.append(self._with_units(found))
        return parts[0] if len(parts) == 1 else vstack(parts, metadata_conflicts="silent")

    def _with_units(self, found: Mapping[str, Values]) -> Any:
        from astropy.table import Column, MaskedColumn, QTable
        from astropy.units import Quantity
        from astropy.utils.masked import Masked

        table = QTable()
        for name, values in found.items():
            facts = self._by_name[name]
            unit = unit_of(facts.unit) if values.dtype.kind in "iufc" else None
            masked = isinstance(values, np.ma.MaskedArray)
            if unit is not None and unit.to_string():
                data = Masked(values.data, mask=values.mask) if masked else values
                kept = values.dtype.kind in "fc"
                table[name] = (
                    (Masked(Quantity) if masked else Quantity)(data, unit)
                    if kept
                    else (MaskedColumn if masked else Column)(values, unit=unit)
                )
            else:
                table[name] = (MaskedColumn if masked else Column)(values)
                if facts.unit:
                    table[name].info.meta = {"unit": facts.unit}
            if facts.description:
                table[name].info.description = facts.description
        return table

    def _read_column(self, name: str, check: Check | None, tell: Tell | None) -> Values:
        parts: list[Values] = []
        for start in range(0, self.count, BLOCK):
            if check is not None:
                check()
            stop = min(start + BLOCK, self.count)
            parts.append(self.block(start, stop, [name])[name])
            if tell is not None:
                tell(stop / self.count)
        if not parts:
            return self.block(0, 0, [name])[name]
        if len(parts) == 1:
            return parts[0]
        masked = any(isinstance(part, np.ma.MaskedArray) for part in parts)
        whole: Values = (np.ma.concatenate if masked else np.concatenate)(parts)
        return whole

    def _forget(self) -> None:
        while len(self._kept) > 2 and sum(v.nbytes for v in self._kept.values()) > KEPT_BYTES:
            self._kept.popitem(last=False)

    def _facts(self, header: Sequence[Any]) -> list[ColumnFacts]:
        if self._lazy is None:
            table = self._table
            return [
                _facts_of(name, _values(table[name][:64]), table[name]) for name in table.colnames
            ]
        known = facts_of_header(header)
        sample = self._lazy.rows(0, min(self.count, 8), self._lazy.colnames)
        made = []
        for number, (name, form, unit) in enumerate(self._lazy.columns, 1):
            facts = _facts_of(name, _values(sample[name]))
            own = known.get(number, {})
            shape = None if form.lstrip("01")[:1] in ("P", "Q") else facts.shape
            made.append(
                ColumnFacts(
                    name,
                    "vector" if shape is None else facts.kind,
                    facts.dtype,
                    unit,
                    own.get("description", "") or known.get(name, {}).get("description", ""),
                    own.get("display", ""),
                    shape,
                )
            )
        return made


def _plain_table(source: Any) -> Any:
    """Give an astropy table, with columns that NumPy understands."""
    from astropy.table import Table

    if isinstance(source, Table):
        return source
    if hasattr(source, "to_dict") and hasattr(source, "columns"):
        return _of_frame(source)
    try:
        return Table(source)
    except Exception as error:  # noqa: BLE001 - astropy raises anything for what is no table
        raise UnsupportedFormat(
            f"{type(source).__name__} is no table ({str(error)[:120]}): give a path, a data set, an astropy "
            "Table, a DataFrame, or a mapping of names to columns of one length"
        ) from None


def _of_frame(frame: Any) -> Any:
    from astropy.table import MaskedColumn, Table

    if list(frame.index.names) != [None]:
        frame = frame.reset_index()
    table = Table()
    if not frame.columns.is_unique:
        raise UnsupportedFormat("the DataFrame has columns of one name: rename them first")
    for name in frame.columns:
        series = frame[name]
        missing = series.isna().to_numpy()
        if series.dtype.kind in "iufb" and type(series.dtype).__module__.startswith("numpy"):
            table[str(name)] = series.to_numpy()
            continue
        if series.dtype.kind == "M":
            values = series.to_numpy("datetime64[us]")
        elif series.dtype.kind in "iufb":
            kind = {"i": np.int64, "u": np.uint64, "f": np.float64, "b": np.bool_}[
                series.dtype.kind
            ]
            values = series.to_numpy(kind, na_value=kind(0))
        else:
            values = np.array(
                ["" if gone else str(v) for v, gone in zip(series, missing, strict=True)]
            )
        table[str(name)] = MaskedColumn(values, mask=missing) if missing.any() else values
    return table


def _values(column: Any) -> Values:
    """Give a column of an astropy table as an array, masked where values are missing."""
    from astropy.coordinates import SkyCoord
    from astropy.time import Time
    from astropy.units import Quantity
    from astropy.utils.masked import Masked

    if isinstance(column, SkyCoord):
        return np.atleast_1d(np.asarray(column.to_string("decimal")))
    if isinstance(column, Time):
        return np.asarray(column.utc.datetime64)
    if isinstance(column, Masked):
        data = np.asarray(column.unmasked)
        return np.ma.MaskedArray(data, mask=np.asarray(column.mask))
    if isinstance(column, Quantity):
        return np.asarray(column.value)
    if isinstance(column, np.ma.MaskedArray):
        found: Values = np.ma.MaskedArray(_text(column.data), mask=np.ma.getmaskarray(column))
        return found if found.mask.any() else found.data
    return _text(np.asarray(column))


def _text(values: Values) -> Values:
    if values.dtype.kind != "S":
        return np.asarray(values)
    return np.char.decode(np.asarray(values), "utf-8", "replace")


def _facts_of(name: str, values: Values, column: Any = None) -> ColumnFacts:
    shape: tuple[int, ...] | None = values.shape[1:]
    kind = {"i": "number", "u": "number", "f": "number", "b": "flag", "U": "text", "M": "time"}.get(
        values.dtype.kind, "other"
    )
    if values.dtype.kind == "O":
        first = next((v for v in values.reshape(-1) if v is not None), None)
        varying = isinstance(first, np.ndarray | list | tuple)
        kind, shape = ("vector", None) if varying else ("other", shape)
    elif shape:
        kind = "vector"
    info = getattr(column, "info", None)
    unit = getattr(column, "unit", None)
    return ColumnFacts(
        name,
        kind,
        _dtype_text(values),
        "" if unit is None else str(unit),
        str(getattr(info, "description", "") or ""),
        "",
        shape,
    )


def _dtype_text(values: Values) -> str:
    dtype = values.dtype
    if dtype.kind == "O":
        first = next((v for v in values.reshape(-1) if v is not None), None)
        return f"{np.asarray(first).dtype}[]" if isinstance(first, np.ndarray) else "object"
    if dtype.kind == "U":
        return f"text, {dtype.itemsize // 4}" if dtype.itemsize else "text"
    shape = f"[{' × '.join(map(str, values.shape[1:]))}]" if values.ndim > 1 else ""
    return f"{dtype.newbyteorder('=').name}{shape}"
