"""Where code comes from: a person's own modules, which change at any time, or a package with a version."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
import sysconfig
from collections.abc import Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, packages_distributions, version
from pathlib import PurePath
from types import ModuleType
from typing import Any

_OURS = "astrodata_kernel"


def is_own(name: str) -> bool:
    """Tell whether a module is a person's own: none of Python's, none that is installed, and none of ours.

    An editable installation is a person's own. So is what is in no file, as the cells of a notebook.
    """
    top = name.partition(".")[0]
    if top == _OURS or top in sys.builtin_module_names:
        return False
    module = sys.modules.get(name)
    place = None if module is None else _place(vars(module))
    if place is None:
        return top not in sys.stdlib_module_names
    return _is_own_file(place)


def package(name: str) -> str:
    """Give the package that a module is of, with its version; of Python's own modules the name."""
    return _package(name.partition(".")[0])


def imported(
    level: int, name: str, taken: tuple[str, ...], space: Mapping[str, Any]
) -> list[ModuleType | str]:
    """Give what an import within a function gets: modules of a person's own, and of others the package.

    A module of a person's own is imported: the function will do so too, and what it uses of it must be known.
    """
    whole = name
    if level:
        try:
            whole = importlib.util.resolve_name(
                "." * level + name, str(space.get("__package__") or "")
            )
        except ImportError:
            return [name]
    if not _is_own_import(whole.partition(".")[0]):
        return [package(whole)]
    try:
        module = importlib.import_module(whole)
    except Exception:  # noqa: BLE001 - the step says what is wrong with it, if it comes so far
        return [whole]
    found: list[ModuleType | str] = [module]
    for one in taken:
        if one not in vars(module) and "__path__" in vars(module):
            try:
                found.append(importlib.import_module(f"{whole}.{one}"))
            except Exception:  # noqa: BLE001 - as above
                found.append(f"{whole}.{one}")
    return found


def _is_own_import(top: str) -> bool:
    if top in sys.modules:
        return is_own(top)
    if top == _OURS or top in sys.builtin_module_names or top in sys.stdlib_module_names:
        return False
    try:
        spec = importlib.util.find_spec(top)
    except (ImportError, ValueError):
        return False
    if spec is None:
        return False
    places = [spec.origin] if spec.origin else list(spec.submodule_search_locations or ())
    return bool(places) and _is_own_file(str(places[0]))


def _place(space: Mapping[str, Any]) -> str | None:
    file = space.get("__file__")
    if isinstance(file, str):
        return file
    for folder in space.get("__path__") or ():  # a package without an __init__.py
        return str(folder)
    return None


@cache
def _is_own_file(file: str) -> bool:
    if {"site-packages", "dist-packages"} & set(PurePath(file).parts):
        return False
    real = os.path.realpath(file)
    return not any(
        real == folder or real.startswith(folder + os.sep) for folder in _folders_of_python()
    )


@cache
def _folders_of_python() -> tuple[str, ...]:
    paths = sysconfig.get_paths()
    names = ("stdlib", "platstdlib", "purelib", "platlib")
    return tuple({os.path.realpath(paths[name]) for name in names if paths.get(name)})


@cache
def _package(top: str) -> str:
    if top in sys.stdlib_module_names or top in sys.builtin_module_names:
        return top
    name = "astrodata-lab" if top == _OURS else top
    try:
        return f"{name} {version(name)}"
    except PackageNotFoundError:  # the module has another name than its package, or none
        names = sorted(set(_distributions().get(top, [])))
    return " ".join(f"{one} {version(one)}" for one in names) or top


@cache
def _distributions() -> Mapping[str, list[str]]:
    # To look through all packages takes long.
    return packages_distributions()
