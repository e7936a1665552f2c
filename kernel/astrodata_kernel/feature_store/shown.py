"""Views and the store as HTML, for notebooks; every text is escaped, for files may be anybody's."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import pandas as pd

from ..amounts import bytes_text
from ..errors import AstrodataError

if TYPE_CHECKING:
    from .stores import FeatureStore
    from .views import FeatureView

_SHOWN = 3
_LEFT = "style='text-align:left'"


def view_html(view: FeatureView) -> str:
    """Give a view: what it is, its columns with unit and meaning, and what was written."""
    told = view.definition
    facts = {
        "about": told.description,
        "a row is": f"{told.entity} ({told.id_dtype})",
        "source": ", ".join(f"{key}: {value}" for key, value in told.source.items())[:400],
        "tags": ", ".join(told.tags),
        **_written(view),
    }
    rows = "".join(_row([key, value]) for key, value in facts.items() if value)
    columns = "".join(_row([c.name, c.dtype, c.unit, c.description]) for c in view.columns)
    head = "".join(f"<th {_LEFT}>{name}</th>" for name in ("column", "type", "unit", "meaning"))
    wrong = "".join(f"<li>{escape(problem)}</li>" for problem in view.problems)
    return (
        f"<b>{escape(view.name)}</b> version {view.version}<table>{rows}</table>"
        f"<table><thead><tr>{head}</tr></thead><tbody>{columns}</tbody></table>"
        + (f"<p>Left out:</p><ul>{wrong}</ul>" if wrong else "")
    )


def store_html(store: FeatureStore) -> str:
    """Give a row a view: name, version, columns, rows, time span, size and what made it."""
    names = ("view", "version", "columns", "rows", "times", "size", "made by")
    body = []
    for view in store.views():
        columns = ", ".join(f"{c.name} [{c.unit}]" if c.unit else c.name for c in view.columns)
        cells = [view.name, f"{view.version}", columns[:400]]
        try:
            told = _written(view)
            cells += [told[name] for name in names[3:]]
        except AstrodataError as error:
            cells += [str(error), "", "", ""]
        body.append(_row(cells))
    head = "".join(f"<th {_LEFT}>{name}</th>" for name in names)
    wrong = "".join(f"<li>{escape(problem)}</li>" for problem in store.problems)
    return (
        f"<b>Features in {escape(str(store.folder))}</b>"
        f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody></table>"
        + (f"<p>Cannot be read:</p><ul>{wrong}</ul>" if wrong else "")
    )


def _written(view: FeatureView) -> dict[str, str]:
    parts = view.parts
    made = list(dict.fromkeys(part.made_by for part in parts if part.made_by))
    more = f" and {len(made) - _SHOWN} more" if len(made) > _SHOWN else ""
    times = ""
    if parts:
        ends = min(part.times[0] for part in parts), max(part.times[1] for part in parts)
        times = " to ".join(_time(one) for one in ends)
    return {
        "rows": f"{sum(part.rows for part in parts):,} in {len(parts):,} parts",
        "times": times,
        "size": bytes_text(sum(part.size for part in parts)),
        "made by": ", ".join(made[:_SHOWN]) + more,
    }


def _time(moment: int) -> str:
    try:
        return pd.Timestamp(moment, unit="us", tz="UTC").isoformat(timespec="seconds")
    except (ValueError, OverflowError):
        return "beyond the calendar"


def _row(cells: list[str]) -> str:
    return "<tr>" + "".join(f"<td {_LEFT}>{escape(str(cell))}</td>" for cell in cells) + "</tr>"
