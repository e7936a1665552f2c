"""Bytes on their way from a browser: beside the place where they go, hidden until all are there and right.

An upload is one run of bytes, whether it becomes a file or a folder: the files of a folder come one behind
the other, so that a thousand small ones take as few requests as a large one. What is sent says the hash of
all bytes up to its end (`BlockHash`); so a wrong byte is found in the request that brings it, and never kept.
"""

from __future__ import annotations

import bisect
import contextlib
import errno
import hashlib
import itertools
import json
import os
import re
import shutil
import stat
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from .block_hash import BlockHash
from .refusals import Refusal

Clash = Literal["ask", "replace", "keep-both"]

SCHEMA = 1
_HOME = re.compile(r"\.astrodata-([0-9a-f]{32})\.upload")
_FACTS, _DATA = "facts.json", "data"
_PIECE = 4 << 20
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK, errno.ENOSYS}
_FLAGS = os.O_WRONLY | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)


@dataclass(frozen=True)
class Facts:
    """What is told of an upload before it begins. The same ones go on with what is there already.

    Parameters
    ----------
    name
        Of the file or folder that it becomes.
    folder
        Whether it becomes a folder.
    files
        Path in the folder, and bytes, of each file in the order in which they come; one file without a
        folder has an empty path.
    modified
        When the newest of them was changed, in milliseconds since 1970.
    mark
        SHA-256 of the first bytes.
    """

    name: str
    folder: bool
    files: tuple[tuple[str, int], ...]
    modified: int
    mark: str

    @cached_property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(size for _, size in self.files)

    @cached_property
    def key(self) -> str:
        """What tells this upload from others into its folder."""
        return hashlib.sha256(self.text().encode()).hexdigest()[:32]

    def text(self) -> str:
        """Give the facts as they are kept beside the bytes."""
        return json.dumps({"schema": SCHEMA, **asdict(self)}, ensure_ascii=True)

    @classmethod
    def read(cls, path: Path) -> Facts:
        """Give the facts that a file keeps.

        Raises
        ------
        OSError, ValueError, KeyError, TypeError
            It holds none.
        """
        told: dict[str, Any] = json.loads(path.read_text("utf-8"))
        if told.pop("schema") != SCHEMA:
            raise ValueError("written by another version")
        files = tuple((str(name), int(size)) for name, size in told.pop("files"))
        return cls(files=files, **told)


class Staging:
    """What has come of one upload.

    Its methods touch the disk and may be called from several threads.

    Parameters
    ----------
    folder
        Where the file or folder goes.
    facts
        What it will be.
    """

    def __init__(self, folder: Path, facts: Facts) -> None:
        self.folder, self.facts = folder, facts
        self.home = home_of(folder, facts.key)
        self.have = 0
        """Bytes that are here and right, counted from the first."""
        self._hash: BlockHash | None = None
        self._gone = False
        self._lock = threading.Lock()
        self._made: set[Path] = set()
        # Where each file begins in the run of all bytes.
        self._starts = list(itertools.accumulate((size for _, size in facts.files), initial=0))

    def look(self) -> int:
        """Give how many bytes are here, without reading them."""
        with self._lock:
            return self.have if self._hash is not None else self._measured()

    def open(self, fresh: bool) -> tuple[int, str]:
        """Make the place, and give how many bytes are here and their hash by blocks.

        Parameters
        ----------
        fresh
            Forget what is here: it is not what the browser has.
        """
        with self._lock, _told_plainly(self.folder):
            if fresh:
                shutil.rmtree(self.home, ignore_errors=True)
                self._hash, self._made = None, set()
            self.home.mkdir(mode=0o700, exist_ok=True)
            # Also tells `sweep` that somebody goes on with this one.
            (self.home / _FACTS).write_text(self.facts.text(), "utf-8")
            if self._hash is None:
                self._hash, self.have = self._hashed(self._measured())
            return self.have, self._hash.of_blocks

    def append(self, offset: int, data: bytes, wanted: str) -> int:
        """Keep the next bytes, and give how many are here now.

        Parameters
        ----------
        offset
            Bytes before them.
        data
            They themselves.
        wanted
            The hash by blocks of all bytes up to their end.

        Raises
        ------
        Refusal
            ``check-failed`` for others than were sent; ``no-space`` where the disk or a quota is full.
        """
        with self._lock:
            here = self._begun()
            if offset != self.have or offset + len(data) > self.facts.size:
                raise _out_of_step(self.facts, self.have)
            hashed = here.copy()
            hashed.update(data)
            if hashed.of_blocks != wanted:
                raise Refusal(
                    "check-failed",
                    f"{self.facts.name}: {len(data):,} bytes from {offset:,} on are not those that were "
                    "sent; send them again.",
                )
            with _told_plainly(self.folder):
                self._write(offset, memoryview(data))
            self._hash, self.have = hashed, offset + len(data)
            return self.have

    def finish(self, wanted: str, clash: Clash) -> tuple[Path, str]:
        """Give the bytes their name, and return the path and their SHA-256.

        Parameters
        ----------
        wanted
            The hash by blocks of all of them.
        clash
            What to do where the name is taken: refuse, write over a file, or take the next free one.

        Raises
        ------
        Refusal
            ``out-of-step`` before all bytes are here, ``check-failed`` for others than were sent,
            ``name-taken``.
        """
        with self._lock:
            here = self._begun()
            if self.have != self.facts.size:
                raise _out_of_step(self.facts, self.have)
            if here.of_blocks != wanted:
                raise Refusal(
                    "check-failed",
                    f"{self.facts.name} is not what was sent: its hash is {here.of_blocks[:12]}… "
                    f"where {wanted[:12]}… was expected; upload it again.",
                )
            with _told_plainly(self.folder):
                self._complete()
                target = self._put(clash)
            self._gone = True
            shutil.rmtree(self.home, ignore_errors=True)
            return target, here.sha256

    def discard(self) -> None:
        """Forget the upload and its bytes."""
        with self._lock:
            self._gone = True
            shutil.rmtree(self.home, ignore_errors=True)

    def _begun(self) -> BlockHash:
        if self._gone or self._hash is None:
            raise Refusal("out-of-step", f"{self.facts.name}: this upload has ended; begin again.")
        return self._hash

    def _place(self, number: int) -> Path:
        name = self.facts.files[number][0]
        return self.home / _DATA / name if name else self.home / _DATA

    def _measured(self) -> int:
        have = 0
        for number, (_, size) in enumerate(self.facts.files):
            try:
                status = self._place(number).lstat()
            except OSError:
                if size:
                    break
                continue
            if not stat.S_ISREG(status.st_mode) or status.st_size > size:
                break
            have += status.st_size
            if status.st_size < size:
                break
        return have

    def _hashed(self, count: int) -> tuple[BlockHash, int]:
        """Give the hash of the first `count` bytes, or of as many as can be read."""
        hashed, read = BlockHash(), 0
        for number, start, length in self._spans(0, count):
            with self._place(number).open("rb", buffering=0) as file:
                file.seek(start)
                while length and (piece := file.read(min(_PIECE, length))):
                    hashed.update(piece)
                    read, length = read + len(piece), length - len(piece)
            if length:
                break
        return hashed, read

    def _spans(self, offset: int, count: int) -> Iterator[tuple[int, int, int]]:
        """Give number, place in it and length, for each file that holds some of these bytes."""
        # The last of those that begin here: the ones before it are empty.
        number = bisect.bisect_right(self._starts, offset) - 1
        while count > 0:
            start = offset - self._starts[number]
            length = min(count, self.facts.files[number][1] - start)
            if length:
                yield number, start, length
            offset, count, number = offset + length, count - length, number + 1

    def _write(self, offset: int, data: memoryview) -> None:
        for number, start, length in self._spans(offset, len(data)):
            path = self._place(number)
            self._make_folder(path.parent)
            # Closed after each piece: a network home tells only then that it has them, or is full.
            descriptor = os.open(path, _FLAGS, 0o666)
            try:
                os.lseek(descriptor, start, os.SEEK_SET)
                _write_all(descriptor, data[:length])
                os.ftruncate(descriptor, start + length)
            except OSError:
                with contextlib.suppress(OSError):
                    os.ftruncate(descriptor, start)
                raise
            finally:
                os.close(descriptor)
            data = data[length:]

    def _make_folder(self, path: Path) -> None:
        if path not in self._made:
            path.mkdir(parents=True, exist_ok=True)
            self._made.add(path)

    def _complete(self) -> None:
        """Make what has no bytes, and look once more at the sizes of all."""
        if self.facts.folder:
            self._make_folder(self.home / _DATA)
        for number, (name, size) in enumerate(self.facts.files):
            path = self._place(number)
            if size == 0:
                self._make_folder(path.parent)
                os.close(os.open(path, _FLAGS, 0o666))
            if path.lstat().st_size != size:
                raise Refusal(
                    "check-failed",
                    f"{name or self.facts.name} was changed while it was uploaded; upload it again.",
                )
        if not self.facts.folder:
            # One by one the thousands of files of a folder would take minutes over a network.
            with (self.home / _DATA).open("rb+") as file:
                os.fsync(file.fileno())

    def _put(self, clash: Clash) -> Path:
        data, name = self.home / _DATA, self.facts.name
        if clash == "replace" and not self.facts.folder and _may_be_replaced(self.folder / name):
            data.replace(self.folder / name)
            return self.folder / name
        take = _take_folder if self.facts.folder else _take_file
        for number in itertools.count(1):
            target = self.folder / (name if number == 1 else _numbered(name, number))
            if take(data, target):
                return target
            if clash != "keep-both":
                raise Refusal("name-taken", f"{name} is there already: choose what to do with it.")
        raise AssertionError("unreachable")


def home_of(folder: Path, key: str) -> Path:
    """Give the hidden folder of an upload; none of a path's characters can be in a key."""
    return folder / f".astrodata-{key}.upload"


def leftovers(folder: Path) -> Iterator[tuple[Staging, float]]:
    """Give what was begun in a folder and never ended, and when each was last written to."""
    try:
        with os.scandir(folder) as entries:
            found = [one for one in entries if _HOME.fullmatch(one.name)]
    except OSError:
        return
    for entry in found:
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            if not entry.is_dir(follow_symlinks=False):
                continue
            staging = Staging(folder, Facts.read(Path(entry.path) / _FACTS))
            if staging.home.name == entry.name:
                yield staging, _last_written(staging.home)


def sweep(folder: Path, seconds: float, used: set[Path]) -> None:
    """Remove what was begun in a folder longer than `seconds` ago, but for those that are in use."""
    for staging, written in leftovers(folder):
        if staging.home not in used and time.time() - written > seconds:
            staging.discard()


def what_is_at(path: Path) -> str | None:
    """Give ``"file"``, ``"folder"`` or ``"other"`` for what has a name, None where it is free."""
    try:
        mode = path.lstat().st_mode
    except OSError:
        return None
    return "file" if stat.S_ISREG(mode) else "folder" if stat.S_ISDIR(mode) else "other"


def _last_written(home: Path) -> float:
    times = [(home / _FACTS).stat().st_mtime]
    with contextlib.suppress(OSError):
        times.append((home / _DATA).lstat().st_mtime)
    return max(times)


def _may_be_replaced(path: Path) -> bool:
    return what_is_at(path) in (None, "file")


def _take_file(data: Path, target: Path) -> bool:
    """Give a file its name; False if another one has it."""
    try:
        os.link(data, target)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        # Bucket mounts know no hard links: an empty file of our own keeps the name until ours is over it.
        try:
            os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))
        except FileExistsError:
            return False
        data.replace(target)
    return True


def _take_folder(data: Path, target: Path) -> bool:
    """Give a folder its name; False if another one has it."""
    try:
        target.mkdir()
    except FileExistsError:
        return False
    try:
        if sys.platform == "win32":
            target.rmdir()
        # Over our own empty one, in one step; one that somebody has put something into stays.
        data.rename(target)
    except OSError:
        with contextlib.suppress(OSError):
            target.rmdir()
        raise
    return True


def _numbered(name: str, number: int) -> str:
    found = re.fullmatch(r"(.+?)((?:\.[^.]+?)(?:\.(?:gz|fz|bz2|xz))?)?", name, re.DOTALL)
    stem, ending = (found[1], found[2] or "") if found else (name, "")
    return f"{stem}-{number}{ending}"


def _write_all(descriptor: int, data: memoryview) -> None:
    while data:
        data = data[os.write(descriptor, data) :]


def _out_of_step(facts: Facts, have: int) -> Refusal:
    return Refusal(
        "out-of-step",
        f"{have:,} of {facts.size:,} bytes of {facts.name} are here: go on from there.",
    )


@contextlib.contextmanager
def _told_plainly(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise Refusal(
                "no-space",
                "The disk of the server or your quota is full: remove something, then try again.",
            ) from error
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            raise Refusal(
                "forbidden",
                f"Nothing may be written to {folder}: choose another folder for uploads.",
            ) from error
        raise Refusal(
            "unreadable",
            f"The server could not write to {folder} ({error.strerror or error}): try again, or "
            "choose another folder for uploads.",
        ) from error
