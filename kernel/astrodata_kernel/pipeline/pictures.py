"""A picture as SVG: what a figure becomes between steps."""

from __future__ import annotations

import os
from pathlib import Path

from ..writing import write_whole


class Picture:
    """An SVG that a notebook shows as an image: what it holds cannot reach into the page.

    Parameters
    ----------
    svg
        Its text.
    """

    def __init__(self, svg: str) -> None:
        self.svg = svg

    def __repr__(self) -> str:
        return f"<Picture of {len(self.svg):,} characters of SVG>"

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the SVG to a file."""
        return write_whole(path, self.svg.encode())

    def _repr_html_(self) -> str:
        from base64 import b64encode

        # An image runs no scripts and loads nothing, whoever wrote it.
        text = b64encode(self.svg.encode()).decode()
        return f'<img alt="figure" style="max-width:100%" src="data:image/svg+xml;base64,{text}">'
