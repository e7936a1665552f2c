"""HTML in which every text from outside is escaped."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from markupsafe import Markup

from .looks import Look, rgb

Pictures = npt.NDArray[np.uint8]


def table_of(
    heads: Sequence[Any], rows: Iterable[Sequence[Any]], caption: str = "", numbers: bool = True
) -> Markup:
    """Give a table; the first cell of each row is its head.

    Parameters
    ----------
    heads
        Text of each column.
    rows
        Cells, each a text or markup of this module.
    caption
        Above the table.
    numbers
        The other cells are numbers, which are set to the right.
    """
    head = Markup("").join(Markup('<th scope="col">{}</th>').format(text) for text in heads)
    body = Markup("").join(
        Markup("<tr>{}{}</tr>").format(
            Markup('<th scope="row">{}</th>').format(row[0]),
            Markup("").join(Markup("<td>{}</td>").format(cell) for cell in row[1:]),
        )
        for row in rows
    )
    return Markup(
        '<div class="scroll"><table{}>{}<thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>'
    ).format(
        Markup(' class="numbers"') if numbers else "",
        Markup("<caption>{}</caption>").format(caption) if caption else "",
        head,
        body,
    )


def swatch(name: str, colour: str) -> Markup:
    """Give a name with its colour before it."""
    return Markup('<span class="swatch" style="background:rgb({},{},{})"></span>{}').format(
        *rgb(colour), name
    )


def png_of(picture: Pictures, look: Look) -> str:
    """Give a small picture as a data URI.

    Parameters
    ----------
    picture
        (height, width): opacity of the ink; or (height, width, 3 or 4): colours.
    look
        Gives the ink's colour.
    """
    from PIL import Image

    if picture.ndim == 2:
        ink = np.full_like(picture, round(sum(rgb(look.ink)) / 3))
        image = Image.fromarray(np.stack([ink, picture], axis=-1), "LA")
    else:
        image = Image.fromarray(np.ascontiguousarray(picture))
    kept = io.BytesIO()
    image.save(kept, "PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(kept.getvalue()).decode("ascii")
