"""Patches and masks as training takes them: checked, split by event, in batches, turned and scaled."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import BadRequest
from ..processing.augment import draw
from ..processing.burnt import NOT_JUDGED
from ..processing.normalise import PercentileScaling
from ..processing.patch_batches import prepared, turned
from ..processing.patch_rows import blocks
from ..processing.patch_sets import PatchSet
from ..processing.splits import by_event, sampling_weights
from .data import order_of

Numbers = npt.NDArray[np.int64]
Batch = tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]
"""Images, and of shape (n, rows, columns, 2) the mask and whether the pixel is known."""


@dataclass(frozen=True)
class Pairs:
    """Images and their masks, of which `rows` are meant.

    Attributes
    ----------
    images, masks
        As of `PatchSet`, or plain arrays.
    rows
        Numbers of those that are used.
    scaling
        Of the bands, or None.
    events
        Names of those that `rows` are of, where they are known.
    """

    images: Any
    masks: Any
    rows: Numbers
    scaling: PercentileScaling | None = None
    events: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.rows)

    def batch(self, which: Numbers, ks: Numbers | int = 0) -> Batch:
        """Give some of the pairs, turned together; what is not known is 0, and told to be so."""
        images, known = prepared(self.images, which, ks, self.scaling)
        masks = turned(self.masks, which, ks)
        masks = masks.reshape(known.shape)
        known &= _judged(masks)
        truth = np.zeros((*known.shape, 2), np.float32)
        np.copyto(truth[..., 0], masks, where=known)
        truth[..., 1] = known
        return images, truth

    def epoch(
        self,
        number: int,
        size: int,
        *,
        seed: int,
        augment: bool = True,
        weights: npt.NDArray[np.float64] | None = None,
    ) -> Iterator[Batch]:
        """Give the batches of an epoch, the same for a seed and a number; each is made while one is used.

        Parameters
        ----------
        number
            Of the epoch: order and turns are others in each.
        size
            Pairs of a batch.
        seed
            Of the training.
        augment
            Turn and mirror.
        weights
            How often to draw each pair of `rows`; without them each comes once.
        """
        rng = np.random.default_rng([seed, number, 1])
        order = order_of(seed, number, len(self.rows))
        if weights is not None:
            order = rng.choice(len(self.rows), len(self.rows), p=weights)
        rows, columns = self.images.shape[-3:-1]
        ks = draw(rng, len(order), rows == columns) if augment else np.zeros(len(order), np.int64)
        chosen = self.rows[order]
        yield from _ahead(
            lambda start: self.batch(chosen[start : start + size], ks[start : start + size]),
            range(0, len(order), size),
        )

    def plain(self, size: int) -> Iterator[Batch]:
        """Give all pairs as they are, in their order."""
        yield from _ahead(
            lambda start: self.batch(self.rows[start : start + size]),
            range(0, len(self.rows), size),
        )

    def weights(self) -> npt.NDArray[np.float64]:
        """Give how often to draw each pair, so that those without burnt pixels are half of all."""
        return sampling_weights(_Some(self.masks, self.rows))

    def digest(self) -> str:
        """Give the SHA-256 of the pairs and how they are scaled."""
        found = hashlib.sha256(f"{self.images.shape}{self.images.dtype}{self.scaling}".encode())
        found.update(self.rows.tobytes())
        for array in (self.images, self.masks):
            for block in blocks(array):
                found.update(np.ascontiguousarray(block).data)
        return found.hexdigest()


def _judged(masks: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Give where masks tell something: not NaN, and not 255 of bytes."""
    if masks.dtype == np.uint8:
        return masks != NOT_JUDGED
    return np.isfinite(masks)


class _Some:
    """Some masks of many, read one by one."""

    def __init__(self, masks: Any, rows: Numbers) -> None:
        self._masks, self._rows = masks, rows

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, i: int) -> Any:
        return self._masks[int(self._rows[i])]


def _ahead(make: Callable[[int], Batch], starts: range) -> Iterator[Batch]:
    """Give batches in order; the next one is made by another thread meanwhile."""
    with ThreadPoolExecutor(1, "batches") as thread:
        waiting = None
        for start in starts:
            following = thread.submit(make, start)
            if waiting is not None:
                yield waiting.result()
            waiting = following
        if waiting is not None:
            yield waiting.result()


def divided(
    images: Any, masks: Any, events: Sequence[str] | None, validation: Any, seed: int
) -> tuple[Pairs, Pairs, list[str]]:
    """Give training and validation, no event in both, and what a person should know of it.

    Raises
    ------
    BadRequest
        Images and masks that do not fit, classes other than 0 and 1, or a share that leaves one side empty.
    """
    notes: list[str] = []
    scaling = images.scaling if isinstance(images, PatchSet) else None
    bands = images.bands if isinstance(images, PatchSet) else ()
    images, masks, events = _parts(images, masks, events)
    every = np.arange(len(images))
    if not np.isscalar(validation):
        held = validation if isinstance(validation, PatchSet) else PatchSetLike(*validation)
        held_images, held_masks, held_events = _parts(held, None, None)
        others = held.bands if isinstance(held, PatchSet) else ()
        if bands and others and bands != others:
            raise BadRequest(
                f"validation of the bands {', '.join(others)}, training of {', '.join(bands)}: cut both with "
                "the same bands in the same order"
            )
        if held_images.shape[1:] != images.shape[1:]:
            raise BadRequest(
                f"validation images of {held_images.shape[1:]}, training images of {images.shape[1:]}: cut "
                "both alike"
            )
        both = sorted(set(events or ()) & set(held_events or ()))
        if both:
            notes.append(
                f"{', '.join(both[:5])}: on both sides; the validation tells too much good"
            )
        rows = np.arange(len(held_images))
        own = Pairs(held_images, held_masks, rows, scaling, _named(held_events, rows))
        return Pairs(images, masks, every, scaling, _named(events, every)), own, notes
    share = float(validation)
    if not 0 < share < 1:
        raise BadRequest(f"a validation share of {share:g}: give a number between 0 and 1")
    given = events
    if events is None:
        notes.append(
            "no events were given: each patch counted as one of its own. Patches of one fire may be on both "
            "sides, and the validation then tells too much good; give events"
        )
        events = [str(i) for i in every]
    if len(events) != len(images):
        raise BadRequest(f"{len(events)} events for {len(images)} patches: give one for each")
    if len(set(events)) < 2:
        raise BadRequest(
            "all patches are of one event, and an event is not divided: give patches of another one too, or "
            "validation=(images, masks)"
        )
    training, held_rows = by_event(events, (1 - share, share), seed)
    first, second = (
        Pairs(images, masks, rows, scaling, _named(given, rows)) for rows in (training, held_rows)
    )
    return first, second, notes


def _named(events: Sequence[str] | None, rows: Numbers) -> tuple[str, ...]:
    """Give the names of the events of some patches, each once."""
    return () if events is None else tuple(sorted({str(events[i]) for i in rows}))


_MEMORY = 8 << 30  # bytes of a Dask array that are computed before training


def _in_memory(array: Any) -> Any:
    """Compute what Dask would compute again for each patch, a strip of a scene at a time."""
    if not hasattr(array, "dask"):
        return array
    if array.nbytes > _MEMORY:
        raise BadRequest(
            f"{array.nbytes / 1e9:.0f} GB of patches would be read from their scenes again and again: save "
            'them (patches.save("patches.npy")) and train on PatchSet.load("patches.npy", lazy=True)'
        )
    return np.asarray(array)


@dataclass(frozen=True)
class PatchSetLike:
    """A pair of images and masks in the place of a set."""

    images: Any
    masks: Any
    events: None = None


def _parts(images: Any, masks: Any, events: Any) -> tuple[Any, Any, Any]:
    """Give images, masks of (n, rows, columns) and events, checked."""
    if isinstance(images, PatchSet | PatchSetLike):
        if masks is not None:
            raise BadRequest("a set of patches has its own masks: leave masks out")
        given = images.events if events is None else events
        images, masks, events = images.images, images.masks, given
        if events is not None and not any(events):
            events = None
    images, masks = _in_memory(images), _in_memory(masks)
    if masks is None:
        raise BadRequest("there are no masks to learn: give PatchSet.of(scene, mask), or masks")
    images = images if hasattr(images, "shape") else np.asarray(images)
    masks = masks if hasattr(masks, "shape") else np.asarray(masks)
    if len(images.shape) not in {4, 5} or min(images.shape) < 1:
        raise BadRequest(
            f"images of shape {tuple(images.shape)}: give (n, rows, columns, bands) or "
            "(n, dates, rows, columns, bands)"
        )
    if len(masks.shape) == 4 and masks.shape[-1] == 1:
        masks = masks[..., 0]
    if tuple(masks.shape) != (images.shape[0], *images.shape[-3:-1]):
        raise BadRequest(
            f"masks of shape {tuple(masks.shape)} for images of shape {tuple(images.shape)}: give one mask "
            "of (rows, columns) for each image"
        )
    for block in blocks(masks):
        known = block[_judged(block)]
        if known.size and (known.min() < 0 or known.max() > 1):
            raise BadRequest(
                f"masks with values from {known.min()} to {known.max()}: give 0 and 1 (grading > 0 is what "
                "burnt), and 255 or NaN where nothing is known"
            )
    return images, masks, events
