"""Words of a magic's line: split, told apart from options, and suggested when they are misspelt."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from ..errors import BadRequest, closest


def words_of(line: str) -> list[str]:
    """Give the words of a line, quoted ones in one."""
    try:
        # Backslashes are part of a name, as they are for IPython itself.
        lexer = shlex.shlex(line, posix=True, punctuation_chars=False)
        lexer.whitespace_split, lexer.commenters, lexer.escape = True, "", ""
        return list(lexer)
    except ValueError:
        raise BadRequest(f"%astro {line}: a quotation mark is missing its partner") from None


def split_words(
    command: str,
    words: Sequence[str],
    options: Sequence[str],
    what: str,
    flags: Sequence[str] = (),
) -> tuple[str, dict[str, list[str]]]:
    """Give the one argument of a command and the values of its options; a flag that is there has one."""
    given: dict[str, list[str]] = {option: [] for option in (*options, *flags)}
    arguments: list[str] = []
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if not word.startswith("--") and word not in given:
            arguments.append(word)
            continue
        name, sign, value = word.partition("=")
        if name not in given:
            raise BadRequest(f"%astro {command}: unknown option {name}{closest(name, list(given))}")
        if name in flags:
            if sign:
                raise BadRequest(f"%astro {command}: {name} takes no value")
            given[name].append(name)
            continue
        if not sign and (not rest or rest[0].startswith("--")):
            raise BadRequest(f"%astro {command}: {name} needs a value behind it")
        given[name].append(value if sign else rest.pop(0))
    if len(arguments) != 1:
        hint = "" if not arguments else "; put a name with spaces in quotes"
        raise BadRequest(f"%astro {command} takes one {what}, {len(arguments)} came{hint}")
    return arguments[0], given


def last(values: Sequence[str]) -> str | None:
    """Give the last of the values of an option, None without one."""
    return values[-1] if values else None
