"""Tables as a schema says they are, whatever their files are like: types, names and units on reading."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..errors import (
    BadRequest,
    DataCheckFailed,
    MissingPackage,
    UnknownName,
    UnreadableFile,
    closest,
)
from ..processing.tabular.series import joined
from ..processing.tabular.sources import table_of
from .casting import cast
from .findings import FIRST
from .given import Block, Given

_FACTS = ("from", "dtype", "unit", "stored_unit", "nullable")
_TEXTS = ("text", "str", "string", "object", "category")
_LARGEST = 4 << 20


def read_with_schema(
    source: Any,
    schema: Any,
    columns: Sequence[str] | None = None,
    *,
    part: int | str | None = None,
    vectors: str | None = None,
    blocks: bool = False,
    bad: str = "stop",
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], None] | None = None,
) -> Any:
    """Give a table as a schema says it is; its file stays as it is.

    Parameters
    ----------
    source
        A path, an entry of the catalogue, a `Dataset` of kind table, or a DataFrame.
    schema
        A column's name to its type (such as ``"float32"``, ``"Int64"``, ``"bool"``, ``"str"``, ``"time"``),
        or to a mapping of ``from`` (its name in the file), ``dtype``, ``unit`` (that values are converted
        to), ``stored_unit`` (where the file does not tell it) and ``nullable`` (false where no value may be
        missing); or the path of a YAML or JSON file of that. Columns that it does not name are left as they
        are. What is a text by the schema is one as a CSV file writes it: 007 keeps its noughts.
    columns
        Names, as the schema has them, of those that are wanted; all by default.
    part, vectors
        As of `processing.tabular.table_of`, which reads all of the file then; by default the first table,
        with several values a row left together.
    blocks
        Give an iterator over DataFrames of at most 131,072 rows, instead of one of all.
    bad
        What becomes of values that are none of their type: ``"stop"``, or ``"missing"``, which counts them in
        ``frame.attrs["bad_values"]``.
    progress, cancelled
        Told the share done, 0 to 1; called between blocks, it raises to give the work up.

    Returns
    -------
    DataFrame, or an iterator over DataFrames
        Units are in ``frame.attrs["units"]``; the index counts the rows of the file from 0.

    Raises
    ------
    DataCheckFailed
        Values that are none of their type or missing where none may be, or a unit that cannot be converted;
        the text names the file, the column and the first rows.
    UnknownName
        A column that the file does not have; the text names the nearest.
    BadRequest
        A schema that makes no sense, or data that are no table.

    Examples
    --------
    >>> made = read_with_schema(pd.DataFrame({"v": ["1", "2"]}), {"speed": {"from": "v", "dtype": "int16"}})
    >>> made.speed.tolist(), str(made.speed.dtype)
    ([1, 2], 'int16')
    """
    from .sources import given

    if bad not in ("stop", "missing"):
        raise BadRequest(f"bad={bad!r}: give 'stop' or 'missing'")
    known = _schema_of(schema)
    if part is not None or vectors is not None:
        whole = table_of(source, part, vectors=vectors or "expand", as_text=_written(known))
        path = isinstance(source, str | os.PathLike)
        table = given(whole, Path(source).name if path else getattr(source, "name", "table"))
    else:
        table = given(source, as_text=_written(known))
    if table.kind not in ("table", "latents"):
        raise BadRequest(
            f"{table.name} is of kind {table.kind!r}: a schema of columns is for tables"
        )
    plan = _Plan(table, known, columns, bad)
    made = plan.frames(progress, cancelled)
    if blocks:
        return made
    whole = joined(list(made))
    whole.attrs = {"units": plan.units, **({"bad_values": plan.bad} if plan.bad else {})}
    return whole


def _schema_of(schema: Any) -> dict[str, dict[str, Any]]:
    if isinstance(schema, str | os.PathLike):
        schema = _of_file(Path(schema))
    if (
        isinstance(schema, Mapping)
        and set(schema) == {"columns"}
        and isinstance(schema["columns"], Mapping)
    ):
        schema = schema["columns"]
    if not isinstance(schema, Mapping):
        raise BadRequest(f"a schema is a mapping of columns to types, not {type(schema).__name__}")
    found = {}
    for name, told in schema.items():
        facts = {"dtype": told} if isinstance(told, str) or told is None else told
        if not isinstance(facts, Mapping):
            raise BadRequest(f"column {name!r} of the schema: give a type, or a mapping of facts")
        for key, value in facts.items():
            if key not in _FACTS:
                hint = closest(str(key), _FACTS).removeprefix("; ")
                hint = hint or f"there are {', '.join(_FACTS)}"
                raise UnknownName(f"column {name!r} of the schema has {key!r}: {hint}")
            wanted, word = (bool, "true or false") if key == "nullable" else (str, "a text")
            if value is not None and not isinstance(value, wanted):
                raise BadRequest(f"column {name!r} of the schema: {key} is {value!r}; give {word}")
        found[str(name)] = dict(facts)
    return found


def _written(schema: dict[str, dict[str, Any]]) -> list[str]:
    """Give the columns, as the file calls them, that are texts by a schema."""
    found = schema.items()
    return [facts.get("from") or name for name, facts in found if facts.get("dtype") in _TEXTS]


def _of_file(path: Path) -> Any:
    try:
        import yaml
    except ImportError:
        raise MissingPackage(
            'schemas in files need PyYAML: pip install "astrodata-lab[pipeline]"'
        ) from None
    try:
        if path.stat().st_size > _LARGEST:
            raise BadRequest(f"{path.name} is too large for a schema")
        return yaml.safe_load(path.read_text("utf-8"))
    except OSError as error:
        raise UnreadableFile(f"{path} cannot be read: {error.strerror or error}") from None
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise BadRequest(f"{path.name} is no schema in YAML or JSON: {str(error)[:200]}") from None


class _Plan:
    """Which column comes from which, and how."""

    def __init__(
        self,
        table: Given,
        schema: dict[str, dict[str, Any]],
        columns: Sequence[str] | None,
        bad: str,
    ) -> None:
        self.table, self.schema, self.how = table, schema, bad
        self.bad: dict[str, int] = {}
        taken = {facts.get("from") or name: name for name, facts in schema.items()}
        for stored in taken:
            table.column(stored)
        names = [taken.get(name, name) for name in table.columns]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise BadRequest(f"{table.name}: the schema gives two columns the name {twice!r}")
        stored = dict(zip(names, table.columns, strict=True))
        for name in columns or ():
            if name not in stored:
                hint = closest(str(name), names).removeprefix("; ")
                hint = hint or f"there are {', '.join(names[:8])}"
                raise UnknownName(f"{table.name}, with this schema, has no column {name!r}: {hint}")
        self.stored = {name: stored[name] for name in (names if columns is None else columns)}
        self.units: dict[str, str] = {}
        self.factors: dict[str, Any] = {}
        for name in self.stored:
            self._unit(name)

    def _unit(self, name: str) -> None:
        from ..processing.table_units import unit_of

        facts = self.schema.get(name, {})
        own = facts.get("stored_unit") or self.table.column(self.stored[name]).unit
        wanted = facts.get("unit")
        if wanted is None or wanted == own:
            if own:
                self.units[name] = own
            return
        where = f"{self.table.path or self.table.name}, column {self.stored[name]!r}"
        to = unit_of(wanted)
        if to is None:
            raise BadRequest(
                f"column {name!r} of the schema: {wanted!r} is no unit that astropy knows"
            )
        if not own:
            raise DataCheckFailed(f"{where} tells no unit: give stored_unit in the schema")
        found = unit_of(own)
        if found is None or not found.is_equivalent(to):
            raise DataCheckFailed(f"{where} is in {own!r}, which cannot be converted to {wanted!r}")
        self.units[name] = wanted
        self.factors[name] = found.get_converter(to)

    def frames(self, progress: Any, cancelled: Any) -> Iterator[pd.DataFrame]:
        done = 0
        for block in self.table.blocks(list(self.stored.values())):
            if cancelled is not None:
                cancelled()
            made = pd.DataFrame(
                {name: self._column(name, block) for name in self.stored}, index=block.frame.index
            )
            made.attrs = {
                "units": self.units,
                **({"bad_values": dict(self.bad)} if self.bad else {}),
            }
            yield made
            done += len(block.frame)
            if progress is not None:
                progress(min(1.0, done / max(self.table.count or 1, 1)))

    def _column(self, name: str, block: Block) -> Any:
        facts = self.schema.get(name, {})
        values = block.values(self.stored[name])
        if not isinstance(values, pd.Series):
            if facts.get("dtype") or name in self.factors:
                raise BadRequest(
                    f"column {name!r} of {self.table.name} has several values a row: leave it out of "
                    "the schema"
                )
            return pd.Series(list(values), index=block.frame.index, dtype=object)
        dtype = facts.get("dtype")
        if name in self.factors:
            values = self._told(name, *cast(values, "float64"))
            values = pd.Series(self.factors[name](values.to_numpy()), index=values.index)
        if dtype is not None:
            values = self._told(name, *cast(values, dtype, self.how))
        if facts.get("nullable") is False:
            self._all_there(name, values)
        return values

    def _all_there(self, name: str, values: pd.Series) -> None:
        rows = np.flatnonzero(values.isna())
        if rows.size:
            first = ", ".join(str(values.index[row]) for row in rows[:FIRST])
            raise DataCheckFailed(
                f"{self.table.path or self.table.name}, column {self.stored[name]!r}: {rows.size:,} values "
                f"of these {len(values):,} rows are missing (rows {first}), and the schema says nullable: "
                "false. Rows are counted from 0"
            )

    def _told(self, name: str, values: pd.Series, wrong: Any, given: Any, dtype: str) -> pd.Series:
        """Give the values, unless some are none of their type."""
        rows = np.flatnonzero(wrong)
        if not rows.size:
            return values
        if self.how == "missing":
            self.bad[name] = self.bad.get(name, 0) + rows.size
            return values
        examples = ", ".join(
            f"{str(given.iloc[row])[:40]!r} in row {given.index[row]}" for row in rows[:FIRST]
        )
        raise DataCheckFailed(
            f"{self.table.path or self.table.name}, column {self.stored[name]!r}: {rows.size:,} values of "
            f"these {len(values):,} rows are no {dtype} ({examples}). Mend them, or read with bad='missing'. "
            "Rows are counted from 0"
        )
