"""A hash of a function's code that changes when what it does may have changed, and not with its comments."""

from __future__ import annotations

import builtins
import hashlib
import sys
from collections import deque
from collections.abc import Callable, Mapping
from types import FunctionType, MethodType, ModuleType
from typing import Any

from .block_types import Block
from .code_origins import imported, is_own, package
from .code_parts import Part, part_of, told
from .code_text import Compiled, compiled

MOST = 2_000
"""Functions, methods and classes that are looked at for one hash, and other objects beside them."""

_OF_A_MODULE = frozenset(
    [
        *(
            "__builtins__",
            "__cached__",
            "__doc__",
            "__file__",
            "__loader__",
            "__name__",
            "__package__",
        ),
        *("__path__", "__spec__"),
    ]
)
_OF_A_CLASS = frozenset(
    [
        *(
            "__abstractmethods__",
            "__dict__",
            "__doc__",
            "__firstlineno__",
            "__module__",
            "__orig_bases__",
        ),
        *("__parameters__", "__signature__", "__static_attributes__", "__weakref__", "_abc_impl"),
    ]
)


def code_hash(*functions: Callable[..., Any]) -> str:
    """Give ``"sha256:…"`` of functions and of all that they use, as it is loaded now.

    What they were compiled to counts, not the file: comments, docstrings and layout do not count, and a
    module that was edited but not loaded again counts as it was loaded. Another minor version of Python
    compiles to something else, and gives another hash.

    With a function count the functions, classes and other values that it names in its module, what it was
    decorated with, its defaults and what it has from the function around it; of a class its bases, methods
    and attributes; and what these use in turn. That goes on in other modules of a person's own: in cells of
    a notebook, files beside it and packages in an editable installation. An installed package counts by its
    name and version, and so does this one: its blocks count with their own module, their `helpers` and
    their `version`, in an editable checkout too.

    What does not count: what is looked up by a text (``getattr(module, name)``), modules inside lists and
    dicts, annotations of functions, code compiled by other languages, and what a value hides (a file that
    is open, a lock): that counts by its type. Of more than `MOST` objects the rest does not count. A
    module of your own that is imported within a function is imported to see it.

    Examples
    --------
    >>> code_hash(lambda x: x + 1) == code_hash(lambda x: x + 2)
    False
    """
    return Codes().of(*functions)


class Codes:
    """Hashes of code at one moment: what several functions use is looked at once.

    Examples
    --------
    >>> codes = Codes()
    >>> codes.of(len) == codes.of(len) != codes.of(max)
    True
    """

    def __init__(self) -> None:
        # By identity; what is kept here stays alive, so that nothing else gets its number.
        self._parts: dict[tuple[int, bool], tuple[Any, Part]] = {}
        self._compiled: dict[int, tuple[Any, Compiled]] = {}
        self._known: dict[tuple[int, ...], tuple[Any, str]] = {}
        self._own: dict[str, bool] = {}

    def of_block(self, block: Block) -> str:
        """Give the hash of a block: of its function and its helpers."""
        return self.of(block.function, *block.helpers)

    def of(self, *functions: Callable[..., Any]) -> str:
        """Give the hash of functions; as of `code_hash`."""
        which = tuple(map(id, functions))
        if which not in self._known:
            self._known[which] = (functions, self._hash(functions))
        return self._known[which][1]

    def _hash(self, functions: tuple[Any, ...]) -> str:
        sha = hashlib.sha256(f"{sys.version_info[0]}.{sys.version_info[1]}".encode())
        modules: set[str] = set()
        for one in functions:
            modules |= _modules_of(one)
        numbers: dict[int, int] = {}
        code: deque[Any] = deque()
        values: deque[Any] = deque()
        left = {True: MOST, False: MOST}

        def number(value: Any) -> str:
            if id(value) not in numbers:
                numbers[id(value)] = len(numbers)
                # Code has a number of its own: many values shall not hide it.
                is_code = isinstance(value, (FunctionType, type, MethodType))
                left[is_code] -= 1
                if left[is_code] >= 0:
                    (code if is_code else values).append(value)
            return str(numbers[id(value)])

        sha.update(" ".join(map(number, functions)).encode())
        while code or values:
            part = self._part((code or values).popleft(), modules)
            text = part.text.encode("utf-8", "surrogatepass")
            sha.update(
                f"\n{len(text)} ".encode() + text + " ".join(map(number, part.uses)).encode()
            )
        return f"sha256:{sha.hexdigest()}"

    def _part(self, value: Any, modules: set[str]) -> Part:
        followed = False
        if isinstance(value, FunctionType):
            name = str(value.__globals__.get("__name__", ""))
            followed = name in modules or self._is_own(name)
        elif isinstance(value, type):
            name = str(value.__module__)
            followed = name in modules or self._is_own(name)
        key = (id(value), followed)
        if key not in self._parts:
            if followed and isinstance(value, FunctionType):
                part = self._function(value)
            elif followed:
                part = _class(value)
            else:
                part = part_of(value, self._is_own(str(type(value).__module__)))
            self._parts[key] = (value, part)
        return self._parts[key][1]

    def _function(self, function: FunctionType) -> Part:
        code = self._code(function)
        space = function.__globals__
        uses: list[Any] = []
        modules: list[ModuleType] = []
        text = [code.text, told(function.__defaults__, uses), told(function.__kwdefaults__, uses)]
        for cell in function.__closure__ or ():
            try:
                text.append(self._used(cell.cell_contents, modules, uses))
            except ValueError:  # not yet given
                text.append("empty")
        # What `functools.wraps` left there is the function within; others keep tables there.
        for name, value in sorted(vars(function).items()):
            text.append(f"{name}={told(value, uses)}")
        for name in code.names:
            if name in space and name not in _OF_A_MODULE:
                value = space[name]
                if getattr(builtins, name, modules) is not value:
                    text.append(f"{name}={self._used(value, modules, uses)}")
        for level, name, taken in code.imports:
            for found in imported(level, name, taken, space):
                text += [self._used(found, modules, uses)]
        seen = set(map(id, modules))
        for module in modules:  # which grows: a package has modules
            for name in code.names:
                value = vars(module).get(name)
                if name in vars(module) and name not in _OF_A_MODULE and id(value) not in seen:
                    if isinstance(value, ModuleType):
                        seen.add(id(value))
                    text.append(f"{module.__name__}.{name}={self._used(value, modules, uses)}")
        return Part("\n".join(text), tuple(uses))

    def _used(self, value: Any, modules: list[ModuleType], uses: list[Any]) -> str:
        if not isinstance(value, ModuleType):
            return told(value, uses)
        if not self._is_own(value.__name__):
            return f"{value.__name__} of {package(value.__name__)}"
        modules.append(value)
        return value.__name__

    def _code(self, function: FunctionType) -> Compiled:
        code = function.__code__
        if id(code) not in self._compiled:
            self._compiled[id(code)] = (code, compiled(code))
        return self._compiled[id(code)][1]

    def _is_own(self, module: str) -> bool:
        if module not in self._own:
            self._own[module] = is_own(module)
        return self._own[module]


def _class(one: type) -> Part:
    from enum import Enum

    uses: list[Any] = [type(one), *one.__bases__]
    text = [f"class {one.__qualname__} {len(one.__bases__)}"]
    members: dict[str, Any] | None = None
    if issubclass(one, Enum):
        members = {name: member._value_ for name, member in one.__members__.items()}
        text.append(told(members, uses))
    for name, value in sorted(vars(one).items()):
        if name in _OF_A_CLASS or (
            name.startswith("__pydantic_") and name != "__pydantic_fields__"
        ):
            continue  # of its place, or made of the rest, with addresses
        if members is not None and (name in members or _is_of_enum(name)):
            continue
        text.append(f"{name}={told(value, uses)}")
    return Part("\n".join(text), tuple(uses))


def _is_of_enum(name: str) -> bool:
    return name.startswith("_") and name.endswith("_") and name[1] != "_" and name != "_missing_"


def _modules_of(function: Any) -> set[str]:
    """Give the modules of a function and of what it wraps."""
    found: set[str] = set()
    for _ in range(100):
        if isinstance(function, Block):
            function = function.function
            continue
        if isinstance(function, FunctionType):
            found.add(str(function.__globals__.get("__name__", "")))
        elif isinstance(function, type):
            found.add(function.__module__)
        more: Mapping[str, Any] = getattr(function, "__dict__", {})
        if isinstance(function, MethodType):
            function = function.__func__
        elif not isinstance(function, type) and "__wrapped__" in more:
            function = more["__wrapped__"]
        else:
            break
    return found - {"builtins"}
