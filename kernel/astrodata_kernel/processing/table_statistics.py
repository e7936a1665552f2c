"""What the values of a column are like: moments block by block, quantiles, histograms, densities of two."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import BadRequest
from .row_masks import Mask
from .table_order import as_floats, missing
from .tables import BLOCK, Check, Rows, Tell, Values

FREQUENT = 12
"""Most frequent texts that are told."""

_DIFFERENT = 100_000
_LARGEST = 4096


def column_statistics(
    rows: Rows,
    name: str,
    chosen: Mask | None = None,
    check: Check | None = None,
    tell: Tell | None = None,
) -> dict[str, Any]:
    """Give what a column's values are like.

    Parameters
    ----------
    rows
        The table.
    name
        Of the column.
    chosen
        Boolean, shape (rows,): the rows that count; all by default.
    check, tell
        As of `Rows.column`.

    Returns
    -------
    dict
        ``rows``, ``valid`` and ``missing`` are counts; of numbers ``min``, ``max``, ``mean``, ``std`` (of the
        population), ``median``, ``q16`` and ``q84``, None where no value is finite; of texts ``different``
        and ``frequent``, pairs of text and count.
    """
    values = rows.column(name, check, None if tell is None else lambda share: tell(0.7 * share))
    total = rows.count if chosen is None else int(chosen.sum())
    facts = rows.facts(name)
    found: dict[str, Any] = {"column": name, "unit": facts.unit, "rows": total}
    if facts.kind == "text":
        return found | _of_texts(values, chosen, check)
    count, mean, square = 0, 0.0, 0.0
    kept: list[npt.NDArray[np.float64]] = []
    for start in range(0, len(values), BLOCK):
        if check is not None:
            check()
        part = values[start : start + BLOCK]
        if chosen is not None:
            part = part[chosen[start : start + BLOCK]]
        numbers = as_floats(part)
        numbers = numbers[np.isfinite(numbers)]
        kept.append(numbers)
        if numbers.size:
            # Chan's way to join moments: one pass, and no loss where the mean is large.
            own, n = float(numbers.mean()), numbers.size
            off = own - mean
            square += float(((numbers - own) ** 2).sum()) + off * off * count * n / (count + n)
            mean += off * n / (count + n)
            count += n
        if tell is not None:
            tell(0.7 + 0.2 * (start + len(part)) / max(len(values), 1))
    found |= {"valid": count, "missing": total - count}
    if not count:
        return found | dict.fromkeys(("min", "max", "mean", "std", "median", "q16", "q84"))
    whole = np.concatenate(kept)
    q16, median, q84 = np.quantile(whole, [0.16, 0.5, 0.84])
    return found | {
        "min": float(whole.min()),
        "max": float(whole.max()),
        "mean": mean,
        "std": float(np.sqrt(square / count)),
        "median": float(median),
        "q16": float(q16),
        "q84": float(q84),
    }


def _of_texts(values: Values, chosen: Mask | None, check: Check | None) -> dict[str, Any]:
    counter: Counter[str] = Counter()
    gone = 0
    for start in range(0, len(values), BLOCK):
        if check is not None:
            check()
        part = values[start : start + BLOCK]
        if chosen is not None:
            part = part[chosen[start : start + BLOCK]]
        mask = missing(part)
        gone += int(mask.sum())
        texts, counts = np.unique(np.ma.getdata(part)[~mask], return_counts=True)
        if len(counter) < _DIFFERENT:
            counter.update(dict(zip(texts.tolist(), counts.tolist(), strict=True)))
    total = len(values) if chosen is None else int(chosen.sum())
    return {
        "valid": total - gone,
        "missing": gone,
        "different": len(counter),
        "more": len(counter) >= _DIFFERENT,
        "frequent": [[text, n] for text, n in counter.most_common(FREQUENT)],
    }


def column_histogram(
    rows: Rows,
    name: str,
    bins: int,
    chosen: Mask | None = None,
    limits: tuple[float, float] | None = None,
    check: Check | None = None,
    tell: Tell | None = None,
) -> tuple[npt.NDArray[np.uint32], float, float]:
    """Count a column's values in equal bins: all of them, and those of the rows that count.

    Parameters
    ----------
    rows, name, chosen
        As of `column_statistics`.
    bins
        Number of bins, 1 to 4,096.
    limits
        Lowest and highest value; those of the column by default.

    Returns
    -------
    counts : ndarray
        Shape (2, bins).
    low, high : float
        Ends of the bins; 0 and 1 where no value is finite.
    """
    if not 1 <= bins <= _LARGEST:
        raise BadRequest(f"a histogram of {bins} bins: give 1 to {_LARGEST}")
    values = rows.column(name, check, tell)
    low, high = _extent(values, limits)
    counts = np.zeros((2, bins), np.uint32)
    for start in range(0, len(values), BLOCK):
        if check is not None:
            check()
        numbers = as_floats(values[start : start + BLOCK])
        there = np.isfinite(numbers)
        counts[0] += np.histogram(numbers[there], bins, (low, high))[0].astype(np.uint32)
        if chosen is not None:
            there &= chosen[start : start + BLOCK]
            counts[1] += np.histogram(numbers[there], bins, (low, high))[0].astype(np.uint32)
    if chosen is None:
        counts[1] = counts[0]
    return counts, low, high


def extent(values: Values, positive: bool = False) -> tuple[float, float] | None:
    """Give the lowest and the highest finite value, or None; of `positive` ones where that is asked."""
    low, high = np.inf, -np.inf
    for start in range(0, len(values), BLOCK):
        numbers = as_floats(values[start : start + BLOCK])
        numbers = numbers[np.isfinite(numbers)]
        if positive:
            numbers = numbers[numbers > 0]
        if numbers.size:
            low, high = min(low, float(numbers.min())), max(high, float(numbers.max()))
    return (low, high) if low <= high else None


def _extent(values: Values, limits: tuple[float, float] | None) -> tuple[float, float]:
    if limits is not None:
        low, high = (float(end) for end in limits)
        if not (np.isfinite(low) and np.isfinite(high) and low < high):
            raise BadRequest(f"limits {list(limits)}: give two finite numbers, the lower one first")
        return low, high
    found = extent(values)
    if found is None:
        return 0.0, 1.0
    low, high = found
    return (low, high) if high > low else (low - 0.5, low + 0.5)


def density_of(
    x: npt.NDArray[Any],
    y: npt.NDArray[Any],
    x_range: tuple[float, float],
    y_range: tuple[float, float],
    width: int,
    height: int,
    chosen: Mask | None = None,
    check: Check | None = None,
) -> npt.NDArray[np.uint32]:
    """Count points in the pixels of a picture, shape (height, width), the lowest row first.

    Raises
    ------
    BadRequest
        A picture without pixels, or of more than 4,096 a side, or ranges without width.
    """
    if not (1 <= width <= _LARGEST and 1 <= height <= _LARGEST):
        raise BadRequest(f"a picture of {width} x {height} pixels: give 1 to {_LARGEST}")
    for low, high in (x_range, y_range):
        if not (np.isfinite(low) and np.isfinite(high) and low < high):
            raise BadRequest(f"a picture of {x_range} and {y_range}: give [low, high] of each")
    counts = np.zeros(width * height, np.int64)
    across, up = width / (x_range[1] - x_range[0]), height / (y_range[1] - y_range[0])
    for start in range(0, len(x), BLOCK):
        if check is not None:
            check()
        part = slice(start, start + BLOCK)
        with np.errstate(all="ignore"):
            column = np.floor((x[part] - x_range[0]) * across)
            row = np.floor((y[part] - y_range[0]) * up)
            inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
        if chosen is not None:
            inside &= chosen[part]
        places = row[inside].astype(np.int64) * width + column[inside].astype(np.int64)
        counts += np.bincount(places, minlength=width * height)
    return counts.reshape(height, width).astype(np.uint32)
