"""The one who writes a log: one line at a time, on the disk before the answer."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import TooLarge, UnreadableFile
from .lines import LONGEST, line_of, now
from .log_files import ENDING

FORMAT = 1


class Writer:
    """Appends lines to a file that nobody else writes.

    The file is made at the first line, with ``O_EXCL``: two writers never share one. A line that does not
    get whole onto the disk is taken back where the disk lets us; either way the file is given up, so that
    nothing is ever written behind half a line. The next line begins another file.

    Parameters
    ----------
    folder
        Where the file is made.
    who
        The annotator.
    head
        What the first line says beside that: data set and model.
    """

    def __init__(self, folder: Path, who: str, head: Mapping[str, Any]) -> None:
        self._folder, self._who, self._head = folder, who, dict(head)
        self._handle: int | None = None
        self._process = 0
        self.path: Path | None = None
        self.name = ""
        """Short name of the file's writer, in the reference of its events."""
        self.head: dict[str, Any] = {}
        self.number = 0
        """Of the last line; a number is never given twice, whatever interrupts us."""

    def open(self, clock: int) -> Path:
        """Make the file if there is none, and give its path.

        Raises
        ------
        UnreadableFile
            It cannot be made.
        """
        if self._process != os.getpid():
            # A forked process has our descriptor; it must not write into our file.
            self.close()
        if self._handle is not None and not self._stands():
            # Removed, or replaced by an editor: what we wrote would be in no folder.
            self.close()
        if self._handle is not None and self.path is not None:
            return self.path
        self._process = os.getpid()
        self.name, self.number = secrets.token_hex(6), 0
        host = os.uname().nodename
        self.path = self._folder / f"{_slug(self._who)}-{_slug(host)}-{self._process}-{self.name}"
        self.path = self.path.with_name(self.path.name + ENDING)
        self.head = {
            "writer": self.name,
            "who": self._who,
            "host": host,
            "pid": self._process,
            **self._head,
        }
        first = {"n": 0, "clock": clock, "time": now(), "do": "open", "format": FORMAT}
        line = line_of({**first, **self.head})
        try:
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0)
            self._handle = os.open(self.path, flags, 0o666)
            self._write(line)
            _sync_folder(self._folder)
        except OSError as error:
            self._give_up(0)
            raise self._refused(error) from None
        return self.path

    def append(self, record: Mapping[str, Any]) -> bytes:
        """Write one line and wait until it is on the disk; the file is open.

        Raises
        ------
        UnreadableFile
            It is not there; nothing that was there before is lost.
        TooLarge
            The line is longer than what is read again.
        """
        line = line_of({"n": self.number + 1, **record})
        if len(line) > LONGEST:
            raise TooLarge(
                f"one step with {len(line):,} bytes: {LONGEST:,} at most; label in several steps"
            )
        assert self._handle is not None  # noqa: S101 - `open` came before
        before = self.size
        self.number += 1
        try:
            self._write(line)
            os.fsync(self._handle)
        except OSError as error:
            self._give_up(before)
            raise self._refused(error) from None
        except BaseException:
            # An interrupt between the write and the disk: nobody was told that it is there.
            self._give_up(before)
            raise
        return line

    @property
    def size(self) -> int:
        """Bytes of the file; it is open."""
        assert self._handle is not None  # noqa: S101 - `open` came before
        return os.fstat(self._handle).st_size

    def close(self) -> None:
        """Let the file go."""
        handle, self._handle = self._handle, None
        if handle is not None:
            with contextlib.suppress(OSError):
                os.close(handle)

    def _stands(self) -> bool:
        try:
            return self.path is not None and os.path.samestat(
                self.path.stat(), os.fstat(self._handle or -1)
            )
        except OSError:
            return False

    def _write(self, line: bytes) -> None:
        assert self._handle is not None  # noqa: S101 - `open` came before
        written = os.write(self._handle, line)
        if written != len(line):
            # The rest would tell the reason, but in a second write: it is the disk, or a limit.
            os.write(self._handle, line[written:])
            raise OSError("it was written in two parts")

    def _give_up(self, size: int) -> None:
        if self._handle is not None and self._process == os.getpid():
            with contextlib.suppress(OSError):
                if self.number <= 1 and self.path is not None:
                    self.path.unlink()
                else:
                    os.ftruncate(self._handle, size)
        self.close()

    def _refused(self, error: OSError) -> UnreadableFile:
        return UnreadableFile(
            f"the label was not taken: {self._folder} cannot be written ({error.strerror or error}). Free "
            "some space or ask for the permission, then label again; earlier labels are safe"
        )


def _slug(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9._]+", "_", text).strip("._")[:40] or "x"


def _sync_folder(folder: Path) -> None:
    # The name of a new file is on the disk only when its folder is. Bucket mounts cannot.
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
