"""Exact lowest and highest values of long series, at any zoom, from a pyramid that is kept on disk."""

from __future__ import annotations

import contextlib
import hashlib
import os
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from ...errors import BadRequest
from ...writing import write_whole

BLOCK = 64
"""Samples behind one pair of the finest level."""

FACTOR = 8
"""Pairs of one level behind one pair of the next."""

_CHUNK = 1 << 22  # samples read at once while a pyramid is built: a multiple of every level's block
_FORMAT = 1

Values = npt.NDArray[Any]


def envelope(trace: Any, start: int, stop: int, columns: int) -> tuple[Values, Values]:
    """Give the lowest and the highest value of each of some equal stretches of a series.

    Parameters
    ----------
    trace
        Series of shape (samples,), an array or a lazy array; only [start, stop) of it is read.
    start, stop
        First sample, and one beyond the last.
    columns
        Number of stretches; no more than there are samples. Stretch i holds the samples from
        ``start + i * n // columns`` to ``start + (i + 1) * n // columns``, where n is ``stop - start``.

    Returns
    -------
    low, high : ndarray
        Of the series' dtype, shape (columns,). NaN is left out; a stretch of nothing but NaN is NaN.

    Raises
    ------
    BadRequest
        A stretch outside of the series, or no column.
    """
    edges = _edges(start, stop, columns, len(trace))
    values = np.ascontiguousarray(trace[start:stop])
    first = edges[:-1] - start
    return np.fmin.reduceat(values, first), np.fmax.reduceat(values, first)


def _edges(start: int, stop: int, columns: int, length: int) -> npt.NDArray[np.int64]:
    if not 0 <= start < stop <= length or columns < 1:
        raise BadRequest(
            f"samples {start} to {stop} in {columns} columns: the series has samples 0 to {length}, "
            "and there must be a column at least"
        )
    n = stop - start
    columns = min(columns, n)
    # Python's integers would be slow here; int64 holds n * columns up to 9e18.
    return start + np.arange(columns + 1, dtype=np.int64) * n // columns


class Pyramid:
    """Lowest and highest values of blocks of 64, 512, 4096, ... samples of a series.

    Each level is an eighth of the one below; all together take 1/28 of a float32 series' bytes. A series'
    levels are built when they are first needed, in one pass, and kept in `cache` if there is one.

    Parameters
    ----------
    source
        One series of shape (samples,), or traces of shape (traces, samples): an array or a lazy array.
    cache
        Folder in which levels are kept, or None.
    key
        What tells this source from others in the cache, such as its path, size and time of change.

    Raises
    ------
    BadRequest
        A source that has neither one axis nor two, or a cache without a key.
    """

    def __init__(
        self, source: Any, cache: str | os.PathLike[str] | None = None, key: str | None = None
    ) -> None:
        if len(source.shape) not in (1, 2):
            raise BadRequest(f"an array of shape {source.shape} holds no traces")
        if cache is not None and not key:
            raise BadRequest("a pyramid that is kept needs a key that tells its source from others")
        self._source = source
        self._folder = None if cache is None else Path(cache)
        self._key = key or ""
        self._levels: dict[int, list[Values]] = {}
        self._lock = threading.Lock()
        self.samples = int(source.shape[-1])

    def envelope(
        self, trace: int, start: int, stop: int, columns: int, *, snap: bool = False
    ) -> tuple[Values, Values]:
        """Give what `envelope` gives, from the levels.

        Parameters
        ----------
        trace
            Number of the trace; 0 for a single series.
        start, stop, columns
            As in `envelope`.
        snap
            Move the stretches' limits to the levels' blocks where a stretch is longer than 2,048 samples,
            by 1/32 of a stretch at most. Then no sample of the source is read at all.

        Returns
        -------
        low, high : ndarray
            Shape (columns,), exact for the stretches.
        """
        edges = _edges(start, stop, columns, self.samples)
        if (stop - start) // (len(edges) - 1) < 4 * BLOCK:
            return envelope(_Row(self._source, trace), start, stop, columns)
        levels = self.levels(trace)
        if snap and (stop - start) // (len(edges) - 1) >= 32 * BLOCK:
            edges[1:-1] = (edges[1:-1] + BLOCK // 2) // BLOCK * BLOCK
        raw, offsets = self._ragged(trace, edges)
        low = np.full(len(edges) - 1, np.inf, levels[0].dtype)
        high = np.full(len(edges) - 1, -np.inf, levels[0].dtype)
        flat, starts = _flat(levels)
        _query(edges, self.samples, flat, starts, raw, offsets, low, high)
        empty = low > high
        if empty.any():
            low[empty] = high[empty] = np.nan
        dtype = np.dtype(self._source.dtype).newbyteorder("=")
        return low.astype(dtype, copy=False), high.astype(dtype, copy=False)

    def levels(
        self,
        trace: int = 0,
        progress: Callable[[float], None] | None = None,
        cancelled: Callable[[], None] | None = None,
    ) -> list[Values]:
        """Give the levels of a trace, finest first, each of shape (2, blocks): built, or as kept.

        Parameters
        ----------
        trace
            Number of the trace.
        progress
            Told the share done, 0 to 1.
        cancelled
            Called between chunks; it raises to give the work up.
        """
        with self._lock:
            known = self._levels.get(trace)
            if known is None:
                path = self._path(trace)
                known = self._kept(path)
                if known is None:
                    known = _build(_Row(self._source, trace), progress, cancelled)
                    if path is not None:
                        _keep(path, known)
                self._levels[trace] = known
            return known

    def _path(self, trace: int) -> Path | None:
        if self._folder is None:
            return None
        name = hashlib.sha256(f"{_FORMAT}|{self._key}|{trace}".encode()).hexdigest()[:32]
        return self._folder / f"{name}.envelope.npz"

    def _kept(self, path: Path | None) -> list[Values] | None:
        if path is None or not path.exists():
            return None
        try:
            # Opened here: NumPy leaves a file open that turns out to be no npz.
            with path.open("rb") as raw, np.load(raw, allow_pickle=False) as file:
                levels = [file[f"level{i}"] for i in range(len(file.files))]
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            return None  # cut short or not ours: it is built anew
        sizes = [level.shape for level in levels]
        return levels if sizes == [(2, n) for n in _sizes(self.samples)] else None

    def _ragged(self, trace: int, edges: npt.NDArray[np.int64]) -> tuple[Values, Values]:
        # Samples between a limit and the next whole block, before it and behind it: at most one block
        # for each limit. In memory they are found where they are; from a disk they are read by limit.
        row = _Row(self._source, trace)
        if isinstance(self._source, np.ndarray) and self._source.dtype.isnative:
            return row.values(), np.empty(0, np.int64)
        offsets = np.full(len(edges), -1, np.int64)
        parts, taken = [], 0
        for i, edge in enumerate(edges):
            start = int(edge) // BLOCK * BLOCK
            if start != edge and edge != self.samples:
                part = row[start : min(start + BLOCK, self.samples)]
                offsets[i] = taken - start
                taken += len(part)
                parts.append(part)
        dtype = np.dtype(self._source.dtype).newbyteorder("=")
        return (np.concatenate(parts) if parts else np.empty(0, dtype)), offsets


class _Row:
    """One trace of a source, as a series."""

    def __init__(self, source: Any, trace: int) -> None:
        self._source, self._trace = source, trace
        count = source.shape[0] if len(source.shape) == 2 else 1
        if not 0 <= trace < count:
            raise BadRequest(f"trace {trace}: there are {count}, from 0")

    def __len__(self) -> int:
        return int(self._source.shape[-1])

    def __getitem__(self, key: slice) -> Values:
        part = self._source[key] if len(self._source.shape) == 1 else self._source[self._trace, key]
        part = np.asarray(part)
        return part.astype(part.dtype.newbyteorder("="), copy=False)

    def values(self) -> Values:
        return self[slice(None)]


def _sizes(samples: int) -> list[int]:
    sizes = [-(-samples // BLOCK)]
    while sizes[-1] > FACTOR:
        sizes.append(-(-sizes[-1] // FACTOR))
    return sizes


def _build(
    row: _Row,
    progress: Callable[[float], None] | None,
    cancelled: Callable[[], None] | None,
) -> list[Values]:
    samples = len(row)
    sizes = _sizes(samples)
    # Limits are kept as float32, or as float64 where float32 would round the source's values.
    dtype = np.result_type(row[0:1].dtype, np.float32)
    finest = np.empty((2, sizes[0]), dtype)
    for start in range(0, samples, _CHUNK):
        if cancelled is not None:
            cancelled()
        values = np.ascontiguousarray(row[start : min(start + _CHUNK, samples)])
        first = start // BLOCK
        count = -(-len(values) // BLOCK)
        _blocks(values, BLOCK, finest[0, first : first + count], finest[1, first : first + count])
        if progress is not None:
            progress(min(1.0, (start + _CHUNK) / samples))
    levels = [finest]
    for size in sizes[1:]:
        level = np.empty((2, size), dtype)
        below = levels[-1]
        _blocks(below[0], FACTOR, level[0], np.empty(size, dtype))
        _blocks(below[1], FACTOR, np.empty(size, dtype), level[1])
        levels.append(level)
    return levels


def _keep(path: Path, levels: list[Values]) -> None:
    # A full disk costs the cache, not the view.
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        arrays = {f"level{i}": level for i, level in enumerate(levels)}
        write_whole(path, lambda file: np.savez(file, **arrays))


def _flat(levels: list[Values]) -> tuple[Values, npt.NDArray[np.int64]]:
    # Numba takes one array where a list of arrays of its own would be copied at each call.
    if len(levels) == 1:
        return levels[0], np.array([0, levels[0].shape[1]])
    starts = np.cumsum([0, *(level.shape[1] for level in levels)])
    base = levels[0].base
    if base is not None and base.shape == (2, starts[-1]):
        return base, starts
    flat = np.concatenate(levels, axis=1)
    for i in range(len(levels)):
        levels[i] = flat[:, starts[i] : starts[i + 1]]
    return flat, starts


@njit(nogil=True, cache=True)
def _blocks(values, block, low, high):  # type: ignore[no-untyped-def]  # pragma: no cover
    for b in range(low.size):
        # Comparisons with NaN are false: NaN never becomes a limit.
        least, most = np.inf, -np.inf
        for j in range(b * block, min((b + 1) * block, values.size)):
            v = values[j]
            least = min(least, v)
            most = max(most, v)
        low[b], high[b] = least, most


@njit(nogil=True, cache=True)
def _query(edges, samples, flat, starts, raw, offsets, low, high):  # type: ignore[no-untyped-def]  # pragma: no cover
    levels = starts.size - 1
    in_memory = offsets.size == 0
    for i in range(edges.size - 1):
        a, b = edges[i], edges[i + 1]
        least, most = np.inf, -np.inf
        # Whole blocks; the series' last one is whole, however short.
        first, last = -(-a // 64), (b // 64 if b < samples else -(-b // 64))
        if a < first * 64:
            shift = 0 if in_memory else offsets[i]
            for j in range(a, first * 64):
                v = raw[j + shift]
                least = min(least, v)
                most = max(most, v)
        if last * 64 < b:
            shift = 0 if in_memory else offsets[i + 1]
            for j in range(last * 64, b):
                v = raw[j + shift]
                least = min(least, v)
                most = max(most, v)
        level = 0
        while first < last:
            # Up to the next level's blocks on both sides; what lies between is looked up there.
            if level == levels - 1:
                up_first, up_last = last, last
            else:
                up_first = -(-first // 8) * 8
                up_last = last // 8 * 8
                if up_first >= up_last:
                    up_first, up_last = last, last
            base = starts[level]
            for j in range(first, up_first):
                v = flat[0, base + j]
                least = min(least, v)
                v = flat[1, base + j]
                most = max(most, v)
            for j in range(up_last, last):
                v = flat[0, base + j]
                least = min(least, v)
                v = flat[1, base + j]
                most = max(most, v)
            if up_first >= up_last:
                break
            first, last = up_first // 8, up_last // 8
            level += 1
        low[i], high[i] = least, most
