"""What leaves the table viewer: tables with units in files, copied rows, its state, its code."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..datasets import Dataset
from ..errors import BadRequest
from ..wire import Reply
from ..writing import write_whole
from .base import RequestWidget, answers
from .saved_state import as_words, changed_traits
from .table_book import Book
from .table_cells import cells_of, tab_separated

FORMATS = ("fits", "csv", "ecsv", "parquet", "json", "py")
WHICH = ("filtered", "selected", "all")
MOST_ROWS = 2_000_000
"""That a browser takes away; from Python there is no end."""

MOST_COPIED = 20_000


class SavingTable(RequestWidget):
    """Saves what a table viewer shows; a subclass sets what is declared here, and the traits."""

    dataset: Dataset | None
    book: Book
    columns: Any
    filter: Any
    sort: Any
    name: str
    _saved: tuple[str, ...]

    def table(self, which: str = "filtered") -> Any:
        """Give rows as an `astropy.table.QTable`, with units, in the order and with the columns on show.

        Parameters
        ----------
        which
            ``"filtered"`` (the rows that pass the filter), ``"selected"`` (those of them that are selected)
            or ``"all"`` (every row and column, as they are in the file).

        Raises
        ------
        BadRequest
            Another word.
        """
        if which not in WHICH:
            raise BadRequest(f"{which!r} rows: give one of {', '.join(WHICH)}")
        if which == "all":
            return self.book.rows.table()
        return self.book.rows.table(self._numbers(which), self._shown())

    def save(self, path: str | os.PathLike[str], which: str = "filtered") -> Path:
        """Write rows to a file, by the ending of its name.

        Parameters
        ----------
        path
            ``.fits``, ``.ecsv``, ``.parquet`` (with units) or ``.csv`` (without); ``.json`` is the state and
            ``.py`` the code that shows the same again. A file that is there is replaced.
        which
            As in `table`.

        Raises
        ------
        BadRequest
            Another ending, or columns that the format cannot hold.
        """
        target = Path(path)
        write_whole(target, self._bytes(target.suffix.removeprefix(".").lower(), which))
        return target

    def state(self) -> dict[str, Any]:
        """Give what the viewer shows and how, as plain values: source, and the traits that were changed.

        `adk.TableViewer(state.pop("source"), **state)` shows the same again.
        """
        provenance = None if self.dataset is None else self.dataset.provenance
        return {
            "source": provenance.path if provenance else self.name,
            **changed_traits(self, self._saved),
        }

    def code(self) -> str:
        """Give the Python that shows the same again."""
        state = self.state()
        source = state.pop("source")
        words = as_words(state)
        if self.dataset is None or self.dataset.provenance is None:
            return f"# {source} is in memory: give it in its place\nadk.TableViewer(table{words})"
        return f"adk.TableViewer({source!r}{words})"

    @answers("save")
    def _answer_save(self, what: str, which: str = "filtered") -> Reply:
        if what not in ("json", "py"):
            count = len(self._numbers(which)) if which in WHICH[:2] else self.book.rows.count
            if count > MOST_ROWS:
                raise BadRequest(
                    f"{count:,} rows are too many to send to the browser: use "
                    f"viewer.save('table.{what}', {which!r})"
                )
        made = self._bytes(what, which)
        stem = Path(self.name).name.split(".")[0] or "table"
        return Reply({"name": f"{stem}.{what}", "bytes": len(made)}, [memoryview(made)])

    @answers("copy")
    def _answer_copy(self) -> Reply:
        numbers = self._numbers("selected")
        if not len(numbers):
            raise BadRequest("no row is selected: click one, or press Ctrl+A")
        kept = numbers[:MOST_COPIED]
        names = self._shown()
        found = self.book.rows.page(kept, names)
        texts = [cells_of(found[name], self.book.rows.facts(name)) for name in names]
        return Reply({"text": tab_separated(names, texts), "rows": len(kept), "of": len(numbers)})

    def _shown(self) -> list[str]:
        return list(self.columns) or self.book.rows.names

    def _numbers(self, which: str) -> npt.NDArray[np.int64]:
        order = self.book.order(self.filter, self.sort)
        numbers = np.arange(self.book.rows.count) if order is None else order
        return numbers[self.book.selected[numbers]] if which == "selected" else numbers

    def _bytes(self, what: str, which: str) -> bytes:
        if what == "json":
            return json.dumps(self.state(), indent=1).encode()
        if what == "py":
            return f"import astrodata_kernel as adk\n\n{self.code()}\n".encode()
        if what not in FORMATS:
            raise BadRequest(f"format {what!r} is unknown: there are {', '.join(FORMATS)}")
        return table_bytes(self.table(which), what)


def table_bytes(table: Any, what: str) -> bytes:
    """Give an astropy table as a file of ``"fits"``, ``"csv"``, ``"ecsv"`` or ``"parquet"``.

    Raises
    ------
    BadRequest
        A column that the format cannot hold; the text names it.
    """
    held = "fits ecsv parquet" if what != "csv" else ""
    for name in table.colnames:
        column = table[name]
        values = np.asarray(getattr(column, "unmasked", column))
        if values.dtype.kind == "O" or (values.ndim > 1 and not held) or values.dtype.kind == "c":
            raise BadRequest(
                f"column {name!r} has values that {what.upper()} cannot hold here: hide it (viewer.columns) "
                "and save again"
            )
    if what == "csv":
        return _csv(table)
    made = io.BytesIO()
    if what == "parquet":
        return _parquet(table)
    if what == "ecsv":
        text = io.StringIO()
        table.write(text, format="ascii.ecsv")
        return text.getvalue().encode()
    from ..readers.quiet import quiet

    with quiet():  # astropy warns of each unit that FITS does not know by name
        table.write(made, format="fits")
    return made.getvalue()


def _arrow(table: Any) -> Any:
    import pyarrow as pa

    columns = []
    for name in table.colnames:
        column = table[name]
        mask = getattr(column, "mask", None)
        data = np.asarray(getattr(column, "unmasked", column))
        data = data.astype(data.dtype.newbyteorder("="), copy=False)
        if data.ndim > 1:
            flat = pa.array(data.reshape(-1))
            columns.append(pa.FixedSizeListArray.from_arrays(flat, int(np.prod(data.shape[1:]))))
        else:
            gone = None if mask is None or not np.any(mask) else np.asarray(mask)
            columns.append(pa.array(data, mask=gone))
    return pa.table(columns, names=table.colnames)


def _csv(table: Any) -> bytes:
    from pyarrow import csv

    made = io.BytesIO()
    csv.write_csv(_arrow(table), made)
    return made.getvalue()


def _parquet(table: Any) -> bytes:
    import pyarrow.parquet as pq
    from astropy.table import meta, serialize

    # The texts by which astropy finds the units again when it reads Parquet.
    plain = serialize.represent_mixins_as_columns(table)
    yaml = "\n".join(meta.get_yaml_from_table(plain))
    found = _arrow(plain)
    made = io.BytesIO()
    pq.write_table(found.replace_schema_metadata({b"table_meta_yaml": yaml.encode()}), made)
    return made.getvalue()
