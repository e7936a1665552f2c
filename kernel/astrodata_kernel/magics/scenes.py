"""Magics of satellite scenes: an index as a map, and what burnt between two dates."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import BadRequest, UnreadableFile, UnsupportedFormat
from .browsing import opened
from .encoders import encoder_of, models
from .words import last, split_words

if TYPE_CHECKING:
    from ..datasets.scene import Scene
    from ..processing.normalise import PercentileScaling

SCENE_OPTIONS = ("--resolution", "--save", "--offset", "--scale")
_MASKS = (".tif", ".tiff", ".geojson", ".json", ".shp", ".gpkg")
SIZE = 128
"""Edge of the windows of a network that takes any."""


def show_index(words: Sequence[str]) -> Any:
    """Give the viewer of a scene's index, and write the index as GeoTIFF where that is wanted."""
    (word, name), options = _split("index", words, SCENE_OPTIONS, ("a scene", "an index"))
    scene = _scene(word, options)
    from ..processing.indices import bands_of
    from ..widgets.scene import SceneViewer

    bands_of(name)  # says what is wrong with a name or formula, before a widget is made
    target, resolution = last(options["--save"]), _number(options, "--resolution")
    if resolution is not None and target is None:
        raise BadRequest(
            "%astro index: --resolution is that of the file: name one with --save, as --save index.tif"
        )
    viewer = SceneViewer(scene, bands=name)
    if target is not None:
        from ..processing.burnt_files import save_map
        from ..processing.burnt_maps import index_map

        made = index_map(name, scene, resolution=resolution, judged=False)
        kept = save_map(_tif(target), made, scene=scene.name)
        size = (
            f" in pixels of {resolution:g} m; the viewer shows the scene's own"
            if resolution
            else ""
        )
        print(f"kept in {kept}{size}")  # noqa: T201
    return viewer


def map_burnt(words: Sequence[str]) -> Any:
    """Give the map of what burnt between two scenes, with its area, and scores where a truth is given."""
    takes = (*SCENE_OPTIONS, "--mask", "--threshold", "--model")
    pair, options = _split("burnt", words, takes, ("a scene before", "one after the fire"))
    before, after = (_scene(word, options) for word in pair)
    if before.date and after.date and before.date > after.date:
        raise BadRequest(
            f"%astro burnt: {before.name} ({before.date:%Y-%m-%d}) is later than {after.name} "
            f"({after.date:%Y-%m-%d}): give the scene before the fire first"
        )
    from ..processing.burnt_result import burnt_map

    resolution, target = _number(options, "--resolution"), last(options["--save"])
    made = burnt_map(
        before,
        after,
        threshold=_number(options, "--threshold"),
        truth=_truth(last(options["--mask"])),
        resolution=resolution,
        **_predicted(last(options["--model"]), (before, after), resolution),
    )
    print(made)  # noqa: T201
    if target is not None:
        print(f"kept in {made.save(_tif(target))}")  # noqa: T201
    return made


def _scene(word: str, options: dict[str, list[str]]) -> Scene:
    from ..datasets.scene import Scene

    dataset = opened(word)
    if not isinstance(dataset, Scene):
        raise BadRequest(f"{dataset.name} is of kind {dataset.kind}, not a satellite scene")
    offset, scale = _number(options, "--offset"), _number(options, "--scale")
    if offset is not None and scale is None and dataset.scale is None:
        scale = 1e-4
    scene = dataset.with_offset(offset, scale) if offset is not None or scale else dataset
    if scene.bands and (scene.offset is None or scene.scale is None):
        raise BadRequest(
            f"{scene.name} tells no offset, so that there is no reflectance: give it, --offset -1000 for "
            "baselines from 04.00 on, --offset 0 for older ones"
        )
    return scene


def _truth(word: str | None) -> Callable[[Any], Any] | None:
    """Give what makes a mask on a grid of an activation, or of a file of one's own."""
    if word is None:
        return None
    if not Path(word).expanduser().exists():
        raise UnreadableFile(
            f"{word}: there is no such file; --mask takes an activation, or a mask"
        )

    def mask(grid: Any) -> Any:
        from ..sentinel import activation
        from ..sentinel.mask_reading import read_mask

        try:
            fire = activation(word)
        except UnsupportedFormat:
            if Path(word).suffix.lower() not in _MASKS:
                raise
            made, _facts, notes = read_mask(word, grid)
            for note in notes:
                print(note)  # noqa: T201
            return made
        return fire.mask(grid)

    return mask


def _predicted(
    word: str | None, pair: tuple[Scene, Scene], resolution: float | None
) -> dict[str, Any]:
    """Give the probabilities of a model over two scenes; nothing without one."""
    if word is None:
        return {}
    from ..processing.tiled import predict_scene

    model, name = encoder_of(word)
    shape = tuple(getattr(model, "input_shape", ()))
    if len(shape) not in (4, 5) or (len(shape) == 5 and shape[1] not in (1, 2, None)):
        raise BadRequest(
            f"{name} takes shape {shape}: a network of burnt areas takes (dates, rows, columns, bands) with "
            f"two dates, or (rows, columns, bands); there are: {', '.join(models())}"
        )
    size = shape[-3] or SIZE
    values = predict_scene(
        model,
        pair[1] if len(shape) == 4 else list(pair[-(shape[1] or 2) :]),
        size=size,
        overlap=size // 4,
        resolution=resolution,
        scaling=_scaling(word, name),
    )
    return {"values": values, "method": f"model {name}"}


def _scaling(word: str, name: str) -> PercentileScaling:
    """Give the limits and names of the bands that a model was trained with, kept beside it."""
    from ..catalog import Catalog
    from ..processing.normalise import PercentileScaling

    folders = (Catalog().folder / "models", Path(word).parent)
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


def _split(
    command: str, words: Sequence[str], options: Sequence[str], takes: Sequence[str]
) -> tuple[list[str], dict[str, list[str]]]:
    """Give the arguments of a command that takes several, and the values of its options."""
    arguments, rest, left = [], [], list(words)
    while left:
        word = left.pop(0)
        if not word.startswith("--"):
            arguments.append(word)
            continue
        rest.append(word)
        if "=" not in word and left and not left[0].startswith("--"):
            rest.append(left.pop(0))
    _, given = split_words(command, ["", *rest], options, "")
    if len(arguments) != len(takes):
        hint = "; put what has spaces in quotes" if len(arguments) > len(takes) else ""
        raise BadRequest(
            f"%astro {command} takes {' and '.join(takes)}, {len(arguments)} came{hint}"
        )
    return arguments, given


def _number(options: dict[str, list[str]], name: str) -> float | None:
    word = last(options[name])
    if word is None:
        return None
    try:
        return float(word)
    except ValueError:
        raise BadRequest(f"{name} {word} is no number") from None


def _tif(word: str) -> Path:
    path = Path(word).expanduser()
    if path.suffix.lower() not in (".tif", ".tiff"):
        raise BadRequest(f"--save {word}: a map is kept as GeoTIFF, as {path.stem or 'map'}.tif")
    return path
