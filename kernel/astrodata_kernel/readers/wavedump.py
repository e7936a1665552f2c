"""Files of CAEN's WaveDump: binary records with or without header, and text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..datasets import Check, Dataset, LazyTable, Part, Provenance
from ..datasets.dataset import part_number
from ..datasets.lazy import Block, LazyArray, MemoryArray, Values
from ..errors import DamagedFile
from .caps import caps, refuse_beyond
from .filebytes import FileBytes, allocate
from .waveforms import table_of_columns, waveform_meta

HEADER = 24
FIELDS = ("size", "board", "pattern", "channel", "event", "trigger_time")

RATES = {
    "720": 250e6,
    "721": 500e6,
    "724": 100e6,
    "725": 250e6,
    "730": 500e6,
    "731": 500e6,
    "740": 62.5e6,
    "751": 1e9,
    "761": 4e9,
}
"""Samples per second of CAEN's digitisers, by the family's number in their names."""

BITS = {
    "720": 12,
    "721": 8,
    "724": 14,
    "725": 14,
    "730": 14,
    "731": 8,
    "740": 12,
    "751": 10,
    "761": 10,
}

_LOOKED_AT = (
    256  # records whose channel is looked at before a file is taken for one of a single channel
)


@dataclass(frozen=True)
class Settings:
    """What WaveDumpConfig.txt beside a file tells."""

    model: str = ""
    length: int | None = None
    header: bool | None = None
    polarity: int = 1
    post_trigger: float | None = None
    unknown: str = ""

    def meta(self, samples: int) -> dict[str, Any]:
        """Give the facts of a data set of traces with a number of samples."""
        rate = RATES.get(self.model)
        warnings = [] if rate else [self.unknown]
        trigger = None
        if self.post_trigger is not None:
            trigger = round(samples * (1 - self.post_trigger / 100))
        return {
            "unit": "ADC",
            "sample_period": None if rate is None else 1 / rate,
            "polarity": self.polarity,
            "trigger": trigger,
            "adc_bits": BITS.get(self.model),
            "model": f"x{self.model}" if self.model else "",
            "warnings": warnings,
        }


def settings_beside(path: Path) -> Settings:
    """Give the settings of the configuration file in a data file's folder, if there is one."""
    config = path.parent / "WaveDumpConfig.txt"
    try:
        text = config.read_text(encoding="utf-8", errors="replace")[: 1 << 20]
    except OSError:
        return Settings(
            unknown="the sample rate is not known: WaveDumpConfig.txt does not lie beside the file; give it "
            "with ds.taken_as('waveforms', sample_period=...)"
        )
    # The family stands in the line of the connection or of the model, with or without its letters.
    model = re.search(r"(?mi)^\s*(?:Digitizer|MODEL)\s+[A-Z]*[0-9]?(7[0-9]{2})\b", text)
    length = re.search(r"^\s*RECORD_LENGTH\s+(\d+)", text, re.MULTILINE)
    header = re.search(r"^\s*OUTPUT_FILE_HEADER\s+(YES|NO)", text, re.MULTILINE)
    polarity = re.search(r"^\s*PULSE_POLARITY\s+(POSITIVE|NEGATIVE)", text, re.MULTILINE)
    post = re.search(r"^\s*POST_TRIGGER\s+([\d.]+)", text, re.MULTILINE)
    return Settings(
        model=model[1] if model else "",
        length=int(length[1]) if length else None,
        header=None if header is None else header[1] == "YES",
        polarity=-1 if polarity and polarity[1] == "NEGATIVE" else 1,
        post_trigger=float(post[1]) if post else None,
        unknown="WaveDumpConfig.txt does not say which digitiser it was: the sample rate is not known; give "
        "it with ds.taken_as('waveforms', sample_period=...)",
    )


def _header_of(data: bytes) -> tuple[int, ...] | None:
    """Give the six numbers of a record's header, or None where they cannot be one."""
    if len(data) < HEADER:
        return None
    size, board, pattern, channel, event, time = map(int, np.frombuffer(data[:HEADER], "<u4"))
    likely = HEADER + 2 <= size <= 1 << 27 and size % 2 == 0 and board < 64 and channel < 64
    return (size, board, pattern, channel, event, time) if likely and pattern < 1 << 16 else None


class WaveDumpReader:
    """Reads binary files of WaveDump, by position."""

    name = "WaveDump"
    version = "1"

    def sniff(self, head: bytes, path: Path) -> bool:
        """Tell from the headers of the first two records whether a file is one of WaveDump's."""
        first = _header_of(head)
        if first is not None:
            try:
                size = path.stat().st_size
                with path.open("rb") as file:
                    file.seek(first[0])
                    second = _header_of(file.read(HEADER))
            except OSError:
                return False
            if size == first[0]:
                return first[4] < 1 << 24
            return second is not None and second[1] == first[1] and second[4] - first[4] in (0, 1)
        return self._bare(path) is not None

    def open(self, path: Path, provenance: Provenance, part: int | str | None = None) -> Dataset:
        """Give all traces of a file, or those of one channel where there are several.

        Raises
        ------
        DamagedFile
            Not one whole record, or records of different lengths.
        """
        name = Path(provenance.path).name
        settings = settings_beside(path)
        with path.open("rb") as file:
            first = _header_of(file.read(HEADER))
        bare = self._bare(path) if first is None else None
        records = _Records(path, name, bare, first)
        parts = [Part(0, "all channels", 1, "waveforms", records.shape, "uint16")]
        channels = records.channels()
        if len(channels) > 1:
            parts += [
                Part(
                    i, f"channel {channel}", 1, "waveforms", (len(rows), records.shape[1]), "uint16"
                )
                for i, (channel, rows) in enumerate(channels.items(), 1)
            ]
        else:
            parts[0] = replace(parts[0], name=f"channel {next(iter(channels), 0)}")
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
        self, path: Path, name: str, bare: int | None, first: tuple[int, ...] | None
    ) -> None:
        self.file = FileBytes(path, name)
        self.name = name
        if first is None and bare is None:
            raise DamagedFile(
                f"{name}: its first record has no header that could be one of WaveDump's"
            )
        self.header = 0 if bare else HEADER
        self.size = 2 * int(bare) if bare else int(first[0]) if first else 0
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
        self.shape = (count, (self.size - self.header) // 2)
        self._cut = rest
        if not bare and count > 1:
            self._same_sizes(count)

    def _same_sizes(self, count: int) -> None:
        for i in sorted({1, count // 2, count - 1}):
            self.checked(i, self.file.read_exactly(i * self.size, HEADER))

    def checked(self, number: int, data: bytes | memoryview) -> None:
        size = int(np.frombuffer(data[:4], "<u4")[0])
        if size != self.size:
            raise DamagedFile(
                f"{self.name}, record {number}: takes {size:,} bytes by its header, the first one "
                f"{self.size:,}; channels of different length in one file cannot be read as one array. Let "
                "WaveDump write a file for each channel"
            )

    def headers(self, numbers: Sequence[int]) -> npt.NDArray[np.uint32]:
        """Give the headers of some records, shape (records, 6)."""
        found = np.empty((len(numbers), 6), np.uint32)
        for row, number in enumerate(numbers):
            found[row] = np.frombuffer(self.file.read_exactly(number * self.size, HEADER), "<u4")
        return found

    def channels(self) -> dict[int, npt.NDArray[np.int64]]:
        """Give the numbers of each channel's records; of one channel, if the first ones are of one."""
        count = self.shape[0]
        if not self.header:
            return {0: np.arange(count)}
        first = self.headers(range(min(count, _LOOKED_AT)))[:, 3]
        if (first == first[0]).all():
            return {int(first[0]): np.arange(count)}
        every = self.headers(range(count))[:, 3] if count > _LOOKED_AT else first
        return {int(channel): np.flatnonzero(every == channel) for channel in np.unique(every)}

    def checks(self) -> tuple[Check, ...]:
        """Tell whether the file ends with a whole record."""
        message = self.warnings[0] if self._cut else f"{self.shape[0]:,} whole records"
        return (Check("whole records", not self._cut, message),)


class _Traces(LazyArray):
    """The samples of some records."""

    def __init__(self, records: _Records, rows: npt.NDArray[np.int64] | None) -> None:
        count = records.shape[0] if rows is None else len(rows)
        super().__init__((count, records.shape[1]), np.uint16)
        self._records, self._rows = records, rows

    def _read(self, block: Block) -> Values:
        rows, columns = block
        wanted = range(rows.start, rows.stop, rows.step)
        width = len(range(columns.start, columns.stop, columns.step))
        out: Values = allocate([len(wanted), width], self.dtype, self._records.name)
        size, header = self._records.size, self._records.header
        first = header + 2 * columns.start
        count = 2 * (columns.stop - columns.start)
        if self._rows is None and rows.step == 1 and len(wanted) > 1 and 2 * count > size:
            # Nearly whole records, one behind the other: read together.
            step = max(1, (4 << 20) // size)
            for start in range(rows.start, rows.stop, step):
                stop = min(start + step, rows.stop)
                data = self._records.file.read_exactly(start * size, (stop - start) * size)
                table = np.frombuffer(data, np.uint8).reshape(stop - start, size)
                if header:
                    sizes = np.ascontiguousarray(table[:, :4]).view("<u4")[:, 0]
                    bad = np.flatnonzero(sizes != size)
                    if len(bad):
                        self._records.checked(start + int(bad[0]), table[bad[0], :4].tobytes())
                samples = np.ascontiguousarray(table[:, first : first + count]).view("<u2")
                out[start - rows.start : stop - rows.start] = samples[:, :: columns.step]
            return out
        for i, row in enumerate(wanted):
            number = row if self._rows is None else int(self._rows[row])
            data = self._records.file.read_exactly(number * size + first, count)
            out[i] = np.frombuffer(data, "<u2")[:: columns.step]
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

        numbers = range(start, stop)
        if self._rows is not None:
            numbers = self._rows[start:stop].tolist()
        headers = self._records.headers(numbers)
        return Table([headers[:, FIELDS.index(name)] for name in columns], names=list(columns))


class WaveDumpTextReader:
    """Reads text files of WaveDump with record headers."""

    name = "WaveDump text"
    version = "1"

    def sniff(self, head: bytes, path: Path) -> bool:
        """Tell from the first line whether a file is text of WaveDump."""
        return re.match(rb"\s*Record Length:\s*\d+", head) is not None

    def open(self, path: Path, provenance: Provenance, part: int | str | None = None) -> Dataset:
        """Give all traces of a file.

        Raises
        ------
        DamagedFile
            Not one whole record, records of different lengths, or words where numbers should be.
        TooLarge
            More text than may be read whole.
        """
        name = Path(provenance.path).name
        refuse_beyond(caps.text_bytes, path.stat().st_size, name)
        text = path.read_text(encoding="utf-8", errors="replace")
        traces, columns, warnings = _parsed(text, name)
        settings = settings_beside(path)
        meta = waveform_meta(**settings.meta(traces.shape[1]))
        meta["warnings"] = [*meta["warnings"], *warnings]
        found = Part(0, "all channels", 1, "waveforms", traces.shape, str(traces.dtype))
        if part is not None:
            part_number((found,), part, name)
        return Dataset(
            kind="waveforms",
            name=name,
            shape=traces.shape,
            dtype=traces.dtype,
            meta=meta,
            provenance=provenance,
            contents=MemoryArray(traces),
            parts=(found,),
            rows=table_of_columns(columns, len(traces)),
        )


_LABELS = {
    "BoardID": "board",
    "Channel": "channel",
    "Event Number": "event",
    "Pattern": "pattern",
    "Trigger Time Stamp": "trigger_time",
    "DC offset (DAC)": "dc_offset",
}


def _parsed(text: str, name: str) -> tuple[Values, dict[str, Values], list[str]]:
    pieces = re.split(r"^\s*Record Length:\s*(\d+)\s*$", text, flags=re.MULTILINE)[1:]
    traces: list[Values] = []
    rows: list[dict[str, int]] = []
    warnings: list[str] = []
    for number, (length, body) in enumerate(zip(pieces[::2], pieces[1::2], strict=True)):
        lines = body.split("\n")
        facts = {}
        while lines and (not lines[0].strip() or ":" in lines[0]):
            label, _, value = lines.pop(0).partition(":")
            if label.strip() in _LABELS:
                facts[_LABELS[label.strip()]] = _whole(value.strip())
        try:
            samples = np.array(" ".join(lines).split(), dtype=np.int32)
        except (ValueError, OverflowError):
            raise DamagedFile(
                f"{name}, record {number}: holds something else than whole numbers; copy it again"
            ) from None
        if len(samples) < int(length):
            last = number == len(pieces) // 2 - 1
            if not last or not traces:
                raise DamagedFile(
                    f"{name}, record {number}: truncated; {len(samples):,} of {int(length):,} samples"
                )
            warnings.append(
                f"record {number} is cut ({len(samples):,} of {int(length):,} samples) and left out"
            )
            break
        if traces and int(length) != len(traces[0]):
            raise DamagedFile(
                f"{name}, record {number}: has {int(length):,} samples, the first one {len(traces[0]):,}; "
                "channels of different length in one file cannot be read as one array. Let WaveDump write a "
                "file for each channel"
            )
        traces.append(samples[: int(length)])
        rows.append(facts)
    if not traces:
        raise DamagedFile(f"{name} holds no whole record")
    columns = {
        key: np.array([row.get(key, -1) for row in rows], np.int64)
        for key in _LABELS.values()
        if any(key in row for row in rows)
    }
    return np.stack(traces), columns, warnings


def _whole(text: str) -> int:
    try:
        return int(text, 0)
    except ValueError:
        return -1
