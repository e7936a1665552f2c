"""How a subcommand is declared: once, for reading its words, its help, the Tab key and `--code` alike."""

from __future__ import annotations

import keyword
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..errors import BadRequest, closest
from .calls import Call
from .words import Word

Reader = Callable[[str], Any]
"""Gives the value of a word; a ValueError says why it has none."""


@dataclass(frozen=True)
class Typed:
    """What was typed before the Tab key: the word so far, the arguments before it, the cell's other lines."""

    word: str = ""
    arguments: tuple[str, ...] = ()
    cell: str = ""


Offers = Callable[[Typed], Iterable[str]]
"""Gives texts that may stand there; those that do not begin as the word does are left out by others."""


def nothing(_typed: Typed) -> tuple[str, ...]:
    """Offer nothing: whoever types knows it alone."""
    return ()


@dataclass(frozen=True)
class Argument:
    """A word that is told by its place.

    `reads` gives its value for the call, `offers` what the Tab key shows.
    """

    shown: str
    help: str
    reads: Reader = str
    offers: Offers = nothing
    needed: bool = True


@dataclass(frozen=True)
class Option:
    """A word that begins with ``--``, and the value behind it.

    One without `shown` is a flag, whose value is `flag`; one of `many` may come again and gives a list; one
    that is `needed` must be there. `key` is the keyword of the call; by default the option's name.
    """

    name: str
    shown: str
    help: str
    reads: Reader = str
    offers: Offers = nothing
    many: bool = False
    needed: bool = False
    flag: Any = True
    key: str = ""

    @property
    def keyword(self) -> str:
        """The keyword of the call."""
        return self.key or self.name.lstrip("-").replace("-", "_")

    @property
    def usage(self) -> str:
        """The option as the help writes it."""
        value = f" {self.shown}" if self.shown else ""
        usage = f"{self.name}{value}{' ...' if self.many else ''}"
        return usage if self.needed else f"[{usage}]"


@dataclass(frozen=True)
class Given:
    """What the words of one line give: values of arguments by place, of options by keyword."""

    arguments: tuple[Any, ...] = ()
    options: dict[str, Any] = field(default_factory=dict)
    cell: str = ""
    bound: str | None = None
    code: bool = False
    help: bool = False


BOUND = Option("--as", "VARIABLE", "bind the result to this name")
CODE = Option("--code", "", "print the Python that does the same, and do nothing")
HELP = Option("--help", "", "tell of this subcommand alone")
COMMON = (BOUND, CODE, HELP)
"""What every subcommand takes."""


@dataclass(frozen=True)
class Command:
    """A subcommand: one call into the library.

    Parameters
    ----------
    name
        What stands behind ``%astro``; two words for one of a family.
    summary
        What it does, in a line.
    calls
        The call's name behind ``adk.``, or what makes the call of what was given.
    arguments, options
        What may stand behind its name, without what every subcommand takes.
    example
        A line that works.
    of
        The call whose result has the method `calls`.
    before
        Says what is in the way before the call is done.
    is_cell
        It begins a cell and takes the lines below it.
    """

    name: str
    summary: str
    calls: str | Callable[[Given], Call]
    arguments: tuple[Argument, ...] = ()
    options: tuple[Option, ...] = ()
    example: str = ""
    of: Call | None = None
    before: Callable[[], None] | None = None
    is_cell: bool = False

    @property
    def magic(self) -> str:
        """The name with what stands before it."""
        return f"{'%%' if self.is_cell else '%'}astro {self.name}"

    @property
    def all_options(self) -> dict[str, Option]:
        """The options by name, with those that every subcommand takes."""
        return {option.name: option for option in (*self.options, *COMMON)}

    def call(self, given: Given) -> Call:
        """Give the call for what was given."""
        if isinstance(self.calls, str):
            return Call(self.calls, given.arguments, given.options, self.of)
        return self.calls(given)

    def read(self, words: Sequence[Word], cell: str = "") -> Given:
        """Give the values of the words behind the name.

        Raises
        ------
        BadRequest
            An option that is none, a value that is missing or none, or another number of arguments.
        """
        words_of_place, found = self.sorted(words)
        if found.get(HELP.name):
            return Given(help=True)
        self._check_count(words_of_place)
        arguments = tuple(
            self._value(argument.shown, argument.reads, word)
            for argument, word in zip(self.arguments, words_of_place, strict=False)
        )
        values: dict[str, Any] = {}
        for option in self.options:
            if not (given := found.get(option.name)):
                if option.needed:
                    raise BadRequest(self._lacking(option))
                continue
            if not option.shown:
                values[option.keyword] = option.flag
                continue
            read = [self._value(f"{option.name} {word}", option.reads, word) for word in given]
            values[option.keyword] = read if option.many else read[-1]
        bound = str(found[BOUND.name][-1]) if found.get(BOUND.name) else None
        if bound is not None and (not bound.isidentifier() or keyword.iskeyword(bound)):
            raise BadRequest(
                f"{self.magic}: --as {bound}: give a name that Python takes, such as made"
            )
        return Given(arguments, values, cell, bound, bool(found.get(CODE.name)))

    def sorted(
        self, words: Sequence[Word], whole: bool = True
    ) -> tuple[list[Word], dict[str, list[Word]]]:
        """Tell arguments from options and their values.

        Parameters
        ----------
        words
            Those behind the name.
        whole
            False takes words as they come while somebody types: the last option may lack its value, which
            then is not there, and what is no option is left out.

        Raises
        ------
        BadRequest
            An option that is none, or one whose value is missing.
        """
        known = self.all_options
        arguments: list[Word] = []
        found: dict[str, list[Word]] = {}
        rest = list(words)
        while rest:
            word = rest.pop(0)
            if not is_option(word, known):
                arguments.append(word)
                continue
            name, sign, value = word.partition("=")
            if name not in known:
                if whole:
                    raise BadRequest(
                        f"{self.magic}: unknown option {name}{closest(name, known)}"
                        + ("" if closest(name, known) else f"; there are: {', '.join(known)}")
                    )
                continue
            values = found.setdefault(name, [])
            if not known[name].shown:
                if sign and whole:
                    raise BadRequest(f"{self.magic}: {name} takes no value")
                values.append(word)
            elif sign:
                values.append(Word(value))
            elif rest and not (rest[0].plain and rest[0].startswith("--")):
                values.append(rest.pop(0))
            elif whole:
                raise BadRequest(
                    f"{self.magic}: {name} needs a value behind it: {known[name].shown}"
                )
        return arguments, found

    def _check_count(self, words: Sequence[Word]) -> None:
        least = sum(argument.needed for argument in self.arguments)
        if least <= len(words) <= len(self.arguments):
            return
        takes = " and ".join(
            argument.shown if argument.needed else f"[{argument.shown}]"
            for argument in self.arguments
        )
        hint = "; what has spaces goes in quotes" if len(words) > len(self.arguments) > 0 else ""
        raise BadRequest(
            f"{self.magic} takes {takes or 'nothing'} behind it, {len(words)} came{hint}"
        )

    def _lacking(self, option: Option) -> str:
        there = [text for text in option.offers(Typed()) if not text.endswith("/")]
        return (
            f"{self.magic}: which {option.keyword}? {option.name} {option.shown}; there are: "
            f"{', '.join(there[:8]) or 'none yet'}"
        )

    def _value(self, where: str, reads: Reader, word: Word) -> Any:
        try:
            return reads(str(word))
        except BadRequest:
            raise
        except ValueError as error:
            raise BadRequest(f"{self.magic}: {where} {error}") from None


def is_option(word: Word, known: Iterable[str]) -> bool:
    """Tell whether a word asks for an option, known or not; a negative number does not."""
    return word.plain and (word.startswith("--") or word.partition("=")[0] in known)
