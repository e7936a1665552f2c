"""A call into the library: done, and written as Python, from one tree, so that both are the same."""

from __future__ import annotations

import keyword
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

_ROOT = __package__.partition(".")[0]
_WIDTH = 88


@dataclass(frozen=True)
class Call:
    """A call of a public function by its name behind ``adk.``, or of a method of what another one gives.

    Examples
    --------
    >>> call = Call("add", ("m13.fits",), {"tags": ["cluster"]}, of=Call("Catalog"))
    >>> print(call.code())
    adk.Catalog().add("m13.fits", tags=["cluster"])
    >>> Call("errors.closest", ("veiw", ["view", "ls"])).do()
    "; did you mean 'view'?"
    """

    name: str
    args: tuple[Any, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    of: Call | None = None

    def do(self) -> Any:
        """Do it, and give what comes of it."""
        target = import_module(_ROOT) if self.of is None else self.of.do()
        for part in self.name.split("."):
            target = getattr(target, part)
        options = {name: _done(value) for name, value in self.options.items()}
        return target(*map(_done, self.args), **options)

    def code(self) -> str:
        """Write it as an expression of Python that knows the package as ``adk``."""
        head = f"{'adk' if self.of is None else self.of.code()}.{self.name}"
        given = [written(value) for value in self.args]
        plain = {
            n: v for n, v in self.options.items() if n.isidentifier() and not keyword.iskeyword(n)
        }
        given += [f"{name}={written(value)}" for name, value in plain.items()]
        if rest := {name: value for name, value in self.options.items() if name not in plain}:
            given.append(f"**{written(rest)}")
        flat = f"{head}({', '.join(given)})"
        if len(flat) <= _WIDTH or len(given) < 2:
            return flat
        return "".join((f"{head}(\n", *(f"    {one},\n" for one in given), ")"))


@dataclass(frozen=True)
class Item:
    """What a call's result has under a key."""

    of: Call
    key: str

    def do(self) -> Any:
        """Get it."""
        return self.of.do()[self.key]

    def code(self) -> str:
        """Write it as an expression of Python."""
        return f"{self.of.code()}[{written(self.key)}]"


def script_of(call: Call, name: str | None = None) -> str:
    """Give the lines of Python that do a call, and bind what it gives to a name."""
    bound = f"{name} = " if name else ""
    return f"import astrodata_kernel as adk\n\n{bound}{call.code()}"


def written(value: Any) -> str:
    """Give a value as Python writes it; texts in double quotes, long ones over several lines."""
    if isinstance(value, (Call, Item)):
        return value.code()
    if isinstance(value, str):
        return _text(str(value))
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{written(k)}: {written(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return f"[{', '.join(map(written, value))}]"
    if isinstance(value, float) and value - value != 0:
        return f'float("{value}")'
    return repr(value)


def _text(value: str) -> str:
    if "\n" in value.strip("\n"):
        inner = value.replace("\\", "\\\\").replace('"""', r"\"\"\"")
        whole = all(c.isprintable() or c == "\n" for c in value) and not inner.endswith('"')
        if whole:
            return f'"""\\\n{inner}"""'
    plain = repr(value)
    return f'"{plain[1:-1]}"' if plain[0] == "'" and '"' not in plain else plain


def _done(value: Any) -> Any:
    return value.do() if isinstance(value, (Call, Item)) else value
