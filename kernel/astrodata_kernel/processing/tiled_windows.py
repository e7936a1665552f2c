"""Where windows of a scene lie, and how what they say is blended."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt


def starts(length: int, size: int, stride: int) -> list[int]:
    """Give where windows begin along an axis: a stride apart, the last one ending with the axis."""
    if length <= size:
        return [0]
    return [*range(0, length - size, stride), length - size]


def hann(size: int) -> npt.NDArray[np.float64]:
    """Give the weights of a window along an axis: a Hann window without zeros.

    Half a sample off, so that the corner of a scene, which one window sees, has a weight.
    """
    made: npt.NDArray[np.float64] = np.sin(np.pi * (np.arange(size) + 0.5) / size) ** 2
    return made


class Blend:
    """The mean of windows over a part of a scene, weighted by `hann` along both axes.

    Parameters
    ----------
    part
        Rows and columns of the scene.
    size
        Edge of the windows.
    """

    def __init__(self, part: tuple[slice, slice], size: int) -> None:
        self._rows, self._columns = part
        shape = tuple(one.stop - one.start for one in part)
        self._mean = np.zeros(shape, np.float32)
        self._total = np.zeros(shape)
        weight = hann(size)
        self._weight = np.outer(weight, weight)

    def add(self, place: tuple[int, int], values: npt.NDArray[Any]) -> None:
        """Add a window that begins at a row and a column of the scene; beyond the part it is cut off."""
        size = len(self._weight)
        y0, x0 = max(place[0], self._rows.start), max(place[1], self._columns.start)
        y1 = min(place[0] + size, self._rows.stop)
        x1 = min(place[1] + size, self._columns.stop)
        own = slice(y0 - place[0], y1 - place[0]), slice(x0 - place[1], x1 - place[1])
        here = (
            slice(y0 - self._rows.start, y1 - self._rows.start),
            slice(x0 - self._columns.start, x1 - self._columns.start),
        )
        self._total[here] += self._weight[own]
        share = (self._weight[own] / self._total[here]).astype(np.float32)
        before, part = self._mean[here], values[own]
        # A running mean: equal values stay what they are, to the last bit.
        self._mean[here] = np.where(share == 1, part, before + (part - before) * share)

    @property
    def values(self) -> npt.NDArray[np.float32]:
        """The mean so far, float32."""
        return self._mean
