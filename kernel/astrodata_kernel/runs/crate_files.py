"""The files of a crate: what is copied into it, under which name, and what is only named."""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ..errors import DataCheckFailed, UnreadableFile
from ..lineage.plain import shown
from ..lineage.records import Item, Step
from ..plain_files import is_plain, open_plain

_BLOCK = 1 << 20


class CrateFiles:
    """Files and contents as a crate's metadata name them; each is brought along once.

    Parameters
    ----------
    folder
        Of the crate, while it is made.
    copy
        Whether files that were read are copied.
    files_of
        Gives the files that the cache has of a hash, each with its SHA-256, or None.
    """

    def __init__(
        self, folder: Path, *, copy: bool, files_of: Callable[[str], Mapping[Path, str]] | None
    ) -> None:
        self.folder = folder
        self._copy, self._files_of = copy, files_of
        self._names: dict[str, str] = {}
        self._taken: set[str] = set()
        self.entities: list[dict[str, Any]] = []
        """What the metadata say of them."""

    @property
    def parts(self) -> list[str]:
        """Names of what belongs to the crate: files and folders, not what is only described."""
        return [one["@id"] for one in self.entities if one["@type"] in ("File", "Dataset")]

    def given(self, item: Item) -> str:
        """Give the name of what went into the run from outside."""
        if item.key in self._names:
            return self._names[item.key]
        # A record may name any path: what is brought along has the hash that it tells. Of other kinds than
        # files that hash is not of the bytes, which are named only.
        if self._copy and item.kind == "file" and item.hashed and is_plain(item.path):
            name = self._free(f"inputs/{_safe(Path(item.path).name)}")
            digest = self._bring(Path(item.path), name)
            if digest != item.key:
                raise DataCheckFailed(
                    f'{item.path} has changed since the run read it: export with files="link", or bring '
                    f"back the file whose hash is {item.key[:19]}…"
                )
            return self._file(item, name, self.folder / name, Path(item.path).name, digest)
        if item.path.startswith("/"):
            address, name = Path(item.path).as_uri(), shown(Path(item.path).name)
            if Path(item.path).is_dir():
                told = {"@id": f"{address}/", "@type": "Dataset", "name": name}
                return self._keep(item, {**told, "identifier": item.key})
            return self._keep(item, {"@id": address, "@type": "File", "name": name, **_facts(item)})
        if re.match(r"https?://", item.path):
            return self._keep(item, {"@id": item.path, "@type": "File", **_facts(item)})
        return self._described(item, item.name)

    def made(self, step: Step, item: Item) -> str:
        """Give the name of what a step made, and bring it along where the cache has it."""
        if item.key in self._names:
            return self._names[item.key]
        sums = self._files_of(item.key) if self._files_of and item.hashed else {}
        found = [path for path in sums if is_plain(path)]
        readable = f"{_safe(step.name)}.{_safe(item.name)}"
        if not found:
            return self._described(item, f"{step.name}.{item.name}")
        if len(found) == 1:
            name = self._free(f"outputs/{readable}{_safe(''.join(found[0].suffixes[-2:]))}")
            digest = self._bring(found[0], name, sums[found[0]])
            return self._file(item, name, self.folder / name, f"{step.name}.{item.name}", digest)
        folder = self._free(f"outputs/{readable}")
        parts = []
        for path in found:
            name = self._free(f"{folder}/{_safe(path.name)}")
            digest = self._bring(path, name, sums[path])
            told = {"@id": name, "@type": "File", "name": shown(path.name)}
            size = (self.folder / name).stat().st_size
            sha256 = digest.removeprefix("sha256:")
            self.entities.append({**told, "contentSize": str(size), "sha256": sha256})
            parts.append({"@id": name})
        told = {"@id": f"{folder}/", "@type": "Dataset"}
        return self._keep(
            item, {**told, "hasPart": parts, "name": f"{step.name}.{item.name}", **_content(item)}
        )

    def add(self, path: Path, name: str, **facts: Any) -> None:
        """Bring a file along under a name of its own."""
        digest = self._bring(path, name)
        told = {"@id": name, "@type": "File", "sha256": digest.removeprefix("sha256:")}
        size = str((self.folder / name).stat().st_size)
        self.entities.append({**told, "contentSize": size, **facts})

    def _file(self, item: Item, name: str, path: Path, title: str, digest: str) -> str:
        told = {"@id": name, "@type": "File", "name": shown(title)}
        told |= {"contentSize": str(path.stat().st_size), "sha256": digest.removeprefix("sha256:")}
        return self._keep(item, told | _content(item))

    def _described(self, item: Item, title: str) -> str:
        ident = hashlib.sha256(item.key.encode("utf-8", "replace")).hexdigest()[:32]
        told = {"@id": f"#content-{ident}", "@type": "CreativeWork", "name": shown(title)}
        return self._keep(item, {**told, **_content(item)})

    def _keep(self, item: Item, told: dict[str, Any]) -> str:
        self._names[item.key] = str(told["@id"])
        self.entities.append(told)
        return self._names[item.key]

    def _bring(self, source: Path, name: str, sha256: str | None = None) -> str:
        """Copy a file and give its hash, of the bytes that were copied.

        Raises
        ------
        UnreadableFile
            It cannot be read, or is a link or no file.
        DataCheckFailed
            It has not the SHA-256 that is expected.
        """
        target = self.folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        digest = hashlib.sha256()
        try:
            file = open_plain(source)
        except OSError as error:
            raise UnreadableFile(
                f"{source} cannot be brought along: {error.strerror or error}. Links and what is no file "
                "stay where they are"
            ) from None
        with file, target.open("xb") as copy:
            while block := file.read(_BLOCK):
                digest.update(block)
                copy.write(block)
        if sha256 is not None and digest.hexdigest() != sha256:
            raise DataCheckFailed(
                f"{source} has changed since the run made it: run the pipeline again, it makes it anew"
            )
        shutil.copystat(source, target, follow_symlinks=False)
        target.chmod(0o644)
        return f"sha256:{digest.hexdigest()}"

    def _free(self, name: str) -> str:
        """Give a name that nothing in the crate has yet, whether or not letters' case counts."""
        stem, ending = re.fullmatch(r"(.*?)((?:\.[^./]*)?)", name).groups()  # type: ignore[union-attr]
        number, free = 1, name
        while free.lower() in self._taken:
            number += 1
            free = f"{stem}-{number}{ending}"
        self._taken.add(free.lower())
        return free


def _facts(item: Item) -> dict[str, Any]:
    told: dict[str, Any] = {"encodingFormat": "application/octet-stream"}
    if item.hashed and item.kind == "file":
        told["sha256"] = item.key.removeprefix("sha256:")
    if item.size is not None:
        told["contentSize"] = str(item.size)
    return told


def _content(item: Item) -> dict[str, Any]:
    """Give what is known of a content whose hash is not that of a file's bytes."""
    told: dict[str, Any] = {}
    if item.kind and item.kind != "file":
        told["additionalType"] = item.kind
    if item.hashed:
        told["identifier"] = item.key
    return told


def _safe(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "_", text).lstrip("-")[:100].replace("..", "_") or "x"
