"""Kinds of values that travel between steps: how each becomes files that run no code when they are read.

A kind writes a value to a folder and reads it back. What tells a value from others is the SHA-256 of these
files, or a digest of its own where the same value has different bytes from one time to the next.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from ..errors import BadRequest, DamagedFile
from ..readers import scratch
from . import model_values as models
from . import plain_values as plain
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
        Gives a text that is the same for equal values, told the value and the hashes of its files where it
        was saved; the hashes of the files themselves by default.
    holds
        Tells of a folder whether the value can still be read, where that takes more than the folder; told
        what hashes a file.
    """

    name: str
    matches: Callable[[Any], bool]
    save: Callable[[Any, Path], None]
    load: Callable[[Path], Any]
    digest: Callable[[Any, Mapping[str, str] | None], str] | None = None
    holds: Callable[[Path, Callable[[Path], str]], bool] | None = None


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
    save, load
        As of `Kind`.
    digest
        Gives a text that is the same for equal values; the hashes of the files by default.

    Raises
    ------
    BadRequest
        This package has a kind of that name.
    """
    if any(kind.name == name for kind in _OURS):
        raise BadRequest(f"the kind {name!r} belongs to this package: choose another name")
    told = None if digest is None else lambda value, _sums: digest(value)
    made = Kind(name, lambda value: isinstance(value, of), save, load, told)
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
    if why := plain.why_no_array(value):
        raise BadRequest(
            f"a {type(value).__module__}.{type(value).__qualname__} cannot be kept: {why}"
        )
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


def _items(value: Any) -> list[tuple[Any, Any]]:
    if isinstance(value, Mapping):
        return list(value.items())
    return [(str(number), one) for number, one in enumerate(value)]


def _save_many(value: Any, folder: Path) -> None:
    kinds = []
    for number, (name, one) in enumerate(_items(value)):
        if not isinstance(name, str):
            raise BadRequest(
                f"the name {name!r} of a value is no text: give texts as keys, such as {str(name)!r}"
            )
        kind = kind_of(one)
        part = folder / f"{number:05d}"
        part.mkdir()
        kind.save(one, part)
        kinds.append([name, kind.name])
    told = {"named": isinstance(value, Mapping), "parts": kinds}
    (folder / "parts.json").write_text(json.dumps(told), "utf-8")


def _parts(folder: Path) -> tuple[bool, list[tuple[str, Kind, Path]]]:
    told = json.loads((folder / "parts.json").read_text("utf-8"))
    parts = [
        (str(name), kind_named(kind), folder / f"{number:05d}")
        for number, (name, kind) in enumerate(told["parts"])
    ]
    return bool(told["named"]), parts


def _load_many(folder: Path) -> Any:
    named, parts = _parts(folder)
    made = {name: kind.load(part) for name, kind, part in parts}
    return made if named else list(made.values())


def _digest_many(value: Any, sums: Mapping[str, str] | None) -> str:
    made = []
    for number, (name, one) in enumerate(_items(value)):
        before = f"{number:05d}/"
        inside = None
        if sums is not None:
            inside = {k.removeprefix(before): v for k, v in sums.items() if k.startswith(before)}
        made.append([name, hash_of(one, inside)])
    named = isinstance(value, Mapping)
    # Which order the names have is no matter, as for plain values.
    return canonical_json([named, sorted(made) if named else made])


def _holds_many(folder: Path, file_sum: Callable[[Path], str]) -> bool:
    return all(
        kind.holds is None or kind.holds(part, file_sum) for _, kind, part in _parts(folder)[1]
    )


def _is_many(value: Any) -> bool:
    return isinstance(value, Mapping) or (
        isinstance(value, Sequence) and not isinstance(value, (str, bytes, bytearray))
    )


def _is_picture(value: Any) -> bool:
    from .pictures import Picture

    return isinstance(value, Picture) or _of("matplotlib.figure", "Figure")(value)


def _of(module: str, name: str) -> Callable[[Any], bool]:
    """Tell by names alone whether a value is of a class, so that no package is loaded for the question."""

    def matches(value: Any) -> bool:
        return any(cls.__name__ == name and cls.__module__ == module for cls in type(value).__mro__)

    return matches


def _later(module: str, name: str) -> Callable[..., Any]:
    def call(*args: Any) -> Any:
        return getattr(import_module(f".{module}", __package__), name)(*args)

    return call


_BASE = __package__.rpartition(".")[0]
_OURS = (
    Kind("json", plain.is_plain, plain.save_plain, plain.load_plain, plain.digest_plain),
    Kind("table", plain.is_table, plain.save_table, plain.load_table),
    Kind("series", plain.is_series, plain.save_series, plain.load_series),
    Kind("array", plain.is_array, plain.save_array, plain.load_array),
    Kind(
        "dataset",
        _of(f"{_BASE}.datasets.dataset", "Dataset"),
        _later("dataset_values", "save_dataset"),
        _later("dataset_values", "load_dataset"),
        _later("dataset_values", "digest_of_dataset"),
        _later("dataset_values", "holds_dataset"),
    ),
    Kind(
        "latents",
        _of(f"{_BASE}.latent.latents", "Latents"),
        lambda value, folder: value.save(folder / "latents.parquet"),
        models.load_latents,
    ),
    Kind(
        "region",
        _of(f"{_BASE}.latent.regions", "Region"),
        lambda value, folder: value.save(folder / "region.json"),
        models.load_region,
    ),
    Kind(
        "table_model",
        _of(f"{_BASE}.training.tabular.model", "TableModel"),
        lambda value, folder: value.save(folder),
        models.load_table_model,
        lambda value, _sums: value.digest(),
    ),
    Kind("keras", models.is_keras, models.save_keras, models.load_keras, models.digest_keras),
    Kind("picture", _is_picture, plain.save_picture, plain.load_picture),
    Kind("file", lambda value: isinstance(value, Path), plain.save_file, plain.load_file),
    Kind("many", _is_many, _save_many, _load_many, _digest_many, _holds_many),
)


def hash_of(value: Any, sums: Mapping[str, str] | None = None) -> str:
    """Give ``"sha256:…"`` of a value, from the hashes of the files that it was saved to if there are any.

    Parameters
    ----------
    value
        Of any kind.
    sums
        As `sums_of` gives them; without them the value is saved once more where its files decide.
    """
    kind = kind_of(value)
    if kind.digest is not None:
        return hash_of_told(kind.name, kind.digest(value, sums))
    if sums is None:
        with tempfile.TemporaryDirectory(dir=scratch.folder()) as made:
            kind.save(value, Path(made))
            sums = sums_of(Path(made))
    return hash_of_told(kind.name, sums)


def hash_of_told(kind: str, told: str | Mapping[str, str]) -> str:
    """Give ``"sha256:…"`` of what tells a value from others of its kind: a digest, or its files' hashes."""
    sha = hashlib.sha256(f"{kind}\0".encode())
    if isinstance(told, str):
        sha.update(told.encode())
    else:
        for name in sorted(told):
            sha.update(f"{name}\0{told[name]}\0".encode())
    return f"sha256:{sha.hexdigest()}"


def sums_of(folder: Path) -> dict[str, str]:
    """Give the SHA-256 of each file in a folder, by its name from there, in the order of names."""
    found = {}
    for place, _, names in os.walk(folder):
        for name in names:
            path = Path(place, name)
            found[path.relative_to(folder).as_posix()] = file_hash(path)
    return dict(sorted(found.items()))


def file_hash(path: Path) -> str:
    """Give the SHA-256 of a file in hexadecimal."""
    with path.open("rb", buffering=0) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]
