"""Where the HDUs of a FITS file lie and what they declare, from their headers alone.

Scanned here and not with `astropy.io.fits.open`, which reads on for as long as a header has no END, and
takes what is declared for what is there.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from ..errors import DamagedFile, TooLarge
from .caps import caps
from .filebytes import Bytes
from .quiet import quiet

BLOCK = 2880
CARD = 80
_END = b"END" + b" " * 77


@dataclass(frozen=True)
class Hdu:
    """One header-data unit: its place in the file and its header.

    Offsets and sizes are in bytes; `data_size` is what the header declares, without padding.
    """

    index: int
    header: Any
    header_offset: int
    data_offset: int
    data_size: int
    file_size: int

    @property
    def missing(self) -> int:
        """How many of the declared bytes lie beyond the end of the file."""
        return max(0, self.data_offset + self.data_size - self.file_size)

    def text(self, key: str) -> str:
        """Give a header value as text, empty where it is not there or cannot be parsed."""
        value = self.value(key)
        return value.strip() if isinstance(value, str) else ""

    def value(self, key: str) -> Any:
        """Give a header value, None where it is not there or cannot be parsed."""
        return header_value(self.header, key)

    def integer(self, key: str, default: int = 0) -> int:
        """Give a header value that must be an integer."""
        value = self.value(key)
        return default if isinstance(value, bool) or not isinstance(value, int) else value


def header_value(header: Any, key: str) -> Any:
    """Give a value of an `astropy.io.fits.Header`, None where it is absent or cannot be parsed."""
    from astropy.io.fits import VerifyError

    try:
        with quiet():
            return header.get(key)
    except (VerifyError, ValueError, TypeError):
        return None


def cards(header: Any) -> list[tuple[str, Any, str]]:
    """Give (keyword, value, comment) of each card; what cannot be parsed is given as its raw text."""
    from astropy.io.fits import VerifyError
    from astropy.io.fits.card import Undefined

    found = []
    with quiet():
        for card in header.cards:
            try:
                value = card.value
                found.append(
                    (card.keyword, None if isinstance(value, Undefined) else value, card.comment)
                )
            except (VerifyError, ValueError, TypeError):
                found.append((str(card.rawkeyword), card.image.strip(), ""))
    return found


def plain_text(text: object) -> str:
    """Give a text as a header can hold it: printable ASCII, with a question mark for all else."""
    return "".join(char if 32 <= ord(char) < 127 else "?" for char in str(text))


def scan(file: Bytes, name: str) -> tuple[list[Hdu], list[str]]:
    """Give the HDUs of a file, and notes on what is odd about it.

    Raises
    ------
    DamagedFile
        The first header has no end, or declares what cannot be.
    TooLarge
        A header or a number of HDUs beyond the caps.
    """
    hdus: list[Hdu] = []
    notes: list[str] = []
    size = file.size
    offset = 0
    with quiet() as said:
        while offset < size:
            if len(hdus) >= caps.hdus:
                raise TooLarge(f"{name} has more than {caps.hdus:,} HDUs")
            if hdus and file.read(offset, 8) != b"XTENSION":
                notes.append(f"{size - offset:,} bytes after the last HDU are no FITS")
                break
            try:
                hdu = _hdu(file, len(hdus), offset, size, name)
            except DamagedFile as error:
                if not hdus:
                    raise
                notes.append(str(error))
                break
            hdus.append(hdu)
            offset = hdu.data_offset + -(-hdu.data_size // BLOCK) * BLOCK
    if not hdus:
        raise DamagedFile(f"{name} has no HDU")
    return hdus, notes + said


def _hdu(file: Bytes, index: int, offset: int, size: int, name: str) -> Hdu:
    from astropy.io.fits import Header

    text = bytearray()
    data_offset = offset
    while True:
        block = file.read(data_offset, BLOCK)
        data_offset += len(block)
        at = _end_of(block)
        text += block if at is None else block[:at]
        if at is not None:
            break
        if len(block) < BLOCK:
            raise DamagedFile(
                f"{name}, HDU {index}: its header has no END card before the file ends at byte "
                f"{size:,}; copy or download it again"
            )
        if len(text) > caps.header_blocks * BLOCK:
            raise TooLarge(
                f"{name}, HDU {index}: its header is longer than {caps.header_blocks:,} blocks"
            )
    # A header is ASCII by the standard; what is not must not stop us from reading the rest.
    plain = bytes(byte if 32 <= byte < 127 else 63 for byte in text).decode("ascii")
    header = Header.fromstring(plain)
    return Hdu(index, header, offset, data_offset, _data_size(header, name, index), size)


def _end_of(block: bytes) -> int | None:
    for at in range(0, len(block) - CARD + 1, CARD):
        if block[at : at + CARD] == _END:
            return at
    return None


def _data_size(header: Any, name: str, index: int) -> int:
    def integer(key: str, default: int | None = None) -> int:
        value = header_value(header, key)
        if value is None and default is not None:
            return default
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise DamagedFile(
                f"{name}, HDU {index}: {key} = {value!r} in its header is not a size; the file is "
                "damaged or was written by a broken program"
            )
        return value

    bitpix = header_value(header, "BITPIX")
    if bitpix not in (8, 16, 32, 64, -32, -64):
        raise DamagedFile(
            f"{name}, HDU {index}: BITPIX = {bitpix!r} is none of 8, 16, 32, 64, -32, -64"
        )
    axes = [integer(f"NAXIS{n}") for n in range(1, min(integer("NAXIS"), 999) + 1)]
    if not axes:
        return 0
    if axes[0] == 0 and header_value(header, "GROUPS") is True:
        axes = axes[1:]
    pixels = math.prod(axes)
    return int(abs(bitpix) // 8 * integer("GCOUNT", 1) * (integer("PCOUNT", 0) + pixels))
