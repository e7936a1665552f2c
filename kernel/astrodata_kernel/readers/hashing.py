"""SHA-256 of a file, computed in the background."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable
from pathlib import Path

from ..errors import AstrodataError, Cancelled, DataCheckFailed, UnreadableFile
from .filebytes import Bytes

_CHUNK = 4 << 20
_ENDS = 64 << 10
_SAMPLES = 16
_SAMPLE = 4 << 10


class FileDigest:
    """The SHA-256 of a file as it was when it was opened.

    A daemon thread begins it when `result` or `start` is first called. hashlib lets other threads run
    meanwhile.

    Parameters
    ----------
    path
        The file.
    status
        Its `os.stat` when it was opened: other bytes must not get this data set's hash.
    """

    def __init__(self, path: Path, status: os.stat_result) -> None:
        self._path, self._status = path, status
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._cancel = threading.Event()
        self._done = 0
        self._moved = threading.Condition()
        self._outcome: str | Exception | None = None
        self._mark: str | None = None

    @property
    def progress(self) -> float:
        """Share of the bytes hashed so far, 0 to 1."""
        if isinstance(self._outcome, str):
            return 1.0
        return self._done / max(1, self._status.st_size)

    def mark(self) -> str | None:
        """Give what tells the file from others without reading all of it, None where that takes too long.

        A hash of its size, its time to the nanosecond, its ends and some pieces between them: the same for
        a file that was moved, or copied with its time. The time is in it because a pixel that somebody
        mends in place changes nothing else of these.
        """
        if self._mark is None:
            try:
                self._mark = self._marked()
            except OSError:  # gone, or a folder
                return None
        return self._mark

    def _marked(self) -> str | None:
        was = self._status
        sha = hashlib.sha256(f"{was.st_size} {was.st_mtime_ns}".encode())
        between = max(0, was.st_size - 2 * _ENDS)
        starts = [_ENDS + between * number // _SAMPLES for number in range(_SAMPLES)]
        places = [(0, _ENDS), *((start, _SAMPLE) for start in starts)]
        places.append((max(0, was.st_size - _ENDS), _ENDS))
        with self._path.open("rb", buffering=0) as file:
            now = os.fstat(file.fileno())
            if (now.st_size, now.st_mtime_ns) != (was.st_size, was.st_mtime_ns):
                return None  # another one than was opened
            for start, count in places:
                sha.update(os.pread(file.fileno(), count, start))
        return sha.hexdigest()

    def start(self) -> None:
        """Begin in the background, unless it is under way or done."""
        with self._lock:
            if self._thread is None:
                self._cancel.clear()
                self._outcome, self._done = None, 0
                self._thread = threading.Thread(
                    target=self._run, name="astrodata-hash", daemon=True
                )
                self._thread.start()

    def cancel(self) -> None:
        """Stop; a later `result` begins anew."""
        self._cancel.set()

    def result(self, progress: Callable[[float], None] | None = None) -> str:
        """Give the hash in hexadecimal; `progress` is told the share done while it waits.

        Raises
        ------
        DataCheckFailed
            The file changed since it was opened.
        UnreadableFile
            It can no longer be read.
        Cancelled
            `cancel` was called meanwhile.
        """
        self.start()
        while True:
            with self._moved:
                outcome = self._outcome
                if outcome is None:
                    self._moved.wait(0.2)
                    outcome = self._outcome
            if progress is not None:
                progress(self.progress)
            if outcome is not None:
                break
        if isinstance(outcome, Exception):
            with self._lock:
                self._thread = None
            raise outcome
        return outcome

    def _run(self) -> None:
        try:
            outcome: str | Exception = self._hash()
        except OSError as error:
            outcome = UnreadableFile(
                f"{self._path.name}: its bytes can no longer be read ({error.strerror}); check the path "
                "and open it again"
            )
        except AstrodataError as error:
            outcome = error
        with self._moved:
            self._outcome = outcome
            self._moved.notify_all()

    def _hash(self) -> str:
        sha = hashlib.sha256()
        buffer = memoryview(bytearray(_CHUNK))
        with self._path.open("rb", buffering=0) as file:
            while count := file.readinto(buffer):
                if self._cancel.is_set():
                    raise Cancelled(f"{self._path.name}: hashing was cancelled")
                sha.update(buffer[:count])
                self._done += count
            now = os.fstat(file.fileno())
        was = self._status
        if (now.st_size, now.st_mtime_ns) != (was.st_size, was.st_mtime_ns):
            raise DataCheckFailed(
                f"{self._path.name} changed since it was opened ({was.st_size:,} bytes then, "
                f"{now.st_size:,} now): open it again"
            )
        return sha.hexdigest()


class RemoteDigest(FileDigest):
    """The SHA-256 of a file that lies elsewhere: all of it comes through the network, when it is asked for.

    Parameters
    ----------
    file
        Its bytes.
    """

    def __init__(self, file: Bytes) -> None:
        self._file = file
        size = os.stat_result((0, 0, 0, 0, 0, 0, file.size, 0, 0, 0))
        super().__init__(Path(file.name), size)

    def _marked(self) -> str | None:
        return None  # each piece is a way through the network

    def _hash(self) -> str:
        sha = hashlib.sha256()
        while self._done < self._file.size:
            if self._cancel.is_set():
                raise Cancelled(f"{self._file.name}: hashing was cancelled")
            chunk = self._file.read_exactly(self._done, min(_CHUNK, self._file.size - self._done))
            sha.update(chunk)
            self._done += len(chunk)
        return sha.hexdigest()
