"""Traces, images, cubes, scenes and arrays as blocks, read piece by piece."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

from ..datasets import Dataset
from ..processing.tabular.series import series_of
from .given import Block, Column, Given, pieces
from .table_blocks import lazy_blocks, lazy_columns

VALUES = "values"
"""Name of the values of what has no columns."""

SAMPLES = "samples"
"""Name of the samples of traces; beside them are their features, such as ``"saturated"`` and ``"peak"``."""

_PIECE = 1 << 21
"""Values of a piece of an array."""

_FLAGS = ("saturated", "bad")


def of_array(array: Any, name: str, kind: str, unit: str = "", **told: Any) -> Given:
    """Give an array, lazy or not: its values are one column, of one value a row where it has one axis."""
    shape, dtype = tuple(array.shape), np.dtype(array.dtype)
    flat = len(shape) == 1

    def read(names: Sequence[str]) -> Iterator[Block]:
        if not names:
            yield Block((0,) * max(len(shape), 1), pd.DataFrame())
            return
        for where in pieces(shape, _PIECE):
            values = np.asarray(array[where])
            origin = tuple(part.start for part in where)
            series = series_of(values) if flat else None
            if series is not None:
                series.index = pd.RangeIndex(origin[0], origin[0] + len(values))
                yield Block(origin, pd.DataFrame({VALUES: series}))
            else:
                yield Block(origin, pd.DataFrame(), {VALUES: values})

    if not flat:
        kinds = "vector"
    else:
        kinds = {"b": "flag", "M": "time", "U": "text", "S": "text", "O": "other"}.get(
            dtype.kind, "number"
        )
    column = Column(VALUES, kinds, str(dtype.newbyteorder("=")), unit, dtype.kind in "iu")
    return Given(name, kind, {VALUES: column}, shape[0] if shape else 1, read, **told)


def of_image(dataset: Dataset) -> Given:
    """Give a data set of pixels, a spectrum, or strain."""
    origin = dataset.provenance
    return of_array(
        dataset.array,
        dataset.name,
        dataset.kind,
        str(dataset.meta.get("unit", "") or ""),
        path=None if origin is None else origin.path,
        source=dataset,
    )


def of_scene(scene: Any) -> Given:
    """Give a scene: each band is a column, as fine as the product has it."""
    arrays = {b.name: scene.band(b.name) for b in (*scene.bands, *scene.layers) if not b.note}
    units = {b.name: b.unit for b in (*scene.bands, *scene.layers)}

    def read(names: Sequence[str]) -> Iterator[Block]:
        for name in names:
            for where in pieces(arrays[name].shape, _PIECE):
                origin = tuple(part.start for part in where)
                yield Block(origin, pd.DataFrame(), {name: np.asarray(arrays[name][where])})

    columns = {
        n: Column(n, "vector", str(a.dtype), units[n], a.dtype.kind in "iu")
        for n, a in arrays.items()
    }
    origin = scene.provenance
    path = None if origin is None else origin.path
    return Given(scene.name, "scene", columns, scene.shape[-2], read, path, scene)


def of_waveforms(dataset: Dataset) -> Given:
    """Give traces: their samples, the features of each, and what the file tells of each."""
    from ..processing.waveforms.measures import COLUMNS

    unit = str(dataset.meta.get("unit", "") or "")
    seconds = "s" if dataset.meta.get("sample_period") else ""
    units = {"baseline": unit, "baseline_rms": unit, "peak": unit}
    units |= dict.fromkeys(("position", "rise_time", "width", "t50", "t90"), seconds)
    columns = {
        SAMPLES: Column(SAMPLES, "vector", str(dataset.dtype), unit, dataset.dtype.kind in "iu")
    }
    for name in COLUMNS:
        kind = "flag" if name in _FLAGS else "number"
        dtype = "bool" if kind == "flag" else "int64" if name == "pulses" else "float64"
        columns[name] = Column(name, kind, dtype, units.get(name, ""), name == "pulses")
    told: Any = {} if dataset.rows is None else lazy_columns(dataset.rows)
    columns |= {name: column for name, column in told.items() if name not in columns}
    origin = dataset.provenance
    return Given(
        dataset.name,
        "waveforms",
        columns,
        dataset.shape[0],
        lambda names: _traces(dataset, names, set(COLUMNS)),
        None if origin is None else origin.path,
        dataset,
    )


def _traces(dataset: Dataset, names: Sequence[str], features_: set[str]) -> Iterator[Block]:
    from ..processing.waveforms import features

    measured = [n for n in names if n in features_]
    told = [n for n in names if n not in features_ and n != SAMPLES]
    if told and len(told) == len(names) and dataset.rows is not None:
        yield from lazy_blocks(dataset.rows)(told)
        return
    count, length = dataset.shape
    step = max(1, _PIECE // max(1, length))
    for start in range(0, max(count, 1), step):
        rows = range(start, min(start + step, count))
        frame = pd.DataFrame(index=rows)
        traces = (
            np.asarray(dataset.array[rows.start : rows.stop]) if len(told) < len(names) else None
        )
        if measured:
            found = features(
                traces,
                polarity=int(dataset.meta.get("polarity") or 1),
                sample_period=dataset.meta.get("sample_period"),
            )
            frame = found[measured].set_axis(rows)
        if told and dataset.rows is not None:
            for name, column in dataset.rows.rows(rows.start, rows.stop, told).columns.items():
                series = series_of(column)
                if series is not None:
                    frame[name] = series.set_axis(rows)
        arrays = {SAMPLES: traces} if SAMPLES in names and traces is not None else {}
        yield Block((start,), frame, arrays)
