"""Arrays in folders of Zarr, of its formats 2 and 3."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ..datasets import Dataset, Part, Provenance
from ..datasets.lazy import Block, LazyArray, Values
from ..errors import DamagedFile, MissingPackage, TooLarge, UnreadableFile, UnsupportedFormat
from .arrays import chosen_part, contents_of, dataset_of, part_of
from .caps import caps
from .folder_digest import FolderDigest
from .quiet import quiet

NAME, VERSION = "Zarr", "1"
_ARRAYS = {"zarr.json", ".zarray"}
_MARKS = (*_ARRAYS, ".zgroup")
_FILES = 1_000_000
"""Files of one folder: a chunk each, and a digest is of all of them."""
_LONGEST = 16 << 20
"""Bytes of the metadata of one array."""
_CODECS = frozenset(
    {
        *(
            "adler32",
            "astype",
            "bitround",
            "blosc",
            "bytes",
            "bz2",
            "crc32",
            "crc32c",
            "delta",
            "endian",
        ),
        *(
            "fixedscaleoffset",
            "fletcher32",
            "gzip",
            "jenkins_lookup3",
            "lz4",
            "lzma",
            "packbits",
            "pcodec",
        ),
        *("quantize", "sharding_indexed", "shuffle", "transpose", "zfpy", "zlib", "zstd"),
    }
)
"""Ways of coding that give numbers and run nothing: pickle is none of them."""


def zarr_package(why: str) -> Any:
    """Give Zarr, or raise `MissingPackage` with a sentence that says what needs it and what brings it."""
    try:
        import zarr
    except ImportError:
        raise MissingPackage(why) from None
    return zarr


def is_zarr(folder: Path) -> bool:
    """Tell whether a folder is an array or a group of Zarr."""
    return any((folder / mark).is_file() for mark in _MARKS)


def open_zarr(folder: Path, part: int | str | None = None) -> Dataset:
    """Give the data set of one array of a folder; of the first one of numbers when none is named.

    Parameters
    ----------
    folder
        An array or a group, whose groups may have groups.
    part
        Number, or path within the folder, of the array.

    Raises
    ------
    MissingPackage
        Zarr is not installed.
    UnsupportedFormat
        No array of numbers.
    UnreadableFile, TooLarge
        The folder cannot be listed, or has more files than any data set.
    """
    zarr_package(
        f"{folder.name} is a folder of Zarr: reading it needs zarr; run "
        '"pip install astrodata-lab[scale]" in this environment'
    )
    names = tuple(sorted(_files(folder)))
    found = list(_arrays(folder, names))
    parts = tuple(one for one, _ in found)
    chosen = chosen_part(parts, part, folder.name)
    array = found[chosen.index][1]
    where = f"{folder.name}, {chosen.name}"
    digest = FolderDigest(folder, names)
    told = Provenance(
        str(folder.absolute()), digest.size, folder.stat().st_mtime, NAME, VERSION, digest
    )
    unit = next((u for key in ("units", "unit") if isinstance(u := array.attrs.get(key), str)), "")
    return dataset_of(
        contents_of(array, chosen, lambda one: ZarrArray(one, where)),
        parts,
        chosen,
        told,
        {"unit": unit, "warnings": []},
        lambda number: open_zarr(folder, number),
    )


class ZarrArray(LazyArray):
    """An array of Zarr, of which only the chunks that a slice touches are read."""

    def __init__(self, array: Any, where: str) -> None:
        super().__init__(array.shape, np.dtype(array.dtype).newbyteorder("="))
        self._array, self._where = array, where

    def _read(self, block: Block) -> Values:
        try:
            values = np.asarray(self._array[block], self.dtype)
        except MemoryError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever a codec says of bytes that are not its own
            raise DamagedFile(
                f"{self._where}: cannot be read ({str(error)[:160]}); a chunk may be damaged, copy or "
                "download it again"
            ) from None
        return values


def _arrays(folder: Path, names: tuple[str, ...]) -> Iterator[tuple[Part, Any]]:
    """Give the arrays of a folder by their paths, those that cannot be read as parts with a note and None."""
    import zarr

    told_in = (name.rpartition("/") for name in names)
    homes = sorted({home for home, _, name in told_in if name in _ARRAYS})
    index = 0
    for home in homes:
        if index >= caps.objects:
            raise TooLarge(f"{folder.name} holds more than {caps.objects:,} arrays")
        path = f"/{home}"
        try:
            told = _told(folder / home)
            if told is None:
                continue  # a group
            if odd := sorted(set(_codecs(told)) - _CODECS):
                raise UnsupportedFormat(f"coded by {odd[0][:40]!r}, which is not read here")
            with quiet():
                array: Any = zarr.open_array(str(folder / home), mode="r")
            size = math.prod(array.chunks) * array.dtype.itemsize
            if size > caps.tile_bytes:
                raise UnsupportedFormat(f"its chunks of {array.chunks} values are too large")
            one = part_of(index, path, tuple(array.shape), np.dtype(array.dtype))
        # Anybody may have written the metadata, and Zarr raises of them what it likes.
        except Exception as error:  # noqa: BLE001
            text = (
                str(error)
                if isinstance(error, UnsupportedFormat)
                else f"damaged: {str(error)[:80]}"
            )
            one, array = Part(index, path, note=text), None
        index += 1
        yield one, array


def _told(home: Path) -> dict[str, Any] | None:
    """Give the metadata of an array, or None for those of a group."""
    for name in _ARRAYS:
        path = home / name
        if not path.is_file():
            continue
        if path.stat().st_size > _LONGEST:
            raise ValueError(f"{name} is too long")
        told = json.loads(path.read_text("utf-8"))
        if not isinstance(told, dict):
            raise ValueError(f"{name} is no object")
        if name == "zarr.json" and told.get("node_type") == "group":
            continue
        return told
    return None


def _codecs(told: Any) -> Iterator[str]:
    """Give the names of all ways of coding in the metadata of an array, within each other as they are."""
    if isinstance(told, list):
        for one in told:
            yield from _codecs(one)
    elif isinstance(told, dict):
        name = told.get("id", told.get("name"))
        if isinstance(name, str):
            yield name.removeprefix("numcodecs.")
        for key in ("codecs", "index_codecs", "compressor", "filters", "configuration"):
            yield from _codecs(told.get(key))


def _files(folder: Path) -> Iterator[str]:
    """Give the files below a folder; one with links, which could lead anywhere, is refused."""
    waiting, count = [(folder, "")], 0
    while waiting:
        place, inside = waiting.pop()
        try:
            entries = list(os.scandir(place))
        except OSError as error:
            raise UnreadableFile(f"{place} cannot be listed: {error.strerror or error}") from None
        for entry in entries:
            count += 1
            if count > _FILES:
                raise TooLarge(f"{folder.name} holds more than {_FILES:,} files")
            name = f"{inside}{entry.name}"
            if entry.is_symlink():
                raise UnreadableFile(
                    f"{folder.name} holds a link, {name}: it is not followed; copy what it leads to"
                )
            if entry.is_dir(follow_symlinks=False):
                waiting.append((Path(entry.path), f"{name}/"))
            elif entry.is_file(follow_symlinks=False):
                yield name
