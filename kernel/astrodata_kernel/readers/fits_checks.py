"""The checksums that a FITS file carries, verified by streaming its bytes."""

from __future__ import annotations

import numpy as np

from ..datasets import Check
from .filebytes import Bytes
from .fits_structure import BLOCK, Hdu

_ONES = 0xFFFFFFFF
_CHUNK = 1024 * BLOCK


def checksums(file: Bytes, hdus: list[Hdu], name: str) -> tuple[Check, ...]:
    """Give a check for each DATASUM and CHECKSUM of a file; none for HDUs that carry none."""
    found = []
    for hdu in hdus:
        stored = _datasum(hdu)
        if (stored is None and not hdu.text("CHECKSUM")) or hdu.missing:
            continue
        data = _sum(file, hdu.data_offset, -(-hdu.data_size // BLOCK) * BLOCK)
        where = f"{name}, HDU {hdu.index}"
        if stored is not None:
            found.append(_check("DATASUM", where, data == stored))
        if hdu.text("CHECKSUM"):
            header = _sum(file, hdu.header_offset, hdu.data_offset - hdu.header_offset)
            total = _folded(header + data)
            ok = total in (0, _ONES)
            found.append(
                Check(f"CHECKSUM of HDU {hdu.index}", ok, _sentence("CHECKSUM", where, ok))
            )
    return tuple(found)


def _datasum(hdu: Hdu) -> int | None:
    # The standard has it as text; some programs write a number.
    value = hdu.value("DATASUM")
    text = str(value).strip()
    return int(text) if not isinstance(value, bool) and text.isascii() and text.isdigit() else None


def _check(key: str, where: str, ok: bool) -> Check:
    return Check(f"{key} of HDU {where.rsplit(' ', 1)[1]}", ok, _sentence(key, where, ok))


def _sentence(key: str, where: str, ok: bool) -> str:
    if ok:
        return f"{where}: its bytes agree with its {key}"
    return (
        f"{where}: its bytes do not agree with its {key}; they were changed after it was written: "
        "copy or download it again, or ask where it came from"
    )


def _sum(file: Bytes, offset: int, length: int) -> int:
    # The standard's 32-bit ones' complement sum.
    total = 0
    while length > 0 and (chunk := file.read(offset, min(_CHUNK, length))):
        offset, length = offset + len(chunk), length - len(chunk)
        padded = chunk + b"\0" * (-len(chunk) % 4)
        total = _folded(total + int(np.frombuffer(padded, ">u4").sum(dtype=np.uint64)))
    return total


def _folded(total: int) -> int:
    while total > _ONES:
        total = (total & _ONES) + (total >> 32)
    return total
