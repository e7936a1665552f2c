"""Catalogues of the astronomy display API: tables by label, drawn over all images of a display."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import BadRequest
from ..processing.sky import coordinates_at, pixels_of

if TYPE_CHECKING:
    from astropy.table import Table

    from .fits import FitsViewer

SHAPES = {
    "circle": "circle",
    "square": "square",
    "crosshair": "cross",
    "plus": "plus",
    "diamond": "diamond",
}
"""Of the API, and what they are called here."""

STYLE = {"shape": "circle", "color": "red", "size": 5.0}
COLUMNS = ("x", "y", "coord")


@dataclass
class _Catalog:
    label: str | None
    table: Table
    """As it was given, its columns of places under their usual names."""
    use_sky: bool
    style: dict[str, Any] = field(default_factory=lambda: dict(STYLE))

    @property
    def name(self) -> str:
        return "catalog" if self.label is None else str(self.label)


class DisplayedCatalogs:
    """Keeps the catalogues of a display."""

    viewers: dict[str | None, FitsViewer]

    def __init__(self) -> None:
        self._catalogs: list[_Catalog] = []
        super().__init__()

    def load_catalog(
        self,
        table: Table,
        x_colname: str = "x",
        y_colname: str = "y",
        skycoord_colname: str = "coord",
        use_skycoord: bool = False,
        catalog_label: str | None = None,
        catalog_style: dict[str, Any] | None = None,
        **_further: Any,
    ) -> None:
        """Draw the rows of a table over all images.

        Parameters
        ----------
        table
            An astropy `Table`; it is copied.
        x_colname, y_colname
            Columns of 0-based pixels.
        skycoord_colname
            A column of `SkyCoord`.
        use_skycoord
            Whether rows are drawn by their place on the sky. What is missing, pixels or sky, is computed by
            the WCS of the image on show.
        catalog_label
            What it is called. One that was called so is replaced, and keeps its style.
        catalog_style
            As `set_catalog_style` takes it.

        Raises
        ------
        ValueError
            The columns that are needed are missing, and cannot be computed.
        """
        label = self._catalog_label(catalog_label)
        names = dict(zip((x_colname, y_colname, skycoord_colname), COLUMNS, strict=True))
        kept = table.copy()
        for given, usual in names.items():
            if given != usual and given in kept.colnames:
                if usual in kept.colnames:
                    kept.remove_column(usual)
                kept.rename_column(given, usual)
        self._check(set(kept.colnames), use_skycoord)
        old = next((one for one in self._catalogs if one.label == label), None)
        style = catalog_style if catalog_style is not None else old.style if old else STYLE
        catalog = _Catalog(label, kept, use_skycoord, _style(dict(style)))
        if old is not None:
            self._take_away(old)
        self._catalogs.append(catalog)
        for viewer in self.viewers.values():
            self._draw_catalog(viewer, catalog)

    def get_catalog(
        self,
        x_colname: str = "x",
        y_colname: str = "y",
        skycoord_colname: str = "coord",
        catalog_label: str | None = None,
        **_further: Any,
    ) -> Table:
        """Give a catalogue's table, with its places on the image on show and on the sky.

        Parameters
        ----------
        x_colname, y_colname, skycoord_colname
            What the columns of places shall be called.
        catalog_label
            Of the catalogue.

        Returns
        -------
        astropy.table.Table
            A copy; a table without rows if there is no such catalogue.

        Raises
        ------
        ValueError
            None is named and there are several.
        """
        from astropy.table import Table

        label = self._catalog_label(catalog_label)
        catalog = next((one for one in self._catalogs if one.label == label), None)
        found = Table(names=COLUMNS) if catalog is None else catalog.table.copy()
        if catalog is not None:
            self._complete(found)
        for usual, wanted in zip(COLUMNS, (x_colname, y_colname, skycoord_colname), strict=True):
            if usual != wanted:
                found.rename_column(usual, wanted)
        return found

    def remove_catalog(self, catalog_label: str | None = None, **_further: Any) -> None:
        """Take a catalogue away, or all of them by ``"*"``.

        Raises
        ------
        ValueError
            No such catalogue, or none is named and there are several.
        TypeError
            A list of labels.
        """
        if isinstance(catalog_label, list):
            raise TypeError("Cannot remove multiple catalogs from a list: give one label, or '*'")
        if catalog_label == "*":
            for one in list(self._catalogs):
                self._take_away(one)
            return
        self._take_away(self._catalog(catalog_label))

    @property
    def catalog_labels(self) -> tuple[str, ...]:
        """Labels of the catalogues that have one."""
        return tuple(one.label for one in self._catalogs if one.label is not None)

    def set_catalog_style(
        self,
        catalog_label: str | None = None,
        shape: str = "circle",
        color: str = "red",
        size: float = 5.0,
        **further: Any,
    ) -> None:
        """Set how the rows of a catalogue are drawn.

        Parameters
        ----------
        catalog_label
            Of the catalogue.
        shape
            ``circle``, ``square``, ``crosshair``, ``plus`` or ``diamond``.
        color
            A name of CSS, ``#rrggbb``, or a column of the table to colour by.
        size
            Width in CSS pixels, 1 to 200.
        **further
            Kept, and given back by `get_catalog_style`.

        Raises
        ------
        ValueError
            No such catalogue, none is named and there are several, or a shape, colour or size that cannot be.
        """
        if not self._catalogs:
            raise BadRequest("Must load a catalog before setting a catalog style")
        catalog = self._catalog(catalog_label)
        catalog.style = _style({"shape": shape, "color": color, "size": size, **further})
        for viewer in self.viewers.values():
            if catalog.name in viewer.catalogues:
                _paint(viewer, catalog)

    def get_catalog_style(
        self, catalog_label: str | None = None, **_further: Any
    ) -> dict[str, Any]:
        """Give how the rows of a catalogue are drawn; without a catalogue, how they would be.

        Raises
        ------
        ValueError
            None is named and there are several.
        """
        label = self._catalog_label(catalog_label)
        catalog = next((one for one in self._catalogs if one.label == label), None)
        if catalog is None and label is not None:
            return {}
        return {**(catalog.style if catalog else STYLE), "catalog_label": label}

    # --- what they share ----------------------------------------------------------------------------

    def _on_show(self) -> FitsViewer | None:
        raise NotImplementedError

    def _catalog_label(self, catalog_label: str | None) -> str | None:
        labels = self.catalog_labels
        if catalog_label is not None or not labels:
            return catalog_label
        if len(labels) > 1:
            raise BadRequest(
                f"Multiple catalog styles defined: {', '.join(map(repr, labels))}; give catalog_label"
            )
        return labels[0]

    def _catalog(self, catalog_label: str | None) -> _Catalog:
        label = self._catalog_label(catalog_label)
        for one in self._catalogs:
            if one.label == label:
                return one
        known = ", ".join(map(repr, self.catalog_labels)) or "none"
        raise BadRequest(f"Catalog label {label!r} not found: there are {known}")

    def _wcs(self) -> Any:
        viewer = self._on_show()
        return None if viewer is None else viewer.dataset.wcs

    def _check(self, columns: set[str], sky: bool) -> None:
        if sky and "coord" not in columns and self._wcs() is None:
            raise BadRequest("Cannot use sky coordinates without a SkyCoord column or a WCS")
        pixels = {"x", "y"} <= columns
        if not pixels and (("coord" not in columns) or (not sky and self._wcs() is None)):
            raise BadRequest(
                "Cannot use pixel coordinates without pixel columns, or sky coordinates and a WCS"
            )

    def _complete(self, table: Table) -> None:
        """Fill in pixels or places on the sky that a table lacks; None where that cannot be."""
        wcs = self._wcs()
        if "coord" not in table.colnames:
            table["coord"] = (
                None if wcs is None else coordinates_at(wcs, *(np.asarray(table[n]) for n in "xy"))
            )
        elif not {"x", "y"} <= set(table.colnames):
            table["x"], table["y"] = (
                (None, None) if wcs is None else pixels_of(wcs, table["coord"]).T
            )

    def _draw_catalog(self, viewer: FitsViewer, catalog: _Catalog) -> None:
        columns = set(catalog.table.colnames)
        if (
            viewer.dataset.wcs is not None
            and "coord" in columns
            and (catalog.use_sky or "x" not in columns)
        ):
            where = {"ra": "coord"}
        elif {"x", "y"} <= columns:
            where = {"x": "x", "y": "y"}
        else:
            return  # places on the sky, over an image that has none
        if len(catalog.table):
            viewer.add_catalogue(catalog.table, catalog.name, **where)
            _paint(viewer, catalog)

    def _take_away(self, catalog: _Catalog) -> None:
        self._catalogs.remove(catalog)
        for viewer in self.viewers.values():
            if catalog.name in viewer.catalogues:
                viewer.remove_catalogue(catalog.name)


def _style(style: dict[str, Any]) -> dict[str, Any]:
    style.pop("catalog_label", None)
    style = {**STYLE, **style}
    if style["shape"] not in SHAPES:
        raise BadRequest(f"shape {style['shape']!r} is unknown: there are {', '.join(SHAPES)}")
    return style


def _paint(viewer: FitsViewer, catalog: _Catalog) -> None:
    drawn = viewer.catalogues[catalog.name]
    drawn.marker = SHAPES[catalog.style["shape"]]
    drawn.color = catalog.style["color"]
    drawn.size = catalog.style["size"]
