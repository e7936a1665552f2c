"""Images on the grid of another one, computed as they are looked at, and three of them as colours."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ..datasets import Dataset, Part
from ..datasets.lazy import Block, LazyArray
from ..errors import BadRequest
from .sky import between

Values = npt.NDArray[Any]
ORDERS = {"nearest": 0, "bilinear": 1}
NODE = 8
"""Pixels between two places that are mapped exactly; those between them are interpolated."""

PRECISION = 0.02
"""Pixels of the source by which an interpolated place may be wrong; else all places are mapped."""

SAME = 0.01
"""Pixels by which the grids of two images may differ and still be one."""


def reprojected(dataset: Dataset, onto: Dataset, order: str = "bilinear") -> Dataset:
    """Give an image on the pixels of another one, by the WCS of both.

    Nothing is computed until a part of it is read, and then that part alone. Flux is not conserved:
    values are interpolated, as surface brightness is.

    Parameters
    ----------
    dataset
        An image or cube with a celestial WCS; of a cube each plane is put on the grid.
    onto
        The image whose pixels are wanted.
    order
        ``"bilinear"``, or ``"nearest"`` for masks and classes.

    Returns
    -------
    Dataset
        Its last two axes are those of `onto`; NaN where the image does not reach. Where it is reduced
        (a view of every n-th pixel) every n-th pixel of the source is looked at, too.

    Raises
    ------
    BadRequest
        An unknown order, an image without a sky, or images whose skies do not meet.
    """
    if order not in ORDERS:
        raise BadRequest(f"order {order!r} is unknown: there are {', '.join(ORDERS)}")
    for one in (dataset, onto):
        if one.wcs is None:
            raise BadRequest(f"{one.name} has no WCS on the sky: it can only be aligned by pixels")
    shape = (*dataset.shape[:-2], *onto.shape[-2:])
    contents = Reprojected(dataset.array, dataset.wcs, onto.wcs, shape, ORDERS[order])
    if not contents.meets():
        raise BadRequest(f"{dataset.name} shows no part of the sky that {onto.name} shows")
    made = {"made": f"{dataset.name} on the grid of {onto.name}, {order}"}
    return replace(
        dataset,
        name=f"{dataset.name} on {onto.name}",
        shape=contents.shape,
        dtype=contents.dtype,
        meta={**dataset.meta, "header": (), **made},
        provenance=None,
        contents=contents,
        parts=(replace(_own_part(dataset), index=0, shape=contents.shape),),
        part=0,
        open_part=None,
        run_checks=None,
        make_wcs=onto.make_wcs,
    )


def composite(red: Dataset, green: Dataset, blue: Dataset, order: str = "bilinear") -> Dataset:
    """Give three images as one of three planes, red first, all on the grid of the first one.

    Images with a WCS are put on that grid where theirs is another one; those without must have the same
    shape.

    Raises
    ------
    BadRequest
        An image that is no image, or images that cannot be put on one grid.
    """
    bands = (red, green, blue)
    for one in bands:
        if one.kind != "image":
            raise BadRequest(
                f"{one.name} is a {one.kind}: a composite is made of images; choose a plane by its HDU"
            )
    aligned = [red, *(on_grid(one, red, order) for one in (green, blue))]
    contents = _Stacked([one.array for one in aligned])
    units = {str(one.meta.get("unit", "")) for one in bands}
    return replace(
        red,
        kind="cube",
        name=" / ".join(one.name for one in bands),
        shape=contents.shape,
        dtype=contents.dtype,
        meta={"unit": units.pop() if len(units) == 1 else "", "header": (), "warnings": []},
        provenance=None,
        contents=contents,
        parts=(replace(_own_part(red), index=0, kind="cube", name="RGB", shape=contents.shape),),
        part=0,
        open_part=None,
        run_checks=None,
    )


def on_grid(dataset: Dataset, onto: Dataset, order: str = "bilinear") -> Dataset:
    """Give an image on the pixels of another one: as it is where they are the same.

    Raises
    ------
    BadRequest
        It has other pixels, and one of the two no WCS.
    """
    same_shape = dataset.shape[-2:] == onto.shape[-2:]
    if same_shape and (dataset.wcs is None or onto.wcs is None or _same_grid(dataset, onto)):
        return dataset
    return reprojected(dataset, onto, order)


class Reprojected(LazyArray):
    """An image on another grid; reads the part of the source that is asked for.

    Parameters
    ----------
    source
        Its last two axes are (rows, columns).
    wcs, onto
        Celestial, of the source and of the grid.
    shape
        Of the result.
    order
        0 takes the nearest pixel, 1 interpolates between four.
    """

    def __init__(
        self, source: LazyArray, wcs: Any, onto: Any, shape: tuple[int, ...], order: int
    ) -> None:
        double = source.dtype.itemsize > 4 and source.dtype.kind != "c"
        super().__init__(shape, np.float64 if double else np.float32)
        self._source, self._wcs, self._onto, self._order = source, wcs, onto, order

    def meets(self) -> bool:
        """Tell whether any of some places all over one of the two lies in the other."""
        grid, source = self.shape[-2:], self._source.shape[-2:]
        # Both ways: a small image lies between the places that are looked at on a large one.
        return _meets(self._onto, grid, self._wcs, source) or _meets(
            self._wcs, source, self._onto, grid
        )

    def _read(self, block: Block) -> Values:
        lead, (rows, columns) = block[:-2], block[-2:]
        xs, ys = (np.arange(s.start, s.stop, s.step, dtype=np.float64) for s in (columns, rows))
        shape = tuple(len(range(s.start, s.stop, s.step)) for s in block)
        found = np.full(shape, np.nan, self.dtype)
        if not found.size:
            return found
        x, y = self._places(xs, ys)
        for at in np.ndindex(*shape[:-2]):
            plane = tuple(s.start + i * s.step for s, i in zip(lead, at, strict=True))
            found[at] = self._sampled(plane, x, y)
        return found

    def _sampled(self, plane: tuple[int, ...], x: Values, y: Values) -> Values:
        from scipy.ndimage import map_coordinates

        rows, columns = self._source.shape[-2:]
        within = (x >= -0.5) & (x <= columns - 0.5) & (y >= -0.5) & (y <= rows - 0.5)
        if not within.any():
            return np.full(x.shape, np.nan, self.dtype)
        step = max(1, math.floor(self._pace(x, y)))
        box = []
        for places, size in ((y, rows), (x, columns)):
            low = max(0, math.floor(places[within].min()) - 1)
            low -= low % step  # the same pixels stand for the rest, wherever a tile begins
            box.append(slice(low, min(size, math.ceil(places[within].max()) + step + 1), step))
        part = np.asarray(self._source[(*plane, *box)], dtype=self.dtype)
        at = [
            np.clip((places - one.start) / step, 0, size - 1)
            for places, one, size in zip((y, x), box, part.shape, strict=True)
        ]
        order = self._order if step == 1 else 0
        for one in at:
            one[~within] = 0
        values = map_coordinates(part, at, order=order, mode="nearest", output=self.dtype)
        values[~within] = np.nan
        return np.asarray(values)

    def _places(self, xs: Values, ys: Values) -> tuple[Values, Values]:
        """Give the places in the source of a grid, each of shape (ys, xs)."""
        from scipy.ndimage import map_coordinates

        counts = [max(2, -(-(len(one) - 1) // NODE) + 1) for one in (ys, xs)]
        if len(xs) * len(ys) <= 4 * counts[0] * counts[1]:
            return self._mapped(xs, ys)
        nodes = [np.linspace(one[0], one[-1], n) for one, n in zip((ys, xs), counts, strict=True)]
        coarse = self._mapped(nodes[1], nodes[0])
        middles = [(one[1:] + one[:-1]) / 2 for one in nodes]
        exact = self._mapped(middles[1], middles[0])
        for many, few in zip(exact, coarse, strict=True):
            guess = (few[1:, 1:] + few[:-1, 1:] + few[1:, :-1] + few[:-1, :-1]) / 4
            # NaN, beyond the projection, is no small difference either.
            if not (np.abs(guess - many) <= PRECISION).all():
                return self._mapped(xs, ys)
        share = [np.linspace(0, n - 1, len(one)) for one, n in zip((ys, xs), counts, strict=True)]
        at = np.meshgrid(*share, indexing="ij")
        x, y = (map_coordinates(one, at, order=1) for one in coarse)
        return x, y

    def _mapped(self, xs: Values, ys: Values) -> tuple[Values, Values]:
        return _mesh(self._onto, self._wcs, xs, ys)

    @staticmethod
    def _pace(x: Values, y: Values) -> float:
        """Give how many pixels of the source lie between two of the places, at the least."""
        with np.errstate(invalid="ignore"):
            steps = [
                np.hypot(np.diff(x, axis=axis), np.diff(y, axis=axis))
                for axis in (0, 1)
                if x.shape[axis] > 1
            ]
            medians = [float(np.nanmedian(one)) for one in steps if np.isfinite(one).any()]
        return min(medians, default=1.0)


def _own_part(dataset: Dataset) -> Part:
    """Give what is told of the part that a data set is: by its number, which need not be its place."""
    return next(part for part in dataset.parts if part.index == dataset.part)


class _Stacked(LazyArray):
    """Images of one shape, one above the other."""

    def __init__(self, images: list[LazyArray]) -> None:
        dtype = np.result_type(*(one.dtype for one in images))
        super().__init__((len(images), *images[0].shape), dtype)
        self._images = images

    def _read(self, block: Block) -> Values:
        wanted = range(len(self._images))[block[0]]
        parts = [np.asarray(self._images[i][block[1:]]) for i in wanted]
        empty = np.zeros((0, *(len(range(s.start, s.stop, s.step)) for s in block[1:])))
        return (np.stack(parts) if parts else empty).astype(self.dtype, copy=False)


def _mesh(wcs: Any, other: Any, xs: Values, ys: Values) -> tuple[Values, Values]:
    """Give where the places of a grid lie in another image, each of shape (ys, xs)."""
    mesh = np.meshgrid(xs, ys)
    x, y = between(wcs, other, mesh[0].ravel(), mesh[1].ravel())
    return x.reshape(mesh[0].shape), y.reshape(mesh[0].shape)


def _meets(wcs: Any, shape: Sequence[int], other: Any, beyond: Sequence[int]) -> bool:
    """Tell whether any of some places all over an image lies in another one."""
    x, y = _mesh(wcs, other, *(np.linspace(0, n - 1, 65) for n in reversed(shape)))
    rows, columns = beyond
    return bool(((x > -1) & (x < columns) & (y > -1) & (y < rows)).any())


def _same_grid(one: Dataset, other: Dataset) -> bool:
    height, width = one.shape[-2:]
    x = np.array([0, width - 1, 0, width - 1, (width - 1) / 2], dtype=np.float64)
    y = np.array([0, 0, height - 1, height - 1, (height - 1) / 2], dtype=np.float64)
    found = between(other.wcs, one.wcs, x, y)
    apart = np.hypot(found[0] - x, found[1] - y)
    return bool((apart <= SAME).all())
