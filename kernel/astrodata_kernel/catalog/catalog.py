"""The catalogue itself."""

from __future__ import annotations

import difflib
import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..datasets import Dataset
from ..environment import upgrade
from ..errors import AstrodataError, BadRequest, DataCheckFailed, NameTaken, UnknownName
from ..workspace import FOLDER, workspace
from . import records
from .entry import Entry, NewerRecord

Progress = Callable[[float], None]


@dataclass(frozen=True)
class Verification:
    """What became of one data set: `state` is ``"ok"``, ``"changed"`` or ``"missing"``."""

    name: str
    state: str
    message: str


class Catalog:
    """The data sets of a workspace, by name.

    Files stay where they are: a record points to one and knows its size and SHA-256. Several kernels and
    the panel of the sidebar may add at once.

    Parameters
    ----------
    root
        Folder of the workspace, whose sub-folder ``astrodata`` keeps the records. By default the nearest
        one upwards from the current folder that has such records, else the current folder.

    Examples
    --------
    >>> import tempfile, numpy as np
    >>> root = tempfile.mkdtemp()
    >>> np.save(root + "/ramp.npy", np.arange(6).reshape(2, 3))
    >>> catalog = Catalog(root)
    >>> catalog.add(root + "/ramp.npy", tags=["test"]).name
    'ramp'
    >>> [(entry.name, entry.kind, entry.shape) for entry in catalog]
    [('ramp', 'image', (2, 3))]
    """

    def __init__(self, root: str | os.PathLike[str] | None = None) -> None:
        self.root = workspace(root)
        self.folder = self.root / FOLDER

    def add(
        self,
        path: str | os.PathLike[str],
        name: str | None = None,
        tags: Iterable[str] = (),
        *,
        expect: Mapping[str, Any] | None = None,
        progress: Progress | None = None,
    ) -> Entry:
        """Record a file by its path, without copying it, and give its entry.

        Parameters
        ----------
        path
            The file.
        name
            Name in the catalogue; by default the file's own without its ending, and ``-2``, ``-3``, ...
            behind it when that is taken. A file that is there already keeps its name.
        tags
            Words to find it by.
        expect
            ``size`` and ``sha256`` that the file must have.
        progress
            Told the share of the file that is hashed.

        Raises
        ------
        AstrodataError
            The file cannot be read.
        NameTaken
            `name` belongs to another file.
        DataCheckFailed
            The file is not the expected one; nothing is recorded.
        """
        from ..readers.registry import open_dataset

        given = None if name is None else _valid_name(name)
        labels = _valid_tags(tags)
        dataset = open_dataset(Path(path).expanduser())
        entry = self._entry(dataset, given or "", labels, progress)
        _compare(entry, expect or {})
        known = next((e for e in self if _same_file(e.path, entry.path)), None)
        if known is not None and given in (None, known.name):
            kept = {"name": known.name, "added": known.added, "tests": known.tests}
            fresh = replace(entry, tags=labels or known.tags, **kept)
            records.replace(self.folder, known.name, fresh.to_json())
            return fresh
        if given is not None:
            if not records.create(self.folder, given, entry.to_json()):
                raise _taken(given)
            return entry
        return self._add_named_after_its_file(entry)

    def __getitem__(self, name: str) -> Entry:
        record = records.read(records.file_of(self.folder, name))
        entry = None if record is None else self._from_record(record)
        if entry is None:
            names = [entry.name for entry in self]
            close = difflib.get_close_matches(name, names, 1, 0.5) or names[:5]
            hint = f"; did you mean {', '.join(map(repr, close))}?" if close else "; it is empty"
            raise UnknownName(f"the catalogue of {self.root} has no data set {name!r}{hint}")
        return entry

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and records.file_of(self.folder, name).exists()

    def __iter__(self) -> Iterator[Entry]:
        found = (self._from_record(record) for record in records.read_all(self.folder))
        return iter(sorted((e for e in found if e is not None), key=lambda e: e.name.casefold()))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __repr__(self) -> str:
        return f"<Catalog of {self.root}: {len(self)} data sets>"

    def remove(self, name: str) -> None:
        """Forget a data set. Its file is not touched, and `restore` brings it back.

        Raises
        ------
        UnknownName
            There is none of this name.
        """
        if not records.put_away(self.folder, name):
            self[name]  # says what there is instead

    def restore(self, name: str) -> Entry:
        """Bring back a data set that was removed, with its tags and tests; the last hundred can be.

        Raises
        ------
        UnknownName
            None of this name was removed.
        NameTaken
            The name was given to another one meanwhile: rename that first.
        """
        try:
            record = records.bring_back(self.folder, name)
        except FileExistsError:
            raise _taken(name) from None
        entry = None if record is None else self._from_record(record)
        if entry is None:
            raise UnknownName(f"no data set {name!r} was removed from the catalogue of {self.root}")
        return entry

    def rename(self, name: str, to: str) -> Entry:
        """Give a data set another name; its file keeps its own.

        Parameters
        ----------
        name
            That it has.
        to
            That it gets, 1 to 200 characters on one line.

        Raises
        ------
        UnknownName
            There is none of this name.
        NameTaken
            `to` belongs to another data set.
        BadRequest
            `to` is no name.
        """
        entry = replace(self[name], name=_valid_name(to))
        if entry.name != name:
            # The new record first: whoever is stopped between the two has one too many, not one too few.
            if not records.create(self.folder, entry.name, entry.to_json()):
                raise _taken(entry.name)
            records.file_of(self.folder, name).unlink(missing_ok=True)
        return entry

    def retag(self, name: str, tags: Iterable[str]) -> Entry:
        """Give a data set other tags."""
        entry = replace(self[name], tags=_valid_tags(tags))
        records.replace(self.folder, name, entry.to_json())
        return entry

    def declare_tests(self, name: str, tests: Any) -> Entry:
        """Keep tests of its data with a data set, in the place of those it had.

        Parameters
        ----------
        name
            Of the data set.
        tests
            Mappings as `astrodata_kernel.data_tests.Tests.of` takes them, or what that gives, which
            knows that they make sense; an empty list removes them.

        Returns
        -------
        Entry
            With its `tests`.

        Raises
        ------
        UnknownName
            There is no data set of this name.
        BadRequest
            Something else than a list of mappings that JSON can hold, each with ``check``.
        """
        entry = replace(self[name], tests=_valid_tests(tests))
        records.replace(self.folder, name, entry.to_json())
        return entry

    def verify(
        self, progress: Progress | None = None, *, names: Iterable[str] | None = None
    ) -> list[Verification]:
        """Hash files anew, and tell which changed or vanished.

        Parameters
        ----------
        progress
            Told the share of all bytes that is hashed.
        names
            Of the data sets; by default all of them.

        Raises
        ------
        UnknownName
            There is no data set of one of `names`.
        """
        entries = list(self) if names is None else [self[name] for name in names]
        total = sum(entry.size for entry in entries) or 1
        done, outcome = 0, []
        for entry in entries:

            def tell(share: float, entry: Entry = entry, done: int = done) -> None:
                if progress is not None:
                    progress((done + share * entry.size) / total)

            outcome.append(_verified(entry, tell))
            done += entry.size
            tell(1.0)
        return outcome

    def _entry(
        self, dataset: Dataset, name: str, tags: tuple[str, ...], progress: Progress | None
    ) -> Entry:
        provenance = dataset.provenance
        if provenance is None:
            raise BadRequest(f"{dataset.name} is in memory: save it to a file first")
        path = Path(provenance.path)
        inside = path.is_relative_to(self.root)
        return Entry(
            name=name,
            path=provenance.path,
            relative=path.relative_to(self.root).as_posix() if inside else None,
            kind=dataset.kind,
            format=provenance.reader,
            shape=dataset.shape,
            dtype=str(dataset.dtype) if dataset.kind != "table" else "",
            size=provenance.size,
            mtime=provenance.mtime,
            sha256=provenance.digest.result(progress),
            reader_version=provenance.reader_version,
            tags=tags,
            added=datetime.now(UTC).isoformat(timespec="seconds"),
        )

    def _add_named_after_its_file(self, entry: Entry) -> Entry:
        stem = _stem(Path(entry.path).name)
        number = 1
        while True:
            named = replace(entry, name=stem if number == 1 else f"{stem}-{number}")
            if records.create(self.folder, named.name, named.to_json()):
                return named
            # Another process may have added this very file since we looked.
            there = records.read(records.file_of(self.folder, named.name))
            other = None if there is None else self._from_record(there)
            if other is not None and _same_file(other.path, entry.path):
                return other
            number += 1

    def _from_record(self, record: Mapping[str, Any]) -> Entry | None:
        try:
            return Entry.from_json(record, self.root)
        except (KeyError, TypeError, ValueError) as error:
            path = records.file_of(self.folder, str(record.get("name", "?")))
            if isinstance(error, NewerRecord):
                records.say_damaged(path, error, upgrade())
            else:
                records.say_damaged(path, error)
            return None


def _stem(name: str) -> str:
    stem = re.sub(
        r"(\.(fits|fit|fts|fz|gz|npy|npz|h5|hdf5|hdf|csv|tsv|txt|parquet))+$",
        "",
        name,
        flags=re.IGNORECASE,
    )
    return re.sub(r"[\x00-\x1f\x7f]+", " ", stem).strip() or "dataset"


def _valid_name(name: str) -> str:
    if not name.strip() or len(name) > 200 or any(ord(c) < 32 or ord(c) == 127 for c in name):
        raise BadRequest(f"{name[:40]!r} is no name: give 1 to 200 characters on one line")
    return name.strip()


def _valid_tags(tags: Iterable[str]) -> tuple[str, ...]:
    if isinstance(tags, str):
        raise BadRequest(f"tags are a list of words: give [{tags!r}]")
    return tuple(dict.fromkeys(_valid_name(str(tag)) for tag in tags))


def _valid_tests(tests: Any) -> tuple[Mapping[str, Any], ...]:
    given = tests.to_json() if hasattr(tests, "to_json") else tests
    if isinstance(given, str | Mapping) or not isinstance(given, Iterable):
        raise BadRequest("tests are a list of mappings, such as [{'check': 'rows', 'at_least': 1}]")
    found = list(given)
    for number, test in enumerate(found, 1):
        if not isinstance(test, Mapping) or not isinstance(test.get("check"), str):
            raise BadRequest(f"test {number} is no mapping with check: NAME")
    try:
        return tuple(json.loads(json.dumps([dict(test) for test in found], allow_nan=False)))
    except (TypeError, ValueError) as error:
        raise BadRequest(f"the tests cannot be kept in a file: {error}") from None


def _same_file(one: str, other: str) -> bool:
    try:
        return one == other or Path(one).samefile(other)
    except OSError:
        return False


def _compare(entry: Entry, expect: Mapping[str, Any]) -> None:
    name = Path(entry.path).name
    if "size" in expect and entry.size != expect["size"]:
        raise DataCheckFailed(
            f"{name} has {entry.size:,} bytes where {expect['size']:,} were sent: it did not arrive whole; "
            "upload it again"
        )
    if "sha256" in expect and entry.sha256 != expect["sha256"]:
        raise DataCheckFailed(
            f"{name} is not what was sent: its SHA-256 is {entry.sha256[:12]}… where "
            f"{str(expect['sha256'])[:12]}… was expected; upload it again"
        )


def _taken(name: str) -> NameTaken:
    return NameTaken(f"the catalogue has a data set {name!r} already: choose another name")


def _hash_of(entry: Entry, progress: Progress) -> str:
    from ..readers.hashing import FileDigest

    path = Path(entry.path)
    if path.is_dir():
        # Which of its files count, its reader says.
        provenance = entry.open().provenance
        return provenance.sha256 if provenance else ""
    return FileDigest(path, path.stat()).result(progress)


def _verified(entry: Entry, progress: Progress) -> Verification:
    if entry.state() == "missing":
        return Verification(entry.name, "missing", f"{entry.path} is no longer there")
    try:
        sha256 = _hash_of(entry, progress)
    except AstrodataError as error:
        return Verification(entry.name, "missing", str(error))
    if sha256 == entry.sha256:
        return Verification(entry.name, "ok", f"{entry.size:,} bytes, as recorded")
    return Verification(
        entry.name,
        "changed",
        f"{entry.path} has other bytes than on {entry.added[:10]}: SHA-256 {sha256[:12]}… where "
        f"{entry.sha256[:12]}… was recorded",
    )
