"""Packages whose names load the module behind them when they are first asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any


def lazy_names(
    package: str, homes: Mapping[str, str], rooms: tuple[str, ...] = ()
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Give the ``__getattr__`` and ``__dir__`` of a package whose modules are heavy to load.

    Parameters
    ----------
    package
        ``__name__`` of the package.
    homes
        Module of each public name. A module must not be called like a name: it would hide it.
    rooms
        Modules and packages within that are public themselves.

    Returns
    -------
    tuple
        The two functions, for the package to define.
    """

    def get(name: str) -> Any:
        if name in homes:
            return getattr(import_module(f".{homes[name]}", package), name)
        if name in rooms:
            return import_module(f".{name}", package)
        raise AttributeError(f"module {package!r} has no attribute {name!r}")

    def names() -> list[str]:
        return sorted({*homes, *rooms})

    return get, names
