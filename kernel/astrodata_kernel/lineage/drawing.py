"""A graph of steps and data as SVG, in the colours of JupyterLab's theme, or of its own in a file."""

from __future__ import annotations

import unicodedata
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape

from .layout import layout
from .plain import shown

KINDS = ("file", "data", "step")
MARKS = {
    "waiting": "…",
    "running": "▶",
    "finished": "✓",
    "cached": "≡",
    "failed": "✗",
    "cancelled": "■",
    "skipped": "–",
}
"""What a state is marked with beside its colour and its name."""

_COLOURS = {
    "file": "var(--jp-warn-color1, #b26a00)",
    "data": "var(--jp-brand-color1, #1976d2)",
    "step": "var(--jp-ui-font-color2, #767676)",
    "running": "var(--jp-info-color1, #0097a7)",
    "finished": "var(--jp-success-color1, #388e3c)",
    "cached": "var(--jp-accent-color1, #5f8f2f)",
    "failed": "var(--jp-error-color1, #d32f2f)",
    "cancelled": "var(--jp-error-color1, #d32f2f)",
}
_HEIGHT, _FLOOR, _GAP, _EDGE = 42, 34, 24, 12
_TITLE, _SUBTITLE = 7.3, 6.3
"""Width of a letter of 13 and of 11 pixels, on the safe side."""

_LONGEST, _LEAST = 30, 90
_LABEL = 24

_STROKE = "fill:none;stroke:currentColor;stroke-opacity:.5;stroke-width:1.3"
_HEAD = "fill:currentColor;fill-opacity:.6"
_LABELLED = (
    "fill:currentColor;fill-opacity:.85;paint-order:stroke;stroke:var(--jp-layout-color1, transparent);"
    "stroke-width:3"
)
_PAGE = (
    "<style>svg.astrodata-graph{background:#fff;color:#1f2328;--jp-layout-color1:#fff}"
    "@media (prefers-color-scheme:dark){svg.astrodata-graph{background:#111;color:#e6e6e6;"
    "--jp-layout-color1:#111;--jp-brand-color1:#64b5f6;--jp-warn-color1:#ffb74d;--jp-ui-font-color2:#aaa;"
    "--jp-success-color1:#81c784;--jp-error-color1:#ef9a9a;--jp-info-color1:#4dd0e1;--jp-accent-color1:#aed581}}"
    "</style>"
)


@dataclass(frozen=True, slots=True)
class Box:
    """A box of a drawing.

    Parameters
    ----------
    id
        What edges call it.
    title, subtitle
        What stands in it; long ones are shortened.
    kind
        ``"file"``, ``"data"`` or ``"step"``.
    state
        "" or that of a step: ``"running"``, ``"finished"``, ``"failed"``, ``"cached"``, ...
    tip
        What is told when the mouse rests on it.

    Examples
    --------
    >>> "train_sklearn" in draw([Box("forest", "forest", "train_sklearn", "step", "running")])
    True
    """

    id: str
    title: str
    subtitle: str = ""
    kind: str = "data"
    state: str = ""
    tip: str = ""


def draw(
    boxes: Sequence[Box],
    edges: Iterable[Sequence[str]] = (),
    title: str = "graph of steps and data",
    *,
    alone: bool = False,
) -> str:
    """Give the drawing of a graph as SVG: boxes in layers, lines from above to below.

    There is no script in it and no address; all text is escaped.

    Parameters
    ----------
    boxes
        What is drawn; of two with one id the first.
    edges
        From which box to which, and what is written at the line, if anything; those of unknown boxes are
        left out. Cycles are allowed: a line that leads upwards is dashed.
    title
        What it is, for those who cannot see it.
    alone
        Whether it becomes a file of its own, and thus needs colours of its own.
    """
    known = {one.id: one for one in reversed(boxes)}
    known = {one.id: known[one.id] for one in boxes}
    lines = dict.fromkeys(
        (edge[0], edge[1], edge[2] if len(edge) > 2 else "")
        for edge in edges
        if edge[0] in known and edge[1] in known
    )
    texts = {ident: _texts(one) for ident, one in known.items()}
    widths: dict[Hashable, float] = {
        ident: max(_LEAST, _TITLE * _columns(top) + 22, _SUBTITLE * _columns(bottom) + 22)
        for ident, (top, bottom) in texts.items()
    }
    where = layout(widths, [(a, b) for a, b, _ in lines], _GAP)
    width = where.width + 2 * _EDGE + 40 * any(a == b for a, b, _ in lines)
    height = max(1, where.layers) * (_HEIGHT + _FLOOR) - _FLOOR + 2 * _EDGE
    arrivals = _arrivals(list(lines), where.places, widths, [up for _, up in where.lines])
    drawn = [
        _loop(where.places[a], widths[a]) if a == b else _line(points, up, label, *arrival)
        for (points, up), (a, b, label), arrival in zip(where.lines, lines, arrivals, strict=True)
    ]
    drawn += [
        _box(one, texts[ident], where.places[ident], widths[ident]) for ident, one in known.items()
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="astrodata-graph" role="img" '
        f'aria-label="{_safe(title, 500)}" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}" font-family="system-ui, sans-serif" '
        f'style="color:var(--jp-content-font-color1, currentColor)">'
        f"<title>{_safe(title, 500)}</title>{_PAGE if alone else ''}{''.join(drawn)}</svg>"
    )


def _texts(box: Box) -> tuple[str, str]:
    state = f"{MARKS.get(box.state, '•')} {box.state}" if box.state else ""
    below = _short(box.subtitle, _LONGEST + 4)
    return _short(box.title, _LONGEST), " · ".join(one for one in (state, below) if one)


def _box(box: Box, texts: tuple[str, str], place: tuple[float, int], width: float) -> str:
    x, y = place[0] + _EDGE, _top(place[1])
    kind = box.kind if box.kind in KINDS else "data"
    colour = _COLOURS.get(box.state, _COLOURS[kind])
    left, right = x - width / 2, x + width / 2
    look = f"stroke:{colour};stroke-width:1.5;fill:{colour};fill-opacity:.12"
    if box.state in ("waiting", "skipped"):
        look += ";stroke-dasharray:4 3"
    shape = ""
    # What lines pass behind a box must not show through it.
    for style in ("fill:var(--jp-layout-color1, transparent)", look):
        if kind == "file":  # a sheet with a turned corner
            path = f"M{left:.1f} {y}H{right - 10:.1f}l10 10V{y + _HEIGHT}H{left:.1f}Z"
            shape += f'<path d="{path}" style="{style}"/>'
        else:
            shape += (
                f'<rect x="{left:.1f}" y="{y}" width="{width:.1f}" height="{_HEIGHT}" '
                f'rx="{4 if kind == "step" else _HEIGHT // 2}" style="{style}"/>'
            )
    if kind == "file":
        shape += f'<path d="M{right - 10:.1f} {y}v10h10" style="{look};fill:none"/>'
    rows = [row for row in texts if row]
    first = y + (18 if len(rows) > 1 else 26)
    written = "".join(
        f'<text x="{x:.1f}" y="{first + 16 * number}" text-anchor="middle" font-size="{size}" '
        f'style="fill:currentColor;{extra}">{_safe(row, 200)}</text>'
        for number, (row, size, extra) in enumerate(
            zip(
                rows,
                (13, 11),
                ("font-weight:600" if kind == "step" else "", "opacity:.8"),
                strict=False,
            )
        )
    )
    tip = box.tip or " · ".join(one for one in (box.title, box.subtitle, box.state) if one)
    return f'<g class="astrodata-{kind}"><title>{_tip(tip)}</title>{shape}{written}</g>'


def _arrivals(
    lines: Sequence[tuple[str, str, str]],
    places: Mapping[Hashable, tuple[float, int]],
    widths: Mapping[Hashable, float],
    ups: Sequence[bool],
) -> list[tuple[float, int]]:
    """Give how far from the middle of its box each line ends, and its number among those of the box."""
    together: dict[str, list[int]] = {}
    for number, (source, target, _) in enumerate(lines):
        if source != target and not ups[number]:
            together.setdefault(target, []).append(number)
    found = [(0.0, 0)] * len(lines)
    for target, numbers in together.items():
        numbers.sort(key=lambda number: places[lines[number][0]][0])
        step = min(26.0, widths[target] * 0.7 / len(numbers))
        for at, number in enumerate(numbers):
            found[number] = (step * (at - (len(numbers) - 1) / 2), at)
    return found


def _loop(place: tuple[float, int], width: float) -> str:
    x, y = place[0] + _EDGE + width / 2, _top(place[1])
    low, high = y + _HEIGHT * 0.75, y + _HEIGHT * 0.3
    return (
        f'<path d="M{x:.1f} {low}C{x + 32:.1f} {low + 8} {x + 32:.1f} {high - 8} {x + 6:.1f} {high}" '
        f'style="{_STROKE};stroke-dasharray:5 3"/>'
        f'<path d="M{x:.1f} {high}l8 -4v8z" style="{_HEAD}"/>'
    )


def _line(
    points: Sequence[tuple[float, int]], up: bool, label: str, beside: float, number: int
) -> str:
    # All are drawn downwards. A line that leads upwards keeps clear of the one that joins the same boxes.
    path_points = list(reversed(points)) if up else list(points)
    begin, end = (14.0, 14.0) if up else (0.0, beside)
    x, y = path_points[0][0] + _EDGE + begin, float(_top(path_points[0][1]) + _HEIGHT)
    head = (x, y, 7) if up else None
    path, bow = f"M{x:.1f} {y}", _FLOOR * 0.6
    written = ""
    for at, (centre, layer) in enumerate(path_points[1:], 1):
        last = at == len(path_points) - 1
        x1 = centre + _EDGE + (end if last else 0.0)
        y1 = _top(layer) - (5.0 if last and not up else 0.0)
        path += f"C{x:.1f} {y + bow:.1f} {x1:.1f} {y1 - bow:.1f} {x1:.1f} {y1}"
        if last and label:
            # In the middle of the line: at its end are those of all the others.
            written = (
                f'<text x="{(x + x1) / 2:.1f}" y="{(y + y1) / 2 + (9 if number % 2 else -2):.1f}" '
                f'text-anchor="middle" font-size="10" style="{_LABELLED}">'
                f"{_safe(_short(label, _LABEL), 100)}</text>"
            )
        x, y = x1, y1
        if not last:
            y += _HEIGHT
            path += f"V{y}"
    tip_x, tip_y, way = head or (x, y + 5, -7)
    return (
        f'<path d="{path}" style="{_STROKE}{";stroke-dasharray:5 3" if up else ""}"/>'
        f'<path d="M{tip_x:.1f} {tip_y}l-4 {way}h8z" style="{_HEAD}"/>{written}'
    )


def _top(layer: int) -> int:
    return _EDGE + layer * (_HEIGHT + _FLOOR)


def _columns(text: str) -> int:
    """Give the width of a text in letters; those of East Asia are twice as wide."""
    return sum(2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in text)


def _short(text: str, longest: int) -> str:
    # Of names the end tells as much as the beginning: cardio_2021_train.npz.
    text = text if len(text) < 10_000 else text[:10_000]
    if len(text) <= longest:
        return text
    return f"{text[: longest * 2 // 3]}…{text[-(longest // 3 - 1) :]}"


def _safe(text: str, longest: int) -> str:
    return escape(shown(text, longest))


def _tip(text: str) -> str:
    lines = text[:4_000].splitlines()[:40]
    return "\n".join(_safe(line, 300) for line in lines)
