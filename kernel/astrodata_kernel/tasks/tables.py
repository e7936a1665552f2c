"""Facts and lists as they are shown: text in a terminal, a table in a notebook."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

_LEFT = "style='text-align:left'"


class Facts(Mapping[str, Any]):
    """Facts by name, which a cell that ends with them shows as a table.

    Parameters
    ----------
    facts
        Texts, or several of them as a tuple; what is empty is left out.

    Examples
    --------
    >>> facts = Facts({"kind": "image", "unit": "", "parts": ("0 PRIMARY", "1 SCI")})
    >>> facts
    kind   image
    parts  0 PRIMARY
           1 SCI
    >>> facts["kind"], len(facts)
    ('image', 2)
    """

    def __init__(self, facts: Mapping[str, str | tuple[str, ...]]) -> None:
        self._facts = {name: told for name, told in facts.items() if told}

    def __getitem__(self, name: str) -> Any:
        return self._facts[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._facts)

    def __len__(self) -> int:
        return len(self._facts)

    def __repr__(self) -> str:
        width = max(map(len, self._facts), default=0)
        return "\n".join(f"{name:{width}}  {told}" for name, told in self._rows())

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><th scope='row' {_LEFT}>{escape(name)}</th><td {_LEFT}>{escape(told)}</td></tr>"
            for name, told in self._rows()
        )
        return f"<table>{rows}</table>"

    def _rows(self) -> Iterator[tuple[str, str]]:
        for name, told in self._facts.items():
            for number, line in enumerate((told,) if isinstance(told, str) else told):
                yield ("" if number else name), line


def text_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Give a table as text, its columns as wide as what is in them."""
    lines = [head, *rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def html_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Give a table as HTML; what is in it is text."""
    top = "".join(f"<th scope='col' {_LEFT}>{escape(name)}</th>" for name in head)
    body = "".join(
        "<tr>" + "".join(f"<td {_LEFT}>{escape(cell)}</td>" for cell in row) + "</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"
