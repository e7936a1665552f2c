"""FITS files: images, cubes, spectra and tables, plain or tile-compressed."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from ..datasets import Check, Dataset, LazyTable, Part, Provenance
from ..datasets.dataset import part_number
from ..datasets.lazy import LazyArray
from ..errors import DamagedFile, TooLarge, UnsupportedFormat
from .caps import caps
from .filebytes import Bytes, bytes_of
from .fits_arrays import STORED, PlainImage, Scaling
from .fits_rows import table_of
from .fits_structure import Hdu, cards, scan
from .fits_tiles import CODECS, CompressedImage

LARGEST_LOOKUP = 1 << 24
"""Values of a lookup table of distortions that is still read."""


class FitsReader:
    """Reads what begins with ``SIMPLE  =``; a part is an HDU."""

    name = "FITS"
    version = "1"
    reads_ranges = True
    """Files need not be here as a whole: `open` takes open bytes in place of a path."""

    def sniff(self, head: bytes, path: Path) -> bool:
        """Tell from the first bytes of a file whether it is FITS."""
        return head.startswith(b"SIMPLE  =")

    def open(
        self, path: Path | Bytes, provenance: Provenance, part: int | str | None = None
    ) -> Dataset:
        """Give the data set of one HDU; of the first that holds data when none is named.

        Raises
        ------
        UnsupportedFormat
            No HDU holds data, or the one that was named holds none that can be read.
        DamagedFile
            Its declared bytes are not all there, or its header contradicts itself.
        """
        name = _name_of(path, provenance)
        # Opened once: all HDUs are those of the same file, also where another one takes its name.
        file = bytes_of(path, name)
        hdus, notes = scan(file, name)
        parts = tuple(_part(hdu) for hdu in hdus)
        number = part_number(parts, part, name) if part is not None else _first(parts, hdus, name)
        _refuse(parts[number], hdus[number], name)
        return _FitsFile(file, provenance, hdus, parts, notes).dataset(number)


class _FitsFile:
    """A scanned file, of which data sets are made HDU by HDU."""

    def __init__(
        self,
        file: Bytes,
        provenance: Provenance,
        hdus: list[Hdu],
        parts: tuple[Part, ...],
        notes: list[str],
    ) -> None:
        self.file, self.provenance, self.hdus, self.parts = file, provenance, hdus, parts
        self.name, self.notes = file.name, notes

    def dataset(self, number: int) -> Dataset:
        hdu, part = self.hdus[number], self.parts[number]
        _refuse(part, hdu, self.name)
        contents = self._contents(hdu, part)
        return Dataset(
            kind=str(part.kind),
            name=self.name,
            shape=part.shape,
            dtype=contents.dtype if isinstance(contents, LazyArray) else np.dtype("V"),
            meta=self._meta(hdu),
            provenance=self.provenance,
            contents=contents,
            parts=self.parts,
            part=number,
            open_part=self.dataset,
            run_checks=self._checks,
            make_wcs=cache(lambda: _wcs(hdu.header, self._lookups))
            if part.kind in ("image", "cube")
            else None,
        )

    def _contents(self, hdu: Hdu, part: Part) -> LazyArray | LazyTable:
        if part.kind == "table":
            return table_of(self.file, hdu, self.name)
        if _is_compressed(hdu):
            _refuse_absurd(hdu, part, self.name)
            return CompressedImage(self.file, hdu, part.shape, _scaling(hdu), self.name)
        return PlainImage(self.file, hdu, part.shape, _scaling(hdu), self.name)

    def _meta(self, hdu: Hdu) -> dict[str, Any]:
        return {
            "unit": hdu.text("BUNIT"),
            "object": hdu.text("OBJECT"),
            "header": cards(hdu.header),
            "warnings": list(self.notes),
        }

    def _lookups(self) -> Any:
        """Give the lookup tables of distortions, which lie in HDUs of their own."""
        from astropy.io import fits

        from .fits_wcs import LOOKUPS

        found = fits.HDUList([fits.PrimaryHDU()])
        for hdu, part in zip(self.hdus, self.parts, strict=True):
            small = math.prod(part.shape) <= LARGEST_LOOKUP
            if part.name in LOOKUPS and part.kind == "image" and not part.note and small:
                values = np.asarray(self.dataset(part.index).array)
                found.append(fits.ImageHDU(values, hdu.header, part.name, ver=part.version))
        return found

    def _checks(self) -> tuple[Check, ...]:
        from .fits_checks import checksums

        return checksums(self.file, self.hdus, self.name)


def _name_of(path: Path | Bytes, provenance: Provenance) -> str:
    return path.name if isinstance(path, Bytes) else Path(provenance.path).name


def _wcs(header: Any, lookups: Callable[[], Any]) -> Any:
    from .fits_wcs import celestial

    return celestial(header, lookups)


def _is_compressed(hdu: Hdu) -> bool:
    return hdu.text("XTENSION") == "BINTABLE" and hdu.value("ZIMAGE") is True


def _bitpix(hdu: Hdu) -> int:
    return hdu.integer("ZBITPIX" if _is_compressed(hdu) else "BITPIX")


def _scaling(hdu: Hdu) -> Scaling:
    blank = "ZBLANK" if _is_compressed(hdu) and hdu.value("BLANK") is None else "BLANK"
    return Scaling.of(hdu, _bitpix(hdu), blank)


def _part(hdu: Hdu) -> Part:
    """Give what an HDU's header says it is, with a note where it cannot be opened."""
    kind, shape, note = _declared(hdu)
    if kind and hdu.missing:
        note = f"truncated: {hdu.missing:,} of {hdu.data_size:,} bytes are missing"
    dtype = str(_scaling(hdu).dtype) if kind and kind != "table" else ""
    return Part(
        index=hdu.index,
        name=hdu.text("EXTNAME") or ("PRIMARY" if hdu.index == 0 else ""),
        version=hdu.integer("EXTVER", 1),
        kind=kind,
        shape=shape,
        dtype=dtype,
        unit=hdu.text("BUNIT"),
        note=note,
    )


def _declared(hdu: Hdu) -> tuple[str | None, tuple[int, ...], str]:
    extension = hdu.text("XTENSION")
    if hdu.value("GROUPS") is True and hdu.integer("NAXIS1", -1) == 0:
        return None, (), "random groups cannot be read"
    if _is_compressed(hdu):
        if hdu.text("ZCMPTYPE") not in CODECS:
            return None, (), f"compression {hdu.text('ZCMPTYPE') or 'without a name'} is unknown"
        if _bitpix(hdu) not in STORED:
            return None, (), f"ZBITPIX = {_bitpix(hdu)} is no type of pixels"
        return _array_kind(hdu, "ZNAXIS")
    if extension in ("BINTABLE", "A3DTABLE", "TABLE"):
        shape = (hdu.integer("NAXIS2"), hdu.integer("TFIELDS"))
        return ("table", shape, "") if all(shape) else (None, shape, "no data")
    if hdu.index and extension != "IMAGE":
        return None, (), f"extensions of type {extension or 'unknown'} cannot be read"
    return _array_kind(hdu, "NAXIS")


def _array_kind(hdu: Hdu, axes: str) -> tuple[str | None, tuple[int, ...], str]:
    count = min(max(hdu.integer(axes), 0), 999)
    shape = tuple(hdu.integer(f"{axes}{n}") for n in range(count, 0, -1))
    if not shape or min(shape) < 1:
        return None, shape, "no data"
    return ("spectrum", "image", "cube")[min(len(shape), 3) - 1], shape, ""


def _first(parts: Sequence[Part], hdus: Sequence[Hdu], name: str) -> int:
    for part in parts:
        if part.kind and not part.note:
            return part.index
    for part in parts:
        if part.kind:
            return part.index  # and what is wrong with it is said when it is opened
    said = "; ".join(f"HDU {part.index}: {part.note}" for part in parts[:5])
    raise UnsupportedFormat(
        f"{name} is FITS, but none of its {len(hdus)} HDUs holds data that can be read ({said})"
    )


def _refuse(part: Part, hdu: Hdu, name: str) -> None:
    if part.kind and hdu.missing:
        shape = " × ".join(map(str, reversed(part.shape)))
        what = f"{shape} {part.dtype} pixels" if part.kind != "table" else f"{part.shape[0]:,} rows"
        raise DamagedFile(
            f"{name}, HDU {part.index}: truncated; its header declares {what}, {hdu.data_size:,} bytes "
            f"from byte {hdu.data_offset:,} on, but the file ends at byte {hdu.file_size:,}, "
            f"{hdu.missing:,} bytes too early. Copy or download it again"
        )
    if part.kind is None or part.note:
        raise UnsupportedFormat(f"{name}, HDU {part.index} ({part.name or 'unnamed'}): {part.note}")


def _refuse_absurd(hdu: Hdu, part: Part, name: str) -> None:
    declared = math.prod(part.shape) * np.dtype(STORED[_bitpix(hdu)]).itemsize
    if declared > (1 << 30) + caps.expansion * hdu.data_size:
        raise TooLarge(
            f"{name}, HDU {hdu.index}: declares {declared:,} bytes of pixels in {hdu.data_size:,} "
            "compressed ones, which cannot be"
        )
