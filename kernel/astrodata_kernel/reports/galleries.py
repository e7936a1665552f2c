"""Thumbnails of events, class by class."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from markupsafe import Markup

from ..errors import AstrodataError
from .looks import Look
from .markup import png_of, swatch
from .points import Points

Rows = npt.NDArray[np.int64]

A_CLASS = 24
"""Pictures of a class at most."""

ALL = 480
"""Pictures of a page at most."""

SIZES = {"waveforms": (132, 72), "images": (84, 84), "rows": (132, 60)}


def pictures_of(points: Points, rows: npt.ArrayLike, look: Look) -> list[str]:
    """Give the picture behind each point as a data URI; empty where there is none or it cannot be read."""
    rows = np.asarray(rows, dtype=np.int64)
    made = [""] * len(rows)
    if points.events is None:
        return made
    width, height = SIZES[points.events.kind]
    # Lines are one pixel wide, which fine screens show as well as others; images have more to show.
    fine = 2 if points.events.kind == "images" else 1
    for i, row in enumerate(points.event_rows(rows)):
        if row < 0:
            continue
        try:
            # One by one: a file that cannot be read costs its own picture only.
            picture = points.events.thumbnails([int(row)], fine * width, fine * height)[0]
        except (AstrodataError, OSError):
            continue
        made[i] = png_of(picture, look)
    return made


def figures(
    points: Points, rows: Sequence[int] | Rows, look: Look, score: str = "", *, pressed: bool = True
) -> Markup:
    """Give points as pictures with their ids.

    Parameters
    ----------
    points, rows, look
        Which points, and the colours.
    score
        Column whose value stands under each picture.
    pressed
        Each is a button that the page's script knows.
    """
    tag = "button" if pressed else "div"
    width, height = SIZES[points.events.kind] if points.events is not None else (84, 84)
    ids = np.asarray(points.latents.ids)
    values = points.columns.get(score)
    cards = []
    for row, uri in zip(rows, pictures_of(points, rows, look), strict=True):
        picture = Markup('<span class="none">no data</span>')
        if uri:
            picture = Markup('<img src="{}" width="{}" height="{}" alt="event {}">').format(
                uri, width, height, ids[row]
            )
        under = "" if values is None else Markup("<small>{}</small>").format(f"{values[row]:.4g}")
        cards.append(
            Markup('<{} class="card" data-row="{}">{}<span class="id">{}</span>{}</{}>').format(
                tag, int(row), picture, ids[row], under, tag
            )
        )
    return Markup('<div class="cards">{}</div>').format(Markup("").join(cards))


def gallery(points: Points, look: Look) -> Markup:
    """Give the labelled points class by class, the highest of the first score first.

    Where there are no labels, these are the highest of all.
    """
    score = next(iter(points.scores), "")
    known = points.labelled
    parts = []
    if known is None or not (known.codes >= 0).any():
        rows = _first(points, np.arange(len(points)), score, A_CLASS)
        title = f"Highest {score}" if score else "First points"
        parts.append(Markup("<h3>{}</h3>{}").format(title, figures(points, rows, look, score)))
        return Markup("").join(parts)
    classes = int((known.counts() > 0).sum())
    each = max(1, min(A_CLASS, ALL // classes))
    for code, (name, colour) in enumerate(zip(known.names, known.colours, strict=True)):
        members = np.flatnonzero(known.codes == code)
        if not len(members):
            continue
        rows = _first(points, members, score, each)
        told = (
            f"{len(members):,}" if len(rows) == len(members) else f"{len(rows)} of {len(members):,}"
        )
        parts.append(
            Markup("<h3>{} <small>{}</small></h3>{}").format(
                swatch(name, colour), told, figures(points, rows, look, score)
            )
        )
    return Markup("").join(parts)


def _first(points: Points, rows: Rows, score: str, count: int) -> Rows:
    values = points.columns.get(score)
    if values is None:
        return rows[:count]
    worth = np.nan_to_num(np.asarray(values, np.float64)[rows], nan=-np.inf)
    return rows[np.argsort(-worth, kind="stable")[:count]]
