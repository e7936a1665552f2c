"""Text files of CAEN's WaveDump."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from ..datasets import Check, Dataset, Part, Provenance
from ..datasets.dataset import part_number
from ..datasets.lazy import Block, MemoryArray, Values
from ..errors import DamagedFile
from .caps import caps, refuse_beyond
from .wavedump_config import settings_beside
from .waveforms import table_of_columns, waveform_meta


class _Traces(MemoryArray):
    """Traces that were read whole; what is given is a copy, as of a file."""

    def _read(self, block: Block) -> Values:
        return super()._read(block).copy()


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
        settings = settings_beside(Path(provenance.path))
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
            contents=_Traces(traces),
            parts=(found,),
            run_checks=lambda: (
                Check(
                    "whole records",
                    not warnings,
                    warnings[0] if warnings else f"{len(traces):,} whole records",
                ),
            ),
            rows=table_of_columns(columns, len(traces)),
        )


_LABELS = {
    "BoardID": "board",
    "Channel": "channel",
    "Event Number": "event",
    "Pattern": "pattern",
    "Trigger Time Stamp": "trigger_time",
    "DC offset (DAC)": "dc_offset",
    "Start Index Cell": "start_cell",
}


def _parsed(text: str, name: str) -> tuple[Values, dict[str, Values], list[str]]:
    pieces = re.split(r"^[ \t]*Record Length:[ \t]*([0-9]+)[ \t]*$", text, flags=re.MULTILINE)[1:]
    traces: list[Values] = []
    rows: list[dict[str, int]] = []
    warnings: list[str] = []
    for number, (length, body) in enumerate(zip(pieces[::2], pieces[1::2], strict=True)):
        lines = body.split("\n")
        facts = {}
        begin = 0
        while begin < len(lines) and (not lines[begin].strip() or ":" in lines[begin]):
            label, _, value = lines[begin].partition(":")
            begin += 1
            if label.strip() in _LABELS:
                facts[_LABELS[label.strip()]] = _whole(value.strip())
        try:
            words = "\n".join(lines[begin:])
            # Corrected samples of an x742 have decimals.
            samples = np.array(words.split(), np.float32 if "." in words else np.int32)
        except (ValueError, OverflowError):
            raise DamagedFile(
                f"{name}, record {number}: holds something else than numbers; copy it again"
            ) from None
        if not int(length):
            raise DamagedFile(f"{name}, record {number}: has no samples by its header")
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
    dtype = np.result_type(*{one.dtype for one in traces})
    stacked = np.stack(traces).astype(np.int32 if dtype == np.int32 else np.float32, copy=False)
    return stacked, columns, warnings


def _whole(text: str) -> int:
    try:
        number = int(text, 0)
    except ValueError:
        return -1
    return number if 0 <= number < 1 << 32 else -1
