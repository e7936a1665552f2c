"""DuckDB as it is used here: without extensions, network or other files, within the container's bounds."""

from __future__ import annotations

import os
import tempfile
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..compute.limits import cpus, memory
from ..errors import MissingPackage
from .definitions import Definition
from .parts import Part
from .pieces import Wanted, apart

_SHARE = 0.6
"""Of the memory: the rest is for the tables that it gives."""

_FILES = "read_parquet(?, hive_partitioning = false)"

_FEW = 1000
"""Ids that are named in the question; of more, their range is, and a table."""


def connection(folders: Sequence[Path]) -> Any:
    """Give a DuckDB connection that can read files of some folders, and nothing else.

    Raises
    ------
    MissingPackage
        DuckDB is not installed.
    """
    try:
        import duckdb
    except ImportError:
        raise MissingPackage(
            'feature views are read with DuckDB: pip install "astrodata-lab[pipeline]", or give '
            'engine="pandas"'
        ) from None
    spill = Path(tempfile.gettempdir()) / f"astrodata-features-{uuid.uuid4().hex}"
    made = duckdb.connect(
        ":memory:",
        config={
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "python_enable_replacements": "false",
            "memory_limit": f"{int(memory() * _SHARE)}B",
            "threads": str(cpus()),
            "temp_directory": str(spill),
        },
    )
    allowed = ", ".join(text(str(folder.resolve()) + os.sep) for folder in folders)
    made.sql(f"SET allowed_directories = [{allowed}]")
    made.sql("SET enable_external_access = false")
    made.sql("SET TimeZone = 'UTC'")
    made.sql("SET lock_configuration = true")
    return made


def quoted(name: str) -> str:
    """Give a name as SQL knows it, whatever is in it."""
    return '"' + name.replace('"', '""') + '"'


def text(value: str) -> str:
    """Give a text as SQL knows it, whatever is in it."""
    return "'" + value.replace("'", "''") + "'"


def selection(
    folder: Path,
    parts: Sequence[Part],
    definition: Definition,
    columns: Sequence[str],
    wanted: Wanted,
) -> tuple[str, list[Any]]:
    """Give SQL and its parameters: of each event and time the row that was written last.

    Parameters
    ----------
    folder
        Where the parts are.
    parts
        Those that count; at least one.
    definition
        Of the view.
    columns
        Names of what is given, keys among them where they are wanted.
    wanted
        Which rows.
    """
    where, told = _where(wanted)
    names = ", ".join(map(quoted, columns))
    alone, several = apart(parts)
    queries: list[str] = []
    parameters: list[Any] = []
    if alone:
        queries.append(f"SELECT {names} FROM {_FILES}{where}")  # noqa: S608 -- quoted
        parameters += [[str(folder / part.file) for part in alone], *told]
    if several:
        oldest = [str(folder / group[0].file) for group in several]
        newer = [str(folder / part.file) for group in several for part in group[1:]]
        # Of the oldest, mostly the largest, rows stream past the keys of those that correct them.
        queries.append(
            f"SELECT {names} FROM (SELECT * FROM {_FILES}{where}) older ANTI JOIN "  # noqa: S608
            f"(SELECT event_id, event_time FROM {_FILES}{where}) newer USING (event_id, event_time)"
        )
        parameters += [oldest, *told, newer, *told]
        taken = {name.casefold() for name in definition.names}
        file, number = (_free(name, taken) for name in ("file", "number"))
        queries.append(
            f"SELECT {names} FROM (SELECT {names}, row_number() OVER "  # noqa: S608
            f"(PARTITION BY event_id, event_time ORDER BY created_time DESC, {file} DESC) AS {number} "
            f"FROM read_parquet(?, hive_partitioning = false, filename = {text(file)}){where}) "
            f"WHERE {number} = 1"
        )
        parameters += [newer, *told]
    return " UNION ALL ".join(queries), parameters


def _where(wanted: Wanted) -> tuple[str, list[Any]]:
    tests: list[str] = []
    told: list[Any] = []
    if wanted.ids and len(wanted.ids) <= _FEW:
        tests.append(f"event_id IN ({', '.join('?' * len(wanted.ids))})")
        told += wanted.ids
    elif wanted.ids:
        tests += ["event_id BETWEEN ? AND ?", "event_id IN (SELECT unnest(?))"]
        told += [wanted.ids[0], wanted.ids[-1], list(wanted.ids)]
    for sign, moment in ((">=", wanted.start), ("<", wanted.stop)):
        if moment is not None:
            tests.append(f"event_time {sign} make_timestamptz(?)")
            told.append(moment)
    return (f" WHERE {' AND '.join(tests)}" if tests else ""), told


def _free(name: str, taken: set[str]) -> str:
    while name in taken:
        name += "_"
    return name
