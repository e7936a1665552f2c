"""What deleted runs left behind, found, told and, when asked to, removed."""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

from ..errors import BadRequest
from ..plain_files import newest_below, size_below
from .lost_runs import end_lost_runs
from .sqlite_files import reading
from .stores import in_words, sqlite_path
from .trackers import ARTIFACTS, Tracker

_RUN = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class Garbage:
    """What was found, and whether it is gone.

    Parameters
    ----------
    runs
        Ids of runs that were deleted long enough ago.
    folders
        Of their files, and folders of runs that the store knows nothing of.
    bytes
        Of all these files.
    removed
        Whether they are gone; False tells what would go.
    kept
        What was left, and why.
    """

    runs: tuple[str, ...]
    folders: tuple[Path, ...]
    bytes: int
    removed: bool
    kept: tuple[str, ...]

    def __str__(self) -> str:
        verb = "removed" if self.removed else "would remove"
        lines = [
            f"{verb} {len(self.runs)} deleted runs and {len(self.folders)} folders: {self.bytes:,} bytes"
        ]
        return "\n".join([*lines, *(f"kept {one}" for one in self.kept)])


def collect_garbage(
    tracker: Tracker | None = None,
    older_than: timedelta = timedelta(days=30),
    dry_run: bool = True,
) -> Garbage:
    """Find deleted runs and files without a run in an SQLite store, and remove them when asked to.

    Nothing outside of the store's own folder of artifacts is touched, no link is followed, and what a
    registered version of a model uses stays. Runs whose process was killed are ended on the way.

    Parameters
    ----------
    tracker
        Of the store; the workspace's by default.
    older_than
        Since a run was deleted, or a folder without a run was last written.
    dry_run
        Only tell what would be removed.

    Raises
    ------
    BadRequest
        The store is no SQLite file: `mlflow gc` beside the server does it there; or the folder of artifacts
        is a link.
    """
    tracker = tracker or Tracker()
    path = sqlite_path(tracker.address)
    if path is None or older_than < timedelta(0):
        raise BadRequest(
            f"garbage is collected in an SQLite file, after a time that is not negative; for {tracker.shown} "
            'run "mlflow gc" where its server runs'
        )
    root = path.resolve().parent / ARTIFACTS
    if root.is_symlink():
        raise BadRequest(f"{root} is a link: what it points to is not this store's to clean")
    client = tracker.client(write=not dry_run)
    if not dry_run:
        end_lost_runs(tracker)
    kept: list[str] = []
    with in_words(tracker.address):
        used = _used(client)
        runs, folders = _deleted(client, root, older_than, used, kept)
        folders += _orphans(path, root, older_than, used, kept)
        size = sum(size_below(folder) for folder in folders)
        if not dry_run:
            for folder in folders:
                shutil.rmtree(folder)
            for run in runs:
                # After its files: what is interrupted here is found again.
                client._tracking_client.store._hard_delete_run(run)
    return Garbage(tuple(runs), tuple(folders), size, not dry_run, tuple(kept))


def _used(client: Any) -> set[str]:
    """Give the ids of runs, and parts of addresses, that registered versions use."""
    used: set[str] = set()
    token = None
    while True:
        page = client.search_model_versions(max_results=200, page_token=token)
        for version in page:
            used.update(part for part in re.split(r"[/:?#]", str(version.source)) if part)
            used.add(str(version.run_id))
        token = page.token
        if not token:
            return used


def _deleted(
    client: Any, root: Path, older_than: timedelta, used: set[str], kept: list[str]
) -> tuple[list[str], list[Path]]:
    runs, folders = [], []
    for ident in client._tracking_client.store._get_deleted_runs(
        int(older_than.total_seconds() * 1000)
    ):
        if ident in used:
            kept.append(f"{ident}: a registered model comes from it")
            continue
        address = urlparse(client.get_run(ident).info.artifact_uri)
        folder = root / ident
        if (
            address.scheme not in ("", "file")
            or Path(unquote(address.path)) != folder / "artifacts"
        ):
            kept.append(f"{ident}: its files are not in {root}")
            continue
        if folder.is_symlink():
            kept.append(f"{ident}: its folder is a link")
            continue
        runs.append(ident)
        if folder.is_dir():
            folders.append(folder)
    return runs, folders


def _orphans(
    path: Path, root: Path, older_than: timedelta, used: set[str], kept: list[str]
) -> list[Path]:
    if not root.is_dir():
        return []
    own = path.resolve()
    others = [one.name for one in sorted(own.parent.glob("*.db")) if one.resolve() != own]
    if others:
        # Stores of one folder keep their files in one place: what this one does not know may be theirs.
        kept.append(f"folders without a run here: {', '.join(others[:3])} may know them")
        return []
    found = list(_run_folders(root))
    # Asked after the folders were listed: a run that begins now has its row before its folder.
    with reading(path) as base:
        known = {str(row[0]) for row in base.execute("SELECT run_uuid FROM runs")}
    oldest = time.time() - older_than.total_seconds()
    return [
        folder
        for folder in found
        if folder.name not in known and folder.name not in used and newest_below(folder) <= oldest
    ]


def _run_folders(root: Path) -> Iterator[Path]:
    with os.scandir(root) as entries:
        for entry in entries:
            if _RUN.fullmatch(entry.name) and entry.is_dir(follow_symlinks=False):
                yield root / entry.name
