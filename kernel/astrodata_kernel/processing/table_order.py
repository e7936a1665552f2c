"""Which rows of a table count, and in what order: filters, sorting, searching, block by block."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from ..errors import BadRequest
from .row_masks import Mask
from .tables import BLOCK, Check, Rows, Tell, Values

Numbers = npt.NDArray[np.int64]


class Condition(Protocol):
    """A condition on columns, such as `astrodata_kernel.latent.expressions.Expression`."""

    names: tuple[str, ...]
    """The columns that it is about."""

    def mask(self, values: Callable[[str], Any], count: int) -> Mask:
        """Give for which of `count` rows it holds."""


def missing(values: Values) -> Mask:
    """Give which values are missing: masked, NaN, or no time."""
    mask = np.ma.getmaskarray(values).copy()
    data = np.ma.getdata(values)
    if data.dtype.kind == "f":
        mask |= np.isnan(data)
    elif data.dtype.kind == "M":
        mask |= np.isnat(data)
    return mask


def as_floats(values: Values) -> npt.NDArray[np.float64]:
    """Give numbers as float64, what is missing as NaN."""
    data = np.ma.getdata(values)
    if data.dtype.kind == "M":
        found = data.astype("M8[us]").astype(np.int64) / 86_400e6
    else:
        found = data.astype(np.float64)
    gone = missing(values)
    return np.where(gone, np.nan, found) if gone.any() else found


def comparable(values: Values) -> Values:
    """Give values as conditions compare them: what is missing as NaN, or as an empty text."""
    data = np.ma.getdata(values)
    mask = np.ma.getmaskarray(values)
    if data.dtype.kind == "M":
        # Times are compared as texts, whose order is theirs: TIME > "2018-08-01".
        data = np.where(np.isnat(data), "", np.datetime_as_string(data))
    if not mask.any():
        return data
    if data.dtype.kind in "iuf":
        found: Values = np.where(mask, np.nan, data.astype(np.float64))
        return found
    return np.where(mask, data.dtype.type(), data)


def matching(
    rows: Rows, condition: Condition, check: Check | None = None, tell: Tell | None = None
) -> Mask:
    """Give the rows for which a condition holds, boolean of shape (rows,).

    Parameters
    ----------
    rows
        The table.
    condition
        A value that is missing is NaN in it, of which nothing but ``!=`` holds.
    check, tell
        As of `Rows.column`.
    """
    found = np.zeros(rows.count, bool)
    names = list(condition.names)
    for start in range(0, rows.count, BLOCK):
        if check is not None:
            check()
        stop = min(start + BLOCK, rows.count)
        block = rows.block(start, stop, names)
        values = {name: comparable(block[name]) for name in names}
        found[start:stop] = condition.mask(values.__getitem__, stop - start)
        if tell is not None:
            tell(stop / rows.count)
    return found


def ordered(values: Values, numbers: Numbers | None, descending: bool = False) -> Numbers:
    """Give row numbers in the order of a column's values; equal ones as they come, missing ones last.

    Parameters
    ----------
    values
        Of the column, shape (rows,).
    numbers
        Rows to order; None for all.
    descending
        Whether the highest come first.
    """
    taken = np.arange(len(values)) if numbers is None else numbers
    values = values if numbers is None else values[numbers]
    gone = missing(values)
    there = np.flatnonzero(~gone)
    data = np.ma.getdata(values)[there]
    if descending:
        # Backwards twice: equal values keep their order.
        places = len(there) - 1 - np.argsort(data[::-1], kind="stable")[::-1]
    else:
        places = np.argsort(data, kind="stable")
    order = np.concatenate([there[places], np.flatnonzero(gone)])
    found: Numbers = taken[order].astype(np.int64, copy=False)
    return found


def find_text(
    rows: Rows,
    text: str,
    names: Sequence[str],
    order: Numbers | None,
    start: int,
    check: Check | None = None,
) -> int | None:
    """Give the next place in an order, from one on and round, whose row has a text in it.

    Parameters
    ----------
    rows
        The table.
    text
        Found within texts whatever the case; within numbers where one is as large as it says.
    names
        Columns that are looked through.
    order
        Numbers of the rows that count, in their order; None for all as they come.
    start
        The first place that is looked at.

    Returns
    -------
    int or None
        The place, from 0; None where no row has it.

    Raises
    ------
    BadRequest
        An empty text.
    """
    wanted = text.strip()
    if not wanted:
        raise BadRequest("nothing to look for: type a text or a number")
    count = rows.count if order is None else len(order)
    names = [name for name in names if rows.facts(name).kind in ("number", "text", "time", "flag")]
    for first, stop in _rounds(count, start):
        if check is not None:
            check()
        taken = np.arange(first, stop) if order is None else order[first:stop]
        block = rows.page(taken, names)
        hits = np.zeros(stop - first, bool)
        for name in names:
            hits |= _has(block[name], wanted)
        if hits.any():
            return first + int(hits.argmax())
    return None


def _rounds(count: int, start: int) -> list[tuple[int, int]]:
    start = min(max(start, 0), count)
    ahead = [(at, min(at + BLOCK, count)) for at in range(start, count, BLOCK)]
    return ahead + [(at, min(at + BLOCK, start)) for at in range(0, start, BLOCK)]


def _has(values: Values, wanted: str) -> Mask:
    data = np.ma.getdata(values)
    if data.dtype.kind == "M":
        data = np.datetime_as_string(data)
    if data.dtype.kind == "U":
        found = np.char.find(np.char.lower(data), wanted.lower()) >= 0
    elif data.dtype.kind in "iu":
        try:
            found = data == int(wanted)
        except (ValueError, OverflowError):
            return np.zeros(len(data), bool)
    elif data.dtype.kind == "f":
        try:
            number = float(wanted)
        except ValueError:
            return np.zeros(len(data), bool)
        # As far as it was written: 12.3 finds 12.25 to 12.35.
        digits = len(wanted.partition(".")[2]) if "e" not in wanted.lower() else None
        near = 0.5 * 10.0**-digits if digits else 1e-6 * abs(number)
        with np.errstate(all="ignore"):
            found = np.abs(data - number) <= near
    else:
        return np.zeros(len(data), bool)
    result: Mask = found & ~np.ma.getmaskarray(values)
    return result
