"""Arrays and tables of which only what is asked for is read."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from html import escape
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from ..errors import BadRequest, TooLarge, UnknownName

Block = tuple[slice, ...]
Values = npt.NDArray[Any]


class LazyArray:
    """An array on disk that slices like one in memory.

    Subclasses give `_read`, which gets one slice with positive step for each axis. Slices give physical
    values: scaled, blank pixels as NaN, in native byte order.

    Parameters
    ----------
    shape, dtype
        Of the physical values.
    """

    def __init__(self, shape: Sequence[int], dtype: npt.DTypeLike) -> None:
        self.shape = tuple(int(n) for n in shape)
        self.dtype = np.dtype(dtype)

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of values."""
        return int(np.prod(self.shape, dtype=np.int64)) if self.shape else 1

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, key: Any) -> Any:
        block, after = self._block(key)
        return self._read_or_refuse(block)[after]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Values:
        values = self._read_or_refuse(tuple(slice(0, n, 1) for n in self.shape))
        return values if dtype is None else values.astype(dtype, copy=False)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of shape {self.shape}, {self.dtype}>"

    def _read_or_refuse(self, block: Block) -> Values:
        try:
            return self._read(block)
        except MemoryError:
            shape = " x ".join(str(len(range(s.start, s.stop, s.step))) for s in block)
            raise TooLarge(
                f"there is no memory for {shape} values of {self.dtype}: read a smaller slice"
            ) from None

    def _read(self, block: Block) -> Values:
        raise TypeError(f"{type(self).__name__} does not say how it reads")

    def _block(self, key: Any) -> tuple[Block, tuple[Any, ...]]:
        # One forward slice an axis for the reader; then what NumPy does to its result: axes that an
        # integer drops, and those that a negative step turns around.
        keys = self._full(key)
        block: list[slice] = []
        after: list[Any] = []
        for axis, (k, n) in enumerate(zip(keys, self.shape, strict=True)):
            if isinstance(k, slice):
                reach = range(n)[k]
                forward = reach if reach.step > 0 else reach[::-1]
                stop = forward[-1] + 1 if forward else forward.start
                block.append(slice(forward.start, stop, forward.step))
                after.append(slice(None) if reach.step > 0 else slice(None, None, -1))
            else:
                block.append(self._single(k, n, axis))
                after.append(0)
        return tuple(block), tuple(after)

    def _full(self, key: Any) -> tuple[Any, ...]:
        keys = key if isinstance(key, tuple) else (key,)
        given = [k for k in keys if k is not Ellipsis]
        if len(given) > self.ndim or len(keys) > len(given) + 1:
            raise IndexError(f"{len(keys)} indices for an array of shape {self.shape}")
        fill = (slice(None),) * (self.ndim - len(given))
        at = next((i for i, k in enumerate(keys) if k is Ellipsis), len(keys))
        return (*keys[:at], *fill, *keys[at + 1 :])

    def _single(self, key: Any, n: int, axis: int) -> slice:
        if not hasattr(key, "__index__") or isinstance(key, np.ndarray | bool):
            raise BadRequest(
                f"an array on disk is indexed by integers and slices, not by {type(key).__name__}; "
                "slice first, then use NumPy's ways on the result"
            )
        index = key.__index__()
        if not -n <= index < n:
            raise IndexError(f"index {index} is out of bounds for axis {axis} with size {n}")
        return slice(index % n, index % n + 1, 1)


class MemoryArray(LazyArray):
    """An array that is in memory already, or that NumPy maps."""

    def __init__(self, values: npt.ArrayLike) -> None:
        self._values = np.asanyarray(values)
        super().__init__(self._values.shape, self._values.dtype.newbyteorder("="))

    def _read(self, block: Block) -> Values:
        part = self._values[block]
        return np.ascontiguousarray(part, dtype=self.dtype).reshape(part.shape)


class Rows(Protocol):
    """What a `LazyTable` needs of a file."""

    def read(self, start: int, stop: int, columns: Sequence[str]) -> Any:
        """Give rows [start, stop) of some columns as an `astropy.table.Table`."""


@runtime_checkable
class ArrowRows(Protocol):
    """Rows of a file that Arrow reads, in all the types that Arrow has."""

    schema: Any
    """Names and types of the columns, and what the file tells of them."""

    def batches(self, columns: Sequence[str], rows: int) -> Iterator[Any]:
        """Give all rows of some columns, as batches of so many at most."""

    def gaps(self, columns: Collection[str]) -> set[str]:
        """Give which of some columns have missing values, of those of whole numbers and flags at least."""

    def as_text(self, columns: Collection[str]) -> ArrowRows:
        """Give the same rows, of a text file with some columns as texts as they are written."""


class LazyTable:
    """A table on disk: columns and row count at once, rows as `astropy.table.Table` when sliced.

    Parameters
    ----------
    columns
        (name, dtype, unit) of each column.
    length
        Number of rows.
    rows
        Where they come from.
    """

    def __init__(self, columns: Sequence[tuple[str, str, str]], length: int, rows: Rows) -> None:
        self.columns = tuple(columns)
        self._length = int(length)
        self._rows = rows

    @property
    def colnames(self) -> list[str]:
        """Names of the columns."""
        return [name for name, _, _ in self.columns]

    @property
    def arrow(self) -> ArrowRows | None:
        """The rows as Arrow has them, None where they are in no file that Arrow reads."""
        return self._rows if isinstance(self._rows, ArrowRows) else None

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, key: Any) -> Any:
        """Give rows of a slice as a Table, or a whole column by its name."""
        if isinstance(key, str):
            return self.read([key])[key]
        if not isinstance(key, slice):
            raise BadRequest("a table on disk is indexed by a slice of rows or a column's name")
        start, stop, step = key.indices(self._length)
        if step < 1:
            raise BadRequest("rows are read forwards: give a positive step")
        return self._rows.read(start, max(start, stop), self.colnames)[::step]

    def rows(self, start: int, stop: int, columns: Sequence[str]) -> Any:
        """Give rows [start, stop) of some columns as an `astropy.table.Table`."""
        return self._rows.read(start, stop, columns)

    def take(self, numbers: npt.ArrayLike, columns: Sequence[str]) -> Any:
        """Give the rows of some numbers, in their order, as an `astropy.table.Table`.

        Raises
        ------
        IndexError
            A row that the table does not have.
        """
        wanted = np.asarray(numbers, np.int64).reshape(-1)
        if wanted.size and not 0 <= wanted.min() <= wanted.max() < self._length:
            raise IndexError(f"rows {wanted.min()} to {wanted.max()} of {self._length}")
        first, last = (int(wanted.min()), int(wanted.max()) + 1) if wanted.size else (0, 0)
        scattered = last - first > 4 * max(wanted.size, 64)
        take = getattr(self._rows, "take", None)
        if scattered and take is not None:
            return take(wanted, columns)
        return self._rows.read(first, last, columns)[wanted - first]

    def read(self, columns: Sequence[str] | None = None) -> Any:
        """Give all rows, of some columns if they are named, as an `astropy.table.Table`."""
        names = self.colnames if columns is None else list(columns)
        for name in names:
            if name not in self.colnames:
                raise UnknownName(
                    f"there is no column {name!r}: the columns are {', '.join(self.colnames)}"
                )
        return self._rows.read(0, self._length, names)

    def __repr__(self) -> str:
        return f"<LazyTable of {self._length} rows: {', '.join(self.colnames)}>"

    def _repr_html_(self, rows: int = 8) -> str:
        head = "".join(
            f"<th>{escape(name)}<br><small>{escape(unit or dtype)}</small></th>"
            for name, dtype, unit in self.columns
        )
        body = "".join(
            "<tr>" + "".join(f"<td>{escape(str(value))}</td>" for value in row) + "</tr>"
            for row in self[:rows].iterrows()
        )
        more = "" if self._length <= rows else f"<p>{self._length - rows:,} more rows</p>"
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}"
