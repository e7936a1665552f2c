"""Logs of a folder, read as far as they are whole: again and again, only what is new."""

from __future__ import annotations

import contextlib
import gc
import hashlib
import os
import stat
from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

from ..errors import UnreadableFile
from .lines import (
    LONGEST,
    Event,
    NoEvent,
    events_of_record,
    is_plain,
    is_whole,
    plain_puts,
    record_of,
    records_of,
)

ENDING = ".jsonl"
_BLOCK = 1 << 24
_BATCH = 5_000
_TAIL = 64
_TOLD = 20
_MISSING = 10_000
ORDER = itemgetter(0, 1, 2, 3)
"""Key that sorts events."""


class LogFile:
    """One log, of one writer.

    Parameters
    ----------
    path
        Of the file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        # As the name says it; the first line says it better.
        who, _, writer = path.stem.rpartition("-")
        self.head: dict[str, Any] = {
            "writer": writer or path.stem,
            "who": who.split("-")[0] or "unknown",
            "dataset": None,
            "model": None,
            "host": None,
            "pid": None,
        }
        self.offset = self.line = self.clock = 0
        self.inode = 0
        self.tail = b""
        self.torn = 0
        """Bytes behind the last whole line."""
        self.told: list[str] = []
        self.digest = hashlib.sha256()
        """Of all whole lines so far."""

    def tell(self, line: int, text: str) -> None:
        """Keep a warning; a file that is spoilt from end to end does not fill the screen."""
        if len(self.told) < _TOLD:
            self.told.append(f"{self.path}, line {line}: {text}")
        elif len(self.told) == _TOLD:
            self.told.append(f"{self.path}: more lines are spoilt; only the first {_TOLD} are told")

    def changed(self) -> str | None:
        """Tell why what was read is no longer what stands in the file, or None."""
        try:
            status = self.path.stat()
        except OSError:
            return "is gone or cannot be read: its labels do not count until it is back"
        if status.st_ino != self.inode or status.st_size < self.offset:
            return "was replaced or cut: it was read anew"
        if self.tail:
            with contextlib.suppress(OSError), self.path.open("rb") as file:
                file.seek(self.offset - len(self.tail))
                if file.read(len(self.tail)) != self.tail:
                    return "was edited: it was read anew"
        return None

    def new_lines(self) -> Iterator[list[tuple[int, bytes]]]:
        """Give the whole lines that are new, with their numbers, in batches.

        Raises
        ------
        OSError
            The file cannot be read.
        """
        # Not a file to wait for: a pipe of this name would hold us for ever.
        handle = os.open(self.path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        with os.fdopen(handle, "rb") as file:
            status = os.fstat(handle)
            if not stat.S_ISREG(status.st_mode):
                raise OSError("it is no file")
            self.inode = status.st_ino
            file.seek(self.offset)
            rest = b""
            while block := file.read(_BLOCK):
                block = rest + block
                end = block.rfind(b"\n") + 1
                rest = block[end:]
                if len(rest) > LONGEST:
                    self.tell(self.line + 1, "it has no end: this and what follows is left out")
                    break
                if end:
                    yield self._take(block[:end])
            self.torn = len(rest)

    def _take(self, block: bytes) -> list[tuple[int, bytes]]:
        first = self.line + 1
        lines = block[:-1].split(b"\n")
        self.line += len(lines)
        self.advance(block)
        return [(first + i, line.rstrip(b"\r")) for i, line in enumerate(lines)]

    def advance(self, written: bytes) -> None:
        """Count bytes as read."""
        self.offset += len(written)
        self.tail = (self.tail + written[-_TAIL:])[-_TAIL:]
        self.digest.update(written)

    def being_written(self) -> bool:
        """Whether the writer lives on this machine: what is half there may be under way."""
        if self.head["host"] != os.uname().nodename or not isinstance(self.head["pid"], int):
            return False
        try:
            os.kill(self.head["pid"], 0)
        except (ProcessLookupError, OverflowError):
            return False
        except PermissionError:
            return True
        return True


class LogFolder:
    """All logs of a folder.

    Parameters
    ----------
    folder
        Where they are.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files: dict[str, LogFile] = {}
        self._said: list[str] = []
        self._highest: dict[str, int] = {}
        self._missing: dict[str, set[int]] = {}
        self._copies: set[str] = set()
        self._same: dict[str | None, str | None] = {}

    def read(self) -> tuple[list[Event], bool]:
        """Give the events that are new, in order, and whether all must be read anew: then they are all.

        Raises
        ------
        UnreadableFile
            The folder cannot be listed.
        """
        for name, file in self.files.items():
            why = file.changed()
            if why is not None:
                said = [*self._said, f"{self.folder / name} {why}"]
                LogFolder.__init__(self, self.folder)
                self._said = list(dict.fromkeys(said))
                return self._new(), True
        return self._new(), False

    def _new(self) -> list[Event]:
        # A million small objects that stay make the collector search them again and again.
        collecting = gc.isenabled()
        gc.disable()
        try:
            found: list[Event] = []
            several = 0
            for name in self._names():
                file = self.files.setdefault(name, LogFile(self.folder / name))
                new = self._events(file)
                found += new
                several += bool(new)
            if several > 1:
                found.sort(key=ORDER)
            return found
        finally:
            if collecting:
                gc.enable()

    def _names(self) -> list[str]:
        try:
            with os.scandir(self.folder) as entries:
                return sorted(
                    entry.name
                    for entry in entries
                    if entry.name.endswith(ENDING) and not entry.name.startswith(".")
                )
        except OSError as error:
            raise UnreadableFile(
                f"{self.folder} cannot be listed: {error.strerror or error}. Look whether it is there, "
                "and permitted"
            ) from None

    def _events(self, file: LogFile) -> list[Event]:
        found: list[Event] = []
        try:
            for lines in file.new_lines():
                for start in range(0, len(lines), _BATCH):
                    self._batch(file, lines[start : start + _BATCH], found)
        except OSError as error:
            text = f"{file.path} cannot be read: {error.strerror or error}. Its labels do not count"
            if text not in self._said:
                self._said.append(text)
        return found

    def _batch(self, file: LogFile, lines: list[tuple[int, bytes]], found: list[Event]) -> None:
        whole = [is_whole(line) for _, line in lines]
        records: list[Any] = []
        if all(whole):
            with contextlib.suppress(ValueError, RecursionError):
                records = records_of([line for _, line in lines])
        at = 0
        for plain, run in groupby(map(is_plain, records)):
            end = at + len(list(run))
            new = self._plain(file, records[at:end]) if plain else None
            if new is None:
                self._one_by_one(file, lines[at:end], whole[at:end], records[at:end], found)
            else:
                found += new
            at = end
        self._one_by_one(file, lines[at:], whole[at:], records[at:], found)

    def _plain(self, file: LogFile, records: list[dict[str, Any]]) -> list[Event] | None:
        writer = file.head["writer"]
        first = self._highest.get(writer, 0) + 1
        new = plain_puts(records, file.head, file.clock, first, self._same)
        if new:
            self._highest[writer], file.clock = new[-1].number, new[-1].clock
        return new

    def _one_by_one(
        self,
        file: LogFile,
        lines: list[tuple[int, bytes]],
        whole: list[bool],
        records: list[Any],
        found: list[Event],
    ) -> None:
        for at, (number, line) in enumerate(lines):
            try:
                record = records[at] if records else record_of(line)
                self._record(file, number, record, whole[at], found)
            except NoEvent as error:
                file.tell(number, f"it tells no event and is left out: {error}")

    def _record(
        self, file: LogFile, line: int, record: Any, whole: bool, found: list[Event]
    ) -> None:
        if not isinstance(record, dict):
            raise NoEvent("it is no record")
        if not whole:
            file.tell(line, "it was edited after it was written; it counts as it stands now")
        if record.get("do") == "open":
            _take_head(file, record)
            return
        number = record.get("n")
        if type(number) is not int:
            raise NoEvent("it has no number")
        writer = file.head["writer"]
        highest = self._highest.get(writer, 0)
        if number != highest + 1 and not self._out_of_line(file, line, number, highest):
            return
        self._highest[writer] = max(highest, number)
        new = events_of_record(record, file.head, file.clock, not whole)
        if new:
            file.clock = new[-1].clock
            found += new

    def _out_of_line(self, file: LogFile, line: int, number: int, highest: int) -> bool:
        """Tell of a number that does not follow the one before; gives whether the line counts."""
        writer = file.head["writer"]
        missing = self._missing.setdefault(writer, set())
        if number > highest:
            fewer = number - highest - 1
            missing.update(range(highest + 1, number) if fewer <= _MISSING else ())
            file.tell(line, f"{fewer:,} event{'s' * (fewer > 1)} before it are missing")
            return True
        if number in missing:
            missing.discard(number)
            return True
        if file.path.name not in self._copies:
            self._copies.add(file.path.name)
            file.tell(line, "it was read already: this file, or a part of it, is a copy")
        return False

    @property
    def digest(self) -> str:
        """SHA-256 over the whole lines of all logs."""
        each = sorted(file.digest.hexdigest() for file in self.files.values() if file.offset)
        return hashlib.sha256("".join(each).encode()).hexdigest()

    @property
    def warnings(self) -> list[str]:
        """What is wrong with the logs, in sentences."""
        told = list(self._said)
        for file in self.files.values():
            told += file.told
            if file.torn and not file.being_written():
                told.append(
                    f"{file.path}, line {file.line + 1}: it was cut while it was written and is left out"
                )
        return told

    def forget_missing(self, path: Path) -> None:
        """Forget a file that its own writer took away, before anything was in it."""
        if not path.exists():
            self.files.pop(path.name, None)

    def wrote(self, path: Path, written: bytes, event: Event) -> None:
        """Count a line that this process wrote itself as read."""
        file = self.files[path.name]
        file.line += 1
        file.advance(written)
        file.clock = event.clock
        self._highest[event.writer] = event.number


def _take_head(file: LogFile, record: dict[str, Any]) -> None:
    for name in ("writer", "who", "model", "host"):
        if isinstance(record.get(name), str) and record[name]:
            file.head[name] = record[name]
    if type(record.get("pid")) is int:
        file.head["pid"] = record["pid"]
    dataset = record.get("dataset")
    if isinstance(dataset, dict):
        named = dataset.get("digest") or dataset.get("name")
        file.head["dataset"] = named if isinstance(named, str) else None
