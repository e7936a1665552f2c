"""The one who writes records of steps: one line at a time, to a file that nobody else writes."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import threading
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from ..errors import TooLarge, UnreadableFile
from ..workspace import FOLDER, workspace
from .plain import as_json

FORMAT = 1
ROOM = "lineage"
ENDING = ".jsonl"
LONGEST = 1 << 24
"""Bytes of a record at most."""


def lineage_folder(root: str | os.PathLike[str] | None = None) -> Path:
    """Give the folder of the workspace that keeps the records of steps; it need not be there."""
    return workspace(root) / FOLDER / ROOM


class LineageWriter:
    r"""Appends records of steps to a file that nobody else writes.

    The file is made at the first record, with ``O_EXCL``: two writers never share one, and a process that was
    forked begins another. Each record is a whole line in one write. One that does not get whole onto the disk
    is taken back where the disk lets us; either way the file is given up, so that nothing is ever written
    behind half a line. Threads may share a writer.

    Parameters
    ----------
    folder
        Where the file is made, see `lineage_folder`; it is made as well.

    Examples
    --------
    >>> import tempfile
    >>> writer = LineageWriter(tempfile.mkdtemp())
    >>> number = writer.append({"run": "r", "step": "read", "inputs": {}, "outputs": {}})
    >>> writer.path.read_bytes().count(b"\n")
    1
    >>> writer.close()
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = Path(folder)
        self.path: Path | None = None
        self._handle: int | None = None
        self._process = os.getpid()
        self._lock = threading.Lock()

    def append(self, record: Mapping[str, Any]) -> str:
        """Write one record and give its id, which is made where the record has none.

        Raises
        ------
        UnreadableFile
            It cannot be written; nothing that was there before is lost.
        TooLarge
            It is longer than what is read again.
        """
        number = str(record.get("id") or uuid.uuid4().hex)
        # The format first: a reader tells by the beginning of a line what it need not look at.
        head = {"format": FORMAT, "id": number}
        line = as_json({**head, **record, **head}) + b"\n"
        if len(line) > LONGEST:
            raise TooLarge(
                f"the record of step {record.get('step')!r} has {len(line):,} bytes: {LONGEST:,} at most. "
                "Give long values as a file, whose path is the parameter"
            )
        if self._process != os.getpid():
            # A forked process has our descriptor, and a lock that another thread may have held.
            self._lock = threading.Lock()
        with self._lock:
            self._write(line)
        return number

    def flush(self) -> None:
        """Wait until all records are on the disk; the end of a run is the time for it."""
        with self._lock, contextlib.suppress(OSError):
            if self._handle is not None and self._process == os.getpid():
                os.fsync(self._handle)

    def close(self) -> None:
        """Let the file go; a record that follows begins another one."""
        self.flush()
        self._close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        if hasattr(self, "_handle"):
            self._close()

    def _close(self) -> None:
        handle, self._handle = self._handle, None
        if handle is not None:
            with contextlib.suppress(OSError):
                os.close(handle)

    def _write(self, line: bytes) -> None:
        before = 0
        try:
            handle = self._open()
            before = os.fstat(handle).st_size
            if os.write(handle, line) != len(line):
                raise OSError("the disk took a part of it only")
        except OSError as error:
            self._give_up(before)
            raise UnreadableFile(
                f"the lineage was not written: {self.folder} does not take it ({error.strerror or error}). "
                "Free some space or ask for the permission; earlier records are safe"
            ) from None
        except BaseException:
            # An interrupt within the write: nobody was told that the record is there.
            self._give_up(before)
            raise

    def _open(self) -> int:
        if self._process != os.getpid() or not self._stands():
            self._close()
        if self._handle is None:
            self._process = os.getpid()
            self.folder.mkdir(parents=True, exist_ok=True)
            host = re.sub(r"[^A-Za-z0-9._]+", "_", os.uname().nodename).strip("._")[:40] or "x"
            name = f"{host}-{self._process}-{secrets.token_hex(6)}{ENDING}"
            self.path = self.folder / name
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0)
            self._handle = os.open(self.path, flags, 0o666)
        return self._handle

    def _stands(self) -> bool:
        # Removed, or replaced by an editor: what we wrote would be in no folder.
        try:
            return self.path is not None and os.path.samestat(
                self.path.stat(), os.fstat(-1 if self._handle is None else self._handle)
            )
        except OSError:
            return False

    def _give_up(self, size: int) -> None:
        if self._handle is not None and self._process == os.getpid():
            with contextlib.suppress(OSError):
                os.ftruncate(self._handle, size)
                if size == 0 and self.path is not None:
                    self.path.unlink()
        self._close()
