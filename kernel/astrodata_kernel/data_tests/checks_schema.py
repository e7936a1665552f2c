"""What columns a table has, of which types and with which values, through Pandera."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ..errors import BadRequest, MissingPackage, UnknownName, closest
from .checks_repeated import Unique
from .checks_rows import Unit
from .findings import FIRST, Finding, plain
from .given import Block, Given
from .registered import SCALARS, Check, built_in

__all__ = ["FACTS", "KINDS", "pandera", "specification"]

KINDS = ("number", "integer", "text", "flag", "time", "vector")
"""Words for types, besides those of pandas such as ``float32`` and ``Int64``."""

FACTS = (
    "dtype",
    "nullable",
    "required",
    "unit",
    "unique",
    "at_least",
    "at_most",
    "allowed",
    "matches",
)
"""What can be told of a column."""


def pandera() -> Any:
    """Give `pandera.pandas`.

    Raises
    ------
    MissingPackage
        It is not installed.
    """
    try:
        import pandera.pandas as found
    except ImportError:
        raise MissingPackage(
            'schemas of tables need Pandera: pip install "astrodata-lab[pipeline]"'
        ) from None
    return found


def specification(columns: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Give what is told of each column, a bare type as ``dtype``.

    Raises
    ------
    UnknownName
        Something that cannot be told of a column; the text names the nearest.
    BadRequest
        A type that pandas does not know, or a column told by neither a text nor a mapping.
    """
    found = {}
    for name, told in columns.items():
        facts = {"dtype": told} if isinstance(told, str) or told is None else told
        if not isinstance(facts, Mapping):
            raise BadRequest(f"column {name!r} of the schema: give a type, or a mapping of facts")
        for key in facts:
            if key not in FACTS:
                hint = (
                    closest(str(key), FACTS).removeprefix("; ") or f"there are {', '.join(FACTS)}"
                )
                raise UnknownName(f"column {name!r} of the schema has {key!r}: {hint}")
        dtype = facts.get("dtype")
        if dtype is not None and dtype not in KINDS:
            try:
                pd.api.types.pandas_dtype(dtype)
            except TypeError:
                hint = closest(str(dtype), [*KINDS, *_TYPES])
                raise BadRequest(
                    f"column {name!r} of the schema: no type {dtype!r}{hint}"
                ) from None
        found[str(name)] = dict(facts)
    return found


_TYPES = (
    "float32",
    "float64",
    "int8",
    "int16",
    "int32",
    "int64",
    "uint8",
    "uint16",
    "bool",
    "str",
    "Int64",
)


@built_in("schema")
@dataclass
class Schema(Check):
    """Columns are there, of their types, in order if asked, with values as told; on Pandera.

    `columns` maps names to a type or to ``dtype``, ``nullable`` (false by default), ``required``, ``unit``,
    ``unique``, ``at_least``, ``at_most``, ``allowed`` and ``matches`` (a regular expression); `others` says
    whether more columns may be there. `schema` is a `pandera.DataFrameSchema`, in Python only.
    """

    data = ("table", "latents")
    takes_columns = False

    columns_: dict[str, Any] | None = None
    ordered: bool = False
    others: bool = True
    schema: Any = None

    def __post_init__(self) -> None:
        if (self.columns_ is None) == (self.schema is None):
            raise BadRequest("give columns, a mapping of names to types, or schema (of Pandera)")
        self.told = specification(self.columns_ or {})
        if self.schema is not None and not hasattr(self.schema, "validate"):
            raise BadRequest(
                f"schema is {type(self.schema).__name__}: give a pandera.DataFrameSchema, or columns"
            )

    def columns(self, given: Given) -> list[str]:
        super().columns(given)
        scalars = [c.name for c in given.columns.values() if c.kind in SCALARS or c.kind == "other"]
        if self.schema is not None:
            return scalars
        return [name for name in self.told if name in scalars]

    def begin(self, given: Given, names: list[str]) -> None:
        super().begin(given, names)
        self.failed: dict[tuple[str, str], list[Any]] = {}
        self.rows = 0
        self.parts: list[Check] = []
        pa = pandera()
        if self.schema is None:
            self._structure(given, pa)
            self.pandera = pa.DataFrameSchema({n: self._column(pa, n) for n in names})
            unique = [n for n in names if self.told[n].get("unique")]
        else:
            self.pandera = self.schema
            held = getattr(self.schema, "columns", {})
            unique = [n for n, c in held.items() if getattr(c, "unique", False) and n in names]
        self.whole = self.schema is not None and isinstance(given.source, pd.DataFrame)
        if unique and not self.whole:
            part = Unique()
            part.begin(given, unique)
            self.parts.append(part)

    def _structure(self, given: Given, pa: Any) -> None:
        """Ask Pandera for the columns and their order, and ourselves for what a header tells."""
        names = {n: pa.Column(required=bool(t.get("required", True))) for n, t in self.told.items()}
        schema = pa.DataFrameSchema(names, strict=not self.others, ordered=self.ordered)
        self._validate(schema, pd.DataFrame(columns=list(given.columns), dtype=object))
        for name, told in self.told.items():
            column = given.columns.get(name)
            if column is None:
                continue
            dtype = told.get("dtype")
            kind = "integer" if column.kind == "number" and column.whole else column.kind
            fits = kind == dtype or (dtype == "number" and column.kind == "number")
            if column.kind == "vector":
                fits = fits or str(dtype) == column.dtype
            if dtype is not None and (dtype in KINDS or column.kind == "vector") and not fits:
                self._fail(name, f"dtype {dtype}", None, column.dtype)
            if "unit" in told:
                part = Unit(str(told["unit"]))
                part.begin(given, [name])
                [found] = part.end(lambda: None)
                if not found.ok:
                    self._fail(name, f"unit {found.allowed}", None, found.seen)

    def _column(self, pa: Any, name: str) -> Any:
        told = self.told[name]
        checks = []
        if told.get("at_least") is not None:
            checks.append(pa.Check.ge(told["at_least"]))
        if told.get("at_most") is not None:
            checks.append(pa.Check.le(told["at_most"]))
        if told.get("allowed") is not None:
            checks.append(pa.Check.isin(list(told["allowed"])))
        if told.get("matches") is not None:
            checks.append(pa.Check.str_matches(str(told["matches"])))
        dtype = told.get("dtype")
        return pa.Column(
            None if dtype in KINDS else dtype, checks, nullable=bool(told.get("nullable", False))
        )

    def take(self, block: Block) -> None:
        for part in self.parts:
            part.take(block)
        self.rows += len(block.frame)
        if self.whole:
            if block.origin[0] == 0:
                frame = self.given.source
                plain_index = getattr(self.schema, "index", None) is None
                self._validate(self.pandera, frame.reset_index(drop=True) if plain_index else frame)
            return
        frame = block.frame[[n for n in self.names if n in block.frame]]
        if self.schema is None:
            frame = frame.copy(deep=False)
            for name in self.names:
                frame[name] = _as_declared(frame[name], self.told[name].get("dtype"))
        self._validate(self.pandera, frame)

    def _validate(self, schema: Any, frame: pd.DataFrame) -> None:
        errors = pandera().errors
        try:
            schema.validate(frame, lazy=True)
        except errors.SchemaErrors as told:
            for case in told.failure_cases.to_dict("records"):
                of_schema = case.get("schema_context") == "DataFrameSchema"
                column = "" if case.get("column") is None else str(case["column"])
                value = case.get("failure_case")
                if of_schema and (column not in self.given.columns):
                    column = str(value) if isinstance(value, str) else ""
                self._fail(column, str(case.get("check")), case.get("index"), value)
        except errors.SchemaError as told:
            self._fail("", str(told)[:200], None, None)

    def _fail(self, column: str, check: str, row: Any, value: Any) -> None:
        where = int(row) if isinstance(row, int | float | np.integer) and row == row else None
        self.failed.setdefault((column, check), []).append((where, value))

    def end(self, cancelled: Callable[[], None]) -> list[Finding]:
        found = []
        for (column, check), cases in self.failed.items():
            rows = [row for row, _ in cases if row is not None]
            values = [_shown(value) for _, value in cases[:FIRST] if value is not None]
            if check == "column_in_dataframe":
                values = ["it is not there"]
            found.append(
                Finding(
                    False,
                    ", ".join(dict.fromkeys(values)) or "not so",
                    _words(check),
                    column,
                    len(rows),
                    tuple(rows[:FIRST]),
                    {"check": check},
                )
            )
        for part in self.parts:
            found += [f for f in part.end(cancelled) if not f.ok]
        if found:
            return found
        count = len(self.told) or len(self.names)
        note = ""
        if self.schema is not None and not self.whole:
            note = "checks of the whole table saw one block of rows at a time"
        return [Finding(True, f"{count:,} columns, {self.rows:,} rows", "the schema", note=note)]


def _as_declared(series: pd.Series, dtype: Any) -> pd.Series:
    """Give whole numbers and flags as declared, where they differ only in whether they could be missing."""
    if dtype is None or dtype in KINDS:
        return series
    wanted = pd.api.types.pandas_dtype(dtype)
    same = str(series.dtype).lower().replace("boolean", "bool") == str(wanted).lower().replace(
        "boolean", "bool"
    )
    if not same or series.dtype == wanted:
        return series
    return series if series.isna().any() and isinstance(wanted, np.dtype) else series.astype(wanted)


def _shown(value: Any) -> str:
    return "missing" if pd.api.types.is_scalar(value) and pd.isna(value) else str(plain(value))


def _words(check: str) -> str:
    """Give what Pandera calls a check in plain words."""
    plainly = {
        "not_nullable": "no missing values",
        "column_in_dataframe": "the column is there",
        "column_in_schema": "no other columns",
        "column_ordered": "columns in order",
        "field_uniqueness": "no value twice",
    }
    return plainly.get(check, check)
