"""What steps made, kept by the hash of what it was made of; any process may look while others write.

``results/<key>.json`` says which values a step gave, ``values/<hash>/`` holds one. Both are written under
another name and renamed when they are whole, so that a process that is killed leaves nothing half. Two that
make the same leave one of the two.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ..errors import DamagedFile, UnreadableFile
from ..workspace import FOLDER, workspace
from .value_kinds import file_hash, hash_of, kind_named, kind_of

FORMAT = 1
_USED = 3600.0  # seconds between two notes that a result was used
_STALE = 24 * 3600.0  # seconds after which a folder without a writer is rubbish


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


@dataclass(frozen=True)
class Result:
    """What a step gave.

    Parameters
    ----------
    key
        Hash of its block, parameters and inputs.
    outputs
        Its values.
    numbers
        Name, value and step of what it told.
    notes
        Sentences.
    record
        Of the lineage, that says how it was made.
    seconds
        That it took.
    """

    key: str
    outputs: dict[str, Kept]
    numbers: list[tuple[str, float, int | None]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    record: str = ""
    seconds: float = 0.0


class Cache:
    """The values and results of a workspace.

    Parameters
    ----------
    root
        The workspace; by default that of the current folder.

    Examples
    --------
    >>> import tempfile
    >>> cache = Cache(tempfile.mkdtemp())
    >>> kept = cache.put({"answer": 42})
    >>> kept.kind, cache.get(kept.hash)
    ('json', {'answer': 42})
    """

    def __init__(self, root: str | os.PathLike[str] | None = None) -> None:
        self.folder = workspace(root) / FOLDER / "cache"

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
        made: Path | None = None
        try:
            values.mkdir(parents=True, exist_ok=True)
            made = Path(tempfile.mkdtemp(dir=values, prefix=".new-"))
            content = made / "content"
            content.mkdir()
            kind.save(value, content)
            digest = hash_of(value, content)
            files = {
                path.relative_to(content).as_posix(): path.stat().st_size
                for path in sorted(content.rglob("*"))
                if path.is_file()
            }
            about = {"format": FORMAT, "kind": kind.name, "hash": digest, "files": files}
            (made / "about.json").write_text(json.dumps(about), "utf-8")
            made.chmod(0o755)
            self._place(made, digest)
        except OSError as error:
            raise UnreadableFile(
                f"{values} does not take a value of kind {kind.name}: {error.strerror or error}; free some "
                "space (astrodata cache prune), what is done is kept"
            ) from None
        finally:
            if made is not None:
                shutil.rmtree(made, ignore_errors=True)
        return Kept(digest, kind.name, sum(files.values()))

    def _place(self, made: Path, digest: str) -> None:
        target = self._value(digest)
        target.parent.mkdir(exist_ok=True)
        try:
            made.rename(target)
        except OSError:
            # The same value is there already: theirs is as good, unless it was damaged since.
            if not target.is_dir():
                raise
            if self._about(digest) is None:
                shutil.rmtree(target)
                made.rename(target)

    def get(self, digest: str) -> Any:
        """Give a value.

        Raises
        ------
        DamagedFile
            It is not there, or not as it was written.
        """
        about = self._about(digest)
        if about is None:
            raise DamagedFile(
                f"the cache has no whole value {digest[:19]}…: run the pipeline again, it makes it anew"
            )
        kind = kind_named(about["kind"])
        try:
            return kind.load(self._value(digest) / "content")
        except (OSError, ValueError, KeyError, TypeError, EOFError) as error:
            raise DamagedFile(
                f"the value {digest[:19]}… of the cache cannot be read: {error}"
            ) from error

    def has(self, digest: str) -> bool:
        """Tell whether a value is there, whole by its size."""
        return self._about(digest) is not None

    def files_of(self, digest: str) -> list[Path]:
        """Give the files of a value.

        Raises
        ------
        DamagedFile
            It is not there.
        """
        about = self._about(digest)
        if about is None:
            raise DamagedFile(f"the cache has no whole value {digest[:19]}…")
        return [self._value(digest) / "content" / name for name in about["files"]]

    def result(self, key: str) -> Result | None:
        """Give what a step made before; None where it must be made, anew if something of it is gone."""
        try:
            told = json.loads(self._result(key).read_text("utf-8"))
            if told["format"] != FORMAT or told["key"] != key:
                return None
            outputs = {name: Kept(**one) for name, one in told["outputs"].items()}
            numbers = [(str(n), float(v), s) for n, v, s in told["numbers"]]
            found = Result(
                key,
                outputs,
                numbers,
                list(told["notes"]),
                str(told["record"]),
                float(told["seconds"]),
            )
        except (OSError, ValueError, KeyError, TypeError):
            return None  # none, half, or of another version: it is made anew
        if not all(self.has(kept.hash) for kept in outputs.values()):
            return None
        with contextlib.suppress(OSError):
            path = self._result(key)
            if time.time() - path.stat().st_mtime > _USED:
                os.utime(path)  # it is of use: `prune` leaves it
        return found

    def remember(self, result: Result) -> None:
        """Keep what a step made, after its values."""
        target = self._result(result.key)
        told = {"format": FORMAT, **asdict(result)}
        _replace(target, json.dumps(told).encode())

    def forget(self, key: str) -> None:
        """Have a step made anew; its values stay for others."""
        self._result(key).unlink(missing_ok=True)

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
                _replace(known, found.encode())
        return found, status.st_size

    def work_folder(self, key: str) -> Path:
        """Give the folder that a step keeps checkpoints in while it is under way."""
        return self.folder / "work" / key

    def clear_work(self, key: str) -> None:
        """Remove it."""
        shutil.rmtree(self.work_folder(key), ignore_errors=True)

    def prune(self, days: float = 30.0, *, dry_run: bool = False) -> int:
        """Forget results that nobody used for some days, and values that no result names; give the bytes.

        Parameters
        ----------
        days
            Since a result was last used; 0 for all.
        dry_run
            Only count.
        """
        limit = time.time() - days * 86400
        used: set[str] = set()
        for path in self.folder.glob("results/*/*.json"):
            with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
                if path.stat().st_mtime >= limit:
                    told = json.loads(path.read_text("utf-8"))
                    used |= {one["hash"] for one in told["outputs"].values()}
                    continue
            if not dry_run:
                path.unlink(missing_ok=True)
        freed = 0
        for folder in self._values():
            digest = f"sha256:{folder.parent.name}{folder.name}"
            young = folder.stat().st_mtime >= max(limit, time.time() - 3600)
            if digest in used or young:
                continue
            freed += sum(p.stat().st_size for p in folder.rglob("*") if p.is_file())
            if not dry_run:
                shutil.rmtree(folder, ignore_errors=True)
        for left in self.folder.glob("values/.new-*"):
            with contextlib.suppress(OSError):
                if time.time() - left.stat().st_mtime > _STALE and not dry_run:
                    shutil.rmtree(left, ignore_errors=True)
        return freed

    def damaged(self) -> list[str]:
        """Give the hashes of values whose files are no longer those that were written; reads all of them."""
        bad = []
        for folder in self._values():
            digest = f"sha256:{folder.parent.name}{folder.name}"
            try:
                about = json.loads((folder / "about.json").read_text("utf-8"))
                kind = kind_named(about["kind"])
                whole = self._about(digest) is not None
                value = kind.load(folder / "content") if kind.digest is not None else None
                if not whole or _hash_in(kind, value, folder / "content", about) != digest:
                    bad.append(digest)
            except (OSError, ValueError, KeyError, TypeError, DamagedFile):
                bad.append(digest)
        return bad

    def _values(self) -> Iterator[Path]:
        for folder in sorted(self.folder.glob("values/??/*")):
            if folder.is_dir():
                yield folder

    def _value(self, digest: str) -> Path:
        name = digest.removeprefix("sha256:")
        if len(name) != 64 or not set(name) <= set("0123456789abcdef"):
            raise DamagedFile(f"{digest[:80]!r} is no hash of a value")
        return self.folder / "values" / name[:2] / name[2:]

    def _result(self, key: str) -> Path:
        return self.folder / "results" / key[:2] / f"{key[2:]}.json"

    def _about(self, digest: str) -> dict[str, Any] | None:
        folder = self._value(digest)
        try:
            about = json.loads((folder / "about.json").read_text("utf-8"))
            if about["format"] != FORMAT or about["hash"] != digest:
                return None
            for name, size in about["files"].items():
                if (folder / "content" / name).stat().st_size != size:
                    return None
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None
        return about  # type: ignore[no-any-return]


def _hash_in(kind: Any, value: Any, content: Path, about: dict[str, Any]) -> str:
    import hashlib

    if kind.digest is not None:
        return hash_of(value)
    sha = hashlib.sha256(f"{kind.name}\0".encode())
    for name in sorted(about["files"]):
        sha.update(f"{name}\0{file_hash(content / name)}\0".encode())
    return f"sha256:{sha.hexdigest()}"


def _replace(target: Path, content: bytes) -> None:
    # Not `write_whole`: a result that a power cut takes is made again, and waiting for the disk a thousand
    # times is what a pipeline of small steps would do most.
    name = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=".new-")
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(name).replace(target)
    except OSError as error:
        if name is not None:
            Path(name).unlink(missing_ok=True)
        raise UnreadableFile(
            f"{target} cannot be written: {error.strerror or error}; free some space, what is done is kept"
        ) from None
