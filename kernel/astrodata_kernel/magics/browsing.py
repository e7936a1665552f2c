"""Magics that look at files and at the catalogue."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..errors import BadRequest
from .words import last, split_words

if TYPE_CHECKING:
    from ..catalog import Entry


def named(word: str) -> Entry | str:
    """Give the catalogue's entry of a name, or the word itself as a path."""
    from ..catalog import Catalog

    catalog = Catalog()
    return catalog[word] if word in catalog else word  # noqa: SIM401 - it has no get


def opened(word: str, hdu: str | None = None, kind: str | None = None) -> Any:
    """Give the data set of a word, and what is close to it where there is none."""
    from ..catalog import Catalog
    from ..errors import UnreadableFile
    from ..readers.registry import open_dataset

    source = named(word)
    try:
        return open_dataset(source, kind, hdu=hdu)
    except UnreadableFile as error:
        close = difflib.get_close_matches(word, [entry.name for entry in Catalog()], 1, 0.5)
        if source is word and close:
            raise UnreadableFile(f"{error}; the catalogue has {close[0]!r}") from None
        raise


def view_data(words: Sequence[str]) -> Any:
    """Give the viewer of a path or name."""
    from ..widgets.view import view

    source, options = split_words("view", words, ["--hdu"], "path or name")
    return view(opened(source, last(options["--hdu"])))


def list_data(words: Sequence[str]) -> None:
    """Print the catalogue."""
    from ..catalog import Catalog

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


def add_data(words: Sequence[str]) -> None:
    """Record a file in the catalogue."""
    from ..catalog import Catalog

    path, options = split_words("add", words, ["--name", "--tag"], "path")
    catalog = Catalog()
    entry = catalog.add(path, name=last(options["--name"]), tags=options["--tag"])
    shape = " x ".join(map(str, entry.shape))
    print(f"{entry.name}: {entry.kind}, {shape}, {_size(entry.size)}, in {catalog.folder}")  # noqa: T201


def info_of(words: Sequence[str]) -> None:
    """Print what a file is and where it comes from."""
    source, _ = split_words("info", words, [], "path or name")
    dataset = opened(source)
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
