"""``%astro``: what the panel does, typed."""

from __future__ import annotations

import difflib
import shlex
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from .errors import AstrodataError, BadRequest

if TYPE_CHECKING:
    from .catalog import Entry

HELP = """\
%astro view PATH|NAME [--hdu N]               look at a file, or at a data set of the catalogue
%astro ls                                     list the catalogue of this workspace
%astro add PATH [--name N] [--tag T ...]      add a file to it, where the file is
%astro info PATH|NAME                         kind, shape, parts, checks and SHA-256

Names with spaces go in quotes: %astro view "my galaxy.fits"\
"""


def register(ipython: Any) -> None:
    """Give an IPython shell the line magic ``%astro``; doing it twice is harmless."""
    ipython.register_magic_function(astro, "line", "astro")


def astro(line: str) -> Any:
    """Run one line of ``%astro``, and print what is wrong with it in a sentence."""
    try:
        words = _words(line)
        if not words or words[0] in ("help", "-h", "--help"):
            print(HELP)  # noqa: T201 - a magic speaks to the notebook
            return None
        command, rest = words[0], words[1:]
        if command not in COMMANDS:
            raise BadRequest(f"%astro {command}: unknown{_suggestion(command, COMMANDS)}\n\n{HELP}")
        return COMMANDS[command](rest)
    except AstrodataError as error:
        print(error)  # noqa: T201
        return None


def _words(line: str) -> list[str]:
    try:
        # Backslashes are part of a name, as they are for IPython itself.
        lexer = shlex.shlex(line, posix=True, punctuation_chars=False)
        lexer.whitespace_split, lexer.commenters, lexer.escape = True, "", ""
        return list(lexer)
    except ValueError:
        raise BadRequest(f"%astro {line}: a quotation mark is missing its partner") from None


def _suggestion(word: str, known: Sequence[str] | dict[str, Any]) -> str:
    close = difflib.get_close_matches(word, list(known), 1, 0.5)
    return f"; did you mean {close[0]!r}?" if close else ""


def _split(
    command: str, words: Sequence[str], options: Sequence[str], what: str
) -> tuple[str, dict[str, list[str]]]:
    """Give the one argument of a command and the values of its options."""
    given: dict[str, list[str]] = {option: [] for option in options}
    arguments: list[str] = []
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if not word.startswith("--"):
            arguments.append(word)
            continue
        name, sign, value = word.partition("=")
        if name not in options:
            raise BadRequest(f"%astro {command}: unknown option {name}{_suggestion(name, options)}")
        if not sign and (not rest or rest[0].startswith("--")):
            raise BadRequest(f"%astro {command}: {name} needs a value behind it")
        given[name].append(value if sign else rest.pop(0))
    if len(arguments) != 1:
        hint = "" if not arguments else "; put a name with spaces in quotes"
        raise BadRequest(f"%astro {command} takes one {what}, {len(arguments)} came{hint}")
    return arguments[0], given


def _last(values: Sequence[str]) -> str | None:
    return values[-1] if values else None


def _named(word: str) -> Entry | str:
    """Give the catalogue's entry of a name, or the word itself as a path."""
    from .catalog import Catalog

    catalog = Catalog()
    return catalog[word] if word in catalog else word  # noqa: SIM401 - it has no get


def _opened(word: str, hdu: str | None = None) -> Any:
    from .catalog import Catalog
    from .errors import UnreadableFile
    from .readers.registry import open_dataset

    source = _named(word)
    try:
        return open_dataset(source, hdu=hdu)
    except UnreadableFile as error:
        close = difflib.get_close_matches(word, [entry.name for entry in Catalog()], 1, 0.5)
        if source is word and close:
            raise UnreadableFile(f"{error}; the catalogue has {close[0]!r}") from None
        raise


def _view(words: Sequence[str]) -> Any:
    from .widgets.view import view

    source, options = _split("view", words, ["--hdu"], "path or name")
    return view(_opened(source, _last(options["--hdu"])))


def _list(words: Sequence[str]) -> None:
    from .catalog import Catalog

    if words:
        raise BadRequest("%astro ls takes nothing behind it")
    catalog = Catalog()
    rows = [
        (e.name, e.kind, " x ".join(map(str, e.shape)), _size(e.size), e.state(), ", ".join(e.tags))
        for e in catalog
    ]
    if not rows:
        print(f"No data sets yet in {catalog.folder}. Add one: %astro add PATH")  # noqa: T201
        return
    head = ("name", "kind", "shape", "size", "state", "tags")
    widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]
    for row in [head, *rows]:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        print("  ".join(cells).rstrip())  # noqa: T201


def _add(words: Sequence[str]) -> None:
    from .catalog import Catalog

    path, options = _split("add", words, ["--name", "--tag"], "path")
    catalog = Catalog()
    entry = catalog.add(path, name=_last(options["--name"]), tags=options["--tag"])
    shape = " x ".join(map(str, entry.shape))
    print(f"{entry.name}: {entry.kind}, {shape}, {_size(entry.size)}, in {catalog.folder}")  # noqa: T201


def _info(words: Sequence[str]) -> None:
    source, _ = _split("info", words, [], "path or name")
    dataset = _opened(source)
    provenance = dataset.provenance
    facts = [
        ("name", dataset.name),
        ("kind", dataset.kind),
        ("shape", " x ".join(map(str, dataset.shape))),
        ("dtype", "" if dataset.kind == "table" else str(dataset.dtype)),
        ("unit", str(dataset.meta.get("unit", ""))),
        ("file", provenance.path),
        ("size", f"{provenance.size:,} bytes"),
        ("sha256", provenance.sha256),
        ("reader", f"{provenance.reader} {provenance.reader_version}"),
    ]
    for part in dataset.parts if len(dataset.parts) > 1 else ():
        shape = " x ".join(map(str, part.shape))
        words_ = f"{part.name or '-'} {part.kind or ''} {shape} {part.note}"
        facts.append((f"part {part.index}", " ".join(words_.split())))
    facts += [("warning", text) for text in dataset.meta.get("warnings", ())]
    facts += [("check", check.message) for check in dataset.checks()]
    for key, value in facts:
        if value:
            print(f"{key:8} {value}")  # noqa: T201


def _size(count: int) -> str:
    """Give a number of bytes as the panel does: decimal units, three digits."""
    size, units = float(count), ["B", "kB", "MB", "GB", "TB"]
    while size >= 999.5 and len(units) > 1:
        size /= 1000
        units.pop(0)
    return f"{size:.3g} {units[0]}"


COMMANDS: dict[str, Callable[[Sequence[str]], Any]] = {
    "view": _view,
    "ls": _list,
    "add": _add,
    "info": _info,
}
