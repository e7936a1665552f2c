"""Bands brought to 0...1 by percentiles of a whole data set, kept with it and applied identically later."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from ..errors import BadRequest, DamagedFile, UnreadableFile
from ..writing import write_whole

_CHUNK = 1 << 20  # values looked at together
_SLAB = 1 << 15  # values scaled together: they stay in the cache
_FORMAT = "astrodata percentile scaling 1"


@dataclass(frozen=True)
class PercentileScaling:
    """Limits of each band, found once.

    Attributes
    ----------
    low, high
        Values of each band that become 0 and 1; what lies beyond is clipped.
    percentiles
        Which ones they are, as (1, 99).
    bands
        Names of the bands, as many, or none.
    values
        How many each band's limits were found of.
    """

    low: tuple[float, ...]
    high: tuple[float, ...]
    percentiles: tuple[float, float] = (1.0, 99.0)
    bands: tuple[str, ...] = ()
    values: tuple[int, ...] = ()

    @classmethod
    def fit(
        cls,
        images: Any | Callable[[], Iterable[Any]],
        percentiles: tuple[float, float] = (1.0, 99.0),
        bands: Sequence[str] = (),
        nodata: float | None = None,
    ) -> Self:
        """Find the limits in a data set of any size, exactly, in two passes and some megabytes.

        Parameters
        ----------
        images
            A sequence of arrays whose last axis is the bands, one array of several, or a function that gives
            an iterator of them and is called twice. Values are taken as float32; NaN and infinities are left
            out.
        percentiles
            Of the values that become 0 and 1; between two values as by `numpy.percentile`.
        bands
            Names, to be checked when the limits are applied.
        nodata
            A value to leave out too.

        Raises
        ------
        BadRequest
            No values, or images of different bands.
        """
        low, high = map(float, percentiles)
        if not 0 <= low < high <= 100:
            raise BadRequest(f"percentiles {percentiles}: give two, 0 <= low < high <= 100")
        parts = images if callable(images) else lambda: images
        coarse = _histograms(parts(), nodata)
        counts = coarse.sum(axis=1)
        empty = [str(bands[b]) if bands else str(b) for b in np.flatnonzero(counts == 0).tolist()]
        if empty:
            raise BadRequest(f"band {', '.join(empty)} has no value: leave it out or check nodata")
        if bands and len(bands) != len(counts):
            raise BadRequest(f"{len(bands)} names for {len(counts)} bands: give one for each")
        at = np.outer(np.array([low, high]) / 100, counts - 1)  # (2, bands), between two ranks
        ranks = np.stack([np.floor(at), np.ceil(at)]).astype(np.int64)
        values = _ranked(parts(), coarse, ranks, nodata)
        found = values[0] + (values[1] - values[0]) * (at - ranks[0])
        return cls(
            tuple(found[0].tolist()),
            tuple(found[1].tolist()),
            (low, high),
            tuple(map(str, bands)),
            tuple(counts.tolist()),
        )

    def apply(self, image: Any, bands: Sequence[str] = ()) -> Any:
        """Give an image's bands in 0...1.

        Parameters
        ----------
        image
            Shape (..., bands), of NumPy or, lazily, of Dask.
        bands
            Names of its bands, to be checked.

        Returns
        -------
        array
            float32. NaN stays NaN; a band whose limits are equal is 0 up to them and 1 above.

        Raises
        ------
        BadRequest
            Other bands than those that the limits were found of.
        """
        if bands and self.bands and tuple(bands) != self.bands:
            raise BadRequest(
                f"bands {', '.join(bands)}, but the limits are those of {', '.join(self.bands)}: "
                "give the same bands in the same order"
            )
        dask = sys.modules.get("dask.array")
        lazy = dask is not None and isinstance(image, dask.Array)
        if not lazy:
            image = np.asarray(image)
        if image.ndim < 1 or image.shape[-1] != len(self.low):
            raise BadRequest(
                f"an image of shape {tuple(image.shape)}: its last axis is to be {len(self.low)} bands"
            )
        if dask is not None and lazy:
            whole = image.rechunk({image.ndim - 1: -1})
            return dask.map_blocks(
                self._scaled, whole, dtype=np.float32, meta=np.empty((0,) * image.ndim, "f4")
            )
        return self._scaled(image)

    def _scaled(self, image: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
        out = np.empty(image.shape, np.float32)
        low, high = np.array(self.low), np.array(self.high)
        same = high == low
        width = np.where(same, 1, high - low)
        flat, to = image.reshape(-1, len(low)), out.reshape(-1, len(low))
        # Some pixels at a time: double precision of all of an image would be twice its memory, and slow.
        step = max(1, _SLAB // len(low))
        for start in range(0, len(flat), step):
            scaled = flat[start : start + step] - low
            scaled /= width
            if same.any():
                # A constant band has no scale: which side of its value is all that can be said.
                scaled[same & (scaled > 0)] = 1
            to[start : start + step] = np.clip(scaled, 0, 1, out=scaled)
        return out

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the limits as JSON; the file has its name only when it is whole.

        Raises
        ------
        UnreadableFile
            The folder does not take it.
        """
        return write_whole(path, self.text.encode())

    @property
    def text(self) -> str:
        """The limits as JSON, as `save` writes it."""
        return json.dumps({"format": _FORMAT, **asdict(self)}, indent=1) + "\n"

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read limits that were saved; they are the same to the last bit.

        Raises
        ------
        UnreadableFile
            There is no such file.
        DamagedFile
            It holds no limits.
        """
        source = Path(path)
        try:
            told = json.loads(source.read_text("utf-8"))
        except OSError as error:
            raise UnreadableFile(
                f"{source} cannot be read: {error.strerror or error}: check the path"
            ) from None
        except ValueError:
            told = None
        try:
            if told["format"] != _FORMAT:
                raise ValueError("another format")
            return cls.of(told)
        except (KeyError, TypeError, ValueError):
            raise DamagedFile(
                f"{source.name} holds no limits of bands: give a file that PercentileScaling.save wrote"
            ) from None

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Self:
        """Give the limits of plain values, as JSON has them by the names of the attributes.

        Raises
        ------
        ValueError
            They are none.
        """
        try:
            low, high = (tuple(map(float, told[name])) for name in ("low", "high"))
            first, last = map(float, told["percentiles"])
            names, values = tuple(map(str, told["bands"])), tuple(map(int, told["values"]))
        except (KeyError, TypeError, OverflowError) as error:
            raise ValueError(f"limits: {error}") from None
        if len(low) != len(high) or not np.isfinite([*low, *high]).all():
            raise ValueError("limits without a partner")
        return cls(low, high, (first, last), names, values)


def _pieces(images: Iterable[Any], nodata: float | None) -> Iterator[list[npt.NDArray[np.uint32]]]:
    """Give, of some pixels at a time, the values of each band as whole numbers of the same order."""
    width = None
    for image in images:
        array = image if hasattr(image, "shape") else np.asarray(image)
        bands = int(array.shape[-1]) if len(array.shape) else 0
        if bands == 0 or (width is not None and bands != width):
            raise BadRequest(
                f"an image of shape {tuple(array.shape)} among others of {width or 'some'} bands: "
                "the last axis is to be the bands of all"
            )
        width = bands
        for piece in _slabs(array):
            flat = np.asarray(piece).reshape(-1, bands)
            for start in range(0, len(flat), max(1, _CHUNK // bands)):
                part = flat[start : start + max(1, _CHUNK // bands)].astype(np.float32)
                kept = np.isfinite(part)
                if nodata is not None:
                    kept &= part != np.float32(nodata)
                yield [_ordered(part[kept[:, b], b]) for b in range(bands)]
    if width is None:
        raise BadRequest("no image is given: limits are found of at least one")


def _slabs(array: Any) -> Iterator[Any]:
    """Give some rows of an array at a time, so that what is lazy is read in parts."""
    if len(array.shape) < 2:
        yield array
        return
    each = int(np.prod(array.shape[1:])) or 1
    step = max(1, _CHUNK // each)
    for start in range(0, array.shape[0], step):
        yield array[start : start + step]


def _ordered(values: npt.NDArray[np.float32]) -> npt.NDArray[np.uint32]:
    """Give whole numbers that are ordered as the values are: their bits, negative ones turned round."""
    bits = (values + np.float32(0)).view(np.uint32)  # -0 is 0
    return np.where(bits >> 31, ~bits, bits | np.uint32(1 << 31))


def _values(ordered: npt.NDArray[np.uint32]) -> npt.NDArray[np.float32]:
    bits = np.where(ordered >> 31, ordered & np.uint32(0x7FFFFFFF), ~ordered)
    return bits.astype(np.uint32).view(np.float32)


def _histograms(images: Iterable[Any], nodata: float | None) -> npt.NDArray[np.int64]:
    """Count the upper halves of the ordered numbers, for each band."""
    total: npt.NDArray[np.int64] | None = None
    for bands in _pieces(images, nodata):
        if total is None:
            total = np.zeros((len(bands), 1 << 16), np.int64)
        for row, values in zip(total, bands, strict=True):
            row += np.bincount(values >> 16, minlength=1 << 16)
    assert total is not None  # noqa: S101 - no images raise above
    return total


def _ranked(
    images: Iterable[Any],
    coarse: npt.NDArray[np.int64],
    ranks: npt.NDArray[np.int64],
    nodata: float | None,
) -> npt.NDArray[np.float64]:
    """Give the values that stand at ranks, shape (..., bands): a second look, at their lower halves only."""
    below = np.cumsum(coarse, axis=1)
    bands = coarse.shape[0]
    upper = np.empty(ranks.shape, np.int64)
    for b in range(bands):
        upper[..., b] = np.searchsorted(below[b], ranks[..., b], side="right")
    fine = {
        (b, int(key)): np.zeros(1 << 16, np.int64)
        for b in range(bands)
        for key in np.unique(upper[..., b])
    }
    for parts in _pieces(images, nodata):
        for (b, key), counts in fine.items():
            inside = parts[b][parts[b] >> 16 == key]
            counts += np.bincount(inside & 0xFFFF, minlength=1 << 16)
    ordered = np.empty(ranks.shape, np.uint32)
    for place in np.ndindex(ranks.shape):
        b, key = place[-1], int(upper[place])
        before = below[b, key] - coarse[b, key]
        within = int(np.searchsorted(np.cumsum(fine[b, key]), ranks[place] - before, side="right"))
        ordered[place] = (key << 16) | within
    return _values(ordered).astype(np.float64)
