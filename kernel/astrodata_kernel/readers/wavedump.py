"""Binary files of CAEN's WaveDump: records with or without header."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..datasets import Check, Dataset, LazyTable, Part, Provenance
from ..datasets.dataset import part_number
from ..datasets.lazy import Block, LazyArray, Values
from ..errors import DamagedFile
from .filebytes import FileBytes, Grid, allocate
from .wavedump_config import settings_beside
from .waveforms import waveform_meta

HEADER = 24
_TOGETHER = 64  # records of one channel among others that are read at once
FIELDS = ("size", "board", "pattern", "channel", "event", "trigger_time")

_LOOKED_AT = (
    256  # records whose channel is looked at before a file is taken for one of a single channel
)


def _header_of(data: bytes) -> tuple[int, ...] | None:
    """Give the six numbers of a record's header, or None where they cannot be one."""
    if len(data) < HEADER:
        return None
    size, board, pattern, channel, event, time = map(int, np.frombuffer(data[:HEADER], "<u4"))
    likely = HEADER + 2 <= size <= 1 << 27 and board < 64 and channel < 64 and event < 1 << 24
    return (size, board, pattern, channel, event, time) if likely and pattern < 1 << 16 else None


class WaveDumpReader:
    """Reads binary files of WaveDump, by position."""

    name = "WaveDump"
    version = "1"

    def sniff(self, head: bytes, path: Path) -> bool:
        """Tell from the headers of the first two records whether a file is one of WaveDump's."""
        first = _header_of(head)
        if first is None:
            return self._bare(path) is not None
        second = head[first[0] : first[0] + HEADER]
        if len(second) < HEADER:
            try:
                with path.open("rb") as file:
                    if file.read(HEADER) != head[:HEADER]:
                        return True  # the head of something expanded, and no more
                    file.seek(first[0])
                    second = file.read(HEADER)
                    if path.stat().st_size < first[0]:
                        return False
            except OSError:
                return False
            if len(second) < HEADER:  # one record, and at most a bit of another
                return True
        next_one = _header_of(second)
        return next_one is not None and next_one[1] == first[1]

    def open(self, path: Path, provenance: Provenance, part: int | str | None = None) -> Dataset:
        """Give all traces of a file, or those of one channel where there are several.

        Raises
        ------
        DamagedFile
            Not one whole record, or records of different lengths.
        """
        name = Path(provenance.path).name
        # Beside the file itself, also where this is its expanded content.
        settings = settings_beside(Path(provenance.path))
        with path.open("rb") as file:
            first = _header_of(file.read(HEADER))
        bare = self._bare(path) if first is None else None
        records = _Records(path, name, bare, first, settings.stored)
        dtype = str(records.stored.newbyteorder("="))
        parts = [Part(0, "all channels", 1, "waveforms", records.shape, dtype)]
        channels = records.channels()
        if len(channels) > 1:
            parts += [
                Part(i, f"channel {channel}", 1, "waveforms", (len(rows), records.shape[1]), dtype)
                for i, (channel, rows) in enumerate(channels.items(), 1)
            ]
        else:
            # Without headers, only the file's name tells the channel.
            digits = re.search("[0-9]{1,4}", name) if bare else None
            only = int(digits[0]) if digits else next(iter(channels), 0)
            parts[0] = replace(parts[0], name=f"channel {only}")
        number = 0 if part is None else part_number(tuple(parts), part, name)
        rows = list(channels.values())[number - 1] if number else None
        contents = _Traces(records, rows)
        meta = waveform_meta(**settings.meta(records.shape[1]))
        meta["warnings"] = [*meta["warnings"], *records.warnings]
        meta["channel"] = None if number == 0 and len(channels) > 1 else parts[number].name
        return Dataset(
            kind="waveforms",
            name=name,
            shape=contents.shape,
            dtype=contents.dtype,
            meta=meta,
            provenance=provenance,
            contents=contents,
            parts=tuple(parts),
            part=number,
            open_part=lambda other: self.open(path, provenance, other),
            run_checks=records.checks,
            rows=None if bare else contents.table(),
        )

    @staticmethod
    def _bare(path: Path) -> int | None:
        """Give the record length of a file without headers, which only its configuration can tell."""
        if not re.fullmatch(r"wave_?\d+\.dat", path.name, re.IGNORECASE):
            return None
        settings = settings_beside(path)
        if settings.header is not False or not settings.length:
            return None
        return settings.length


class _Records:
    """Where the records of a file lie, all of one size."""

    def __init__(
        self,
        path: Path,
        name: str,
        bare: int | None,
        first: tuple[int, ...] | None,
        stored: np.dtype[Any],
    ) -> None:
        self.file = FileBytes(path, name)
        self.name = name
        if first is None and bare is None:
            raise DamagedFile(
                f"{name}: its first record has no header that could be one of WaveDump's"
            )
        self.header = 0 if bare else HEADER
        self.size = stored.itemsize * bare if bare else first[0] if first else 0
        if stored == "<u2" and (self.size - self.header) % 2:
            stored = np.dtype("<u1")  # which only a digitiser of 8 bits writes
        if (self.size - self.header) % stored.itemsize:
            raise DamagedFile(
                f"{name}: records of {self.size:,} bytes do not hold whole samples of "
                f"{stored.itemsize} bytes, which the digitiser in WaveDumpConfig.txt writes; is it the "
                "configuration of another acquisition?"
            )
        self.stored = stored
        count, rest = divmod(self.file.size, self.size)
        if not count:
            raise DamagedFile(
                f"{name}: truncated; its first record takes {self.size:,} bytes, the file has "
                f"{self.file.size:,}. Copy it again"
            )
        self.warnings: list[str] = []
        if rest:
            self.warnings.append(
                f"record {count} is cut ({rest:,} of {self.size:,} bytes) and left out: the acquisition or a "
                "copy was ended before its time"
            )
        self.shape = (count, (self.size - self.header) // stored.itemsize)
        self._cut = rest
        self._same = np.zeros(count if self.header else 0, bool)
        if not bare and count > 1:
            self._same_sizes(count)

    def _same_sizes(self, count: int) -> None:
        for i in sorted({1, count // 2, count - 1}):
            self.check(range(i, i + 1))

    def check(self, numbers: range) -> None:
        """Look, once, whether some records are as long as the first one.

        Raises
        ------
        DamagedFile
            One is not.
        """
        span = slice(numbers.start, numbers.stop, numbers.step)
        if not self.header or self._same[span].all():
            return
        sizes = self._gathered(numbers, 0, 1, np.dtype("<u4"))[:, 0]
        wrong = np.flatnonzero(sizes != self.size)
        if len(wrong):
            raise DamagedFile(
                f"{self.name}, record {numbers[int(wrong[0])]}: takes {sizes[wrong[0]]:,} bytes by its "
                f"header, the first one {self.size:,}; channels of different length in one file cannot be "
                "read as one array. Let WaveDump write a file for each channel"
            )
        self._same[span] = True

    def samples(self, numbers: range, columns: slice) -> Values:
        """Give some samples of some records."""
        self.check(numbers)
        width = len(range(columns.start, columns.stop, columns.step))
        first = self.header + columns.start * self.stored.itemsize
        return self._gathered(numbers, first, width, self.stored, columns.step)

    def headers(self, numbers: range) -> npt.NDArray[np.uint32]:
        """Give the headers of some records, shape (records, 6)."""
        return np.asarray(self._gathered(numbers, 0, 6, np.dtype("<u4")), np.uint32)

    def _gathered(
        self, numbers: range, first: int, width: int, stored: np.dtype[Any], step: int = 1
    ) -> Values:
        out = allocate([len(numbers), width], stored.newbyteorder("="), self.name)
        offset = numbers.start * self.size + first
        pitches = (numbers.step * self.size, step * stored.itemsize)
        self.file.gather(Grid(offset, out.shape, pitches), stored, out)
        return out

    def channels(self) -> dict[int, npt.NDArray[np.int64]]:
        """Give the numbers of each channel's records; of one channel, if the first ones are of one."""
        count = self.shape[0]
        if not self.header:
            return {0: np.arange(count)}
        # The first ones, and some all over: files of single channels are put one behind the other too.
        first = self.headers(range(min(count, _LOOKED_AT)))[:, 3]
        spread = self.headers(range(count - 1, -1, -(1 + count // _LOOKED_AT))[::-1])[:, 3]
        if (first == first[0]).all() and (spread == first[0]).all():
            return {int(first[0]): np.arange(count)}
        every = self.headers(range(count))[:, 3]
        return {int(channel): np.flatnonzero(every == channel) for channel in np.unique(every)}

    def checks(self) -> tuple[Check, ...]:
        """Tell whether the file ends with a whole record."""
        message = self.warnings[0] if self._cut else f"{self.shape[0]:,} whole records"
        return (Check("whole records", not self._cut, message),)


class _Traces(LazyArray):
    """The samples of some records."""

    def __init__(self, records: _Records, rows: npt.NDArray[np.int64] | None) -> None:
        count = records.shape[0] if rows is None else len(rows)
        super().__init__((count, records.shape[1]), records.stored.newbyteorder("="))
        self._records, self._rows = records, rows

    def _read(self, block: Block) -> Values:
        rows, columns = block
        wanted = range(rows.start, rows.stop, rows.step)
        if self._rows is None:
            return self._records.samples(wanted, columns)
        width = len(range(columns.start, columns.stop, columns.step))
        out: Values = allocate([len(wanted), width], self.dtype, self._records.name)
        for i, numbers, part in _runs(self._rows[rows]):
            out[i : i + len(part)] = self._records.samples(numbers, columns)[part]
        return out

    def table(self) -> LazyTable:
        """Give event, channel, trigger time, board and pattern of each trace."""
        columns = [
            (name, "uint32", "")
            for name in ("event", "channel", "trigger_time", "board", "pattern")
        ]
        return LazyTable(columns, self.shape[0], self)

    def read(self, start: int, stop: int, columns: Sequence[str]) -> Any:
        """Give rows [start, stop) of the table."""
        from astropy.table import Table

        if self._rows is None:
            headers = self._records.headers(range(start, stop))
        else:
            headers = np.empty((stop - start, 6), np.uint32)
            for i, numbers, part in _runs(self._rows[start:stop]):
                headers[i : i + len(part)] = self._records.headers(numbers)[part]
        return Table([headers[:, FIELDS.index(name)] for name in columns], names=list(columns))


def _runs(
    rows: npt.NDArray[np.int64],
) -> Iterator[tuple[int, range, npt.NDArray[np.int64]]]:
    """Give where rising numbers of records can be read together: (first place, range, places in it)."""
    for start in range(0, len(rows), _TOGETHER):
        some = rows[start : start + _TOGETHER]
        step = max(1, int(np.gcd.reduce(np.diff(some)))) if len(some) > 1 else 1
        numbers = range(int(some[0]), int(some[-1]) + 1, step)
        if len(numbers) <= 2 * len(some):
            yield start, numbers, (some - some[0]) // step
            continue
        for i, row in enumerate(some.tolist(), start):
            yield i, range(row, row + 1), np.zeros(1, np.int64)
