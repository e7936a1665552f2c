"""Words of a magic's line: split as a shell does it, with values of the session put in, and quoted again."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from ..errors import BadRequest

Names = Mapping[str, Any]

_SAFE = re.compile(r"[\w@%+=:,./~][\w@%+=:,./~-]*")
_DOLLAR = re.compile(r"\$\$?[A-Za-z_][\w.]*")


class Word(str):
    """A word of a line; `plain` tells that it began as it stands, and so may be an option.

    What began in quotes or came from a variable is never one: no file's name can ask for anything.
    """

    __slots__ = ("plain",)
    plain: bool

    def __new__(cls, text: str, plain: bool = True) -> Self:
        """Make a word of a text."""
        made = super().__new__(cls, text)
        made.plain = plain
        return made


@dataclass(frozen=True)
class Tail:
    """The word in which a line ends: where it begins, and the quotation mark that is open, or nothing."""

    start: int
    quote: str


def words_of(line: str, names: Names | None = None) -> list[Word]:
    """Give the words of a line, quoted ones in one.

    Parameters
    ----------
    line
        What stands behind ``%astro``. As for IPython a backslash is part of a name.
    names
        Variables of the session: ``{expression}`` and ``$name`` give their values, outside of single quotes,
        and stay as they are where there is no such value. A value is never split or unquoted, so that any
        path arrives as it is. None leaves all as it is written.

    Raises
    ------
    BadRequest
        A quotation mark without its partner.

    Examples
    --------
    >>> words_of("view 'my galaxy.fits' --hdu $n {n}", {"n": 2})
    ['view', 'my galaxy.fits', '--hdu', '2', '2']
    """
    words, tail = split(line, names)
    if tail.quote:
        raise BadRequest(f"%astro {line}: a quotation mark is missing its partner")
    return words


def split(line: str, names: Names | None = None) -> tuple[list[Word], Tail]:
    """Give the words of a line that may end within one, and what is known of the last."""
    words: list[Word] = []
    text, plain, start, quote, at = "", True, -1, "", 0
    while at < len(line):
        letter = line[at]
        if not quote and letter.isspace():
            if start >= 0:
                words.append(Word(text, plain))
            text, plain, start = "", True, -1
            at += 1
            continue
        first = start < 0
        start = at if first else start
        value, end = "", at
        if names is not None and quote != "'" and letter in "{$":
            value, end = _valued(line, at, names)
        if end > at:
            text, at, plain = text + value, end, plain and not first
            continue
        at += 1
        if letter == quote:
            quote = ""
        elif not quote and letter in "'\"":
            quote, plain = letter, plain and not first
        else:
            text += letter
    if start >= 0:
        words.append(Word(text, plain))
    return words, Tail(len(line) if start < 0 else start, quote)


def _valued(line: str, at: int, names: Names) -> tuple[str, int]:
    """Give the value of what begins at a place, and where that ends; nothing where it has none."""
    from IPython.utils.text import DollarFormatter

    if line[at] == "$":
        found = _DOLLAR.match(line, at)
        end = found.end() if found else at
    else:
        end = _closed(line, at)
    if end == at:
        return "", at
    try:
        return DollarFormatter().vformat(line[at:end], (), dict(names)), end
    except Exception:  # noqa: BLE001 - whatever it is, it is no expression: a name with braces in it
        return "", at


def _closed(line: str, at: int) -> int:
    depth = 0
    for place in range(at, len(line)):
        depth += {"{": 1, "}": -1}.get(line[place], 0)
        if not depth:
            return place + 1
    return at


def quoted(text: str, mark: str = "") -> str:
    """Give a text as one word that is read as this very text.

    Parameters
    ----------
    text
        Without line breaks, which no line of a magic can have.
    mark
        The quotation mark to take where it can be: the one that somebody has typed.

    Examples
    --------
    >>> print(*(quoted(text) for text in ("m13.fits", "my galaxy", "a{b}", "it's {b}")))
    m13.fits "my galaxy" 'a{b}' 'it'"'"'s {b}'
    """
    if not mark and _SAFE.fullmatch(text):
        return text
    # Within double quotes variables have values, as in a shell.
    fits = {'"': not set(text) & set('"{$'), "'": "'" not in text}
    for one in (mark or '"', '"', "'"):
        if fits[one]:
            return f"{one}{text}{one}"
    return "'" + text.replace("'", "'\"'\"'") + "'"
