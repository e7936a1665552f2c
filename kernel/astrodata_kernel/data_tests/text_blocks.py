"""Tables of text as blocks of rows: looked through once for the types of the columns, then read."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ..errors import DamagedFile
from .given import Block, Given
from .table_blocks import arrow_block, facts

_BYTES = 8 << 20
_DELIMITERS = ",;\t|"


def of_text(path: Path, source: Any = None) -> Given:
    """Give a CSV file, with types that all of its rows fit.

    A type found in the first rows may not fit later ones; that is why all are looked at before.

    Raises
    ------
    DamagedFile
        Rows of another number of columns than the first line names.
    """
    import pyarrow as pa

    delimiter, encoding = _shape(path)
    types: dict[str, Any] = {}
    gaps: set[str] = set()
    count = 0
    for batch in _batches(path, delimiter, encoding, None):
        count += batch.num_rows
        for name, column in zip(batch.schema.names, batch.columns, strict=True):
            types[name] = _wider(types.get(name), column)
            if column.null_count:
                gaps.add(name)
    types = {n: pa.string() if t is None else t for n, t in types.items()}
    empty = pa.schema(list(types.items())).empty_table()

    def read(names: Sequence[str]) -> Iterator[Block]:
        start = 0
        for batch in _batches(path, delimiter, encoding, types, names):
            yield arrow_block(batch, start, gaps)
            start += batch.num_rows

    return Given(
        path.name,
        "table",
        facts(arrow_block(empty, 0, gaps), list(types), {}),
        count,
        read,
        str(path),
        source,
    )


def _shape(path: Path) -> tuple[str, str]:
    with path.open("rb") as file:
        head = file.read(1 << 16)
    encoding = "latin-1"
    for cut in range(4):  # the last bytes may be half of a character
        try:
            head[: len(head) - cut].decode("utf-8")
        except UnicodeDecodeError:
            continue
        encoding = "utf-8"
        break
    first = head.decode(encoding, "ignore").lstrip("\ufeff").splitlines()[:1] or [""]
    widths = {d: len(next(csv.reader(first, delimiter=d), [])) for d in _DELIMITERS}
    return max(widths, key=lambda d: widths[d]), encoding


def _batches(
    path: Path, delimiter: str, encoding: str, types: Any, names: Sequence[str] | None = None
) -> Iterator[Any]:
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    reading = arrow_csv.ReadOptions(block_size=_BYTES, encoding=encoding, use_threads=False)
    parsing = arrow_csv.ParseOptions(delimiter=delimiter, newlines_in_values=True)
    try:
        if types is None:
            with arrow_csv.open_csv(path, reading, parsing) as reader:
                types = dict.fromkeys(reader.schema.names, pa.string())
        converting = arrow_csv.ConvertOptions(
            column_types=types,
            include_columns=None if names is None else list(names),
            strings_can_be_null=True,
            # What a person wrote as a text, such as the name "NA", stays one.
            null_values=["", "NaN", "nan", "null", "NULL", "N/A", "#N/A", "NA"],
        )
        with arrow_csv.open_csv(path, reading, parsing, converting) as reader:
            yield from reader
    except (pa.ArrowException, UnicodeDecodeError) as error:
        raise DamagedFile(
            f"{path.name} begins like CSV, but: {str(error)[:200]}; mend the file, or copy it again"
        ) from None


def _wider(known: Any, column: Any) -> Any:
    """Give the narrowest type that holds what was seen before and a column of texts."""
    import pyarrow as pa

    ladder = [pa.int64(), pa.float64()]
    if column.null_count == len(column):
        return known
    if known is None:
        order: list[Any] = [pa.bool_(), *ladder, pa.timestamp("us")]
    elif known in ladder:
        order = ladder[ladder.index(known) :]
    else:
        order = [known]
    for candidate in order:
        try:
            column.cast(candidate)
        except pa.ArrowException:
            continue
        if candidate == pa.bool_() and set(column.drop_null().unique().to_pylist()) <= {"0", "1"}:
            continue  # zeros and ones are numbers, as anywhere
        return candidate
    return pa.string()
