"""What the configuration file of CAEN's WaveDump tells of the data beside it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

RATES = {
    "720": 250e6,
    "721": 500e6,
    "724": 100e6,
    "725": 250e6,
    "730": 500e6,
    "731": 500e6,
    "740": 62.5e6,
    "742": 5e9,
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
    "742": 12,
    "751": 10,
    "761": 10,
}

STORED = {"721": "<u1", "731": "<u1", "742": "<f4"}
"""How samples are written where it is not in two bytes: one for 8 bits, corrected ones as float32."""

_DRS4_RATES = (5e9, 2.5e9, 1e9, 750e6)


@dataclass(frozen=True)
class Settings:
    """What WaveDumpConfig.txt beside a file tells."""

    model: str = ""
    length: int | None = None
    header: bool | None = None
    polarity: int = 1
    post_trigger: float | None = None
    dc_offset: float | None = None
    drs4: int = 0
    unknown: str = ""

    @property
    def stored(self) -> np.dtype[Any]:
        """Type of the samples in a file."""
        return np.dtype(STORED.get(self.model, "<u2"))

    def meta(self, samples: int) -> dict[str, Any]:
        """Give the facts of a data set of traces with a number of samples."""
        rate = _DRS4_RATES[self.drs4] if self.model == "742" else RATES.get(self.model)
        warnings = [] if rate else [self.unknown]
        trigger = None
        if self.post_trigger is not None:
            trigger = round(samples * (1 - self.post_trigger / 100))
        return {
            "unit": "ADC",
            "sample_period": None if rate is None else 1 / rate,
            "polarity": self.polarity,
            "trigger": trigger,
            "dc_offset": self.dc_offset,
            "adc_bits": BITS.get(self.model),
            "model": f"x{self.model}" if self.model else "",
            "warnings": warnings,
        }


def settings_beside(path: Path) -> Settings:
    """Give the settings of the configuration file in a data file's folder, if there is one."""
    config = path.parent / "WaveDumpConfig.txt"
    try:
        if not config.is_file():
            raise FileNotFoundError  # a pipe, say, which would be waited for
        with config.open("rb") as file:
            text = file.read(1 << 20).decode("utf-8", "replace")
    except OSError:
        return Settings(
            unknown="the sample rate is not known: WaveDumpConfig.txt does not lie beside the file; give it "
            "with ds.taken_as('waveforms', sample_period=...)"
        )
    # Blanks only before a key, no ends of lines: those would be looked through again from each line.
    # The family stands in the line of the connection or of the model, with or without its letters.
    model = re.search(r"(?mi)^[ \t]*(?:Digitizer|MODEL)\s+[A-Z]*[0-9]?(7[0-9]{2})[A-Z]*\b", text)
    length = re.search(r"^[ \t]*RECORD_LENGTH\s+([0-9]{1,9})\b", text, re.MULTILINE)
    header = re.search(r"^[ \t]*OUTPUT_FILE_HEADER\s+(YES|NO)", text, re.MULTILINE)
    polarity = re.search(r"^[ \t]*PULSE_POLARITY\s+(POSITIVE|NEGATIVE)", text, re.MULTILINE)
    post = re.search(
        r"^[ \t]*POST_TRIGGER\s+([0-9]{1,3}(?:\.[0-9]{1,9})?)(?![0-9.])", text, re.MULTILINE
    )
    offset = re.search(
        r"^[ \t]*(?:DC_OFFSET|BASELINE_LEVEL)\s+(-?[0-9]{1,3}(?:\.[0-9]{1,9})?)", text, re.MULTILINE
    )
    drs4 = re.search(r"^[ \t]*DRS4_FREQUENCY\s+([0-3])\b", text, re.MULTILINE)
    return Settings(
        model=model[1] if model else "",
        length=int(length[1]) if length else None,
        header=None if header is None else header[1] == "YES",
        polarity=-1 if polarity and polarity[1] == "NEGATIVE" else 1,
        post_trigger=float(post[1]) if post and float(post[1]) <= 100 else None,
        dc_offset=float(offset[1]) if offset else None,
        drs4=int(drs4[1]) if drs4 else 0,
        unknown="WaveDumpConfig.txt does not say which digitiser it was: the sample rate is not known; give "
        "it with ds.taken_as('waveforms', sample_period=...)",
    )
