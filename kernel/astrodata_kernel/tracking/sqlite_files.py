"""SQLite files that are read and not written: whoever made them, and whatever they ask for."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

from ..errors import UnreadableFile
from ..plain_files import is_plain

_EVERY = 100_000
MOST_STEPS = 4_000_000_000
"""Steps of SQLite's machine for all that is asked of one file: a minute; ten million numbers take a tenth."""

_LONGEST = 1 << 20
"""Bytes of a text or row."""


def address_of(path: Path, mode: str) -> str:
    """Give the URI of a file; ``mode`` is ``"ro"`` or ``"rw"``."""
    return f"file:{quote(str(path.resolve()))}?mode={mode}"


@contextmanager
def reading(path: str | os.PathLike[str]) -> Iterator[sqlite3.Connection]:
    """Open an SQLite file for a block that reads it; what asks for endless work is interrupted.

    Raises
    ------
    UnreadableFile
        It is no file, or what lies beside it under the names of its journals is none.
    sqlite3.Error
        It is none of SQLite, or cannot be read; ``interrupted`` where it asks for too much.
    """
    place = Path(path).resolve()
    # SQLite opens these by itself, and a pipe would hold it for ever.
    beside = [Path(f"{place}-{ending}") for ending in ("journal", "wal", "shm")]
    for one in (place, *(one for one in beside if os.path.lexists(one))):
        if not is_plain(one):
            raise UnreadableFile(f"{one} is no file: move it away, or name another store")
    with closing(sqlite3.connect(address_of(place, "ro"), uri=True, timeout=10)) as base:
        left = MOST_STEPS

        def enough() -> bool:
            nonlocal left
            left -= _EVERY
            return left < 0

        base.set_progress_handler(enough, _EVERY)
        base.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST)
        base.execute("PRAGMA trusted_schema = OFF")
        yield base


def tables_of(base: sqlite3.Connection) -> set[str]:
    """Give the names of tables that hold rows: not of views, which compute them."""
    found = base.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND rootpage > 0")
    return {str(row[0]) for row in found}
