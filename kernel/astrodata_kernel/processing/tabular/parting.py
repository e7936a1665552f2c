"""Tables divided into training, validation and test."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from ...errors import BadRequest
from ..splits import by_event
from .columns import checked, no_missing, plain

Rows = list[npt.NDArray[np.int64]]
NAMES = ("train", "validation", "test")


class TableParts(NamedTuple):
    """The three parts of a table, each with its rows in their order; a part of size 0 is empty.

    Examples
    --------
    >>> parts = split_table(pd.DataFrame({"x": range(20)}))
    >>> [len(part) for part in parts], len(parts.test)
    ([14, 3, 3], 3)
    """

    train: pd.DataFrame
    validation: pd.DataFrame
    test: pd.DataFrame

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><th style='text-align:left'>{name}</th><td>{len(part):,} rows</td></tr>"
            for name, part in zip(NAMES, self, strict=True)
        )
        columns = ", ".join(str(name) for name in self.train.columns[:12])
        more = "" if len(self.train.columns) <= 12 else f" and {len(self.train.columns) - 12} more"
        return f"<table>{rows}</table><p>{escape(columns)}{more}</p>"


def split_table(
    table: pd.DataFrame,
    target: str | None = None,
    sizes: Sequence[float] = (0.7, 0.15, 0.15),
    stratify: bool | str = False,
    group: str | None = None,
    seed: int = 0,
) -> TableParts:
    """Divide a table into training, validation and test, always in the same way for the same seed.

    Parameters
    ----------
    table
        Stays as it is; the rows of the parts keep their order and index.
    target
        Column that will be predicted; it may not miss a value.
    sizes
        Shares of training, validation and test, which add up to 1; 0 leaves a part empty. Two are training
        and test. The counts are exact: the ends of the parts are the rounded sums of the shares.
    stratify
        Column whose values have the same share in each part, but for a row or two; True is the target.
    group
        Column whose values stay together, such as the night or the detector: no value is in two parts. The
        sizes then are those of the groups, by `astrodata_kernel.processing.splits.by_event`.
    seed
        Decides which rows.

    Raises
    ------
    BadRequest
        Shares that do not add up to 1, too few rows, groups or rows of a class, missing values in a column
        that decides, or both stratify and group.
    UnknownName
        A column that is not there.
    """
    shares = _shares(sizes)
    if stratify is True and target is None:
        raise BadRequest("stratify=True is by the target: give target=, or the column's name")
    by = target if stratify is True else (stratify or None)
    if by is not None and group is not None:
        raise BadRequest(
            "a table is divided by group or stratified, not both: groups stay whole, so that shares "
            "of classes cannot be kept"
        )
    checked(table, [name for name in (target, by, group) if name is not None])
    for name, use in ((target, "a target"), (by, "to stratify"), (group, "to keep groups")):
        if name is not None:
            no_missing(table, name, use, "dropna")
    filled = [number for number, share in enumerate(shares) if share > 0]
    if len(table) < len(filled):
        raise BadRequest(f"{len(table)} rows cannot be divided into {len(filled)} parts")
    some = [shares[number] for number in filled]
    if group is not None:
        found = by_event([str(value) for value in table[group]], some, seed)
    elif by is not None:
        found = _stratified(table[by], by, some, seed)
    else:
        # Each row is an event of its own.
        found = by_event([f"{number:012d}" for number in range(len(table))], some, seed)
    parts = [table.iloc[:0]] * 3
    for number, rows in zip(filled, found, strict=True):
        parts[number] = table.iloc[rows]
    return TableParts(*(part.copy() for part in parts))


def _shares(sizes: Sequence[float]) -> list[float]:
    shares = [float(size) for size in sizes]
    if len(shares) == 2:
        shares = [shares[0], 0.0, shares[1]]
    whole = len(shares) == 3 and all(0 <= share <= 1 for share in shares)
    if not whole or not np.isclose(sum(shares), 1) or shares[0] == 0:
        raise BadRequest(
            f"sizes {tuple(sizes)}: give shares of training, validation and test that add up to 1"
        )
    return shares


def _stratified(column: Any, name: str, shares: Sequence[float], seed: int) -> Rows:
    codes, values = pd.factorize(column.astype(object), sort=False)
    counts = np.bincount(codes, minlength=len(values))
    if counts.min() < len(shares):
        rare = int(counts.argmin())
        raise BadRequest(
            f"column {name!r} has {plain(values[rare])!r} in {counts[rare]} rows, too few for each "
            f"of {len(shares)} parts: join it with another class, or do not stratify"
        )
    draw = np.random.default_rng(seed)
    # Each class in an order of its own, from whose end the parts are cut off one after the other.
    left = [draw.permutation(np.flatnonzero(codes == code)) for code in range(len(values))]
    ends = np.rint(np.cumsum(shares) * len(codes)).astype(int)
    sizes = np.diff([0, *ends])
    parts: Rows = []
    for size in sizes[:0:-1]:
        take = _apportioned(np.array([len(rows) for rows in left]), int(size))
        cut = [rows[len(rows) - count :] for rows, count in zip(left, take.tolist(), strict=True)]
        left = [rows[: len(rows) - count] for rows, count in zip(left, take.tolist(), strict=True)]
        parts.append(np.sort(np.concatenate(cut)))
    parts.append(np.sort(np.concatenate(left)))
    return parts[::-1]


def _apportioned(counts: npt.NDArray[np.int64], size: int) -> npt.NDArray[np.int64]:
    """Give how many of each class make up a part of a size, each within one of its share."""
    exact = counts * (size / counts.sum())
    take = np.floor(exact).astype(np.int64)
    # The rows that rounding leaves over go where most was cut off.
    order = np.argsort(take - exact, kind="stable")
    take[order[: size - int(take.sum())]] += 1
    return take
