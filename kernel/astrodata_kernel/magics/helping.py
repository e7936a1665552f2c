"""What ``%astro help`` says, made of the declarations of the subcommands."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from ..errors import BadRequest, closest
from .declaring import COMMON, Argument, Command, Option
from .table import COMMANDS, command_of, members

_WIDTH = 100
_INDENT = " " * 8


def overview() -> str:
    """Give all subcommands, a line or two each."""
    lines = []
    for command in COMMANDS.values():
        shown = [argument_usage(argument) for argument in command.arguments]
        shown += [option.usage for option in command.options]
        lines += [
            *_wrapped(f"{command.magic} {' '.join(shown)}".rstrip()),
            _INDENT + command.summary,
        ]
    common = " ".join(option.usage for option in COMMON)
    return "\n".join(
        (
            *lines,
            "",
            f"All take {common}. One in full: %astro help view",
            'What has spaces goes in quotes: %astro view "my galaxy.fits"',
            "{expression} and $name give values of the session, but not in single quotes: 'a{b}.fits'",
        )
    )


def told(words: Sequence[str]) -> str:
    """Give the help for a subcommand or a family of them, all of it without words.

    Raises
    ------
    BadRequest
        There is no such subcommand.
    """
    if not words:
        return overview()
    for is_cell in (False, True):
        command, _ = command_of(list(words), is_cell)
        if command is not None:
            return in_full(command)
    family = members(words[0])
    if family:
        return "\n\n".join(in_full(COMMANDS[f"{words[0]} {name}"]) for name in family)
    raise BadRequest(unknown(words[0]))


def unknown(word: str) -> str:
    """Give the sentence that there is no such subcommand."""
    names = list(dict.fromkeys(name.split()[0] for name in (*COMMANDS, "help")))
    return f"%astro {word}: unknown{closest(word, names)}\n\nThere are: {', '.join(names)}"


def in_full(command: Command) -> str:
    """Give all of one subcommand: usage, arguments, options, an example and the call that it is."""
    usage = [command.magic, *map(argument_usage, command.arguments)]
    usage += [option.usage for option in (*command.options, *COMMON)]
    rows = [(argument.shown, argument.help) for argument in command.arguments]
    rows += [(_named(option), option.help) for option in (*command.options, *COMMON)]
    width = max(len(name) for name, _ in rows)
    lines = [
        *_wrapped(" ".join(usage)),
        "",
        f"{command.summary[0].upper()}{command.summary[1:]}.",
        "",
    ]
    for name, text in rows:
        lines += textwrap.wrap(
            text,
            _WIDTH,
            initial_indent=f"  {name:{width}}  ",
            subsequent_indent=" " * (width + 4),
        )
    if command.example:
        mark = "%%" if command.is_cell else "%"
        lines += ["", f"For example: {mark}astro {command.example}"]
    return "\n".join(lines)


def argument_usage(argument: Argument) -> str:
    """Give an argument as the help writes it."""
    return argument.shown if argument.needed else f"[{argument.shown}]"


def _named(option: Option) -> str:
    return f"{option.name} {option.shown}".rstrip()


def _wrapped(text: str) -> list[str]:
    # An option and its value stay on one line.
    joined = text.replace(" [", "\n[").split("\n")
    lines = [joined[0]]
    for part in joined[1:]:
        if len(lines[-1]) + len(part) < _WIDTH:
            lines[-1] += f" {part}"
        else:
            lines.append(_INDENT + part)
    return lines
