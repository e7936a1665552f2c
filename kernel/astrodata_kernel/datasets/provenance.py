"""Which bytes a data set came from, and what read them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol


class Digest(Protocol):
    """A SHA-256 under way, computed off the main path."""

    @property
    def progress(self) -> float:
        """Share of the bytes hashed so far, 0 to 1."""

    def result(self, progress: Callable[[float], None] | None = None) -> str:
        """Give the SHA-256 in hexadecimal, and wait for it if need be."""

    def cancel(self) -> None:
        """Stop hashing; a later `result` begins anew."""

    def mark(self) -> str | None:
        """Give what tells the bytes from others without reading all of them, or None."""


@dataclass(frozen=True, slots=True)
class Provenance:
    """The bytes behind a data set.

    Parameters
    ----------
    path
        Absolute path of the file, or the URL that it was fetched from.
    size
        Bytes of the file.
    mtime
        Time of its last change, seconds since 1970.
    reader, reader_version
        What turned the bytes into a data set.
    digest
        The SHA-256 of the bytes, begun when it is first asked for.
    """

    path: str
    size: int
    mtime: float
    reader: str
    reader_version: str
    digest: Digest

    @property
    def sha256(self) -> str:
        """SHA-256 of the file in hexadecimal; waits until it is known.

        Raises
        ------
        DataCheckFailed
            The file changed while it was hashed or since it was opened.
        """
        return self.digest.result()

    @property
    def content_key(self) -> tuple[str | int | float, ...]:
        """What tells the file's bytes from others without reading all of them, for caches of a session.

        It stays the same where a file is moved, or copied with its time; where it lies elsewhere it is its
        address with size and time.
        """
        mark = self.digest.mark()
        return (self.path, self.size, self.mtime) if mark is None else (mark,)

    @property
    def hashing(self) -> float:
        """How far the SHA-256 is, 0 to 1."""
        return self.digest.progress
