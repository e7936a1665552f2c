"""Files of which only some bytes are fetched, by ranges, into a bounded cache of pages."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import Protocol, Self

from ..errors import DamagedFile
from .filebytes import Bytes

PAGE = 4096
"""Bytes that are kept or fetched together."""

CACHE_BYTES = 128 << 20
"""Of all pages of one file that are kept."""

REQUEST_BYTES = 1 << 20
"""Of one request, beyond which another one brings the rest at the same time."""

Range = tuple[int, int]


@dataclass(frozen=True)
class Facts:
    """What a server says of a file; `tag` changes when its bytes do."""

    size: int
    mtime: float
    tag: str


class Source(Protocol):
    """Where ranges of bytes come from."""

    shown: str
    """The address, without anything that lets one in."""
    facts: Facts
    skips: int
    """Bytes between two ranges that are rather fetched than asked about apart."""
    at_once: int
    """Ranges that one request can name."""
    tried: bool
    """Whether it is known that the server takes so many."""

    def get(self, wanted: Sequence[Range]) -> list[bytes]:
        """Give the bytes of some ranges (start, stop), at most `at_once` of them.

        Raises
        ------
        OneAtATime
            The server does not take several; `at_once` is 1 from now on.
        AstrodataError
            They cannot be had; the sentence says why.
        """


class OneAtATime(Exception):
    """The server does not take several ranges in one request."""


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=8, thread_name_prefix="astrodata-ranges")


class RemoteBytes(Bytes):
    """A file that lies elsewhere, by position.

    Parameters
    ----------
    source
        Where its bytes come from.
    name
        What messages call it.
    head
        Its first bytes, where they came with its facts.
    """

    far = True
    gap = PAGE

    def __init__(self, source: Source, name: str, head: bytes = b"") -> None:
        super().__init__(name, source.facts.size)
        self.source = source
        self._first: RemoteBytes | None = None
        self._pages = _Pages(source, self.size)
        self._pages.keep(0, head[: len(head) // PAGE * PAGE if len(head) < self.size else None])

    def called(self, name: str) -> Self:
        """Give the same bytes, to be called otherwise in messages."""
        other = super().called(name)
        other._first = self  # as long as one of them is in use, others find its pages
        return other

    @property
    def fetched(self) -> int:
        """Bytes that came through the network so far."""
        return self._pages.fetched

    def read(self, offset: int, count: int) -> bytes:
        """Give `count` bytes from `offset` on, fewer only at the end of the file."""
        stop = min(offset + count, self.size)
        if stop <= offset:
            return b""
        first, last = offset // PAGE, -(-stop // PAGE)
        found = self._pages.need([(first, last)])
        whole = b"".join(found[number] for number in range(first, last))
        return whole[offset - first * PAGE : stop - first * PAGE]

    def expect(self, places: Sequence[tuple[int, int]]) -> None:
        """Fetch what lies at some (offset, count), as much of it as is kept, in few requests."""
        runs = []
        room = CACHE_BYTES // 2
        for offset, count in places:
            stop = min(offset + count, self.size)
            if stop > offset and room > 0:
                runs.append((offset // PAGE, -(-stop // PAGE)))
                room -= (runs[-1][1] - runs[-1][0]) * PAGE
        self._pages.need(runs)


class _Pages:
    """The pages of one file that are here; those looked at longest ago are given up."""

    def __init__(self, source: Source, size: int) -> None:
        self._source, self._size = source, size
        self._kept: OrderedDict[int, bytes] = OrderedDict()
        self._lock = threading.Lock()
        self.fetched = 0

    def keep(self, first: int, data: bytes) -> None:
        """Keep the pages of some bytes that begin with page `first`."""
        with self._lock:
            for number, start in enumerate(range(0, len(data), PAGE), first):
                self._kept[number] = data[start : start + PAGE]
                self._kept.move_to_end(number)
            while len(self._kept) * PAGE > CACHE_BYTES:
                self._kept.popitem(last=False)

    def need(self, runs: Iterable[Range]) -> dict[int, bytes]:
        """Give the pages of some runs (first, last), after fetching those that are missing."""
        found: dict[int, bytes] = {}
        missing: list[int] = []
        with self._lock:
            for first, last in runs:
                for number in range(first, last):
                    page = self._kept.get(number)
                    if page is None:
                        missing.append(number)
                    else:
                        self._kept.move_to_end(number)
                        found[number] = page
        if missing:
            for first, data in self._fetch(sorted(set(missing))):
                self.keep(first, data)
                for number, start in enumerate(range(0, len(data), PAGE), first):
                    found[number] = data[start : start + PAGE]
        return found

    def _fetch(self, numbers: list[int]) -> list[tuple[int, bytes]]:
        found: list[tuple[int, bytes]] = []
        left = numbers
        while left:
            requests = self._requests(left)
            if not self._source.tried and any(len(request) > 1 for request in requests):
                requests = requests[:1]  # finds out whether the server takes several ranges at once
            try:
                for request, pieces in zip(
                    requests, _pool().map(self._source.get, requests), strict=True
                ):
                    found += self._checked(request, pieces)
            except OneAtATime:
                continue
            here = {n for first, data in found for n in range(first, first + -(-len(data) // PAGE))}
            left = [number for number in left if number not in here]
        return found

    def _requests(self, numbers: list[int]) -> list[list[Range]]:
        """Give the ranges of bytes that bring some pages, by request."""
        skips = self._source.skips // PAGE
        runs: list[list[int]] = []
        for number in numbers:
            if not (runs and number - runs[-1][1] <= skips):
                runs.append([number, number + 1])
            elif (number + 1 - runs[-1][0]) * PAGE <= REQUEST_BYTES:
                runs[-1][1] = number + 1
            else:
                runs.append([runs[-1][1], number + 1])
        requests: list[list[Range]] = []
        room = 0
        for first, last in runs:
            start, stop = first * PAGE, min(last * PAGE, self._size)
            if not requests or len(requests[-1]) >= self._source.at_once or stop - start > room:
                requests.append([])
                room = REQUEST_BYTES
            requests[-1].append((start, stop))
            room -= stop - start
        return requests

    def _checked(self, request: list[Range], pieces: list[bytes]) -> list[tuple[int, bytes]]:
        found = []
        for (start, stop), piece in zip(request, pieces, strict=True):
            if len(piece) != stop - start:
                raise DamagedFile(
                    f"{self._source.shown}: the server gave {len(piece):,} bytes where {stop - start:,} "
                    "were asked for; try again, or copy the file here"
                )
            self.fetched += len(piece)
            found.append((start // PAGE, piece))
        return found
