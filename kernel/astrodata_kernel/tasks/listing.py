"""The catalogue as a list, and all that is known of one data set."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ..amounts import bytes_text
from .sources import Source, opened
from .tables import Facts, html_table, text_table

if TYPE_CHECKING:
    from pathlib import Path

    from ..catalog import Entry

_HEAD = ("name", "kind", "shape", "size", "state", "tags")


class Listing(list["Entry"]):
    """Entries of a catalogue, which a cell that ends with them shows as a table.

    Parameters
    ----------
    entries
        What there is.
    folder
        The catalogue's, for the words where there is nothing.
    """

    def __init__(self, entries: Iterable[Entry], folder: Path) -> None:
        super().__init__(entries)
        self.folder = folder

    def __repr__(self) -> str:
        return text_table(_HEAD, self._rows()) if self else self._nothing()

    def _repr_pretty_(self, printer: object, cycle: bool) -> None:
        # IPython shows a list by what is in it, whatever the list says of itself.
        printer.text(repr(self))  # type: ignore[attr-defined]

    def _repr_html_(self) -> str:
        from html import escape

        return html_table(_HEAD, self._rows()) if self else f"<p>{escape(self._nothing())}</p>"

    def _nothing(self) -> str:
        return f"No data sets yet in {self.folder}. Add one: %astro add PATH"

    def _rows(self) -> list[tuple[str, ...]]:
        return [
            (
                entry.name,
                entry.kind,
                _shape(entry.shape),
                bytes_text(entry.size),
                entry.state(),
                ", ".join(entry.tags),
            )
            for entry in self
        ]


def datasets() -> Listing:
    """Give the data sets of this workspace's catalogue, each with what has become of its file.

    >>> import os, tempfile
    >>> os.chdir(tempfile.mkdtemp())
    >>> datasets()  # doctest: +ELLIPSIS
    No data sets yet in ...astrodata. Add one: %astro add PATH
    """
    from ..catalog import Catalog

    catalog = Catalog()
    return Listing(catalog, catalog.folder)


def info(source: Source, *, hdu: int | str | None = None) -> Facts:
    """Give what a file is and where it comes from: kind, shape, parts, checks and SHA-256.

    Parameters
    ----------
    source
        Path, address or catalogue entry.
    hdu
        Number or name of the part to tell of.

    Raises
    ------
    AstrodataError
        It cannot be read.
    """
    dataset = opened(source, hdu)
    provenance = dataset.provenance
    parts = [
        " ".join(
            f"{part.index} {part.name or '-'} {part.kind or ''} {_shape(part.shape)} {part.note}".split()
        )
        for part in (dataset.parts if len(dataset.parts) > 1 else ())
    ]
    return Facts(
        {
            "name": dataset.name,
            "kind": dataset.kind,
            "shape": _shape(dataset.shape),
            "dtype": "" if dataset.kind == "table" else str(dataset.dtype),
            "unit": str(dataset.meta.get("unit", "")),
            "file": provenance.path,
            "size": f"{provenance.size:,} bytes",
            "sha256": provenance.sha256,
            "reader": f"{provenance.reader} {provenance.reader_version}",
            "parts": tuple(parts),
            "warnings": tuple(map(str, dataset.meta.get("warnings", ()))),
            "checks": tuple(check.message for check in dataset.checks()),
        }
    )


def _shape(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape))
