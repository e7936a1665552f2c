"""Running a function over chunks of traces: of arrays, lazy and Dask arrays, on any number of workers."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from ...datasets.lazy import Block, LazyArray
from ...errors import BadRequest

CHUNK = 1 << 20
"""Samples of a chunk, unless a function knows better."""

Values = npt.NDArray[Any]
Work = Callable[..., Any]


def map_traces(
    function: Work,
    traces: Any,
    *along: npt.ArrayLike,
    chunk: int = CHUNK,
    workers: int | None = None,
    cancelled: Callable[[], None] | None = None,
    progress: Callable[[float], None] | None = None,
) -> list[Any]:
    """Give what a function makes of each chunk of traces, in the order of the traces.

    Parameters
    ----------
    function
        Called with each chunk: a C-contiguous native array of shape (some traces, samples), float32 or, where
        float32 would round the values, float64. It must not change it. It is run in threads: what it does
        should release the interpreter lock, as NumPy, SciPy's FFT and compiled loops do.
    traces
        Shape (traces, samples), or (samples,) for one trace: an array, a lazy array, or a Dask array, whose
        chunks are worked on where Dask's scheduler puts them.
    *along
        Arrays with an entry for each trace, of which the function gets each chunk's part.
    chunk
        Samples of a chunk, about; a Dask array keeps its own chunks.
    workers
        Threads; as many as there are cores by default. The result does not depend on it.
    cancelled
        Called between chunks; it raises to give the work up.
    progress
        Told the share done, 0 to 1.

    Returns
    -------
    list

    Raises
    ------
    BadRequest
        What is no array of traces.
    """
    return list(
        each_chunk(
            function,
            traces,
            *along,
            chunk=chunk,
            workers=workers,
            cancelled=cancelled,
            progress=progress,
        )
    )


def each_chunk(
    function: Work,
    traces: Any,
    *along: npt.ArrayLike,
    chunk: int = CHUNK,
    workers: int | None = None,
    cancelled: Callable[[], None] | None = None,
    progress: Callable[[float], None] | None = None,
) -> Iterator[Any]:
    """Give the results of `map_traces` one after the other, so that not all need to be kept."""
    source = traces_of(traces)
    extra = [_entries(a, source.shape[0]) for a in along]
    edges = _edges(source, chunk)
    chunks = [slice(a, b) for a, b in pairwise(edges) if a < b]
    workers = workers or len(os.sched_getaffinity(0))
    run = _run_dask if is_dask(source) else _run_threads
    for done, result in enumerate(
        run(function, source, chunks, extra, workers, cancelled or (lambda: None)), 1
    ):
        yield result
        if progress is not None:
            progress(done / len(chunks))


def transform(
    function: Work,
    traces: Any,
    *along: npt.ArrayLike,
    length: int | None = None,
    **run: Any,
) -> Any:
    """Give the traces that a function makes of traces.

    Parameters
    ----------
    function
        As in `map_traces`; it gives an array of as many traces.
    traces, *along
        As in `map_traces`.
    length
        Samples of the traces that it gives; as many as it gets by default.
    **run
        ``chunk``, ``workers``, ``cancelled`` and ``progress`` of `map_traces`.

    Returns
    -------
    ndarray or dask array
        float32, or float64 where the given traces need it. A Dask array gives a Dask array, which nothing
        has been computed of.
    """
    source = traces_of(traces)
    dtype = float_of(source.dtype)
    length = source.shape[1] if length is None else length
    if is_dask(source):
        return _lazily(function, source, along, length, dtype)
    out = np.empty((source.shape[0], length), dtype)

    def into(rows: Values, numbers: Values, *parts: Values) -> None:
        out[numbers[0] : numbers[0] + len(rows)] = function(rows, *parts)

    for _ in each_chunk(into, source, np.arange(len(out)), *along, **run):
        pass
    return out


def to_dask(traces: Any, chunk: int = CHUNK) -> Any:
    """Give traces of a lazy array or an array as a Dask array, in chunks of whole traces.

    Raises
    ------
    BadRequest
        What is no array of traces.
    """
    import dask.array as da

    source = traces_of(traces)
    if is_dask(source):
        return source
    rows = max(1, chunk // source.shape[1])
    return da.from_array(source, chunks=(rows, -1), name=False)


def traces_of(traces: Any) -> Any:
    """Give an array, lazy array or Dask array of shape (traces, samples); one series is one trace.

    Raises
    ------
    BadRequest
        Not one or two axes, no sample, or values that are not real numbers.
    """
    source = traces
    if not hasattr(source, "__array__") and hasattr(source, "array"):
        source = source.array  # a data set
    if isinstance(source, np.ma.MaskedArray):
        source = source.astype(float_of(source.dtype)).filled(np.nan)
    if not isinstance(source, np.ndarray | LazyArray) and not is_dask(source):
        try:
            source = np.asarray(source)
        except ValueError:
            raise BadRequest(
                "traces of different lengths are no array: cut them to one length first"
            ) from None
    if source.dtype.kind not in "iufb":
        raise BadRequest(f"values of type {source.dtype} are no traces: give real numbers")
    if source.ndim not in (1, 2) or source.shape[-1] < 1:
        raise BadRequest(f"an array of shape {tuple(source.shape)}: give (traces, samples)")
    if source.ndim == 2:
        return source
    return _OneTrace(source) if isinstance(source, LazyArray) else source[None, :]


def is_dask(source: Any) -> bool:
    """Tell whether this is a Dask array; Dask need not be installed."""
    return type(source).__module__.partition(".")[0] == "dask"


def float_of(dtype: npt.DTypeLike) -> np.dtype[Any]:
    """Give float32, or float64 for types whose values float32 would round."""
    wanted = np.result_type(np.dtype(dtype).newbyteorder("="), np.float32)
    return np.dtype(np.float32 if wanted == np.float32 else np.float64)


def floats(values: Any) -> Values:
    """Give values as the chunks of `map_traces` are: float32 or float64, native and C-contiguous."""
    values = np.asarray(values)
    return np.ascontiguousarray(values, dtype=float_of(values.dtype))


class _OneTrace(LazyArray):
    """A lazy series as an array of one trace."""

    def __init__(self, series: LazyArray) -> None:
        super().__init__((1, *series.shape), series.dtype)
        self._series = series

    def _read(self, block: Block) -> Values:
        return np.asarray(self._series[block[1]])[None, :][block[0]]


def _entries(values: npt.ArrayLike, count: int) -> Values:
    entries = np.asarray(values)
    if entries.shape != (count,):
        raise BadRequest(f"values of shape {entries.shape}: give one for each of {count} traces")
    return entries


def _edges(source: Any, chunk: int) -> list[int]:
    count, length = source.shape
    if is_dask(source):
        return [0, *np.cumsum(source.chunks[0]).tolist()]
    return [*range(0, count, max(1, chunk // length)), count]


def _run_threads(
    function: Work,
    source: Any,
    chunks: list[slice],
    extra: list[Values],
    workers: int,
    cancelled: Callable[[], None],
) -> Iterator[Any]:
    def one(part: slice) -> Any:
        cancelled()
        return function(floats(source[part]), *(a[part] for a in extra))

    if workers == 1 or len(chunks) < 2:
        yield from map(one, chunks)
        return
    with ThreadPoolExecutor(min(len(chunks), workers)) as pool:
        try:
            # A few ahead of the reader only: results must not pile up.
            for first in range(0, len(chunks), 16 * workers):
                yield from pool.map(one, chunks[first : first + 16 * workers])
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise


def _run_dask(
    function: Work,
    source: Any,
    chunks: list[slice],
    extra: list[Values],
    workers: int,
    cancelled: Callable[[], None],
) -> Iterator[Any]:
    import dask

    blocks = [b for row in source.rechunk({1: -1}).to_delayed() for b in row]
    blocks = [b for b, n in zip(blocks, source.chunks[0], strict=True) if n]
    tasks = [
        dask.delayed(_on_block)(function, block, *(a[part] for a in extra))
        for block, part in zip(blocks, chunks, strict=True)
    ]
    for first in range(0, len(tasks), 4 * workers):
        cancelled()
        yield from dask.compute(*tasks[first : first + 4 * workers], num_workers=workers)


def _on_block(function: Work, block: Any, *along: Values) -> Any:
    return function(floats(block), *along)


def _lazily(
    function: Work, source: Any, along: tuple[npt.ArrayLike, ...], length: int, dtype: Any
) -> Any:
    import dask.array as da

    whole = source.rechunk({1: -1})
    rows = whole.chunks[0]
    extra = [da.from_array(_entries(a, source.shape[0])[:, None], chunks=(rows, 1)) for a in along]

    def on_block(block: Values, *parts: Values) -> Values:
        made = function(floats(block), *(part[:, 0] for part in parts))
        return np.asarray(made).astype(dtype, copy=False)

    return da.map_blocks(
        on_block, whole, *extra, dtype=dtype, chunks=(rows, (length,)), meta=np.empty((0, 0), dtype)
    )
