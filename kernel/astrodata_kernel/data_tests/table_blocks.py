"""Tables as blocks of rows: of memory, FITS, Parquet and text, of which never all is read at once."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..datasets import Dataset, LazyTable
from ..datasets.lazy import ArrowRows
from ..errors import BadRequest
from ..processing.table_units import units_of_schema
from ..processing.tabular.series import columns_of_arrow, series_of
from ..readers.table import HEAD_BYTES
from ..readers.text_columns import TextFile, TextRows
from .given import ROWS, Block, Column, Given, column_of


def of_frame(frame: pd.DataFrame, name: str) -> Given:
    """Give a DataFrame; units of its columns are those in ``frame.attrs["units"]``.

    Raises
    ------
    BadRequest
        Columns of one name.
    """
    if not frame.columns.is_unique:
        twice = frame.columns[frame.columns.duplicated()][0]
        raise BadRequest(f"{name} has two columns {twice!r}: rename one")
    units = frame.attrs.get("units", {})
    by_name = {str(label): label for label in frame.columns}

    def read(names: Sequence[str]) -> Iterator[Block]:
        chosen = frame[[by_name[n] for n in names]]
        for start in range(0, max(len(frame), 1), ROWS):
            part = chosen.iloc[start : start + ROWS]
            yield Block(
                (start,),
                part.set_axis(range(start, start + len(part))).set_axis(list(names), axis=1),
            )

    columns = {n: column_of(n, frame[c], str(units.get(c, ""))) for n, c in by_name.items()}
    return Given(name, "table", columns, len(frame), read, source=frame)


def of_arrays(arrays: Mapping[str, Any], name: str, source: Any, kind: str = "table") -> Given:
    """Give columns in memory, with one value a row or several.

    Raises
    ------
    BadRequest
        Columns of different lengths.
    """
    held = {str(key): np.ma.asanyarray(value) for key, value in arrays.items()}
    lengths = {key: (len(value) if value.ndim else -1) for key, value in held.items()}
    if len(set(lengths.values())) > 1 or -1 in lengths.values():
        told = ", ".join(f"{key}: {n if n >= 0 else 'one value'}" for key, n in lengths.items())
        raise BadRequest(f"{name}: columns of one table have one length ({told[:300]})")
    count = next(iter(lengths.values()), 0)
    units = {key: str(getattr(value, "unit", None) or "") for key, value in arrays.items()}

    def read(names: Sequence[str]) -> Iterator[Block]:
        for start in range(0, max(count, 1), ROWS):
            yield block_of({n: held[n][start : start + ROWS] for n in names}, start)

    sample = block_of({n: value[:1000] for n, value in held.items()}, 0)
    return Given(name, kind, facts(sample, list(held), units), count, read, source=source)


def of_table(dataset: Dataset, as_text: Collection[str] = ()) -> Given:
    """Give a data set of kind table; its units are those of the FITS header or of the Parquet file."""
    path = None if dataset.provenance is None else dataset.provenance.path
    table = dataset.table
    if table.arrow is not None:
        rows = table.arrow.as_text(as_text) if as_text else table.arrow
        return of_arrow(rows, dataset.name, len(table), path, dataset)
    return Given(
        dataset.name, "table", lazy_columns(table), len(table), lazy_blocks(table), path, dataset
    )


def lazy_columns(table: LazyTable) -> dict[str, Column]:
    """Give what is known of the columns of a table on disk."""
    units = {name: unit for name, _, unit in table.columns}
    sample = _lazy_block(table, 0, min(len(table), 8), table.colnames)
    return facts(sample, table.colnames, units)


def lazy_blocks(table: LazyTable) -> Any:
    """Give what reads the blocks of a table on disk."""

    def read(names: Sequence[str]) -> Iterator[Block]:
        for start in range(0, max(len(table), 1), ROWS):
            yield _lazy_block(table, start, min(start + ROWS, len(table)), names)

    return read


def _lazy_block(table: LazyTable, start: int, stop: int, names: Sequence[str]) -> Block:
    if not names:
        return Block((start,), pd.DataFrame(index=range(start, stop)))
    found = table.rows(start, stop, list(names))
    return block_of({n: found[n] for n in names}, start)


def block_of(columns: Mapping[str, Any], start: int) -> Block:
    """Give a block of columns that are arrays or columns of astropy."""
    series: dict[str, Any] = {}
    arrays: dict[str, Any] = {}
    length = 0
    for name, column in columns.items():
        values = column if isinstance(column, np.ndarray) else np.asarray(column)
        length = len(values)
        one = series_of(values)
        if one is None:
            arrays[name] = np.asarray(
                np.ma.filled(values, np.nan) if values.dtype.kind == "f" else values
            )
        else:
            series[name] = one
    frame = pd.DataFrame(series, index=range(length))
    return Block((start,), frame.set_axis(range(start, start + length)), arrays)


def facts(sample: Block, names: Sequence[str], units: Mapping[str, str]) -> dict[str, Column]:
    """Give what is known of columns of which a block was read."""
    found = {}
    for name in names:
        unit = units.get(name, "")
        if name in sample.arrays:
            dtype = sample.arrays[name].dtype
            kind = "other" if dtype.kind not in "iufb" else "vector"
            found[name] = Column(name, kind, str(dtype), unit, dtype.kind in "iu")
        else:
            found[name] = column_of(name, sample.frame[name], unit)
    return found


def of_text(path: Path, as_text: Collection[str] = ()) -> Given:
    """Give a CSV file, looked through once for types that all of its rows fit, and never all in memory.

    Parameters
    ----------
    path
        Of the file.
    as_text
        Columns that stay texts as they are written, whatever their values look like.

    Raises
    ------
    DamagedFile
        Rows of another number of columns than the first line names.
    """
    with path.open("rb") as opened:
        file = TextFile(path, path.name, opened.read(HEAD_BYTES))
    rows = TextRows(file, as_text)
    return of_arrow(rows, path.name, rows.count, str(path), known=rows.gaps(rows.schema.names))


def of_arrow(
    rows: ArrowRows,
    name: str,
    count: int,
    path: str | None = None,
    source: Any = None,
    known: Collection[str] = (),
) -> Given:
    """Give a table that Arrow reads, in blocks that cross its row groups: one may hold all of its rows.

    `known` are columns that are known to have missing values before they are read.
    """
    schema = rows.schema

    def read(names: Sequence[str]) -> Iterator[Block]:
        start, gaps = 0, rows.gaps(names)
        for batch in rows.batches(names, ROWS):
            if batch.num_rows:
                yield arrow_block(batch, start, gaps)
                start += batch.num_rows
        if not start:
            yield arrow_block(schema.empty_table().select(list(names)), 0, gaps)

    empty = arrow_block(schema.empty_table(), 0, known)
    columns = facts(empty, schema.names, units_of_schema(schema))
    return Given(name, "table", columns, count, read, path, source)


def arrow_block(batch: Any, start: int, gaps: Collection[str]) -> Block:
    """Give a block of an Arrow table, with columns as `processing.tabular.table_of` has them."""
    found = columns_of_arrow(batch, gaps)
    arrays = {name: one for name, one in found.items() if isinstance(one, np.ndarray)}
    series = {name: one for name, one in found.items() if name not in arrays}
    frame = pd.DataFrame(series, index=range(batch.num_rows))
    return Block((start,), frame.set_axis(range(start, start + batch.num_rows)), arrays)
