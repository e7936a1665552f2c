"""Which files and row groups a question needs, and reading them with PyArrow alone: for pandas and Dask."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ..errors import DamagedFile
from .definitions import TIME
from .parts import Part

PIECE = 1 << 20
"""Rows of a piece, about: what is in memory at once, and what a partition of Dask has."""


@dataclass(frozen=True)
class Wanted:
    """A question: ids (sorted, each once; or None for all), and times in microseconds since 1970.

    `start` counts, `stop` does not. `low` and `high` bound the ids, `high` not included.
    """

    ids: tuple[Any, ...] | None = None
    start: int | None = None
    stop: int | None = None
    low: Any = None
    high: Any = None

    def needs(self, low: Any, high: Any, first: int, last: int) -> bool:
        """Tell whether rows with these ranges of ids and times may be wanted."""
        if (self.start is not None and last < self.start) or (
            self.stop is not None and first >= self.stop
        ):
            return False
        if (self.low is not None and high < self.low) or (
            self.high is not None and low >= self.high
        ):
            return False
        if self.ids is None:
            return True
        at = bisect_left(self.ids, low)
        return at < len(self.ids) and self.ids[at] <= high

    def between(self, low: Any, high: Any) -> Wanted:
        """Give the same question of a range of ids, `high` not included; None is no bound."""
        ids = self.ids
        if ids is not None:
            first = 0 if low is None else bisect_left(ids, low)
            ids = ids[first : len(ids) if high is None else bisect_left(ids, high)]
        return replace(self, ids=ids, low=low, high=high)

    def of(self, parts: Sequence[Part]) -> list[Part]:
        """Give the parts that may have rows of it."""
        return [part for part in parts if self.needs(*part.ids, *part.times)]

    def mask(self, table: pa.Table) -> Any:
        """Give which rows are wanted, or None for all."""
        ident, moment = table["event_id"], table["event_time"].cast(pa.int64())
        tests = []
        if self.ids is not None:
            tests.append(pc.is_in(ident, value_set=pa.array(self.ids, ident.type)))
        tests += [] if self.start is None else [pc.greater_equal(moment, self.start)]
        tests += [] if self.stop is None else [pc.less(moment, self.stop)]
        tests += [] if self.low is None else [pc.greater_equal(ident, self.low)]
        tests += [] if self.high is None else [pc.less(ident, self.high)]
        found = None
        for test in tests:
            found = test if found is None else pc.and_(found, test)
        return found


@dataclass(frozen=True)
class Piece:
    """Row groups that are read at once: files with the numbers of their groups, oldest first."""

    files: tuple[tuple[str, tuple[int, ...]], ...]
    wanted: Wanted
    repeated: bool


def apart(parts: Sequence[Part]) -> tuple[list[Part], list[list[Part]]]:
    """Give the parts that can share no event and time with another, and the groups of those that may."""
    home = list(range(len(parts)))

    def root(i: int) -> int:
        while home[i] != i:
            home[i] = home[home[i]]
            i = home[i]
        return i

    ends = sorted({end for part in parts for end in part.ids})
    rank = {end: number for number, end in enumerate(ends)}
    boxes = np.array([[*(rank[end] for end in part.ids), *part.times] for part in parts], np.int64)
    for i in range(1, len(parts)):
        low, high, first, last = boxes[i]
        others = boxes[:i]
        meets = (others[:, 1] >= low) & (others[:, 0] <= high)
        meets &= (others[:, 3] >= first) & (others[:, 2] <= last)
        for j in np.flatnonzero(meets).tolist():
            home[root(i)] = root(j)
    groups: dict[int, list[Part]] = {}
    for i, part in enumerate(parts):
        groups.setdefault(root(i), []).append(part)
    alone = [group[0] for group in groups.values() if len(group) == 1]
    several = [group for group in groups.values() if len(group) > 1]
    return alone, [sorted(group, key=lambda p: (p.created, p.file)) for group in several]


def pieces(folder: Path, parts: Sequence[Part], wanted: Wanted, size: int = PIECE) -> list[Piece]:
    """Give what is to be read, in pieces of about `size` rows that share no event and time."""
    alone, several = apart(wanted.of(parts))
    made = []
    for group in [*([part] for part in alone), *several]:
        for cut in _cuts(group, wanted, size):
            files = tuple((str(folder / part.file), _groups(part, cut)) for part in group)
            files = tuple(one for one in files if one[1])
            if files:
                made.append(Piece(files, cut, len(group) > 1))
    return made


def _cuts(group: list[Part], wanted: Wanted, size: int) -> list[Wanted]:
    """Give the question in ranges of ids, so that none has many more rows than `size`."""
    needed = sorted(
        ((g[1], g[0]) for part in group for g in part.groups if wanted.needs(*g[1:])),
        key=lambda one: one[0],
    )
    edges, rows = [], 0
    for low, count in needed:
        if rows + count > size and rows and (not edges or low > edges[-1]) and low > needed[0][0]:
            edges.append(low)
            rows = 0
        rows += count
    ends = [None, *edges, None]
    return [wanted.between(a, b) for a, b in pairwise(ends)]


def _groups(part: Part, wanted: Wanted) -> tuple[int, ...]:
    return tuple(i for i, group in enumerate(part.groups) if wanted.needs(*group[1:]))


def read_piece(piece: Piece, columns: Sequence[str]) -> pd.DataFrame:
    """Give the rows of a piece: of each event and time the one that was written last.

    Raises
    ------
    DamagedFile
        Pages that cannot be read; the text names the file.
    """
    names = list(dict.fromkeys(["event_id", "event_time", *columns]))
    tables = []
    for path, groups in piece.files:
        try:
            with pq.ParquetFile(path) as file:
                for number in groups:
                    table = file.read_row_group(number, names)
                    mask = piece.wanted.mask(table)
                    tables.append(table if mask is None else table.filter(mask))
        except (OSError, pa.ArrowException) as error:
            raise DamagedFile(
                f"{path} cannot be read ({str(error)[:120]}): move it away and write its features again"
            ) from None
    frame = framed(pa.concat_tables(tables).select(names))
    if piece.repeated:
        frame = frame.drop_duplicates(["event_id", "event_time"], keep="last")
    frame = frame.sort_values(["event_id", "event_time"], ignore_index=True)
    return frame[list(columns)]


def framed(table: pa.Table) -> pd.DataFrame:
    """Give a DataFrame in which whole numbers and truths with gaps stay what they are."""
    nullable = {
        getattr(pa, name.lower())(): getattr(pd, f"{name}Dtype")()
        for name in ("Int8", "Int16", "Int32", "Int64", "UInt8", "UInt16", "UInt32", "UInt64")
    }
    made = {}
    for name in table.column_names:
        column = table[name]
        if pa.types.is_timestamp(column.type):
            column = column.cast(TIME)
        kind = nullable.get(column.type) or (
            pd.BooleanDtype() if pa.types.is_boolean(column.type) else None
        )
        gaps = kind is not None and column.null_count > 0
        made[name] = (
            column.to_pandas(types_mapper=lambda _, kind=kind: kind) if gaps else column.to_pandas()
        )
    return pd.DataFrame(made)
