"""Patches for a network, with what is known of them: masks, events, bands, scaling, place on the map."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import BadRequest
from .normalise import PercentileScaling
from .patch_cutting import Origin, cut, cut_mask
from .patch_rows import blocks, filled, joined, rows_of
from .patches import mosaic, positions
from .splits import by_event, class_balance, sampling_weights

Array = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class PatchSet:
    """Patches of scenes, lazily or in memory.

    Parameters
    ----------
    images
        Shape (n, rows, columns, bands) or (n, dates, rows, columns, bands), of NumPy or Dask, or what else
        is read where it is sliced.
    masks
        Shape (n, rows, columns), or None.
    events
        Event of each patch, ``"EMSR382_AOI01"``; splits keep those of one event together.
    scenes
        Scene of each patch, a key of `origins`.
    positions
        First row and column of each patch in its scene, shape (n, 2).
    bands
        Names of the last axis, or none.
    origins
        Shape, CRS and transform of each scene.
    scaling
        Limits of the bands, kept with the set; `scaled` applies them.

    Raises
    ------
    BadRequest
        Parts that do not fit each other.

    Examples
    --------
    >>> import numpy as np
    >>> made = PatchSet.of(np.zeros((40, 60, 3)), mask=np.ones((40, 60)), size=20, event="fire")
    >>> made
    <PatchSet: 6 patches of 20 x 20 pixels, 3 bands, with masks, 1 event>
    >>> made.mosaic().shape
    (40, 60, 3)
    """

    images: Any
    masks: Any | None
    events: tuple[str, ...]
    scenes: tuple[str, ...]
    positions: npt.NDArray[np.int64]
    bands: tuple[str, ...] = ()
    origins: Mapping[str, Origin] = field(default_factory=dict)
    scaling: PercentileScaling | None = None

    def __post_init__(self) -> None:
        shape = tuple(self.images.shape)
        if len(shape) not in {4, 5}:
            raise BadRequest(
                f"images of shape {shape}: give (n, rows, columns, bands) or (n, dates, rows, columns, bands)"
            )
        if self.masks is not None and tuple(self.masks.shape) != (shape[0], *shape[-3:-1]):
            raise BadRequest(
                f"masks of shape {tuple(self.masks.shape)} for images of shape {shape}: give one mask of "
                "(rows, columns) for each image"
            )
        parts = {"events": self.events, "scenes": self.scenes, "positions": self.positions}
        for name, part in parts.items():
            if len(part) != shape[0]:
                raise BadRequest(f"{len(part)} {name} for {shape[0]} patches: give one for each")
        if self.origins and (lost := sorted(set(self.scenes) - set(self.origins))):
            raise BadRequest(f"scene {lost[0]!r} has no origin: give one for each, or none at all")
        if self.bands and len(self.bands) != shape[-1]:
            raise BadRequest(f"{len(self.bands)} names for {shape[-1]} bands: give one for each")
        if self.scaling is not None and len(self.scaling.low) != shape[-1]:
            raise BadRequest(f"limits of {len(self.scaling.low)} bands for images of {shape[-1]}")

    @classmethod
    def of(
        cls,
        source: Any,
        mask: Any = None,
        *,
        bands: Sequence[str] | None = None,
        size: int = 128,
        stride: int | None = None,
        event: str = "",
        name: str | None = None,
        resolution: float | None = None,
        pad: str = "reflect",
    ) -> PatchSet:
        """Cut a scene, or several dates of one, into patches.

        Parameters
        ----------
        source
            A scene, a list of scenes (their dates come in order, on the grid of the first), what
            `adk.stack` or `scene.to_xarray` gives, or an array of (rows, columns, bands) or
            (dates, rows, columns, bands). Scenes are read strip by strip, and only when they are needed.
        mask
            Classes of shape (rows, columns) on the same grid.
        bands
            Names of bands, of indices (``"NBR"``) or formulas; all bands when None.
        size, stride, pad
            As of `raster.patches`.
        event
            What the splits keep together: the fire.
        name
            Of the scene; its own by default.
        resolution
            Pixel size in m; that of the finest of the bands when None.

        Raises
        ------
        BadRequest
            Bands that are not there, or a mask on another grid.
        MissingPackage
            Scenes need Dask and xarray.
        """
        made = cut(source, bands, size, stride, pad, resolution)
        name = made.name if name is None else name
        count = int(made.images.shape[0])
        masks = None if mask is None else cut_mask(mask, made.origin.shape, size, stride, pad)
        return cls(
            made.images,
            masks,
            (str(event),) * count,
            (name,) * count,
            positions(made.origin.shape, size, stride),
            made.bands,
            {name: made.origin},
        )

    @classmethod
    def join(cls, sets: Sequence[PatchSet]) -> PatchSet:
        """Give the patches of several sets as one, as of several events.

        Raises
        ------
        BadRequest
            Patches of other sizes, bands or scalings, some with masks and some without, or two scenes of one
            name.
        """
        if not sets:
            raise BadRequest("no set of patches is given: join at least one")
        first = sets[0]
        origins: dict[str, Origin] = {}
        for one in sets:
            if one.images.shape[1:] != first.images.shape[1:] or one.bands != first.bands:
                raise BadRequest(
                    f"patches of {one.images.shape[1:]} ({', '.join(one.bands)}) and of "
                    f"{first.images.shape[1:]} ({', '.join(first.bands)}) cannot be joined: cut both alike"
                )
            if (one.masks is None) != (first.masks is None):
                raise BadRequest(
                    "some sets have masks and some have none: give masks to all or none"
                )
            if one.scaling != first.scaling:
                raise BadRequest(
                    "the sets have different scalings: join them first, and fit_scaling after it"
                )
            for name, origin in one.origins.items():
                if origins.setdefault(name, origin) != origin:
                    raise BadRequest(
                        f"two different scenes are called {name!r}: cut them with name=... of their own"
                    )
        return cls(
            joined([one.images for one in sets]),
            None if first.masks is None else joined([one.masks for one in sets]),
            tuple(event for one in sets for event in one.events),
            tuple(scene for one in sets for scene in one.scenes),
            np.concatenate([one.positions for one in sets]),
            first.bands,
            origins,
            first.scaling,
        )

    def __len__(self) -> int:
        return int(self.images.shape[0])

    def __repr__(self) -> str:
        *dates, rows, columns, bands = self.images.shape[1:]
        events = len(set(self.events))
        return (
            f"<PatchSet: {len(self)} patches of {rows} x {columns} pixels, "
            + (f"{dates[0]} dates, " if dates else "")
            + f"{bands} bands, {'without' if self.masks is None else 'with'} masks, "
            f"{events} event{'s' * (events != 1)}{', scaling known' * (self.scaling is not None)}>"
        )

    def choose(self, which: Any) -> PatchSet:
        """Give some of the patches, by numbers or booleans."""
        rows = np.asarray(which)
        rows = np.flatnonzero(rows) if rows.dtype == bool else rows.astype(np.int64).ravel()
        scenes = tuple(self.scenes[i] for i in rows)
        return replace(
            self,
            images=rows_of(self.images, rows),
            masks=None if self.masks is None else rows_of(self.masks, rows),
            events=tuple(self.events[i] for i in rows),
            scenes=scenes,
            positions=self.positions[rows],
            origins={name: origin for name, origin in self.origins.items() if name in set(scenes)},
        )

    def split(self, shares: Sequence[float] = (0.7, 0.3), seed: int = 0) -> list[PatchSet]:
        """Give parts of the set, each event whole in one of them; see `splits.by_event`."""
        return [self.choose(rows) for rows in by_event(self.events, shares, seed)]

    def compute(self) -> PatchSet:
        """Give the same set in memory."""
        masks = None if self.masks is None else np.asarray(self.masks)
        return replace(self, images=np.asarray(self.images), masks=masks)

    def fit_scaling(self, percentiles: tuple[float, float] = (1.0, 99.0)) -> PatchSet:
        """Give the set with the limits of its bands, found of all its patches: take those of the training.

        Raises
        ------
        BadRequest
            A band without a value.
        """
        found = PercentileScaling.fit(lambda: blocks(self.images), percentiles, self.bands)
        return replace(self, scaling=found)

    def with_scaling(self, scaling: PercentileScaling | None) -> PatchSet:
        """Give the set with limits that were found elsewhere, as of the training's patches.

        Raises
        ------
        BadRequest
            Limits of other bands.
        """
        if scaling is not None and scaling.bands and self.bands and scaling.bands != self.bands:
            raise BadRequest(
                f"limits of {', '.join(scaling.bands)} for the bands {', '.join(self.bands)}"
            )
        return replace(self, scaling=scaling)

    def scaled(self) -> Any:
        """Give the images in 0...1 by the set's scaling, float32, lazily of Dask.

        Raises
        ------
        BadRequest
            No scaling was found yet.
        """
        if self.scaling is None:
            raise BadRequest("the set has no scaling: fit_scaling() finds one")
        return self.scaling.apply(self.images, self.bands)

    def known(self) -> npt.NDArray[np.float64]:
        """Give the share of each patch's pixels that have a value in every band of every date."""
        shares = []
        for block in blocks(self.images):
            every = np.isfinite(block).all(axis=-1)
            if every.ndim == 4:
                every = every.all(axis=1)
            shares.append(every.mean(axis=(1, 2)))
        return np.concatenate(shares) if shares else np.empty(0)

    def balance(self) -> Any:
        """Give the share of each class by event and in all, a table; see `splits.class_balance`."""
        return class_balance(self._masks(), self.events)

    def weights(self, empty: float = 0.5) -> npt.NDArray[np.float64]:
        """Give how often to draw each patch for balance; see `splits.sampling_weights`."""
        return sampling_weights(self._masks(), empty)

    def mosaic(self, values: Any = None, scene: str | None = None, blend: str = "mean") -> Any:
        """Put patches together on the grid of their scene, `origins[scene]`.

        Parameters
        ----------
        values
            As many as patches, (n, ..., rows, columns, channels) or (n, rows, columns), as predictions; the
            images when None.
        scene
            Which one, where there are several.
        blend
            As of `raster.mosaic`.

        Returns
        -------
        array
            Where a patch is missing: NaN, or 0 of whole numbers.

        Raises
        ------
        BadRequest
            An unknown scene, other numbers of values, or patches that overlap and are not all there.
        """
        values = self.images if values is None else values
        if len(values) != len(self):
            raise BadRequest(f"{len(values)} values for {len(self)} patches: give one for each")
        names = list(self.origins)
        if scene is None and len(names) == 1:
            scene = names[0]
        if scene not in self.origins:
            raise BadRequest(f"scene {scene!r}: name one of {', '.join(names)}")
        origin, size = self.origins[scene], int(self.images.shape[-2])
        places = positions(origin.shape, size, origin.stride)
        row_of = {
            tuple(self.positions[i].tolist()): i
            for i, name in enumerate(self.scenes)
            if name == scene
        }
        rows = [row_of.get(tuple(place), -1) for place in places.tolist()]
        if -1 in rows and origin.stride < size:
            raise BadRequest(
                f"{rows.count(-1)} of the {len(rows)} patches of {scene} are missing, and they overlap: only "
                "a whole set can be blended"
            )
        there = values if rows == list(range(len(values))) else filled(values, rows)
        return mosaic(there, origin.shape, origin.stride, blend=blend)

    def save(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> Path:
        """Write the set to a file whose ending says how; see `patch_files.save`."""
        from .patch_files import save

        return save(self, path, overwrite=overwrite)

    @classmethod
    def load(cls, path: str | os.PathLike[str], *, lazy: bool = False) -> PatchSet:
        """Read a set that was saved, the same to the last bit; see `patch_files.load`."""
        from .patch_files import load

        return load(path, lazy=lazy)

    def _masks(self) -> Any:
        if self.masks is None:
            raise BadRequest("the set has no masks: give PatchSet.of(scene, mask)")
        return self.masks
