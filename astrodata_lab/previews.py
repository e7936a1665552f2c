"""What a file is and how it looks, read in worker processes with limits of time and memory."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .refusals import Refusal

if TYPE_CHECKING:
    from .workers import WorkerPool

EXPANDED_BYTES = 1 << 30
"""A preview expands compressed content up to this size only."""


class Previews:
    """Previews of single files.

    Parameters
    ----------
    pool
        Where they are read.
    seconds
        Longest time for one of them.
    max_bytes
        Files beyond this size are refused, 0 for no limit.
    cache_bytes
        How much of the thumbnails is kept in memory.
    """

    def __init__(self, pool: WorkerPool, seconds: float, max_bytes: int, cache_bytes: int) -> None:
        self._pool = pool
        self._seconds = seconds
        self._max_bytes = max_bytes
        self._thumbnails = _Thumbnails(cache_bytes)

    async def sniff(self, path: Path) -> dict[str, Any]:
        """Give what the file holds: format, kind, shape, parts."""
        self._check_size(path)
        return await self._look("sniff", path)

    async def header(
        self, path: Path, hdu: int | str | None, cards: int | None = None
    ) -> dict[str, Any]:
        """Give the header cards of one HDU, the first `cards` of them."""
        self._check_size(path)
        shown = await self._look("header", path, hdu)
        few = shown["cards"][:cards]
        return {
            **shown,
            "cards": few,
            "truncated": shown["truncated"] or len(few) < len(shown["cards"]),
        }

    async def thumbnail(
        self,
        path: Path,
        hdu: int | str | None,
        size: int,
        wanted: Callable[[], bool] | None = None,
    ) -> bytes:
        """Give a PNG of at most `size` pixels on each side; `wanted` tells whether somebody still waits."""
        self._check_size(path)
        stat = path.stat()
        key = (str(path), stat.st_size, stat.st_mtime_ns, hdu, size)
        png = self._thumbnails.get(key)
        if png is None:
            png = await self._look("thumbnail", path, hdu, size, wanted=wanted)
            self._thumbnails.keep(key, png)
        return png

    async def _look(
        self, function: str, path: Path, *args: Any, wanted: Callable[[], bool] | None = None
    ) -> Any:
        where = f"{__name__}:look"
        return await self._pool.call(
            where, function, str(path), *args, seconds=self._seconds, wanted=wanted
        )

    def _check_size(self, path: Path) -> None:
        size = path.stat().st_size
        if self._max_bytes and size > self._max_bytes:
            raise Refusal(
                "too-large",
                f"{path.name} has {size:,} bytes and this server previews files up to "
                f"{self._max_bytes:,}: open it in a notebook.",
            )


def look(function: str, path: str, *args: Any) -> Any:
    """Call a function of ``readers.peek``; runs in a worker."""
    from astrodata_kernel.readers import peek

    peek.lower_caps(EXPANDED_BYTES)
    return getattr(peek, function)(Path(path), *args)


class _Thumbnails:
    """The thumbnails that were asked for last, up to a number of bytes."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._pngs: OrderedDict[tuple[Any, ...], bytes] = OrderedDict()

    def get(self, key: tuple[Any, ...]) -> bytes | None:
        png = self._pngs.get(key)
        if png is not None:
            self._pngs.move_to_end(key)
        return png

    def keep(self, key: tuple[Any, ...], png: bytes) -> None:
        self._bytes += len(png) - len(self._pngs.pop(key, b""))
        self._pngs[key] = png
        while self._bytes > self._max_bytes:
            self._bytes -= len(self._pngs.popitem(last=False)[1])
