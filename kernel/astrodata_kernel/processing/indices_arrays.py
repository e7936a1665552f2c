"""Indices of NumPy, Dask and xarray arrays by the same program."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import BadRequest
from .indices_engine import Calibration, Program, run


@dataclass(frozen=True)
class Work:
    """A program, and what it takes to run it on one kind of array or another."""

    told: tuple[tuple[str, str], ...]
    """Short and long name of each index."""
    todo: Program
    ways: Mapping[str, Calibration]
    workers: int | None
    precision: type[np.floating[Any]]

    @property
    def names(self) -> tuple[str, ...]:
        """Short names, in order."""
        return tuple(name for name, _long in self.told)

    def on(
        self, bands: Mapping[str, Any], out: Mapping[str, npt.NDArray[Any]] | None
    ) -> dict[str, Any]:
        """Give the indices of bands as the kind of array that they are."""
        xarray = sys.modules.get("xarray")
        if xarray and any(isinstance(b, xarray.DataArray) for b in bands.values()):
            return self._on_xarray(xarray, bands, out)
        dask = sys.modules.get("dask.array")
        if dask and any(isinstance(b, dask.Array) for b in bands.values()):
            return self._on_dask(dask, bands)
        arrays = {name: _array(values, name) for name, values in bands.items()}
        shape = self._shape(arrays)
        filled = {name: self._room(name, shape, out) for name in self.names}
        self._run(arrays, list(filled.values()), self.workers)
        return filled

    def _run(self, arrays: Mapping[str, Any], outputs: list[Any], workers: int | None) -> None:
        run(self.todo, arrays, self.ways, outputs, workers, self.precision)

    def _room(
        self, name: str, shape: tuple[int, ...], out: Mapping[str, npt.NDArray[Any]] | None
    ) -> Any:
        if out is None or name not in out:
            return np.empty(shape, np.float32)
        if tuple(out[name].shape) != shape:
            raise BadRequest(
                f"the array for {name} has shape {tuple(out[name].shape)}, the bands {shape}"
            )
        return out[name]

    def _shape(self, arrays: Mapping[str, Any]) -> tuple[int, ...]:
        first, *others = arrays
        for other in others:
            if arrays[other].shape != arrays[first].shape:
                raise BadRequest(
                    f"band {other} has shape {arrays[other].shape} and {first} "
                    f"{arrays[first].shape}: resample all bands to one grid first"
                )
        return tuple(arrays[first].shape)

    def _on_dask(self, dask: Any, bands: Mapping[str, Any]) -> dict[str, Any]:
        self._shape(bands)
        arrays = list(dask.core.unify_chunks(*_indexed(dask, bands))[1])

        def block(*parts: Any) -> npt.NDArray[np.float32]:
            made = np.empty((len(self.names), *parts[0].shape), np.float32)
            plain = dict(zip(bands, parts, strict=True))
            self._run(plain, list(made), 1)  # Dask has threads of its own
            return made

        stack = dask.map_blocks(
            block,
            *arrays,
            dtype=np.float32,
            new_axis=0,
            chunks=((len(self.names),), *arrays[0].chunks),
            meta=np.empty((0,) * (arrays[0].ndim + 1), np.float32),
            name="indices-" + dask.core.tokenize(self, *arrays),
        )
        return {name: stack[i] for i, name in enumerate(self.names)}

    def _on_xarray(
        self, xarray: Any, bands: Mapping[str, Any], out: Mapping[str, npt.NDArray[Any]] | None
    ) -> dict[str, Any]:
        first = next(b for b in bands.values() if isinstance(b, xarray.DataArray))
        for name, values in bands.items():
            if isinstance(values, xarray.DataArray):
                self._same_grid(name, values, first)
        made = self.on(
            {
                n: getattr(b, "data", b) if isinstance(b, xarray.DataArray) else b
                for n, b in bands.items()
            },
            out,
        )
        coords = {axis: values for axis, values in first.coords.items() if axis != "band"}
        return {
            name: xarray.DataArray(made[name], coords, first.dims, name, {"long_name": long_name})
            for name, long_name in self.told
        }

    @staticmethod
    def _same_grid(name: str, values: Any, first: Any) -> None:
        if values.dims != first.dims or values.shape != first.shape:
            raise BadRequest(
                f"band {name} has dimensions {dict(values.sizes)} and {first.name or 'another'} "
                f"{dict(first.sizes)}: resample all bands to one grid first"
            )
        for axis in first.dims:
            known = axis in first.coords and axis in values.coords
            if known and not np.array_equal(first[axis].values, values[axis].values):
                raise BadRequest(
                    f"band {name} has other {axis} coordinates than {first.name or 'another'}: "
                    "align them first (xarray.align)"
                )


def _indexed(dask: Any, bands: Mapping[str, Any]) -> list[Any]:
    pairs: list[Any] = []
    for values in bands.values():
        array = dask.asanyarray(values)
        pairs += [array, tuple(range(array.ndim))]
    return pairs


def _array(values: Any, name: str) -> Any:
    array = np.asanyarray(values)
    if array.dtype.kind not in "uif":
        raise BadRequest(f"band {name} holds {array.dtype}: give integers or reflectances")
    return array
