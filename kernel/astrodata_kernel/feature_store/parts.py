"""Parts of a view: Parquet files, written once and named after what is in them, which they tell."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
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
        groups = tuple(
            _group(footer.row_group(i), definition) for i in range(footer.num_row_groups)
        )
        if not groups:
            raise ValueError("it has no rows")
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


def _group(group: Any, definition: Definition) -> tuple[Any, ...]:
    [ids, times] = (group.column(i).statistics for i in (0, 1))
    if ids is None or times is None or not (ids.has_min_max and times.has_min_max):
        raise ValueError("it has no statistics of ids and times")
    low, high = ids.min_raw, ids.max_raw
    if definition.id_dtype == "string":
        low, high = (one.decode() if isinstance(one, bytes) else str(one) for one in (low, high))
    return group.num_rows, low, high, int(times.min_raw), int(times.max_raw)


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
