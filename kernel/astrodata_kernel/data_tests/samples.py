"""A sample of values of any number, each with the same chance to be in it."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

KEPT = 1 << 20
"""Values that are all kept; of more, half as many drawn by chance."""


class Sample:
    """All values up to a number, and a sample by chance of more.

    Each value draws a number; those with the smallest stay, which is a sample of all whatever their order.

    Parameters
    ----------
    kept
        Values that are all kept; of more, half as many.
    seed
        Of the draw.

    Examples
    --------
    >>> sample = Sample(kept=4)
    >>> sample.take(np.arange(3.0))
    >>> sample.values().tolist(), sample.exact
    ([0.0, 1.0, 2.0], True)
    """

    def __init__(self, kept: int = KEPT, seed: int = 0) -> None:
        self.kept, self.count = kept, 0
        self._rng = np.random.default_rng(seed)
        self._values: list[npt.NDArray[Any]] = []
        self._draws: list[npt.NDArray[np.float64]] = []
        self._held = 0
        self._highest = np.inf

    @property
    def exact(self) -> bool:
        """Whether all values are there."""
        return self._highest == np.inf

    def take(self, values: npt.NDArray[Any]) -> None:
        """Take values (or rows) in."""
        draws = self._rng.random(len(values))
        self.count += len(values)
        chosen = draws < self._highest
        self._values.append(values[chosen])
        self._draws.append(draws[chosen])
        self._held += int(chosen.sum())
        if self._held > self.kept:
            every, drawn = np.concatenate(self._values), np.concatenate(self._draws)
            few = np.argpartition(drawn, self.kept // 2 - 1)[: self.kept // 2]
            # In the order of the data: a sample does not depend on how the partition went.
            few.sort()
            self._values, self._draws, self._held = [every[few]], [drawn[few]], len(few)
            self._highest = float(drawn[few].max())

    def values(self) -> npt.NDArray[Any]:
        """Give the values that are held."""
        return np.concatenate(self._values) if self._values else np.empty(0)

    def drawn(self, count: int) -> npt.NDArray[Any]:
        """Give so many of the values by chance, in their order, or all where there are not more."""
        held = self.values()
        if len(held) <= count:
            return held
        few = np.argsort(np.concatenate(self._draws), kind="stable")[:count]
        return held[np.sort(few)]
