"""A hash of a function's code that changes when what it does may have changed, and not with its comments."""

from __future__ import annotations

import ast
import builtins
import hashlib
import inspect
import textwrap
from collections.abc import Callable, Iterator
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any

_PLAIN = (str, bytes, int, float, complex, bool, type(None))


def code_hash(*functions: Callable[..., Any]) -> str:
    """Give ``"sha256:…"`` of functions and of all that they use of their own modules.

    Comments, docstrings and layout do not count. Functions, classes and plain constants that a function
    names in its module do, and what these name in turn; what comes from another package counts by that
    package's name alone: a block's `version` is raised when it changes what it does.
    """
    sha = hashlib.sha256()
    seen: set[str] = set()
    for function in functions:
        for name, text in _pieces(_plain(function), seen):
            sha.update(f"{name}\0{text}\0".encode("utf-8", "surrogatepass"))
    return f"sha256:{sha.hexdigest()}"


def _plain(function: Any) -> Any:
    while True:
        if isinstance(function, MethodType):
            function = function.__func__
        elif hasattr(function, "__wrapped__"):
            function = function.__wrapped__
        elif not isinstance(function, (FunctionType, type)) and hasattr(function, "function"):
            function = function.function  # a block within a block
        else:
            return function


def _pieces(function: Any, seen: set[str]) -> Iterator[tuple[str, str]]:
    name = f"{getattr(function, '__module__', '')}.{getattr(function, '__qualname__', function)}"
    if name in seen:
        return
    seen.add(name)
    yield name, _source(function)
    if isinstance(function, FunctionType):
        for number, cell in enumerate(function.__closure__ or ()):
            yield from _value(f"{name}.closure{number}", _content(cell), function.__module__, seen)
        for default in (*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()):
            yield from _value(f"{name}.default", default, function.__module__, seen)
        space = function.__globals__
        names = sorted(_names(function.__code__))
    elif isinstance(function, type):
        made = inspect.getmodule(function)
        space = {} if made is None else vars(made)
        codes = [m.__code__ for m in vars(function).values() if isinstance(m, FunctionType)]
        names = sorted(set().union(*map(_names, codes)) if codes else set())
    else:
        return
    for used in names:
        if used in space and not (used in vars(builtins) and space[used] is vars(builtins)[used]):
            yield from _value(used, space[used], getattr(function, "__module__", None), seen)


def _value(name: str, value: Any, module: str | None, seen: set[str]) -> Iterator[tuple[str, str]]:
    plain = _plain(value)
    if isinstance(plain, (FunctionType, type)):
        if plain.__module__ == module:
            yield from _pieces(plain, seen)
        else:
            yield name, f"{plain.__module__}.{plain.__qualname__}"
    elif isinstance(value, ModuleType):
        yield name, value.__name__
    elif _is_plain(value):
        yield name, _told(value)


def _is_plain(value: Any, depth: int = 4) -> bool:
    if isinstance(value, _PLAIN):
        return True
    if depth and isinstance(value, (tuple, list, set, frozenset)):
        return all(_is_plain(one, depth - 1) for one in value)
    if depth and isinstance(value, dict):
        return all(_is_plain(k, 0) and _is_plain(v, depth - 1) for k, v in value.items())
    return False


def _told(value: Any) -> str:
    # The order of a set differs from one process to the next.
    if isinstance(value, (set, frozenset)):
        return f"set{sorted(map(_told, value))}"
    if isinstance(value, dict):
        return f"dict{[(_told(k), _told(v)) for k, v in value.items()]}"
    if isinstance(value, (tuple, list)):
        return f"{type(value).__name__}{[_told(one) for one in value]}"
    return repr(value)


def _names(code: CodeType) -> set[str]:
    names = set(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            names |= _names(constant)
    return names


def _content(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # not yet given
        return None


def _source(function: Any) -> str:
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError, IndentationError):
        # Typed at a prompt, or a lambda in the middle of a line: what it was compiled to must do.
        return _compiled(getattr(function, "__code__", None))
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            node.decorator_list = []
            first = node.body[0] if node.body else None
            if (
                isinstance(first, ast.Expr)
                and isinstance(first.value, ast.Constant)
                and isinstance(first.value.value, str)
            ):
                node.body = node.body[1:]
    return ast.dump(tree, include_attributes=False)


def _compiled(code: CodeType | None) -> str:
    if code is None:
        return ""
    constants = [_compiled(c) if isinstance(c, CodeType) else _told(c) for c in code.co_consts]
    return f"{code.co_code.hex()} {code.co_names} {code.co_varnames} {constants}"
