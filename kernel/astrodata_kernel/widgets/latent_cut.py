"""The garage on a set of points: who is inside, at which rates, and what it was before."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

import numpy as np
import numpy.typing as npt

from ..latent.garage import Garage
from ..latent.rates import Rate, wilson

Mask = npt.NDArray[np.bool_]
Thing = TypeVar("Thing")
_STEPS = 200


class Cut:
    """Membership of points in a garage, of which only the moved axes are counted anew.

    Parameters
    ----------
    z
        Floats, shape (n, z).
    noise, truth
        Which points are noise only, and which are signals; None where nobody knows.
    """

    def __init__(self, z: npt.NDArray[Any], noise: Mask | None, truth: Mask | None) -> None:
        self.columns = np.ascontiguousarray(z.T)
        self.columns.flags.writeable = False
        self.finite: Mask = np.isfinite(self.columns).all(axis=0)
        self.noise, self.truth = noise, truth
        self._bounds: npt.NDArray[np.float64] | None = None
        self._within = np.zeros(self.columns.shape, dtype=bool)
        self.inside: Mask = np.zeros(self.columns.shape[1], dtype=bool)

    def use(self, garage: Garage) -> None:
        """Count for another garage; gives just what its `contains` gives."""
        bounds = garage.intervals
        before = self._bounds
        for axis, (low, high) in enumerate(bounds):
            if before is None or (before[axis] != bounds[axis]).any():
                column = self.columns[axis]
                np.greater_equal(column, low, out=self._within[axis])
                self._within[axis] &= column <= high
        self._bounds = bounds
        self.inside = self._within.all(axis=0)

    def rate(self, of: Mask | None) -> Rate | None:
        """Give the share outside among some points; None where there are none."""
        total = 0 if of is None else int(np.count_nonzero(of))
        if not total:
            return None
        count = total - int(np.count_nonzero(self.inside & of))
        low, high = wilson(count, total)
        return Rate(count, total, count / total, float(low), float(high))

    def outside_each(self) -> list[int]:
        """Give how many points lie outside each interval, NaN among them."""
        return [int(n) for n in self._within.shape[1] - self._within.sum(axis=1)]


class Steps(Generic[Thing]):
    """What a thing was before and after, for undo and redo."""

    def __init__(self, first: Thing) -> None:
        self.first = self.now = first
        self.before: list[Thing] = []
        self.after: list[Thing] = []
        self._gesture: str | None = None

    def to(self, thing: Thing, gesture: str | None = None) -> None:
        """Go on to another; all of one `gesture` is one step."""
        if gesture is None or gesture != self._gesture:
            self.before = [*self.before[1 - _STEPS :], self.now]
        self._gesture = gesture
        self.after = []
        self.now = thing

    def back(self) -> Thing:
        """Undo a step, if there is one."""
        if self.before:
            self.after.append(self.now)
            self.now, self._gesture = self.before.pop(), None
        return self.now

    def forth(self) -> Thing:
        """Redo a step, if one was undone."""
        if self.after:
            self.before.append(self.now)
            self.now, self._gesture = self.after.pop(), None
        return self.now


def facts_of(rate: Rate | None) -> dict[str, Any] | None:
    """Give a rate as printable facts."""
    if rate is None:
        return None
    return {name: getattr(rate, name) for name in ("count", "total", "value", "low", "high")}
