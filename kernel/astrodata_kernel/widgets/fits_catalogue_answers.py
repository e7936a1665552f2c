"""What the browser asks of the catalogues over an image: places, colours, rows, selections."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ..datasets import Dataset
from ..errors import BadRequest
from ..processing.catalogues import coordinate_of
from ..processing.pyramid import Planes
from ..processing.raster import edges_of
from ..processing.row_masks import mask_of
from ..processing.sky import FRAMES, place
from ..wire import Reply, encode
from .base import Cancel, RequestWidget, answers
from .fits_catalogue_layer import LOOKS, ImageCatalogue
from .table_cells import cells_of

CHUNK = 500_000
"""Places in one message: 4 MB."""

MOST_ROWS = 500
"""Of one page of the table."""

MOST_COLUMNS = 60
"""Of the table in the browser; Python has all."""

HOVERED = 6
"""Columns that are told of the row under the pointer."""

UNITS = {"arcsec": 1 / 3600, "arcmin": 1 / 60, "deg": 1.0}

Places = npt.NDArray[np.float64]


class CatalogueAnswers(RequestWidget):
    """Answers about catalogues; a subclass keeps them and gives what is declared here."""

    hdu: Any
    system: Any
    dataset: Dataset
    catalogue_table: Any
    _catalogues: dict[str, ImageCatalogue]
    _catalogue: Callable[[str], ImageCatalogue]
    _places: Callable[..., tuple[Places, int, int]]
    _cone: Callable[..., npt.NDArray[np.int64]]
    _of: Callable[[int], Dataset]
    _planes_of: Callable[[Dataset], Planes]
    add_catalogue: Callable[..., ImageCatalogue]
    remove_catalogue: Callable[[str], None]

    @answers("catalogue_places")
    def _answer_places(
        self, name: str, hdu: int | None = None, start: int = 0, *, cancel: Cancel
    ) -> Reply:
        catalogue = self._catalogue(name)
        hdu = self.hdu if hdu is None else int(hdu)
        places, unplaced, beyond = self._places(catalogue, hdu, cancel.check)
        planes = self._planes_of(self._of(hdu))
        # Counted from the middle of the image: float32 has 0.001 px to spare at the edge of 20,000.
        origin = [(planes.columns - 1) / 2, (planes.rows - 1) / 2]
        part = places[max(0, int(start)) : max(0, int(start)) + CHUNK] - origin
        meta, buffer = encode(part.astype(np.float32)[None])
        facts = {"start": int(start), "total": len(places), "origin": origin}
        return Reply({**meta, **facts, "unplaced": unplaced, "beyond": beyond}, [buffer])

    @answers("catalogue_codes")
    def _answer_codes(self, name: str, column: str) -> Reply:
        facts, codes = self._catalogue(name).codes(column)
        meta, buffer = encode(codes[None])
        return Reply({**meta, **facts, "column": column}, [buffer])

    @answers("catalogue_bits")
    def _answer_bits(self, name: str) -> Reply:
        catalogue = self._catalogue(name)
        with catalogue.lock:
            masks = [catalogue.selected, catalogue.shown()]
            version = catalogue.facts()["version"]
        bits = np.stack([np.packbits(mask, bitorder="little") for mask in masks])
        meta, buffer = encode(bits)
        return Reply({**meta, "version": version, "rows": len(catalogue)}, [buffer])

    @answers("catalogue_rows")
    def _answer_rows(self, name: str, start: int, stop: int) -> Reply:
        catalogue = self._catalogue(name)
        order = catalogue.order()
        first = max(0, int(start))
        rows = order[first : min(int(stop), first + MOST_ROWS)]
        names = catalogue.rows.names[:MOST_COLUMNS]
        cells = _texts(catalogue, names, rows)
        columns = [
            {
                "name": column,
                "unit": catalogue.rows.units[column],
                "number": catalogue.rows.is_number(column),
            }
            for column in names
        ]
        facts = {"start": first, "total": len(order), "columns": columns}
        return Reply(
            {**facts, "rows": rows.tolist(), "cells": [list(r) for r in zip(*cells, strict=True)]}
        )

    @answers("catalogue_find")
    def _answer_find(self, name: str, row: int) -> Reply:
        found = np.flatnonzero(self._catalogue(name).order() == int(row))
        return Reply({"row": int(row), "at": int(found[0]) if len(found) else -1})

    @answers("catalogue_row")
    def _answer_row(self, name: str, row: int) -> Reply:
        catalogue = self._catalogue(name)
        names = _telling(catalogue)
        if not 0 <= int(row) < len(catalogue):
            raise BadRequest(f"catalogue {name!r} has rows 0 to {len(catalogue) - 1}, not {row}")
        texts = _texts(catalogue, names, [int(row)])
        cells = [
            {"name": column, "unit": catalogue.rows.units[column], "text": text}
            for column, (text,) in zip(names, texts, strict=True)
        ]
        return Reply({"name": name, "row": int(row), "cells": cells})

    @answers("catalogue_select")
    def _answer_select(
        self,
        name: str | None = None,
        op: str = "replace",
        box: Sequence[float] | None = None,
        rows: Sequence[int] | None = None,
        span: Sequence[int] | None = None,
        hdu: int | None = None,
        *,
        cancel: Cancel,
    ) -> Reply:
        wanted = [self._catalogue(name)] if name else list(self._catalogues.values())
        for catalogue in wanted if name else [one for one in wanted if one.visible]:
            if box is not None:
                places, *_ = self._places(
                    catalogue, self.hdu if hdu is None else int(hdu), cancel.check
                )
                mask = _inside(places, box) & catalogue.shown()
            elif span is not None:
                first, last = min(map(int, span)), max(map(int, span))
                mask = np.zeros(len(catalogue), bool)
                mask[catalogue.order()[max(0, first) : last + 1]] = True
            elif rows is not None:
                mask = mask_of(rows, len(catalogue), f"catalogue {catalogue.name!r}")
            else:
                mask = catalogue.shown()
            catalogue.select(mask, op)
        return Reply({"selected": {one.name: one.count for one in wanted}})

    @answers("catalogue_cone")
    def _answer_cone(
        self,
        name: str,
        radius: float,
        unit: str = "arcsec",
        text: str = "",
        x: float | None = None,
        y: float | None = None,
        op: str = "replace",
        *,
        cancel: Cancel,
    ) -> Reply:
        from astropy.coordinates import SkyCoord

        if unit not in UNITS:
            raise BadRequest(f"unit {unit!r} is unknown: there are {', '.join(UNITS)}")
        if text.strip():
            centre = coordinate_of(text, FRAMES.get(self.system, "icrs"))
        else:
            found = None if x is None or y is None else place(self.dataset.wcs, x, y, "icrs")
            if found is None:
                raise BadRequest("there is no place on the sky under the pointer: type the centre")
            centre = SkyCoord(found["lon"], found["lat"], unit="deg")
        rows = self._cone(name, centre, float(radius) * UNITS[unit], op, cancel.check)
        said = centre.icrs.to_string("hmsdms", precision=1)
        return Reply({"count": len(rows), "centre": said})

    @answers("catalogue_set")
    def _answer_set(self, name: str, values: Mapping[str, Any]) -> Reply:
        catalogue = self._catalogue(name)
        for key, value in values.items():
            if key not in LOOKS:
                raise BadRequest(f"{key!r}: a catalogue has {', '.join(LOOKS)}")
            setattr(catalogue, key, value)
        return Reply({"name": name})

    @answers("catalogue_add")
    def _answer_add(self, path: str) -> Reply:
        made = self.add_catalogue(str(path))
        self.catalogue_table = made.name
        return Reply({"name": made.name})

    @answers("catalogue_remove")
    def _answer_remove(self, name: str) -> Reply:
        self.remove_catalogue(name)
        return Reply({"name": name})


def _texts(catalogue: ImageCatalogue, names: Sequence[str], rows: npt.ArrayLike) -> list[list[str]]:
    """Give what a person reads of some rows, column by column."""
    found = catalogue.rows.page(rows, names)
    cells = [cells_of(found[name], catalogue.rows.facts(name)) for name in names]
    return [["–" if cell is None else cell for cell in column] for column in cells]


def _inside(places: Places, box: Sequence[float]) -> npt.NDArray[np.bool_]:
    left, bottom, right, top = edges_of(box)
    x, y = places.T
    (left, right), (bottom, top) = sorted((left, right)), sorted((bottom, top))
    return np.asarray((x >= left) & (x <= right) & (y >= bottom) & (y <= top))


def _telling(catalogue: ImageCatalogue) -> list[str]:
    """Give the columns that tell most of a row: its name, its place, what it is coloured and sized by."""
    names = catalogue.rows.names
    ids = (
        "source_id",
        "id",
        "name",
        "main_id",
        "objid",
        "number",
        "designation",
        "label",
        "object",
    )
    first = [name for name in names if name.casefold() in ids][:1]
    facts = catalogue.facts()
    wished = [*first, *facts["where_columns"], facts["by"], facts["sized"], *names]
    return [name for name in dict.fromkeys(wished) if name][:HOVERED]
