"""Tables in CSV and Parquet files, through Arrow."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np

from ..datasets import Dataset, LazyTable, Part, Provenance
from ..datasets.lazy import Values
from ..errors import DamagedFile, UnknownName
from .caps import caps, refuse_beyond
from .text_columns import TextFile, TextRows, delimiter_of, text_of, typed, types_of

HEAD_BYTES = 1 << 16
_ROWS = 1 << 17


def _dataset(table: LazyTable, provenance: Provenance) -> Dataset:
    shape = (len(table), len(table.columns))
    return Dataset(
        kind="table",
        name=Path(provenance.path).name,
        shape=shape,
        dtype=np.dtype("V"),
        meta={"unit": "", "warnings": []},
        provenance=provenance,
        contents=table,
        parts=(Part(0, "table", 1, "table", shape),),
    )


def _only(part: int | str | None, name: str) -> None:
    if part not in (None, 0, "0", "table"):
        raise UnknownName(f"{name} has no part {part!r}: it holds one table")


def _astropy(batch: Any) -> Any:
    """Give an Arrow table as an `astropy.table.Table`, nulls masked."""
    from astropy.table import MaskedColumn, Table

    columns = []
    for name, column in zip(batch.column_names, batch.columns, strict=True):
        values = column.to_numpy(zero_copy_only=False) if column.null_count == 0 else None
        if values is None:
            mask = np.asarray(column.is_null())
            filled = column.drop_null().to_numpy(zero_copy_only=False)
            filled = _strings(filled)
            values = np.zeros(len(column), filled.dtype)
            values[~mask] = filled
            columns.append(MaskedColumn(values, name=name, mask=mask))
        else:
            columns.append(MaskedColumn(_strings(values), name))
    return Table(columns, names=batch.column_names)


def _strings(values: Values) -> Values:
    # Text comes as Python objects; a table of strings sorts and prints better.
    if values.dtype != object or not all(isinstance(value, str | bytes) for value in values):
        return values
    texts = [v.decode("utf-8", "replace") if isinstance(v, bytes) else v for v in values]
    return np.array(texts, dtype=str)


class ParquetReader:
    """Reads Parquet files, row group by row group."""

    name = "Parquet"
    version = "1"

    def sniff(self, head: bytes, path: Path) -> bool:
        """Tell from the first bytes of a file whether it is Parquet."""
        return head.startswith(b"PAR1")

    def open(self, path: Path, provenance: Provenance, part: int | str | None = None) -> Dataset:
        """Give the table, of which only the footer is read.

        Raises
        ------
        DamagedFile
            The footer is not there: the file is cut short.
        """
        import pyarrow as pa
        import pyarrow.parquet as pq

        name = Path(provenance.path).name
        _only(part, name)
        try:
            with pq.ParquetFile(path) as file:
                schema, length = file.schema_arrow, file.metadata.num_rows
                found = [file.metadata.row_group(n) for n in range(file.metadata.num_row_groups)]
                groups = [(group.num_rows, group.total_byte_size) for group in found]
        except (pa.ArrowException, OSError) as error:
            raise DamagedFile(
                f"{name} begins like Parquet but has no valid footer ({str(error)[:120]}); it may "
                "be cut short: copy or download it again"
            ) from None
        columns = [(field.name, str(field.type), "") for field in schema]
        rows = _ParquetRows(path, name, groups, schema)
        return _dataset(LazyTable(columns, length, rows), provenance)


class _ParquetRows:
    def __init__(
        self, path: Path, name: str, groups: Sequence[tuple[int, int]], schema: Any
    ) -> None:
        self._path, self._name, self.schema = path, name, schema
        self._gaps: dict[str, bool] = {}
        self._ends = np.cumsum([rows for rows, _ in groups])
        self._sizes = [size for _, size in groups]

    def read(self, start: int, stop: int, columns: Sequence[str]) -> Any:
        first = int(np.searchsorted(self._ends, start, "right"))
        last = int(np.searchsorted(self._ends, max(start, stop - 1), "right"))
        skipped = int(self._ends[first - 1]) if first else 0
        wanted = [n for n in range(first, last + 1) if n < len(self._ends)]
        rows = self._groups(wanted, columns, f"rows {start} to {stop}")
        return _astropy(rows.slice(start - skipped, stop - start))

    def batches(self, columns: Sequence[str], rows: int) -> Iterator[Any]:
        """Give all rows as Arrow has them; batches cross row groups, of which one may hold all rows."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        start = 0
        try:
            with pq.ParquetFile(self._path) as file:
                for batch in file.iter_batches(rows, columns=list(columns)):
                    yield batch
                    start += batch.num_rows
        except (pa.ArrowException, OSError) as error:
            raise DamagedFile(
                f"{self._name}: the rows after {start} cannot be read ({str(error)[:160]}); the file may be "
                "damaged, copy or download it again"
            ) from None

    def gaps(self, columns: Collection[str]) -> set[str]:
        """Give which columns of whole numbers, decimals or flags have missing values: they are read for it.

        A footer tells it too, but PyArrow ends the whole process over one whose statistics are damaged.
        """
        import pyarrow as pa

        kinds = {field.name: field.type for field in self.schema if field.nullable}
        wanted = [n for n in columns if n in kinds and n not in self._gaps]
        told = (pa.types.is_integer, pa.types.is_decimal, pa.types.is_boolean)
        wanted = [n for n in wanted if any(one(kinds[n]) for one in told)]
        found = dict.fromkeys(wanted, False)
        for batch in self.batches(wanted, _ROWS) if wanted else ():
            for name, column in zip(batch.schema.names, batch.columns, strict=True):
                found[name] |= column.null_count > 0
        self._gaps |= found
        return {name for name in columns if self._gaps.get(name)}

    def as_text(self, columns: Collection[str]) -> Self:
        return self

    def take(self, numbers: Values, columns: Sequence[str]) -> Any:
        """Give rows of some numbers, which lie far from each other, in their order.

        Only the row groups that they lie in are read, one after the other.
        """
        import pyarrow as pa

        rows, inverse = np.unique(numbers, return_inverse=True)
        inside = np.searchsorted(self._ends, rows, "right")
        parts = []
        for group in np.unique(inside):
            mine = rows[inside == group]
            read = self._groups([int(group)], columns, f"rows {mine[0]} to {mine[-1]}")
            parts.append(read.take(mine - (self._ends[group - 1] if group else 0)))
        return _astropy(pa.concat_tables(parts).take(inverse.reshape(-1)))

    def _groups(self, numbers: Sequence[int], columns: Sequence[str], which: str) -> Any:
        """Give the Arrow table of some row groups."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        for number in numbers:
            refuse_beyond(
                caps.member_bytes, self._sizes[number], f"{self._name}: its row group {number}"
            )
        try:
            with pq.ParquetFile(self._path) as file:
                return file.read_row_groups(numbers, columns=list(columns))
        except (pa.ArrowException, OSError, ValueError) as error:
            raise DamagedFile(
                f"{self._name}: {which} cannot be read ({str(error)[:160]}); the file may be damaged, copy "
                "or download it again"
            ) from None


class CsvReader:
    """Reads delimited text with a line of column names: commas, semicolons, tabs or bars."""

    name = "CSV"
    version = "1"

    def sniff(self, head: bytes, path: Path) -> bool:
        """Tell from the first bytes of a file whether it is a table of text with named columns."""
        text = text_of(head)
        return text is not None and delimiter_of(text) is not None

    def open(self, path: Path, provenance: Provenance, part: int | str | None = None) -> Dataset:
        """Give the table. Text has no index, so that it is parsed whole.

        Raises
        ------
        DamagedFile
            Rows of another number of columns than the first line names.
        """
        name = Path(provenance.path).name
        _only(part, name)
        refuse_beyond(
            caps.text_bytes, path.stat().st_size, f"{name}: as text, which is read whole, it"
        )
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
        rows = _CsvRows(TextFile(path, name, head))
        table = rows.arrow()
        columns = [(field.name, str(field.type), "") for field in table.schema]
        return _dataset(LazyTable(columns, table.num_rows, rows), provenance)


class _CsvRows:
    """Text has no index: it is parsed once and kept."""

    def __init__(self, file: TextFile) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._table: Any = None
        self._gaps: set[str] = set()

    def arrow(self) -> Any:
        import pyarrow as pa

        with self._lock:
            if self._table is None:
                texts = list(self._file.batches())
                types, _ = types_of(texts)
                self._gaps = {name for name, one in types.items() if one.gaps}
                kinds = {name: one.dtype for name, one in types.items()}
                batches = []
                while texts:  # not all of it twice
                    batches.append(typed(texts.pop(0), kinds))
                self._table = pa.Table.from_batches(batches)
            return self._table

    @property
    def schema(self) -> Any:
        return self.arrow().schema

    def batches(self, columns: Sequence[str], rows: int) -> Iterator[Any]:
        yield from self.arrow().select(list(columns)).to_batches(max_chunksize=rows)

    def gaps(self, columns: Collection[str]) -> set[str]:
        return self._gaps & set(columns)

    def as_text(self, columns: Collection[str]) -> TextRows:
        return TextRows(self._file, columns)

    def read(self, start: int, stop: int, columns: Sequence[str]) -> Any:
        return _astropy(self.arrow().select(list(columns)).slice(start, stop - start))
