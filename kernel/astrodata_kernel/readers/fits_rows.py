"""Rows of FITS tables, of which only those that are asked for are read."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from ..datasets.lazy import LazyTable, Values
from ..errors import AstrodataError, DamagedFile
from .filebytes import Bytes, allocate
from .fits_columns import Column, columns_of, heap_pieces, shape_of_cell, small_table
from .fits_structure import Hdu
from .quiet import quiet

_GROUP_BYTES = 16 << 20
_NEAR_BYTES = 4 << 10
_PRINTABLE = bytes(c if c == 0 or 32 <= c < 127 else 63 for c in range(256))
_INTEGERS = {"B": "u1", "I": ">i2", "J": ">i4", "K": ">i8"}


def table_of(file: Bytes, hdu: Hdu, name: str) -> LazyTable:
    """Give the lazy table of an HDU.

    Raises
    ------
    DamagedFile, TooLarge
        Its header does not describe columns.
    """
    if hdu.text("XTENSION") == "TABLE":
        rows: Any = _TextRows(file, hdu, name)
    else:
        rows = _BinaryRows(file, hdu, name)
    columns = [(column.name, column.form, column.unit) for column in rows.columns]
    return LazyTable(columns, hdu.integer("NAXIS2"), rows)


class _Rows:
    def __init__(self, file: Bytes, hdu: Hdu, name: str) -> None:
        self._file, self._hdu = file.called(name), hdu
        self._where = f"{name}, HDU {hdu.index}"
        self._width = hdu.integer("NAXIS1")
        self.columns: list[Column] = []

    def read(self, start: int, stop: int, names: Sequence[str]) -> Any:
        by_name = {column.name: column for column in self.columns}
        with self._told(f"rows {start} to {stop}"):
            return self._table(start, stop, [by_name[name] for name in names])

    @contextmanager
    def _told(self, which: str) -> Iterator[None]:
        try:
            # astropy warns of units that it does not know; the column keeps their text.
            with quiet(), np.errstate(all="ignore"):
                yield
        except AstrodataError:
            raise
        except Exception as error:
            raise DamagedFile(
                f"{self._where}: its {which} cannot be read ({type(error).__name__}: "
                f"{str(error)[:160]}); the file may be damaged, copy or download it again"
            ) from error

    def take(self, numbers: Values, names: Sequence[str]) -> Any:
        """Give rows of some numbers, which lie far from each other, in their order."""
        by_name = {column.name: column for column in self.columns}
        wanted = [by_name[name] for name in names]
        rows, inverse = np.unique(numbers, return_inverse=True)
        out = allocate((len(rows), self._width), np.dtype("u1"), self._where)
        at = 0
        while at < len(rows):
            # Rows that share some disk pages come in one reading.
            stop = int(np.searchsorted(rows, rows[at] + max(1, _NEAR_BYTES // max(1, self._width))))
            first, last = int(rows[at]), int(rows[stop - 1]) + 1
            offset = self._hdu.data_offset + first * self._width
            raw = self._file.read_exactly(offset, (last - first) * self._width)
            read = np.frombuffer(raw, np.uint8).reshape(last - first, self._width)
            out[at:stop] = read[rows[at:stop] - first]
            at = stop
        with self._told(f"rows {rows[0]} to {rows[-1]}"):
            return self._of_bytes(out, wanted)[inverse.reshape(-1)]

    def _of_bytes(self, rows: Values, columns: list[Column]) -> Any:
        raise TypeError(f"{type(self).__name__} does not say how it reads")

    def _table(self, start: int, stop: int, columns: list[Column]) -> Any:
        raise TypeError(f"{type(self).__name__} does not say how it reads")

    def _stored(self, start: int, stop: int, columns: list[Column]) -> Values:
        """Give the bytes of just some columns of some rows, shape (rows, bytes)."""
        taken = [np.arange(c.offset, c.offset + c.width) for c in columns]
        picked = np.concatenate([np.arange(0), *taken])
        out = allocate((stop - start, len(picked)), np.dtype("u1"), self._where)
        many = max(1, _GROUP_BYTES // max(1, self._width))
        for first in range(start, stop, many):
            last = min(first + many, stop)
            at = self._hdu.data_offset + first * self._width
            raw = self._file.read_exactly(at, (last - first) * self._width)
            rows = np.frombuffer(raw, np.uint8).reshape(last - first, self._width)
            out[first - start : last - start] = rows[:, picked]
        return out


class _BinaryRows(_Rows):
    def __init__(self, file: Bytes, hdu: Hdu, name: str) -> None:
        super().__init__(file, hdu, name)
        self.columns = columns_of(hdu, name)

    def _table(self, start: int, stop: int, columns: list[Column]) -> Any:
        held = [column for column in columns if column.width]
        return self._decoded(self._stored(start, stop, held), held, columns)

    def _of_bytes(self, rows: Values, columns: list[Column]) -> Any:
        held = [column for column in columns if column.width]
        parts = [np.zeros((len(rows), 0), np.uint8), *(column.stored(rows) for column in held)]
        return self._decoded(np.concatenate(parts, axis=1), held, columns)

    def _decoded(self, stored: Values, held: list[Column], columns: list[Column]) -> Any:
        from astropy.io import fits
        from astropy.table import MaskedColumn, Table

        cards, rows, heap = self._small(held, stored)
        with fits.open(small_table(cards, rows, heap), memmap=False) as hdus:
            decoded = {c.name: np.array(hdus[1].data.field(n)) for n, c in enumerate(held)}
        nulls = self._nulls(held, stored)
        table = Table()
        for column in columns:
            values = decoded.get(column.name, np.zeros((len(stored), 0)))
            mask = nulls.get(column.name)
            unit = column.unit or None
            table[column.name] = MaskedColumn(values, mask=mask) if mask is not None else values
            table[column.name].unit = unit
        return table

    def _small(self, held: list[Column], stored: Values) -> tuple[dict[str, Any], Values, bytes]:
        cards: dict[str, Any] = {"TFIELDS": len(held)}
        pieces: list[Values] = []
        heap: list[bytes] = []
        filled = at = 0
        for number, column in enumerate(held, 1):
            part = stored[:, at : at + column.width]
            at += column.width
            form = f"{column.repeat}{column.code}"
            if column.code == "A":
                part = np.frombuffer(bytes(part.tobytes()).translate(_PRINTABLE), "u1").reshape(
                    part.shape
                )
            if column.items:
                form = f"1Q{column.items}"
                lengths, offsets = _shifted(column).descriptors(part)
                size = column.item_bytes
                packed = -(-lengths // 8) if column.items == "X" else lengths
                found = heap_pieces(self._file, self._hdu, packed, offsets, size)
                pairs = np.zeros((len(part), 2), ">i8")
                pairs[:, 0] = lengths
                pairs[:, 1] = filled + np.cumsum([0, *map(len, found)])[:-1]
                filled += sum(map(len, found))
                heap += found
                part = pairs.view("u1").reshape(len(part), 16)
            pieces.append(part)
            cards |= {f"TTYPE{number}": f"c{number}", f"TFORM{number}": form}
            cards |= self._extras(column, number)
        rows = np.concatenate(pieces, axis=1) if pieces else stored
        return cards, rows, b"".join(heap)

    def _extras(self, column: Column, number: int) -> dict[str, Any]:
        extras: dict[str, Any] = {}
        for key in ("TSCAL", "TZERO"):
            value = self._hdu.value(f"{key}{column.number}")
            numeric = isinstance(value, int | float) and not isinstance(value, bool)
            if numeric and math.isfinite(value) and column.code not in "ALX":
                extras[f"{key}{number}"] = value
        shape = shape_of_cell(self._hdu, column)
        return {**extras, f"TDIM{number}": shape} if shape else extras

    def _nulls(self, held: list[Column], stored: Values) -> dict[str, Values]:
        nulls: dict[str, Values] = {}
        at = 0
        for column in held:
            part = np.ascontiguousarray(stored[:, at : at + column.width])
            at += column.width
            null = self._hdu.value(f"TNULL{column.number}")
            if column.code in _INTEGERS and column.repeat == 1 and isinstance(null, int):
                nulls[column.name] = part.view(_INTEGERS[column.code])[:, 0] == null
        return nulls


class _TextRows(_Rows):
    """Rows of an ASCII table, which astropy takes apart."""

    def __init__(self, file: Bytes, hdu: Hdu, name: str) -> None:
        super().__init__(file, hdu, name)
        count = hdu.integer("TFIELDS")
        for number in range(1, min(count, 999) + 1):
            start, form = hdu.integer(f"TBCOL{number}") - 1, hdu.text(f"TFORM{number}")
            if not 0 <= start < max(self._width, 1) or not form:
                raise DamagedFile(
                    f"{self._where}: its header does not say where column {number} is"
                )
            title = hdu.text(f"TTYPE{number}") or f"col{number}"
            if any(column.name == title for column in self.columns):
                title = f"{title}_{number}"
            unit = hdu.text(f"TUNIT{number}")
            self.columns.append(Column(number, title, form, unit, start, 0, "A", 0))

    def _table(self, start: int, stop: int, columns: list[Column]) -> Any:
        every = Column(0, "", "", "", 0, self._width, "A", 0)
        return self._of_bytes(self._stored(start, stop, [every]), columns)

    def _of_bytes(self, rows: Values, columns: list[Column]) -> Any:
        from astropy.io import fits
        from astropy.table import Table

        text = np.frombuffer(rows.tobytes().translate(_PRINTABLE), "u1").reshape(rows.shape)
        cards: dict[str, Any] = {"TFIELDS": len(columns)}
        for number, column in enumerate(columns, 1):
            cards |= {
                f"TTYPE{number}": f"c{number}",
                f"TBCOL{number}": column.offset + 1,
                f"TFORM{number}": column.form,
            }
            null = self._hdu.text(f"TNULL{column.number}")
            if null:
                cards[f"TNULL{number}"] = null
        table = Table()
        with fits.open(small_table(cards, text, kind="TABLE"), memmap=False) as hdus:
            for number, column in enumerate(columns):
                values = np.array(hdus[1].data.field(number))
                table[column.name] = np.char.rstrip(values) if values.dtype.kind in "SU" else values
                table[column.name].unit = column.unit or None
        return table


def _shifted(column: Column) -> Column:
    """Give a column whose bytes were cut out of the row, so that they begin at 0."""
    from dataclasses import replace

    return replace(column, offset=0)
