"""Where in a row of a FITS binary table each column lies, and small tables made of pieces of large ones.

astropy decodes what is in a table, from a copy of just the rows that are wanted: reading the file is ours,
by position and within bounds that were checked.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from ..datasets.lazy import Values
from ..errors import DamagedFile, TooLarge
from .caps import caps
from .filebytes import Bytes
from .fits_structure import BLOCK, CARD, Hdu

_FORM = re.compile(r"(\d{0,9})([LXBIJKAEDCMPQ])(.*)", re.DOTALL)
_WIDTHS = dict(zip("LXBIJKAEDCMPQ", (1, 1, 1, 2, 4, 8, 1, 4, 8, 8, 16, 8, 16), strict=True))


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its place in a row in bytes, and for one of variable length the type of its items."""

    number: int
    name: str
    form: str
    unit: str
    offset: int
    width: int
    code: str
    repeat: int
    items: str = ""

    @property
    def item_bytes(self) -> int:
        """Bytes of an item of a column of variable length."""
        return _WIDTHS[self.items]

    def stored(self, rows: Values) -> Values:
        """Give this column's bytes of rows, shape (rows, width)."""
        return rows[:, self.offset : self.offset + self.width]

    def descriptors(self, rows: Values) -> tuple[Values, Values]:
        """Give the lengths and heap offsets of a column of variable length, as int64."""
        pairs = np.ascontiguousarray(self.stored(rows)).view(">i4" if self.code == "P" else ">i8")
        pairs = pairs.reshape(len(rows), -1)[:, :2].astype(np.int64)
        return pairs[:, 0], pairs[:, 1]


def columns_of(hdu: Hdu, name: str) -> list[Column]:
    """Give the columns of a binary table, each with a name of its own.

    Raises
    ------
    DamagedFile
        A TFORM that is none, or columns that do not fill the rows.
    """
    where = f"{name}, HDU {hdu.index}"
    count = hdu.integer("TFIELDS")
    if not 0 <= count <= caps.columns:
        raise TooLarge(f"{where}: a table of {count:,} columns is not read")
    columns: list[Column] = []
    names: set[str] = set()
    offset = 0
    for number in range(1, count + 1):
        form = hdu.text(f"TFORM{number}")
        match = _FORM.fullmatch(form)
        if match is None:
            raise DamagedFile(
                f"{where}: TFORM{number} = {form!r} in its header is no format of a column"
            )
        repeat, code, rest = int(match[1] or 1), match[2], match[3].strip()
        items = ""
        if code in "PQ":
            items = rest[:1]
            if items not in _WIDTHS or repeat > 1:
                raise DamagedFile(
                    f"{where}: TFORM{number} = {form!r} is no column of variable length"
                )
        width = -(-repeat // 8) if code == "X" else repeat * _WIDTHS[code]
        title = hdu.text(f"TTYPE{number}") or f"col{number}"
        while title in names:
            title = f"{title}_{number}"
        names.add(title)
        unit = hdu.text(f"TUNIT{number}")
        columns.append(Column(number, title, form, unit, offset, width, code, repeat, items))
        offset += width
    if offset > hdu.integer("NAXIS1"):
        raise DamagedFile(
            f"{where}: its columns take {offset:,} bytes of a row, which has {hdu.integer('NAXIS1'):,}"
        )
    return columns


def heap_pieces(file: Bytes, hdu: Hdu, lengths: Values, offsets: Values, size: int) -> list[bytes]:
    """Give the bytes of each piece of a table's heap, `size` bytes an item.

    Raises
    ------
    DamagedFile
        A piece that lies outside of the heap.
    """
    rows = hdu.integer("NAXIS1") * hdu.integer("NAXIS2")
    start = hdu.integer("THEAP", rows)
    room = rows + hdu.integer("PCOUNT") - start
    outside = (lengths < 0) | (offsets < 0) | (lengths > room // size)
    outside |= offsets > room - np.where(outside, 0, lengths) * size
    if start < rows or bool((outside & (lengths != 0)).any()):
        raise DamagedFile(
            f"{file.name}, HDU {hdu.index}: a row points outside of the table's heap of {max(room, 0):,} "
            "bytes; the file is damaged, copy or download it again"
        )
    wanted = int(lengths.sum()) * size
    if wanted > max(room, 1) * 4:
        raise TooLarge(
            f"{file.name}, HDU {hdu.index}: its rows point to {wanted:,} bytes in a heap of {room:,}"
        )
    base = hdu.data_offset + start
    if file.far:
        whole = zip(lengths, offsets, strict=True)
        file.expect([(base + int(at), int(n) * size) for n, at in whole if n])
    return [
        file.read_exactly(base + int(at), int(n) * size) if n else b""
        for n, at in zip(lengths, offsets, strict=True)
    ]


def small_table(
    cards: Mapping[str, Any], rows: Values, heap: bytes = b"", kind: str = "BINTABLE"
) -> io.BytesIO:
    """Give a FITS file in memory that holds one table, for astropy to decode.

    Parameters
    ----------
    cards
        What describes the columns, and the compression if there is one.
    rows
        Bytes of the rows, shape (rows, bytes of a row).
    heap
        What columns of variable length point to.
    """
    sizes = {"NAXIS1": rows.shape[1], "NAXIS2": rows.shape[0], "PCOUNT": len(heap), "GCOUNT": 1}
    primary = _header({"SIMPLE": True, "BITPIX": 8, "NAXIS": 0, "EXTEND": True})
    table = _header({"XTENSION": kind, "BITPIX": 8, "NAXIS": 2, **sizes, **cards})
    data = rows.tobytes() + heap
    return io.BytesIO(b"".join((primary, table, data, b"\0" * (-len(data) % BLOCK))))


def _header(cards: Mapping[str, Any]) -> bytes:
    text = "".join(_card(key, value) for key, value in cards.items()) + "END".ljust(CARD)
    return text.ljust(len(text) + -len(text) % BLOCK).encode("ascii", "replace")


def _card(key: str, value: Any) -> str:
    if isinstance(value, bool):
        shown = f"{'T' if value else 'F':>20}"
    elif isinstance(value, str):
        quoted = value.replace("'", "''")
        shown = f"'{quoted:8}'"
    else:
        shown = f"{value!r:>20}".upper()
    return f"{key:<8}= {shown}".ljust(CARD)[:CARD]


def shape_of_cell(hdu: Hdu, column: Column) -> str:
    """Give a column's TDIM where it agrees with how many values a cell has, else nothing."""
    text = hdu.text(f"TDIM{column.number}")
    lengths = [int(n) for n in re.findall(r"\d{1,9}", text)]
    agrees = lengths and prod(lengths) == column.repeat and min(lengths) > 0
    return f"({','.join(map(str, lengths))})" if agrees and column.code not in "PQX" else ""
