"""``%astro``: what the panel does, typed. Each subcommand is one call into the library."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..errors import AstrodataError, BadRequest, UnreadableFile, closest
from . import completing
from .calls import script_of
from .declaring import Command
from .helping import in_full, told, unknown
from .table import command_of, members
from .words import Word, words_of


def register(ipython: Any) -> None:
    """Give an IPython shell the magics ``%astro`` and ``%%astro``; doing it twice is harmless."""
    from IPython.core.magic import needs_local_scope, no_var_expand

    # Values of variables are put in word by word: within the line they would fall into words themselves.
    line = no_var_expand(needs_local_scope(astro))
    cell = no_var_expand(needs_local_scope(astro_cell))
    ipython.register_magic_function(line, "line", "astro")
    ipython.register_magic_function(cell, "cell", "astro")
    completing.register(ipython)


def astro(line: str, local_ns: dict[str, Any] | None = None) -> Any:
    """Do one subcommand, such as ``%astro view m13.fits``; ``%astro help`` lists them.

    What is wrong is printed in a sentence.
    """
    return _spoken(lambda: _line(words_of(line, _names(local_ns))))


def astro_cell(line: str, cell: str, local_ns: dict[str, Any] | None = None) -> Any:
    """Run the pipeline of a cell that begins with ``%%astro pipeline``.

    What is wrong is printed in a sentence.
    """
    return _spoken(lambda: _cell(words_of(line, _names(local_ns)), cell))


def _line(words: list[Word]) -> Any:
    if not words or words[0] in ("help", "-h", "--help"):
        _say(told(words[1:]))
        return None
    command, length = command_of(words)
    if command is None:
        raise BadRequest(_no_command(words))
    return _done(command, words[length:])


def _cell(words: list[Word], text: str) -> Any:
    command, length = command_of(words, is_cell=True)
    if command is None:
        given = f": {words[0]}{closest(words[0], ['pipeline'])}" if words else ""
        raise BadRequest(f"%%astro{given}; a cell can begin with %%astro pipeline")
    return _done(command, words[length:], text)


def _no_command(words: list[Word]) -> str:
    family = members(words[0])
    if family:
        meant = closest(words[1], family) if len(words) > 1 else ""
        return f"%astro {words[0]}: say which{meant}; there are: {', '.join(family)}"
    if command_of(words, is_cell=True)[0] is not None:
        return f"%astro {words[0]}: it begins a cell, as %%astro {words[0]}, with the YAML below it"
    return unknown(words[0])


def _done(command: Command, words: list[Word], cell: str = "") -> Any:
    given = command.read(words, cell)
    if given.help:
        _say(in_full(command))
        return None
    shell = _shell()
    if given.bound is not None and shell is None:
        raise BadRequest(
            f"{command.magic}: --as binds a name of an IPython session, and there is none"
        )
    call = command.call(given)
    if given.code:
        _say(script_of(call, given.bound))
        return None
    if command.before is not None:
        command.before()
    try:
        made = call.do()
    except UnreadableFile as error:
        raise error.saying(f"{error}{_near(words)}") from error
    if given.bound is not None:
        shell.user_ns[given.bound] = made
    return made


def _near(words: list[Word]) -> str:
    """Give the name of the catalogue that somebody may have meant where there is no such file."""
    from ..catalog import Catalog

    names = [entry.name for entry in Catalog()]
    for word in words:
        with suppress(OSError, ValueError):
            close = difflib.get_close_matches(word, names, 1, 0.5)
            if close and word not in names and not Path(word).exists():
                return f"; the catalogue has {close[0]!r}"
    return ""


def _names(local_ns: dict[str, Any] | None) -> dict[str, Any] | None:
    shell = _shell()
    return None if shell is None else {**shell.user_ns, **(local_ns or {})}


def _shell() -> Any:
    from IPython import get_ipython

    return get_ipython()


def _spoken(work: Callable[[], Any]) -> Any:
    try:
        return work()
    except AstrodataError as error:
        _say(str(error))
        return None


def _say(text: str) -> None:
    print(text)  # noqa: T201 - a magic speaks to the notebook


__all__ = ["astro", "astro_cell", "register"]
