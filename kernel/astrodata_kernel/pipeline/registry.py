"""Blocks by name: of this package, of other packages through entry points, and of this session."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from ..errors import BadRequest, UnknownName, closest
from .block_types import Block

GROUP = "astrodata_kernel.blocks"


@cache
def _points() -> dict[str, EntryPoint]:
    found: dict[str, EntryPoint] = {}
    for point in entry_points(group=GROUP):
        known = found.get(point.name)
        # Nobody takes the name of a block of this package.
        if known is None or point.value.startswith("astrodata_kernel."):
            found[point.name] = point
    return found


def blocks() -> tuple[str, ...]:
    """Give the names of all blocks that are installed, in the order of the alphabet."""
    return tuple(sorted(_points()))


def block_named(name: Any) -> Block:
    """Give a block by its name, by ``"module:name"``, or as it is.

    Raises
    ------
    UnknownName
        There is none; the text names the nearest.
    BadRequest
        What is there is no block.
    """
    if isinstance(name, Block):
        return name
    if callable(name) and not isinstance(name, str):
        raise BadRequest(
            f"{getattr(name, '__name__', name)!r} is no block: put @adk.pipeline.block above it"
        )
    text = str(name)
    point = _points().get(text)
    if point is not None:
        return _checked(text, point.load)
    if re.fullmatch(r"[\w.]+:[\w.]+", text):
        return _checked(text, EntryPoint(text, text, GROUP).load)
    raise UnknownName(
        f"there is no block {text!r}{closest(text, blocks())}; adk.pipeline.blocks() names those that are "
        "installed"
    )


def package_of(block: Block) -> str:
    """Give the package that a block comes from, with its version, or ``"session"``."""
    return _package(str(getattr(block.function, "__module__", "") or "").partition(".")[0])


@cache
def _package(module: str) -> str:
    from importlib.metadata import PackageNotFoundError, packages_distributions, version

    # To look through all packages takes long: ours is known.
    names = (
        ["astrodata-lab"]
        if module == "astrodata_kernel"
        else packages_distributions().get(module, [])
    )
    for name in names:
        try:
            return f"{name} {version(name)}"
        except PackageNotFoundError:
            continue
    return "session"


def _checked(name: str, load: Callable[[], Any]) -> Block:
    try:
        found = load()
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever the module does when it is imported
        raise UnknownName(
            f"block {name!r} cannot be loaded: {type(error).__name__}: {error}"
        ) from None
    if not isinstance(found, Block):
        raise BadRequest(f"{name!r} is {type(found).__name__}, no block: put @block above it")
    return found
