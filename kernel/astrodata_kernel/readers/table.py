"""Tables in CSV and Parquet files, through Arrow."""

from __future__ import annotations

import csv
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..datasets import Dataset, LazyTable, Part, Provenance
from ..errors import DamagedFile, UnknownName

_DELIMITERS = ",;\t|"


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
            values = np.zeros(len(column), filled.dtype)
            values[~mask] = filled
            columns.append(MaskedColumn(values, name=name, mask=mask))
        else:
            # Text comes as Python objects; a table of strings sorts and prints better.
            columns.append(
                MaskedColumn(values.astype(str) if values.dtype == object else values, name)
            )
    return Table(columns, names=batch.column_names)


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

        _only(part, path.name)
        try:
            with pq.ParquetFile(path) as file:
                schema, length = file.schema_arrow, file.metadata.num_rows
                groups = [
                    file.metadata.row_group(n).num_rows for n in range(file.metadata.num_row_groups)
                ]
        except (pa.ArrowException, OSError) as error:
            raise DamagedFile(
                f"{path.name} begins like Parquet but has no valid footer ({str(error)[:120]}); it may "
                "be cut short: copy or download it again"
            ) from None
        columns = [(field.name, str(field.type), "") for field in schema]
        return _dataset(LazyTable(columns, length, _ParquetRows(path, groups)), provenance)


class _ParquetRows:
    def __init__(self, path: Path, groups: Sequence[int]) -> None:
        self._path = path
        self._ends = np.cumsum(groups)

    def read(self, start: int, stop: int, columns: Sequence[str]) -> Any:
        import pyarrow as pa
        import pyarrow.parquet as pq

        first = int(np.searchsorted(self._ends, start, "right"))
        last = int(np.searchsorted(self._ends, max(start, stop - 1), "right"))
        skipped = int(self._ends[first - 1]) if first else 0
        try:
            with pq.ParquetFile(self._path) as file:
                wanted = [n for n in range(first, last + 1) if n < len(self._ends)]
                rows = file.read_row_groups(wanted, columns=list(columns))
        except (pa.ArrowException, OSError) as error:
            raise DamagedFile(
                f"{self._path.name}: rows cannot be read ({str(error)[:160]})"
            ) from None
        return _astropy(rows.slice(start - skipped, stop - start))


class CsvReader:
    """Reads delimited text with a line of column names: commas, semicolons, tabs or bars."""

    name = "CSV"
    version = "1"

    def sniff(self, head: bytes, path: Path) -> bool:
        """Tell from the first bytes of a file whether it is a table of text with named columns."""
        text = _text(head)
        return text is not None and _delimiter(text) is not None

    def open(self, path: Path, provenance: Provenance, part: int | str | None = None) -> Dataset:
        """Give the table. Text has no index, so that it is parsed whole.

        Raises
        ------
        DamagedFile
            Rows of another number of columns than the first line names.
        """
        _only(part, path.name)
        with path.open("rb") as file:
            head = file.read(1 << 16)
        delimiter = _delimiter(_text(head) or "") or ","
        rows = _CsvRows(path, delimiter)
        table = rows.arrow()
        columns = [(field.name, str(field.type), "") for field in table.schema]
        return _dataset(LazyTable(columns, table.num_rows, rows), provenance)


def _text(head: bytes) -> str | None:
    if b"\0" in head:
        return None
    # The last bytes may be half of a character.
    for cut in range(4):
        try:
            return head[: len(head) - cut].decode("utf-8-sig")
        except UnicodeDecodeError:
            continue
    return None


def _delimiter(text: str) -> str | None:
    lines = [line for line in text.splitlines() if line.strip()]
    complete = lines if text.endswith("\n") else lines[:-1] or lines
    if len(complete) < 2:
        return None
    for delimiter in _DELIMITERS:
        rows = list(csv.reader(complete[:20], delimiter=delimiter))
        widths = {len(row) for row in rows}
        names = [name.strip() for name in rows[0]]
        named = len(set(names)) == len(names) and all(names) and not any(map(_is_number, names))
        if len(widths) == 1 and widths.pop() > 1 and named:
            return delimiter
    return None


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


class _CsvRows:
    """Text has no index: it is parsed once, by all cores, and kept."""

    def __init__(self, path: Path, delimiter: str) -> None:
        self._path, self._delimiter = path, delimiter
        self._lock = threading.Lock()
        self._table: Any = None

    def arrow(self) -> Any:
        import pyarrow as pa
        from pyarrow import csv as arrow_csv

        with self._lock:
            if self._table is None:
                try:
                    self._table = arrow_csv.read_csv(
                        self._path,
                        parse_options=arrow_csv.ParseOptions(delimiter=self._delimiter),
                    )
                except pa.ArrowException as error:
                    raise DamagedFile(
                        f"{self._path.name} begins like CSV, but: {str(error)[:200]}"
                    ) from None
            return self._table

    def read(self, start: int, stop: int, columns: Sequence[str]) -> Any:
        return _astropy(self.arrow().select(list(columns)).slice(start, stop - start))
