"""Data sets between steps: those of files are kept as where they lie, those in memory as arrays."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..datasets import Dataset
from ..errors import DataCheckFailed
from ..readers import scratch
from ..readers.registry import open_dataset
from .parameters import canonical_json
from .plain_values import mapped

_TAKEN = (
    "sample_period",
    "sample_rate",
    "gps_start",
    "polarity",
    "channel",
    "trigger",
    "detector",
    "unit",
)
"""What a reader may be told of a data set, beside what its file says."""


def save_dataset(dataset: Any, folder: Path) -> None:
    """Write down where a data set lies and how it was opened, or its values if it is in memory."""
    told = _facts(dataset)
    (folder / "dataset.json").write_text(json.dumps(told, sort_keys=True), "utf-8")
    if dataset.provenance is not None:
        return
    if dataset.kind == "table":
        import pyarrow.parquet as pq

        pq.write_table(dataset.table.read(), folder / "table.parquet", compression="zstd")
    else:
        np.save(folder / "array.npy", np.asarray(dataset.array, order="C"), allow_pickle=False)


def load_dataset(folder: Path) -> Dataset:
    """Give the data set of a folder.

    Raises
    ------
    DataCheckFailed
        Its file has other bytes by now.
    UnreadableFile
        It is gone.
    """
    told = json.loads((folder / "dataset.json").read_text("utf-8"))
    meta = told["meta"]
    if told["path"] is None:
        if told["kind"] == "table":
            return open_dataset(folder / "table.parquet").renamed(told["name"])
        values = mapped(folder / "array.npy")
        plain = told["kind"] in ("waveforms", "strain")
        made = Dataset.of_array(values, told["name"], None if plain else told["kind"])
        return made.taken_as(told["kind"], **meta) if plain else made
    options: dict[str, Any] = {name: told[name] for name in ("offset", "scale") if told.get(name)}
    # A table of a file that also has images, and the like, is asked for by its number.
    dataset = open_dataset(told["path"], kind=told["kind"], hdu=told["part"] or None, **options)
    provenance = dataset.provenance
    if provenance is None or (provenance.size, provenance.mtime) != (told["size"], told["mtime"]):
        found = "" if provenance is None else provenance.sha256
        if found != told["sha256"]:
            raise DataCheckFailed(
                f"{told['path']} has other bytes than this run began with: run it again"
            )
    differs = {name: value for name, value in meta.items() if dataset.meta.get(name) != value}
    return dataset.taken_as(told["kind"], **differs) if differs else dataset


def holds_dataset(folder: Path, file_sum: Callable[[Path], str]) -> bool:
    """Tell whether the file of a data set is still there with its bytes."""
    told = json.loads((folder / "dataset.json").read_text("utf-8"))
    if told["path"] is None or "://" in told["path"]:
        return True  # whether an address has other bytes is found when it is opened
    path = Path(told["path"])
    try:
        status = path.stat()
    except OSError:
        return False
    if not path.is_file() or (status.st_size, status.st_mtime) == (told["size"], told["mtime"]):
        return True
    return bool(status.st_size == told["size"] and file_sum(path) == told["sha256"])


def digest_of_dataset(dataset: Any, sums: Mapping[str, str] | None = None) -> str:
    """Give what tells a data set from others: the hash of its bytes, and how they were taken."""
    told = _facts(dataset)
    if told["path"] is None:
        if sums is None:
            from .value_kinds import sums_of

            with tempfile.TemporaryDirectory(dir=scratch.folder()) as made:
                save_dataset(dataset, Path(made))
                sums = sums_of(Path(made))
        told["sha256"] = sums["table.parquet" if dataset.kind == "table" else "array.npy"]
    # Where the file lies, and since when, is not what it holds.
    return canonical_json({k: v for k, v in told.items() if k not in ("path", "mtime", "name")})


def _facts(dataset: Any) -> dict[str, Any]:
    provenance = dataset.provenance
    meta = {name: _plain(dataset.meta[name]) for name in _TAKEN if name in dataset.meta}
    told = {
        "kind": dataset.kind,
        "name": dataset.name,
        "part": dataset.part,
        "meta": {k: v for k, v in meta.items() if v is not None},
        "path": None if provenance is None else provenance.path,
        "size": 0 if provenance is None else provenance.size,
        "mtime": 0.0 if provenance is None else provenance.mtime,
        "sha256": "" if provenance is None else provenance.sha256,
    }
    bands = getattr(dataset, "bands", ())
    for name in ("offset", "scale") if bands else ():
        values: Mapping[str, float] = {
            band.name: getattr(band, name) for band in bands if getattr(band, name) is not None
        }
        told[name] = dict(values)
    return told


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    return value if isinstance(value, (str, int, float, bool)) else None
