"""Satellite scenes: an index as a map, and what burnt between two dates."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import BadRequest, UnreadableFile, UnsupportedFormat
from .encoders import encoder_of, models
from .sources import Source, opened

if TYPE_CHECKING:
    from ..datasets.scene import Scene
    from ..processing.burnt_result import BurntMap
    from ..processing.normalise import PercentileScaling
    from ..widgets.scene import SceneViewer

_MASKS = (".tif", ".tiff", ".geojson", ".json", ".shp", ".gpkg")
SIZE = 128
"""Edge of the windows of a network that takes any."""


def index(
    scene: Source,
    name: str,
    *,
    save: str | os.PathLike[str] | None = None,
    resolution: float | None = None,
    offset: float | None = None,
    scale: float | None = None,
) -> SceneViewer:
    """Give the viewer of a scene's index, and write the index as GeoTIFF where that is wanted.

    Parameters
    ----------
    scene
        Path or catalogue entry of the scene.
    name
        Of the index, such as ``"NBR"``, or a formula of bands.
    save
        GeoTIFF to write.
    resolution
        Of that file, in metres; by default the scene's own.
    offset, scale
        For products that do not tell them: reflectance = (DN + offset) * scale; the scale is 1e-4 where only
        the offset is given.

    Raises
    ------
    AstrodataError
        No scene, no such index, no reflectance, or a file that cannot be written.
    """
    opened_scene = _scene(scene, offset, scale)
    from ..processing.indices import bands_of
    from ..widgets.scene import SceneViewer

    bands_of(name)  # says what is wrong with a name or formula, before a widget is made
    if resolution is not None and save is None:
        raise BadRequest(
            "the resolution is that of the file: name one to save it in, such as index.tif"
        )
    target = None if save is None else _tif(save)
    viewer = SceneViewer(opened_scene, bands=name)
    if target is not None:
        from ..processing.burnt_files import save_map
        from ..processing.burnt_maps import index_map

        made = index_map(name, opened_scene, resolution=resolution, judged=False)
        kept = save_map(target, made, scene=opened_scene.name)
        size = (
            f" in pixels of {resolution:g} m; the viewer shows the scene's own"
            if resolution
            else ""
        )
        print(f"kept in {kept}{size}")  # noqa: T201 - who waits sees what came of it
    return viewer


def burnt(
    before: Source,
    after: Source,
    *,
    mask: str | os.PathLike[str] | None = None,
    threshold: float | None = None,
    model: str | None = None,
    resolution: float | None = None,
    save: str | os.PathLike[str] | None = None,
    offset: float | None = None,
    scale: float | None = None,
) -> BurntMap:
    """Give the map of what burnt between two scenes, with its area, and scores where a truth is given.

    Parameters
    ----------
    before, after
        Path or catalogue entry of the scenes before and after the fire.
    mask
        What is taken as true: an activation of the emergency service, or a mask as GeoTIFF or shapes.
    threshold
        From which a pixel is burnt; by default that of the method.
    model
        Name of a network that is kept, or a path or run, whose probabilities are taken instead of dNBR.
    resolution
        Of the map, in metres; by default the scene's own.
    save
        GeoTIFF to write the mask to.
    offset, scale
        As of `index`.

    Raises
    ------
    AstrodataError
        Scenes that cannot be compared, or a mask, model or file that cannot be used.
    """
    first, second = (_scene(source, offset, scale) for source in (before, after))
    if first.date and second.date and first.date > second.date:
        raise BadRequest(
            f"{first.name} ({first.date:%Y-%m-%d}) is later than {second.name} ({second.date:%Y-%m-%d}): "
            "give the scene before the fire first"
        )
    from ..processing.burnt_result import burnt_map

    target = None if save is None else _tif(save)
    made = burnt_map(
        first,
        second,
        threshold=threshold,
        truth=_truth(mask),
        resolution=resolution,
        **_predicted(model, (first, second), resolution),
    )
    if target is not None:
        print(f"kept in {made.save(target)}")  # noqa: T201
    return made


def _scene(source: Source, offset: float | None, scale: float | None) -> Scene:
    from ..datasets.scene import Scene

    dataset = opened(source)
    if not isinstance(dataset, Scene):
        raise BadRequest(f"{dataset.name} is of kind {dataset.kind}, not a satellite scene")
    if offset is not None and scale is None and dataset.scale is None:
        scale = 1e-4
    scene = dataset.with_offset(offset, scale) if offset is not None or scale else dataset
    if scene.bands and (scene.offset is None or scene.scale is None):
        raise BadRequest(
            f"{scene.name} tells no offset, so that there is no reflectance: give it, --offset -1000 for "
            "baselines from 04.00 on, --offset 0 for older ones"
        )
    return scene


def _truth(mask: str | os.PathLike[str] | None) -> Callable[[Any], Any] | None:
    """Give what makes a mask on a grid of an activation, or of a file of one's own."""
    if mask is None:
        return None
    path = Path(mask).expanduser()
    if not path.exists():
        raise UnreadableFile(f"{mask}: there is no such file; a mask is an activation or a file")

    def made_on(grid: Any) -> Any:
        from ..sentinel import activation
        from ..sentinel.mask_reading import read_mask

        try:
            fire = activation(path)
        except UnsupportedFormat:
            if path.suffix.lower() not in _MASKS:
                raise
            made, _facts, notes = read_mask(path, grid)
            for note in notes:
                print(note)  # noqa: T201
            return made
        return fire.mask(grid)

    return made_on


def _predicted(
    model: str | None, pair: tuple[Scene, Scene], resolution: float | None
) -> dict[str, Any]:
    """Give the probabilities of a model over two scenes; nothing without one."""
    if model is None:
        return {}
    from ..processing.tiled import predict_scene

    network, name = encoder_of(model)
    shape = tuple(getattr(network, "input_shape", ()))
    if len(shape) not in (4, 5) or (len(shape) == 5 and shape[1] not in (1, 2, None)):
        raise BadRequest(
            f"{name} takes shape {shape}: a network of burnt areas takes (dates, rows, columns, bands) with "
            f"two dates, or (rows, columns, bands); there are: {', '.join(models())}"
        )
    size = shape[-3] or SIZE
    values = predict_scene(
        network,
        pair[1] if len(shape) == 4 else list(pair[-(shape[1] or 2) :]),
        size=size,
        overlap=size // 4,
        resolution=resolution,
        scaling=_scaling(model, name),
    )
    return {"values": values, "method": f"model {name}"}


def _scaling(model: str, name: str) -> PercentileScaling:
    """Give the limits and names of the bands that a model was trained with, kept beside it."""
    from ..catalog import Catalog
    from ..processing.normalise import PercentileScaling

    folders = (Catalog().folder / "models", Path(model).parent)
    for folder in folders:
        path = folder / f"{name}.scaling.json"
        if path.is_file():
            scaling = PercentileScaling.load(path)
            if not scaling.bands:
                raise BadRequest(f"{path.name} does not name its bands: fit it with bands=(...)")
            return scaling
    raise UnreadableFile(
        f"the model {name} has no {name}.scaling.json beside it, which says which bands it takes and how "
        "they are scaled: write it with PercentileScaling.save"
    )


def _tif(given: str | os.PathLike[str]) -> Path:
    path = Path(given).expanduser()
    if path.suffix.lower() not in (".tif", ".tiff"):
        raise BadRequest(
            f"{path}: a map is saved as GeoTIFF, as {path.with_suffix('.tif').name or 'map.tif'}"
        )
    return path
