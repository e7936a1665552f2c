"""Pictures of all traces for the waveform viewer, and the traces behind a pixel."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ..wire import encode
from .waveforms_jobs import Job

Picture = tuple[dict[str, Any], list[memoryview]]


def persistence_of(
    traces: Any, job: Job[Any], columns: int, rows: int, limits: Any, samples: Any, chosen: Any
) -> Picture:
    """Give how many of the chosen traces cross each pixel."""
    from ..processing.waveforms.density import persistence

    select = None if len(chosen) == traces.shape[0] else chosen
    run: dict[str, Any] = {"select": select, "cancelled": job.check, "progress": job.tell}
    counts, ends = persistence(traces, columns, rows, limits, samples=samples, **run)
    meta, buffer = encode(counts)
    return {**meta, "values": list(ends), "most": int(counts.max())}, [buffer]


def heat_map_of(
    traces: Any, job: Job[Any], columns: int, rows: int, limits: Any, samples: Any, chosen: Any
) -> Picture:
    """Give the chosen traces as rows of colour, and the number of the first trace of each row."""
    from ..processing.waveforms.density import heat_map

    select = None if len(chosen) == traces.shape[0] else chosen
    run: dict[str, Any] = {"select": select, "cancelled": job.check, "progress": job.tell}
    means = heat_map(traces, columns, rows, samples=samples, **run)
    if limits is None:
        finite = means[np.isfinite(means)]
        ends = np.percentile(finite, (0.5, 99.5)).tolist() if len(finite) else [0.0, 1.0]
        # A flat set is one colour, in the middle.
        limits = ends if ends[0] < ends[1] else [ends[0] - 0.5, ends[0] + 0.5]
    meta, buffer = encode(means)
    # Row i begins with the trace at i * n // rows of those that pass.
    firsts = chosen[np.arange(len(means)) * len(chosen) // len(means)]
    _, ids = encode(firsts.astype(np.int32)[None])
    return {**meta, "values": list(limits)}, [buffer, ids]


def crossing(
    traces: Any, start: int, stop: int, low: float, high: float, job: Job[Any]
) -> npt.NDArray[np.int64]:
    """Give the numbers of the traces whose line between two samples touches a range of values."""
    count = traces.shape[0]
    chunk = max(1, (1 << 20) // (stop - start))
    found = [np.empty(0, np.int64)]
    for first in range(0, count, chunk):
        job.check()
        part = np.asarray(traces[first : first + chunk, start:stop])
        least, most = np.fmin.reduce(part, axis=1), np.fmax.reduce(part, axis=1)
        found.append(first + np.flatnonzero((least <= high) & (most >= low)))
        job.tell(min(1.0, (first + chunk) / count))
    return np.concatenate(found)
