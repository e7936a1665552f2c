"""What one check saw of one column."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .given import Block, Place

FIRST = 5
"""Places that fail which are told."""


@dataclass(frozen=True)
class Finding:
    """What one check saw.

    Parameters
    ----------
    ok
        Whether it holds.
    seen, allowed
        What is there and what was asked for, as texts.
    column
        Of which; "" of the whole.
    failing
        Number of rows or values that fail.
    first
        Where the first of them are: rows, or indices along each axis, counted from 0.
    numbers
        What was measured, by name; JSON.
    note
        How far the result can be trusted, or what was left out.
    picture
        ``{"edges", "data", "reference"}``: shares in bins, which the report draws.
    """

    ok: bool
    seen: str
    allowed: str
    column: str = ""
    failing: int = 0
    first: tuple[Place, ...] = ()
    numbers: Mapping[str, Any] = field(default_factory=dict)
    note: str = ""
    picture: Mapping[str, Any] | None = None


class Failing:
    """Counts values that fail, and keeps where the first are."""

    def __init__(self) -> None:
        self.count = 0
        self.seen = 0
        self.first: list[Place] = []
        self.examples: list[Any] = []

    def take(self, block: Block, name: str, bad: Any, values: Any = None) -> None:
        """Count where a mask of a block's values is true."""
        mask = np.asarray(bad, bool).reshape(-1)
        self.seen += mask.size
        found = int(mask.sum())
        self.count += found
        if found and len(self.first) < FIRST:
            wanted = np.flatnonzero(mask)[: FIRST - len(self.first)]
            self.first += [block.place(name, n) for n in wanted]
            if values is not None:
                flat = np.asarray(values).reshape(-1)
                self.examples += [plain(flat[n]) for n in wanted]

    @property
    def share(self) -> float:
        """Share that fails."""
        return self.count / self.seen if self.seen else 0.0


def plain(value: Any) -> Any:
    """Give a value as JSON knows it: what is no number there as a text."""
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float) and not np.isfinite(value):
        return str(value)
    return value if isinstance(value, int | float | str | bool | type(None)) else str(value)


def number(value: float) -> str:
    """Give a number as a person writes it."""
    if isinstance(value, int | np.integer) or (
        np.isfinite(value) and value == int(value) and abs(value) < 1e15
    ):
        return f"{int(value):,}"
    return f"{value:.6g}"


def percent(share: float) -> str:
    """Give a share as a text."""
    return f"{100 * share:.3g} %"


def limits(at_least: Any, at_most: Any, unit: str = "") -> str:
    """Give limits as a text."""
    tail = f" {unit}" if unit else ""
    if at_least is not None and at_most is not None:
        return f"{number(at_least)} to {number(at_most)}{tail}"
    if at_least is not None:
        return f"at least {number(at_least)}{tail}"
    return f"at most {number(at_most)}{tail}" if at_most is not None else "anything"


def shown_unit(text: str) -> str:
    """Give a unit as astropy writes it, where it is one: of ``"BJD - 2457000, days"`` days."""
    from ..processing.table_units import unit_of

    unit = unit_of(text)
    return text if unit is None else unit.to_string()
