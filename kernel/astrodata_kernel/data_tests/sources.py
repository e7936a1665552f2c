"""What was given to test, whatever it is, as `Given`."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..datasets import Dataset, LazyTable
from ..errors import UnsupportedFormat
from ..latent.latents import Latents
from . import array_blocks, table_blocks
from .given import Given

_TEXT_HEAD = 4096


def given(data: Any, name: str | None = None, as_text: Collection[str] = ()) -> Given:
    """Give data as blocks of rows.

    Parameters
    ----------
    data
        A path, an entry of the catalogue, a `Dataset`, a DataFrame, an astropy table, `Latents`, an array, or
        a mapping of names to arrays of one length.
    name
        What it is called in reports; the file's name by default.
    as_text
        Columns of a text file that stay texts as they are written.

    Raises
    ------
    UnsupportedFormat
        Something else.
    """
    from dataclasses import replace

    found = _given(data, name, as_text)
    return found if name is None else replace(found, name=name)


def _given(data: Any, name: str | None, as_text: Collection[str]) -> Given:
    if isinstance(data, Given):
        return data
    if isinstance(data, str | os.PathLike):
        return _of_path(Path(data), as_text)
    if isinstance(data, Dataset):
        return _of_dataset(data, as_text)
    if isinstance(data, pd.DataFrame):
        return table_blocks.of_frame(data, name or "table")
    if isinstance(data, pd.Series):
        label = "values" if data.name is None else str(data.name)
        return table_blocks.of_frame(data.to_frame(label), name or label)
    if isinstance(data, Latents):
        return _of_latents(data, name or "latents")
    if isinstance(data, LazyTable):
        return Given(
            name or "table",
            "table",
            table_blocks.lazy_columns(data),
            len(data),
            table_blocks.lazy_blocks(data),
            source=data,
        )
    if hasattr(data, "colnames") and hasattr(data, "columns"):
        arrays = {n: _plain(data[n]) for n in data.colnames}
        units = {n: str(getattr(data[n], "unit", None) or "") for n in data.colnames}
        return _with_units(table_blocks.of_arrays(arrays, name or "table", data), units)
    if isinstance(data, Mapping):
        return table_blocks.of_arrays(data, name or "table", data)
    return _of_array(data, name or "array")


def _of_path(path: Path, as_text: Collection[str]) -> Given:
    from ..readers.registry import open_dataset
    from ..readers.table import CsvReader

    # Opening a data set of text reads all of it: a table of text is told by its head first.
    if path.is_file():
        with path.open("rb") as file:
            head = file.read(_TEXT_HEAD)
        plain = not head.startswith(
            (b"SIMPLE", b"PAR1", b"\x89HDF", b"PK", b"\x93NUMPY", b"\x1f\x8b")
        )
        if (
            plain
            and CsvReader().sniff(head, path)
            and path.suffix.lower() in (".csv", ".tsv", ".txt")
        ):
            return table_blocks.of_text(path, as_text)
    return _of_dataset(open_dataset(path), as_text)


def _of_dataset(dataset: Dataset, as_text: Collection[str]) -> Given:
    if dataset.kind == "table":
        return table_blocks.of_table(dataset, as_text)
    if dataset.kind == "scene":
        return array_blocks.of_scene(dataset)
    if dataset.kind == "waveforms":
        return array_blocks.of_waveforms(dataset)
    return array_blocks.of_image(dataset)


def _of_latents(latents: Latents, name: str) -> Given:
    from dataclasses import replace

    return replace(table_blocks.of_frame(latents.table(), name), kind="latents", source=latents)


def _of_array(data: Any, name: str) -> Given:
    try:
        array = data if hasattr(data, "shape") and hasattr(data, "dtype") else np.asarray(data)
    except ValueError:
        array = np.empty((), object)
    if array.dtype.names:
        return table_blocks.of_arrays({n: array[n] for n in array.dtype.names}, name, data)
    if not array.shape or array.dtype.kind not in "iufbMUS":
        raise UnsupportedFormat(
            f"{name}: {type(data).__name__} is no data that can be tested; give a path, a data set, a table, "
            "an array, latents, or a mapping of names to arrays"
        )
    return array_blocks.of_array(array, name, "array", source=data)


def _plain(column: Any) -> Any:
    from astropy.time import Time

    if isinstance(column, Time):
        return np.asarray(column.utc.datetime64)
    value = getattr(column, "value", column)
    return value if isinstance(value, np.ma.MaskedArray) else np.asarray(value)


def _with_units(found: Given, units: dict[str, str]) -> Given:
    from dataclasses import replace

    columns = {n: replace(c, unit=units.get(n, "")) for n, c in found.columns.items()}
    return replace(found, columns=columns)
