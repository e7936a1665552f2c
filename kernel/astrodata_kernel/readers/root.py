"""Traces in branches of ROOT trees, through uproot."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from ..datasets import Dataset, LazyTable, Part, Provenance
from ..datasets.dataset import part_number
from ..datasets.lazy import Block, LazyArray, Values
from ..errors import DamagedFile, MissingPackage, UnsupportedFormat
from .caps import caps
from .waveforms import waveform_meta

_LOOKED_AT = 64  # entries by which a branch of vectors is taken for one of traces


class RootReader:
    """Reads branches of one trace an entry: arrays of a fixed length, or vectors that all have one."""

    name = "ROOT"
    version = "1"

    def sniff(self, head: bytes, path: Path) -> bool:
        """Tell from the first bytes whether a file is one of ROOT's."""
        return head.startswith(b"root")

    def open(self, path: Path, provenance: Provenance, part: int | str | None = None) -> Dataset:
        """Give the traces of one branch; of the first one when none is named.

        Raises
        ------
        MissingPackage
            uproot is not installed.
        UnsupportedFormat
            No branch holds traces.
        DamagedFile
            ROOT's structure cannot be followed.
        """
        if find_spec("uproot") is None:
            raise MissingPackage(
                f"{path.name} is a ROOT file: reading it needs uproot; run "
                '"pip install astrodata-lab[root]" in this kernel\'s environment'
            )
        import uproot

        name = Path(provenance.path).name
        _refuse_cut(path, name)
        try:
            file = uproot.open(
                path
            )  # as a path: in a text, what follows a colon is taken for an object
            found = list(_branches(file))
        except Exception as error:  # noqa: BLE001 - whatever uproot says of damaged bytes
            raise DamagedFile(
                f"{name} begins like a ROOT file but cannot be read ({' '.join(str(error).split())[:160]}); "
                "it may be cut short: copy or download it again"
            ) from None
        if not found:
            raise UnsupportedFormat(
                f"{name} holds no tree with a branch of traces: arrays of one length in each entry"
            )
        parts = tuple(
            Part(
                i,
                f"{tree.name}/{branch.name}",
                1,
                "waveforms",
                (tree.num_entries, length),
                str(dtype),
            )
            for i, (tree, branch, length, dtype) in enumerate(found)
        )
        # A position in space is an array of one length too: the traces are the longest.
        longest = max(range(len(found)), key=lambda i: found[i][2])
        number = longest if part is None else part_number(parts, part, name)
        tree, branch, length, dtype = found[number]
        lock = threading.Lock()  # uproot's file handles are not for two threads at once
        contents = _Branch(branch, length, dtype, f"{name}, {parts[number].name}", lock)
        return Dataset(
            kind="waveforms",
            name=name,
            shape=contents.shape,
            dtype=contents.dtype,
            meta=waveform_meta(channel=branch.name, arrays=[p.name for p in parts]),
            provenance=provenance,
            contents=contents,
            parts=parts,
            part=number,
            open_part=lambda other: self.open(path, provenance, other),
            rows=_table(tree, name, lock),
        )


def _refuse_cut(path: Path, name: str) -> None:
    """Compare the length that ROOT's header tells with that of the file."""
    with path.open("rb") as file:
        head = file.read(20)
    if len(head) < 20:
        raise DamagedFile(f"{name}: truncated within ROOT's header; copy or download it again")
    wide = int.from_bytes(head[4:8], "big") >= 1_000_000  # of files beyond 2 GB
    end = int.from_bytes(head[12 : 20 if wide else 16], "big")
    if path.stat().st_size < end:
        raise DamagedFile(
            f"{name}: truncated; its header declares {end:,} bytes, the file has "
            f"{path.stat().st_size:,}. Copy or download it again"
        )


def _branches(file: Any) -> Any:
    count = 0
    newest: dict[str, int] = {}
    for key, kind in file.classnames(recursive=True).items():
        if kind in ("TTree", "TNtuple", "TNtupleD"):
            # Earlier cycles are copies that were saved while the tree was filled.
            home, _, cycle = key.rpartition(";")
            newest[home] = max(newest.get(home, 0), int(cycle))
    for home, cycle in newest.items():
        tree = file[f"{home};{cycle}"]
        for branch in _all_branches(tree):
            count += 1
            if count > caps.objects:
                return
            shape = _trace_of(branch, tree.num_entries)
            if shape is not None:
                yield tree, branch, *shape


def _all_branches(tree: Any) -> list[Any]:
    return [branch for branch in tree.values(recursive=True) if not branch.branches]


def _trace_of(branch: Any, entries: int) -> tuple[int, np.dtype[Any]] | None:
    """Give the length and type of a branch's traces, or None where it holds none."""
    if not entries:
        return None
    try:
        first = branch.array(entry_stop=min(entries, _LOOKED_AT), library="np")
    except Exception:  # noqa: BLE001 - a type that uproot does not know is no trace
        return None
    if first.dtype.kind == "O":
        lengths = {len(one) for one in first if hasattr(one, "__len__")}
        if len(lengths) != 1 or not hasattr(first[0], "dtype") or first[0].dtype.kind not in "biuf":
            return None
        first = np.stack(first)
    if first.ndim != 2 or first.shape[1] < 2 or first.dtype.kind not in "biuf":
        return None
    return int(first.shape[1]), first.dtype.newbyteorder("=")


class _Branch(LazyArray):
    """Traces of a branch, of which only the entries that a slice touches are read."""

    def __init__(
        self, branch: Any, length: int, dtype: np.dtype[Any], where: str, lock: threading.Lock
    ) -> None:
        super().__init__((branch.num_entries, length), dtype)
        self._branch, self._where, self._lock = branch, where, lock

    def _read(self, block: Block) -> Values:
        rows, columns = block
        if rows.stop <= rows.start:
            return np.empty((0, len(range(columns.start, columns.stop, columns.step))), self.dtype)
        with self._lock:
            try:
                found = self._branch.array(
                    entry_start=rows.start, entry_stop=rows.stop, library="np"
                )
            except Exception as error:  # noqa: BLE001 - whatever uproot says of damaged bytes
                raise DamagedFile(
                    f"{self._where}: cannot be read ({str(error)[:160]}); copy the file again"
                ) from None
        if found.dtype.kind == "O":
            for i, one in enumerate(found):
                if len(one) != self.shape[1]:
                    raise DamagedFile(
                        f"{self._where}, entry {rows.start + i}: has {len(one):,} samples, the first one "
                        f"{self.shape[1]:,}; traces of different length are no array"
                    )
            found = np.stack(found)
        # A copy: uproot keeps what it has read, and gives it again.
        return np.array(found[:: rows.step, columns], self.dtype, order="C")


def _table(tree: Any, where: str, lock: threading.Lock) -> LazyTable | None:
    columns: dict[str, tuple[str, str, str]] = {}
    branches = {}
    for branch in _all_branches(tree):
        dtype = getattr(branch.interpretation, "to_dtype", None)
        if dtype is not None and dtype.shape == () and dtype.kind in "biuf" and not dtype.names:
            columns[branch.name] = branch.name, str(dtype.newbyteorder("=")), ""
            branches[branch.name] = branch
    if not columns:
        return None
    return LazyTable(list(columns.values()), tree.num_entries, _Rows(branches, where, lock))


class _Rows:
    """Scalar branches of a tree."""

    def __init__(self, branches: dict[str, Any], where: str, lock: threading.Lock) -> None:
        self._branches, self._where, self._lock = branches, where, lock

    def read(self, start: int, stop: int, columns: Sequence[str]) -> Any:
        """Give rows [start, stop) of some branches."""
        from astropy.table import Table

        found = []
        for name in columns:
            branch = self._branches[name]
            if stop <= start:
                found.append(np.empty(0, branch.interpretation.to_dtype.newbyteorder("=")))
                continue
            with self._lock:
                try:
                    one = branch.array(entry_start=start, entry_stop=stop, library="np")
                except Exception as error:  # noqa: BLE001 - whatever uproot says of damaged bytes
                    raise DamagedFile(
                        f"{self._where}, {name}: cannot be read ({str(error)[:160]}); copy the file again"
                    ) from None
            found.append(one.astype(one.dtype.newbyteorder("=")))
        return Table(found, names=list(columns))
