"""Columns of delimited text: what separates them, and the narrowest type that holds all rows of each.

All who read tables of text go through here: a type that is guessed from the first rows would be another one
for whoever reads the file in other pieces. Arrow splits the lines; columns are texts until a type is known.
"""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

from ..errors import DamagedFile

MISSING = (
    *("", "NA", "N/A", "n/a", "#N/A", "#N/A N/A", "#NA", "NULL", "null", "NaN", "nan"),
    *("-NaN", "-nan", "-1.#IND", "-1.#QNAN", "1.#IND", "1.#QNAN"),
)
"""Words for a missing number, time or flag. Among texts only the empty one is missing: NA may be a name."""

_BLOCK_BYTES = 8 << 20
_FEW = 64
_DELIMITERS = ",;\t|"


def text_of(head: bytes) -> str | None:
    """Give the first bytes of a file as text, None where they are none."""
    if any(byte < 32 and byte not in b"\t\n\r\f" for byte in head):
        return None
    if encoding_of(head) == "utf-8":
        # The last bytes may be half of a character.
        return head.decode("utf-8-sig", "ignore")
    return head.decode("latin-1")


def encoding_of(head: bytes) -> str:
    """Give the encoding of text that begins so."""
    for cut in range(4):
        try:
            head[: len(head) - cut].decode("utf-8")
        except UnicodeDecodeError:
            continue
        return "utf-8"
    return "latin-1"  # which older instruments write; any byte is a character of it


def delimiter_of(text: str) -> str | None:
    """Give what separates the columns of text whose first line names them, None where there are none."""
    lines = [line for line in text.splitlines() if line.strip()]
    complete = lines if text.endswith("\n") else lines[:-1] or lines
    if len(complete) < 2:
        return None
    for delimiter in _DELIMITERS:
        rows = list(csv.reader(complete[:20], delimiter=delimiter))
        widths = {len(row) for row in rows}
        names = [name.strip() for name in rows[0]]
        named = len(set(names)) == len(names) and all(names) and not any(map(_is_number, names))
        if len(widths) == 1 and widths.pop() > 1 and named:
            return delimiter
    return None


class TextFile:
    """A file of delimited text whose first line names the columns.

    Parameters
    ----------
    path
        Of the file.
    name
        What errors call it.
    head
        Its first bytes, which tell encoding and delimiter.
    """

    def __init__(self, path: Path, name: str, head: bytes) -> None:
        self._path, self._name = path, name
        self._encoding = encoding_of(head)
        self._delimiter = delimiter_of(text_of(head) or "") or ","

    def batches(self, names: Sequence[str] | None = None) -> Iterator[Any]:
        """Give some columns, all by default, as Arrow batches of texts; an empty one is missing.

        Raises
        ------
        DamagedFile
            Rows of another number of columns than the first line names.
        """
        import pyarrow as pa
        from pyarrow import csv as arrow_csv

        reading = arrow_csv.ReadOptions(
            block_size=_BLOCK_BYTES, encoding=self._encoding, use_threads=False
        )
        parsing = arrow_csv.ParseOptions(delimiter=self._delimiter, newlines_in_values=True)
        try:
            with arrow_csv.open_csv(self._path, reading, parsing) as reader:
                every = reader.schema.names
            converting = arrow_csv.ConvertOptions(
                # Bytes, because one letter of another encoding must not end the reading of millions.
                column_types=dict.fromkeys(every, pa.binary()),
                include_columns=None if names is None else list(names),
                strings_can_be_null=True,
                null_values=[""],
            )
            with arrow_csv.open_csv(self._path, reading, parsing, converting) as reader:
                for batch in reader:
                    columns = [_texts(column) for column in batch.columns]
                    yield pa.RecordBatch.from_arrays(columns, names=batch.schema.names)
        except (pa.ArrowException, UnicodeDecodeError) as error:
            raise DamagedFile(
                f"{self._name} begins like CSV, but: {str(error)[:200]}; mend the file, or copy it again"
            ) from None


class TextRows:
    """Rows of a text file as Arrow has them, of which never all are in memory.

    Parameters
    ----------
    file
        Looked through once for the types of the columns.
    as_text
        Columns that stay texts as they are written, whatever their values look like.
    """

    def __init__(self, file: TextFile, as_text: Collection[str] = ()) -> None:
        import pyarrow as pa

        types, self.count = types_of(file.batches())
        kinds = {n: pa.string() if n in as_text else one.dtype for n, one in types.items()}
        self._gaps = {name for name, one in types.items() if one.gaps}
        self.schema = pa.schema(list(kinds.items()))
        self._file, self._kinds = file, kinds

    def batches(self, columns: Sequence[str], rows: int) -> Iterator[Any]:
        """Give all rows of some columns, as batches of so many at most."""
        for texts in self._file.batches(columns):
            batch = typed(texts, self._kinds)
            for start in range(0, batch.num_rows, rows):
                yield batch.slice(start, rows)

    def gaps(self, columns: Collection[str]) -> set[str]:
        """Give which of some columns have missing values."""
        return self._gaps & set(columns)

    def as_text(self, columns: Collection[str]) -> TextRows:
        """Give the same rows with some columns as texts as they are written."""
        return TextRows(self._file, columns)


class ColumnType:
    """The narrowest type that holds all values of a column that were seen."""

    def __init__(self) -> None:
        self._left: list[tuple[Any, ...]] | None = None
        self.gaps = False
        """Whether some value is missing where the column is none of texts."""

    def take(self, texts: Any) -> None:
        """Look at more values."""
        plain = _plain(texts)
        self.gaps |= plain.null_count > 0
        plain = plain.drop_null()
        if not len(plain):
            return
        families = _families() if self._left is None else self._left
        # Of a family each type holds what those before it hold.
        self._left = [found for one in families if (found := _that_hold(one, plain))]

    @property
    def dtype(self) -> Any:
        """As Arrow has it; of a column of nothing but gaps float64, as pandas says."""
        import pyarrow as pa

        if self._left is None:
            return pa.float64()
        return self._left[0][0] if self._left else pa.string()


def types_of(batches: Iterable[Any]) -> tuple[dict[str, ColumnType], int]:
    """Give what is known of the columns of all batches, and the number of rows."""
    types: dict[str, ColumnType] = {}
    count = 0
    for batch in batches:
        count += batch.num_rows
        for name, column in zip(batch.schema.names, batch.columns, strict=True):
            types.setdefault(name, ColumnType()).take(column)
    return types, count


def typed(batch: Any, types: Mapping[str, Any]) -> Any:
    """Give a batch of texts with its columns as types of Arrow; those of texts stay as they are written."""
    import pyarrow as pa

    columns = [
        texts if pa.types.is_string(types[name]) else _plain(texts).cast(types[name])
        for name, texts in zip(batch.schema.names, batch.columns, strict=True)
    ]
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)


@cache
def _families() -> list[tuple[Any, ...]]:
    import pyarrow as pa

    return [
        (pa.int64(),),
        (pa.uint64(),),
        (pa.float64(),),
        (pa.bool_(),),  # after the numbers: a column of 0 and 1 is one of numbers
        (pa.date32(), *(pa.timestamp(unit) for unit in ("s", "us", "ns"))),
        tuple(pa.timestamp(unit, "UTC") for unit in ("s", "us", "ns")),
    ]


def _that_hold(family: tuple[Any, ...], texts: Any) -> tuple[Any, ...]:
    import pyarrow as pa

    for number, kind in enumerate(family):
        with suppress(pa.ArrowException):
            # Arrow makes an error of each value that does not fit: the first few tell of most columns.
            texts.slice(0, _FEW).cast(kind)
            texts.cast(kind)
            return family[number:]
    return ()


def _plain(texts: Any) -> Any:
    """Give texts without spaces about them, and what stands for a missing value as such."""
    import pyarrow as pa
    import pyarrow.compute as pc

    trimmed = pc.utf8_trim_whitespace(texts)
    gone = pc.is_in(trimmed, value_set=_strings(MISSING))
    return pc.if_else(gone, pa.NA, trimmed)


def _strings(texts: Iterable[str | None]) -> Any:
    # What `pyarrow.array` does as well, and loads pandas for.
    from pyarrow.lib import StringBuilder

    builder = StringBuilder()
    builder.append_values(list(texts))
    return builder.finish()


def _texts(column: Any) -> Any:
    import pyarrow as pa

    try:
        return column.cast(pa.string())
    except pa.ArrowException:  # bytes that are no UTF-8
        held = column.to_pylist()
        return _strings(None if one is None else one.decode("utf-8", "replace") for one in held)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
