"""Values of table cells as texts, with all digits that tell them apart."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..processing.tables import ColumnFacts, Values

FIRST = 4
"""Values of a vector that are written."""

LONGEST = 200
"""Characters of a text that are sent; the rest is an ellipsis."""

_DISPLAY = re.compile(r"([FIBOZ])(\d{1,3})(?:\.(\d{1,2}))?")


def cells_of(values: Values, facts: ColumnFacts) -> list[str | None]:
    """Give a column's values as texts, None where they are missing."""
    mask = np.ma.getmaskarray(values)
    data = np.ma.getdata(values)
    if facts.kind == "vector" or data.ndim > 1:
        return [
            None if np.all(gone) else vector_text(value, facts.shape is None)
            for value, gone in zip(data, mask, strict=True)
        ]
    write = _writer(data.dtype, facts.display)
    return [None if gone else write(value) for value, gone in zip(data, mask, strict=True)]


def vector_text(value: Any, varying: bool = False) -> str:
    """Give the first values of a vector, and how many there are: ``[1 2 3 4 … ] 64``."""
    if value is None:
        return "[]"
    array = np.asarray(value)
    flat = array.reshape(-1)
    write = _writer(flat.dtype, "")
    shown = " ".join(write(one) for one in flat[:FIRST])
    more = " …" if flat.size > FIRST else ""
    size = " × ".join(map(str, array.shape)) if array.ndim > 1 else str(flat.size)
    return f"[{shown}{more}]" + (f" {size}" if varying or more else "")


def _writer(dtype: np.dtype[Any], display: str) -> Any:
    match = _DISPLAY.fullmatch(display)
    code, width, digits = match.groups() if match else ("", "0", None)
    if dtype.kind == "b":
        return lambda value: "true" if value else "false"
    if dtype.kind in "iu":
        style = {"B": "b", "O": "o", "Z": "X"}.get(code)
        if style:
            fill = min(int(digits or width), 64)
            return lambda value: f"{int(value):0{fill}{style}}" if value >= 0 else str(value)
        return lambda value: str(int(value))
    if dtype.kind == "f":
        if code == "F" and digits is not None:
            places = min(int(digits), 17)
            return lambda value: f"{value:.{places}f}" if np.isfinite(value) else _special(value)
        return _float_text
    if dtype.kind == "M":
        return lambda value: re.sub(r"(T00:00:00)?(\.0+)?$", "", str(value))
    if dtype.kind == "c":
        return lambda value: f"{_float_text(value.real)} + {_float_text(value.imag)}i"
    return _clipped


def _float_text(value: Any) -> str:
    if not np.isfinite(value):
        return _special(value)
    size = abs(value)
    if size != 0 and (size < 1e-4 or size >= 1e16):
        return str(np.format_float_scientific(value, unique=True, trim="-"))
    return str(np.format_float_positional(value, unique=True, trim="-"))


def _special(value: Any) -> str:
    return "NaN" if np.isnan(value) else ("inf" if value > 0 else "−inf")


def _clipped(value: Any) -> str:
    text = str(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def tab_separated(names: Sequence[str], columns: Sequence[Sequence[str | None]]) -> str:
    """Give rows as lines of texts between tabs, under a line of names; for spreadsheets."""
    lines = ["\t".join(names)]
    lines += [
        "\t".join(re.sub(r"[\t\r\n]+", " ", cell or "") for cell in row)
        for row in zip(*columns, strict=True)
    ]
    return "\n".join(lines) + "\n"
