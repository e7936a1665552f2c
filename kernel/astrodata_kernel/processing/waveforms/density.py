"""Pictures of many traces at once: how often each pixel is crossed, and trace number against time."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from ...errors import BadRequest

_CHUNK = 1 << 22  # samples read at once by each worker

Values = npt.NDArray[Any]
Progress = Callable[[float], None]


def persistence(
    traces: Any,
    columns: int = 1000,
    rows: int = 400,
    limits: tuple[float, float] | None = None,
    *,
    samples: tuple[int, int] | None = None,
    select: npt.ArrayLike | None = None,
    cancelled: Callable[[], None] | None = None,
    progress: Progress | None = None,
) -> tuple[npt.NDArray[np.uint32], tuple[float, float]]:
    """Give how many traces cross each pixel of a picture of time against value.

    Each trace is drawn as a connected line, one pixel wide, and counts once in each pixel.

    Parameters
    ----------
    traces
        Shape (traces, samples): an array or a lazy array, which is read in chunks.
    columns, rows
        Size of the picture; no more columns than there are samples.
    limits
        Values at the lower and the upper edge; the lowest and highest value of all traces by default.
    samples
        First sample, and one beyond the last; all by default.
    select
        Numbers of the traces to draw, ascending; all by default.
    cancelled
        Called between chunks; it raises to give the work up.
    progress
        Told the share done, 0 to 1.

    Returns
    -------
    counts : ndarray
        uint32, shape (rows, columns), row 0 at the lowest value. What lies beyond the limits is not
        drawn; NaN and infinite values are gaps.
    limits : tuple of float
        Those that were used.

    Raises
    ------
    BadRequest
        A size, limits, samples or traces that do not exist.
    """
    start, stop = _window(traces, samples)
    chosen = _chosen(traces, select)
    if columns < 1 or rows < 1:
        raise BadRequest(f"a picture of {columns} x {rows} pixels: give at least one")
    columns = min(columns, stop - start)
    told = progress or (lambda _share: None)
    if limits is None:
        limits = _limits(traces, chosen, start, stop, cancelled, lambda s: told(s / 3))
        first = 1 / 3
    else:
        first = 0.0
    low, high = map(float, limits)
    if not (np.isfinite([low, high]).all() and low < high):
        raise BadRequest(f"limits {low} to {high}: give two finite numbers, the lower one first")
    edges = np.arange(columns + 1, dtype=np.int64) * (stop - start) // columns
    total = np.zeros((columns, rows + 1), np.int32)
    lock = threading.Lock()

    def draw(values: Values) -> None:
        steps = np.zeros_like(total)
        _draw(values, edges, low, rows / (high - low), rows, steps)
        with lock:
            np.add(total, steps, out=total)

    _each_chunk(
        traces, chosen, start, stop, draw, cancelled, lambda s: told(first + s * (1 - first))
    )
    counts = np.cumsum(total, axis=1)[:, :rows].T
    return np.ascontiguousarray(counts, np.uint32), (low, high)


def heat_map(
    traces: Any,
    columns: int = 1000,
    rows: int = 400,
    *,
    samples: tuple[int, int] | None = None,
    select: npt.ArrayLike | None = None,
    cancelled: Callable[[], None] | None = None,
    progress: Progress | None = None,
) -> npt.NDArray[np.float32]:
    """Give the mean value of blocks of traces and samples, as a picture of trace number against time.

    Parameters
    ----------
    traces, samples, select, cancelled, progress
        As in `persistence`.
    columns, rows
        Size of the picture; no more than there are samples and traces. Row i shows the traces from
        ``i * n // rows`` to ``(i + 1) * n // rows`` of those that were selected.

    Returns
    -------
    ndarray
        float32, shape (rows, columns); NaN where a block holds nothing else.

    Raises
    ------
    BadRequest
        A size, samples or traces that do not exist.
    """
    start, stop = _window(traces, samples)
    chosen = _chosen(traces, select)
    if columns < 1 or rows < 1:
        raise BadRequest(f"a picture of {columns} x {rows} pixels: give at least one")
    columns, rows = min(columns, stop - start), min(rows, len(chosen))
    edges = np.arange(columns + 1, dtype=np.int64) * (stop - start) // columns
    sums, counts = np.zeros((rows, columns)), np.zeros((rows, columns), np.int64)
    done = 0
    for values in _chunks(traces, chosen, start, stop):
        if cancelled is not None:
            cancelled()
        number = np.arange(done, done + len(values))
        # The block i with i * n // rows <= number < (i + 1) * n // rows.
        row = ((number + 1) * rows - 1) // len(chosen)
        _add(values, edges, row, sums, counts)
        done += len(values)
        if progress is not None:
            progress(done / len(chosen))
    with np.errstate(invalid="ignore"):
        return (sums / np.where(counts, counts, np.nan)).astype(np.float32)


def _window(traces: Any, samples: tuple[int, int] | None) -> tuple[int, int]:
    if len(traces.shape) != 2 or min(traces.shape) < 1:
        raise BadRequest(f"an array of shape {tuple(traces.shape)}: give (traces, samples)")
    start, stop = (0, traces.shape[1]) if samples is None else map(int, samples)
    if not 0 <= start < stop <= traces.shape[1]:
        raise BadRequest(f"samples {start} to {stop}: a trace has samples 0 to {traces.shape[1]}")
    return start, stop


def _chosen(traces: Any, select: npt.ArrayLike | None) -> npt.NDArray[np.int64]:
    if select is None:
        return np.arange(traces.shape[0])
    chosen = np.asarray(select, dtype=np.int64).ravel()
    if not len(chosen):
        raise BadRequest("no trace is selected: there is nothing to draw")
    if chosen.min() < 0 or chosen.max() >= traces.shape[0]:
        raise BadRequest(f"trace {chosen.min()} to {chosen.max()}: there are {traces.shape[0]}")
    return chosen


def _chunks(traces: Any, chosen: Values, start: int, stop: int) -> Iterator[Values]:
    count = max(1, _CHUNK // (stop - start))
    for first in range(0, len(chosen), count):
        yield _read(traces, chosen[first : first + count], start, stop)


def _read(traces: Any, chosen: Values, start: int, stop: int) -> Values:
    if chosen[-1] - chosen[0] == len(chosen) - 1 and (np.diff(chosen) == 1).all():
        values = np.asarray(traces[int(chosen[0]) : int(chosen[-1]) + 1, start:stop])
    elif isinstance(traces, np.ndarray):
        values = traces[chosen, start:stop]
    else:
        values = np.stack([np.asarray(traces[int(i), start:stop]) for i in chosen])
    # One type for the compiled loops: what a screen shows needs no more than float32.
    return np.ascontiguousarray(values, dtype=np.float32)


def _each_chunk(
    traces: Any,
    chosen: Values,
    start: int,
    stop: int,
    work: Callable[[Values], Any],
    cancelled: Callable[[], None] | None,
    told: Progress,
) -> list[Any]:
    count = max(1, _CHUNK // (stop - start))
    firsts = range(0, len(chosen), count)

    def one(first: int) -> Any:
        if cancelled is not None:
            cancelled()
        return work(_read(traces, chosen[first : first + count], start, stop))

    results = []
    with ThreadPoolExecutor(min(len(firsts), len(os.sched_getaffinity(0)))) as pool:
        try:
            for done, result in enumerate(pool.map(one, firsts), 1):
                results.append(result)
                told(done / len(firsts))
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise
    return results


def _limits(
    traces: Any,
    chosen: Values,
    start: int,
    stop: int,
    cancelled: Callable[[], None] | None,
    told: Progress,
) -> tuple[float, float]:
    ranges = _each_chunk(traces, chosen, start, stop, _range, cancelled, told)
    low, high = min(r[0] for r in ranges), max(r[1] for r in ranges)
    if low > high:
        return 0.0, 1.0  # nothing but NaN
    if low == high:
        half = abs(low) * 1e-3 or 0.5
        return low - half, high + half
    # The highest value belongs into the last row, not on its upper edge.
    return low, float(np.nextafter(np.float32(high), np.float32(np.inf)))


@njit(nogil=True, cache=True)
def _range(values):  # type: ignore[no-untyped-def]  # pragma: no cover
    low, high = np.float32(np.inf), np.float32(-np.inf)
    flat = values.reshape(-1)
    for j in range(flat.size):
        v = flat[j]
        low = min(low, v)
        high = max(high, v)
    if np.isinf(low) or np.isinf(high):  # rare: look again, without the infinities
        low, high = np.float32(np.inf), np.float32(-np.inf)
        for j in range(flat.size):
            v = flat[j]
            if np.isfinite(v):
                low, high = min(low, v), max(high, v)
    return low, high


@njit(nogil=True, cache=True)
def _draw(values, edges, low, scale, rows, steps):  # type: ignore[no-untyped-def]  # pragma: no cover
    columns = edges.size - 1
    last = values.shape[1] - 1
    for i in range(values.shape[0]):
        trace = values[i]
        for c in range(columns):
            # With the next column's first sample, so that the line has no gaps between columns.
            least, most = np.float32(np.inf), np.float32(-np.inf)
            for j in range(edges[c], min(edges[c + 1], last) + 1):
                v = trace[j]
                least = min(least, v)
                most = max(most, v)
            if np.isinf(least) or np.isinf(most):
                least, most = np.float32(np.inf), np.float32(-np.inf)
                for j in range(edges[c], min(edges[c + 1], last) + 1):
                    v = trace[j]
                    if np.isfinite(v):
                        least, most = min(least, v), max(most, v)
                if least > most:
                    continue  # nothing but NaN
            bottom, top = np.floor((least - low) * scale), np.floor((most - low) * scale)
            if top < 0 or bottom >= rows:
                continue
            steps[c, int(max(bottom, 0.0))] += 1
            steps[c, int(min(top, rows - 1.0)) + 1] -= 1


@njit(nogil=True, cache=True)
def _add(values, edges, row, sums, counts):  # type: ignore[no-untyped-def]  # pragma: no cover
    for i in range(values.shape[0]):
        for c in range(edges.size - 1):
            total, number = 0.0, 0
            for j in range(edges[c], edges[c + 1]):
                v = values[i, j]
                if not np.isnan(v):
                    total += v
                    number += 1
            sums[row[i], c] += total
            counts[row[i], c] += number
