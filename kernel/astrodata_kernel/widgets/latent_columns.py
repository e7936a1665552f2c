"""What points can be coloured by: a byte a point, and what the bytes stand for."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import BadRequest, UnknownName
from .latent_cut import Cut

MISSING = 255
"""Byte of a point without a value."""

LEVELS = 252
"""Highest byte of a continuous column; the browser keeps the next two, for points that are hidden or not
selected."""

CATEGORIES = 9
"""Categories that have a colour of their own; the rest share the next byte."""

Codes = npt.NDArray[np.uint8]


class Columns:
    """Columns of the points, each turned into bytes when it is first asked for.

    Parameters
    ----------
    count
        Number of points.
    columns
        A DataFrame, or values by name.
    given
        Further ones, which stand before the others: name to values.
    words
        What False and True mean in some of the given.

    Raises
    ------
    BadRequest
        A column of another length.
    """

    def __init__(
        self,
        count: int,
        columns: Any,
        given: Mapping[str, Any],
        words: Mapping[str, tuple[str, str]],
    ) -> None:
        named = {} if columns is None else {str(name): columns[name] for name in columns}
        for name, values in {**given, **named}.items():
            if np.ndim(values) != 1 or len(values) != count:
                raise BadRequest(
                    f"column {name!r} has shape {np.shape(values)}: there are {count} points"
                )
        # A person's own column keeps its name.
        called = {name: name if name not in named else f"given {name}" for name in given}
        own = {called[name]: values for name, values in given.items()}
        self._called = {called[name]: pair for name, pair in words.items() if name in called}
        self._values = {name: _plain(values) for name, values in {**own, **named}.items()}
        self.given = tuple(own)
        self._made: dict[str, tuple[dict[str, Any], Codes]] = {}
        self._texts: dict[str, npt.NDArray[Any]] = {}
        self._colours: dict[str, dict[str, str]] = {}
        self._count = count
        self._lock = threading.Lock()

    def add(self, name: str, values: Any, colours: Mapping[str, str] | None = None) -> None:
        """Put a column beside the others, or a newer one in the place of one.

        Parameters
        ----------
        name
            Of the column.
        values
            Shape (n,).
        colours
            Of categories that have colours of their own: name to ``"#rrggbb"``.
        """
        if np.shape(values) != (self._count,):
            raise BadRequest(
                f"column {name!r} has shape {np.shape(values)}: there are {self._count} points"
            )
        with self._lock:
            self._values[name] = _plain(values)
            self._colours[name] = dict(colours or {})
            self._made.pop(name, None)
            self._texts.pop(name, None)

    def lend(self, name: str, values: npt.NDArray[Any]) -> None:
        """Make bytes of values that are no column of their own."""
        with self._lock:
            if name not in self._made:
                facts, codes = _continuous(values)
                self._made[name] = ({"name": name, "kind": "continuous", **facts}, codes)

    def has(self, name: str) -> bool:
        """Tell whether there is such a column."""
        return name in self._values

    def numbers(self, name: str) -> npt.NDArray[Any]:
        """Give the values of a continuous column as floats, shape (n,).

        Raises
        ------
        UnknownName
            No such column, or one of categories.
        """
        values = self._values.get(name)
        if values is None or _kind(values) != "continuous":
            raise UnknownName(f"there is no column of numbers {name!r}")
        return values if values.dtype.kind == "f" else _numbers(values)

    def texts_of(self, name: str) -> npt.NDArray[Any]:
        """Give the text of each value of a column of categories, "" without one, shape (n,).

        Raises
        ------
        UnknownName
            No such column.
        """
        if name not in self._values:
            raise UnknownName(f"there is no column {name!r}; there are: {', '.join(self._values)}")
        with self._lock:
            if name not in self._texts:
                numbers, names = _numbered(self._values[name], self._words(name))
                self._texts[name] = np.array([*names, ""], dtype=object)[numbers]
            return self._texts[name]

    def facts(self) -> list[dict[str, str]]:
        """Give name and kind of each: ``"continuous"`` or ``"categorical"``."""
        return [{"name": name, "kind": _kind(values)} for name, values in self._values.items()]

    def codes(self, name: str) -> tuple[dict[str, Any], Codes]:
        """Give what the bytes of a column stand for, and the bytes.

        Raises
        ------
        UnknownName
            No such column.
        """
        if name not in self._values and name not in self._made:
            known = ", ".join(self._values) or "none"
            raise UnknownName(f"there is no column {name!r}; there are: {known}")
        with self._lock:
            if name not in self._made:
                values = self._values[name]
                kind = _kind(values)
                facts, codes = (
                    _continuous(values)
                    if kind == "continuous"
                    else _categorical(values, self._words(name), self._colours.get(name, {}))
                )
                self._made[name] = ({"name": name, "kind": kind, **facts}, codes)
            return self._made[name]

    def texts(self, point: int) -> list[tuple[str, str]]:
        """Give name and value of each column at a point."""
        return [
            (name, self._words(name)[int(v[point])] if v.dtype.kind == "b" else _text(v[point]))
            for name, v in self._values.items()
        ]

    def _words(self, name: str) -> tuple[str, str]:
        return self._called.get(name, ("False", "True"))


def inside_and_outside(cut: Cut) -> tuple[dict[str, Any], Codes]:
    """Give who is inside the garage, 0, and who is outside, 1, as a column of categories."""
    codes = np.where(cut.inside, 0, 1).astype(np.uint8)
    codes[~cut.finite] = MISSING
    counts = np.bincount(codes, minlength=256)
    categories = [
        {"name": name, "count": int(counts[code])}
        for code, name in enumerate(("inside", "outside"))
    ]
    facts = {"low": 0.0, "high": 1.0, "missing": int(counts[MISSING]), "categories": categories}
    return {"name": "garage", "kind": "categorical", **facts}, codes


def _plain(values: Any) -> Any:
    """Give values as an array; pandas' categories as they are, a small number a point."""
    dtype = getattr(values, "dtype", None)
    if hasattr(dtype, "categories") and hasattr(dtype, "ordered"):
        return getattr(values, "array", values)
    if hasattr(dtype, "na_value") and getattr(dtype, "kind", "O") in "iuf":
        # pandas' own integers and floats, whose missing values NumPy has no number for
        return np.asarray(values.to_numpy(np.float64, na_value=np.nan))
    return np.asarray(values)


def _kind(values: npt.NDArray[Any]) -> str:
    return "continuous" if values.dtype.kind in "iufmM" else "categorical"


def _numbers(values: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    if values.dtype.kind in "mM":
        return np.where(np.isnat(values), np.nan, values.astype("i8").astype(np.float64))
    return values.astype(np.float64)


def _continuous(values: npt.NDArray[Any]) -> tuple[dict[str, Any], Codes]:
    numbers = _numbers(values)
    good = np.isfinite(numbers)
    codes = np.full(len(numbers), MISSING, np.uint8)
    if not good.any():
        return {"low": 0.0, "high": 1.0, "missing": len(numbers), "categories": []}, codes
    # One far value must not make all others one colour.
    low, high = np.percentile(numbers[good], [1, 99])
    span = high - low
    share = (numbers[good] - low) / span if span > 0 else np.full(int(good.sum()), 0.5)
    codes[good] = np.round(LEVELS * np.clip(share, 0, 1)).astype(np.uint8)
    facts = {"low": float(low), "high": float(high), "missing": int((~good).sum())}
    return {**facts, "categories": []}, codes


def _categorical(
    values: npt.NDArray[Any], words: tuple[str, str], colours: Mapping[str, str]
) -> tuple[dict[str, Any], Codes]:
    numbers, names = _numbered(values, words)
    counts = np.bincount(numbers[numbers >= 0], minlength=len(names))
    shown = np.arange(len(names))
    if len(names) > CATEGORIES:
        shown = np.sort(np.argsort(-counts, kind="stable")[:CATEGORIES])
    # One place more: that of number -1, which stands for no value.
    place = np.full(len(names) + 1, len(shown))
    place[shown] = np.arange(len(shown))
    place[-1] = MISSING
    codes = place[numbers].astype(np.uint8)
    categories = [
        {"name": names[i], "count": int(counts[i])}
        | ({"color": colours[names[i]]} if names[i] in colours else {})
        for i in shown
    ]
    if len(names) > len(shown):
        others = int(counts.sum() - counts[shown].sum())
        categories.append({"name": f"{len(names) - len(shown)} others", "count": others})
    facts = {"low": 0.0, "high": 1.0, "missing": int((numbers < 0).sum())}
    return {**facts, "categories": categories}, codes


def _numbered(
    values: npt.NDArray[Any], words: tuple[str, str]
) -> tuple[npt.NDArray[np.int64], list[str]]:
    """Give the category of each value, -1 without one, and their names in order."""
    if values.dtype.kind == "b":
        return values.astype(np.int64), list(words)
    import pandas as pd

    if isinstance(values, pd.Categorical):
        numbers, found = values.codes, values.categories
        there = np.bincount(numbers[numbers >= 0], minlength=len(found)) > 0
    else:
        numbers, found = pd.factorize(values.astype(object))
        there = np.ones(len(found), bool)
    names = [_text(value) for value in found]
    order = [i for i in range(len(names)) if there[i]]
    if not getattr(values, "ordered", False):
        order.sort(key=names.__getitem__)
    rank = np.full(len(names) + 1, -1)
    rank[order] = np.arange(len(order))
    return rank[numbers], [names[i] for i in order]


def _text(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    if isinstance(value, float | np.floating):
        return "NaN" if value != value else f"{value:.6g}"
    return str(value)
