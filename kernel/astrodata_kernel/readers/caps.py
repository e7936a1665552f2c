"""Limits that keep a hostile file from taking the machine's memory, disk or time.

The server half lowers them in the processes that look at files for the panel.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import TooLarge


@dataclass
class Caps:
    """What a reader may take before it gives up with `TooLarge`."""

    expanded_bytes: int = 64 << 30
    """Bytes that a gzip'd file may grow to on disk."""
    member_bytes: int = 16 << 30
    """Bytes of an npz member, which is read whole because it is compressed."""
    tile_bytes: int = 1 << 30
    """Bytes of one tile or chunk of a compressed array, decompressed."""
    text_bytes: int = 4 << 30
    """Bytes of a CSV file, which is read whole because text has no index."""
    header_blocks: int = 4000
    """Blocks of 2,880 bytes of one FITS header: 144,000 cards."""
    hdus: int = 10_000
    """HDUs of one FITS file."""
    objects: int = 10_000
    """Members of one npz file, or groups and arrays of one HDF5 file."""
    columns: int = 10_000
    """Columns of one table."""
    expansion: int = 2000
    """How many times its bytes on disk a compressed image may declare, beyond the first GiB."""


caps = Caps()


def refuse_beyond(limit: int, wanted: int, what: str) -> None:
    """Raise `TooLarge` when `wanted` bytes are more than `limit`."""
    if wanted > limit:
        raise TooLarge(
            f"{what} takes {wanted:,} bytes, more than the {limit:,} that are allowed here"
        )
