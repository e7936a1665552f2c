"""Blocks of patches: cut from scenes, joined, divided by event; and maps that networks make of scenes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np

from ..pipeline import Work, block
from .step_help import given, working


@block(outputs=("patches",))
def scene_patches(
    scenes: Any,
    mask: Any = None,
    *,
    bands: list[str] | None = None,
    size: int = 128,
    stride: int | None = None,
    event: str = "",
    scene_name: str | None = None,
    resolution: float | None = None,
    pad: Literal["reflect", "constant", "edge"] = "reflect",
) -> Any:
    """Cut a scene, or several dates of one, into patches.

    Parameters
    ----------
    scenes
        A scene, or several dates.
    mask
        Classes of shape (rows, columns) on the same grid.
    bands, size, stride, event, resolution, pad
        As of `PatchSet.of`.
    scene_name
        Of the scene; its own by default.

    Returns
    -------
    dict
        ``images``, ``masks``, ``positions`` (arrays), ``events``, ``scenes``, ``bands``, ``origins``,
        ``scaling``: what `patch_set` makes a `PatchSet` of.
    """
    from ..processing.patch_sets import PatchSet

    made = PatchSet.of(
        scenes,
        mask,
        bands=bands,
        size=size,
        stride=stride,
        event=event,
        name=scene_name,
        resolution=resolution,
        pad=pad,
    )
    return values_of(made.compute())


@block(outputs=("patches",))
def join_patches(*patches: Any, scaled: bool = True) -> Any:
    """Put patches of several scenes into one set.

    Parameters
    ----------
    *patches
        Of `scene_patches`.
    scaled
        Find the limits of the bands in all of them, for the training.

    Returns
    -------
    dict
    """
    from ..processing.patch_sets import PatchSet

    made = PatchSet.join([patch_set(one) for one in patches])
    return values_of(made.fit_scaling() if scaled else made)


@block(outputs=("train", "test"))
def split_patches(
    patches: Any,
    *,
    shares: tuple[float, float] = (0.7, 0.3),
    seed: int = 0,
) -> Any:
    """Divide patches so that all of an event are in one part; limits of bands are those of the first part.

    Parameters
    ----------
    patches
        Of `scene_patches` or `join_patches`.
    shares, seed
        As of `PatchSet.split`.

    Returns
    -------
    train, test : dict
    """
    known = patch_set(patches)
    first, second = known.split(shares, seed)
    if known.scaling is not None:
        # Limits that were found in all of them would tell the training of the test.
        first = first.fit_scaling(known.scaling.percentiles)
        second = second.with_scaling(first.scaling)
    return values_of(first), values_of(second)


@block(outputs=("values", "file"))
def predict_scene(
    model: Any,
    scenes: Any,
    patches: Any = None,
    *,
    size: int = 128,
    overlap: int = 32,
    batch: int = 8,
    bands: list[str] | None = None,
    resolution: float | None = None,
    work: Work | None = None,
) -> Any:
    """Make the map that a network draws of a scene of any size.

    Parameters
    ----------
    model
        Of `train_masks`.
    scenes
        A scene, or as many dates as the network takes.
    patches
        That it was trained on: their limits and bands are taken.
    size, overlap, batch, bands, resolution
        As of `adk.processing.tiled.predict_scene`.

    Returns
    -------
    values : ndarray
        float32, shape (rows, columns).
    file : Path
        The same as GeoTIFF on its grid.
    """
    from ..processing.burnt_files import save_map
    from ..processing.tiled import predict_scene as predicted

    work = working(work)
    known = None if patches is None else patch_set(patches)
    made = predicted(
        model,
        scenes,
        size=size,
        overlap=overlap,
        batch=batch,
        bands=list(known.bands) if bands is None and known is not None else bands,
        resolution=resolution,
        progress=work.progress,
        cancelled=work.cancelled,
        **given(scaling=None if known is None else known.scaling),
    )
    return made.to_numpy(), save_map(work.folder / "prediction.tif", made)


def values_of(patches: Any) -> dict[str, Any]:
    """Give a `PatchSet` as arrays and plain values, which are kept between steps."""
    from dataclasses import asdict

    scaling = patches.scaling
    return {
        "images": np.asarray(patches.images),
        "masks": None if patches.masks is None else np.asarray(patches.masks),
        "positions": np.asarray(patches.positions),
        "events": list(patches.events),
        "scenes": list(patches.scenes),
        "bands": list(patches.bands),
        "origins": {name: asdict(one) for name, one in patches.origins.items()},
        "scaling": None if scaling is None else asdict(scaling),
    }


def patch_set(values: Any) -> Any:
    """Give the `PatchSet` of what `values_of` gave.

    Raises
    ------
    BadRequest
        It is something else.
    """
    from ..errors import BadRequest
    from ..processing.normalise import PercentileScaling
    from ..processing.patch_cutting import Origin
    from ..processing.patch_sets import PatchSet

    if isinstance(values, PatchSet):
        return values
    if not isinstance(values, Mapping) or not {"images", "positions", "origins"} <= set(values):
        raise BadRequest("these are no patches: take what scene_patches or join_patches gives")
    origins = {
        name: Origin(
            **{key: tuple(one) if isinstance(one, list) else one for key, one in told.items()}
        )
        for name, told in values["origins"].items()
    }
    scaling = values["scaling"]
    return PatchSet(
        values["images"],
        values["masks"],
        tuple(values["events"]),
        tuple(values["scenes"]),
        np.asarray(values["positions"]),
        tuple(values["bands"]),
        origins,
        None if scaling is None else PercentileScaling.of(scaling),
    )
