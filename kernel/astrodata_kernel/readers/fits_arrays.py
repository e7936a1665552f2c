"""Pixels of FITS images, read where they are sliced and given in physical values."""

from __future__ import annotations

import itertools
import threading
import warnings
import weakref
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..datasets.lazy import Block, LazyArray, Values
from ..errors import DamagedFile
from .fits_structure import Hdu
from .positioned import PositionedArray

STORED = {8: "u1", 16: ">i2", 32: ">i4", 64: ">i8", -32: ">f4", -64: ">f8"}


@dataclass(frozen=True)
class Scaling:
    """How stored numbers become physical values: ``zero + scale * stored``, `blank` being NaN."""

    bitpix: int
    scale: float
    zero: float
    blank: int | None

    @classmethod
    def of(cls, hdu: Hdu, bitpix: int, blank_key: str = "BLANK") -> Scaling:
        """Give the scaling that a header tells; values that are no numbers are taken as absent."""

        def number(key: str, default: float) -> float:
            value = hdu.value(key)
            ok = isinstance(value, int | float) and not isinstance(value, bool)
            return float(value) if ok and np.isfinite(value) else default

        blank = hdu.value(blank_key) if bitpix > 0 else None
        known = isinstance(blank, int) and not isinstance(blank, bool)
        return cls(bitpix, number("BSCALE", 1.0), number("BZERO", 0.0), blank if known else None)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the physical values, as astropy gives them."""
        stored = np.dtype(STORED[self.bitpix]).newbyteorder("=")
        if self.blank is None:
            if self.scale == 1 and self.zero == 0:
                return stored
            if self._offset_only:
                return np.dtype(f"{'i' if self.bitpix == 8 else 'u'}{stored.itemsize}")
        return np.dtype("f8" if self.bitpix in (32, 64, -64) else "f4")

    @property
    def _offset_only(self) -> bool:
        # The convention by which FITS stores the integer types that it does not have.
        zero = -128.0 if self.bitpix == 8 else 2.0 ** (self.bitpix - 1)
        return self.bitpix > 0 and self.scale == 1 and self.zero == zero

    def apply(self, stored: Values) -> Values:
        """Give physical values in native byte order."""
        dtype = self.dtype
        if dtype.kind in "iu":
            if self.scale == 1 and self.zero == 0:
                return np.ascontiguousarray(stored, dtype)
            # Adding half the range flips the sign bit, without leaving the type's width.
            native = np.ascontiguousarray(stored, stored.dtype.newbyteorder("="))
            half = np.array(1 << (8 * dtype.itemsize - 1), dtype=f"u{dtype.itemsize}")
            return (native.view(f"u{dtype.itemsize}") ^ half).view(dtype)
        values = stored.astype(dtype)
        with np.errstate(over="ignore", invalid="ignore"):
            if self.scale != 1:
                np.multiply(values, self.scale, out=values)
            if self.zero != 0:
                values += dtype.type(self.zero)
        if self.blank is not None:
            values[stored == self.blank] = np.nan
        return values


class PlainImage(PositionedArray):
    """Pixels of an HDU that is not compressed, whose declared bytes were found to be there."""

    def __init__(self, path: Path, hdu: Hdu, shape: Sequence[int], scaling: Scaling) -> None:
        where = f"{path.name}, HDU {hdu.index}"
        stored = STORED[scaling.bitpix]
        super().__init__(path, hdu.data_offset, shape, stored, scaling.dtype, where)
        self._scaling = scaling

    def _physical(self, stored: Values) -> Values:
        return self._scaling.apply(stored)


class CompressedImage(LazyArray):
    """Pixels of a tile-compressed HDU, decompressed only where they are sliced.

    astropy's ``.section`` decompresses whatever a slice spans, also what its step leaves out: steps are
    taken here, tile row by tile row.
    """

    def __init__(self, path: Path, index: int, shape: Sequence[int], scaling: Scaling) -> None:
        from astropy.io import fits

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self._hdus = fits.open(path, memmap=True)
            self._hdu = self._hdus[index]
            section = self._hdu.section
        super().__init__(shape, scaling.dtype)
        self._where = f"{path.name}, HDU {index}"
        self._section = section
        self._tile = tuple(int(n) for n in self._hdu.tile_shape)
        self._lock = threading.Lock()
        weakref.finalize(self, self._hdus.close)

    def _read(self, block: Block) -> Values:
        counts = [len(range(s.start, s.stop, s.step)) for s in block]
        out = np.empty(counts, self.dtype)
        if out.size == 0:
            return out
        # Bands along all axes but the last: each is as many wanted indices as one tile holds.
        bands = [self._bands(s, t) for s, t in zip(block[:-1], self._tile[:-1], strict=True)]
        across = block[-1]
        for band in itertools.product(*bands):
            spans = [slice(first, last + 1) for first, last, _ in band]
            part = self._decompressed((*spans, slice(across.start, across.stop)))
            steps = tuple(slice(None, None, s.step) for s in block)
            out[tuple(target for _, _, target in band)] = part[steps]
        return out

    @staticmethod
    def _bands(wanted: slice, tile: int) -> list[tuple[int, int, slice]]:
        if wanted.step == 1:
            return [(wanted.start, wanted.stop - 1, slice(None))]
        numbers = list(range(wanted.start, wanted.stop, wanted.step))
        bands, done = [], 0
        for _, group in itertools.groupby(numbers, key=lambda n: n // tile):
            members = list(group)
            bands.append((members[0], members[-1], slice(done, done + len(members))))
            done += len(members)
        return bands

    def _decompressed(self, spans: tuple[slice, ...]) -> Values:
        with self._lock, warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            try:
                part = np.asarray(self._section[spans])
            except Exception as error:
                raise DamagedFile(
                    f"{self._where}: its compressed tiles cannot be read ({type(error).__name__}: "
                    f"{str(error)[:200]}); the file may be damaged, copy or download it again"
                ) from error
        return part.astype(self.dtype, copy=False)
