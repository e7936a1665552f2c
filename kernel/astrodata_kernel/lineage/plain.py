"""Values as JSON takes them, and texts as people can be shown them."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from typing import Any

DEEPEST = 20
"""Nesting of a value that is kept; no parameter that a person writes is deeper."""

_ENDS = (-(2**63), 2**63)


def plain(value: Any, longest: int | None = None, deepest: int = DEEPEST) -> Any:
    """Give a value as JSON takes it: mappings, lists, texts, numbers, booleans and None.

    A number that is not finite becomes a text (``"nan"``): JSON has none, and browsers refuse it. What is
    none of these becomes its text.

    Parameters
    ----------
    value
        Anything.
    longest
        Characters of a text and members of a list or mapping at most; by default all are kept.
    deepest
        Nesting beyond which a text stands for the rest.
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _cut(value.encode("utf-8", "replace").decode(), longest)
    if isinstance(value, int):
        # Beyond 64 bits other languages read another number.
        return int(value) if _ENDS[0] <= value < _ENDS[1] else hex(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else str(float(value))
    if deepest <= 0:
        return "…"
    if isinstance(value, Mapping):
        pairs = list(value.items())[:longest]
        return {plain(str(key), longest): plain(one, longest, deepest - 1) for key, one in pairs}
    if isinstance(value, (list, tuple)):
        return [plain(one, longest, deepest - 1) for one in value[:longest]]
    if isinstance(value, (set, frozenset)):
        return [plain(one, longest, deepest - 1) for one in sorted(value, key=str)[:longest]]
    if hasattr(value, "tolist"):  # NumPy's numbers and arrays
        return plain(value.tolist(), longest, deepest - 1)
    if isinstance(value, os.PathLike):
        return plain(os.fspath(value), longest)
    return _cut(str(value), longest)


def as_json(value: Any) -> bytes:
    """Give a value as JSON on one line, in ASCII, without a line feed."""
    return dumped(plain(value))


def dumped(value: Any) -> bytes:
    """Give what `plain` gave as JSON on one line, in ASCII, without a line feed."""
    return json.dumps(value, allow_nan=False, separators=(",", ":")).encode()


def shown(value: Any, longest: int = 200) -> str:
    """Give a text on one line, of a length and of characters that can be shown; "" for what is no text.

    What turns the direction of writing is left out: a name must not look like another one.
    """
    if not isinstance(value, str):
        return ""
    cut = _cut(value, longest)
    return cut if cut.isprintable() else "".join(c if c.isprintable() else " " for c in cut)


def _cut(text: str, longest: int | None) -> str:
    return text if longest is None or len(text) <= longest else f"{text[:longest]}…"
