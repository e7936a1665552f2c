"""The report of tests of data as HTML that reads in light and dark pages."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from .outcomes import Report, Result, _rows

_MARKS = {"passed": "✓", "warned": "!", "failed": "✗"}
_SHOWN = 300
_LONG = 300

# Theme colours with fallbacks that read on white and on black, for pages that are not JupyterLab's.
_STYLE = """<style>
.adk-report{color:var(--jp-content-font-color1,inherit);font-size:var(--jp-ui-font-size1,13px);max-width:100%}
.adk-report p{margin:4px 0}
.adk-report .adk-wide{overflow-x:auto}
.adk-report table{border-collapse:collapse;border-spacing:0;width:auto;margin:6px 0}
.adk-report table th,.adk-report table td{text-align:left;vertical-align:top;padding:3px 10px 3px 0;
 border:0;border-bottom:1px solid var(--jp-border-color2,#8886);overflow-wrap:break-word;max-width:26em}
.adk-report table th{font-weight:600;white-space:nowrap}
.adk-report tr{background:none!important}
.adk-report .adk-word{white-space:nowrap;font-weight:600}
.adk-report .adk-failed{color:var(--jp-error-color1,#d9413b)}
.adk-report .adk-warned{color:var(--jp-warn-color0,#b57614)}
.adk-report .adk-passed{color:var(--jp-success-color1,#388e3c)}
.adk-report small{opacity:.85}
.adk-report svg{display:block;margin:3px 0}
</style>"""


def report_html(report: Report) -> str:
    """Give a summary line, a table, and small pictures of what was compared with a reference."""
    state = "failed" if report.failed else "warned" if report.warned else "passed"
    count = f", {report.rows:,} rows" if report.rows is not None else ""
    order = {"failed": 0, "warned": 1, "passed": 2}
    shown = sorted(report.results, key=lambda one: order.get(one.outcome, 0))[:_SHOWN]
    rows = "".join(_row(one) for one in shown)
    left = len(report) - len(shown)
    more = f"<p>{left:,} more results: see .table</p>" if left else ""
    head = "".join(
        f"<th scope='col'>{name}</th>"
        for name in ("outcome", "check", "column", "seen", "asked for", "failing")
    )
    table = f"<div class='adk-wide'><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    return (
        f"{_STYLE}<div class='adk-report' role='group' aria-label='Report of data tests'>"
        f"<p><b>{_mark(state)}</b>&ensp;<b>{_text(report.summary)}</b>"
        f"<small> ({_text(report.kind)}{count})</small></p>{table if shown else ''}{more}"
        f"{_counted(report)}</div>"
    )


def _mark(outcome: str) -> str:
    """Give an outcome as a mark and a word; the mark alone has a colour, which may be pale on a page."""
    return f"<span class='adk-{outcome}' aria-hidden='true'>{_MARKS[outcome]}</span> {outcome}"


def _counted(report: Report) -> str:
    told = any(one.first for one in report if not one.ok)
    return "<p><small>rows are counted from 0</small></p>" if told else ""


def _row(one: Result) -> str:
    outcome = one.outcome if one.outcome in _MARKS else "failed"
    failing = ""
    if not one.ok and one.failing:
        failing = f"{one.failing:,}"
        if one.first:
            dots = ", …" if one.failing > len(one.first) else ""
            failing += f"<br><small>{_text(_rows(one.first))}{dots}</small>"
    note = f"<br><small>{_text(one.note)}</small>" if one.note else ""
    picture = "" if one.picture is None else _picture(one.picture, one.column)
    return (
        f"<tr><td class='adk-word'>{_mark(outcome)}</td><td>{_text(one.check)}</td>"
        f"<td>{_text(one.column)}</td><td>{_text(one.seen)}{note}{picture}</td>"
        f"<td>{_text(one.allowed)}</td><td>{failing}</td></tr>"
    )


def _text(value: Any) -> str:
    text = str(value)
    return escape(text if len(text) <= _LONG else f"{text[:_LONG]}…", quote=True)


def _picture(picture: Mapping[str, Any], column: str) -> str:
    """Give bars of the data before an outline of the reference, with words for who cannot see them."""
    own = [float(v) for v in picture.get("data", ())]
    other = [float(v) for v in picture.get("reference", ())]
    if not own or len(own) != len(other):
        return ""
    top = max(*own, *other) or 1.0
    width, height, foot = 240, 46, 15
    step = width / len(own)
    bars = "".join(
        f"<rect x='{i * step:.1f}' y='{_level(v / top, height):.1f}' width='{max(step - 1, 0.5):.1f}' "
        f"height='{height - _level(v / top, height):.1f}'/>"
        for i, v in enumerate(own)
    )
    line = " ".join(
        f"{'M' if not i else 'L'}{i * step:.1f} {_level(v / top, height):.1f}H{(i + 1) * step:.1f}"
        for i, v in enumerate(other)
    )
    words = f"Shares of {column}: bars are the data, the line is the reference"
    return (
        f"<svg width='{width}' height='{height + foot}' viewBox='0 0 {width} {height + foot}' role='img' "
        f"aria-label='{_text(words)}'><title>{_text(words)}</title>"
        f"<g fill='var(--jp-brand-color1,#3b82c4)' fill-opacity='.6'>{bars}</g>"
        f"<path d='{line}' fill='none' stroke='currentColor' stroke-width='1.2'/>"
        f"<path d='M0 {height + 0.5}H{width}' stroke='currentColor' stroke-opacity='.5'/>"
        f"{_labels(picture, width, height + foot - 4)}</svg>"
        "<small>bars: data, line: reference</small>"
    )


def _level(share: float, height: int) -> float:
    """Give where a share of the highest bar ends, with room for the line's own width above it."""
    return 1 + (height - 1) * (1 - share)


def _labels(picture: Mapping[str, Any], width: int, y: int) -> str:
    """Give the ends below the bars, or names below each where there is room."""
    names, ends = list(picture.get("names", ())), list(picture.get("ends", ()))
    text = f"y='{y}' font-size='10' fill='currentColor'"
    if names:
        step = width / len(names)
        room = max(3, int(step / 5.6))
        short = [str(n) if len(str(n)) <= room else f"{str(n)[: room - 1]}…" for n in names]
        return "".join(
            f"<text x='{(i + 0.5) * step:.1f}' text-anchor='middle' {text}>{_text(name)}</text>"
            for i, name in enumerate(short)
        )
    if not ends:
        return ""
    return (
        f"<text x='0' {text}>{ends[0]:.5g}</text>"
        f"<text x='{width}' text-anchor='end' {text}>{ends[-1]:.5g}</text>"
    )
