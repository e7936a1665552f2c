"""Blocks of satellite scenes: masks, clouds, indices, burnt areas, areas, series of dates, tiled copies."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..pipeline import File, Work, block
from .step_help import given, working

_LOOK = 0.2  # seconds between two looks whether the work shall end


@block(outputs=("mask",))
def read_mask(scene: Any, *, path: File, work: Work | None = None) -> Any:
    """Read a mask from a GeoTIFF, GeoJSON or shapefile onto the pixels of a scene.

    Parameters
    ----------
    scene
        Whose finest grid is meant.
    path
        Of the mask.

    Returns
    -------
    ndarray
        uint8, shape (rows, columns): classes, 255 where nothing is known.
    """
    from ..sentinel.mask_reading import read_mask as read

    mask, _, notes = read(path, scene.grid())
    for note in notes:
        working(work).note(note)
    return mask


@block(outputs=("mask",))
def mask_clouds(
    scene: Any,
    *,
    classes: list[int] = [3, 8, 9, 10],  # noqa: B006
    resolution: float | None = None,
    probability: float = 40,
) -> Any:
    """Tell where clouds and their shadows are in a scene.

    Parameters
    ----------
    scene
        With a scene classification or cloud probabilities.
    classes, resolution, probability
        As of `Scene.cloud_mask`.

    Returns
    -------
    ndarray
        Boolean, shape (rows, columns).
    """
    return np.asarray(scene.cloud_mask(classes, resolution, probability)[:])


@block(outputs=("values", "file"))
def scene_index(
    scene: Any,
    *,
    index: str,
    resolution: float | None = None,
    judged: bool = True,
    work: Work | None = None,
) -> Any:
    """Make the map of an index of a scene, such as NDVI or NBR, or of a formula.

    Parameters
    ----------
    scene
        Whose reflectance is known.
    index
        As ``"NDVI"``, or a formula.
    resolution, judged
        As of `adk.processing.burnt_maps.index_map`.

    Returns
    -------
    values : ndarray
        float32, shape (rows, columns).
    file : Path
        The same as GeoTIFF on its grid.
    """
    from ..processing.burnt_files import save_map
    from ..processing.burnt_maps import index_map

    made = index_map(index, scene, resolution=resolution, judged=judged).compute()
    return made.to_numpy(), save_map(working(work).folder / "index.tif", made)


@block(outputs=("change", "mask", "severity", "facts", "file"))
def burnt_area(
    before: Any,
    after: Any,
    truth: Any = None,
    *,
    threshold: float | None = None,
    resolution: float | None = None,
    work: Work | None = None,
) -> Any:
    """Map what burnt between two scenes, by dNBR.

    Parameters
    ----------
    before, after
        Scenes whose reflectance is known.
    truth
        A mask on the grid of `before` to be scored against.
    threshold, resolution
        As of `adk.processing.burnt_result.burnt_map`.

    Returns
    -------
    change : ndarray
        dNBR, shape (rows, columns).
    mask : ndarray
        1 burnt, 0 not, 255 not judged.
    severity : dict
        Hectares of each class.
    facts : dict
        ``threshold``, ``hectares``, ``left_out``, and ``iou`` and ``dice`` where there is a truth.
    file : Path
        The mask as GeoTIFF.
    """
    from ..processing.burnt_result import burnt_map

    work = working(work)
    made = burnt_map(before, after, threshold=threshold, truth=truth, resolution=resolution)
    facts = {
        "threshold": made.threshold,
        "hectares": float(made.hectares),
        "left_out": float(made.left_out),
    }
    if made.scores is not None:
        whole = made.scores.iloc[-1]
        facts |= {name: float(whole[name]) for name in ("iou", "dice", "precision", "recall")}
        work.metrics({name: facts[name] for name in ("iou", "dice")})
    place = made.save(work.folder / "burnt.tif")
    change = np.asarray(made.values)
    return change, np.asarray(made.mask), dict(made.severity), facts, place


@block(outputs=("table",))
def scene_areas(
    scenes: Any,
    *,
    shapes: dict[str, dict[str, Any]],
    indices: list[str] = [],  # noqa: B006
    bands: list[str] | None = None,
    clouds: bool = False,
    work: Work | None = None,
) -> Any:
    """Measure bands and indices in areas, at all dates.

    Parameters
    ----------
    scenes
        A scene, or several dates; the first one gives the grid.
    shapes
        By name, such as ``{field: {shape: circle, x: 20, y: 30, radius: 5}}``: pixels, rows from the south.
    indices, bands, clouds
        As of `adk.processing.scene_areas.statistics`.

    Returns
    -------
    pandas.DataFrame
        ``area``, ``date``, ``name``, ``n``, ``mean``, ``std``, ...: a row an area, date and name.
    """
    import pandas as pd

    from ..processing.region_shapes import checked
    from ..processing.scene_areas import area_of, statistics

    work = working(work)
    dates = _dates(scenes)
    grid = dates[0].grid()
    made = []
    for name, shape in shapes.items():
        area = area_of(checked([shape])[0], grid, name)
        table = statistics(dates, area, indices, bands=bands, clouds=clouds, progress=work.progress)
        table.insert(0, "area", name)
        made.append(table)
    return pd.concat(made, ignore_index=True)


@block(outputs=("table",))
def scene_series(
    scenes: Any,
    *,
    x: float,
    y: float,
    indices: list[str] | None = None,
    clouds: bool = False,
    crs: str | None = None,
    work: Work | None = None,
) -> Any:
    """Give indices of one pixel at all dates.

    Parameters
    ----------
    scenes
        Several dates, or one.
    x, y, indices, clouds, crs
        As of `adk.processing.scene_series.series`.

    Returns
    -------
    pandas.DataFrame
        A row a date.
    """
    from ..processing.scene_series import series

    told = given(indices=indices)
    table = series(
        _dates(scenes), x, y, clouds=clouds, crs=crs, progress=working(work).progress, **told
    )
    return table.reset_index()


@block(outputs=("values",))
def stack_scenes(
    scenes: Any, *, bands: list[str], resolution: float | None = None, work: Work | None = None
) -> Any:
    """Stack bands of several dates on one grid.

    Parameters
    ----------
    scenes
        Several dates, or one.
    bands, resolution
        As of `adk.stack`.

    Returns
    -------
    ndarray
        float32, shape (dates, bands, rows, columns); NaN where there is nothing.
    """
    from ..datasets.scene_stack import stack

    work = working(work)
    made = stack(_dates(scenes), bands, resolution)
    room = np.empty((made.sizes["time"], len(bands), made.sizes["y"], made.sizes["x"]), np.float32)
    for number, band in enumerate(bands):
        work.progress(number / len(bands), band)
        room[:, number] = made[band].to_numpy()
    return room


@block(outputs=("scene",))
def transcode_scene(scene: Any, *, bands: list[str] | None = None, work: Work | None = None) -> Any:
    """Write bands in JPEG 2000 anew as tiled files, which windows are read from fifty times as fast.

    The copies lie in the session's temporary folder: give the step ``cache: false`` where others shall find
    them in a later session.

    Parameters
    ----------
    scene
        In JPEG 2000.
    bands
        As of `Scene.transcode`.

    Returns
    -------
    Scene
        The same.
    """
    work = working(work)
    copying = scene.transcode(bands)
    try:
        while not copying.wait(_LOOK):
            work.progress(copying.progress)
    except BaseException:
        copying.cancel()
        raise
    if copying.error:
        raise copying.error
    return scene


def _dates(scenes: Any) -> list[Any]:
    return list(scenes) if isinstance(scenes, (list, tuple)) else [scenes]
