"""Checks of rows together: their number and order, how classes share them, and the units of columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import BadRequest
from .checks_columns import checked_share, missing_of, numbers_of
from .findings import FIRST, Failing, Finding, limits, number, percent, plain, shown_unit
from .given import Block, Given
from .registered import SCALARS, Check, built_in

__all__: list[str] = []

_CLASSES = 10_000


@built_in("monotonic")
@dataclass
class Monotonic(Check):
    """Values never fall (or rise), such as times; gaps between neighbours are at most so long."""

    kinds = ("number", "time")

    strictly: bool = False
    falling: bool = False
    gap_at_most: float | None = None

    def __post_init__(self) -> None:
        if self.gap_at_most is not None and not self.gap_at_most > 0:
            raise BadRequest(
                f"gap_at_most: {self.gap_at_most} is no length; give a positive number"
            )

    def columns(self, given: Given) -> list[str]:
        if self.on is None:
            raise BadRequest("'monotonic': name the columns, such as on: TIME")
        return super().columns(given)

    def begin(self, given: Given, names: list[str]) -> None:
        super().begin(given, names)
        self.last: dict[str, Any] = {}
        self.turns = {name: Failing() for name in names}
        self.gaps = {name: Failing() for name in names}
        self.gone = dict.fromkeys(names, 0)
        self.widest = dict.fromkeys(names, 0.0)

    def take(self, block: Block) -> None:
        for name in self.names:
            column = block.values(name)
            there = ~missing_of(column)
            self.gone[name] += int((~there).sum())
            places = np.flatnonzero(there)
            values = numbers_of(column)[there]
            if not values.size:
                continue
            before = self.last.get(name)
            known = values if before is None else np.concatenate([[before], values])
            self.last[name] = values[-1]
            steps = _steps(known)
            if self.falling:
                steps = -steps
            rows = places if before is not None else places[1:]
            turns = steps <= 0 if self.strictly else steps < 0
            marks = np.zeros(len(column), bool)
            marks[rows] = turns
            self.turns[name].take(block, name, marks, column)
            if self.gap_at_most is not None:
                marks = np.zeros(len(column), bool)
                marks[rows] = steps > self.gap_at_most
                self.gaps[name].take(block, name, marks, column)
            if steps.size:
                self.widest[name] = max(self.widest[name], float(steps.max()))

    def end(self, cancelled: Callable[[], None]) -> list[Finding]:
        found = []
        way = "falling" if self.falling else "rising"
        wanted = f"{'strictly ' if self.strictly else ''}{way}"
        for name in self.names:
            column = self.given.column(name)
            unit = "s" if column.kind == "time" else shown_unit(column.unit)
            turns, gaps = self.turns[name], self.gaps[name]
            seen = f"{_many(turns.count, 'step')} the other way" if turns.count else wanted
            seen += f", widest gap {number(self.widest[name])}{' ' + unit if unit else ''}"
            if gaps.count:
                seen += f", {_many(gaps.count, 'gap')} too long"
            allowed = wanted
            if self.gap_at_most is not None:
                allowed += f", gaps {limits(None, self.gap_at_most, unit)}"
            first = sorted({*turns.first, *gaps.first})[:FIRST]
            gone = self.gone[name]
            found.append(
                Finding(
                    not turns.count and not gaps.count,
                    seen,
                    allowed,
                    name,
                    turns.count + gaps.count,
                    tuple(first),
                    {"turns": turns.count, "gaps": gaps.count, "widest": self.widest[name]},
                    f"{gone:,} missing values are left out" if gone else "",
                )
            )
        return found


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"


def _steps(values: Any) -> Any:
    """Give differences between neighbours, of times in seconds; whole numbers do not overflow."""
    if values.dtype.kind == "M":
        return np.diff(values.astype("M8[us]").astype(np.int64)) / 1e6
    if values.dtype.kind == "u":
        up, down = values[1:] - values[:-1], values[:-1] - values[1:]
        return np.where(values[1:] >= values[:-1], up.astype(np.float64), -down.astype(np.float64))
    return np.diff(values.astype(np.int64) if values.dtype.kind == "i" else values)


@built_in("rows")
@dataclass
class Rows(Check):
    """The number of rows (traces, points) lies between two numbers."""

    takes_columns = False
    reads = False

    at_least: int | None = None
    at_most: int | None = None

    def __post_init__(self) -> None:
        if self.at_least is None and self.at_most is None:
            raise BadRequest("give at_least, at_most or both")
        if None not in (self.at_least, self.at_most) and self.at_least > self.at_most:  # type: ignore[operator]
            raise BadRequest(f"no number is at least {self.at_least} and at most {self.at_most}")

    def end(self, cancelled: Callable[[], None]) -> list[Finding]:
        count = self.given.count or 0
        low, high = self.at_least, self.at_most
        ok = (low is None or count >= low) and (high is None or count <= high)
        return [Finding(ok, f"{count:,} rows", limits(low, high), numbers={"rows": count})]


@built_in("unit")
@dataclass
class Unit(Check):
    """Columns have a unit, or (equivalent) one that can be converted to it."""

    kinds = (*SCALARS, "vector", "other")
    reads = False

    unit: str
    equivalent: bool = False

    def __post_init__(self) -> None:
        from ..processing.table_units import unit_of

        self.wanted = unit_of(self.unit) if self.unit else None
        if self.unit and self.wanted is None:
            raise BadRequest(f"{self.unit!r} is no unit that astropy knows")

    def columns(self, given: Given) -> list[str]:
        if self.on is None and len(given.columns) > 1:
            raise BadRequest("'unit': name the columns, such as on: flux")
        return super().columns(given)

    def end(self, cancelled: Callable[[], None]) -> list[Finding]:
        from ..processing.table_units import unit_of

        found = []
        for name in self.names:
            text = self.given.column(name).unit
            unit = unit_of(text)
            if self.wanted is None:
                ok = not text
            elif unit is None:
                ok = False
            else:
                ok = unit.is_equivalent(self.wanted) if self.equivalent else unit == self.wanted
            wanted = f"convertible to {self.unit}" if self.equivalent else self.unit or "no unit"
            found.append(Finding(bool(ok), text or "no unit", wanted, name))
        return found


@built_in("class_balance")
@dataclass
class ClassBalance(Check):
    """The rarest class has at least such a share of the rows; missing labels are left out."""

    kinds = ("text", "flag", "number")

    at_least: float
    classes: list[str | float | bool] | None = None

    def __post_init__(self) -> None:
        checked_share(self.at_least, "at_least")

    def columns(self, given: Given) -> list[str]:
        if self.on is None and len(given.columns) > 1:
            raise BadRequest("'class_balance': name the column of the classes, such as on: label")
        return super().columns(given)

    def begin(self, given: Given, names: list[str]) -> None:
        super().begin(given, names)
        self.counts: dict[str, Counter[Any]] = {name: Counter() for name in names}
        self.gone = dict.fromkeys(names, 0)

    def take(self, block: Block) -> None:
        for name in self.names:
            values = block.values(name)
            self.gone[name] += int(missing_of(values).sum())
            counts = values.value_counts()
            self.counts[name].update(
                {plain(key): int(n) for key, n in zip(counts.index, counts, strict=True) if n}
            )
            if len(self.counts[name]) > _CLASSES:
                raise BadRequest(
                    f"column {name!r} has more than {_CLASSES:,} values: these are no classes"
                )

    def end(self, cancelled: Callable[[], None]) -> list[Finding]:
        found = []
        for name, counts in self.counts.items():
            for wanted in self.classes or ():
                if wanted not in counts:
                    counts[wanted] = 0
            total = sum(counts.values())
            shares = {str(key): n / total if total else 0.0 for key, n in counts.items()}
            rarest = min(shares, key=lambda key: shares[key], default=None)
            gone = self.gone[name]
            found.append(
                Finding(
                    rarest is not None and shares[rarest] >= self.at_least,
                    "no class"
                    if rarest is None
                    else f"{rarest}: {percent(shares[rarest])} of {total:,} in {len(shares):,} classes",
                    f"at least {percent(self.at_least)} each",
                    name,
                    numbers={"counts": {str(k): n for k, n in counts.most_common(50)}},
                    note=f"{gone:,} missing values are left out" if gone else "",
                )
            )
        return found
