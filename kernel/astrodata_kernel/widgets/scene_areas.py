"""Regions of a scene: statistics of bands and indices inside, and what is cut out along them."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import traitlets

from ..datasets.scene import Scene
from ..errors import BadRequest
from ..processing import scene_areas as measuring
from ..processing.region_shapes import Shape, checked, shapes_of
from ..processing.scene_areas import Area, AreaReader, area_of
from ..processing.scene_on_grid import SceneOnGrid, finest
from ..processing.scene_writing import geotiff
from ..wire import Reply
from ..writing import write_whole
from .base import Cancel, answers
from .fits_state import StateWidget
from .scene_pixels import PATIENCE, finite, known_indices

MOST_BYTES = 128 << 20
"""Of a file that the browser takes away; from Python there is no end."""

MOST_DATES = 8
"""Dates of one histogram, one about the other."""

KEPT = {"reader": 3, "sample": 2 * MOST_DATES}
"""How many are kept for the next question: which pixels a region has takes up to 32 MB, a sample 4."""


class SceneAreasWidget(StateWidget):
    """Measures and cuts out regions of scenes; `SceneViewer` sets what is declared here."""

    scenes: tuple[Scene, ...]
    scene: Scene
    shapes: Any
    selected_shapes: Any
    series_indices: Any
    bands: Any

    _date_of: Callable[[int | None], int]

    _saved = ("area_panel", "area_clouds")

    def __init__(self, *given: Any, **traits: Any) -> None:
        self._of_areas: dict[str, dict[Any, Any]] = {kind: {} for kind in KEPT}
        self._areas_lock = threading.Lock()
        super().__init__(*given, **traits)

    area_panel = traitlets.Bool(
        True,
        help="Whether bands and indices inside the selected region are told below the picture.",
    ).tag(sync=True)
    area_clouds = traitlets.Bool(
        False, help="Whether pixels under cloud count in regions, and are written."
    ).tag(sync=True)

    def area_statistics(
        self,
        region: Any = None,
        indices: Any = None,
        clouds: bool | None = None,
        all_dates: bool = False,
    ) -> Any:
        """Give statistics of all bands, and of indices, inside a region.

        Parameters
        ----------
        region
            Number of a region of the viewer, a shape, or a region of pixels of the package `regions`; None
            for the one that is selected, or the only one.
        indices
            Names or formulas; those of `series_indices` when None.
        clouds
            Whether pixels under cloud count; as `area_clouds` says when None.
        all_dates
            Whether of all dates, and not only of the one on show.

        Returns
        -------
        pandas.DataFrame
            A row a date and name: ``n``, ``mean``, ``std``, ``min``, ``p5``, ``median``, ``p95``, ``max``,
            ``cloud`` (share), ``hectares``; see `processing.scene_areas.statistics`.

        Raises
        ------
        BadRequest
            No such region, one without an inside, outside of the scene or too large.
        UnknownName
            An index that is not known, or a band that the scene lacks.
        """
        return self._statistics(self.area(region), indices, clouds, all_dates, None)

    def crop(
        self, region: Any = None, bands: Sequence[str] | None = None, all_dates: bool = False
    ) -> Any:
        """Give a region as an `xarray.Dataset`, lazily; what lies outside of it is NaN.

        Parameters
        ----------
        region, all_dates
            As of `area_statistics`.
        bands
            Names; all bands of reflectance when None.

        Raises
        ------
        BadRequest
            As of `area_statistics`.
        MissingPackage
            xarray or dask is not installed.
        """
        scenes = self.scenes if all_dates else (self.scene,)
        return measuring.crop(scenes, self.area(region), bands, self.scenes[0])

    def export(
        self,
        region: Any,
        path: str | os.PathLike[str],
        bands: Sequence[str] | str | None = None,
        numbers: bool = False,
        clouds: bool = True,
    ) -> Path:
        """Write a region of the scene on show to a file, by the ending of its name.

        Parameters
        ----------
        region
            As of `area_statistics`.
        path
            ``.tif`` for a GeoTIFF with CRS, cropped to the region; ``.csv`` for its statistics. A file that
            is there is replaced.
        bands
            Bands, layers, indices or formulas; all bands when None.
        numbers
            Whether the digital numbers are written, nodata 0, and not float32 with nodata NaN.
        clouds
            Whether pixels under cloud are written (``.tif``) or count (``.csv``).

        Raises
        ------
        BadRequest
            As of `area_statistics`, or another ending.
        UnreadableFile, TooLarge
            The folder does not take it, or there is no room.
        """
        target = Path(path)
        ending = target.suffix.lower()
        area = self.area(region)
        if ending in (".tif", ".tiff"):
            made = geotiff(self._on(area), area, bands, numbers=numbers, clouds=clouds)
            return made.save(target)
        if ending == ".csv":
            table = self._statistics(area, None, clouds, len(self.scenes) > 1, None)
            return write_whole(target, table.to_csv(index=False).encode())
        raise BadRequest(
            f"{target.name}: end the name in .tif (GeoTIFF) or .csv (statistics); for other formats "
            "viewer.crop(region) gives an xarray.Dataset, with to_netcdf and to_zarr"
        )

    def area(self, region: Any = None) -> Area:
        """Give the pixels of a region on the grid of the first scene; see `area_statistics`."""
        return self._area(self._shape(region))

    def _area(self, shape: Shape) -> Area:
        first = self.scenes[0]
        return area_of(shape, first.grid(finest(first)), first.name)

    def _shape(self, region: Any) -> Shape:
        if region is None:
            chosen = list(self.selected_shapes) or list(range(len(self.shapes)))
            if len(chosen) != 1:
                count = f"{len(chosen)} regions" if chosen else "no region"
                raise BadRequest(
                    f"there {'are' if len(chosen) > 1 else 'is'} {count}: select one, or give its number"
                )
            region = chosen[0]
        if isinstance(region, (int, np.integer)) and not isinstance(region, bool):
            if not 0 <= region < len(self.shapes):
                raise BadRequest(f"there is no region {region}: there are {len(self.shapes)}")
            return dict(self.shapes[int(region)])
        if isinstance(region, Mapping):
            return checked([region])[0]
        if not (hasattr(region, "meta") and hasattr(region, "visual")):
            raise BadRequest(
                f"a {type(region).__name__} is no region: give its number, a shape or a region of pixels"
            )
        shapes, notes = shapes_of([region])
        if not shapes:
            raise BadRequest(f"a region without an inside: {'; '.join(notes)}")
        return shapes[0]

    def _on(self, area: Area) -> SceneOnGrid:
        return SceneOnGrid(self.scene, area.grid, finest(self.scenes[0]))

    def _statistics(
        self, area: Area, indices: Any, clouds: bool | None, all_dates: bool, progress: Any
    ) -> Any:
        return measuring.statistics(
            self.scenes if all_dates else (self.scene,),
            area,
            list(self.series_indices) if indices is None else indices,
            clouds=self.area_clouds if clouds is None else clouds,
            like=self.scenes[0],
            progress=progress,
        )

    # --- requests -----------------------------------------------------------------------------------

    @answers("scene_area")
    def _answer_area(
        self,
        shape: Shape,
        indices: Sequence[str],
        clouds: bool = False,
        first: int = 0,
        date: int | None = None,
        *,
        cancel: Cancel,
    ) -> Reply:
        """Answer with statistics of one date: some bands from `first` on, then all indices.

        Bands of JPEG 2000 take a while: what is not there within `PATIENCE` comes by another request.
        """
        wanted = known_indices(indices) if indices else []
        number = self._date_of(date)
        reader, area = self._reader(shape, clouds, number)
        names, begun = self.scenes[number].bands.names, time.monotonic()
        rows: list[dict[str, Any]] = []
        at = max(0, int(first))
        while at < len(names) and (not rows or time.monotonic() - begun < PATIENCE):
            cancel.check()
            rows += reader.rows([names[at]])
            at += 1
        if at == len(names) and (not rows or time.monotonic() - begun < PATIENCE):
            cancel.check()
            rows += reader.rows([], wanted, lambda _share: cancel.check()) if wanted else []
            at += 1
        plain = [
            {key: value if key == "name" else finite(value) for key, value in row.items()}
            for row in ({k: v for k, v in row.items() if k != "date"} for row in rows)
        ]
        told = {"next": at if at <= len(names) else None, "cloud": finite(reader.cloud)}
        hectares = finite(area.pixels * area.pixel_hectares)
        return Reply({"rows": plain, "pixels": area.pixels, "hectares": hectares, **told})

    @answers("scene_histogram")
    def _answer_histogram(
        self,
        shape: Shape,
        name: str,
        clouds: bool = False,
        date: int | None = None,
        *,
        cancel: Cancel,
    ) -> Reply:
        """Answer with counts by date, of those that are read within `PATIENCE`; asked again, more are."""
        every, begun = self._some_dates(self._date_of(date)), time.monotonic()
        samples: list[Any] = []
        dates: list[str] = []
        sampled = False
        for number in every:
            if samples and time.monotonic() - begun > PATIENCE:
                break
            cancel.check()
            values, fewer = self._sample_of(shape, str(name), clouds, number)
            sampled |= fewer
            samples.append(values)
            when = self.scenes[number].date
            dates.append("" if when is None else when.isoformat())
        edges, counts = measuring.histogram(samples)
        told = {"dates": dates, "edges": edges.tolist(), "counts": counts.tolist()}
        more = {"total": len(every), "left": len(self.scenes) - len(every)}
        return Reply({**told, **more, "sampled": sampled})

    def _some_dates(self, date: int) -> range:
        """Give the numbers of the date on show and of those about it, as many as there are colours."""
        first = max(0, min(date - MOST_DATES // 2, len(self.scenes) - MOST_DATES))
        return range(first, min(len(self.scenes), first + MOST_DATES))

    def _reader(self, shape: Shape, clouds: bool, date: int) -> tuple[AreaReader, Area]:
        """Give what reads a shape at a date, which is kept for the next question about it."""
        shape = checked([shape])[0]
        size = finest(self.scenes[0])

        def made() -> Any:
            area = self._area(shape)
            return AreaReader(self.scenes[date], area, size, clouds), area

        found: tuple[AreaReader, Area] = self._keep("reader", (_told(shape), clouds, date), made)
        return found

    def _sample_of(self, shape: Shape, name: str, clouds: bool, date: int) -> tuple[Any, bool]:
        key = (_told(checked([shape])[0]), name, clouds, date)
        found: tuple[Any, bool] = self._keep(
            "sample", key, lambda: self._reader(shape, clouds, date)[0].sample(name)
        )
        return found

    def _keep(self, kind: str, key: Any, make: Callable[[], Any]) -> Any:
        """Give what was made for a key of late; several threads may ask."""
        kept = self._of_areas[kind]
        with self._areas_lock:
            known = kept.get(key)
        if known is None:
            known = make()
            with self._areas_lock:
                while len(kept) >= KEPT[kind]:
                    del kept[next(iter(kept))]
                kept[key] = known
        return known

    @answers("scene_export")
    def _answer_export(
        self,
        shape: Shape,
        what: str,
        bands: Sequence[str] | None = None,
        numbers: bool = False,
        clouds: bool = True,
        *,
        cancel: Cancel,
    ) -> Reply:
        """Answer with the bytes of a file of the region."""
        area = self._area(checked([shape])[0])
        stem = Path(self.scene.name).name.split(".")[0] or "scene"

        def check(_share: float) -> None:
            cancel.check()

        if what == "csv":
            table = self._statistics(area, None, clouds, len(self.scenes) > 1, check)
            made = table.to_csv(index=False).encode()
        elif what == "tif":
            count = len(bands) if bands is not None else len(self.scene.bands)
            if area.inside.size * count * 4 > MOST_BYTES:
                raise BadRequest(
                    f"{area.inside.size:,} pixels of {count} bands are too many to send to the browser: draw "
                    "a smaller region, or use viewer.export(region, 'area.tif')"
                )
            kept: dict[str, Any] = {"numbers": numbers, "clouds": clouds, "progress": check}
            made = geotiff(self._on(area), area, bands, **kept).content()
        else:
            raise BadRequest(f"format {what!r} is unknown: there are tif, csv")
        return Reply({"name": f"{stem}_area.{what}", "bytes": len(made)}, [memoryview(made)])


def _told(shape: Shape) -> str:
    """Give what tells a shape from others: where it lies, not how it looks."""
    looks = ("text", "color", "group", "exclude")
    return json.dumps({key: value for key, value in shape.items() if key not in looks})
