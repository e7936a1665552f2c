"""Values that are no models, as files: plain ones, tables, columns, arrays, files and pictures.

Plain values come back with their keys in the order that they had, and tuples as lists. Which order it was
is not in their hash: of two that differ by it alone, the first that was kept comes back.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import BadRequest
from ..readers import scratch
from .parameters import canonical_json


def is_plain(value: Any) -> bool:
    """Tell whether a value is one of JSON."""
    if value is None or isinstance(value, (str, bool, int, float)):
        return True
    if isinstance(value, Mapping):
        return all(isinstance(k, str) and is_plain(v) for k, v in value.items())
    return isinstance(value, (list, tuple)) and all(map(is_plain, value))


def save_plain(value: Any, folder: Path) -> None:
    """Write a plain value; NaN is no JSON, but what Python writes for it, it reads."""
    try:
        text = json.dumps(value, separators=(",", ":"), default=dict)
    except (TypeError, ValueError, RecursionError) as error:
        raise BadRequest(f"these plain values cannot be kept: {error}") from None
    (folder / "value.json").write_text(text, encoding="utf-8")


def load_plain(folder: Path) -> Any:
    """Give the plain value of a folder."""
    return json.loads((folder / "value.json").read_text(encoding="utf-8"))


def digest_plain(value: Any, _sums: Mapping[str, str] | None) -> str:
    """Give the text of a plain value, the same whatever order its keys had."""
    return canonical_json(_with_dicts(value))


def _with_dicts(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _with_dicts(one) for key, one in value.items()}
    return [_with_dicts(one) for one in value] if isinstance(value, (list, tuple)) else value


def _of_pandas(name: str) -> Callable[[Any], bool]:
    def matches(value: Any) -> bool:
        cls = type(value)
        return cls.__module__.partition(".")[0] == "pandas" and cls.__name__ == name

    return matches


is_table, is_series = _of_pandas("DataFrame"), _of_pandas("Series")


def save_table(value: Any, folder: Path) -> None:
    """Write a table as Parquet."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pa.Table.from_pandas(value)
        pq.write_table(table, folder / "table.parquet", compression="zstd")
        if kept := _categories(value):
            pq.write_table(pa.table(kept), folder / "categories.parquet")
    except OSError:
        raise
    except (pa.ArrowException, ValueError, TypeError) as error:
        raise BadRequest(
            f"this table cannot be kept as Parquet: {str(error).splitlines()[0]}"
        ) from None


def load_table(folder: Path) -> Any:
    """Give the table of a folder."""
    import pyarrow.parquet as pq

    table = pq.read_table(folder / "table.parquet").to_pandas()
    if not (folder / "categories.parquet").is_file():
        return table
    import pandas as pd

    kept = pq.read_table(folder / "categories.parquet")
    for place, column in zip(kept.column_names, kept.columns, strict=True):
        number = int(place.removesuffix(_ORDERED))
        categories = pd.Index(column.chunk(0).flatten().to_pandas())
        dtype = pd.CategoricalDtype(categories, ordered=place.endswith(_ORDERED))
        table.isetitem(number, table.iloc[:, number].astype(dtype))
    return table


_ORDERED = " ordered"


def _categories(table: Any) -> dict[str, Any]:
    """Give the categories of columns, by their number, that Parquet has no place for: of all but texts."""
    import pandas as pd
    import pyarrow as pa

    found = {}
    for number, dtype in enumerate(table.dtypes):
        if isinstance(dtype, pd.CategoricalDtype) and not pd.api.types.is_string_dtype(
            dtype.categories.dtype
        ):
            place = f"{number}{_ORDERED if dtype.ordered else ''}"
            values = pa.array(dtype.categories)
            found[place] = pa.ListArray.from_arrays([0, len(values)], values)
    return found


def save_series(value: Any, folder: Path) -> None:
    """Write a column with its index and its name."""
    name = value.name.item() if isinstance(value.name, np.generic) else value.name
    parts = list(name) if isinstance(name, tuple) else [name]
    if not all(part is None or isinstance(part, (str, int, float)) for part in parts):
        raise BadRequest(f"the name {name!r} of a Series cannot be kept: give it a text")
    told = {"several": isinstance(name, tuple), "name": parts}
    (folder / "name.json").write_text(json.dumps(told), "utf-8")
    save_table(value.to_frame("values"), folder)


def load_series(folder: Path) -> Any:
    """Give the column of a folder."""
    told = json.loads((folder / "name.json").read_text("utf-8"))
    parts = told["name"]
    return load_table(folder)["values"].rename(tuple(parts) if told["several"] else parts[0])


def is_array(value: Any) -> bool:
    """Tell whether a value is an array that is kept as it is."""
    from ..datasets.lazy import LazyArray

    # Other subclasses mean something by what they add: a unit, another product.
    known = type(value) in (np.ndarray, np.memmap, np.ma.MaskedArray) or value is np.ma.masked
    if not known and not isinstance(value, (np.generic, LazyArray)):
        return False
    return value.dtype.kind in "biufcSUMm" or (
        value.dtype.kind == "V" and not value.dtype.hasobject
    )


def why_no_array(value: Any) -> str:
    """Give the words on an array that cannot be kept; nothing of what is no array."""
    if not isinstance(value, (np.ndarray, np.generic)):
        return ""
    if value.dtype.hasobject:
        return "its items are Python objects: give it a type of numbers or texts"
    if type(value) is not np.ndarray:
        return (
            f"it would come back as a plain array, without what {type(value).__name__} adds: give "
            "np.asarray(value), and what else counts (as the unit) as an output of its own"
        )
    return f"arrays of {value.dtype} are not known"


def save_array(value: Any, folder: Path) -> None:
    """Write an array, and its mask where it has one."""
    # In one order: equal arrays shall have equal files.
    values = np.asarray(value, order="C")
    np.save(folder / "array.npy", values, allow_pickle=False)
    if isinstance(value, np.ma.MaskedArray):
        mask = np.asarray(np.ma.getmaskarray(value), order="C")
        np.save(folder / "mask.npy", mask, allow_pickle=False)
        # The constant `masked` of NumPy does not say what it is filled with.
        fill = 0.0 if value is np.ma.masked else value.fill_value
        np.save(folder / "fill.npy", np.asarray(fill), allow_pickle=False)


def load_array(folder: Path) -> Any:
    """Give the array of a folder; what is written into it stays in memory."""
    values = mapped(folder / "array.npy")
    if (folder / "mask.npy").is_file():
        mask = np.load(folder / "mask.npy", allow_pickle=False)
        fill = np.load(folder / "fill.npy", allow_pickle=False)
        values = np.ma.MaskedArray(np.asarray(values), mask=mask, fill_value=fill[()])
    return values[()] if values.ndim == 0 else values


def mapped(path: Path) -> Any:
    """Give the array of a file without reading it; blocks may write into it, the file stays as it is."""
    return np.load(path, mmap_mode="c", allow_pickle=False)


def save_file(value: Path, folder: Path) -> None:
    """Copy a file, and write down its name."""
    if not value.is_file():
        raise BadRequest(f"{value} is no file: a block that gives a path must have written it")
    (folder / "name.json").write_text(json.dumps(value.name), "utf-8")
    shutil.copyfile(value, folder / "content")


def load_file(folder: Path) -> Path:
    """Give a copy of a file under its own name: who writes into it must not change the cache.

    The copy lies in a folder for temporary files that goes with this process. It is made once, and again
    when somebody has changed it.
    """
    content = folder / "content"
    if content.is_symlink() or not content.is_file():
        raise OSError(f"{content} is no file")
    name = Path(json.loads((folder / "name.json").read_text("utf-8"))).name or "content"
    known = _copies.get((content, os.getpid()))
    if known is not None and _stamp(known[0]) == known[1]:
        return known[0]
    copy = Path(tempfile.mkdtemp(dir=scratch.folder())) / name
    shutil.copyfile(content, copy)
    _copies[content, os.getpid()] = copy, _stamp(copy)
    return copy


_Stamp = tuple[int, int, int]
_copies: dict[tuple[Path, int], tuple[Path, _Stamp | None]] = {}


def _stamp(path: Path) -> _Stamp | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns


def save_picture(value: Any, folder: Path) -> None:
    """Write a figure as SVG."""
    from ..drawing import svg_of

    text = value.svg if hasattr(value, "svg") else svg_of(value)
    (folder / "figure.svg").write_text(text, encoding="utf-8")


def load_picture(folder: Path) -> Any:
    """Give the picture of a folder."""
    from .pictures import Picture

    return Picture((folder / "figure.svg").read_text("utf-8"))
