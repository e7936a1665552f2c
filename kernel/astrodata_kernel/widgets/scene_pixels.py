"""Pixels of a scene that are pinned: their spectra, and indices in time."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from typing import Any

import traitlets

from ..datasets.scene import Scene
from ..errors import BadRequest
from ..processing import indices as spectral
from ..processing.scene_names import scl_name
from ..processing.scene_on_grid import finest, pixel_of
from ..processing.scene_series import series, spectrum
from ..wire import Reply
from .base import Cancel, answers
from .fits_state import StateWidget
from .saved_state import as_words

MOST_PINS = 10
"""Pixels that are pinned at a time: there are as many colours."""

MOST_INDICES = 24
"""Indices in a series that the browser asks for."""

PATIENCE = 1.0
"""Seconds of work after which an answer goes out with what there is."""

TABLES = ("series", "spectrum")


class _Enough(Exception):
    """Ends a reading that took long enough."""


class ScenePixelsWidget(StateWidget):
    """Tells what pixels of scenes hold; `SceneViewer` sets what is declared here."""

    scenes: tuple[Scene, ...]
    scene: Scene
    _date_of: Callable[[int | None], int]
    code: Callable[[], str]
    _ground: Any

    _saved = ("pixels", "pixel_panel", "series_indices", "series_clouds")

    pixels = traitlets.List(
        traitlets.List(traitlets.Int(), minlen=2, maxlen=2),
        help="Pixels that are pinned, [x, y] each: column from the west, row from the south.",
    ).tag(sync=True)
    pixel_panel = traitlets.Bool(
        False, help="Whether spectra and series of the pinned pixels stand below the picture."
    ).tag(sync=True)
    series_indices = traitlets.List(
        traitlets.Unicode(),
        default_value=["NBR", "NDVI"],
        help="Indices and formulas whose series are drawn.",
    ).tag(sync=True)
    series_clouds = traitlets.Bool(
        False, help="Whether dates under cloud belong to the lines of the series."
    ).tag(sync=True)

    def spectrum(self, x: float, y: float, crs: str | None = None) -> Any:
        """Give all bands of a pixel of the scene on show.

        Parameters
        ----------
        x, y
            Column from the west and row from the south, as under the pointer. With `crs` coordinates of it.
        crs
            ``"EPSG:4326"`` for longitude and latitude, ``viewer.scene.crs`` for map coordinates.

        Returns
        -------
        pandas.DataFrame
            ``band``, ``wavelength`` in nm, ``reflectance`` and ``resolution`` in m, by wavelength; see
            `processing.scene_series.spectrum`.

        Raises
        ------
        BadRequest
            A place outside of the scene.
        """
        return spectrum(self.scene, x, y, crs=crs, like=self.scenes[0])

    def series(
        self,
        x: float,
        y: float,
        indices: Any = None,
        clouds: bool | None = None,
        crs: str | None = None,
    ) -> Any:
        """Give indices of a pixel at all dates of the viewer.

        Parameters
        ----------
        x, y, crs
            As of `spectrum`.
        indices
            Names or formulas; those of `series_indices` when None.
        clouds
            Whether values under cloud are given; as `series_clouds` says when None.

        Returns
        -------
        pandas.DataFrame
            A row a date, a column an index, and ``cloud``; see `processing.scene_series.series`.

        Raises
        ------
        BadRequest
            A place outside, a scene without a date, or reflectance that is not known.
        UnknownName
            An index that is not known, or of which no scene has a band.
        """
        wanted = list(self.series_indices) if indices is None else indices
        masked = self.series_clouds if clouds is None else clouds
        return series(self.scenes, x, y, wanted, clouds=masked, crs=crs)

    def pixel_table(self, what: str = "series") -> Any:
        """Give what is drawn of the pinned pixels as one `pandas.DataFrame`.

        Parameters
        ----------
        what
            ``"series"`` or ``"spectrum"``.

        Raises
        ------
        BadRequest
            No pixel is pinned, or another word.
        """
        import pandas as pd

        if what not in TABLES:
            raise BadRequest(f"table {what!r} is unknown: there are {', '.join(TABLES)}")
        if not self.pixels:
            raise BadRequest("no pixel is pinned: click one, or set viewer.pixels = [[x, y]]")
        tables = []
        for x, y in self.pixels:
            found = self.series(x, y).reset_index() if what == "series" else self.spectrum(x, y)
            found.insert(0, "x", x)
            found.insert(1, "y", y)
            tables.append(found)
        return pd.concat(tables, ignore_index=True)

    def pixel_code(self) -> str:
        """Give the Python that makes the tables of the pinned pixels again."""
        lines = [self.code().replace("adk.view", "viewer = adk.view", 1)]
        words = as_words({"indices": list(self.series_indices), "clouds": self.series_clouds})
        for x, y in self.pixels:
            lines += [f"viewer.spectrum({x}, {y})", f"viewer.series({x}, {y}{words})"]
        return "\n".join(lines)

    @traitlets.validate("pixels")
    def _pixels_are_inside(self, proposal: dict[str, Any]) -> list[list[int]]:
        first = self.scenes[0]
        places = [(int(x), int(y)) for x, y in proposal["value"]]
        for x, y in places:
            pixel_of(first.grid(), x, y, None, first.name)
        if len(set(places)) > MOST_PINS:
            raise BadRequest(f"{len(places)} pixels: at most {MOST_PINS} are pinned at a time")
        return [[x, y] for x, y in dict.fromkeys(places)]

    @traitlets.validate("series_indices")
    def _indices_are_known(self, proposal: dict[str, Any]) -> list[str]:
        return known_indices(proposal["value"])

    @answers("scene_spectrum")
    def _answer_spectrum(self, x: float, y: float, date: int | None = None) -> Reply:
        scene = self.scenes[self._date_of(date)]
        found = spectrum(scene, x, y, like=self.scenes[0])
        quantity = str(found.columns[2])
        at = found.attrs
        rows = found.to_numpy().tolist()
        bands = [
            {"band": b, "wavelength": finite(w), "value": finite(v), "resolution": finite(r)}
            for b, w, v, r in rows
        ]
        place = self._ground.at(at["x"], at["y"])
        return Reply(
            {
                "x": at["x"],
                "y": at["y"],
                "quantity": quantity,
                "bands": bands,
                "cloud": at["cloud"],
                "class": self._class_of(scene, at["x"], at["y"]),
                "date": "" if scene.date is None else scene.date.isoformat(),
                "place": "" if place is None else place["text"],
            }
        )

    def _class_of(self, scene: Scene, x: int, y: int) -> str:
        if "SCL" not in scene.layers.names:
            return ""
        row = scene.grid().shape[0] - 1 - y
        return scl_name(int(scene.scl(finest(scene))[row, x]))

    @answers("scene_series")
    def _answer_series(
        self,
        x: float,
        y: float,
        indices: Sequence[str],
        first: int = 0,
        *,
        cancel: Cancel,
    ) -> Reply:
        """Answer with dates from `first` on that are read within `PATIENCE`, values under cloud too."""
        wanted = known_indices(indices)
        some = self.scenes[max(0, int(first)) :]
        told: dict[str, Any] = {"first": int(first), "total": len(self.scenes)}
        if not some:
            return Reply({**told, "dates": [], "cloud": [], "values": {}, "untold": []})
        begun, done = time.monotonic(), 0

        def check(share: float) -> None:
            nonlocal done
            cancel.check()
            done = round(share * len(some))
            if done and time.monotonic() - begun > PATIENCE:
                raise _Enough

        given: dict[str, Any] = {"clouds": True, "like": self.scenes[0]}
        try:
            found = series(some, x, y, wanted, **given, progress=check)
        except _Enough:
            found = series(some[:done], x, y, wanted, **given)  # of what is kept by now
        values = {name: [finite(v) for v in found[name]] for name in found if name != "cloud"}
        return Reply(
            {
                **told,
                "dates": [date.isoformat() for date in found.index],
                "cloud": [bool(one) for one in found["cloud"]],
                "values": values,
                "untold": found.attrs["without_clouds"],
            }
        )

    @answers("scene_pixels_text")
    def _answer_text(self, what: str) -> Reply:
        """Answer with a table as CSV, or the code."""
        text = self.pixel_code() if what == "py" else self.pixel_table(what).to_csv(index=False)
        return Reply({"text": text})


def known_indices(wanted: Any) -> list[str]:
    """Give names and formulas of indices, each once.

    Raises
    ------
    UnknownName, BadRequest
        One that is not known or cannot be read, none, or too many.
    """
    names = list(dict.fromkeys(str(one).strip() for one in wanted))
    if not 1 <= len(names) <= MOST_INDICES:
        raise BadRequest(f"{len(names)} indices: name 1 to {MOST_INDICES}")
    spectral.bands_of(names)
    return names


def finite(value: Any) -> float | None:
    """Give a number as JSON has it: None for what is not finite."""
    return float(value) if math.isfinite(value) else None
