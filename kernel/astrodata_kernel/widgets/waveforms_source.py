"""The traces behind a path, a data set or an array."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ..datasets import Dataset
from ..errors import BadRequest, UnsupportedFormat

if TYPE_CHECKING:
    import os

    Path = str | os.PathLike[str]
    Source = Path | Sequence[Path] | Dataset | npt.ArrayLike


def with_traces(source: Source) -> tuple[Dataset, Any]:
    """Give the data set that is meant, and its traces as an array of shape (traces, samples).

    Raises
    ------
    AstrodataError
        A source that cannot be read or holds no traces.
    """
    from ..processing.waveforms.chunks import traces_of
    from ..readers.registry import open_dataset

    if isinstance(source, Dataset):
        dataset = source
    elif _is_path(source):
        dataset = _opened(open_dataset(source))  # type: ignore[arg-type]
    elif isinstance(source, list | tuple) and source and all(map(_is_path, source)):
        dataset = open_dataset(source)  # type: ignore[arg-type]
    else:
        try:
            values = np.asarray(source)
        except ValueError:
            raise BadRequest(
                "traces of different lengths are no array: cut them to one length first"
            ) from None
        dataset = Dataset.of_array(values, "array")
    if dataset.kind == "table":
        raise UnsupportedFormat(
            f"{dataset.name}: a table of shape {dataset.shape} holds no traces; WaveformViewer shows "
            "arrays of shape (traces, samples)"
        )
    traces = traces_of(dataset.array)
    if not (traces.shape[0] and traces.shape[1]):
        raise UnsupportedFormat(f"{dataset.name}: shape {traces.shape} holds no traces")
    return dataset, traces


def _is_path(source: Any) -> bool:
    return isinstance(source, str) or hasattr(source, "__fspath__")


def _opened(dataset: Dataset) -> Dataset:
    """Give the part of a file that holds traces: the first one, where the one that opens does not."""
    if dataset.kind not in ("table", "cube"):
        return dataset
    for kind in ("waveforms", "image"):
        for part in dataset.parts:
            if part.kind == kind and not part.note:
                return dataset.hdu(part.index)
    return dataset
