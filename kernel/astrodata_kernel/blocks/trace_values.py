"""Traces as they travel between steps: data sets stay data sets, and more than memory holds is streamed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..datasets import Dataset
from ..pipeline import Work

Values = npt.NDArray[Any]

_AT_ONCE = 1 << 24  # samples that are worked on together
_IN_MEMORY = (
    1 << 28
)  # bytes of a result beyond which it is written to the step's folder as it grows


def period_of(traces: Any, sample_period: float | None) -> float:
    """Give the seconds between samples: as told, or as the data set knows, or 1."""
    if sample_period is not None:
        return sample_period
    return float(getattr(traces, "meta", {}).get("sample_period") or 1.0)


def like(traces: Any, values: Any, **meta: Any) -> Any:
    """Give values as what they were made of: a data set of waveforms, with what it knows, or an array."""
    if not isinstance(traces, Dataset):
        return values
    kept = ("sample_period", "polarity", "unit", "channel", "trigger")
    known = {name: traces.meta[name] for name in kept if traces.meta.get(name) is not None}
    return Dataset.of_array(values, traces.name).taken_as("waveforms", **{**known, **meta})


def streamed(work: Work, traces: Any, function: Callable[[Values], Any], **meta: Any) -> Any:
    """Give what a function of traces makes, some traces at a time.

    Parameters
    ----------
    work
        Of the step: its folder takes results that are larger than a quarter of a GiB.
    traces
        Shape (traces, samples): an array, or a data set of waveforms.
    function
        Gives one row for each trace, whatever the others are.
    **meta
        What the result knows otherwise than the data set that it is made of.
    """
    from ..processing.waveforms.chunks import traces_of

    source = traces_of(traces)
    count = source.shape[0]
    step = max(1, _AT_ONCE // source.shape[1])
    made: Any = None
    for start in range(0, count, step):
        work.progress(start / count)
        part = np.asarray(function(np.asarray(source[start : start + step])))
        if made is None:
            made = _room((count, *part.shape[1:]), part.dtype, work)
        made[start : start + len(part)] = part
    return like(
        traces, np.asarray(function(np.asarray(source[:0]))) if made is None else made, **meta
    )


def _room(shape: tuple[int, ...], dtype: np.dtype[Any], work: Work) -> Values:
    if int(np.prod(shape)) * dtype.itemsize <= _IN_MEMORY:
        return np.empty(shape, dtype)
    path: Path = work.folder / "traces.npy"
    return np.lib.format.open_memmap(path, "w+", dtype, shape)
