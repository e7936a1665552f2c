"""Files of records, read as far as they are whole: again and again, only what is new."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

from ..environment import upgrade
from ..errors import AstrodataError
from .plain import as_json
from .records import NewerFormat, NoRecord, step_of
from .writers import ENDING, FORMAT, LONGEST

OURS = as_json({"format": FORMAT, "id": ""})[:-2]
"""How a line of a writer of this package begins."""

MOST_BYTES = 1 << 31
"""Of all files together; beyond that the memory of a kernel is not for them."""

MOST_WARNINGS = 20
_BLOCK = 1 << 24


class RecordFiles:
    """All records of a folder, as lines, each as a writer of this package writes it.

    Lines that begin and end as ours do are taken as they are, and read when they are asked for: ten thousand
    runs are read within a second so. All others are looked at here and now: what tells a step is written
    anew, what does not is left out with a warning.

    Parameters
    ----------
    folder
        Where the files are; it need not be there.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.warnings: list[str] = []
        self._begin()

    def _begin(self) -> None:
        self._read: dict[str, tuple[int, int]] = {}  # name to inode and offset
        self._ids: set[bytes] = set()
        self._given_up: set[str] = set()
        self._bytes = 0

    def read(self) -> tuple[list[bytes], bool]:
        """Give the lines that are new, and whether a file changed so that all is read anew."""
        there = self._files()
        for name, (inode, offset) in self._read.items():
            status = there.get(name)
            if status is None or status[0] != inode or status[1] < offset:
                said = "is gone" if status is None else "was replaced or cut"
                self.tell(f"{self.folder / name} {said}: all records were read anew")
                self._begin()
                return self._new(there), True
        return self._new(there), False

    def tell(self, text: str) -> None:
        """Keep a warning, once; folders that are spoilt from end to end do not fill the screen."""
        if text in self.warnings or len(self.warnings) > MOST_WARNINGS:
            return
        if len(self.warnings) == MOST_WARNINGS:
            text = f"more of {self.folder} is spoilt; only the first {MOST_WARNINGS} are told"
        self.warnings.append(text)

    def _files(self) -> dict[str, tuple[int, int]]:
        found = {}
        try:
            with os.scandir(self.folder) as entries:
                for entry in entries:
                    if entry.name.endswith(ENDING) and not entry.name.startswith("."):
                        status = entry.stat(follow_symlinks=False)
                        if stat.S_ISREG(status.st_mode):
                            found[entry.name] = (status.st_ino, status.st_size)
        except FileNotFoundError:
            pass  # no run yet
        except OSError as error:
            self.tell(f"{self.folder} cannot be listed: {error.strerror or error}")
        return found

    def _new(self, there: dict[str, tuple[int, int]]) -> list[bytes]:
        found: list[bytes] = []
        for name in sorted(there):
            inode, size = there[name]
            offset = self._read.get(name, (inode, 0))[1]
            if name in self._given_up:
                continue
            if size > offset:
                try:
                    taken = self._lines(name, offset, size - offset, found)
                    self._read[name] = (inode, offset + taken)
                except OSError as error:
                    self.tell(f"{self.folder / name} cannot be read: {error.strerror or error}")
            elif name not in self._read:
                self._read[name] = (inode, 0)
        return found

    def _lines(self, name: str, offset: int, size: int, found: list[bytes]) -> int:
        """Take the whole lines of the bytes behind an offset, and give how many bytes they have."""
        # Not a file to wait for, nor one elsewhere.
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0)
        with os.fdopen(os.open(self.folder / name, flags), "rb", buffering=0) as file:
            file.seek(offset)
            taken, rest = 0, b""
            while block := file.read(min(_BLOCK, size)):
                size -= len(block)
                block = rest + block
                end = block.rfind(b"\n") + 1
                self._take(name, block[:end], found)
                taken, rest = taken + end, block[end:]
                if len(rest) > LONGEST or self._bytes > MOST_BYTES:
                    self.tell(f"{self.folder / name} is too long: what follows is left out")
                    self._given_up.add(name)
                    break
        return taken

    def _take(self, name: str, block: bytes, found: list[bytes]) -> None:
        self._bytes += len(block)
        start = len(OURS)
        for line in block.split(b"\n"):
            if not line:
                continue
            if not line.startswith(OURS) or not line.endswith(b"}"):
                anew = self._anew(name, line)
                if anew is None:
                    continue
                line = anew
            ident = line[start : line.find(b'"', start)]
            if ident in self._ids:
                self.tell(f"{self.folder / name}: what was read already is left out; it is a copy")
                continue
            self._ids.add(ident)
            found.append(line)

    def _anew(self, name: str, line: bytes) -> bytes | None:
        """Give a line as our writer would have written it, or None for one that tells no step."""
        try:
            record = json.loads(line, parse_constant=str)
            step_of(record)
            return as_json({"format": FORMAT, "id": record["id"], **record})
        except NewerFormat as error:
            self.tell(f"{self.folder / name}: records are left out: {error}; {upgrade()}")
        except (ValueError, RecursionError, AstrodataError) as error:
            why = str(error) if isinstance(error, NoRecord) else "it is no JSON"
            self.tell(f"{self.folder / name}: damaged records are left out: {why}")
        return None
