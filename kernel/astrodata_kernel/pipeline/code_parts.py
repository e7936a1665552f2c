"""What one value tells of itself, and which others it uses: for the hash of the code that it belongs to."""

from __future__ import annotations

import copyreg
import hashlib
import sys
import types
import typing
import weakref
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from .block_types import Block
from .code_origins import is_own, package
from .code_text import PLAIN, compiled, plain_text

_DEEPEST = 50  # containers within containers that are told in one text
_WIDEST = 100_000  # of them in one text
_LARGEST = 100_000  # items of a value that lists them one by one

_BUILT_IN = (
    types.BuiltinFunctionType,
    types.ClassMethodDescriptorType,
    types.GetSetDescriptorType,
    types.MemberDescriptorType,
    types.MethodDescriptorType,
    types.MethodWrapperType,
    types.WrapperDescriptorType,
)
_PASSING = (weakref.ref, weakref.WeakKeyDictionary, weakref.WeakSet, weakref.WeakValueDictionary)


@dataclass(frozen=True)
class Part:
    """One value of those that code uses.

    Parameters
    ----------
    text
        What it tells by itself.
    uses
        The values that it uses, in a certain order.
    """

    text: str
    uses: tuple[Any, ...] = ()


def part_of(value: Any, of_own_class: bool) -> Part:
    """Give what a value tells; of functions and classes their name and package.

    Nothing is loaded and nothing of it is called but what tells how it would be pickled. What cannot be told
    counts by its type.

    Parameters
    ----------
    value
        Any.
    of_own_class
        Whether its class is a person's own.
    """
    uses: list[Any] = []
    try:
        text = _text(value, of_own_class, uses)
    except Exception:  # noqa: BLE001 - a value of any class, and of any mistake in it
        return Part(_name(type(value)))
    return Part(text, tuple(uses))


def told(value: Any, uses: list[Any]) -> str:
    """Give the text of plain values and what is made of them; of others "@", and add them to those used."""
    return _told(value, uses, [_WIDEST], 0)


def _told(value: Any, uses: list[Any], left: list[int], depth: int) -> str:
    kind = type(value)
    if kind in PLAIN:
        return plain_text(value)
    if kind in (list, tuple, dict, set, frozenset) and depth < _DEEPEST and left[0] > 0:
        left[0] -= 1
        if kind is dict:
            items = [
                f"{_told(k, uses, left, depth + 1)}: {_told(v, uses, left, depth + 1)}"
                for k, v in value.items()
            ]
        elif kind in (list, tuple):
            items = [_told(one, uses, left, depth + 1) for one in value]
        else:
            items = _in_order(value, uses, left, depth + 1)
        return f"{kind.__name__}[{', '.join(items)}]"
    uses.append(value)
    return "@"


def _in_order(values: Any, uses: list[Any], left: list[int], depth: int) -> list[str]:
    # The order of a set differs from one process to the next.
    found = []
    for value in values:
        own: list[Any] = []
        text = _told(value, own, left, depth)
        label = [_name(one) if _has_name(one) else part_of(one, False).text for one in own]
        found.append((text, label, own))
    found.sort(key=lambda one: one[:2])
    for _, _, own in found:
        uses += own
    return [f"{text} {label}" if label else text for text, label, _ in found]


def _text(value: Any, of_own_class: bool, uses: list[Any]) -> str:
    if isinstance(value, types.FunctionType):
        return _foreign_function(value, uses)
    if isinstance(value, type):
        return f"{_name(value)} of {package(value.__module__)}"
    if isinstance(value, types.ModuleType):
        return f"{value.__name__} of {package(value.__name__)}"
    if isinstance(value, types.MethodType):
        uses += [value.__func__, value.__self__]
        return "method"
    if isinstance(value, _BUILT_IN):
        owner = getattr(value, "__self__", None)
        if owner is not None and not isinstance(owner, types.ModuleType):
            uses.append(owner)
        return f"{_name(value)} of {package(str(getattr(value, '__module__', None) or ''))}"
    if isinstance(value, (staticmethod, classmethod)):
        uses.append(value.__func__)
        return type(value).__name__
    if type(value) is property:
        uses += [value.fget, value.fset, value.fdel]
        return "property"
    if isinstance(value, Block):
        uses += [value.function, *value.helpers]
        return f"block {value.name} {value.version} {value.outputs}"
    if isinstance(value, types.CodeType):
        return compiled(value).text
    if isinstance(value, _PASSING):
        return _name(type(value))
    if isinstance(value, typing.ForwardRef):
        return f"typing.ForwardRef {value.__forward_arg__!r}"
    if isinstance(value, Enum):
        uses.append(type(value))
        return f"{_name(type(value))}.{value._name_} {told(value._value_, uses)}"
    if type(value) is types.MappingProxyType:
        return f"mappingproxy {told(dict(value), uses)}"
    if isinstance(value, np.memmap) and value.filename is not None:
        file = Path(value.filename)
        facts = file.stat()
        return f"memmap {file} {facts.st_size} {facts.st_mtime_ns} {value.offset} {_array(value)}"
    if type(value) is np.ndarray and not value.dtype.hasobject:
        return f"{_array(value)} {hashlib.sha256(np.ascontiguousarray(value).data).hexdigest()}"
    if type(value) in (list, tuple, dict, set, frozenset):
        return told(value, uses)
    if type(value) in PLAIN:
        return plain_text(value)
    return _made_of(value, of_own_class, uses)


def _array(value: np.ndarray[Any, Any]) -> str:
    return f"{value.dtype.descr if value.dtype.names else value.dtype.str} {value.shape}"


def _foreign_function(function: types.FunctionType, uses: list[Any]) -> str:
    module = sys.modules.get(str(function.__module__))
    found: Any = module
    for name in function.__qualname__.split("."):
        found = getattr(found, name, None)
    if found is function and module is not None and not is_own(module.__name__):
        return f"{_name(function)} of {package(module.__name__)}"
    # It was made by one, as a decorator makes them: what it was made of counts.
    uses += [*(cell.cell_contents for cell in function.__closure__ or ()), *vars(function).values()]
    uses += [function.__defaults__, function.__kwdefaults__]
    made_by = str(function.__globals__.get("__name__", ""))
    return f"{made_by}.{function.__code__.co_qualname} of {package(made_by)}"


def _made_of(value: Any, of_own_class: bool, uses: list[Any]) -> str:
    kind = type(value)
    space = getattr(value, "__dict__", None)
    if not of_own_class and isinstance(space, dict) and "__wrapped__" in space:
        # A cache or a compiler of functions: the rest is its own business, and changes with each call.
        uses.append(space["__wrapped__"])
        return f"{_name(kind)} of {package(kind.__module__)}"
    uses.append(kind)
    if _is_network(kind):
        uses += [value.get_config(), value.get_weights()]
        return "network"
    reduce = copyreg.dispatch_table.get(kind)
    made: Any = value.__reduce_ex__(2) if reduce is None else reduce(value)
    if isinstance(made, str):
        return f"{_name(kind)} {made}"
    function, arguments, state, items, pairs = (*made, None, None, None)[:5]
    text = [_name(kind), told(function, uses), told(arguments, uses)]
    # What has slots gives two: of names and of slots.
    both = state if isinstance(state, tuple) and len(state) == 2 else (state, None)
    text += [
        told((_lasting(kind, one) or None) if isinstance(one, dict) else one, uses) for one in both
    ]
    text.append(told(list(islice(items or (), _LARGEST)), uses))
    text.append(told([list(pair) for pair in islice(pairs or (), _LARGEST)], uses))
    return " ".join(text)


def _lasting(kind: type, state: Mapping[str, Any]) -> dict[str, Any]:
    """Give the state of a value without its docstring and what it only remembers of what it counted."""
    passing = {"__doc__", *(("_ufunc",) if kind is np.vectorize else ())}
    for one in kind.__mro__:
        passing |= {n for n, v in vars(one).items() if isinstance(v, cached_property)}
    return {name: one for name, one in state.items() if name not in passing}


def _is_network(kind: type) -> bool:
    # Keras would write a whole file, with the time in it.
    return any(
        one.__module__.startswith("keras.") and one.__name__ == "Layer" for one in kind.__mro__
    )


def _has_name(value: Any) -> bool:
    return isinstance(value, (type, types.FunctionType, *_BUILT_IN))


def _name(value: Any) -> str:
    return f"{getattr(value, '__module__', None)}.{getattr(value, '__qualname__', '')}"
