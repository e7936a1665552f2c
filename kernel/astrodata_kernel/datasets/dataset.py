"""The record that every reader gives and everything else works on."""

from __future__ import annotations

import difflib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ..errors import BadRequest, UnknownName, UnsupportedFormat
from .lazy import LazyArray, LazyTable, MemoryArray
from .provenance import Provenance

if TYPE_CHECKING:
    from ..lineage import Lineage

KINDS = ("image", "cube", "spectrum", "table", "waveforms", "strain", "scene")


@dataclass(frozen=True, slots=True)
class Check:
    """Outcome of one test of a data set's bytes."""

    name: str
    ok: bool
    message: str


@dataclass(frozen=True, slots=True)
class Part:
    """One of the things that a file holds: an HDU, an npz member, an HDF5 array.

    `kind` is None and `note` says why for a part that cannot be opened.
    """

    index: int
    name: str
    version: int = 1
    kind: str | None = None
    shape: tuple[int, ...] = ()
    dtype: str = ""
    unit: str = ""
    note: str = ""


@dataclass(frozen=True, eq=False)
class Dataset:
    """A part of a file, as a record of facts and a lazy array or table.

    Parameters
    ----------
    kind
        ``"image"`` (2 axes), ``"cube"`` (3 or more), ``"spectrum"`` (1), ``"table"``, ``"waveforms"``
        (traces, samples) or ``"strain"`` (samples, with a sample rate).
    name
        The file's name without its folder.
    shape, dtype
        Of the physical values; a table's shape is (rows, columns).
    meta
        Printable facts: ``unit``, ``header`` as (keyword, value, comment), ``warnings``, ...
    provenance
        The bytes behind it; None for an array that was made in memory.
    parts, part
        What else the file holds, and the number of this part.
    contents
        The lazy array or table itself; use `array` and `table`.
    rows
        What is known of each trace of waveforms, as a table; use `table`.
    """

    kind: str
    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    meta: Mapping[str, Any]
    provenance: Provenance | None
    contents: LazyArray | LazyTable = field(repr=False)
    parts: tuple[Part, ...] = field(default=(), repr=False)
    part: int = 0
    open_part: Callable[[int], Dataset] | None = field(default=None, repr=False)
    run_checks: Callable[[], tuple[Check, ...]] | None = field(default=None, repr=False)
    make_wcs: Callable[[], Any] | None = field(default=None, repr=False)
    rows: LazyTable | None = field(default=None, repr=False)

    @classmethod
    def of_array(
        cls, values: npt.ArrayLike, name: str = "array", kind: str | None = None
    ) -> Dataset:
        """Give the data set of an array in memory, its kind by the number of its axes, or as told.

        Raises
        ------
        UnsupportedFormat
            An array without axes, or with another number of them than the kind has.
        """
        array = MemoryArray(values)
        if not array.ndim:
            raise UnsupportedFormat(f"{name}: a single number is no data set; give an array")
        found = ("spectrum", "image", "cube")[min(array.ndim, 3) - 1]
        part = Part(0, name, 1, found, array.shape, str(array.dtype))
        made = cls(found, name, array.shape, array.dtype, {}, None, array, (part,))
        return made if kind is None else made.taken_as(kind)

    @property
    def array(self) -> LazyArray:
        """The values, read as they are sliced: ``ds.array[y0:y1, x0:x1]``.

        Raises
        ------
        UnsupportedFormat
            The data set is a table.
        """
        if isinstance(self.contents, LazyArray):
            return self.contents
        raise UnsupportedFormat(
            f"{self.name}, part {self.part}: a table has no array; use ds.table"
        )

    @property
    def table(self) -> LazyTable:
        """The rows, read as they are sliced: ``ds.table[:100]``.

        Raises
        ------
        UnsupportedFormat
            The data set is an array.
        """
        if isinstance(self.contents, LazyTable):
            return self.contents
        if self.rows is not None:
            return self.rows
        raise UnsupportedFormat(
            f"{self.name}, part {self.part}: a {self.kind} has no table; use ds.array"
        )

    @property
    def has_table(self) -> bool:
        """Whether there is a `table`: of a table itself, or of what is known of each trace."""
        return isinstance(self.contents, LazyTable) or self.rows is not None

    def taken_as(self, kind: str, **meta: Any) -> Dataset:
        """Give the same array as one of another kind: an image as waveforms, a spectrum as strain.

        Parameters
        ----------
        kind
            ``"waveforms"`` (of two axes: traces, samples) or ``"strain"`` (of one).
        **meta
            What is known of them, such as ``sample_period`` in seconds, or ``sample_rate`` in Hz.

        Raises
        ------
        UnsupportedFormat
            An array with another number of axes, or no array.
        """
        axes = {"waveforms": 2, "strain": 1}.get(kind)
        if kind == self.kind and not meta:
            return self
        if axes is None or not isinstance(self.contents, LazyArray) or len(self.shape) != axes:
            shape = " x ".join(map(str, self.shape))
            raise UnsupportedFormat(f"{self.name} is of kind {self.kind!r}, {shape}: no {kind}")
        if meta.get("sample_rate"):
            meta.setdefault("sample_period", 1 / meta["sample_rate"])
        elif meta.get("sample_period") and kind == "strain":
            meta["sample_rate"] = 1 / meta["sample_period"]
        plain: dict[str, Any] = {"unit": "", "warnings": [], "sample_period": None}
        if kind == "waveforms":
            plain |= {"polarity": 1, "channel": None, "trigger": None, "arrays": []}
        else:
            plain |= {"sample_rate": None, "gps_start": 0.0, "detector": "", "segments": []}
        parts = tuple(
            replace(part, kind=kind) if part.index == self.part else part for part in self.parts
        )
        return replace(self, kind=kind, meta={**plain, **self.meta, **meta}, parts=parts)

    @property
    def wcs(self) -> Any:
        """Celestial `astropy.wcs.WCS` of the last two axes, or None."""
        return None if self.make_wcs is None else self.make_wcs()

    def checks(self) -> tuple[Check, ...]:
        """Give the outcome of the tests that the file brings along, such as FITS checksums."""
        return () if self.run_checks is None else self.run_checks()

    def hdu(self, which: int | str) -> Dataset:
        """Give another part of the same file, by its number or its name.

        Raises
        ------
        UnknownName
            There is no such part.
        UnsupportedFormat, DamagedFile
            There is, but it cannot be opened; the text says why.
        """
        number = self.part_number(which)
        if number == self.part:
            return self
        if self.open_part is None:
            raise UnknownName(f"{self.name} has only one part")
        return self.open_part(number)

    def part_number(self, which: int | str) -> int:
        """Give the number of the part that a number or a name (``"SCI"``, ``"SCI,2"``) stands for."""
        return part_number(self.parts, which, self.name)

    def renamed(self, name: str) -> Dataset:
        """Give the same data set under another name."""
        return replace(self, name=name)

    def lineage(
        self, direction: str = "back", root: str | os.PathLike[str] | None = None
    ) -> Lineage:
        """Give what this was made from, back to raw files, or what was made from it.

        Parameters
        ----------
        direction
            ``"back"`` or ``"forward"``.
        root
            Folder of the workspace whose runs are asked; by default the one that the current folder is in.

        Raises
        ------
        BadRequest
            It was made in memory, or another direction.
        DataCheckFailed
            The file changed since it was opened.
        """
        from ..lineage import Store

        if direction not in ("back", "forward"):
            raise BadRequest(f'direction={direction!r}: give "back" or "forward"')
        store = Store(root)
        return store.back(self) if direction == "back" else store.forward(self)

    def _repr_html_(self) -> str:
        facts = {
            "kind": self.kind,
            "shape": " × ".join(map(str, self.shape)),
            "dtype": str(self.dtype),
            "unit": str(self.meta.get("unit", "")),
            "part": f"{self.part} of {len(self.parts)}" if len(self.parts) > 1 else "",
            "file": "" if self.provenance is None else self.provenance.path,
        }
        rows = "".join(
            f"<tr><th style='text-align:left'>{key}</th>"
            f"<td style='text-align:left'>{escape(value)}</td></tr>"
            for key, value in facts.items()
            if value
        )
        shown = f"<b>{escape(self.name)}</b><table>{rows}</table>"
        return shown + (self.table._repr_html_() if self.kind == "table" else "")


def part_number(parts: tuple[Part, ...], which: int | str, name: str) -> int:
    """Give the number of a part by its number, name or ``"NAME,version"``.

    Raises
    ------
    UnknownName
        No part is meant; the text lists or suggests those that there are.
    """
    if isinstance(which, str) and which.lstrip("-").isdigit():
        which = int(which)
    if isinstance(which, int):
        if any(part.index == which for part in parts):
            return which
        raise UnknownName(f"{name} has no part {which}: it has parts 0 to {len(parts) - 1}")
    wanted, _, version = which.partition(",")
    for part in parts:
        same = part.name.casefold() == wanted.strip().casefold()
        if same and (not version or str(part.version) == version.strip()):
            return part.index
    names = list(dict.fromkeys(part.name for part in parts if part.name))
    close = difflib.get_close_matches(wanted.upper(), names, 1, 0.5) or names[:8]
    hint = f"; did you mean {', '.join(close)}?" if close else ""
    raise UnknownName(f"{name} has no part called {which!r}{hint}")
