"""A pixel of all scenes of a folder, 19 indices: ``peer_series.py ours|rasterio|xarray FOLDER``."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from places import tell, timed

Place = tuple[int, int]


def ours(folder: Path) -> Callable[[Place], Any]:
    """Ask our own series."""
    import astrodata_kernel as adk
    from astrodata_kernel.processing.scene_series import series as series_of

    scenes = adk.open_scenes(folder)

    def series(place: Place) -> Any:
        row, column = place
        height = scenes[0].grid().shape[0]
        found = series_of(scenes, column, height - 1 - row, clouds=True)
        return found[list(adk.processing.indices.DEFAULT)].to_numpy()

    return series


def rasterio(folder: Path) -> Callable[[Place], Any]:
    """Open each file, read its pixel, and compute from the numbers: what one writes in a notebook."""
    import astrodata_kernel as adk
    import rasterio as rio
    from rasterio.windows import Window

    scenes = adk.open_scenes(folder)
    bands = adk.processing.indices.bands_of(adk.processing.indices.DEFAULT)
    size = scenes[0].named("B04").resolution
    files = [
        {name: (one.named(name).raster.file.place, one.named(name).resolution) for name in bands}
        for one in scenes
    ]

    def series(place: Place) -> Any:
        values = np.empty((len(bands), len(files)), np.float64)
        for j, paths in enumerate(files):
            for i, name in enumerate(bands):
                path, resolution = paths[name]
                row, column = (int((at + 0.5) * size / resolution) for at in place)
                with rio.open(path) as image:
                    values[i, j] = image.read(1, window=Window(column, row, 1, 1))[0, 0]
        found = adk.processing.indices.compute(
            adk.processing.indices.DEFAULT, dict(zip(bands, values, strict=True)), offset=-1000
        )
        return np.stack(list(found.values()), 1)

    return series


def stacked(folder: Path) -> Callable[[Place], Any]:
    """Take the pixel of a lazy stack of dates, as xarray and Dask give it."""
    import astrodata_kernel as adk

    bands = adk.processing.indices.bands_of(adk.processing.indices.DEFAULT)
    stack = adk.stack(adk.open_scenes(folder), bands)

    def series(place: Place) -> Any:
        pixel = stack.isel(y=place[0], x=place[1]).compute()
        found = adk.processing.indices.compute(
            adk.processing.indices.DEFAULT, {name: pixel[name].values for name in bands}, scale=1.0
        )
        return np.stack(list(found.values()), 1)

    return series


def main() -> None:
    """Time pixels that were not asked for before, near each other, and the first one by itself."""
    import time

    work = {"ours": ours, "rasterio": rasterio, "xarray": stacked}[sys.argv[1]](Path(sys.argv[2]))
    start = time.perf_counter()
    first = work((100, 100))
    cold = 1e3 * (time.perf_counter() - start)
    count = 40 if sys.argv[1] == "ours" else 5
    places = [(100 + n % 7, 100 + n // 7) for n in range(1, count + 1)]
    rows, dates = first.shape[::-1]
    tell(cold=cold, **timed(work, places), dates=dates, indices=rows, mean=float(np.nanmean(first)))


if __name__ == "__main__":
    main()
