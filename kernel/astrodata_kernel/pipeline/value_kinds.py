"""Kinds of values that travel between steps: how each becomes files that run no code when they are read.

A kind writes a value to a folder and reads it back. What tells a value from others is the SHA-256 of these
files, or a digest of its own where the same value has different bytes from one time to the next.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import BadRequest, DamagedFile
from .parameters import canonical_json

GROUP = "astrodata_kernel.values"


@dataclass(frozen=True)
class Kind:
    """A kind of value.

    Parameters
    ----------
    name
        By which a stored value is read again.
    matches
        Tells whether a value is of it.
    save
        Writes a value into an empty folder.
    load
        Gives the value of a folder; it must not trust what it finds.
    digest
        Gives a text that is the same for equal values; the hash of the files by default.
    """

    name: str
    matches: Callable[[Any], bool]
    save: Callable[[Any, Path], None]
    load: Callable[[Path], Any]
    digest: Callable[[Any], str] | None = None


_more: dict[str, Kind] = {}


def value_kind(
    name: str,
    of: type,
    save: Callable[[Any, Path], None],
    load: Callable[[Path], Any],
    digest: Callable[[Any], str] | None = None,
) -> Kind:
    """Make values of a class known to pipelines, for as long as this process lives.

    Packages name a module that does it under the entry points ``astrodata_kernel.values``.

    Parameters
    ----------
    name
        Of the kind, such as ``"mypackage.track"``.
    of
        The class.
    save, load, digest
        As of `Kind`.

    Raises
    ------
    BadRequest
        This package has a kind of that name.
    """
    if any(kind.name == name for kind in _OURS):
        raise BadRequest(f"the kind {name!r} belongs to this package: choose another name")
    made = Kind(name, lambda value: isinstance(value, of), save, load, digest)
    _more[name] = made
    return made


def kind_of(value: Any) -> Kind:
    """Give the kind of a value.

    Raises
    ------
    BadRequest
        It is of none: it cannot be kept, and so not be given to another step.
    """
    _load_others()
    for kind in (*_more.values(), *_OURS):
        if kind.matches(value):
            return kind
    raise BadRequest(
        f"a {type(value).__module__}.{type(value).__qualname__} cannot be kept: give a table, arrays, a "
        "data set, latents, a model, a figure, a file or plain values, or make its class known by "
        "adk.pipeline.value_kind"
    )


def kind_named(name: str) -> Kind:
    """Give a kind by its name.

    Raises
    ------
    DamagedFile
        There is none: another version, or a package that is missing, has written it.
    """
    _load_others()
    for kind in (*_more.values(), *_OURS):
        if kind.name == name:
            return kind
    raise DamagedFile(f"values of kind {name!r} are not known here: another version wrote them")


@cache
def _load_others() -> None:
    from importlib.metadata import entry_points

    for point in entry_points(group=GROUP):
        point.load()


def _is_table(value: Any) -> bool:
    cls = type(value)
    return cls.__module__.partition(".")[0] == "pandas" and cls.__name__ == "DataFrame"


def _save_table(value: Any, folder: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pa.Table.from_pandas(value)
    except (pa.ArrowInvalid, pa.ArrowTypeError, ValueError) as error:
        raise BadRequest(
            f"this table cannot be kept as Parquet: {str(error).splitlines()[0]}"
        ) from None
    pq.write_table(table, folder / "table.parquet", compression="zstd")


def _load_table(folder: Path) -> Any:
    import pyarrow.parquet as pq

    return pq.read_table(folder / "table.parquet").to_pandas()


def _is_array(value: Any) -> bool:
    from ..datasets.lazy import LazyArray

    return (
        isinstance(value, (np.ndarray, np.generic, LazyArray)) and value.dtype.kind in "biufcSUMm"
    )


def _save_array(value: Any, folder: Path) -> None:
    np.save(folder / "array.npy", np.asarray(value), allow_pickle=False)


def _load_array(folder: Path) -> Any:
    values = np.load(folder / "array.npy", mmap_mode="r", allow_pickle=False)
    return values[()] if values.ndim == 0 else values


def _is_plain(value: Any) -> bool:
    if value is None or isinstance(value, (str, bool, int, float)):
        return True
    if isinstance(value, Mapping):
        return all(isinstance(k, str) and _is_plain(v) for k, v in value.items())
    return isinstance(value, (list, tuple)) and all(map(_is_plain, value))


def _save_plain(value: Any, folder: Path) -> None:
    # NaN is no JSON, but what Python writes for it, it reads.
    (folder / "value.json").write_text(canonical_json(value), encoding="utf-8")


def _load_plain(folder: Path) -> Any:
    return json.loads((folder / "value.json").read_text(encoding="utf-8"))


def _save_many(value: Any, folder: Path) -> None:
    named = isinstance(value, Mapping)
    items = list(value.items()) if named else [(str(n), v) for n, v in enumerate(value)]
    kinds = []
    for number, (name, one) in enumerate(items):
        if not isinstance(name, str):
            raise BadRequest(f"the name {name!r} of a value is no text")
        kind = kind_of(one)
        part = folder / f"{number:05d}"
        part.mkdir()
        kind.save(one, part)
        kinds.append([name, kind.name])
    (folder / "parts.json").write_text(json.dumps({"named": named, "parts": kinds}), "utf-8")


def _load_many(folder: Path) -> Any:
    told = json.loads((folder / "parts.json").read_text("utf-8"))
    made = {
        name: kind_named(kind).load(folder / f"{number:05d}")
        for number, (name, kind) in enumerate(told["parts"])
    }
    return made if told["named"] else list(made.values())


def _digest_many(value: Any) -> str:
    named = isinstance(value, Mapping)
    items = value.items() if named else ((str(n), v) for n, v in enumerate(value))
    return canonical_json([named, [[name, hash_of(one)] for name, one in items]])


def _is_many(value: Any) -> bool:
    return isinstance(value, Mapping) or (
        isinstance(value, Sequence) and not isinstance(value, (str, bytes, bytearray))
    )


def _save_file(value: Path, folder: Path) -> None:
    import shutil

    if not value.is_file():
        raise BadRequest(f"{value} is no file: a block that gives a path must have written it")
    (folder / "name.json").write_text(json.dumps(value.name), "utf-8")
    shutil.copyfile(value, folder / "content")


def _load_file(folder: Path) -> Path:
    name = Path(json.loads((folder / "name.json").read_text("utf-8"))).name
    # Readers look at endings for nothing, but people do.
    link = folder / "named" / name
    if not link.exists():
        link.parent.mkdir(exist_ok=True)
        try:
            link.hardlink_to(folder / "content")
        except OSError:
            return folder / "content"
    return link


def _is_picture(value: Any) -> bool:
    from .pictures import Picture

    return isinstance(value, Picture) or _of("matplotlib.figure", "Figure")(value)


def _save_svg(value: Any, folder: Path) -> None:
    from ..drawing import svg_of

    text = value.svg if hasattr(value, "svg") else svg_of(value)
    (folder / "figure.svg").write_text(text, encoding="utf-8")


def _load_svg(folder: Path) -> Any:
    from .pictures import Picture

    return Picture((folder / "figure.svg").read_text("utf-8"))


def _of(module: str, name: str) -> Callable[[Any], bool]:
    """Tell by names alone whether a value is of a class, so that no package is loaded for the question."""

    def matches(value: Any) -> bool:
        return any(cls.__name__ == name and cls.__module__ == module for cls in type(value).__mro__)

    return matches


def _is_keras(value: Any) -> bool:
    return any(
        c.__module__.startswith("keras.") and c.__name__ == "Model" for c in type(value).__mro__
    )


def _save_keras(value: Any, folder: Path) -> None:
    from ..models import save

    save(value, folder / "model.keras")


def _load_keras(folder: Path) -> Any:
    from ..models import load

    return load(folder / "model.keras")


def _digest_keras(value: Any) -> str:
    # The file of a model holds the date at which it was written.
    config = value.get_config()
    names: dict[str, str] = {}
    _collect(config, names)
    sha = hashlib.sha256(json.dumps(_renamed(config, names), sort_keys=True, default=str).encode())
    for weights in value.get_weights():
        array = np.ascontiguousarray(weights)
        sha.update(f"{array.shape}{array.dtype.str}".encode())
        sha.update(array.data if array.size else b"")
    return sha.hexdigest()


def _collect(config: Any, names: dict[str, str]) -> None:
    """Give the names of layers numbers by their order: Keras numbers them through in each process."""
    if isinstance(config, dict):
        name = config.get("name")
        if isinstance(name, str):
            names.setdefault(name, f"layer {len(names)}")
        for one in config.values():
            _collect(one, names)
    elif isinstance(config, (list, tuple)):
        for one in config:
            _collect(one, names)


def _renamed(config: Any, names: dict[str, str]) -> Any:
    if isinstance(config, dict):
        return {k: _renamed(v, names) for k, v in config.items() if k != "build_config"}
    if isinstance(config, (list, tuple)):
        return [_renamed(one, names) for one in config]
    return names.get(config, config) if isinstance(config, str) else config


def _latents(folder: Path) -> Any:
    from ..latent import Latents

    return Latents.load(folder / "latents.parquet")


def _region(folder: Path) -> Any:
    from ..latent.regions import Region

    return Region.load(folder / "region.json")


def _table_model(folder: Path) -> Any:
    from ..training import tabular

    return tabular.TableModel.load(folder)


def _dataset(module: str, name: str) -> Callable[..., Any]:
    def call(*args: Any) -> Any:
        return getattr(import_module(f".{module}", __package__), name)(*args)

    return call


_BASE = __package__.rpartition(".")[0]
_OURS = (
    Kind("json", _is_plain, _save_plain, _load_plain),
    Kind("table", _is_table, _save_table, _load_table),
    Kind("array", _is_array, _save_array, _load_array),
    Kind(
        "dataset",
        _of(f"{_BASE}.datasets.dataset", "Dataset"),
        _dataset("dataset_values", "save_dataset"),
        _dataset("dataset_values", "load_dataset"),
        _dataset("dataset_values", "digest_of_dataset"),
    ),
    Kind(
        "latents",
        _of(f"{_BASE}.latent.latents", "Latents"),
        lambda value, folder: value.save(folder / "latents.parquet"),
        _latents,
    ),
    Kind(
        "region",
        _of(f"{_BASE}.latent.regions", "Region"),
        lambda value, folder: value.save(folder / "region.json"),
        _region,
    ),
    Kind(
        "table_model",
        _of(f"{_BASE}.training.tabular.model", "TableModel"),
        lambda value, folder: value.save(folder),
        _table_model,
        lambda value: value.digest(),
    ),
    Kind("keras", _is_keras, _save_keras, _load_keras, _digest_keras),
    Kind("picture", _is_picture, _save_svg, _load_svg),
    Kind("file", lambda value: isinstance(value, Path), _save_file, _load_file),
    Kind("many", _is_many, _save_many, _load_many, _digest_many),
)


def hash_of(value: Any, folder: Path | None = None) -> str:
    """Give ``"sha256:…"`` of a value, from the files of a folder that it was saved to if one is given."""
    kind = kind_of(value)
    sha = hashlib.sha256(f"{kind.name}\0".encode())
    if kind.digest is not None:
        sha.update(kind.digest(value).encode())
    elif folder is not None:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            sha.update(f"{path.relative_to(folder).as_posix()}\0{file_hash(path)}\0".encode())
    else:
        import tempfile

        with tempfile.TemporaryDirectory() as made:
            kind.save(value, Path(made))
            return hash_of(value, Path(made))
    return f"sha256:{sha.hexdigest()}"


def file_hash(path: Path) -> str:
    """Give the SHA-256 of a file in hexadecimal."""
    with path.open("rb", buffering=0) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]
