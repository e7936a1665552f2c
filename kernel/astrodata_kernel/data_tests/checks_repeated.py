"""Checks of rows and values that come twice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..errors import BadRequest
from .checks_columns import checked_share, missing_of, numbers_of
from .findings import FIRST, Finding, percent
from .given import Block, Given
from .registered import SCALARS, Check, built_in

__all__ = ["hashes_of", "repeated"]


def hashes_of(columns: Sequence[pd.Series]) -> npt.NDArray[np.uint64]:
    """Give a 64-bit hash of each row; equal values have equal ones, whatever holds them."""
    total = np.zeros(len(columns[0]), np.uint64)
    for column in columns:
        gone = column.isna().to_numpy()
        if pd.api.types.is_numeric_dtype(column.dtype) or pd.api.types.is_bool_dtype(column.dtype):
            held = numbers_of(column.fillna(0) if gone.any() else column)
            held = held + 0.0 if held.dtype.kind == "f" else held.astype(np.int64, copy=False)
            one = pd.util.hash_array(np.asarray(held))
        elif pd.api.types.is_datetime64_any_dtype(column.dtype):
            one = pd.util.hash_array(numbers_of(column).astype(np.int64))
        else:
            one = pd.util.hash_array(column.astype("str").fillna("").to_numpy(dtype=object))
        one = np.where(gone, np.uint64(0x9E3779B97F4A7C15), one)
        # As boost's hash_combine: the order of the columns counts.
        total ^= (
            one + np.uint64(0x9E3779B97F4A7C15) + (total << np.uint64(6)) + (total >> np.uint64(2))
        )
    return total


def repeated(hashes: npt.NDArray[np.uint64]) -> npt.NDArray[np.int64]:
    """Give the rows whose hash an earlier row has, in order."""
    order = np.argsort(hashes, kind="stable")
    ordered = hashes[order]
    return np.sort(order[1:][ordered[1:] == ordered[:-1]])


class _Told(Check):
    """Rows told by a hash of 64 bits each: ten million take 80 MB."""

    kinds = SCALARS

    def _findings(self, rows: Any, count: int, at_most: float, column: str, what: str) -> Finding:
        share = len(rows) / count if count else 0.0
        allowed = "none" if not at_most else f"at most {percent(at_most)}"
        return Finding(
            share <= at_most,
            f"{len(rows):,} of {count:,} ({percent(share)})",
            f"{allowed} {what}",
            column,
            len(rows),
            tuple(int(row) for row in rows[:FIRST]),
            {"share": share},
            "told by 64-bit hashes" if count > 1_000_000 else "",
        )


@built_in("duplicates")
@dataclass
class Duplicates(_Told):
    """At most such a share of the rows repeats an earlier one, in all of the named columns."""

    at_most: float = 0.0

    def __post_init__(self) -> None:
        checked_share(self.at_most, "at_most")

    def begin(self, given: Given, names: list[str]) -> None:
        super().begin(given, names)
        self.hashes: list[Any] = []

    def take(self, block: Block) -> None:
        self.hashes.append(hashes_of([block.values(name) for name in self.names]))

    def end(self, cancelled: Callable[[], None]) -> list[Finding]:
        whole = np.concatenate([np.empty(0, np.uint64), *self.hashes])
        column = ", ".join(self.names) if self.on else ""
        return [self._findings(repeated(whole), len(whole), self.at_most, column, "repeated")]


@built_in("unique")
@dataclass
class Unique(_Told):
    """No value of a column comes twice; missing values are left out."""

    def columns(self, given: Given) -> list[str]:
        if self.on is None and len(given.columns) > 1:
            raise BadRequest("'unique': name the columns, such as on: id")
        return super().columns(given)

    def begin(self, given: Given, names: list[str]) -> None:
        super().begin(given, names)
        self.parts: dict[str, list[tuple[Any, Any]]] = {name: [] for name in names}

    def take(self, block: Block) -> None:
        for name in self.names:
            values = block.values(name)
            there = np.flatnonzero(~missing_of(values))
            hashes = hashes_of([values.iloc[there]])
            self.parts[name].append((hashes, there + block.origin[0]))

    def end(self, cancelled: Callable[[], None]) -> list[Finding]:
        found = []
        for name, parts in self.parts.items():
            hashes = np.concatenate([np.empty(0, np.uint64), *(h for h, _ in parts)])
            rows = np.concatenate([np.empty(0, np.int64), *(r for _, r in parts)])
            found.append(self._findings(rows[repeated(hashes)], len(rows), 0.0, name, "repeated"))
        return found
