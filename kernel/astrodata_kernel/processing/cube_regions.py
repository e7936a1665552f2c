"""The pixels of a region on each plane of a cube."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import BadRequest
from .region_shapes import checked, of_pixels
from .region_shapes import region_of as pixel_region

MOST_PIXELS = 1 << 27
"""Of the box about a region: a radius of a billion would be a mask of as many."""

Mask = npt.NDArray[np.bool_]


def region_of(region: Any, wcs: Any) -> Any:
    """Give a region of pixels as the package `regions` has them.

    Parameters
    ----------
    region
        One of its regions, of pixels or of the sky, or a dict as `region_shapes` has them.
    wcs
        Celestial WCS, or None.

    Raises
    ------
    BadRequest
        What is no region, or one of the sky where there is none.
    """
    if isinstance(region, Mapping):
        return pixel_region(checked([region])[0])
    region = of_pixels(region, wcs)
    if not hasattr(region, "to_mask"):
        raise BadRequest(f"a {type(region).__name__} is no region")
    return region


def mask_of(region: Any, wcs: Any, rows: int, columns: int) -> tuple[slice, slice, Mask]:
    """Give rows, columns and which pixels of that box have their centre in a region.

    Raises
    ------
    BadRequest
        A region without a pixel of the image, or none at all.
    """
    region = region_of(region, wcs)
    try:
        box = region.bounding_box
        mask = None if math.prod(box.shape) > MOST_PIXELS else region.to_mask(mode="center")
    except NotImplementedError:
        raise BadRequest(f"a {type(region).__name__} has no pixels inside") from None
    except (ValueError, OverflowError):
        raise BadRequest("a region needs finite numbers") from None
    if mask is None:
        raise BadRequest(f"a region of {box.shape[1]} x {box.shape[0]} pixels is too large")
    large, small = mask.get_overlap_slices((rows, columns))
    inside = mask.data[small] > 0 if large is not None else np.zeros((0, 0), bool)
    if not inside.any():
        raise BadRequest("the region has no pixel of the cube inside: move it, or make it larger")
    down, across = (slice(int(one.start), int(one.stop)) for one in large)
    return down, across, inside
