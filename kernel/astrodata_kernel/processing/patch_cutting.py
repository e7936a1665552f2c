"""Scenes, stacks of dates and arrays cut into patches, strip by strip, with what is known of their place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..datasets.scene import Scene
from ..datasets.scene_dask import chunked
from ..datasets.scene_stack import stack
from ..datasets.scenes_together import by_date, shared_bands
from ..errors import BadRequest, UnknownName
from .augment import spatial_axes
from .patches import patches
from .scene_on_grid import SceneOnGrid

_ALL = 1 << 40  # pixels of a chunk where only axes and facts of a data set are wanted


@dataclass(frozen=True)
class Origin:
    """The scene that patches were cut from: what brings them back to the map.

    Attributes
    ----------
    shape
        Rows and columns of the scene.
    stride, pad
        As of `patches`.
    crs
        ``"EPSG:32629"``; "" where there is none.
    transform
        (dx, 0, left, 0, dy, top) in the units of `crs`; None where it is not known.
    dates
        When each date was sensed, ISO 8601.
    """

    shape: tuple[int, int]
    stride: int
    pad: str = "reflect"
    crs: str = ""
    transform: tuple[float, float, float, float, float, float] | None = None
    dates: tuple[str, ...] = ()


@dataclass(frozen=True)
class Cut:
    """What `cut` gives: patches of one scene, its name and bands, and where it lies."""

    images: Any
    bands: tuple[str, ...]
    origin: Origin
    name: str


def cut(
    source: Any,
    bands: Sequence[str] | None,
    size: int,
    stride: int | None,
    pad: str,
    resolution: float | None,
) -> Cut:
    """Cut a scene, several scenes or their stack, or an array; see `PatchSet.of`.

    Raises
    ------
    BadRequest
        What is none of these, or bands that are not there.
    MissingPackage
        Scenes need Dask and xarray.
    """
    step = size if stride is None else stride
    scenes = [source] if isinstance(source, Scene) else source
    if isinstance(scenes, list | tuple) and scenes and all(isinstance(s, Scene) for s in scenes):
        names = tuple(bands) if bands is not None else tuple(shared_bands(scenes))
        needed = _needed(names, [n for b in (scenes[0].bands, scenes[0].layers) for n in b.names])
        first = scenes[0]
        if len(scenes) == 1:
            made = first.to_xarray(needed, resolution, _ALL)
            dates = (first.date.isoformat(),) if first.date else ()
        else:
            made, dates = stack(scenes, needed, resolution, chunk=_ALL), ()
        found = _of_dataset(made, names, size, step, pad, _banded(made, scenes, needed, step))
        origin = found.origin if not dates else Origin(**{**vars(found.origin), "dates": dates})
        return Cut(found.images, found.bands, origin, first.name)
    if hasattr(source, "data_vars"):
        names = tuple(bands) if bands is not None else tuple(map(str, source.data_vars))
        return _of_dataset(source, names, size, step, pad)
    if not hasattr(source, "shape") or len(source.shape) not in {3, 4}:
        raise BadRequest(
            f"patches of a {type(source).__name__}: give a scene, a list of scenes, a stack of them, or an "
            "array of (rows, columns, bands) or (dates, rows, columns, bands)"
        )
    names = tuple(map(str, bands or ()))
    if names and len(names) != source.shape[-1]:
        raise BadRequest(f"{len(names)} names for {source.shape[-1]} bands: give one for each")
    array = source if _sliceable(source) else np.asarray(source)
    rows, columns = spatial_axes(array.ndim)
    shape = (int(array.shape[rows]), int(array.shape[columns]))
    return Cut(patches(array, size, stride, pad=pad), names, Origin(shape, step, pad), "array")


def cut_mask(mask: Any, shape: tuple[int, int], size: int, stride: int | None, pad: str) -> Any:
    """Cut the mask of a scene of some shape as the scene is.

    Raises
    ------
    BadRequest
        A mask on another grid.
    """
    values = mask.data if hasattr(mask, "coords") else mask
    array = values if _sliceable(values) else np.asarray(values)
    if array.ndim == 3 and array.shape[-1] == 1:
        array = array[..., 0]
    if tuple(array.shape) != tuple(shape):
        raise BadRequest(
            f"a mask of {' x '.join(map(str, array.shape))} pixels for a scene of {shape[0]} x {shape[1]}: "
            "bring it to the scene's grid first (activation.mask(scene, resolution=...) makes it there)"
        )
    return patches(array, size, stride, pad=pad)


def _sliceable(array: Any) -> bool:
    return isinstance(array, np.ndarray) or hasattr(array, "dask")


def _needed(names: Sequence[str], there: Sequence[str]) -> list[str]:
    """Give the bands that bands and indices take; a name that is neither is left for its error."""
    from .indices import bands_of

    needed: list[str] = []
    for name in names:
        if name not in there:
            try:
                needed += bands_of(name)
                continue
            except (BadRequest, UnknownName):
                pass
        needed.append(name)
    return list(dict.fromkeys(needed))


def _banded(
    dataset: Any, scenes: Sequence[Scene], names: Sequence[str], rows: int
) -> dict[str, Any]:
    """Give the bands of a data set in chunks of a few whole rows: a chunk is what Dask reads at a time."""
    import dask.array

    size = float(dataset.attrs["resolution"])
    grid = scenes[0].grid(size)
    each = [SceneOnGrid(scene, grid, size) for scene in by_date(scenes)]
    made = {
        name: [chunked(on.measured(name), (rows, grid.shape[1])) for on in each] for name in names
    }
    return {
        name: dask.array.stack(every) if len(scenes) > 1 else every[0]
        for name, every in made.items()
    }


def _of_dataset(
    dataset: Any,
    names: tuple[str, ...],
    size: int,
    stride: int,
    pad: str,
    banded: dict[str, Any] | None = None,
) -> Cut:
    """Cut an `xarray.Dataset` with a variable a band, dims (y, x) or (time, y, x)."""
    there = list(map(str, dataset.data_vars))
    needed = _needed(names, there)
    if not names or (missing := [name for name in needed if name not in there]):
        wanted = ", ".join(missing) if names else "none"
        raise BadRequest(f"bands {wanted} of {', '.join(there)}: name bands or indices of them")
    arrays = [dataset[name] for name in needed]
    dims = arrays[0].dims
    if any(a.dims != dims for a in arrays) or tuple(dims) not in {("y", "x"), ("time", "y", "x")}:
        raise BadRequest(
            f"bands with the axes {tuple(map(str, dims))}: give (y, x) or (time, y, x) for all of them"
        )
    variables = [array.data for array in arrays] if banded is None else list(banded.values())
    shape = (int(variables[0].shape[-2]), int(variables[0].shape[-1]))
    facts = dataset.attrs
    transform = facts.get("transform")
    dates = dataset["time"].values.ravel() if "time" in dataset.coords else []
    origin = Origin(
        shape,
        stride,
        pad,
        str(facts.get("crs", "")),
        None if transform is None else tuple(map(float, transform)),  # type: ignore[arg-type]
        tuple(str(date)[:19] for date in dates),
    )
    name = str(facts.get("name", ""))
    if not name and "scene" in dataset.coords:
        name = str(np.ravel(dataset["scene"].values)[0])
    make = _Channels(tuple(needed), names)
    if any(not hasattr(one, "dask") for one in variables):
        whole = np.stack([np.asarray(one) for one in variables], axis=-1)
        return Cut(patches(make(whole), size, stride, pad=pad), names, origin, name or "stack")
    return Cut(_strips(variables, make, size, stride, pad), names, origin, name or "stack")


class _Channels:
    """Makes the wanted bands and indices of the bands that they need, both on the last axis."""

    def __init__(self, needed: tuple[str, ...], names: tuple[str, ...]) -> None:
        self._needed, self._names = needed, names

    def __call__(self, values: Any) -> Any:
        if self._needed == self._names:
            return values
        from .indices import compute

        bands = {name: np.ascontiguousarray(values[..., i]) for i, name in enumerate(self._needed)}
        others = [name for name in self._names if name not in bands]
        # One by one where a name comes twice is no loss; all others are made in one pass.
        made = dict(zip(others, compute(others, bands, scale=1.0).values(), strict=True))
        every = [bands[name] if name in bands else made[name] for name in self._names]
        return np.stack(every, axis=-1, dtype=np.float32)


def _strips(variables: list[Any], make: _Channels, size: int, stride: int, pad: str) -> Any:
    """Give the patches of bands in Dask arrays; each row of patches is a chunk that is read by itself."""
    import dask.array

    from .patches import positions, row_strip, strip_patches

    *dates, height, width = variables[0].shape
    places = positions((height, width), size, stride)
    tops, lefts = np.unique(places[:, 0]), np.unique(places[:, 1])
    dtype = np.result_type(*(one.dtype for one in variables))
    if make._needed != make._names:
        dtype = np.dtype(np.float32)
    made = []
    for top in tops.tolist():
        rows = row_strip(height, top, size)
        # Sliced before they are put together, so that a strip needs its own chunks only.
        strip = dask.array.stack([one[..., rows, :] for one in variables], axis=-1).rechunk(-1)
        made.append(
            strip.map_blocks(
                _strip,
                make,
                strip_patches(top - rows.start, lefts, size, pad),
                dtype=dtype,
                chunks=(
                    (len(lefts),),
                    *((n,) for n in dates),
                    (size,),
                    (size,),
                    (len(make._names),),
                ),
                new_axis=0,
                meta=np.empty((0,) * (strip.ndim + 1), dtype),
            )
        )
    return dask.array.concatenate(made)


def _strip(strip: Any, make: _Channels, patches_of: Any) -> Any:
    return patches_of(make(strip))
