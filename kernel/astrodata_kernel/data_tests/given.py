"""Any data as blocks of rows: what a check sees of tables, traces, images, scenes, arrays, latents."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..errors import UnknownName

ROWS = 1 << 17
"""Rows of a block of a table."""

Values = npt.NDArray[Any]
Place = int | tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Column:
    """What is known of a column before its values are read.

    `kind` is ``"number"``, ``"flag"``, ``"text"``, ``"time"``, ``"vector"`` (several values a row: samples of
    traces, pixels of an image) or ``"other"``; `whole` says whether its numbers are whole ones.
    """

    name: str
    kind: str
    dtype: str
    unit: str = ""
    whole: bool = False


@dataclass(frozen=True, eq=False)
class Block:
    """Some rows: a DataFrame of what has one value a row, and arrays of the rest.

    Parameters
    ----------
    origin
        Where the block begins: the number of its first row, or the first index along each axis.
    frame
        Columns with one value a row.
    arrays
        Columns of kind ``"vector"``, by name.
    """

    origin: tuple[int, ...]
    frame: pd.DataFrame
    arrays: dict[str, Values] = field(default_factory=dict)

    def __contains__(self, name: object) -> bool:
        return name in self.arrays or name in self.frame

    def values(self, name: str) -> Any:
        """Give a column's values: a Series, or an array with several values a row."""
        return self.arrays[name] if name in self.arrays else self.frame[name]

    def place(self, name: str, number: int) -> Place:
        """Give where the value of a number, counted through the block, lies in the whole data."""
        if name not in self.arrays:
            return self.origin[0] + int(number)
        at = np.unravel_index(int(number), self.arrays[name].shape)
        starts = (*self.origin, *([0] * len(at)))[: len(at)]
        return tuple(int(a) + s for a, s in zip(at, starts, strict=True))


@dataclass(frozen=True, eq=False)
class Given:
    """Data that a check is asked of.

    Parameters
    ----------
    name, path
        What it is called, and its file; None where it has none.
    kind
        ``"table"``, ``"waveforms"``, ``"strain"``, ``"spectrum"``, ``"image"``, ``"cube"``, ``"scene"``,
        ``"array"`` or ``"latents"``.
    columns
        By name.
    count
        Number of rows (traces, points, lines of pixels); None where it is known only after reading.
    read
        Gives the blocks of some columns.
    source
        What was given: a `Dataset`, a DataFrame, `Latents`, ...
    """

    name: str
    kind: str
    columns: dict[str, Column]
    count: int | None
    read: Callable[[Sequence[str]], Iterator[Block]] = field(repr=False)
    path: str | None = None
    source: Any = field(default=None, repr=False)

    def blocks(self, names: Sequence[str]) -> Iterator[Block]:
        """Give the blocks of some columns, in the order of the rows; none is kept."""
        return self.read(list(names))

    def column(self, name: str) -> Column:
        """Give what is known of a column.

        Raises
        ------
        UnknownName
            There is none of that name; the text names the nearest.
        """
        if name not in self.columns:
            every = list(self.columns)
            close = difflib.get_close_matches(str(name), every, 3, 0.5)
            lower = [n for n in every if n.casefold() == str(name).casefold()]
            hint = f"did you mean {', '.join(lower or close)}?" if lower or close else ""
            hint = hint or f"it has {', '.join(every[:8]) or 'none'}"
            raise UnknownName(f"{self.name} has no column {name!r}: {hint}")
        return self.columns[name]


def column_of(name: str, series: pd.Series, unit: str = "") -> Column:
    """Give what is known of a column of a DataFrame."""
    dtype = series.dtype
    kinds = pd.api.types
    if kinds.is_bool_dtype(dtype):
        kind = "flag"
    elif kinds.is_numeric_dtype(dtype):
        kind = "number"
    elif kinds.is_datetime64_any_dtype(dtype):
        kind = "time"
    elif kinds.is_string_dtype(dtype) or isinstance(dtype, pd.CategoricalDtype):
        kind = "text"
    else:
        inferred = kinds.infer_dtype(series.iloc[:1000], skipna=True)
        kind = "text" if inferred in ("string", "empty") else "other"
    return Column(name, kind, str(dtype), unit, kinds.is_integer_dtype(dtype))


def pieces(shape: Sequence[int], most: int) -> Iterator[tuple[slice, ...]]:
    """Give slices that cover an array in C order, of at most about so many values each."""
    if not shape:
        yield ()
        return
    inner = int(np.prod(shape[1:], dtype=np.int64)) if len(shape) > 1 else 1
    if inner > most:
        for i in range(shape[0]):
            for rest in pieces(shape[1:], most):
                yield (slice(i, i + 1), *rest)
        return
    step = max(1, most // max(inner, 1))
    for start in range(0, shape[0], step):
        yield (slice(start, min(start + step, shape[0])), *(slice(0, n) for n in shape[1:]))
