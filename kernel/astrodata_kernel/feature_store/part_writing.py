"""Writing a part: hidden, block by block, and named after its content when it is whole."""

from __future__ import annotations

import contextlib
import hashlib
import json
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ..errors import BadRequest, UnreadableFile
from ..writing import write_whole
from .definitions import FORMAT, TIME, Definition
from .parts import PLAIN, Part, digest_block, group_of
from .times import micros

ROWS = 1 << 16
"""Rows of a row group at most: what ten events cost, at least."""

GROUP_BYTES = 16 << 20
TOGETHER_BYTES = 64 << 20
"""Of blocks that are sorted together, so that a row group has few ids."""

_OLD = 24 * 3600


def write_part(
    folder: Path,
    definition: Definition,
    version: int,
    blocks: Iterable[pa.Table],
    created: pd.Timestamp,
    made_by: str | None,
    known: Callable[[str], Part | str],
) -> tuple[str, bool]:
    """Write blocks of checked rows as one part, and give its name and whether it is new.

    The file is written hidden and has its name only when it is whole.

    Parameters
    ----------
    folder
        Where the parts are.
    definition, version
        Of the view.
    blocks
        As `checking.checked` gives them.
    created
        Time of writing, of all rows.
    made_by
        Hash of the lineage, or run.
    known
        Told the content's hash; gives the part that has this content already, or the name
        that the file shall have.

    Raises
    ------
    BadRequest
        No rows, or an event that two blocks have for the same time.
    UnreadableFile
        The disk is full, or the folder does not take it; nothing is left there.
    """
    _sweep(folder)
    hidden = folder / f".{uuid.uuid4().hex}.incoming"
    state = _Writing(definition, version, created, made_by)
    try:
        write_whole(hidden, lambda file: state.write(file, blocks))
        if state.mixed:
            _no_repeats(hidden)
        found = known(state.content)
        if isinstance(found, Part):
            return found.file, False
        hidden.replace(folder / found)
        return found, True
    except OSError as error:
        if isinstance(error, UnreadableFile):
            raise
        raise UnreadableFile(
            f"{folder} does not take the part: {error.strerror or error}; free some space, or see whether "
            "the view was removed"
        ) from None
    finally:
        with contextlib.suppress(OSError):
            hidden.unlink(missing_ok=True)


class _Writing:
    """A part while it is written: its hash, and whether its blocks follow each other."""

    def __init__(
        self, definition: Definition, version: int, created: pd.Timestamp, made_by: str | None
    ) -> None:
        self.content, self.mixed = "", False
        self._sha = hashlib.sha256(definition.digest.encode())
        self._created = pa.scalar(micros(created), TIME)
        self._last: Any = None
        about = {
            "format": str(FORMAT),
            "view": definition.name,
            "version": str(version),
            "entity": definition.entity,
            "definition": definition.digest,
            "source": json.dumps(dict(definition.source), sort_keys=True),
            "source_hash": definition.source_hash,
            "units": json.dumps({c.name: c.unit for c in definition.columns}, ensure_ascii=False),
            "created": created.isoformat(),
            **({} if made_by is None else {"made_by": made_by}),
        }
        told = {f"{PLAIN}{key}": value for key, value in about.items()}
        self._schema = definition.schema.with_metadata(told)

    def write(self, file: Any, blocks: Iterable[pa.Table]) -> None:
        """Write all blocks into an open file."""
        groups: list[tuple[Any, ...]] = []
        # Its rows are sorted: with dictionaries, the ids would be written twice.
        texts = [
            f.name for f in self._schema if pa.types.is_string(f.type) and f.name != "event_id"
        ]
        with pq.ParquetWriter(
            file, self._schema, compression="zstd", use_dictionary=texts
        ) as writer:
            for block in _gathered(blocks):
                ends = _ends(block)
                self.mixed |= self._last is not None and ends[0] <= self._last
                self._last = max(ends[1], self._last or ends[1])
                stamped = block.add_column(2, "created_time", pa.repeat(self._created, len(block)))
                width = max(1, _bytes(block) // len(block))
                group = int(np.clip(GROUP_BYTES // width, 4096, ROWS))
                for start in range(0, len(block), group):  # as it will be read again
                    one = block.slice(start, group)
                    digest_block(self._sha, one)
                    groups.append(group_of(one))
                writer.write_table(stamped.cast(self._schema), group)
            if not groups:
                raise BadRequest("there are no rows to write: give at least one")
            self.content = f"sha256:{self._sha.hexdigest()}"
            writer.add_key_value_metadata(
                {
                    f"{PLAIN}content": self.content,
                    f"{PLAIN}groups": json.dumps(groups, ensure_ascii=False, separators=(",", ":")),
                }
            )


def _gathered(blocks: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """Give fewer, larger blocks, each sorted; small ones would be as many row groups."""
    kept: list[pa.Table] = []
    size = 0
    for block in blocks:
        if len(block):
            kept.append(block)
            size += _bytes(block)
        if size >= TOGETHER_BYTES:
            yield _together(kept)
            kept, size = [], 0
    if kept:
        yield _together(kept)


def _together(blocks: list[pa.Table]) -> pa.Table:
    if len(blocks) == 1:
        return blocks[0]
    made = pa.concat_tables(blocks).combine_chunks()
    keys = [end for one in blocks for end in _ends(one)]
    follow = all(a < b for a, b in zip(keys[1::2], keys[2::2], strict=False))
    if not follow:
        made = made.sort_by([("event_id", "ascending"), ("event_time", "ascending")])
        _refuse_repeats(made)
    return made


def _ends(block: pa.Table) -> list[tuple[Any, Any]]:
    """Give id and time of the first row and of the last."""
    times = block["event_time"].cast(pa.int64())
    return [(block["event_id"][i].as_py(), times[i].as_py()) for i in (0, -1)]


def _bytes(block: pa.Table) -> int:
    """Give how large the values are, whatever library made them: the content's hash hangs on it."""
    size = 0
    for column in block.columns:
        if pa.types.is_string(column.type):
            size += pc.sum(pc.binary_length(column)).as_py() or 0
        else:
            size += len(column) * max(1, column.type.bit_width // 8)
    return size


def _refuse_repeats(table: pa.Table) -> None:
    frame = table.select(["event_id", "event_time"]).to_pandas()
    twice = frame.duplicated()
    if twice.any():
        ident, moment = frame[twice.to_numpy()].iloc[0]
        raise BadRequest(f"event {ident} comes twice at {moment}, in two blocks: keep one")


def _no_repeats(path: Path) -> None:
    """Refuse a part whose blocks have the same event at the same time; only ids and times are read."""
    with pq.ParquetFile(path) as file:
        _refuse_repeats(file.read(["event_id", "event_time"]))


def _sweep(folder: Path) -> None:
    """Remove what writers that were killed left behind a day ago or more."""
    with contextlib.suppress(OSError):
        for path in folder.glob(".*"):
            left = path.suffix in (".incoming", ".part") and path.is_file()
            if left and time.time() - path.stat().st_mtime > _OLD:
                path.unlink()
