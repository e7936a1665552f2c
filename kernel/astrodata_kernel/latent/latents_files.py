"""Tables of latents on disk: a Parquet file, or a Zarr folder for those that are read by pieces."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import (
    BadRequest,
    DamagedFile,
    DataCheckFailed,
    TooLarge,
    UnreadableFile,
)
from ..readers.zarr_folders import zarr_package
from ..writing import write_whole
from .latents import Latents, of_table

Array = npt.NDArray[Any]
FORMAT = "astrodata-latents"
_CHUNK_BYTES = 4 << 20
_LARGEST_CHUNK = 1 << 30  # of a folder that somebody else wrote


def checked_format(path: Path) -> str:
    """Give ``".parquet"`` or ``".zarr"``, the ending of a file of latents.

    Raises
    ------
    BadRequest
        Another ending.
    """
    if path.suffix not in (".parquet", ".zarr"):
        raise BadRequest(f"{path.name}: latents are kept as .parquet or .zarr")
    return path.suffix


def write(latents: Latents, path: Path) -> Path:
    """Write a table by the ending of the file's name."""
    kind = checked_format(path)
    return _write_parquet(latents, path) if kind == ".parquet" else _write_zarr(latents, path)


def read(path: Path) -> Latents:
    """Give the table of a file, its points checked against the hash that it tells."""
    return _read_parquet(path) if checked_format(path) == ".parquet" else _read_zarr(path)


def _facts(latents: Latents) -> dict[str, Any]:
    return {
        **latents.facts,
        "format": FORMAT,
        "version": 1,
        "names": list(latents.names),
        "lineage": {name: dict(about) for name, about in latents.lineage.items()},
        "digest": latents.digest,
    }


def _told(facts: Any) -> tuple[dict[str, Any], str | None]:
    if not isinstance(facts, dict):
        return {}, None
    about = {
        k: v
        for k, v in facts.items()
        if k not in ("format", "version", "names", "lineage", "digest")
    }
    lineage = facts.get("lineage")
    good = isinstance(lineage, dict) and all(isinstance(one, dict) for one in lineage.values())
    digest = facts.get("digest")
    told = {"facts": about, "lineage": lineage if good else {}}
    return told, digest if isinstance(digest, str) else None


def _checked(latents: Latents, digest: str | None, path: Path) -> Latents:
    if digest is not None and digest != latents.digest:
        raise DataCheckFailed(
            f"{path}: its ids or latents are others than those it was written with; encode again, or take "
            "them as they are with adk.latent.Latents.of(pandas.read_parquet(path))"
        )
    return latents


def _write_parquet(latents: Latents, path: Path) -> Path:
    import pyarrow as pa
    import pyarrow.parquet as pq

    parts: dict[str, Any] = {"id": latents.ids}
    parts |= {name: latents.z[:, i] for i, name in enumerate(latents.names)} | latents.columns
    columns = {}
    for name, values in parts.items():
        try:
            kind = pa.string() if values.dtype.kind == "O" else None
            columns[name] = pa.array(values, kind)
        except pa.ArrowException as error:
            raise BadRequest(f"the column {name!r} does not fit a Parquet file: {error}") from None
    try:
        facts = json.dumps(_facts(latents), sort_keys=True)
    except (TypeError, ValueError) as error:
        raise BadRequest(f"facts and lineage must be what JSON knows: {error}") from None
    table = pa.table(columns).replace_schema_metadata({"astrodata": facts})
    return write_whole(path, lambda file: pq.write_table(table, file))


def _read_parquet(path: Path) -> Latents:
    import pyarrow as pa
    import pyarrow.parquet as pq

    if not path.is_file():
        raise UnreadableFile(f"{path}: there is no such file of latents")
    try:
        with path.open("rb") as file:
            table = pq.read_table(file)
        metadata = table.schema.metadata or {}
        facts = json.loads(metadata.get(b"astrodata", b"{}"))
        frame = table.to_pandas(ignore_metadata=b"astrodata" in metadata)
    except OSError as error:
        raise DamagedFile(f"{path} cannot be read as Parquet: {str(error)[:120]}") from None
    except (pa.ArrowException, ValueError, RecursionError) as error:
        raise DamagedFile(f"{path} is no table of latents: {str(error)[:120]}") from None
    names = facts.get("names") if isinstance(facts, dict) else None
    good = isinstance(names, list) and all(isinstance(name, str) for name in names)
    told, digest = _told(facts)
    return _checked(of_table(frame, names if good else None, **told), digest, path)


def _zarr() -> Any:
    return zarr_package(
        'latents in Zarr need the package zarr: pip install "astrodata-lab[scale]", or save as .parquet'
    )


def _write_zarr(latents: Latents, path: Path) -> Path:
    zarr = _zarr()
    folder = None
    try:
        folder = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part"))
        made = folder / "new"
        group = zarr.open_group(str(made), mode="w")
        _put(group, "id", latents.ids)
        _put(group, "z", latents.z)
        for i, values in enumerate(latents.columns.values()):
            _put(group, f"column{i}", values)
        group.attrs["astrodata"] = {**_facts(latents), "columns": list(latents.columns)}
        _exchange(made, path, folder / "old")
    except OSError as error:
        raise UnreadableFile(
            f"{path} cannot be written: {error.strerror or error}. Free some space or choose another "
            "folder; nothing was left there"
        ) from None
    except TypeError as error:
        raise BadRequest(f"facts and lineage must be what JSON knows: {error}") from None
    finally:
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)
    return path


def _exchange(made: Path, path: Path, aside: Path) -> None:
    had = path.exists()
    if had:
        path.rename(aside)
    try:
        made.rename(path)
    except OSError:
        if had:
            aside.rename(path)
        raise


def _put(group: Any, name: str, values: Array) -> None:
    kind = {"kind": "numbers"}
    if values.dtype.kind == "O":
        # Texts as bytes and their ends: Zarr's own type for them is not settled yet.
        texts = [None if v is None else v.encode("utf-8", "surrogatepass") for v in values]
        ends = np.cumsum([0 if text is None else len(text) for text in texts], dtype=np.int64)
        _put(group, f"{name}_ends", ends)
        _put(group, f"{name}_missing", np.array([text is None for text in texts], bool))
        values = np.frombuffer(b"".join(text or b"" for text in texts), np.uint8)
        kind = {"kind": "texts"}
    elif values.dtype.kind in "mM":
        kind = {"kind": "times", "dtype": values.dtype.str}
        values = values.astype(np.int64)
    row = max(1, values.dtype.itemsize * int(np.prod(values.shape[1:], dtype=np.int64)))
    chunks = (
        min(max(1, len(values)), max(1, _CHUNK_BYTES // row)),
        *(max(1, n) for n in values.shape[1:]),
    )
    # A chunk that is all zeros is written too: one that is missing is then known to be lost.
    array = group.create_array(
        name,
        shape=values.shape,
        dtype=values.dtype,
        chunks=chunks,
        config={"write_empty_chunks": True},
    )
    if values.size:
        array[...] = values
    array.attrs["astrodata"] = kind


def _read_zarr(path: Path) -> Latents:
    zarr = _zarr()
    if not path.is_dir():
        raise UnreadableFile(f"{path}: there is no such folder of latents")
    try:
        group = zarr.open_group(str(path), mode="r")
        facts = dict(group.attrs["astrodata"])
        columns = {
            str(name): _get(group, f"column{i}", path)
            for i, name in enumerate(facts.pop("columns"))
        }
        told, digest = _told(facts)
        z, ids = _get(group, "z", path), _get(group, "id", path)
        made = Latents(z, ids, columns, names=facts.get("names"), **told)
    except (TooLarge, DamagedFile):
        raise
    # A folder of files that anybody may have changed: Zarr and its codecs raise what they like.
    except Exception as error:  # noqa: BLE001
        raise DamagedFile(
            f"{path} is no folder of latents: {type(error).__name__}: {str(error)[:120]}"
        ) from None
    return _checked(made, digest, path)


def _get(group: Any, name: str, path: Path) -> Array:
    array = group[name]
    if int(np.prod(array.chunks, dtype=object)) * array.dtype.itemsize > _LARGEST_CHUNK:
        raise TooLarge(f"{path}: a chunk of {name} claims more than a gigabyte")
    # Counted as files: a false shape may claim more chunks than can be asked for one by one.
    files = sum(
        1 for file in (path / name).rglob("*") if file.name != "zarr.json" and file.is_file()
    )
    if array.size and array.nchunks > files:
        raise DamagedFile(f"{path}: pieces of {name} are missing; encode again")
    values = np.asarray(array[...])
    kind = dict(array.attrs["astrodata"])
    if kind["kind"] == "times":
        return values.astype(np.dtype(kind["dtype"]))
    if kind["kind"] != "texts":
        return values
    ends, missing = _get(group, f"{name}_ends", path), _get(group, f"{name}_missing", path)
    whole = values.tobytes()
    starts = np.concatenate([[0], ends[:-1]]) if len(ends) else ends
    texts = [
        None if lost else whole[a:b].decode("utf-8", "surrogatepass")
        for a, b, lost in zip(starts.tolist(), ends.tolist(), missing.tolist(), strict=True)
    ]
    return np.array(texts, dtype=object)
