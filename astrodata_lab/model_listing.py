"""The registered models of the workspace's MLflow store, read without MLflow: it is not the server's."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import stat
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from astrodata_kernel.lineage.plain import shown
from astrodata_kernel.workspace import FOLDER

from .run_listing import LONGEST, bare_address

if TYPE_CHECKING:
    from .workers import WorkerPool

MOST_MODELS, MOST_VERSIONS, MOST_METRICS, MOST_TAGS = 100, 20, 6, 5_000
"""Models, versions of each, and metrics of each version that are listed; tags that are read."""

STORE = f"{FOLDER}/mlflow.db"

WAIT_S, SECONDS = 2.0, 5.0
"""Longest time to wait for a locked file, and to read it."""

_MOST = 1e300  # JSON knows no infinity
_PROMOTION = "astrodata.promotion."
_HASH = re.compile(r"sha256:[0-9a-f]{8,64}")
_NEEDED = {
    "registered_models": {"name", "last_updated_time"},
    "model_versions": {"name", "version", "creation_time", "run_id"},
    "registered_model_aliases": {"alias", "version", "name"},
    "registered_model_tags": {"key", "value", "name"},
    "model_version_tags": {"key", "value", "name", "version"},
    "latest_metrics": {"key", "value", "is_nan", "run_uuid"},
}


class Models:
    """The registered models, read in worker processes: the store is anyone's file.

    Parameters
    ----------
    pool
        Where it is read.
    seconds
        Longest time for it.
    """

    def __init__(self, pool: WorkerPool, seconds: float) -> None:
        self._pool = pool
        self._seconds = seconds

    async def listing(self, root: Path) -> dict[str, Any]:
        """Give the models with their newest versions, and a sentence where they cannot be read."""
        address = os.environ.get("MLFLOW_TRACKING_URI", "")
        return await self._pool.call(
            f"{__name__}:listing", str(root), address, seconds=self._seconds
        )


def listing(root: str, address: str = "") -> dict[str, Any]:
    """Give the models of the store under `root`; runs in a worker.

    Parameters
    ----------
    root
        That the server shows.
    address
        Of another store that the server's environment names, or an empty text.
    """
    path = Path(root).resolve() / FOLDER / "mlflow.db"
    own = f"sqlite:///{path}"
    if address and address.split("?")[0] not in (own, f"sqlite:///{Path(root) / STORE}"):
        return _nothing(
            f"Models are kept at {_told(address)} (MLFLOW_TRACKING_URI), not in this workspace: look at "
            "them there, or with adk.tracking.Registry() in a notebook.",
            bare_address(address),
        )
    try:
        mode = path.lstat().st_mode
    except OSError:
        return _nothing()
    if not stat.S_ISREG(mode):
        return _nothing(f"{STORE} is no plain file: its models are not listed.")
    try:
        with closing(_opened(path)) as base:
            return {"models": _models(base), "address": None, "warnings": []}
    except sqlite3.Error as error:
        return _nothing(_in_words(str(error)))
    except _UnknownStoreError as error:
        return _nothing(
            f"{STORE} was written by another version of MLflow than this panel knows ({error}): use "
            "adk.tracking.Registry() in a notebook."
        )


class _UnknownStoreError(Exception):
    """Tables that are not those of MLflow; the text says which."""


def _nothing(warning: str = "", address: str | None = None) -> dict[str, Any]:
    return {"models": [], "address": address, "warnings": [warning] if warning else []}


def _told(address: str) -> str:
    """Give an address as it may be shown: without names, passwords and tokens."""
    return bare_address(address) or f"{shown(address.split(':')[0], 40)}:…"


def _in_words(text: str) -> str:
    if "locked" in text or "busy" in text:
        return f"{STORE} is locked by a process that writes to it: its models are listed when it is done."
    if "interrupted" in text:
        return f"{STORE} takes too long to read: use adk.tracking.Registry() in a notebook."
    if "malformed" in text or "not a database" in text or "disk image" in text:
        return f"{STORE} is damaged: no models can be listed. Restore it from a backup, or move it away."
    return f"{STORE} cannot be read ({shown(text, 100)}): no models are listed."


def _opened(path: Path) -> sqlite3.Connection:
    base = sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, timeout=WAIT_S)
    # What the file holds may be made to be read for ever, or to be large.
    until = time.monotonic() + SECONDS
    base.set_progress_handler(lambda: time.monotonic() > until, 10_000)
    base.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 1 << 24)
    base.execute("PRAGMA trusted_schema = OFF")
    base.execute("PRAGMA query_only = ON")
    base.text_factory = lambda data: data.decode("utf-8", "replace")
    return base


def _check(base: sqlite3.Connection) -> bool:
    """Tell whether the store is divided into workspaces; raises for one of unknown tables."""
    tables = {row[0] for row in base.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    missing = sorted(set(_NEEDED) - tables)
    if missing:
        raise _UnknownStoreError(f"it has no {missing[0]}")
    divided = False
    for table, needed in _NEEDED.items():
        # The names are those above, not anyone's.
        columns = {row[1] for row in base.execute(f"PRAGMA table_info({table})")}
        if not needed <= columns:
            raise _UnknownStoreError(f"{table} has no {min(needed - columns)}")
        divided |= table == "registered_models" and "workspace" in columns
    return divided


def _models(base: sqlite3.Connection) -> list[dict[str, Any]]:
    divided = _check(base)
    # MLflow's own workspaces are another thing than ours: who names none has this one.
    here = "workspace = 'default'" if divided else "1"
    rows = base.execute(
        f"SELECT substr(name, 1, 256), last_updated_time FROM registered_models WHERE {here} "  # noqa: S608
        "ORDER BY last_updated_time DESC, name LIMIT ?",
        (MOST_MODELS,),
    ).fetchall()
    return [_model(base, here, str(name), changed) for name, changed in rows]


def _model(base: sqlite3.Connection, here: str, name: str, changed: Any) -> dict[str, Any]:
    def all_of(what: str, table: str, more: str = "", most: int = MOST_TAGS) -> list[Any]:
        return base.execute(
            f"SELECT {what} FROM {table} WHERE name = ? AND {here} {more} LIMIT ?",  # noqa: S608
            (name, most),
        ).fetchall()

    aliases: dict[int, list[str]] = {}
    for alias, version in all_of("alias, version", "registered_model_aliases", "ORDER BY alias"):
        if type(version) is int:
            aliases.setdefault(version, []).append(shown(alias))
    reasons = _reasons(
        all_of(
            "substr(value, 1, 5000)",
            "registered_model_tags",
            f"AND key LIKE '{_PROMOTION}%' ORDER BY key DESC",
            200,
        )
    )
    lineage = dict(
        all_of(
            "version, substr(value, 1, 80)", "model_version_tags", "AND key = 'astrodata.lineage'"
        )
    )
    [(count,)] = all_of("count(*)", "model_versions")
    newest = all_of(
        "version, creation_time, run_id", "model_versions", "ORDER BY version DESC", MOST_VERSIONS
    )
    numbers = {row[0] for row in newest}
    # What is served is shown, however old.
    for number in sorted(set(aliases) - numbers, reverse=True)[:MOST_VERSIONS]:
        newest += all_of(
            "version, creation_time, run_id", "model_versions", f"AND version = {int(number)}", 1
        )
    return {
        "name": shown(name, 256),
        "changed": _time(changed),
        "count": count,
        "versions": [
            {
                "version": version,
                "created": _time(created),
                "run": run if _is_run(run) else None,
                "aliases": aliases.get(version, [])[:8],
                "reasons": [
                    {"alias": alias, **reasons[alias, str(version)]}
                    for alias in aliases.get(version, [])[:8]
                    if (alias, str(version)) in reasons
                ],
                "lineage": _hash(lineage.get(version)),
                "metrics": _metrics(base, run) if _is_run(run) else {},
            }
            for version, created, run in newest
            if type(version) is int
        ],
    }


def _reasons(rows: list[Any]) -> dict[tuple[str, str], dict[str, str]]:
    """Give why an alias points to a version, of the last time that it was made to."""
    found: dict[tuple[str, str], dict[str, str]] = {}
    for (text,) in rows:
        try:
            told = json.loads(text)
        except (TypeError, ValueError, RecursionError):
            continue  # not ours
        if isinstance(told, dict):
            key = (shown(told.get("alias")), shown(told.get("version")))
            facts = {
                "reason": shown(told.get("reason"), LONGEST),
                "who": shown(told.get("who")),
                "when": shown(told.get("when"), 40),
            }
            found.setdefault(key, facts)
    return found


def _metrics(base: sqlite3.Connection, run: str) -> dict[str, float]:
    rows = base.execute(
        "SELECT substr(key, 1, 250), value FROM latest_metrics WHERE run_uuid = ? AND is_nan = 0 "
        "AND key NOT LIKE 'system/%' ORDER BY key LIMIT ?",
        (run, MOST_METRICS),
    )
    return {
        shown(key): value
        for key, value in rows
        if isinstance(value, (int, float)) and abs(value) < _MOST
    }


def _is_run(run: Any) -> bool:
    return isinstance(run, str) and re.fullmatch(r"[0-9a-zA-Z]{1,64}", run) is not None


def _hash(value: Any) -> str | None:
    return value if isinstance(value, str) and _HASH.fullmatch(value) else None


def _time(milliseconds: Any) -> float | None:
    """Give seconds since 1970."""
    known = isinstance(milliseconds, (int, float)) and 0 <= milliseconds < 1e14
    return milliseconds / 1000 if known else None
