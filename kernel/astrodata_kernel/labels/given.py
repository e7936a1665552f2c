"""What comes in from outside, as it is kept: ids, labels, numbers, who, and which data."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from typing import Any

from ..errors import BadRequest
from ..user import user_name
from .label_sets import LabelSet
from .lines import Id


def annotator_of(name: str | None) -> str:
    """Give the name that labels are given under; by default the hub's user, or who is logged in."""
    if name is None:
        name = user_name()
    if not isinstance(name, str) or not name.strip() or len(name) > 100 or not name.isprintable():
        raise BadRequest(
            f"annotator={str(name)[:40]!r}: give a name of 1 to 100 characters on one line"
        )
    return str(name).strip()


def ids_of(given: Any) -> list[Id]:
    """Give ids as a list, each once.

    Raises
    ------
    BadRequest
        There are none, or one is neither a whole number nor a text.
    """
    if hasattr(given, "tolist"):
        given = given.tolist()
    if isinstance(given, str | int | bytes | Mapping) or not isinstance(given, Iterable):
        given = [given]
    given = list(given)
    try:
        ids = list(dict.fromkeys(given))
    except TypeError:
        ids = given  # what cannot stand in a set is no id, which is said below
    kinds = set(map(type, ids))
    if not kinds <= {int, str}:
        ids = [_id(one) for one in ids]
    if not ids:
        raise BadRequest("there are no ids: give at least one")
    if int in kinds and any(type(one) is int and not -(2**63) <= one < 2**63 for one in ids):
        raise BadRequest("an id is a text, or a whole number of 64 bits")
    return ids


def label_of(given: Any, label_set: LabelSet) -> str | list[str] | None:
    """Give a label as it is kept.

    Raises
    ------
    BadRequest
        Several classes where one is allowed, or what is no text.
    UnknownName
        No class is called so.
    """
    if given is None:
        return None
    if not isinstance(given, str):
        if not isinstance(given, list | tuple | set | frozenset) and not hasattr(given, "tolist"):
            raise BadRequest(f"{given!r} is no label: give the name of a class, or None")
        given = list(dict.fromkeys(given.tolist() if hasattr(given, "tolist") else given))
    names = [given] if isinstance(given, str) else given
    # NumPy has texts of its own type.
    names = [str(name) if isinstance(name, str) else name for name in names]
    for name in names:
        if not isinstance(name, str) or not name.strip() or len(name) > 200:
            raise BadRequest(f"{str(name)[:40]!r} is no label: give 1 to 200 characters, or None")
        if len(label_set):
            label_set[name]
    if len(label_set):
        # In one order, so that the same classes are the same label.
        names = [name for name in label_set.names if name in names]
        if not label_set.multiple and len(names) > 1:
            raise BadRequest(
                f"{', '.join(names)}: this label set allows one class for each event; "
                "change_classes(multiple=True) allows several"
            )
        if not label_set.multiple:
            return names[0] if names else None
        return names or None
    return (names[0] if isinstance(given, str) else names) or None


def number_of(name: str, value: Any, low: float = -math.inf, high: float = math.inf) -> Any:
    """Give a number, or None for none and NaN."""
    if value is None:
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise BadRequest(f"{name}={value!r} is no number") from None
    if math.isnan(number):
        return None
    if not low <= number <= high or math.isinf(number):
        raise BadRequest(f"{name}={value!r}: give a finite number of {low:g} to {high:g}")
    return number


def text_of(name: str, value: Any) -> str | None:
    """Give a text, or None for none and the empty one."""
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise BadRequest(f"{name}={value!r} is no text")
    return str(value)


def json_of(name: str, value: Any) -> Any:
    """Give what can be written as JSON, as it will come back."""
    try:
        return json.loads(json.dumps(value, allow_nan=False))
    except (TypeError, ValueError, RecursionError):
        raise BadRequest(
            f"{name}={str(value)[:80]}: give a text, or a dict of texts and numbers"
        ) from None


def dataset_of(given: Any) -> dict[str, str] | None:
    """Give name and digest of a data set, of what is in memory, or of a mapping with these two."""
    if given is None:
        return None
    if isinstance(given, str):
        return {"name": given}
    if isinstance(given, Mapping):
        found = {key: given.get(key) for key in ("name", "digest")}
    else:
        provenance = getattr(given, "provenance", None)
        digest = getattr(given, "sha256", None) or getattr(provenance, "sha256", None)
        found = {
            "name": getattr(given, "name", None),
            "digest": digest or getattr(given, "digest", None),
        }
    facts = {key: value for key, value in found.items() if isinstance(value, str) and value}
    if not facts:
        raise BadRequest(
            f"dataset={str(given)[:80]}: give a data set, its name, or a dict of name and digest"
        )
    return facts


def _id(one: Any) -> Id:
    value = one.item() if hasattr(one, "item") else one
    if type(value) is int or type(value) is str:
        return value
    if isinstance(value, str):
        return str(value)
    raise BadRequest(f"{str(one)[:80]!r} is no id: give whole numbers or texts")
