"""Shares of counted things, with the interval that their number allows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class Rate:
    """A share of `total` things, with its Wilson interval.

    ``value`` is NaN, and the interval 0 to 1, where nothing was counted.
    """

    count: int
    total: int
    value: float
    low: float
    high: float

    def __str__(self) -> str:
        if not self.total:
            return "unknown (nothing to count)"
        return (
            f"{100 * self.value:.2f} % [{100 * self.low:.2f}, {100 * self.high:.2f}] "
            f"({self.count:,} of {self.total:,})"
        )


def rate(tagged: npt.ArrayLike, confidence: float = 0.95) -> Rate:
    """Give the share of True in an array of booleans, with its interval.

    Parameters
    ----------
    tagged
        Booleans of any shape.
    confidence
        Of the interval, by Wilson's score.

    Returns
    -------
    Rate
    """
    flags = np.asarray(tagged, dtype=bool)
    count, total = int(flags.sum()), flags.size
    low, high = wilson(count, total, confidence)
    value = count / total if total else float("nan")
    return Rate(count, total, value, float(low), float(high))


def wilson(
    count: npt.ArrayLike, total: npt.ArrayLike, confidence: float = 0.95
) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Give Wilson's score interval of ``count`` out of ``total``, elementwise.

    Returns
    -------
    low, high : ndarray
        Within 0 to 1; 0 and 1 where the total is 0.
    """
    from scipy.special import ndtri

    k, n = np.asarray(count, float), np.asarray(total, float)
    z = ndtri(0.5 + confidence / 2)
    some = np.maximum(n, 1)
    share = k / some
    centre = (share + z**2 / (2 * some)) / (1 + z**2 / some)
    half = z * np.sqrt(share * (1 - share) / some + z**2 / (4 * some**2)) / (1 + z**2 / some)
    low = np.where(n > 0, np.clip(centre - half, 0, 1), 0.0)
    high = np.where(n > 0, np.clip(centre + half, 0, 1), 1.0)
    # At the ends the interval reaches the end itself; rounding must not leave it out.
    return np.where(k == 0, 0.0, low), np.where(k == n, 1.0, high)
