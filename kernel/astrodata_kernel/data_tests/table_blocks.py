"""Tables as blocks of rows: of memory, FITS, Parquet and text, of which never all is read at once."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..datasets import Dataset, LazyTable
from ..errors import BadRequest, DamagedFile
from .given import ROWS, Block, Column, Given, column_of, series_of


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


def of_table(dataset: Dataset) -> Given:
    """Give a data set of kind table; its units are those of the FITS header or of the Parquet file."""
    origin = dataset.provenance
    path = None if origin is None else origin.path
    if origin is not None and origin.reader == "Parquet" and Path(origin.path).is_file():
        return of_parquet(Path(origin.path), dataset)
    table = dataset.table
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


def of_parquet(path: Path, source: Any = None) -> Given:
    """Give a Parquet file, in blocks that cross its row groups: one may hold all of its rows."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            schema, count = file.schema_arrow, file.metadata.num_rows
            gaps = _with_gaps(file)
    except (pa.ArrowException, OSError) as error:
        raise DamagedFile(
            f"{path.name} is no Parquet file that can be read ({str(error)[:120]}): copy it again"
        ) from None

    def read(names: Sequence[str]) -> Iterator[Block]:
        start = 0
        try:
            with pq.ParquetFile(path) as file:
                for batch in file.iter_batches(ROWS, columns=list(names)):
                    yield arrow_block(batch, start, gaps)
                    start += batch.num_rows
        except (pa.ArrowException, OSError) as error:
            raise DamagedFile(
                f"{path.name}: the rows after {start} cannot be read ({str(error)[:160]}); the file may be "
                "damaged, copy or download it again"
            ) from None

    empty = arrow_block(schema.empty_table(), 0, gaps)
    columns = facts(empty, schema.names, parquet_units(schema))
    return Given(path.name, "table", columns, count, read, str(path), source)


def _with_gaps(file: Any) -> set[str]:
    """Give the columns of which some row group has missing values, or does not say."""
    found = set()
    for number in range(file.metadata.num_row_groups):
        group = file.metadata.row_group(number)
        for i in range(group.num_columns):
            told = group.column(i).statistics
            if told is None or not told.has_null_count or told.null_count:
                found.add(group.column(i).path_in_schema)
    return found


def parquet_units(schema: Any) -> dict[str, str]:
    """Give the units that a Parquet file tells: in a field's metadata, or as astropy writes them."""
    units: dict[str, str] = {}
    for one in schema:
        told = one.metadata or {}
        for key in (b"unit", b"units", b"UNIT"):
            if key in told:
                units[one.name] = told[key].decode("utf-8", "replace")
    whole = schema.metadata or {}
    try:
        attributes = json.loads(whole.get(b"pandas", b"{}")).get("attributes", {})
        units |= {str(k): str(v) for k, v in attributes.get("units", {}).items()}
    except (ValueError, AttributeError, TypeError):
        pass  # somebody else's metadata
    if b"table_meta_yaml" in whole and len(whole[b"table_meta_yaml"]) < 1 << 20:
        import yaml

        try:
            for column in yaml.safe_load(whole[b"table_meta_yaml"])["datatype"]:
                if column.get("unit"):
                    units[str(column["name"])] = str(column["unit"])
        except (yaml.YAMLError, KeyError, TypeError, AttributeError, RecursionError):
            pass
    return units


def arrow_block(batch: Any, start: int, gaps: set[str]) -> Block:
    """Give a block of an Arrow table; whole numbers with missing ones among them stay whole."""
    import pyarrow as pa

    series: dict[str, Any] = {}
    arrays: dict[str, Any] = {}
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        kind = column.type
        if (
            pa.types.is_list(kind)
            or pa.types.is_large_list(kind)
            or pa.types.is_fixed_size_list(kind)
        ):
            rows = column.to_numpy(zero_copy_only=False) if len(column) else np.empty(0, object)
            same = len({len(row) for row in rows if row is not None}) == 1 and None not in list(
                rows
            )
            arrays[name] = np.stack(list(rows)) if same else np.asarray(rows, dtype=object)
            continue
        if pa.types.is_dictionary(kind):
            column = column.cast(kind.value_type)
        if (pa.types.is_integer(kind) or pa.types.is_boolean(kind)) and name in gaps:
            names = {"bool": "boolean"}
            dtype = names.get(str(kind), str(kind).replace("int", "Int").replace("uI", "UI"))
            gone = np.asarray(column.is_null())
            filled = column.fill_null(False if str(kind) == "bool" else 0)
            values = pd.Series(filled.to_numpy(zero_copy_only=False)).astype(dtype)
            series[name] = values.mask(gone) if gone.any() else values
            continue
        series[name] = column.to_pandas()
    frame = pd.DataFrame(series, index=range(batch.num_rows))
    return Block((start,), frame.set_axis(range(start, start + batch.num_rows)), arrays)
