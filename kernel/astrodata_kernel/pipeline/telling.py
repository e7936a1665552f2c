"""How a run is told while it goes on: a table in a notebook, lines in a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from html import escape
from typing import Any

from ..lineage.drawing import MARKS
from ..notebook import in_notebook

Tell = Callable[[Mapping[str, Any], bool], None]

_WORDS = {"cached": "as before", "finished": "done"}


def teller_of(progress: Any) -> Tell | None:
    """Give what a run is told to.

    Parameters
    ----------
    progress
        False for nothing, a function of an event (`dict`), ``"lines"``, or None: a table in a notebook, lines
        in a terminal.
    """
    if progress is False:
        return None
    if callable(progress):
        return lambda record, _last: progress(dict(record))
    if progress is None and in_notebook():
        return Table()
    if progress is None and not sys.stderr.isatty():
        return None
    return Lines()


class Lines:
    """Prints a line when a step begins and ends, for logs of batch jobs too."""

    def __init__(self, out: Any = None) -> None:
        self._out = out
        self._told: dict[str, tuple[str, int]] = {}

    def __call__(self, record: Mapping[str, Any], last: bool) -> None:
        """Take in what changed."""
        for name, step in record["steps"].items():
            tenth = int(step["share"] * 10) if step["state"] == "running" else 0
            now = (step["state"], tenth)
            if step["state"] in ("waiting", "skipped") or self._told.get(name) == now:
                continue
            self._told[name] = now
            self._say(f"{MARKS[step['state']]} {name} ({step['block']}){_more(step)}")
        if last:
            self._say(f"{record['pipeline']}: {record['state']} ({record['id']})")

    def _say(self, text: str) -> None:
        print(text, file=self._out or sys.stderr, flush=True)


class Table:
    """Shows a table of steps in a notebook, and keeps it up to date.

    Each change is a message of the kernel: a hub does not take a server that works for an idle one.
    """

    def __init__(self) -> None:
        self._handle: Any = None

    def __call__(self, record: Mapping[str, Any], last: bool) -> None:
        """Take in what changed."""
        from IPython.display import HTML, display

        shown = HTML(table_of(record))
        if self._handle is None:
            self._handle = display(shown, display_id=True)
        else:
            self._handle.update(shown)


def table_of(record: Mapping[str, Any]) -> str:
    """Give the steps of a run as a page's part, legible in both themes."""
    rows = "".join(_row(name, step) for name, step in record["steps"].items())
    error = record.get("error")
    told = (
        f"<p style='color:var(--jp-error-color1,#d32f2f);white-space:pre-wrap'>{escape(str(error))}</p>"
        if error
        else ""
    )
    notes = "".join(f"<p>{escape(str(note))}</p>" for note in record.get("notes") or [])
    return (
        f"<p><b>{escape(str(record['pipeline']))}</b> {escape(str(record['state']))}"
        f" <span style='opacity:.7'>{escape(str(record['id']))}</span></p>"
        f"<table style='text-align:left'><tbody>{rows}</tbody></table>{told}{notes}"
    )


def _row(name: str, step: Mapping[str, Any]) -> str:
    state = str(step["state"])
    share = max(0.0, min(1.0, float(step["share"])))
    bar = (
        f"<progress max='1' value='{share:.3f}' style='width:8em' aria-label='share done'></progress> "
        if state == "running"
        else ""
    )
    numbers = ", ".join(
        f"{escape(str(k))} {float(v):.4g}" for k, v in list((step.get("metrics") or {}).items())[:4]
    )
    cells = (
        f"{MARKS.get(state, '')} {_WORDS.get(state, state)}",
        escape(name),
        f"<code>{escape(str(step['block']))}</code>",
        bar + escape(_more(step).strip(" :")),
        numbers,
    )
    # A state, a name and a time stay on one line beside a long note.
    styles = ["text-align:left;white-space:nowrap"] * 3 + ["text-align:left"] * 2
    if state in ("finished", "cached"):
        styles[3] = styles[0]
    shown = "".join(f"<td style='{s}'>{cell}</td>" for s, cell in zip(styles, cells, strict=True))
    return f"<tr>{shown}</tr>"


def _more(step: Mapping[str, Any]) -> str:
    if step["state"] == "failed" or step["state"] == "cancelled":
        return f": {step.get('error') or step['state']}"
    if step["state"] == "cached":
        return ": as before"
    if step["state"] == "finished":
        return f": {step.get('seconds', 0):.2f} s"
    share = f" {step['share']:.0%}" if step["share"] else ""
    return f":{share} {step['text']}" if share or step["text"] else ""
