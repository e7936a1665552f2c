"""One table over an image: how it looks, which of its rows are shown and which are selected."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from itertools import count
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import BadRequest, UnknownName
from ..processing.catalogue_columns import WhereColumns
from ..processing.catalogue_rows import CatalogueRows
from ..processing.row_masks import Mask, selected_by
from ..processing.table_order import matching, ordered
from .latent_columns import Columns

MARKERS = ("circle", "disc", "square", "diamond", "cross", "plus")
PALETTE = ("#33d1ff", "#ffb000", "#7dff6a", "#ff6ad5", "#fff04d", "#b388ff")
"""Colours that catalogues get one after the other; each is seen on grey skies."""

FEW = 10
"""Different whole numbers up to which a column of them is one of categories."""

LOOKS = ("color", "size", "marker", "colormap", "visible", "where", "sort", "only_selected")
"""Attributes that are part of the viewer's state, in the order in which they are set."""

_idents = count(1)


class ImageCatalogue:
    """A table over an image, as `FitsViewer.add_catalogue` gives it; what is set here is seen at once.

    Parameters
    ----------
    name
        Its name in `FitsViewer.catalogues`.
    rows
        The table.
    columns
        Which of its columns say where the rows lie.
    color
        Colour to begin with.
    source
        What `add_catalogue` takes to add it again; None for a table in memory.
    """

    def __init__(
        self,
        name: str,
        rows: CatalogueRows,
        columns: WhereColumns,
        color: str,
        source: Mapping[str, Any] | None,
    ) -> None:
        self.name, self.rows, self.columns, self.source = name, rows, columns, source
        self.ident = next(_idents)
        self.unplaced = 0
        """Rows that the projection of the image on show has no place for, or without coordinates."""
        self.beyond = 0
        """Rows that lie farther from the middle of the image than `max_separation`."""
        self.max_separation: float | None = None
        self.lock = threading.RLock()
        self.told: Callable[[], None] = lambda: None
        self._color, self._own_color = color, color
        self._size: float | str | None = None
        self._marker, self._colormap, self._visible = "circle", "viridis", True
        self._where, self._sort, self._only = "", "", False
        self._matching: Mask | None = None
        self._selected = np.zeros(len(rows), bool)
        self._version = 0
        self._order: tuple[tuple[Any, ...], npt.NDArray[np.int64]] | None = None
        self._codes: dict[str, Any] = {}

    def __len__(self) -> int:
        return len(self.rows)

    def __repr__(self) -> str:
        by = f"{self.columns.first}, {self.columns.second}"
        return f"<catalogue {self.name!r}: {len(self):,} rows by {by}, {self.count:,} selected>"

    @property
    def color(self) -> str:
        """Colour of the points: ``"#ffb000"``, a CSS name such as ``"red"``, or a column to colour by."""
        return self._color

    @color.setter
    def color(self, value: str) -> None:
        if value not in self.rows.names:
            self._own_color = _hex(value, self.rows.names)
        else:
            self.codes(value)
        self._set(_color=str(value))

    @property
    def size(self) -> float | str | None:
        """Width of the points in CSS pixels, a column of numbers to size by, or None: as many are seen."""
        return self._size

    @size.setter
    def size(self, value: float | str | None) -> None:
        if isinstance(value, str):
            if not self.rows.is_number(value):
                raise BadRequest(f"column {value!r} has no numbers to size points by")
            self.codes(value)
        elif value is not None and not 1 <= float(value) <= 200:
            raise BadRequest(f"size {value}: give 1 to 200 CSS pixels, a column, or None")
        self._set(_size=value if value is None or isinstance(value, str) else float(value))

    @property
    def marker(self) -> str:
        """Shape of the points: circle, disc, square, diamond, cross or plus."""
        return self._marker

    @marker.setter
    def marker(self, value: str) -> None:
        if value not in MARKERS:
            raise BadRequest(f"marker {value!r} is unknown: there are {', '.join(MARKERS)}")
        self._set(_marker=value)

    @property
    def colormap(self) -> str:
        """Colours of a column of numbers; one of the viewer's colour maps."""
        return self._colormap

    @colormap.setter
    def colormap(self, value: str) -> None:
        from .fits import COLORMAPS

        if value not in COLORMAPS:
            raise BadRequest(f"colour map {value!r} is unknown: there are {', '.join(COLORMAPS)}")
        self._set(_colormap=value)

    @property
    def visible(self) -> bool:
        """Whether the points are drawn."""
        return self._visible

    @visible.setter
    def visible(self, value: bool) -> None:
        self._set(_visible=bool(value))

    @property
    def where(self) -> str:
        """Condition that rows fulfil to be drawn and listed, such as ``phot_g_mean_mag < 15 & parallax > 0``.

        Comparisons of columns, numbers and "texts", joined by ``&``, ``|`` and ``~``, with arithmetic; a
        column whose name is no plain word stands in backticks. Empty for all rows.
        """
        return self._where

    @where.setter
    def where(self, value: str) -> None:
        from ..latent.expressions import Expression

        text = str(value or "").strip()
        found = None
        if text:
            found = matching(self.rows, Expression(text, self.rows.scalars))
        self._set(_where=text, _matching=found, _version=self._version + 1)

    @property
    def sort(self) -> str:
        """Column by which the listed rows are sorted, ``-`` before it for falling order; empty for none."""
        return self._sort

    @sort.setter
    def sort(self, value: str) -> None:
        column = str(value or "")
        known = self.rows.names
        if column and column not in known and column.removeprefix("-") not in known:
            raise UnknownName(
                f"there is no column {column.removeprefix('-')!r}; there are {', '.join(known)}"
            )
        if column and self._sorted_by(column)[0] not in self.rows.scalars:
            raise BadRequest(f"column {column!r} has no single value in a row to sort by")
        self._set(_sort=column)

    @property
    def only_selected(self) -> bool:
        """Whether the table below the picture lists selected rows only."""
        return self._only

    @only_selected.setter
    def only_selected(self, value: bool) -> None:
        self._set(_only=bool(value))

    @property
    def selected(self) -> Mask:
        """Which rows are selected, boolean of shape (n,), read-only; `FitsViewer.select_rows` selects."""
        view = self._selected.view()
        view.flags.writeable = False
        return view

    @property
    def count(self) -> int:
        """Number of selected rows."""
        return int(self._selected.sum())

    def shown(self) -> Mask:
        """Give the rows that fulfil `where`, boolean of shape (n,)."""
        return np.ones(len(self), bool) if self._matching is None else self._matching

    def select(self, mask: Mask, op: str = "replace") -> None:
        """Select rows, or add, take away, keep alone or toggle them."""
        with self.lock:
            made = selected_by(self._selected, mask, op)
            if not np.array_equal(made, self._selected):
                self._set(_selected=made, _version=self._version + 1)

    def order(self) -> npt.NDArray[np.int64]:
        """Give the numbers of the rows as the table lists them."""
        with self.lock:
            key = (self._where, self._sort, self._only, self._version if self._only else 0)
            if self._order is None or self._order[0] != key:
                self._order = (key, self._ordered())
            return self._order[1]

    def codes(self, name: str) -> tuple[dict[str, Any], npt.NDArray[np.uint8]]:
        """Give a column as a byte a row to colour or size by, and what the bytes stand for."""
        with self.lock:
            if name not in self._codes:
                values = self.rows.values(name)
                if values.dtype.kind in "iu" and len(values) > 0 and len(np.unique(values)) <= FEW:
                    values = values.astype(str).astype(object)
                self._codes[name] = Columns(len(self), {name: values}, {}, {}).codes(name)
            return self._codes[name]

    def facts(self) -> dict[str, Any]:
        """Give what the browser is told."""
        by = self._color if self._color in self.rows.names else ""
        sized = self._size if isinstance(self._size, str) else ""
        return {
            "name": self.name,
            "ident": self.ident,
            "rows": len(self),
            "columns": [
                {"name": name, "unit": self.rows.units[name]} for name in self.rows.names[:400]
            ],
            "where_columns": [self.columns.first, self.columns.second],
            "color": self._own_color,
            "by": by,
            "size": None if sized else self._size,
            "sized": sized,
            "marker": self._marker,
            "colormap": self._colormap,
            "visible": self._visible,
            "where": self._where,
            "sort": self._sort,
            "only_selected": self._only,
            "selected": self.count,
            "matching": int(self.shown().sum()),
            "version": self._version,
        }

    def looks(self) -> dict[str, Any]:
        """Give the attributes that are not as they are to begin with."""
        fresh = dict(size=None, marker="circle", colormap="viridis", visible=True)  # noqa: C408
        fresh |= dict(where="", sort="", only_selected=False)  # noqa: C408
        return {
            name: getattr(self, name)
            for name in LOOKS
            if name == "color" or getattr(self, name) != fresh[name]
        }

    def _set(self, **values: Any) -> None:
        with self.lock:
            for name, value in values.items():
                setattr(self, name, value)
        self.told()

    def _ordered(self) -> npt.NDArray[np.int64]:
        kept = self.shown() & self._selected if self._only else self.shown()
        rows = np.flatnonzero(kept)
        if not self._sort:
            return rows
        name, falling = self._sorted_by(self._sort)
        return ordered(self.rows.column(name), rows, falling)

    def _sorted_by(self, sort: str) -> tuple[str, bool]:
        """Give the column that is sorted by, and whether the highest come first."""
        # A column may be called "-x".
        return (sort, False) if sort in self.rows.names else (sort[1:], True)


def _hex(color: str, names: list[str]) -> str:
    from PIL import ImageColor

    try:
        red, green, blue = ImageColor.getrgb(str(color))[:3]
    except ValueError:
        raise BadRequest(
            f"color {color!r} is neither a column nor a colour such as 'red' or '#ff0000'; the columns are "
            f"{', '.join(names)}"
        ) from None
    return f"#{red:02x}{green:02x}{blue:02x}"
