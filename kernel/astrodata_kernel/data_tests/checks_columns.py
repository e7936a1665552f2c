"""Checks of each value: ranges, missing and infinite ones, those that are allowed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ..errors import BadRequest
from .findings import Failing, Finding, limits, number, percent, plain, shown_unit
from .given import Block, Given
from .registered import Check, built_in

__all__ = ["checked_share", "missing_of", "numbers_of"]


def missing_of(values: Any) -> Any:
    """Give where values are missing: NaN, no time, None or masked; infinite ones are there."""
    if isinstance(values, pd.Series):
        return values.isna().to_numpy()
    kind = np.asarray(values).dtype.kind
    if kind in "fM":
        return np.isnan(values) if kind == "f" else np.isnat(values)
    return np.zeros(np.shape(values), bool)


def numbers_of(values: Any) -> Any:
    """Give values as an array that can be compared: whole numbers stay, what is missing is NaN or no time.

    Among whole numbers it is 0, as float64 would round the others: `missing_of` the values tells which.
    """
    if not isinstance(values, pd.Series):
        return np.asarray(values)
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        return _without_zone(values).to_numpy("M8[us]")
    if isinstance(values.dtype, np.dtype):
        return values.to_numpy()
    if pd.api.types.is_integer_dtype(values.dtype):
        return values.fillna(0).to_numpy(np.int64 if values.dtype.kind == "i" else np.uint64)
    held = getattr(values.dtype, "numpy_dtype", None)
    kept = held if held is not None and held.kind == "f" else np.float64
    return values.to_numpy(kept, na_value=np.nan)


def _without_zone(values: pd.Series) -> pd.Series:
    """Give times as UTC without a zone; those without one are taken as such."""
    if getattr(values.dt, "tz", None) is None:
        return values
    return values.dt.tz_convert("UTC").dt.tz_localize(None)


def _moment(told: Any, check: str, name: str) -> pd.Timestamp:
    """Give a time that a test names, as columns are compared: UTC, without a zone."""
    try:
        found = pd.Timestamp(told)
        return found if found.tzinfo is None else found.tz_convert("UTC").tz_localize(None)
    except (ValueError, TypeError) as error:
        raise BadRequest(f"{check} on {name}: {told!r} is no time ({error})") from None


def checked_share(share: float, name: str) -> None:
    """Refuse what is no share."""
    if not 0 <= share <= 1:
        raise BadRequest(f"{name}: {share} is no share; give 0 to 1")


class _Each(Check):
    """A check of each value, of which some share may fail."""

    tolerate: float = 0.0

    def begin(self, given: Given, names: list[str]) -> None:
        super().begin(given, names)
        self.counts = {name: Failing() for name in names}
        self.gone = dict.fromkeys(names, 0)

    def take(self, block: Block) -> None:
        for name in self.names:
            if name in block:
                values = block.values(name)
                self.gone[name] += int(missing_of(values).sum())
                self.counts[name].take(block, name, self.bad(name, values), values)

    def bad(self, name: str, values: Any) -> Any:
        """Give which values fail."""
        raise TypeError(f"the check {self.name!r} does not say what fails")

    def allowed(self, name: str) -> str:
        """Give what is asked for, as a text."""
        raise TypeError(f"the check {self.name!r} does not say what it allows")

    def seen(self, name: str) -> str:
        """Give what is there, as a text."""
        found = self.counts[name]
        return f"{found.count:,} of {found.seen:,} ({percent(found.share)})"

    def numbers(self, name: str) -> dict[str, Any]:
        """Give what was measured."""
        found = self.counts[name]
        return {"share": found.share, "examples": [plain(v) for v in found.examples]}

    def note(self, name: str) -> str:
        """Give what was left out."""
        gone = self.gone[name]
        return f"{gone:,} missing values are left out" if gone else ""

    def rest(self) -> str:
        """Give what is said behind what is asked for."""
        return f"; {percent(self.tolerate)} may fail" if self.tolerate else ""

    def end(self, cancelled: Callable[[], None]) -> list[Finding]:
        return [
            Finding(
                found.share <= self.tolerate,
                self.seen(name),
                self.allowed(name) + self.rest(),
                name,
                found.count,
                tuple(found.first),
                self.numbers(name),
                self.note(name),
            )
            for name, found in self.counts.items()
        ]


@built_in("range")
@dataclass
class Range(_Each):
    """Values lie between two limits, which belong to the range; missing values are left out."""

    kinds = ("number", "time", "vector")

    at_least: float | str | None = None
    at_most: float | str | None = None
    tolerate: float = 0.0

    def __post_init__(self) -> None:
        checked_share(self.tolerate, "tolerate")
        if self.at_least is None and self.at_most is None:
            raise BadRequest("give at_least, at_most or both")
        both = [end for end in (self.at_least, self.at_most) if isinstance(end, int | float)]
        if any(end != end for end in both) or both != sorted(both):
            raise BadRequest(f"a range from {both[0]} to {both[-1]} holds no value")

    def begin(self, given: Given, names: list[str]) -> None:
        super().begin(given, names)
        self.ends: dict[str, tuple[Any, Any]] = {}
        self.extent: dict[str, tuple[Any, Any]] = {}
        for name in names:
            self.ends[name] = tuple(self._end(end, name) for end in (self.at_least, self.at_most))  # type: ignore[assignment]

    def _end(self, end: Any, name: str) -> Any:
        if end is None:
            return None
        if self.given.column(name).kind == "time":
            return np.datetime64(_moment(end, "range", name), "us")
        if isinstance(end, str):
            try:
                return float(end)
            except ValueError:
                raise BadRequest(f"range on {name}: {end!r} is no number") from None
        return end

    def bad(self, name: str, values: Any) -> Any:
        found = numbers_of(values)
        low, high = self.ends[name]
        bad = np.zeros(found.shape, bool)
        if low is not None:
            bad |= found < low
        if high is not None:
            bad |= found > high
        gone = missing_of(values) | missing_of(found)
        there = found[~gone]
        if there.size:
            before = self.extent.get(name, (there.min(), there.max()))
            self.extent[name] = (min(before[0], there.min()), max(before[1], there.max()))
        return bad & ~gone

    def seen(self, name: str) -> str:
        if name not in self.extent:
            return "no values"
        low, high = self.extent[name]
        if isinstance(low, np.datetime64):
            return f"{low} to {high}"
        unit = shown_unit(self.given.column(name).unit)
        return f"{number(low.item())} to {number(high.item())}{' ' + unit if unit else ''}"

    def allowed(self, name: str) -> str:
        low, high = self.ends[name]
        if isinstance(low or high, np.datetime64):
            parts = [
                f"from {low}" if low is not None else "",
                f"to {high}" if high is not None else "",
            ]
            return " ".join(part for part in parts if part)
        return limits(low, high, shown_unit(self.given.column(name).unit))

    def numbers(self, name: str) -> dict[str, Any]:
        low, high = self.extent.get(name, (None, None))
        return {**super().numbers(name), "min": plain(low), "max": plain(high)}


@built_in("nan_share")
@dataclass
class NanShare(_Each):
    """The share of missing values (NaN, no time, empty) is at most so large."""

    at_most: float = 0.0

    def __post_init__(self) -> None:
        checked_share(self.at_most, "at_most")
        self.tolerate = self.at_most

    def bad(self, name: str, values: Any) -> Any:
        return missing_of(values)

    def allowed(self, name: str) -> str:
        return f"at most {percent(self.at_most)} missing"

    def numbers(self, name: str) -> dict[str, Any]:
        return {"share": self.counts[name].share}

    def note(self, name: str) -> str:
        return ""

    def rest(self) -> str:
        return ""


@built_in("finite")
@dataclass
class Finite(_Each):
    """Values are neither infinite nor, unless that is allowed, missing."""

    kinds = ("number", "flag", "vector")

    missing: bool = False
    tolerate: float = 0.0

    def __post_init__(self) -> None:
        checked_share(self.tolerate, "tolerate")

    def bad(self, name: str, values: Any) -> Any:
        found = numbers_of(values)
        bad = np.isinf(found) if found.dtype.kind == "f" else np.zeros(found.shape, bool)
        return bad if self.missing else bad | missing_of(values) | missing_of(found)

    def allowed(self, name: str) -> str:
        return "no infinite values" if self.missing else "finite values"

    def note(self, name: str) -> str:
        return super().note(name) if self.missing else ""


def _as_held(wanted: list[Any], dtype: np.dtype[Any]) -> Any:
    """Give the numbers that a test names as a column holds them, without those that it cannot hold."""
    numbers = [v for v in wanted if not isinstance(v, str)]
    if dtype.kind in "iu":
        # Beside a 0.5 they would all be compared as floats, which do not know 2**53 + 1.
        ends = np.iinfo(dtype)
        held = [v for v in numbers if ends.min <= v <= ends.max and v == int(v)]
        return np.array([int(v) for v in held], dtype)
    if dtype.kind == "f":
        most = float(np.finfo(dtype).max)
        # 0.1 of a file in float32 is not the 0.1 of float64.
        return np.array([v for v in numbers if abs(v) <= most or abs(v) == np.inf], dtype)
    return np.asarray(numbers)


@built_in("allowed")
@dataclass
class Allowed(_Each):
    """Values are some of a list; missing values are left out."""

    values: list[float | str | bool]
    tolerate: float = 0.0

    def __post_init__(self) -> None:
        checked_share(self.tolerate, "tolerate")
        if not self.values:
            raise BadRequest("give the values that are allowed")

    def begin(self, given: Given, names: list[str]) -> None:
        super().begin(given, names)
        times = [name for name in names if given.column(name).kind == "time"]
        self.moments = {n: [_moment(v, "allowed", n) for v in self.values] for n in times}

    def bad(self, name: str, values: Any) -> Any:
        kind = self.given.column(name).kind
        if kind == "text":
            there = values.astype("str").isin([str(v) for v in self.values])
        elif kind == "time":
            there = _without_zone(values).isin(self.moments[name])
        else:
            found = numbers_of(values)
            there = np.isin(found, _as_held(self.values, found.dtype))
        return ~np.asarray(there, bool) & ~missing_of(values)

    def allowed(self, name: str) -> str:
        shown = ", ".join(map(str, self.values[:8]))
        return f"one of {shown}" + (", …" if len(self.values) > 8 else "")

    def numbers(self, name: str) -> dict[str, Any]:
        return {
            **super().numbers(name),
            "others": sorted({str(v) for v in self.counts[name].examples}),
        }
