"""Several files of waveforms as one data set."""

from __future__ import annotations

import bisect
import glob
import hashlib
import itertools
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ..datasets import Check, Dataset, LazyTable, Part, Provenance
from ..datasets.lazy import Block, LazyArray, Values
from ..errors import UnreadableFile, UnsupportedFormat
from .filebytes import allocate
from .remote import is_url

_FILE = "file"


def files_of(pattern: str) -> list[str]:
    """Give the files that a pattern such as ``"run3/*.npz"`` stands for, sorted by name and number.

    Raises
    ------
    UnreadableFile
        No file fits the pattern.
    """
    try:
        found = glob.glob(str(Path(pattern).expanduser()))  # noqa: PTH207 - absolute patterns too
    except (OSError, ValueError, RuntimeError):
        found = []  # a zero byte in it, or a home of nobody
    if not found:
        raise UnreadableFile(f"no file fits {pattern}: check the path (you are in {Path.cwd()})")
    return sorted(found, key=_in_order)


def _in_order(path: str) -> list[tuple[int, str]]:
    # Numbers by their value: wave2 comes before wave10.
    pieces = re.split("([0-9]{1,18})", path)
    return [(int(piece) if i % 2 else 0, piece) for i, piece in enumerate(pieces)]


def is_pattern(path: str) -> bool:
    """Tell whether a path is a pattern, and not the name of a file that there is."""
    if not any(mark in path for mark in "*?["):
        return False
    try:
        return not Path(path).expanduser().exists()
    except (OSError, ValueError, RuntimeError):
        return True


def concatenated(datasets: Sequence[Dataset]) -> Dataset:
    """Give several data sets of waveforms as one; column ``file`` of its table says whose a trace is.

    Raises
    ------
    UnsupportedFormat
        Another kind, or another number of samples, in one of them.
    """
    first = datasets[0]
    for dataset in datasets:
        if dataset.kind != "waveforms":
            raise UnsupportedFormat(
                f"{dataset.name} is of kind {dataset.kind!r}: only files of waveforms make one data set"
            )
        if dataset.shape[1] != first.shape[1]:
            raise UnsupportedFormat(
                f"{dataset.name} has traces of {dataset.shape[1]:,} samples, {first.name} of "
                f"{first.shape[1]:,}: open them apart, or trim them to one length"
            )
    contents = _Joined([dataset.array for dataset in datasets])
    types = dict.fromkeys(str(dataset.dtype) for dataset in datasets)
    warnings = [
        f"{dataset.name}: {text}"
        for dataset in datasets
        for text in dataset.meta.get("warnings", ())
    ]
    differing = [
        key
        for key in ("sample_period", "unit", "polarity", "trigger")
        if len({repr(dataset.meta.get(key)) for dataset in datasets}) > 1
    ]
    if differing:
        warnings.append(
            f"the files differ in {', '.join(differing)}: those of {first.name} are told"
        )
    if len(types) > 1:
        warnings.append(f"the files hold values of {', '.join(types)}: read as {contents.dtype}")
    meta = {**first.meta, "warnings": warnings, "files": [dataset.name for dataset in datasets]}
    if len({repr(dataset.meta.get("channel")) for dataset in datasets}) > 1:
        meta["channel"] = None
    parts = _common_parts(datasets, contents)
    names = [part.name for part in parts]
    meta["arrays"] = [name for name in first.meta.get("arrays", ()) if name in names]
    own = names.index(first.parts[first.part].name)
    return replace(
        first,
        name=f"{first.name} and {len(datasets) - 1} more" if len(datasets) > 1 else first.name,
        shape=contents.shape,
        dtype=contents.dtype,
        meta=meta,
        provenance=_provenance([dataset.provenance for dataset in datasets]),
        contents=contents,
        parts=parts,
        part=own,
        open_part=lambda number: concatenated([one.hdu(names[number]) for one in datasets]),
        run_checks=lambda: _checks(datasets),
        rows=_table(datasets),
    )


def _common_parts(datasets: Sequence[Dataset], contents: LazyArray) -> tuple[Part, ...]:
    """Give the part that is open, and those that each file has under one name with one length."""
    first = datasets[0]
    parts: list[Part] = []
    for part in first.parts:
        if part.index == first.part:
            parts.append(replace(part, shape=contents.shape, dtype=str(contents.dtype)))
            continue
        alike = [
            other
            for dataset in datasets
            for other in dataset.parts
            if (other.name, other.kind, other.note) == (part.name, "waveforms", "")
            and other.shape[1:] == part.shape[1:]
        ]
        if len(alike) == len(datasets):
            rows = sum(other.shape[0] for other in alike)
            parts.append(replace(part, shape=(rows, *part.shape[1:])))
    return tuple(replace(part, index=number) for number, part in enumerate(parts))


def _labels(datasets: Sequence[Dataset]) -> list[str]:
    """Give the files' names, with as much of their folders as tells them apart."""
    names = [dataset.name for dataset in datasets]
    paths = [dataset.provenance.path for dataset in datasets if dataset.provenance is not None]
    if len(set(names)) == len(names) or len(paths) < len(names) or any(map(is_url, paths)):
        return names
    home = os.path.commonpath([str(Path(path).parent) for path in paths])
    return [Path(path).relative_to(home).as_posix() for path in paths]


def _checks(datasets: Sequence[Dataset]) -> tuple[Check, ...]:
    return tuple(
        replace(check, message=f"{dataset.name}: {check.message}")
        for dataset in datasets
        for check in dataset.checks()
    )


class _Joined(LazyArray):
    """Arrays one behind the other along the first axis."""

    def __init__(self, arrays: Sequence[LazyArray]) -> None:
        dtype = np.result_type(*(array.dtype for array in arrays))
        self._arrays = list(arrays)
        self._ends = list(itertools.accumulate(len(array) for array in arrays))
        super().__init__((self._ends[-1], *arrays[0].shape[1:]), dtype)

    def _read(self, block: Block) -> Values:
        rows, *others = block
        counts = [len(range(s.start, s.stop, s.step)) for s in block]
        out: Values = allocate(counts, self.dtype, "the files together")
        done, row = 0, rows.start
        while row < rows.stop:
            which = bisect.bisect_right(self._ends, row)
            begin = self._ends[which] - len(self._arrays[which])
            stop = min(rows.stop, self._ends[which])
            part = self._arrays[which][(slice(row - begin, stop - begin, rows.step), *others)]
            out[done : done + len(part)] = part
            done += len(part)
            row += len(part) * rows.step
        return out


def _table(datasets: Sequence[Dataset]) -> LazyTable:
    # Columns that all files have; the file's own name comes first.
    tables = [dataset.table if dataset.has_table else None for dataset in datasets]
    labels = _labels(datasets)
    columns = [(_FILE, f"U{max(map(len, labels))}", "")]
    first = tables[0]
    if first is not None and all(table is not None for table in tables):
        common = set.intersection(*(set(table.colnames) for table in tables if table is not None))
        columns += [column for column in first.columns if column[0] in common - {_FILE}]
    ends = list(itertools.accumulate(dataset.shape[0] for dataset in datasets))
    return LazyTable(columns, ends[-1], _Rows(labels, tables, ends))


class _Rows:
    """Rows of several tables, one behind the other."""

    def __init__(self, names: list[str], tables: list[LazyTable | None], ends: list[int]) -> None:
        self._names, self._tables, self._ends = names, tables, ends

    def read(self, start: int, stop: int, columns: Sequence[str]) -> Any:
        """Give rows [start, stop) of some columns."""
        from astropy.table import Table, vstack

        pieces: list[Any] = []
        row = start
        while row < stop or not pieces:
            which = min(bisect.bisect_right(self._ends, row), len(self._ends) - 1)
            begin = self._ends[which - 1] if which else 0
            end = min(stop, self._ends[which])
            table = self._tables[which]
            own = [name for name in columns if name != _FILE]
            data = (
                table.rows(row - begin, end - begin, own) if own and table is not None else Table()
            )
            if _FILE in columns:
                data[_FILE] = np.full(end - row, self._names[which])
            pieces.append(data[list(columns)])
            row = max(end, row + 1)
        return pieces[0] if len(pieces) == 1 else vstack(pieces, metadata_conflicts="silent")


def _provenance(all_of: Sequence[Provenance | None]) -> Provenance | None:
    known = [one for one in all_of if one is not None]
    if len(known) != len(all_of):
        return None
    return replace(
        known[0],
        path="; ".join(one.path for one in known),
        size=sum(one.size for one in known),
        mtime=max(one.mtime for one in known),
        digest=_Digests(known),
    )


class _Digests:
    """The hash of several files: that of their hashes, in order."""

    def __init__(self, known: Sequence[Provenance]) -> None:
        self._known = known

    @property
    def progress(self) -> float:
        """Share of the bytes hashed so far, 0 to 1."""
        done = sum(one.hashing * one.size for one in self._known)
        return done / max(1, sum(one.size for one in self._known))

    def result(self, progress: Callable[[float], None] | None = None) -> str:
        """Give the hash in hexadecimal; `progress` is told the share done."""
        hashes = []
        for number, one in enumerate(self._known):
            hashes.append(one.sha256)
            if progress is not None:
                progress((number + 1) / len(self._known))
        return hashlib.sha256("\n".join(hashes).encode()).hexdigest()

    def cancel(self) -> None:
        """Stop hashing; a later `result` begins anew."""
        for one in self._known:
            one.digest.cancel()

    def mark(self) -> str | None:
        """Give what tells the files from others without reading all of them, None where one has none."""
        marks = [one.digest.mark() for one in self._known]
        known = [mark for mark in marks if mark is not None]
        if len(known) != len(marks):
            return None
        return hashlib.sha256("\n".join(known).encode()).hexdigest()
