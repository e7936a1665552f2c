"""The hash by which both sides of an upload compare what they have. ``src/lab/hashing.ts`` is its mirror.

It is the SHA-256 of the SHA-256s of blocks: browsers have a fast SHA-256 that takes all its bytes at once,
and hash block by block with it. The plain SHA-256, by which a data set is known, is made of the same bytes.
"""

from __future__ import annotations

import hashlib
from typing import Any

BLOCK = 256 << 10
"""Bytes of a block."""


class BlockHash:
    """The hashes of a run of bytes, from its beginning."""

    def __init__(self) -> None:
        self._plain: Any = hashlib.sha256()
        self._blocks: Any = hashlib.sha256()
        self._last: Any = hashlib.sha256()
        self._filled = 0

    def update(self, data: bytes | memoryview) -> None:
        """Take the next bytes."""
        self._plain.update(data)
        rest = memoryview(data)
        while rest:
            part = rest[: BLOCK - self._filled]
            self._last.update(part)
            self._filled += len(part)
            if self._filled == BLOCK:
                self._blocks.update(self._last.digest())
                self._last, self._filled = hashlib.sha256(), 0
            rest = rest[len(part) :]

    def copy(self) -> BlockHash:
        """Give one that goes on by itself."""
        other = BlockHash()
        other._plain, other._blocks = self._plain.copy(), self._blocks.copy()
        other._last, other._filled = self._last.copy(), self._filled
        return other

    @property
    def of_blocks(self) -> str:
        """The hash of the blocks so far, the last one of which need not be whole, in hexadecimal."""
        blocks = self._blocks.copy()
        if self._filled:
            blocks.update(self._last.digest())
        return str(blocks.hexdigest())

    @property
    def sha256(self) -> str:
        """The plain SHA-256 so far, in hexadecimal."""
        return str(self._plain.hexdigest())
