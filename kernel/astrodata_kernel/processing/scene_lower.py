"""Lower resolutions of a scene's files, which halve: which one serves a picture, and its pixels there."""

from __future__ import annotations

import math

import numpy as np

from ..datasets.lazy import Values


def halved(ratio: float) -> int:
    """Give the coarsest lower resolution that is as fine as pixels `ratio` times as large as the file's."""
    return 1 << max(0, math.floor(math.log2(max(1.0, ratio)) + 1e-9))


def centres(part: slice, step: int) -> Values:
    """Give where the centres of blocks of `step` pixels lie in a part of an axis, pixels by their numbers."""
    made: Values = np.arange(part.start, part.stop, step) + (step - 1) / 2
    return np.minimum(made, part.stop - 1)


def window_of(pixels: Values, size: int, step: int) -> tuple[slice, Values]:
    """Give the window of an axis that has some pixels at a lower resolution, and their places in it.

    Parameters
    ----------
    pixels
        Numbers of pixels of the file, whole, at least one.
    size
        Pixels of the axis.
    step
        Of the lower resolution, as `halved` gives it.
    """
    first = int(pixels.min()) // step * step
    window = slice(first, min(size, (int(pixels.max()) // step + 1) * step))
    return window, (pixels - first) // step
