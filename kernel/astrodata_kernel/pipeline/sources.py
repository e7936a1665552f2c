"""Raw data that parameters name: where it lies, and the hash of its bytes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from ..catalog import Catalog
from ..errors import AstrodataError, DataCheckFailed, UnreadableFile
from ..readers.addresses import shown
from .caching import Cache


class Source(NamedTuple):
    """A file, folder or address that a step reads."""

    name: str
    path: str
    hash: str
    size: int
    stamp: tuple[int, int, int] | None = None

    def check(self) -> None:
        """Raise `DataCheckFailed` where the file is no longer the one that was hashed."""
        if self.stamp is not None and _stamp(self.path) != self.stamp:
            raise DataCheckFailed(
                f"{self.name}: {self.path} changed while the run used it: run the pipeline again"
            )

    def to_json(self) -> dict[str, Any]:
        """Give it as the lineage tells it."""
        return {"hash": self.hash, "kind": "file", "path": shown(self.path), "size": self.size}


class Sources:
    """Finds and hashes what parameters name, each once in a run.

    Parameters
    ----------
    base
        Folder that relative paths start from.
    root
        The workspace, whose catalogue knows data sets by name.
    cache
        Which knows hashes of files that were hashed before.
    """

    def __init__(self, base: Path, root: Path, cache: Cache) -> None:
        self._base, self._root, self._cache = base, root, cache
        self._known: dict[str, Source] = {}

    def found(self, value: Any, name: str, where: str) -> Any:
        """Give the whole paths of what a parameter names; a name of the catalogue becomes its file's.

        Raises
        ------
        UnreadableFile
            There is nothing of that name.
        """
        if isinstance(value, Mapping):
            return {k: self.found(v, name, where) for k, v in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.found(one, name, where) for one in value]
        if value is None:
            return None
        text = _address(str(value))
        if "://" in text:
            return text
        path = Path(text).expanduser()
        path = path if path.is_absolute() else self._base / path
        if path.exists():
            return str(path.resolve())
        catalog = Catalog(self._root)
        if text in catalog:
            return catalog[text].path
        raise UnreadableFile(
            f"{where}: {name} = {text!r}: there is no file {path}, and no data set of that name in the "
            "catalogue; paths start from the folder of the pipeline's file"
        )

    def hashed(self, value: Any, name: str, where: str) -> Iterator[Source]:
        """Give each source of a parameter, as `found` gave it, with its hash.

        Raises
        ------
        UnreadableFile
            It cannot be read.
        """
        if isinstance(value, Mapping):
            for key, one in value.items():
                yield from self.hashed(one, f"{name}.{key}", where)
        elif isinstance(value, (list, tuple)):
            for number, one in enumerate(value):
                yield from self.hashed(one, f"{name}[{number}]", where)
        elif value is not None:
            path = str(value)
            if path not in self._known:
                self._known[path] = self._hash(path, name, where)
            yield self._known[path]._replace(name=name)

    def _hash(self, path: str, name: str, where: str) -> Source:
        from ..readers.registry import open_dataset

        try:
            if "://" not in path and Path(path).is_file():
                stamp = _stamp(path)
                sha256, size = self._cache.hash_of_file(Path(path))
                return Source(name, path, f"sha256:{sha256}", size, stamp)
            provenance = open_dataset(path).provenance
        except AstrodataError as error:
            raise error.saying(f"{where}: {name}: {error}") from None
        if provenance is None:
            raise UnreadableFile(f"{where}: {name}: {path} has no bytes of its own")
        return Source(name, path, f"sha256:{provenance.sha256}", provenance.size)


def _stamp(path: str) -> tuple[int, int, int] | None:
    try:
        status = Path(path).stat()
    except OSError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns


def _address(text: str) -> str:
    # A `Path` swallows one of the two strokes of an address.
    scheme, sign, rest = text.partition(":/")
    if sign and scheme.isalnum() and len(scheme) > 1:
        return f"{scheme}://{rest.lstrip('/')}"
    return text
