"""Parts of a view: Parquet files, written once and named after what is in them, which they tell."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ..errors import DamagedFile, DataCheckFailed
from .definitions import Definition
from .times import micros

NAME = re.compile(r"[0-9a-f]{32}(-\d{1,6})?\.parquet")
PLAIN = "astrodata."
"""What begins the names of our metadata in a Parquet file."""


@dataclass(frozen=True)
class Part:
    """A Parquet file of a view, as its footer tells it.

    Attributes
    ----------
    file
        Its name.
    rows
        How many.
    created
        When it was written, in microseconds since 1970, UTC.
    content
        ``sha256:`` and the hash of its rows, without the time of writing.
    made_by
        Hash or run that it was made by, or None.
    groups
        Of each row group: rows, lowest and highest id, first and last time in microseconds since 1970.
    size, changed
        Bytes, and time of the last change in ns, of the file.
    """

    file: str
    rows: int
    created: int
    content: str
    made_by: str | None
    groups: tuple[tuple[Any, ...], ...]
    size: int
    changed: int

    @property
    def ids(self) -> tuple[Any, Any]:
        """Lowest and highest id."""
        return min(g[1] for g in self.groups), max(g[2] for g in self.groups)

    @property
    def times(self) -> tuple[int, int]:
        """First and last time in microseconds since 1970, UTC."""
        return min(g[3] for g in self.groups), max(g[4] for g in self.groups)


def digest_block(sha: Any, block: pa.Table) -> None:
    """Count rows into a hash; it is of the values, and not of how Parquet or Arrow lay them out."""
    for name in block.column_names:
        if name == "created_time":
            continue
        values = block[name].combine_chunks()
        if isinstance(values, pa.ChunkedArray):
            values = pa.concat_arrays(values.chunks)
        sha.update(f"{name}\0{values.type}\0{len(values)}\0".encode())
        sha.update(np.packbits(values.is_valid().to_numpy(zero_copy_only=False)).tobytes())
        if pa.types.is_string(values.type):
            for text in values.to_pylist():
                code = b"" if text is None else text.encode()
                sha.update(len(code).to_bytes(4, "little") + code)
            continue
        if pa.types.is_timestamp(values.type):
            values = values.cast(pa.int64())
        filled = values.fill_null(False if pa.types.is_boolean(values.type) else 0)
        plain = np.ascontiguousarray(filled.to_numpy(zero_copy_only=False))
        sha.update(plain.astype(plain.dtype.newbyteorder("<"), copy=False).tobytes())


def part_of(path: Path, definition: Definition, version: int) -> Part:
    """Give what the footer of a part tells.

    Raises
    ------
    DamagedFile
        It cannot be read, or is no part of this version of the view; the text says which.
    """
    try:
        status = path.stat()
        with pq.ParquetFile(path) as file:
            footer, schema = file.metadata, file.schema_arrow
        about = {
            k.decode(): v.decode()
            for k, v in (footer.metadata or {}).items()
            if k.startswith(PLAIN.encode())
        }
        told = [about.get(f"{PLAIN}{key}") for key in ("view", "version", "definition")]
        if told != [definition.name, str(version), definition.digest]:
            raise ValueError("it does not say that it is a part of this version of the view")
        if not schema.equals(definition.schema):
            raise ValueError("its columns are not those of the view")
        content = about[f"{PLAIN}content"]
        if content[7:39] != path.name[:32]:
            raise ValueError("its name is not that of its content")
        created = micros(pd.Timestamp(about[f"{PLAIN}created"]))
        groups = _groups(about[f"{PLAIN}groups"], definition)
        if [group[0] for group in groups] != [
            footer.row_group(i).num_rows for i in range(footer.num_row_groups)
        ]:
            raise ValueError("its row groups are others than it says")
    except OSError as error:
        raise DamagedFile(
            f"{path.name} cannot be read: {str(error.strerror or error)[:120]}"
        ) from None
    except (pa.ArrowException, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DamagedFile(
            f"{path.name} is no part of {definition.name}: {str(error)[:160]}"
        ) from None
    made_by = about.get(f"{PLAIN}made_by")
    return Part(
        path.name,
        footer.num_rows,
        created,
        content,
        made_by,
        groups,
        status.st_size,
        status.st_mtime_ns,
    )


def group_of(block: pa.Table) -> tuple[Any, ...]:
    """Give what is told of the rows of a group: their number, lowest and highest id, first and last time."""
    both = (block["event_id"], block["event_time"].cast(pa.int64()))
    ids, times = (pc.min_max(values).as_py() for values in both)
    return len(block), ids["min"], ids["max"], times["min"], times["max"]


def _groups(text: str, definition: Definition) -> tuple[tuple[Any, ...], ...]:
    """Give what a part tells of its row groups.

    Parquet has statistics of its own for this, but PyArrow ends the whole process where these are damaged.

    Raises
    ------
    ValueError, TypeError
        It is not what is written.
    """
    kind = str if definition.id_dtype == "string" else int
    groups = tuple(
        (rows, low, high, first, last) for rows, low, high, first, last in json.loads(text)
    )
    for rows, low, high, first, last in groups:
        if not (type(low) is type(high) is kind and type(rows) is type(first) is type(last) is int):
            raise ValueError("what it tells of its row groups is not of their types")
        if low > high or first > last:
            raise ValueError("what it tells of its row groups has no order")
    if not groups:
        raise ValueError("it has no rows")
    return groups


def check_part(path: Path, definition: Definition, part: Part) -> None:
    """Read all of a part.

    Raises
    ------
    DamagedFile
        Pages that cannot be read.
    DataCheckFailed
        Rows that are others than those it was named after, or of another time of writing.
    """
    sha = hashlib.sha256(definition.digest.encode())
    try:
        with pq.ParquetFile(path) as file:
            for number in range(file.num_row_groups):
                block = file.read_row_group(number)
                digest_block(sha, block)
                stamps = block["created_time"].cast(pa.int64()).unique().to_pylist()
                if stamps != [part.created]:
                    raise DataCheckFailed(
                        f"{path.name}: its rows tell another time of writing than its footer"
                    )
    except (OSError, pa.ArrowException) as error:
        raise DamagedFile(f"{path.name} cannot be read: {str(error)[:160]}") from None
    if f"sha256:{sha.hexdigest()}" != part.content:
        raise DataCheckFailed(f"{path.name}: its rows are others than those that were written")
