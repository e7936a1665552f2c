"""Catalogues over the image viewer: which there are, where their rows lie, what is selected."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import traitlets

from ..datasets import Dataset
from ..errors import BadRequest, NameTaken, UnknownName, UnsupportedFormat
from ..processing.catalogue_columns import find_columns
from ..processing.catalogue_rows import CatalogueRows
from ..processing.catalogues import degrees_of, places_of_rows, within
from ..processing.row_masks import mask_of
from ..processing.sky import coordinates_at
from .fits_catalogue_answers import CatalogueAnswers, Places
from .fits_catalogue_layer import LOOKS, PALETTE, ImageCatalogue
from .fits_state import StateWidget


class CatalogueWidget(CatalogueAnswers, StateWidget):
    """Draws tables over the image of a viewer, with selection of their rows."""

    catalogue_layers = traitlets.List(
        help="What is known of each catalogue, as plain values; written by the kernel only. "
        "Observe it to be told of selections."
    ).tag(sync=True)
    catalogue_table = traitlets.Unicode(
        "", help="Catalogue whose rows are listed below the picture; empty lists none."
    ).tag(sync=True)
    catalogue_panel = traitlets.Bool(
        False, help="Whether the panel of the catalogues is open below the picture."
    ).tag(sync=True)

    _saved = ("catalogue_table", "catalogue_panel")

    goto: Callable[..., None]

    def __init__(self, *, catalogues: Iterable[Mapping[str, Any]] = (), **kwargs: Any) -> None:
        self._catalogues: dict[str, ImageCatalogue] = {}
        self._catalogue_lock = threading.RLock()
        self._catalogue_places: dict[tuple[int, int], tuple[Places, int, int]] = {}
        super().__init__(**kwargs)
        for one in catalogues:
            self.add_catalogue(**one)

    @property
    def catalogues(self) -> dict[str, ImageCatalogue]:
        """The catalogues over the image by name; what is set on one is seen at once."""
        return dict(self._catalogues)

    def add_catalogue(
        self,
        table: Any,
        name: str | None = None,
        ra: str | None = None,
        dec: str | None = None,
        x: str | None = None,
        y: str | None = None,
        color: str | None = None,
        size: float | str | None = None,
        frame: str = "icrs",
        max_separation: Any = None,
        hdu: int | str | None = None,
        **looks: Any,
    ) -> ImageCatalogue:
        """Draw the rows of a table over the image.

        Parameters
        ----------
        table
            An astropy `Table` or `QTable`, a pandas `DataFrame`, a `Dataset` of kind ``"table"``, or the path
            of a file that `astrodata_kernel.open` reads as one (FITS, Parquet, CSV).
        name
            What it is called; by its file, or ``"catalogue"``, by default.
        ra, dec
            Columns of longitude and latitude in `frame`: numbers in their unit (degrees without one), or
            sexagesimal texts, of which right ascensions are hours. `ra` alone for a column of `SkyCoord`. If
            none is named they are found, whatever their case: by the UCD ``pos.eq.ra;meta.main``, else RA &
            DEC (also _RA, RA_DEG, RIGHT_ASCENSION, RAMEAN, S_RA, ALPHA), RAJ2000 & DEJ2000, RA_ICRS & DE_ICRS
            or ALPHA_J2000 & DELTA_J2000 (also ALPHAWIN_J2000), else GLON & GLAT or l & b (galactic),
            ELON & ELAT or ECL_LON & ECL_LAT (ecliptic of J2000), LON & LAT.
        x, y
            Columns of array pixels, taken where there are none of the sky or the image has no WCS:
            X_CENTROID, XCENTROID, X_FIT, X_CENTER, X_0, X, X_PIXEL and their Y, 0-based as in photutils;
            X_IMAGE, XWIN_IMAGE and XPSF_IMAGE, 1-based as in SExtractor.
        color
            ``"#ffb000"``, a CSS name, or a column: numbers by a colour map, texts and few whole numbers as
            categories. By default each catalogue has another colour.
        size
            CSS pixels, or a column of numbers; by how many rows are seen by default.
        frame
            astropy's name of the frame of `ra` and `dec`.
        max_separation
            Rows farther than this from the middle of the image are left out, a `Quantity` or degrees.
        hdu
            Number or name of the table in its file; the first one by default.
        **looks
            Further attributes of the catalogue: ``marker``, ``colormap``, ``visible``, ``where``, ``sort``,
            ``only_selected``.

        Returns
        -------
        ImageCatalogue
            Its attributes change what is seen. `unplaced` counts the rows that have no place on the image's
            projection.

        Raises
        ------
        BadRequest
            No columns, or more than one pair, say where the rows are; the text names the columns.
        NameTaken
            There is a catalogue of this name.
        UnsupportedFormat
            The source holds no table, or one without rows.

        Examples
        --------
        >>> viewer.add_catalogue("gaia.fits", color="phot_g_mean_mag", size=8)  # doctest: +SKIP
        """
        unknown = set(looks) - set(LOOKS)
        if unknown:
            raise BadRequest(f"{', '.join(sorted(unknown))}: a catalogue has {', '.join(LOOKS)}")
        rows, called, source = _rows_of(table, hdu)
        wanted = {"ra": ra, "dec": dec, "x": x, "y": y}
        columns = find_columns(rows, self.dataset.wcs is not None, **wanted, frame=frame)
        with self._catalogue_lock:
            name = self._free_name(called) if name is None else str(name)
            if name in self._catalogues:
                raise NameTaken(f"there is a catalogue {name!r}: remove it, or choose another name")
            known = [one._own_color for one in self._catalogues.values()]
            fresh = next((c for c in PALETTE if c not in known), PALETTE[len(known) % len(PALETTE)])
            if source is not None:
                told = {key: value for key, value in wanted.items() if value is not None}
                source = {**source, "name": name, **told}
                source |= {"frame": frame} if frame != "icrs" else {}
            catalogue = ImageCatalogue(name, rows, columns, fresh, source)
            if max_separation is not None:
                catalogue.max_separation = degrees_of(max_separation, "max_separation")
            given = {"color": color or fresh, "size": size, **looks}
            for key in LOOKS:
                if key in given:
                    setattr(catalogue, key, given[key])
            self._places(catalogue, self.hdu)
            self._catalogues[name] = catalogue
            catalogue.told = self._tell_catalogues
        self._tell_catalogues()
        return catalogue

    def remove_catalogue(self, name: str) -> None:
        """Take a catalogue from the picture.

        Raises
        ------
        UnknownName
            There is none of this name.
        """
        with self._catalogue_lock:
            gone = self._catalogue(name)
            gone.told = lambda: None
            del self._catalogues[name]
            for key in [key for key in self._catalogue_places if key[0] == gone.ident]:
                del self._catalogue_places[key]
        if self.catalogue_table == name:
            self.catalogue_table = next(iter(self._catalogues), "")
        self._tell_catalogues()

    @property
    def selected_rows(self) -> dict[str, npt.NDArray[np.int64]]:
        """The numbers of the selected rows of each catalogue, in rising order."""
        return {name: np.flatnonzero(one.selected) for name, one in self._catalogues.items()}

    def select_rows(self, name: str, which: Any, op: str = "replace") -> None:
        """Select rows of a catalogue.

        Parameters
        ----------
        name
            Of the catalogue.
        which
            Boolean, shape (n,), or numbers of rows from 0.
        op
            ``"replace"``, ``"add"``, ``"subtract"``, ``"intersect"`` or ``"toggle"``.

        Raises
        ------
        UnknownName
            There is no such catalogue.
        BadRequest
            What is neither a mask nor numbers of rows.
        """
        catalogue = self._catalogue(name)
        catalogue.select(mask_of(which, len(catalogue), f"catalogue {name!r}"), op)

    def cone(
        self, name: str, centre: Any, radius: Any, op: str = "replace"
    ) -> npt.NDArray[np.int64]:
        """Select the rows of a catalogue within an angle of a place on the sky, and give their numbers.

        Parameters
        ----------
        name
            Of the catalogue.
        centre
            One `SkyCoord`.
        radius
            A `Quantity` of angle, or degrees.
        op
            As in `select_rows`.

        Raises
        ------
        UnknownName, BadRequest
            No such catalogue, no single centre, no angle, or nothing that has a place on the sky.
        """
        return self._cone(name, centre, radius, op, lambda: None)

    def goto_row(self, name: str, row: int, zoom: float | None = None) -> None:
        """Look at a row of a catalogue.

        Raises
        ------
        BadRequest
            No such row, or one without a place on the image.
        """
        catalogue = self._catalogue(name)
        self.goto(*map(float, self._place_of(catalogue, row)), zoom=zoom)

    def state(self) -> dict[str, Any]:
        """Give what the viewer shows and how, with the catalogues that come from files."""
        state = super().state()
        kept = [
            {**one.source, **_separation(one), **one.looks()}
            for one in self._catalogues.values()
            if one.source is not None
        ]
        if kept:
            state["catalogues"] = kept
        return state

    def code(self) -> str:
        """Give the Python that shows the same again; tables in memory are named in a comment."""
        said = super().code()
        loose = [name for name, one in self._catalogues.items() if one.source is None]
        return said + "".join(
            f"\n# catalogue {name!r} is a table in memory: give it to viewer.add_catalogue"
            for name in loose
        )

    # --- what they share ----------------------------------------------------------------------------

    def _catalogue(self, name: str) -> ImageCatalogue:
        found = self._catalogues.get(name)
        if found is None:
            known = (
                ", ".join(map(repr, self._catalogues))
                or "none: viewer.add_catalogue(table) adds one"
            )
            raise UnknownName(f"there is no catalogue {name!r}; there are {known}")
        return found

    def _free_name(self, called: str) -> str:
        wished = called or "catalogue 1"
        number = 1
        while wished in self._catalogues:
            number += 1
            wished = f"{called or 'catalogue'} {number}"
        return wished

    def _tell_catalogues(self) -> None:
        with self._catalogue_lock:
            self.catalogue_layers = [one.facts() for one in self._catalogues.values()]

    def _places(
        self, catalogue: ImageCatalogue, hdu: int, check: Callable[[], None] = lambda: None
    ) -> tuple[Places, int, int]:
        """Give array pixels of all rows on an HDU, how many have none, and how many are too far away."""
        key = (catalogue.ident, hdu)
        known = self._catalogue_places.get(key)
        if known is None:
            with catalogue.lock:
                known = self._catalogue_places.get(key) or self._found_places(catalogue, hdu, check)
                self._catalogue_places[key] = known
        if hdu == self.hdu:
            _, catalogue.unplaced, catalogue.beyond = known
        return known

    def _found_places(
        self, catalogue: ImageCatalogue, hdu: int, check: Callable[[], None]
    ) -> tuple[Places, int, int]:
        dataset = self._of(hdu)
        planes = self._planes_of(dataset)
        columns = catalogue.columns
        if columns.on_sky and dataset.wcs is None:
            return np.full((len(catalogue), 2), np.nan), len(catalogue), 0
        places = places_of_rows(catalogue.rows, columns, dataset.wcs, check)
        places[~np.isfinite(places).all(axis=1)] = np.nan
        unplaced = int(np.isnan(places[:, 0]).sum())
        beyond = 0
        if catalogue.max_separation is not None and dataset.wcs is not None:
            middle = coordinates_at(dataset.wcs, (planes.columns - 1) / 2, (planes.rows - 1) / 2)
            near = within(
                catalogue.rows, columns, dataset.wcs, middle, catalogue.max_separation, check
            )
            far = ~near & ~np.isnan(places[:, 0])
            beyond = int(far.sum())
            places[far] = np.nan
        return places, unplaced, beyond

    def _place_of(self, catalogue: ImageCatalogue, row: int) -> Places:
        if not 0 <= row < len(catalogue):
            raise BadRequest(
                f"catalogue {catalogue.name!r} has rows 0 to {len(catalogue) - 1}, not {row}"
            )
        found = self._places(catalogue, self.hdu)[0][row]
        if not np.isfinite(found).all():
            raise BadRequest(f"row {row} of {catalogue.name!r} has no place on this image")
        return np.asarray(found)

    def _cone(
        self, name: str, centre: Any, radius: Any, op: str, check: Callable[[], None]
    ) -> npt.NDArray[np.int64]:
        catalogue = self._catalogue(name)
        mask = within(catalogue.rows, catalogue.columns, self.dataset.wcs, centre, radius, check)
        mask &= catalogue.shown()
        catalogue.select(mask, op)
        return np.flatnonzero(mask)


def _rows_of(table: Any, hdu: int | str | None) -> tuple[CatalogueRows, str, dict[str, Any] | None]:
    """Give the rows of what a person gave, what they may be called, and what adds them again."""
    if not isinstance(table, str | os.PathLike | Dataset):
        return CatalogueRows(table), "", None
    from ..readers.registry import open_dataset

    if isinstance(table, Dataset):
        dataset = table if hdu is None else table.hdu(hdu)
    else:
        dataset = open_dataset(table, hdu=hdu)
    if dataset.kind != "table" and hdu is None:
        tables = [part.index for part in dataset.parts if part.kind == "table" and not part.note]
        dataset = dataset.hdu(tables[0]) if tables else dataset
    if dataset.kind != "table":
        raise UnsupportedFormat(
            f"{dataset.name}, HDU {dataset.part}: a {dataset.kind} is no table; name another with hdu="
        )
    called = Path(dataset.name).name.split(".")[0]
    try:
        rows = CatalogueRows(dataset)
    except UnsupportedFormat as error:
        raise UnsupportedFormat(f"{dataset.name}, HDU {dataset.part}: {error}") from None
    if dataset.provenance is None:
        return rows, called, None
    source: dict[str, Any] = {"table": str(dataset.provenance.path)}
    return rows, called, source | ({"hdu": dataset.part} if hdu is not None else {})


def _separation(catalogue: ImageCatalogue) -> dict[str, float]:
    limit = catalogue.max_separation
    return {} if limit is None else {"max_separation": limit}
