"""The store behind a tracker: where it is, whether it can be used, and its errors in plain words."""

from __future__ import annotations

import errno
import logging
import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ..errors import (
    AstrodataError,
    BadRequest,
    DamagedFile,
    MissingPackage,
    ServiceFailed,
    UnknownName,
    UnreadableFile,
    UnsupportedFormat,
)
from ..workspace import FOLDER, workspace
from .sqlite_files import address_of

WAIT_S = 10.0
"""Seconds that a locked database is waited for before a person is told."""

MLFLOW_TAG = "astrodata.mlflow"
"""Tag of a run with the version of MLflow that kept it: what an older one can still read of a newer store."""

_SQLITE = "sqlite:///"
_ADVICE = "or name another store in MLFLOW_TRACKING_URI"


def own_address(root: str | os.PathLike[str] | None = None) -> str:
    """Give the address of the workspace's own store, an SQLite file."""
    return f"{_SQLITE}{workspace(root) / FOLDER / 'mlflow.db'}"


def shown(address: str) -> str:
    """Give an address as it may be shown: without a user's name and password."""
    without_keys = re.sub(r"(https?://[^\s?#]*)[?#]\S*", r"\1", address)
    return re.sub(r"(\w+://)[^\s/]*@", r"\1", without_keys)


def sqlite_path(address: str) -> Path | None:
    """Give the file of an SQLite address, or None where the store is something else."""
    path = address.removeprefix(_SQLITE)
    if path == address or path in ("", ":memory:"):
        return None
    return Path(path.split("?")[0])


def client_of(address: str, write: bool = True, wait: float | None = None) -> Any:
    """Give MLflow's client of a store that can be used; one to write to is made where there is none.

    Parameters
    ----------
    address
        MLflow's tracking URI.
    write
        Whether it will be written to.
    wait
        Seconds that a locked file is waited for; `WAIT_S` by default.

    Raises
    ------
    MissingPackage
        MLflow is not installed.
    ServiceFailed
        Another process holds the file locked, or a server does not answer.
    UnsupportedFormat
        Another version of MLflow wrote the store.
    UnreadableFile
        The folder does not take the file.
    DamagedFile
        The file is no SQLite database.
    UnknownName
        There is no such file, and nothing shall be written.
    """
    if not find_spec("mlflow"):
        raise MissingPackage(
            'keeping runs needs MLflow; run "pip install astrodata-lab[ml]" in this kernel\'s environment'
        )
    # What a shared hub's users do is not for others to count.
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    path = sqlite_path(address)
    if path is not None and not write and not path.exists():
        # Looking must not make the store that is looked for.
        raise UnknownName(f"nothing is kept in {path} yet: there is no such file")
    if path is not None:
        _look(path, write, WAIT_S if wait is None else wait)
    from mlflow.tracking import MlflowClient

    # How tables are made concerns nobody who trains.
    for name in ("mlflow.store.db.utils", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)
    with in_words(address):
        client = MlflowClient(address, registry_uri=address)
        if path is not None:
            client.search_experiments(max_results=1)  # makes the tables, or says that they are old
        return client


def _look(path: Path, write: bool, wait: float) -> None:
    # MLflow itself would try ten times, for minutes, and then show SQLAlchemy's text.
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(path, error.strerror or str(error)) from None
    if not path.exists():
        if not os.access(path.parent, os.W_OK | os.X_OK):
            raise _unwritable(path, "the folder is read-only")
        return
    # SQLite tells only when it writes, which is after hours of training.
    if write and not (os.access(path, os.W_OK) and os.access(path.parent, os.W_OK | os.X_OK)):
        raise _unwritable(path, "it is read-only")
    try:
        place = address_of(path, "rw" if write else "ro")
        with closing(sqlite3.connect(place, uri=True, timeout=wait)) as base:
            base.isolation_level = None
            base.execute("BEGIN IMMEDIATE" if write else "BEGIN")
            _look_at_version(path, base)
            base.execute("ROLLBACK")
    except sqlite3.Error as error:
        raise _of_sqlite(str(path), str(error)) from None


def _look_at_version(path: Path, base: sqlite3.Connection) -> None:
    tables = {row[0] for row in base.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if "alembic_version" not in tables:
        return
    row = base.execute("SELECT version_num FROM alembic_version").fetchone()
    head, known = _schemas()
    if row is None or row[0] == head:
        return
    if row[0] in known:
        raise _older(str(path))
    told = None
    if "tags" in tables:
        told = base.execute(
            "SELECT value FROM tags WHERE key = ? ORDER BY rowid DESC LIMIT 1", (MLFLOW_TAG,)
        ).fetchone()
    from mlflow.version import VERSION

    last = f"; its last run was kept by MLflow {str(told[0])[:20]}" if told else ""
    raise UnsupportedFormat(
        f"{path} was written by a newer MLflow than {VERSION} here (schema {str(row[0])[:20]}{last}): run "
        f'"pip install -U mlflow-skinny" in this kernel\'s environment, {_ADVICE}'
    )


@lru_cache(maxsize=1)
def _schemas() -> tuple[str, frozenset[str]]:
    """Give the schema of the MLflow that is installed, and all that it knows."""
    import mlflow.store.db_migrations
    from alembic.script import ScriptDirectory

    folder = Path(str(mlflow.store.db_migrations.__file__)).parent
    scripts = ScriptDirectory(str(folder))
    return str(scripts.get_current_head()), frozenset(
        script.revision for script in scripts.walk_revisions()
    )


def _older(place: str) -> UnsupportedFormat:
    return UnsupportedFormat(
        f"{place} was written by an older MLflow: copy the file, then run "
        f'"mlflow db upgrade {_SQLITE}{place}", {_ADVICE}'
    )


@contextmanager
def in_words(address: str) -> Iterator[None]:
    """Turn what MLflow, SQLAlchemy and the disk say within a block into this package's errors."""
    try:
        yield
    except AstrodataError:
        raise
    except OSError as error:
        raise _of_disk(address, error) from None
    except Exception as error:
        made = _of_mlflow(address, error)
        if made is None:
            raise
        raise made from None


def _of_disk(address: str, error: OSError) -> AstrodataError:
    full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    if full or error.errno in (errno.EACCES, errno.EROFS, errno.EPERM, errno.ENOTDIR):
        return _unwritable(error.filename or shown(address), error.strerror or str(error))
    text = str(error).splitlines()[0][:160] if str(error) else type(error).__name__
    return ServiceFailed(f"the store {shown(address)} does not answer: {shown(text)}")


def _of_mlflow(address: str, error: Exception) -> AstrodataError | None:
    home = type(error).__module__.split(".")[0]
    if home not in ("mlflow", "sqlalchemy", "sqlite3", "alembic"):
        return None
    text = shown(str(error))
    if "out-of-date database schema" in text:
        return _older(shown(address).removeprefix(_SQLITE))
    if "sqlite3." in text or home in ("sqlite3", "sqlalchemy"):
        return _of_sqlite(shown(address), text)
    line = text.splitlines()[0][:300] if text else type(error).__name__
    code = getattr(error, "error_code", "")
    if code == "RESOURCE_DOES_NOT_EXIST":
        return UnknownName(f"the store {shown(address)} has no such thing: {line}")
    if code in (
        "INVALID_PARAMETER_VALUE",
        "BAD_REQUEST",
        "INVALID_STATE",
        "RESOURCE_ALREADY_EXISTS",
    ):
        return BadRequest(f"the store {shown(address)} does not take this: {line}")
    return ServiceFailed(f"the store {shown(address)} failed: {line}")


def _of_sqlite(place: str, text: str) -> AstrodataError:
    if "locked" in text or "busy" in text:
        return ServiceFailed(
            f"{place} is locked by another process: end what writes there for so long, {_ADVICE}"
        )
    if "not a database" in text or "malformed" in text:
        return DamagedFile(f"{place} is no SQLite database: move it away, {_ADVICE}")
    for sign in ("readonly", "read-only", "unable to open", "full", "disk I/O"):
        if sign in text:
            return _unwritable(place, "the disk is full" if "full" in sign else sign)
    line = text.splitlines()[0][:200]
    return ServiceFailed(f"{place} failed: {line}")


def _unwritable(place: object, why: str) -> UnreadableFile:
    return UnreadableFile(
        f"{place} cannot be written ({why}): free some space, choose a folder of your own, {_ADVICE}"
    )
