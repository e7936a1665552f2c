"""Sets of patches in Zarr: a chunk a patch, chunks in shards."""

from __future__ import annotations

import json
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from ..readers.caps import caps, refuse_beyond
from ..readers.zarr_folders import ZarrArray, zarr_package
from .patch_facts import foreign, guarded, read_facts
from .patch_rows import blocks
from .patch_sets import PatchSet

_SHARD = 64 << 20
"""Bytes of a shard, before they are compressed: some hundred patches in one file."""


def needed() -> Any:
    """Give Zarr.

    Raises
    ------
    MissingPackage
        It is not installed.
    """
    return zarr_package("patches in Zarr need the package zarr: pip install 'astrodata-lab[scale]'")


def save(patches: PatchSet, facts: str, path: Path) -> None:
    """Write a group with the facts as its attributes."""
    group = needed().create_group(path, zarr_format=3, attributes={"facts": json.loads(facts)})
    for name, array in (("images", patches.images), ("masks", patches.masks)):
        if array is None:
            continue
        chunk = (1, *map(int, array.shape[1:]))
        each = prod(chunk) * np.dtype(array.dtype).itemsize
        together = min(int(array.shape[0]), max(1, _SHARD // each))
        made = group.create_array(
            name,
            shape=tuple(map(int, array.shape)),
            dtype=np.dtype(array.dtype),
            chunks=chunk,
            shards=(together, *chunk[1:]),
        )
        _fill(made, array, together)


def _fill(made: Any, array: Any, together: int) -> None:
    """Write whole shards: a shard that is written twice is read and packed twice."""
    kept: list[Any] = []
    first = held = 0
    for block in blocks(array):
        kept.append(block)
        held += len(block)
        if held >= together:
            whole = np.concatenate(kept)
            full = held // together * together
            made[first : first + full] = whole[:full]
            first, held, kept = first + full, held - full, [whole[full:]]
    if held:
        made[first : first + held] = np.concatenate(kept)


def load(path: Path, lazy: bool) -> PatchSet:
    """Read what `save` wrote; where it is to be lazy, a patch is read when it is sliced."""
    zarr = needed()
    where = path.name
    from zarr.errors import BaseZarrError

    def read() -> PatchSet:
        group = zarr.open_group(path, mode="r", zarr_format=3)
        facts = read_facts(json.dumps(group.attrs["facts"]), where)
        arrays = [group["images"], group["masks"] if facts.masks else None]
        stored = sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
        facts.refuse_bomb(stored, where)
        for array, declared in zip(arrays, (facts.images, facts.masks), strict=True):
            if array is None or declared is None:
                continue
            if array.shape != declared[0] or array.dtype != declared[1].newbyteorder("="):
                raise foreign(where, "its arrays are not those that its facts tell")
            refuse_beyond(caps.tile_bytes, prod(array.chunks) * array.dtype.itemsize, where)
            if not lazy and array.nchunks_initialized != array.nchunks:
                raise foreign(where, "chunks are missing")
        first, second = (None if a is None else ZarrArray(a, where) for a in arrays)
        if not lazy:
            first, second = (None if a is None else np.asarray(a) for a in (first, second))
        return facts.rest(first, second)

    made: PatchSet = guarded(where, read, BaseZarrError, RuntimeError)
    return made
