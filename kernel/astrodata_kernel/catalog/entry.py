"""One record of the catalogue."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..datasets import Dataset

SCHEMA = 1


class NewerRecord(ValueError):
    """A record that a later version of this package wrote."""


@dataclass(frozen=True)
class Entry:
    """A data set of the workspace, known by name. It is a path too: ``adk.open(entry)``.

    `relative` is the path from the workspace's root, or None for a file outside of it; the record keeps
    that one where it can, so that a workspace can be moved. `tests` are those that are declared with it, as
    plain mappings: `astrodata_kernel.data_tests.run_declared` runs them.
    """

    name: str
    path: str
    relative: str | None
    kind: str
    format: str
    shape: tuple[int, ...]
    dtype: str
    size: int
    mtime: float
    sha256: str
    reader_version: str
    tags: tuple[str, ...]
    added: str
    # Mappings have no hash; an entry is told by the rest.
    tests: tuple[Mapping[str, Any], ...] = field(default=(), hash=False)

    def __fspath__(self) -> str:
        return self.path

    def __repr__(self) -> str:
        shape = " x ".join(map(str, self.shape))
        return f"<{self.name}: {self.kind}, {shape}, {self.size:,} bytes, {self.path}>"

    def open(self, hdu: int | str | None = None) -> Dataset:
        """Give the data set itself."""
        from ..readers.registry import open_dataset

        return open_dataset(self.path, hdu=hdu)

    def state(self) -> str:
        """Tell at a glance, by size and time alone: ``"ok"``, ``"changed"`` or ``"missing"``."""
        try:
            status = os.stat(self.path)  # noqa: PTH116 - a Path for each of thousands takes as long again
        except OSError:
            return "missing"
        # The size of a folder is that of its files, which would take long to look at.
        size = self.size if stat.S_ISDIR(status.st_mode) else status.st_size
        same = (size, status.st_mtime) == (self.size, self.mtime)
        return "ok" if same else "changed"

    def to_json(self) -> dict[str, Any]:
        """Give the record as it is stored."""
        # Not dataclasses.asdict, which copies each value: a list of ten thousand waits a second for it.
        record = dict(vars(self))
        stored = record.pop("relative") or self.path
        # Left out where there are none: such a record is as it was before there were tests.
        tests = [dict(test) for test in record.pop("tests")]
        return {
            "schema": SCHEMA,
            **record,
            "path": stored,
            "shape": list(self.shape),
            "tags": list(self.tags),
            **({"tests": tests} if tests else {}),
        }

    @classmethod
    def from_json(cls, record: Mapping[str, Any], root: Path) -> Entry:
        """Give the entry that a stored record tells.

        Raises
        ------
        KeyError, TypeError, ValueError
            It is not one.
        """
        schema = record["schema"]
        if type(schema) is int and schema > SCHEMA:
            raise NewerRecord(f"it has schema {schema}, this package reads up to {SCHEMA}")
        if schema != SCHEMA:
            raise ValueError(f"there is no schema {schema!r}")
        stored = Path(str(record["path"]))
        return cls(
            name=str(record["name"]),
            path=str(root / stored),
            relative=None if stored.is_absolute() else stored.as_posix(),
            kind=str(record["kind"]),
            format=str(record["format"]),
            shape=tuple(int(n) for n in record["shape"]),
            dtype=str(record["dtype"]),
            size=int(record["size"]),
            mtime=float(record["mtime"]),
            sha256=str(record["sha256"]),
            reader_version=str(record["reader_version"]),
            tags=tuple(str(tag) for tag in record["tags"]),
            added=str(record["added"]),
            tests=tuple(dict(test) for test in record.get("tests") or ()),
        )
