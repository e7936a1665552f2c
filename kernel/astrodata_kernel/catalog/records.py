"""Record files that several processes write at once, over network file systems too.

A record is written under a temporary name and linked to its own: linking fails if the name exists, in one
step, on NFS as well. No lock file can be left behind and no database is needed.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import re
import tempfile
import time
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ..writing import permit

REMOVED = "removed"
"""Folder in that of the records, for those that were taken out."""

KEPT = 100
"""Removed records that can be brought back."""

_TICK = 2.0
"""Seconds: the coarsest clock of a file system."""

_Stamp = tuple[int, int, int]
_read: dict[Path, dict[str, tuple[_Stamp, dict[str, Any]]]] = {}
_NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK, errno.ENOSYS}
_warned: set[tuple[str, float]] = set()


def file_of(folder: Path, name: str) -> Path:
    """Give the file of the record of a name: readable, and different for each name."""
    slug = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.")[:60] or "dataset"
    return folder / f"{slug}-{hashlib.sha256(name.encode()).hexdigest()[:8]}.json"


def create(folder: Path, name: str, record: Mapping[str, Any]) -> bool:
    """Write a new record; False if the name has one already."""
    folder.mkdir(parents=True, exist_ok=True)
    target = file_of(folder, name)
    with _temporary(folder, record) as written:
        try:
            os.link(written, target)
        except FileExistsError:
            return False
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            return _create_without_links(target, written)
    return True


def _create_without_links(target: Path, written: Path) -> bool:
    # Bucket mounts know no hard links. Creating exclusively is one step too; a reader that comes between
    # it and the text finds an empty record, which it leaves for the next look.
    try:
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    except FileExistsError:
        return False
    with os.fdopen(descriptor, "wb") as file:
        file.write(written.read_bytes())
    return True


def replace(folder: Path, name: str, record: Mapping[str, Any]) -> None:
    """Write a record in place of the one that a name has."""
    with _temporary(folder, record) as written:
        written.replace(file_of(folder, name))


def put_away(folder: Path, name: str) -> bool:
    """Take the record of a name out of sight, where `bring_back` finds it; False if there is none."""
    source, away = file_of(folder, name), folder / REMOVED
    if not source.exists():
        return False
    away.mkdir(exist_ok=True)
    try:
        source.replace(away / source.name)
    except FileNotFoundError:
        return False
    with contextlib.suppress(OSError):  # somebody else may tidy up too
        os.utime(away / source.name)
        old = sorted(away.glob("*.json"), key=lambda path: path.stat().st_mtime)[:-KEPT]
        for path in old:
            path.unlink(missing_ok=True)
    return True


def bring_back(folder: Path, name: str) -> dict[str, Any] | None:
    """Put a removed record back; None if there is none.

    Raises
    ------
    FileExistsError
        The name has been given to another one.
    """
    put = file_of(folder / REMOVED, name)
    record = read(put)
    if record is None:
        return None
    if not create(folder, name, record):
        raise FileExistsError(name)
    put.unlink(missing_ok=True)
    return record


def read_all(folder: Path) -> Iterator[dict[str, Any]]:
    """Give each record; one that cannot be read is left alone, and said once.

    Records that were read before are read again only when their files have changed: thousands of small
    files take long over a network.
    """
    known = _read.get(folder, {})
    fresh: dict[str, tuple[_Stamp, dict[str, Any]]] = {}
    try:
        with os.scandir(folder) as entries:
            names = sorted(entry.name for entry in entries if entry.name.endswith(".json"))
    except OSError:
        return
    for name in names:
        path = folder / name
        stamp = _stamp(path)
        before = known.get(name)
        record = before[1] if before is not None and before[0] == stamp else read(path)
        if record is None:
            continue
        # One that was written a moment ago may be written again within one tick of the file system's clock.
        if stamp is not None and time.time() - stamp[0] / 1e9 > _TICK:
            fresh[name] = (stamp, record)
        yield record
    _read[folder] = fresh


def _stamp(path: Path) -> _Stamp | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


def read(path: Path) -> dict[str, Any] | None:
    """Give one record, or None if it is gone or damaged."""
    try:
        text = path.read_text("utf-8")
        record = json.loads(text) if text else None
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        say_damaged(path, error)
        return None
    return record if isinstance(record, dict) else None


def say_damaged(path: Path, error: Exception, remedy: str = "mend or remove it") -> None:
    """Warn once of a record file that makes no sense here, and say what to do about it."""
    with contextlib.suppress(OSError):
        key = (str(path), path.stat().st_mtime)
        if key not in _warned:
            _warned.add(key)
            warnings.warn(
                f"{path} is no record of a data set that can be read here, and is left out: {error}; "
                f"{remedy}",
                stacklevel=4,
            )


def tell_again() -> None:
    """Let damaged records be told once more: somebody else is listening now."""
    _warned.clear()


@contextlib.contextmanager
def _temporary(folder: Path, record: Mapping[str, Any]) -> Iterator[Path]:
    descriptor, name = tempfile.mkstemp(dir=folder, prefix=".new-", suffix=".tmp")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(record, file, indent=1, ensure_ascii=False)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
        permit(Path(name))
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)
