"""Sets of patches as tables: CSV with a row a pixel, Parquet with a row a patch."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute
import pyarrow.csv
import pyarrow.parquet as pq

from ..errors import BadRequest
from ..readers.caps import caps, refuse_beyond
from ..writing import write_whole
from .patch_facts import Facts, foreign, guarded, read_facts
from .patch_rows import pairs
from .patch_sets import PatchSet

CSV_VALUES = 50_000_000
"""Most values of bands in a CSV file: about a gigabyte of text."""

_FACTS = b"astrodata patches"


def refuse_large(patches: PatchSet) -> None:
    """Raise `BadRequest` where a set is too large for text."""
    values = prod(patches.images.shape)
    if values > CSV_VALUES:
        raise BadRequest(
            f"{values:,} values are too many for CSV, which is for small sets (up to {CSV_VALUES:,}): "
            "give a name that ends in .parquet, .npz or .zarr"
        )


def save_csv(patches: PatchSet, path: Path) -> None:
    """Write a row a pixel: patch, event, scene, date, row and column in the scene, bands, mask."""

    def write(file: Any) -> None:
        schema = None
        for table in _pixels(patches):
            if schema is None:
                schema = table.schema
                writer = pa.csv.CSVWriter(file, schema)
            writer.write_table(table)
        writer.close()

    write_whole(path, write)


def _columns(names: tuple[str, ...], count: int) -> list[str]:
    """Give names of columns for bands, which no other column has."""
    return [f"band {i} {names[i]}".rstrip() if names else f"band {i}" for i in range(count)]


def _pixels(patches: PatchSet) -> Iterator[pa.Table]:
    for first, images, masks in pairs(patches):
        full = images if images.ndim == 5 else images[:, None]
        count, bands = len(full), full.shape[-1]
        shape = full.shape[:-1]
        these = slice(first, first + count)
        patch, date, y, x = (axis.ravel() for axis in np.indices(shape, np.int32))
        at = patches.positions[these]
        names = [
            pa.array(part[these]).take(pa.array(patch)) for part in (patches.events, patches.scenes)
        ]
        made: dict[str, Any] = {
            "patch": patch + first,
            "event": names[0],
            "scene": names[1],
            "date": date,
            "row": at[patch, 0] + y,
            "column": at[patch, 1] + x,
        }
        flat = full.reshape(-1, bands)
        for i, name in enumerate(_columns(patches.bands, bands)):
            made[name] = _numbers(np.ascontiguousarray(flat[:, i]))
        if masks is not None:
            made["mask"] = _numbers(np.broadcast_to(masks[:, None], shape).ravel())
        yield pa.table(made)


def _numbers(values: Any) -> Any:
    # Arrow has neither text for half precision nor bits for booleans that are numbers.
    if values.dtype == np.float16:
        return values.astype(np.float32)
    return values.astype(np.uint8) if values.dtype == bool else values


def _read_as(dtype: np.dtype[Any]) -> np.dtype[Any]:
    return np.dtype({"float16": "float32", "bool": "uint8"}.get(dtype.name, dtype.name))


def load_csv(path: Path, facts: Facts) -> PatchSet:
    """Read a table of pixels by the facts that stand beside it."""
    where = path.name
    refuse_beyond(caps.text_bytes, path.stat().st_size, where)
    (shape, dtype), masks = facts.images, facts.masks
    # A value is a digit and a comma at least.
    if prod(shape) * 2 > path.stat().st_size:
        raise foreign(where, "rows are missing at its end")
    names = _columns(facts.rest(_Shape(shape), masks and _Shape(masks[0])).bands, shape[-1])
    types = {name: pa.from_numpy_dtype(_read_as(dtype)) for name in names}
    if masks:
        types["mask"] = pa.from_numpy_dtype(_read_as(masks[1]))
    types["patch"] = pa.int64()

    def read() -> Any:
        return pa.csv.read_csv(
            path,
            convert_options=pa.csv.ConvertOptions(
                include_columns=list(types), column_types=types, null_values=[]
            ),
        )

    table = guarded(where, read, pa.ArrowException)
    full = shape if len(shape) == 5 else (shape[0], 1, *shape[1:])
    pixels = prod(full[:-1])
    if table.num_rows != pixels:
        raise foreign(where, f"{table.num_rows:,} rows where {pixels:,} are told")
    each = pixels // shape[0]
    if not np.array_equal(table["patch"].to_numpy(), np.repeat(np.arange(shape[0]), each)):
        raise foreign(where, "its rows are in another order")
    images = np.empty((pixels, shape[-1]), dtype)
    for i, name in enumerate(names):
        images[:, i] = table[name].to_numpy()
    drawn = None
    if masks:
        every = table["mask"].to_numpy().astype(masks[1]).reshape(full[:-1])
        drawn = np.ascontiguousarray(every[:, 0])
    return facts.rest(images.reshape(shape), drawn)


class _Shape:
    """An array of which only the shape is known yet."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.shape = shape


def save_parquet(patches: PatchSet, facts: str, path: Path) -> None:
    """Write a row a patch: event, scene, row, column, a list of the pixels of each band, and of the mask."""
    images = patches.images
    names = _columns(patches.bands, images.shape[-1])
    masks = patches.masks
    pixels = prod(images.shape[1:-1])
    fields = [("event", pa.string()), ("scene", pa.string()), ("row", pa.int64())]
    fields += [("column", pa.int64())]
    fields += [(name, pa.list_(_kept(images.dtype), pixels)) for name in names]
    if masks is not None:
        fields += [("mask", pa.list_(_kept(masks.dtype), prod(masks.shape[1:])))]
    schema = pa.schema(fields, metadata={_FACTS: facts.encode()})
    # Bytes of equal weight side by side: reflectance takes some 60 % of its size so, and as fast.
    split = [f"{name}.list.element" for name in names] if images.dtype.kind == "f" else False

    def write(file: Any) -> None:
        with pq.ParquetWriter(
            file, schema, compression="zstd", use_dictionary=False, use_byte_stream_split=split
        ) as writer:
            for first, block, drawn in pairs(patches):
                these = slice(first, first + len(block))
                at = patches.positions[these]
                columns = [pa.array(part[these]) for part in (patches.events, patches.scenes)]
                columns += [pa.array(at[:, 0]), pa.array(at[:, 1])]
                columns += [_lists(block[..., i], pixels) for i in range(len(names))]
                if drawn is not None:
                    columns.append(_lists(drawn, prod(drawn.shape[1:])))
                writer.write_table(pa.Table.from_arrays(columns, schema=schema))

    write_whole(path, write)


def _kept(dtype: Any) -> Any:
    """Give Arrow's type: booleans as bytes, since lists of bits are slow."""
    return pa.from_numpy_dtype(np.uint8 if np.dtype(dtype) == bool else np.dtype(dtype))


def _lists(values: Any, length: int) -> Any:
    flat = np.ascontiguousarray(values).ravel()
    flat = flat.view(np.uint8) if flat.dtype == bool else flat
    return pa.FixedSizeListArray.from_arrays(pa.array(flat), length)


def load_parquet(path: Path) -> PatchSet:
    """Read a table of patches."""
    where = path.name

    def read() -> PatchSet:
        with pq.ParquetFile(path) as file:
            kept = (file.schema_arrow.metadata or {}).get(_FACTS)
            if kept is None:
                raise foreign(where, "a table of something else")
            facts = read_facts(kept, where)
            facts.refuse_bomb(path.stat().st_size, where)
            return _from_parquet(file, facts, where)

    made: PatchSet = guarded(where, read, pa.ArrowException)
    return made


def _from_parquet(file: Any, facts: Facts, where: str) -> PatchSet:
    (shape, dtype), masks = facts.images, facts.masks
    names = _columns(facts.rest(_Shape(shape), masks and _Shape(masks[0])).bands, shape[-1])
    wanted = {name: pa.list_(_kept(dtype), prod(shape[1:-1])) for name in names}
    if masks:
        wanted["mask"] = pa.list_(_kept(masks[1]), prod(masks[0][1:]))
    there = {field.name: field.type for field in file.schema_arrow}
    if file.metadata.num_rows != shape[0] or any(there.get(n) != t for n, t in wanted.items()):
        raise foreign(where, "its columns are not those that its facts tell")
    images = np.empty(shape, dtype)
    drawn = np.empty(masks[0], masks[1]) if masks else None
    stop = 0
    for group in range(file.metadata.num_row_groups):
        # Rows of one group only: the file's groups are as large as the blocks that were written.
        table = file.read_row_group(group, columns=list(wanted))
        start, stop = stop, stop + table.num_rows
        for i, name in enumerate(names):
            images[start:stop, ..., i] = _back(table[name], dtype).reshape(-1, *shape[1:-1])
        if drawn is not None and masks:
            drawn[start:stop] = _back(table["mask"], masks[1]).reshape(-1, *masks[0][1:])
    if stop != shape[0]:
        raise foreign(where, "rows are missing")
    return facts.rest(images, drawn)


def _back(column: Any, dtype: np.dtype[Any]) -> Any:
    flat = column.combine_chunks().flatten().to_numpy(zero_copy_only=False)
    return flat.view(dtype) if dtype.kind == "b" else flat
