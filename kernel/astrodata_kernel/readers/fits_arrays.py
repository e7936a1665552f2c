"""Pixels of FITS images, read where they are sliced and given in physical values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..datasets.lazy import Block, Values
from .filebytes import Bytes
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
            flipped: Values = (native.view(f"u{dtype.itemsize}") ^ half).view(dtype)
            return flipped
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

    def __init__(
        self, file: Bytes, hdu: Hdu, shape: Sequence[int], scaling: Scaling, name: str
    ) -> None:
        where = f"{name}, HDU {hdu.index}"
        stored = STORED[scaling.bitpix]
        super().__init__(file, hdu.data_offset, shape, stored, scaling.dtype, where)
        self._scaling = scaling

    def _read(self, block: Block) -> Values:
        self._file.check()
        return super()._read(block)

    def _physical(self, stored: Values) -> Values:
        return self._scaling.apply(stored)
