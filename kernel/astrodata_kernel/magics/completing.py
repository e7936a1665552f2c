"""What the Tab key offers behind ``%astro``: subcommands, options, and what there is for each of them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from itertools import islice
from typing import Any

from .declaring import HELP, Command, Typed, is_option
from .offering import MOST
from .table import COMMANDS, command_of, members
from .words import Word, quoted, split

_NAME = "astrodata_kernel.astro"
_LINE = re.compile(r"(?:^|=)\s*(?P<marks>%%?)astro\s(?P<rest>.*)$", re.DOTALL)


def register(shell: Any) -> None:
    """Have a shell ask `matches` behind ``%astro``; doing it again is harmless."""
    try:
        from IPython.core.completer import context_matcher
    except ImportError:  # before IPython 8.6, which has no such thing
        return
    others = shell.Completer.custom_matchers
    others[:] = [one for one in others if getattr(one, "matcher_identifier", "") != _NAME]
    others.insert(0, context_matcher(identifier=_NAME)(_asked))


def _asked(context: Any) -> dict[str, Any]:
    """Give what IPython wants to know at the Tab key."""
    from IPython.core.completer import SimpleCompletion

    lines = context.full_text.split("\n")
    at = context.cursor_line
    line, column = lines[at] if at < len(lines) else "", context.cursor_position
    cell = "\n".join(lines[at + 1 :])
    fragment, texts = "", []
    # What cannot be looked up, over a network or in a folder of others, must not end the Tab key.
    with suppress(Exception):
        fragment, texts = matches(line[:column], line[column:], cell, at == 0)
    return {
        "completions": [SimpleCompletion(text=text, type="astro") for text in texts],
        "matched_fragment": fragment if texts else context.token,
        "suppress": bool(texts),
        "ordered": True,
    }


def matches(
    before: str, behind: str = "", cell: str = "", is_first: bool = True
) -> tuple[str, list[str]]:
    """Give the end of a line that is to be replaced, and texts that may stand in its place.

    Parameters
    ----------
    before, behind
        The line up to the cursor, and from there on.
    cell
        Lines below it.
    is_first
        Whether the line is the cell's first: ``%%astro`` stands nowhere else.
    """
    found = _LINE.search(before)
    if found is None or (found["marks"] == "%%" and not is_first):
        return "", []
    rest = found["rest"]
    words, tail = split(rest)
    fragment = rest[tail.start :]
    typed = words.pop() if fragment else Word("")
    is_cell = found["marks"] == "%%"
    command, length = command_of(words, is_cell)
    if command is None:
        begun = _first_words(words, is_cell)
        return fragment, [name for name in begun if typed.plain and name.startswith(typed)]
    texts = _behind(command, words[length:], typed, cell if is_cell else "")
    texts = list(islice(dict.fromkeys(texts), MOST))
    name, sign, _ = typed.partition("=")
    if sign and is_option(typed, command.all_options):
        return fragment, [f"{name}={_written(text, '', '')}" for text in texts]
    mark = fragment[0] if fragment[:1] in ("'", '"') else ""
    options = command.all_options
    return fragment, [
        text if text in options else _written(text, mark, behind if tail.quote else "")
        for text in texts
    ]


def _first_words(words: list[Word], is_cell: bool) -> list[str]:
    if not words:
        names = [
            name.split()[0] for name, command in COMMANDS.items() if command.is_cell == is_cell
        ]
        return [*dict.fromkeys(names), *([] if is_cell else ["help"])]
    if words == ["help"]:
        return list(dict.fromkeys(name.split()[0] for name in COMMANDS))
    if words[0] == "help":
        words = words[1:]
    return members(words[0]) if len(words) == 1 else []


def _behind(command: Command, words: list[Word], typed: Word, cell: str) -> Iterable[str]:
    """Give what may stand behind a subcommand and some words, and begins as what was typed does."""
    arguments, found = command.sorted(words, whole=False)
    options = command.all_options
    places = tuple(map(str, arguments))
    name, sign, value = typed.partition("=")
    pending = _pending(command, words)
    if pending is None and sign and typed.plain and name in options:
        pending, typed = name, Word(value)
    if pending is not None:
        asked = Typed(str(typed), places, cell)
        return _that_begin(options[pending].offers(asked), typed)
    free = [
        one.name
        for one in options.values()
        if (one.many or one.name not in found) and one.name.startswith(typed) and one is not HELP
    ]
    if typed.plain and typed.startswith("-"):
        return free
    texts: list[str] = []
    if len(arguments) < len(command.arguments):
        asked = Typed(str(typed), places, cell)
        texts = _that_begin(command.arguments[len(arguments)].offers(asked), typed)
    return [*texts, *(free if not typed and typed.plain else [])]


def _pending(command: Command, words: list[Word]) -> str | None:
    """Give the option that waits for its value."""
    if not words:
        return None
    last, options = words[-1], command.all_options
    if not last.plain or last not in options or not options[last].shown:
        return None
    # It may itself be the value of the one before.
    return None if _pending(command, words[:-1]) and not last.startswith("--") else str(last)


def _that_begin(texts: Iterable[str], typed: str) -> list[str]:
    found = [text for text in texts if text.startswith(typed)]
    return found or [text for text in texts if text.lower().startswith(typed.lower())]


def _written(text: str, mark: str, behind: str) -> str:
    """Give a text as a word: a folder may go on, and a quotation mark that is there is not doubled."""
    word = quoted(text, mark)
    if word[:1] == '"' == word[-1:] or word[:1] == "'" == word[-1:]:
        goes_on = text.endswith("/") or (mark == word[-1] and behind.startswith(mark))
        return word[:-1] if goes_on else word
    return word
