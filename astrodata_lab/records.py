"""The catalogue of the workspace as the sidebar sees it: with paths that JupyterLab understands."""

from __future__ import annotations

import hashlib
import json
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from astrodata_kernel.catalog import Catalog, records
from astrodata_kernel.errors import BadRequest

from .paths import is_plain_inside
from .refusals import without_root

if TYPE_CHECKING:
    from astrodata_kernel.catalog import Entry

    from .workers import Progress, WorkerPool


class Records:
    """The catalogue, asked in worker processes: hashing is slow and network folders can hang.

    Parameters
    ----------
    pool
        At least two workers, so that a list never waits for a hash.
    verifying
        Where files are hashed again: somebody who verifies all of them must not keep others from adding.
    seconds, hash_seconds
        Longest time to list or change a record, and to add or verify a file.
    """

    def __init__(
        self, pool: WorkerPool, verifying: WorkerPool, seconds: float, hash_seconds: float
    ) -> None:
        self._pool = pool
        self._verifying = verifying
        self._seconds = seconds
        self._hash_seconds = hash_seconds

    async def listing(self, root: Path, known: str = "") -> bytes:
        """Give all data sets, and a sentence for each record that cannot be read, as JSON.

        It holds its ``version``; of one that is `known` to the caller nothing else comes than ``same``.
        """
        return await self._pool.call(f"{__name__}:listing", str(root), known, seconds=self._seconds)

    async def add(self, root: Path, path: Path, **wanted: Any) -> dict[str, Any]:
        """Add a file; `wanted` is name, tags and expect as in `Catalog.add`."""
        return await self._pool.call(
            f"{__name__}:add", str(root), str(path), wanted, seconds=self._hash_seconds
        )

    async def remove(self, root: Path, name: str) -> None:
        """Take a data set out of the catalogue; its file stays."""
        await self._pool.call(f"{__name__}:remove", str(root), name, seconds=self._seconds)

    async def restore(self, root: Path, name: str) -> dict[str, Any]:
        """Bring back a data set that was removed."""
        return await self._pool.call(f"{__name__}:restore", str(root), name, seconds=self._seconds)

    async def change(self, root: Path, name: str, changes: dict[str, Any]) -> dict[str, Any]:
        """Give a data set other ``tags``, or another ``name``."""
        return await self._pool.call(
            f"{__name__}:change", str(root), name, changes, seconds=self._seconds
        )

    async def verify(self, root: Path, name: str, progress: Progress) -> dict[str, Any]:
        """Hash the file of a data set again, and give its state with a sentence."""
        return await self._verifying.call(
            f"{__name__}:verify", str(root), name, seconds=self._hash_seconds, progress=progress
        )


def listing(root: str, known: str) -> bytes:
    """Give all data sets under `root`; runs in a worker."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        records.tell_again()  # told once a process; a panel that is refreshed shows them again
        datasets = [public(entry) for entry in Catalog(root)]
    body = json.dumps(
        {
            "root_name": Path(root).name,
            "datasets": datasets,
            "warnings": [without_root(str(warning.message), root) for warning in caught],
        }
    )
    # As bytes, and not at all where nothing is new: ten thousand records are some megabytes.
    version = hashlib.sha256(body.encode()).hexdigest()[:32]
    if version == known:
        return json.dumps({"version": version, "same": True}).encode()
    return f'{{"version": "{version}", {body[1:]}'.encode()


def add(root: str, path: str, wanted: dict[str, Any]) -> dict[str, Any]:
    """Add a file to the catalogue under `root`; runs in a worker."""
    catalog = Catalog(root)
    entry = catalog.add(
        path,
        wanted.get("name"),
        tuple(wanted.get("tags") or ()),
        expect=wanted.get("expect"),
    )
    return public(entry)


def remove(root: str, name: str) -> None:
    """Take a name out of the catalogue under `root`; runs in a worker."""
    Catalog(root).remove(name)


def restore(root: str, name: str) -> dict[str, Any]:
    """Bring a name back into the catalogue under `root`; runs in a worker."""
    return public(Catalog(root).restore(name))


def change(root: str, name: str, changes: dict[str, Any]) -> dict[str, Any]:
    """Change tags or name of a data set of the catalogue under `root`; runs in a worker."""
    catalog = Catalog(root)
    if "tags" in changes:
        catalog.retag(name, changes["tags"])
    return public(catalog.rename(name, changes.get("name", name)))


def verify(root: str, name: str, progress: Progress) -> dict[str, Any]:
    """Hash the file of a data set of the catalogue under `root` again; runs in a worker.

    Raises
    ------
    BadRequest
        Its record points out of `root`, or to a device or pipe, which might have no end.
    """
    catalog = Catalog(root)
    entry = catalog[name]
    if entry.state() != "missing" and not is_plain_inside(Path(root), Path(entry.path)):
        raise BadRequest(
            f"{name} is no file in the folder which this server shows: verify it in a notebook with "
            f"adk.Catalog().verify(names=[{name!r}])"
        )
    [outcome] = catalog.verify(progress, names=[name])
    return {"state": outcome.state, "message": outcome.message}


def public(entry: Entry) -> dict[str, Any]:
    """Give an entry without the server's absolute path, and whether its file looks the same.

    The state goes by size and time only: bytes are compared by `Catalog.verify`.
    """
    return {**entry.to_json(), "path": entry.relative, "state": entry.state()}
