"""The catalogue of the workspace as the sidebar sees it: with paths that JupyterLab understands."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from astrodata_kernel.catalog import Catalog, records

if TYPE_CHECKING:
    from astrodata_kernel.catalog import Entry

    from .workers import WorkerPool


class Records:
    """The catalogue, asked in worker processes: hashing is slow and network folders can hang.

    Parameters
    ----------
    pool
        At least two workers, so that a list never waits for a hash.
    seconds, hash_seconds
        Longest time to list or remove, and to add.
    """

    def __init__(self, pool: WorkerPool, seconds: float, hash_seconds: float) -> None:
        self._pool = pool
        self._seconds = seconds
        self._hash_seconds = hash_seconds

    async def listing(self, root: Path) -> dict[str, Any]:
        """Give all data sets, and a sentence for each record that cannot be read."""
        return await self._pool.call(f"{__name__}:listing", str(root), seconds=self._seconds)

    async def add(self, root: Path, path: Path, **wanted: Any) -> dict[str, Any]:
        """Add a file; `wanted` is name, tags and expect as in `Catalog.add`."""
        return await self._pool.call(
            f"{__name__}:add", str(root), str(path), wanted, seconds=self._hash_seconds
        )

    async def remove(self, root: Path, name: str) -> None:
        """Take a data set out of the catalogue; its file stays."""
        await self._pool.call(f"{__name__}:remove", str(root), name, seconds=self._seconds)


def listing(root: str) -> dict[str, Any]:
    """Give all data sets under `root`; runs in a worker."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        records.tell_again()  # told once a process; a panel that is refreshed shows them again
        datasets = [public(entry) for entry in Catalog(root)]
    return {
        "root_name": Path(root).name,
        "datasets": datasets,
        "warnings": [str(warning.message) for warning in caught],
    }


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


def public(entry: Entry) -> dict[str, Any]:
    """Give an entry without the server's absolute path, and whether its file looks the same.

    The state goes by size and time only: bytes are compared by `Catalog.verify`.
    """
    return {**entry.to_json(), "path": entry.relative, "state": entry.state()}
