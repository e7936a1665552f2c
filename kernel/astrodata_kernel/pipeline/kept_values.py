"""Values by the hash of their content; any process may look while others write.

``values/<hash>/`` holds one. It is written under another name and renamed when it is whole, so that a process
that is killed leaves nothing half. Two that make the same leave one of the two.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from ..errors import DamagedFile, UnreadableFile
from ..writing import write_whole
from .value_kinds import Kind, file_hash, hash_of, hash_of_told, kind_named, kind_of, sums_of

FORMAT = 2
SMALL = 64 << 20
"""Bytes of a value up to which its hashes are looked at each time that it is read."""

ODD = (OSError, ValueError, LookupError, TypeError, ArithmeticError, AttributeError, RuntimeError)
"""What reading a file raises that somebody else wrote, or half of one."""


@dataclass(frozen=True)
class Kept:
    """A value that lies in the cache.

    Parameters
    ----------
    hash
        ``"sha256:…"`` of its content.
    kind
        What it is read as.
    size
        Bytes of its files.
    """

    hash: str
    kind: str
    size: int


class Values:
    """The values that a folder keeps.

    Parameters
    ----------
    folder
        Of the cache; it need not be there.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, value: Any) -> Kept:
        """Keep a value.

        Raises
        ------
        UnreadableFile
            The disk is full, or does not take it; nothing is left behind.
        BadRequest
            It is of no kind that can be kept.
        """
        kind = kind_of(value)
        values = self.folder / "values"
        made = values / f".new-{uuid4().hex}"
        content = made / "content"
        try:
            content.mkdir(parents=True)
            kind.save(value, content)
            sums = sums_of(content)
            digest = hash_of(value, sums)
            files = {name: _file_facts(content / name, one) for name, one in sums.items()}
            about = {"format": FORMAT, "kind": kind.name, "hash": digest, "files": files}
            (made / "about.json").write_text(json.dumps(about), "utf-8")
            self._place(made, digest)
        except OSError as error:
            raise UnreadableFile(
                f"{values} does not take a value of kind {kind.name}: {error.strerror or error}; free some "
                "space (astrodata cache prune), what is done is kept"
            ) from None
        finally:
            shutil.rmtree(made, ignore_errors=True)
        return Kept(digest, kind.name, sum(one["size"] for one in files.values()))

    def _place(self, made: Path, digest: str) -> None:
        target = self._value(digest)
        target.parent.mkdir(exist_ok=True)
        for _ in range(3):
            try:
                made.rename(target)
                return
            except OSError:
                if not target.is_dir():
                    raise
            # The same value is there already: theirs is as good, unless it was damaged since.
            if self._is_good(digest):
                with contextlib.suppress(OSError):
                    os.utime(target)  # it is of use: `prune` leaves it
                return
            with contextlib.suppress(FileNotFoundError):  # another one mends it too
                self._put_away(target)
        made.rename(target)

    def _put_away(self, target: Path) -> None:
        bad = self.folder / "values" / f".old-{uuid4().hex}"
        target.rename(bad)
        shutil.rmtree(bad, ignore_errors=True)

    def _is_good(self, digest: str) -> bool:
        about = self._about(digest)
        try:
            return (
                about is not None
                and self._is_as_written(digest, about)
                and self._holds(digest, about)
            )
        except ODD:
            return False

    def _holds(self, digest: str, about: dict[str, Any]) -> bool:
        kind = kind_named(about["kind"])
        if kind.holds is None:
            return True
        content = self._value(digest) / "content"
        return kind.holds(content, lambda path: self.hash_of_file(path)[0])

    def _is_as_written(
        self, digest: str, about: dict[str, Any], *, all_bytes: bool = False
    ) -> bool:
        """Tell whether the files of a value have their hashes, of a large one only where times differ."""
        content = self._value(digest) / "content"
        small = all_bytes or sum(one["size"] for one in about["files"].values()) <= SMALL
        for name, one in about["files"].items():
            path = content / name
            if not small and path.stat().st_mtime_ns == one["time"]:
                continue
            if file_hash(path) != one["sha256"]:
                return False
            if not small:  # the cache was copied: not to be hashed at each reading
                with contextlib.suppress(OSError):
                    os.utime(path, ns=(one["time"], one["time"]))
        return True

    def get(self, digest: str) -> Any:
        """Give a value.

        Raises
        ------
        DamagedFile
            It is not there, or not as it was written: that one is removed, so that a run makes it anew.
        """
        about = self._about(digest)
        if about is None:
            raise DamagedFile(
                f"the cache has no whole value {digest[:19]}…: run the pipeline again, it makes it anew"
            )
        kind = kind_named(about["kind"])
        try:
            whole = self._is_as_written(digest, about)
            if whole:
                return kind.load(self._value(digest) / "content")
        except (*ODD, EOFError) as error:
            raise DamagedFile(
                f"the value {digest[:19]}… of the cache cannot be read: {error}"
            ) from error
        # Where the folder is not ours, or somebody mends it meanwhile, it stays.
        with contextlib.suppress(OSError):
            self._put_away(self._value(digest))
        raise DamagedFile(
            f"the value {digest[:19]}… of the cache was not as it was written, and is removed: run the "
            "pipeline again, it makes it anew"
        )

    def has(self, digest: str) -> bool:
        """Tell whether a value is there, whole by its size, with the raw data that it stands for."""
        about = self._about(digest)
        try:
            return about is not None and self._holds(digest, about)
        except ODD:
            return False

    def files_of(self, digest: str) -> dict[Path, str]:
        """Give the files of a value, each with the SHA-256 that it was written with, in hexadecimal.

        Raises
        ------
        DamagedFile
            It is not there, or what is told of its files is not what its hash is of.
        """
        about = self._about(digest)
        with contextlib.suppress(*ODD):
            if about is not None and _is_of(digest, about):
                content = self._value(digest) / "content"
                return {content / name: str(one["sha256"]) for name, one in about["files"].items()}
        raise DamagedFile(f"the cache has no whole value {digest[:19]}…")

    def hash_of_file(self, path: Path) -> tuple[str, int]:
        """Give the SHA-256 of a file in hexadecimal, and its size; of one that was hashed before at once.

        Raises
        ------
        UnreadableFile
            It cannot be read.
        DataCheckFailed
            It changed meanwhile.
        """
        from ..readers.hashing import FileDigest

        try:
            status = path.stat()
        except OSError as error:
            raise UnreadableFile(f"{path}: {error.strerror}; check the path") from None
        digest = FileDigest(path, status)
        if status.st_size < 1 << 20:
            return digest.result(), status.st_size
        mark = digest.mark()
        known = None if mark is None else self.folder / "marks" / mark[:2] / mark
        with contextlib.suppress(OSError):
            if known is not None:
                text = known.read_text("ascii")
                if len(text) == 64:
                    return text, status.st_size
        found = digest.result()
        if known is not None:
            with contextlib.suppress(UnreadableFile):
                replace_file(known, found.encode())
        return found, status.st_size

    def damaged(self, *, remove: bool = False) -> list[str]:
        """Give the hashes of values whose files are no longer those that were written; reads all of them.

        Parameters
        ----------
        remove
            Also remove them, so that runs make them anew.
        """
        bad = []
        for folder in self._values():
            digest = f"sha256:{folder.parent.name}{folder.name}"
            try:
                whole = self._is_whole(digest)
            except ODD:
                whole = False
            if not whole:
                bad.append(digest)
                if remove:
                    with contextlib.suppress(OSError):
                        self._put_away(folder)
        return bad

    def _is_whole(self, digest: str) -> bool:
        about = self._about(digest)
        if about is None or not self._is_as_written(digest, about, all_bytes=True):
            return False
        return _is_of(digest, about)

    def _values(self) -> Iterator[Path]:
        for folder in sorted(self.folder.glob("values/??/*")):
            if folder.is_dir():
                yield folder

    def _value(self, digest: str) -> Path:
        name = digest.removeprefix("sha256:")
        if len(name) != 64 or not set(name) <= set("0123456789abcdef"):
            raise DamagedFile(f"{digest[:80]!r} is no hash of a value")
        return self.folder / "values" / name[:2] / name[2:]

    def _about(self, digest: str) -> dict[str, Any] | None:
        try:
            folder = self._value(digest)
            about = json.loads((folder / "about.json").read_text("utf-8"))
            if about["format"] != FORMAT or about["hash"] != digest:
                return None
            for name, one in about["files"].items():
                if _size_within(f"{folder}/content", name) != one["size"]:
                    return None
        except ODD:
            return None
        return about  # type: ignore[no-any-return]


def _is_of(digest: str, about: dict[str, Any]) -> bool:
    """Tell whether a hash is that of the files as they are told; of some kinds it is of what they say."""
    kind: Kind | None = None
    with contextlib.suppress(DamagedFile):  # of a package that is missing here
        kind = kind_named(about["kind"])
    sums = {name: one["sha256"] for name, one in about["files"].items()}
    return kind is None or kind.digest is not None or hash_of_told(kind.name, sums) == digest


def _file_facts(path: Path, sha256: str) -> dict[str, Any]:
    status = path.stat()
    return {"size": status.st_size, "sha256": sha256, "time": status.st_mtime_ns}


def _size_within(folder: str, name: str) -> int:
    """Give the size of a file below a folder: what others wrote must not name files elsewhere."""
    *between, last = name.split("/")
    if not {"", ".", ".."}.isdisjoint((*between, last)):
        raise ValueError(f"{name!r} leaves its folder")
    place = folder
    for one in (*between, last):
        if not stat.S_ISDIR(os.lstat(place).st_mode):
            raise ValueError(f"{place} is no folder")
        place = f"{place}/{one}"
    status = os.lstat(place)
    if not stat.S_ISREG(status.st_mode):
        raise ValueError(f"{place} is no file")
    return status.st_size


def replace_file(target: Path, content: bytes) -> None:
    """Write a small file of the cache whole, and the folder that it is in.

    Raises
    ------
    UnreadableFile
        The disk does not take it.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UnreadableFile(
            f"{target.parent} cannot be made: {error.strerror or error}; what is done is kept"
        ) from None
    # A result that a power cut takes is made again, and waiting for the disk a thousand times is what a
    # pipeline of small steps would do most.
    write_whole(target, content, sync=False)
