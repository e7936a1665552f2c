"""Whether a value is what an annotation asks for, and the JSON Schema of an annotation."""

from __future__ import annotations

import types
from collections.abc import Mapping
from typing import Any, Literal, Union, get_args, get_origin

_NAMES = {float: "number", int: "integer", bool: "boolean", str: "string", type(None): "null"}
_WORDS = {
    float: "a number",
    int: "a whole number",
    bool: "true or false",
    str: "a text",
    type(None): "nothing",
}


def schema_of(hint: Any) -> dict[str, Any]:
    """Give the JSON Schema of values that an annotation takes; of anything else, of any value."""
    origin, inside = get_origin(hint), get_args(hint)
    if hint in _NAMES:
        return {"type": _NAMES[hint]}
    if origin is Literal:
        return {"enum": list(inside)}
    if origin in (Union, types.UnionType):
        every = [schema_of(one) for one in inside]
        return {} if {} in every else {"anyOf": every}
    if origin is list or hint is list:
        return {"type": "array", **({"items": schema_of(inside[0])} if inside else {})}
    if origin is dict or hint is dict:
        rest = {"additionalProperties": schema_of(inside[1])} if len(inside) == 2 else {}
        return {"type": "object", **rest}
    return {}


def fits(value: Any, hint: Any) -> bool:
    """Tell whether a value is one that an annotation takes."""
    origin, inside = get_origin(hint), get_args(hint)
    if hint is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if hint is int:
        whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
        return whole and not isinstance(value, bool)
    if hint in _NAMES:
        return isinstance(value, hint)
    if origin is Literal:
        return value in inside
    if origin in (Union, types.UnionType):
        return any(fits(value, one) for one in inside)
    if origin is list or hint is list:
        return isinstance(value, list | tuple) and all(
            fits(v, i) for v in value for i in inside[:1]
        )
    if origin is dict or hint is dict:
        keys = isinstance(value, Mapping) and all(isinstance(k, str) for k in value)
        return keys and (len(inside) < 2 or all(fits(v, inside[1]) for v in value.values()))
    return True


def words_of(hint: Any) -> str:
    """Give what an annotation takes in words."""
    origin, inside = get_origin(hint), get_args(hint)
    if hint in _WORDS:
        return _WORDS[hint]
    if origin is Literal:
        return " or ".join(map(repr, inside))
    if origin in (Union, types.UnionType):
        return " or ".join(dict.fromkeys(words_of(i) for i in inside if i is not type(None)))
    if origin is list or hint is list:
        return f"a list, each {words_of(inside[0])}" if inside else "a list"
    if origin is dict or hint is dict:
        return "a mapping"
    return "a value"
