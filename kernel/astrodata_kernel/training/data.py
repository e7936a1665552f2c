"""Traces as training wants them: checked, split, and in an order that a seed decides."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import BadRequest

Traces = npt.NDArray[np.float32]


def as_traces(traces: Any, n_samples: int | None = None) -> Traces:
    """Give traces as float32 of shape (n, samples), checked.

    Parameters
    ----------
    traces
        An array, a lazy array or a data set of kind "waveforms".
    n_samples
        Length that the model takes.

    Returns
    -------
    ndarray
        float32, shape (n, samples).

    Raises
    ------
    BadRequest
        Another shape or length, NaN or infinite values, or no trace; the text says what to do.
    """
    source = getattr(traces, "array", traces)
    shape = tuple(source.shape)
    if len(shape) == 3 and shape[2] == 1:
        source, shape = np.asarray(source)[:, :, 0], shape[:2]
    if len(shape) != 2 or min(shape) < 1:
        raise BadRequest(f"an array of shape {shape} holds no traces: give (traces, samples)")
    if n_samples is not None and shape[1] != n_samples:
        how = "trim" if shape[1] > n_samples else "pad"
        raise BadRequest(
            f"the traces have {shape[1]:,} samples, the model takes {n_samples:,}: {how} them with "
            f'adk.processing.waveforms.fit_length(traces, {n_samples}, how="{how}")'
        )
    values = np.ascontiguousarray(np.asarray(source[:]), dtype=np.float32)
    # A sum tells of NaN and infinities in one pass, without an array of flags.
    with np.errstate(invalid="ignore", over="ignore"):
        sums = values.sum(axis=1, dtype=np.float64)
    bad = np.flatnonzero(~np.isfinite(sums))
    if len(bad):
        raise BadRequest(
            f"{len(bad):,} of {shape[0]:,} traces hold NaN or infinite values, the first is trace {bad[0]}: "
            "leave them out (features(traces).bad marks them)"
        )
    return values


def split(
    n: int, sizes: tuple[int, ...] = (6000, 1500, 2500), seed: int = 0
) -> tuple[npt.NDArray[np.int64], ...]:
    """Give the row numbers of training, validation and test, drawn by a seed.

    Parameters
    ----------
    n
        Number of traces.
    sizes
        Of the parts when n is their sum; another n is divided in the same proportion.
    seed
        Of the draw.

    Returns
    -------
    tuple of ndarray
        Ascending row numbers of each part; together all of them, once.

    Raises
    ------
    BadRequest
        Fewer traces than parts.
    """
    if n < len(sizes):
        raise BadRequest(f"{n} traces cannot be split into {len(sizes)} parts: give more")
    ends = np.rint(np.cumsum(sizes) * (n / sum(sizes))).astype(int)
    # Each part gets a trace at least.
    ends = np.maximum(ends, np.arange(1, len(sizes) + 1))
    ends = np.minimum(ends, n - np.arange(len(sizes) - 1, -1, -1))
    order = np.random.default_rng(seed).permutation(n)
    return tuple(np.sort(part) for part in np.split(order, ends[:-1]))


def order_of(seed: int, epoch: int, n: int) -> npt.NDArray[np.int64]:
    """Give the order in which an epoch takes n traces; the same on every engine and after a resume."""
    return np.random.default_rng([seed, epoch]).permutation(n)


def digest(traces: Traces) -> str:
    """Give the SHA-256 of traces: their shape and bytes."""
    found = hashlib.sha256(f"{traces.shape}{traces.dtype}".encode())
    found.update(np.ascontiguousarray(traces).data)
    return found.hexdigest()
