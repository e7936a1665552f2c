"""What is known of each trace, as columns that are filtered, sorted and counted."""

from __future__ import annotations

import difflib
import math
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ..datasets import LazyTable
from ..errors import BadRequest, UnknownName

if TYPE_CHECKING:
    import pandas as pd

Values = npt.NDArray[Any]
Filter = Mapping[str, Sequence[float | None]]
Sort = Sequence[str]

TRACE = "trace"
MEASURED = "measured_"
_KEPT_ORDERS = 8
_TEXT = 80


class TraceTable:
    """Columns of a set of traces: their number, what the file says of them, and what was measured.

    Parameters
    ----------
    count
        Number of traces.
    own
        Table that the data set brings along, one row a trace, or None.
    measured
        (name, unit) of the measured columns. One that the file has too is called ``measured_NAME``.
    measure
        Gives them, or raises `NotYet`; called each time they are needed.
    """

    def __init__(
        self,
        count: int,
        own: LazyTable | None,
        measured: Sequence[tuple[str, str]],
        measure: Callable[[], Any],
    ) -> None:
        self.count = count
        self._own = own
        self._measure = measure
        self._columns: dict[str, Values] = {TRACE: np.arange(count)}
        self._units = {TRACE: ""}
        for name, _, unit in own.columns if own is not None else ():
            self._units[name] = unit
        self._from: dict[str, str] = {}
        for name, unit in measured:
            shown = f"{MEASURED}{name}" if name in self._units else name
            self._units[shown] = unit
            self._from[shown] = name
        self._orders: dict[Any, Values] = {}
        self._lock = threading.Lock()

    @property
    def names(self) -> list[str]:
        """Names of all columns, whether their values are known yet or not."""
        return list(self._units)

    def unit(self, name: str) -> str:
        """Give a column's unit; empty when it has none, or none is known."""
        return self._units[name]

    def ready(self, name: str) -> bool:
        """Tell whether a column's values are known."""
        return name in self._columns or name not in self._from or self._measured(quiet=True)

    def column(self, name: str) -> Values:
        """Give a column's values, one a trace.

        Raises
        ------
        UnknownName
            There is no such column; the text lists those that there are.
        NotYet
            It is still being measured.
        """
        self.check_name(name)
        known = self._columns.get(name)
        if known is None:
            known = self._read(name)
        return known

    def check_name(self, name: str) -> None:
        """Raise UnknownName for a column that there is not."""
        if name not in self._units:
            close = difflib.get_close_matches(name, self.names, 1, 0.6)
            hint = f"did you mean {close[0]!r}? The" if close else "the"
            raise UnknownName(
                f"there is no column {name!r}: {hint} columns are {', '.join(self.names)}"
            )

    def check_filter(self, chosen: Filter) -> None:
        """Raise for a filter on a column that there is not, or with limits that are none."""
        for name, limits in chosen.items():
            self.check_name(name)
            _limits(name, limits)
            if name in self._columns and self._columns[name].dtype.kind not in "biuf":
                raise BadRequest(f"column {name!r} holds text: filter by a column of numbers")

    def check_sort(self, sort: Sort) -> None:
        """Raise for an order by a column that there is not, or in no direction."""
        if len(sort) != 2 or sort[1] not in ("asc", "desc"):
            raise BadRequest(f'sort {list(sort)}: give [column, "asc"] or [column, "desc"]')
        self.check_name(sort[0])

    def mask(self, chosen: Filter) -> npt.NDArray[np.bool_]:
        """Give which traces pass a filter: within all limits, both of which belong to it; NaN never does."""
        self.check_filter(chosen)
        passed = np.ones(self.count, bool)
        for name, limits in chosen.items():
            values = self.column(name)
            if values.dtype.kind not in "biuf":
                raise BadRequest(f"column {name!r} holds text: filter by a column of numbers")
            low, high = _limits(name, limits)
            passed &= (values >= low) & (values <= high)
        return passed

    def order(self, chosen: Filter, sort: Sort) -> Values:
        """Give the numbers of the traces that pass a filter, in an order; values of NaN come last.

        Raises
        ------
        UnknownName, BadRequest
            A filter or an order that is none.
        NotYet
            A column that is still being measured.
        """
        self.check_sort(sort)
        key = (tuple((n, *_limits(n, limits)) for n, limits in chosen.items()), tuple(sort))
        known = self._orders.get(key)
        if known is None:
            ids = np.flatnonzero(self.mask(chosen))
            values = self.column(sort[0])[ids]
            known = ids[_sorted(values, sort[1] == "desc")]
            known.flags.writeable = False
            with self._lock:
                while len(self._orders) >= _KEPT_ORDERS:
                    self._orders.pop(next(iter(self._orders)))
                self._orders[key] = known
        return known

    def histogram(self, name: str, bins: int, chosen: Filter) -> dict[str, Any]:
        """Give how a column's values are spread: of all traces, and of those that pass the other limits.

        Returns
        -------
        dict
            ``counts`` uint32 (2, bins): all, passed. ``low``, ``high``; ``log``: whether the bins are even
            in the logarithm, as where values span several powers of ten. ``missing``: how many values are
            not finite.

        Raises
        ------
        BadRequest
            A column of text, or no bins.
        """
        values = self.column(name)
        if values.dtype.kind not in "biuf":
            raise BadRequest(f"column {name!r} holds text: only numbers have a histogram")
        if not 1 <= bins <= 1000:
            raise BadRequest(f"{bins} bins: give 1 to 1000")
        others = {n: limits for n, limits in chosen.items() if n != name}
        passed = self.mask(others)
        finite = np.isfinite(values)
        good = values[finite].astype(np.float64)
        if not len(good):
            empty = np.zeros((2, bins), np.uint32)
            return {"counts": empty, "low": 0.0, "high": 1.0, "log": False, "missing": self.count}
        low, high = float(good.min()), float(good.max())
        log = low > 0 and high / low > 100 and float(np.median(good)) < 0.2 * high
        if low == high:
            half = abs(low) * 0.05 or 0.5
            low, high = low - half, high + half
        scaled, (first, last) = (np.log(good), np.log([low, high])) if log else (good, (low, high))
        with np.errstate(over="ignore"):
            place = ((scaled - first) * (bins / (last - first))).astype(np.int64)
        place = place.clip(0, bins - 1)
        whole = np.bincount(place, minlength=bins)
        part = np.bincount(place[passed[finite]], minlength=bins)
        return {
            "counts": np.stack([whole, part]).astype(np.uint32),
            "low": low,
            "high": high,
            "log": bool(log),
            "missing": int(self.count - len(good)),
        }

    def rows(self, ids: Values) -> list[list[Any]]:
        """Give rows of printable values in the order of `names`; "" for what is not known yet."""
        unknown = [""] * len(ids)
        columns = [
            [_cell(v) for v in self.column(name)[ids]] if self.ready(name) else unknown
            for name in self.names
        ]
        return [list(row) for row in zip(*columns, strict=True)]

    def describe(self) -> list[dict[str, Any]]:
        """Give name, unit, and kind of each column: number, flag, text, or "" while it is not known."""
        return [
            {"name": name, "unit": self.unit(name), "kind": self._kind(name)} for name in self.names
        ]

    def frame(self, ids: Values) -> pd.DataFrame:
        """Give rows as a DataFrame whose index is the trace number."""
        import pandas as pd

        columns = {name: self.column(name)[ids] for name in self.names if name != TRACE}
        return pd.DataFrame(columns, index=pd.Index(ids, name=TRACE))

    def _kind(self, name: str) -> str:
        if not self.ready(name):
            return ""
        return {"b": "flag", "i": "number", "u": "number", "f": "number"}.get(
            self.column(name).dtype.kind, "text"
        )

    def _measured(self, quiet: bool = False) -> bool:
        from .waveforms_jobs import NotYet

        try:
            frame = self._measure()
        except NotYet:
            if quiet:
                return False
            raise
        with self._lock:
            for shown, name in self._from.items():
                self._columns[shown] = frame[name].to_numpy()
        return True

    def _read(self, name: str) -> Values:
        if name in self._from:
            self._measured()
            return self._columns[name]
        assert self._own is not None  # noqa: S101 - where else could the name be from
        values = self._own[name]
        if np.ma.isMaskedArray(values):
            floating = values.dtype.kind in "iuf"
            values = values.astype(float).filled(np.nan) if floating else values.filled()
        values = np.asarray(values)
        if values.ndim != 1:
            # An array in each row has no place in a line of a table; its shape is better than nothing.
            values = np.full(len(values), f"array {values.shape[1:]}")
        values = values.astype(values.dtype.newbyteorder("="), copy=False)
        with self._lock:
            self._columns[name] = values
        return values


def _limits(name: str, limits: Any) -> tuple[float, float]:
    try:
        low, high = limits
        low = -math.inf if low is None else float(low)
        high = math.inf if high is None else float(high)
    except (TypeError, ValueError):
        raise BadRequest(
            f"filter {name!r}: {limits!r} is not [low, high] of numbers or None"
        ) from None
    if not low <= high:
        raise BadRequest(
            f"filter {name!r}: {low:g} to {high:g} holds nothing; give the lower one first"
        )
    return low, high


def _sorted(values: Values, descending: bool) -> Values:
    if values.dtype.kind == "f":
        missing = np.isnan(values)
        keys = np.where(missing, np.inf, -values if descending else values)
        return np.lexsort((keys, missing))
    if not descending:
        return np.argsort(values, kind="stable")
    # Turned round twice, so that equal values keep the order of their traces.
    return (len(values) - 1 - np.argsort(values[::-1], kind="stable"))[::-1]


def _cell(value: Any) -> Any:
    if isinstance(value, np.bool_ | bool):
        return bool(value)
    if isinstance(value, np.integer):
        return int(value)
    if isinstance(value, np.floating):
        return float(value) if np.isfinite(value) else None
    return str(value)[:_TEXT]
