"""Data sets whose files are closed and opened again, so that there can be thousands of them."""

from __future__ import annotations

import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from ..datasets import Dataset, LazyTable
from ..datasets.lazy import Block, LazyArray, Values
from ..errors import DataCheckFailed

_OPEN = 16
"""Files of several that are kept open at once: a process may have only so many, often 1,024."""

_kept: OrderedDict[int, weakref.ref[_Home]] = OrderedDict()
_kept_lock = threading.Lock()


def reopening(open_it: Callable[[], Dataset]) -> Dataset:
    """Give a data set whose file is opened again when it is read, the last ones staying open."""
    home = _Home(open_it)
    found = home.dataset()
    if isinstance(found.contents, LazyTable):
        return found  # which nobody joins
    rows = found.rows
    return replace(
        found,
        contents=_ArrayAgain(found.contents, home),
        rows=None if rows is None else LazyTable(rows.columns, len(rows), _RowsAgain(home)),
        run_checks=lambda: home.dataset().checks(),
        make_wcs=None,
        open_part=lambda number: reopening(lambda: home.dataset().hdu(number)),
    )


class _Home:
    """A data set that may be closed meanwhile."""

    def __init__(self, open_it: Callable[[], Dataset]) -> None:
        self._open = open_it
        self._lock = threading.Lock()
        self._found: Dataset | None = None
        self._facts: tuple[Any, ...] | None = None

    def dataset(self) -> Dataset:
        """Give the data set, open.

        Raises
        ------
        DataCheckFailed
            The file is another one than it was.
        """
        with self._lock:
            found = self._found
            if found is None:
                found = self._found = self._again()
        _keep(self)
        return found

    def _again(self) -> Dataset:
        found = self._open()
        known = found.provenance
        facts = (found.shape, found.dtype, known and (known.size, known.mtime))
        if self._facts not in (None, facts):
            raise DataCheckFailed(f"{found.name} changed since it was opened: open the files again")
        self._facts = facts
        return found

    def close(self) -> None:
        """Let the file go, as soon as nobody reads it any more."""
        self._found = None  # without the lock, which is held while the file is opened


def _keep(home: _Home) -> None:
    with _kept_lock:
        _kept[id(home)] = weakref.ref(home)
        _kept.move_to_end(id(home))
        gone = [_kept.popitem(last=False)[1]() for _ in range(len(_kept) - _OPEN)]
    for other in gone:
        if other is not None and other is not home:
            other.close()


class _ArrayAgain(LazyArray):
    """The array of a data set that may be closed meanwhile."""

    def __init__(self, array: LazyArray, home: _Home) -> None:
        super().__init__(array.shape, array.dtype)
        self._home = home

    def _read(self, block: Block) -> Values:
        found: Values = self._home.dataset().array[block]
        return found


class _RowsAgain:
    """The rows of a data set that may be closed meanwhile."""

    def __init__(self, home: _Home) -> None:
        self._home = home

    def read(self, start: int, stop: int, columns: Sequence[str]) -> Any:
        """Give rows [start, stop) of some columns."""
        return self._home.dataset().table.rows(start, stop, columns)
