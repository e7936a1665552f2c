"""What words of a magic's line stand for: data sets by name, numbers, lists."""

from __future__ import annotations

import math
from typing import Any

from .calls import Call, Item


def source(word: str) -> Item | str:
    """Give the entry of a name in the catalogue, and else the word itself, a path or an address."""
    from ..catalog import Catalog

    return Item(Call("Catalog"), word) if word in Catalog() else word


def part(word: str) -> int | str:
    """Give the number or name of a part of a file."""
    return int(word) if word.isdecimal() and word.isascii() else word


def number(word: str) -> float:
    """Give a number."""
    try:
        value = float(word)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ValueError("is no number; give one such as 0.01")
    return value


def count(word: str) -> int:
    """Give a whole number, 0 or more."""
    if not (word.isdecimal() and word.isascii()) or len(word) > 9:
        raise ValueError("is no number of them; give one such as 4")
    return int(word)


def names(word: str) -> list[str]:
    """Give the names that stand in a word with commas between them."""
    found = [name.strip() for name in word.split(",")]
    if not all(found) or len(set(found)) < len(found):
        raise ValueError("is no list of different names, such as normal,anomaly")
    return found


def choice(word: str) -> tuple[str, str]:
    """Give name and value of a word such as ``seed=3``."""
    name, sign, value = word.partition("=")
    if not sign or not name.strip():
        raise ValueError("tells no value: write NAME=VALUE, such as seed=3")
    return name.strip(), value


def plain_value(text: str) -> Any:
    """Give the number or truth that a text tells, and else the text."""
    if text in ("True", "False"):
        return text == "True"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
