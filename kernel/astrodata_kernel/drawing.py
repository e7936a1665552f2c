"""Matplotlib's figure as this package makes it: a cell that ends with one shows it."""

from __future__ import annotations

import io
import struct
from typing import Any

from matplotlib.figure import Figure

DPI = 144
"""Twice what a page takes for a point, for screens with fine pixels."""


class CellFigure(Figure):
    """A figure that shows itself in a notebook; Matplotlib's does so only after pyplot was imported."""

    def _repr_png_(self) -> tuple[bytes, dict[str, Any]]:
        made = io.BytesIO()
        # The layout leaves no room for the labels of axes of the sky and of colour bars; the box does.
        self.savefig(made, format="png", dpi=DPI, bbox_inches="tight")
        width, height = struct.unpack(">II", made.getvalue()[16:24])
        return made.getvalue(), {"width": width * 72 // DPI, "height": height * 72 // DPI}


def svg_of(figure: Any, *, tight: bool = False) -> str:
    """Give a figure as SVG text that can stand in a page; the same figure is the same text.

    Parameters
    ----------
    figure
        Of Matplotlib.
    tight
        Whether the edge lies around all that is drawn, beyond the axes too.
    """
    from matplotlib import rc_context

    made = io.StringIO()
    # Matplotlib would draw the names of its clip paths by lot.
    with rc_context({"svg.hashsalt": "astrodata"}):
        figure.savefig(
            made,
            format="svg",
            bbox_inches="tight" if tight else None,
            metadata={"Date": None, "Creator": None},
        )
    text = made.getvalue()
    return text[text.index("<svg") :]
