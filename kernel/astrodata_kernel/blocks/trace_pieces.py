"""Traces measured piece by piece on the workers of a cluster, which read the pieces themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ..datasets import Dataset
from ..pipeline import Work

_SAMPLES = 1 << 22  # of a piece: some seconds of work, and a small part of a worker's memory


@dataclass(frozen=True)
class Piece:
    """Some traces of a file, or themselves.

    Parameters
    ----------
    start, stop
        Numbers of the first one, and of the one after the last.
    path
        Of the file; empty where `values` are the traces.
    part
        Of the file.
    values
        The traces.
    """

    start: int
    stop: int
    path: str = ""
    part: int = 0
    values: Any = None

    def read(self) -> Any:
        """Give the traces."""
        if not self.path:
            return self.values
        from ..readers.registry import open_dataset

        source = open_dataset(self.path, hdu=self.part or None).array
        return source[self.start : self.stop]


def on_cluster(
    function: Callable[..., Any], traces: Any, options: Mapping[str, Any], work: Work, client: Any
) -> Any:
    """Give the tables that a function makes of pieces of traces, one below the other."""
    import pandas as pd

    from ..compute import each

    found = each(
        partial(_measured, function=function, options=dict(options)),
        _Pieces(traces),
        cluster=client,
        progress=work.progress,
        cancelled=work.cancelled,
    )
    return pd.concat(list(found), ignore_index=True)


def _measured(piece: Piece, function: Callable[..., Any], options: Mapping[str, Any]) -> Any:
    return function(piece.read(), **options)


class _Pieces:
    """The pieces of traces, made as they are asked for: those in memory do not all travel at once."""

    def __init__(self, traces: Any) -> None:
        from ..processing.waveforms.chunks import traces_of

        self._source = traces_of(traces)
        self._path, self._part = _file_of(traces, self._source)
        self._step = max(1, _SAMPLES // self._source.shape[1])

    def __len__(self) -> int:
        return -(-self._source.shape[0] // self._step)

    def __iter__(self) -> Iterator[Piece]:
        count = self._source.shape[0]
        for start in range(0, count, self._step):
            stop = min(start + self._step, count)
            if self._path:
                yield Piece(start, stop, self._path, self._part)
            else:
                yield Piece(start, stop, values=np.asarray(self._source[start:stop]))


def _file_of(traces: Any, source: Any) -> tuple[str, int]:
    """Give the file that holds the traces and nothing else, and its part; an empty text for none."""
    if isinstance(traces, Dataset) and traces.provenance is not None:
        return traces.provenance.path, traces.part
    name = getattr(source, "filename", None)
    if isinstance(source, np.memmap) and name is not None and str(name).endswith(".npy"):
        # A part of a mapped array tells the offset of the whole one.
        whole = Path(name).stat().st_size == source.offset + source.nbytes
        if whole and source.flags.c_contiguous:
            return str(name), 0
    return "", 0
