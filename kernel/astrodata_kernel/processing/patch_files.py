"""Sets of patches in files: npz, npy, csv, Parquet, TFRecord and Zarr, by the ending of the name."""

from __future__ import annotations

import json
import os
import shutil
import zipfile
from importlib import import_module
from pathlib import Path
from typing import IO, Any

import numpy as np

from ..errors import BadRequest, NameTaken, UnreadableFile, UnsupportedFormat
from ..readers.arrays import npy_array, npz_member, npz_members
from ..writing import write_whole
from .patch_facts import TEXT_BYTES, Facts, facts_of, foreign, guarded, read_facts
from .patch_rows import blocks
from .patch_sets import PatchSet

ENDINGS = (".npz", ".npy", ".csv", ".parquet", ".tfrecord", ".zarr")
"""Endings of names that `save` and `load` know."""


def save(patches: PatchSet, path: str | os.PathLike[str], *, overwrite: bool = False) -> Path:
    """Write a set of patches to a file; it has its name only when it is whole.

    ==============  =========================================================================================
    ``.npz``        Arrays ``images`` and ``masks``, and ``facts`` (JSON as bytes); not compressed.
    ``.npy``        The images alone; ``NAME.masks.npy`` and ``NAME.npy.json`` stand beside them.
    ``.csv``        A row a pixel of each date, for small sets: 20 bytes a value. ``NAME.csv.json`` beside.
    ``.parquet``    A row a patch, and a column a band of lists of one length: a band is read by itself, and
                    event and place are columns to choose rows by. (A row a pixel would repeat them 16,384
                    times for a patch of 128 pixels.)
    ``.tfrecord``   A `tf.train.Example` a patch, for `tf.data.TFRecordDataset`; needs TensorFlow.
    ``.zarr``       Zarr 3: a group of ``images`` and ``masks``, a chunk a patch, in shards; needs Zarr.
    ==============  =========================================================================================

    All keep all that is known: events, scenes with CRS and transform, positions, bands and scaling. What is
    lazy is read and written some patches at a time.

    Raises
    ------
    BadRequest
        Another ending, no patches, or more than a CSV file should hold.
    NameTaken
        There is such a file, and `overwrite` is not given.
    MissingPackage
        TensorFlow or Zarr is not installed.
    UnreadableFile
        The disk is full, or the folder does not take it.
    """
    target = Path(path)
    writer = _writer(target)
    facts = facts_of(patches)
    for place in _places(target):
        if place.exists() and not overwrite:
            raise NameTaken(f"{place} is there: overwrite=True replaces it, or give another name")
    writer(patches, facts, target)
    return target


def load(path: str | os.PathLike[str], *, lazy: bool = False) -> PatchSet:
    """Read a set of patches that `save` wrote, the same to the last bit.

    Parameters
    ----------
    path
        Its ending says how it is read; nothing in it is run.
    lazy
        Leave the values of npz, npy and zarr where they are until they are sliced.

    Raises
    ------
    UnreadableFile
        There is no such file.
    DamagedFile, UnsupportedFormat
        It is cut short, or holds something else.
    TooLarge
        It declares more than `readers.caps` allows.
    """
    source = Path(path)
    _writer(source)
    if not source.exists():
        raise UnreadableFile(f"{source} does not exist: check the path")
    match source.suffix:
        case ".npz":
            return _load_npz(source, lazy)
        case ".npy":
            return _load_npy(source, lazy)
        case ".csv":
            return _module("tables").load_csv(source, _sidecar(source))
        case ".parquet":
            return _module("tables").load_parquet(source)
        case ".tfrecord":
            return _module("records").load(source)
    return _module("zarr").load(source, lazy)


def _writer(path: Path) -> Any:
    writers = {".npz": _save_npz, ".npy": _save_npy, ".csv": _save_csv, ".zarr": _save_zarr}
    if path.suffix in writers:
        return writers[path.suffix]
    if path.suffix == ".parquet":
        return lambda *given: _module("tables").save_parquet(*given)
    if path.suffix == ".tfrecord":
        return lambda *given: _module("records").save(*given)
    raise BadRequest(f"{path.name}: the ending says how patches are kept: {', '.join(ENDINGS)}")


def _module(name: str) -> Any:
    return import_module(f".patch_files_{name}", __package__)


def _places(path: Path) -> list[Path]:
    """Give the files of a set."""
    if path.suffix == ".npy":
        return [path, _masks(path), _json(path)]
    return [path, _json(path)] if path.suffix == ".csv" else [path]


def _masks(path: Path) -> Path:
    return path.with_suffix(".masks.npy")


def _json(path: Path) -> Path:
    return path.with_name(f"{path.name}.json")


def _sidecar(path: Path) -> Facts:
    """Give the facts that stand beside a file."""
    place = _json(path)
    try:
        if place.stat().st_size > TEXT_BYTES:
            raise foreign(place.name, "too long")
        return read_facts(place.read_bytes(), place.name)
    except OSError:
        raise UnreadableFile(
            f"{place} is missing: it stands beside {path.name} and says what its patches are; copy both"
        ) from None


def _save_npz(patches: PatchSet, facts: str, path: Path) -> None:
    def write(file: IO[bytes]) -> None:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
            with archive.open("facts.npy", "w") as member:
                np.save(member, np.frombuffer(facts.encode(), np.uint8))
            for name, array in (("images", patches.images), ("masks", patches.masks)):
                if array is not None:
                    with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                        _write_npy(member, array)

    write_whole(path, write)


def _write_npy(file: IO[bytes], array: Any) -> None:
    dtype = np.dtype(array.dtype).newbyteorder("<")
    told = {"descr": dtype.str, "fortran_order": False, "shape": tuple(map(int, array.shape))}
    np.lib.format.write_array_header_2_0(file, told)
    for block in blocks(array):
        file.write(np.ascontiguousarray(block, dtype).data.cast("B"))


def _load_npz(path: Path, lazy: bool) -> PatchSet:
    where = path.name
    found = {name.removesuffix(".npy"): rest for name, *rest in npz_members(path, where)}

    def member(name: str) -> Any:
        if name not in found:
            raise foreign(where, f"no {name}")
        shape, dtype, _, _ = found[name]
        if dtype.kind not in "biuf":
            raise UnsupportedFormat(f"{where}, {name}: values of type {dtype} are no numbers")
        return npz_member(path, f"{name}.npy", shape, dtype, where)

    text = member("facts")
    if text.dtype != np.uint8 or text.size > TEXT_BYTES:
        raise foreign(where, "facts")
    facts = read_facts(bytes(text[:].tobytes()), where)
    arrays = [member("images"), None if facts.masks is None else member("masks")]
    facts.refuse_bomb(path.stat().st_size, where)
    return _whole(facts, arrays, where, lazy)


def _whole(facts: Facts, arrays: list[Any], where: str, lazy: bool) -> PatchSet:
    """Give the set of arrays that are what the facts say."""
    for array, declared in zip(arrays, (facts.images, facts.masks), strict=True):
        if declared and (array.shape, array.dtype) != (declared[0], declared[1].newbyteorder("=")):
            raise foreign(where, f"{array.shape} of {array.dtype} where {declared[0]} are told")
    first, second = (None if a is None else (a if lazy else np.asarray(a[:])) for a in arrays)
    return facts.rest(first, second)


def _save_npy(patches: PatchSet, facts: str, path: Path) -> None:
    # Without its facts a set is not whole: they go first and come last.
    for stale in (_json(path), _masks(path)):
        stale.unlink(missing_ok=True)
    write_whole(path, lambda file: _write_npy(file, patches.images))
    if patches.masks is not None:
        write_whole(_masks(path), lambda file: _write_npy(file, patches.masks))
    write_whole(_json(path), facts.encode())


def _load_npy(path: Path, lazy: bool) -> PatchSet:
    facts = _sidecar(path)
    arrays = [_npy(path), None if facts.masks is None else _npy(_masks(path))]
    return _whole(facts, arrays, path.name, lazy)


def _npy(path: Path) -> Any:
    array = guarded(path.name, lambda: npy_array(path, path.name))
    if array.dtype.kind not in "biuf":
        raise UnsupportedFormat(f"{path.name}: values of type {array.dtype} are no numbers")
    return array


def _save_csv(patches: PatchSet, facts: str, path: Path) -> None:
    tables = _module("tables")
    tables.refuse_large(patches)
    _json(path).unlink(missing_ok=True)
    tables.save_csv(patches, path)
    write_whole(_json(path), json.dumps(json.loads(facts), indent=1, ensure_ascii=False).encode())


def _save_zarr(patches: PatchSet, facts: str, path: Path) -> None:
    """Write a folder under another name and give it its own when it is whole."""
    _module("zarr").needed()  # before anything is put aside
    if path.is_dir() and not (path / "zarr.json").is_file():
        raise NameTaken(f"{path} is a folder of something else: give another name")
    begun, old = (path.with_name(f".{path.name}.{what}") for what in ("part", "old"))
    shutil.rmtree(begun, ignore_errors=True)
    try:
        _module("zarr").save(patches, facts, begun)
        if path.is_symlink() or path.is_file():
            path.unlink()
        elif path.exists():
            path.replace(old)
        begun.replace(path)
    except OSError as error:
        raise UnreadableFile(
            f"{path} cannot be written: {error.strerror or error}. Free some space or choose another folder"
        ) from None
    finally:
        shutil.rmtree(begun, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)
