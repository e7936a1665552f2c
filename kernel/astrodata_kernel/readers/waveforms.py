"""DAIDREAM's files of synthetic waveforms, and what every reader of waveforms shares."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..datasets import Dataset, LazyTable, Part, Provenance
from ..datasets.dataset import part_number
from ..datasets.lazy import Block, LazyArray, Values
from ..errors import AstrodataError, DamagedFile, UnsupportedFormat
from .arrays import npz_member, npz_members, part_of

TRACE = "trace"


def waveform_meta(**known: Any) -> dict[str, Any]:
    """Give the facts that every data set of waveforms tells, with those that are known."""
    meta: dict[str, Any] = {
        "unit": "",
        "sample_period": None,
        "polarity": 1,
        "channel": None,
        "trigger": None,
        "arrays": [],
        "warnings": [],
    }
    return {**meta, **known}


class ColumnRows:
    """Rows of a table of which each column is an array that is read when it is asked for."""

    def __init__(self, columns: dict[str, Any]) -> None:
        self._columns = columns

    def read(self, start: int, stop: int, columns: Sequence[str]) -> Any:
        """Give rows [start, stop) of some columns."""
        from astropy.table import Table

        return Table(
            [np.asarray(self._columns[name][start:stop]) for name in columns], names=list(columns)
        )


def table_of_columns(columns: dict[str, Any], length: int) -> LazyTable:
    """Give the lazy table of arrays of one length, by name."""
    facts = [(name, str(np.dtype(array.dtype)), "") for name, array in columns.items()]
    return LazyTable(facts, length, ColumnRows(columns))


class Sum(LazyArray):
    """The sum of two arrays of one shape, as float32."""

    def __init__(self, one: LazyArray, other: LazyArray) -> None:
        super().__init__(one.shape, np.float32)
        self._one, self._other = one, other

    def _read(self, block: Block) -> Values:
        with np.errstate(over="ignore", invalid="ignore"):  # infinities are values like others
            total = np.asarray(self._one[block], np.float32) + np.asarray(
                self._other[block], np.float32
            )
        return np.asarray(total, np.float32)


class DaidreamReader:
    """Reads npz files with the arrays ``signal`` and ``noise`` of (traces, samples), and a truth table."""

    name = "DAIDREAM"
    version = "1"

    def sniff(self, head: bytes, path: Path) -> bool:
        """Tell from the names in an npz file whether it holds signals and noise."""
        if not (head.startswith(b"PK\x03\x04") and b".npy" in head[30 : 30 + 260]):
            return False
        try:
            with zipfile.ZipFile(path) as archive:
                names = set(archive.namelist())
        except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError):
            return False
        truth = {"peak.npy", "peak_position.npy", "integral.npy", "mu.npy", "sigma.npy"}
        if "noise.npy" not in names or not ("signal.npy" in names or names & truth):
            return False
        try:
            axes = {
                member: len(shape)
                for member, shape, dtype, _, _ in npz_members(path, path.name)
                if member in ("signal.npy", "noise.npy") and not dtype.hasobject
            }
        except AstrodataError:
            return True  # which `open` tells
        # A spectrum and its noise have these names too: those are the plain reader's.
        return all(number == 2 for number in axes.values())

    def open(self, path: Path, provenance: Provenance, part: int | str | None = None) -> Dataset:
        """Give the traces, noise and signal added up; or ``signal`` or ``noise`` alone.

        Raises
        ------
        DamagedFile
            Signal and noise of different shapes, or a file that is cut short.
        UnsupportedFormat
            Python objects instead of numbers, or no array of (traces, samples).
        """
        name = Path(provenance.path).name
        arrays: dict[str, LazyArray] = {}
        notes: dict[str, str] = {}
        for member, shape, dtype, _, _ in npz_members(path, name):
            key = member.removesuffix(".npy")
            notes[key] = part_of(0, key, shape, dtype).note
            arrays[key] = npz_member(path, member, shape, dtype, name)
        for key in ("signal", "noise"):
            if key in arrays and (notes[key] or arrays[key].ndim != 2):
                why = notes[key] or f"its shape is {arrays[key].shape}, not (traces, samples)"
                raise UnsupportedFormat(f"{name}, {key}: {why}")
        traces = self._traces(arrays, notes, name)
        parts = tuple(
            Part(i, key, 1, "waveforms", array.shape, str(array.dtype))
            for i, (key, array) in enumerate(traces.items())
        )
        number = 0 if part is None else part_number(parts, part, name)
        chosen = traces[parts[number].name]
        columns, warnings = self._columns(arrays, notes, chosen.shape[0])
        return Dataset(
            kind="waveforms",
            name=name,
            shape=chosen.shape,
            dtype=chosen.dtype,
            meta=waveform_meta(arrays=list(traces), warnings=warnings, channel=parts[number].name),
            provenance=provenance,
            contents=chosen,
            parts=parts,
            part=number,
            open_part=lambda other: self.open(path, provenance, other),
            rows=table_of_columns(columns, chosen.shape[0]) if columns else None,
        )

    @staticmethod
    def _traces(
        arrays: dict[str, LazyArray], notes: dict[str, str], name: str
    ) -> dict[str, LazyArray]:
        noise, signal = arrays["noise"], arrays.get("signal")
        if signal is None:
            return {"noise": noise}
        if signal.shape != noise.shape:
            raise DamagedFile(
                f"{name}: signal has shape {signal.shape} and noise {noise.shape}; they must be equal to be "
                "added up. Copy or write the file again"
            )
        others = {
            key: array
            for key, array in arrays.items()
            if array.shape == noise.shape and not notes[key] and key not in ("noise", "signal")
        }
        return {TRACE: Sum(noise, signal), "signal": signal, "noise": noise, **others}

    @staticmethod
    def _columns(
        arrays: dict[str, LazyArray], notes: dict[str, str], length: int
    ) -> tuple[dict[str, LazyArray], list[str]]:
        columns, warnings = {}, []
        for key, array in arrays.items():
            if array.ndim != 1:
                continue
            if array.dtype.names:
                warnings.append(f"{key} is left out of the table: it holds records, not numbers")
            elif notes[key]:
                warnings.append(f"{key} is left out of the table: {notes[key]}")
            elif array.shape[0] != length:
                warnings.append(
                    f"{key} is left out of the table: it has {array.shape[0]:,} values for {length:,} traces"
                )
            else:
                columns[key] = array
        return columns, warnings
