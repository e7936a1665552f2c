"""What a function was compiled to, as a text that no comment, no docstring and no place in a file changes."""

from __future__ import annotations

import dis
from dataclasses import dataclass
from types import CodeType
from typing import Any

PLAIN = (str, bytes, int, float, complex, bool, type(None), type(...))
"""Types whose values are their own text."""

_EXTENDED = dis.opmap["EXTENDED_ARG"]
_CACHE = dis.opmap["CACHE"]
_STORE_NAME = dis.opmap["STORE_NAME"]
_IMPORT_NAME = dis.opmap["IMPORT_NAME"]
_WITH_CONSTANT = frozenset(dis.hasconst)

_OF_ITS_PLACE = ("__doc__", "__firstlineno__", "__static_attributes__")
"""What a class within a function stores of itself that says nothing of what it does."""

_KINDS = 0x4 | 0x8 | 0x20 | 0x80 | 0x100 | 0x200
"""Flags of code that takes any number of arguments, or makes a generator or a coroutine."""


@dataclass(frozen=True)
class Compiled:
    """Code as text.

    Parameters
    ----------
    text
        The same wherever the same code is compiled by the same minor version of Python.
    names
        Of all globals and attributes that it uses, in the order of the alphabet.
    imports
        What it imports: how many points stand before the name, the name, and what is taken of it.
    """

    text: str
    names: tuple[str, ...]
    imports: tuple[tuple[int, str, tuple[str, ...]], ...]


def compiled(code: CodeType) -> Compiled:
    """Give the text of code, with that of the functions within it.

    Constants stand where they are used, not by number: a docstring moves the numbers of the others.
    """
    names = set(code.co_names)
    imports: list[tuple[int, str, tuple[str, ...]]] = []
    told: list[str] = []
    constants: list[Any] = [0, None]
    longer = 0
    raw = code.co_code
    for at in range(0, len(raw), 2):
        operation, argument = raw[at], raw[at + 1] | longer
        if operation == _EXTENDED:
            longer = argument << 8
            continue
        longer = 0
        if operation == _CACHE:
            continue
        if operation in _WITH_CONSTANT:
            constant = code.co_consts[argument]
            constants.append(constant)
            if isinstance(constant, CodeType):
                within = compiled(constant)
                names.update(within.names)
                imports += within.imports
                told.append(f"{operation} {within.text}")
            else:
                told.append(f"{operation} {_constant(constant)}")
            continue
        if operation == _STORE_NAME and told and code.co_names[argument] in _OF_ITS_PLACE:
            told.pop()
            continue
        if operation == _IMPORT_NAME:
            level, wanted = constants[-2:]
            few = tuple(wanted) if isinstance(wanted, tuple) else ()
            imports.append((level if isinstance(level, int) else 0, code.co_names[argument], few))
        told.append(f"{operation} {argument}")
    used = [name for name in code.co_names if name not in _OF_ITS_PLACE]
    counts = (code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount)
    text = (
        f"({code.co_name} {counts} {code.co_flags & _KINDS} {used} {code.co_varnames} {code.co_cellvars} "
        f"{code.co_freevars} {code.co_exceptiontable.hex()} {';'.join(told)})"
    )
    return Compiled(text, tuple(sorted(names)), tuple(imports))


def plain_text(value: Any) -> str:
    """Give the text of a value of one of the `PLAIN` types, which another value does not have."""
    if type(value) is int:
        return f"int {value:x}"  # decimal digits have a limit
    return f"{type(value).__name__} {value!r}"


def _constant(value: Any) -> str:
    if isinstance(value, tuple):
        return f"tuple[{', '.join(map(_constant, value))}]"
    if isinstance(value, frozenset):
        # The order of a set differs from one process to the next.
        return f"set[{', '.join(sorted(map(_constant, value)))}]"
    return plain_text(value)
