"""A cube that is read by blocks, from its own file or from one in which each spectrum lies together."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from ..errors import BadRequest
from .cube_axes import CubeAxes
from .cube_header import axes_of

Values = npt.NDArray[Any]
Check = Callable[[], None]
Progress = Callable[[float], None]
Result = TypeVar("Result")
Pole = int | str | tuple[int, ...] | None
"""A polarisation by number or name, or the index along all axes but the spectral one and the picture's."""

BLOCK = 1 << 21
"""Values that are read and worked on at once."""

BAND = 1 << 18
"""Values of one channel in a band of rows: a megabyte of a plain file in one piece."""

WORKERS = max(1, min(4, os.cpu_count() or 1))


class Cube:
    """A cube with its axes known; what is made of it is cached nowhere.

    Parameters
    ----------
    dataset
        Data set of kind ``"cube"``, or an array of three or more axes.

    Raises
    ------
    BadRequest
        What is no cube.
    """

    def __init__(self, dataset: Any) -> None:
        self.axes: CubeAxes = axes_of(dataset)
        self.dataset = dataset
        self.array = getattr(dataset, "array", dataset)
        self.wcs = getattr(dataset, "wcs", None)
        self.unit = str(getattr(dataset, "meta", {}).get("unit", ""))
        self.name = str(getattr(dataset, "name", "cube"))
        self.blocks: Any = None
        """`SpectralBlocks` of the same values, where there are any."""

    @classmethod
    def of(cls, source: Any) -> Cube:
        """Give a cube as one, whatever it comes as."""
        return source if isinstance(source, cls) else cls(source)

    @property
    def rows(self) -> int:
        """Of a plane."""
        return self.axes.shape[-2]

    @property
    def columns(self) -> int:
        """Of a plane."""
        return self.axes.shape[-1]

    def others(self, stokes: Pole = None, beside: Sequence[int] = ()) -> tuple[int, ...]:
        """Give the index along the axes that are neither spectral nor the picture's.

        Parameters
        ----------
        stokes
            Polarisation by name or number; or that index itself, as a tuple. By default `beside` as it is.
        beside
            The index of which only the polarisation is another one; the first of each axis by default.

        Raises
        ------
        BadRequest
            A polarisation, or a place along the axes, that the cube does not have.
        """
        axes = self.axes
        lengths = [n for axis, n in enumerate(axes.shape[:-2]) if axis != axes.channel]
        index = list(beside) or [0] * len(lengths)
        if isinstance(stokes, tuple):
            index = [int(one) for one in stokes]
        elif stokes is not None:
            if isinstance(stokes, str):
                if stokes not in axes.polarisations:
                    there = ", ".join(axes.polarisations) or "none"
                    raise BadRequest(f"{self.name} has no Stokes {stokes!r}: there are {there}")
                stokes = axes.polarisations.index(stokes)
            place = axes.pole
            if place is None:
                raise BadRequest(f"{self.name} has no Stokes axis beside its channels")
            if not 0 <= stokes < lengths[place]:
                raise BadRequest(f"Stokes {stokes}: there are 0 to {lengths[place] - 1}")
            index[place] = stokes
        if len(index) != len(lengths) or not all(
            0 <= at < n for at, n in zip(index, lengths, strict=True)
        ):
            raise BadRequest(f"index {tuple(index)} along axes of lengths {tuple(lengths)}")
        return tuple(index)

    def read(
        self,
        channels: slice,
        rows: slice,
        columns: slice,
        others: Sequence[int] = (),
    ) -> Values:
        """Give physical values, shape (channels, rows, columns)."""
        index: list[Any] = list(others) or [0] * (len(self.axes.shape) - 3)
        index.insert(self.axes.channel, channels)
        return np.asarray(self.array[(*index, rows, columns)])

    def at(self, x: int, y: int, others: Sequence[int] = ()) -> Values:
        """Give the values of all channels at one pixel: one read of the blocks, or one a channel."""
        rows, columns = slice(y, y + 1), slice(x, x + 1)
        if self.blocks is not None:
            found: Values = self.blocks.spectra(rows, columns, others)[0, 0]
            return found
        return self.read(slice(0, self.axes.channels), rows, columns, others)[:, 0, 0]


def pieces(length: int, size: int, start: int = 0) -> list[slice]:
    """Give slices of at most `size` that cover `start` to `length`."""
    size = max(1, int(size))
    return [slice(a, min(a + size, length)) for a in range(start, length, size)]


def in_parallel(
    work: Callable[[Any], Result],
    tasks: Sequence[Any],
    check: Check | None = None,
    progress: Progress | None = None,
) -> list[Result]:
    """Give what `work` makes of each task, by Dask's threads where Dask is installed."""
    lock, done = threading.Lock(), [0]

    def one(task: Any) -> Result:
        if check is not None:
            check()
        result = work(task)
        with lock:
            done[0] += 1
            if progress is not None:
                progress(done[0] / len(tasks))
        return result

    try:
        import dask
    except ImportError:
        return [one(task) for task in tasks]
    waiting = [dask.delayed(one, pure=False)(task) for task in tasks]
    # Threads, whatever cluster is connected: the file is open here.
    return list(dask.compute(*waiting, scheduler="threads", num_workers=WORKERS))
