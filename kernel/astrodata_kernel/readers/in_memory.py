"""Data sets of what Python holds: arrays, and astropy's HDUs and `NDData` with their WCS and units."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from ..datasets import Dataset
from ..datasets.dataset import Part
from ..datasets.lazy import MemoryArray
from ..errors import UnsupportedFormat
from .fits_structure import cards
from .fits_wcs import celestial

KINDS = {1: "spectrum", 2: "image"}
"""By the number of axes; more are a cube."""


def held(value: Any, name: str = "array") -> Dataset | None:
    """Give what Python holds as a data set; None for what is neither held nor an array, such as a path.

    Parameters
    ----------
    value
        A `Dataset`, an image HDU or the `HDUList` that has one, an `NDData` or one of its kinds such as
        `CCDData`, or an array.
    name
        What it is called, unless it has a name.

    Raises
    ------
    UnsupportedFormat
        An HDU without an image, or a single number.
    """
    # Told by what they have: astropy need not be imported to tell that something is not one of its objects.
    if isinstance(value, Dataset):
        return value
    if isinstance(value, list) and hasattr(value, "fileinfo"):
        return of_hdu(_with_pixels(value), name, value)
    if hasattr(value, "header") and hasattr(value, "fileinfo"):
        return of_hdu(value, name)
    if all(hasattr(value, one) for one in ("data", "wcs", "mask", "uncertainty")):
        return _of_nddata(value, name)
    if hasattr(value, "__array_interface__"):
        return Dataset.of_array(value, name)
    return None


def of_hdu(hdu: Any, name: str = "array", beside: Any = None) -> Dataset:
    """Give an image HDU, such as a moment map, as a data set.

    Parameters
    ----------
    hdu
        Of `astropy.io.fits`. One that lies in a file is read as it is sliced, as long as that file is open.
    name
        What it is called.
    beside
        The `HDUList` that has its tables of distortion.

    Raises
    ------
    UnsupportedFormat
        It has no pixels.
    """
    if not getattr(hdu, "is_image", False) or hdu.data is None:
        raise UnsupportedFormat(f"{name}: HDU {hdu.name or type(hdu).__name__} has no pixels")
    header = hdu.header.copy()
    array = MemoryArray(hdu.data)
    unit = str(header.get("BUNIT", ""))
    kind = KINDS.get(array.ndim, "cube")
    part = Part(0, str(header.get("EXTNAME") or name), 1, kind, array.shape, str(array.dtype), unit)
    meta = {
        "unit": unit,
        "object": str(header.get("OBJECT", "")),
        "header": cards(header),
        "warnings": [],
    }
    made = Dataset(kind, name, array.shape, array.dtype, meta, None, array, (part,))
    wcs = celestial(header, None if beside is None else lambda: beside)
    return replace(made, make_wcs=lambda: wcs)


def _with_pixels(hdus: Any) -> Any:
    for hdu in hdus:
        if getattr(hdu, "is_image", False) and hdu.data is not None:
            return hdu
    raise UnsupportedFormat(f"none of the {len(hdus)} HDUs has pixels")


def _of_nddata(value: Any, name: str) -> Dataset:
    """Give the data set of an `NDData`: what is masked is NaN, a WCS without a sky is left out."""
    from astropy.wcs import WCS

    values = np.asanyarray(value.data)
    if value.mask is not None and np.any(value.mask):
        values = np.where(value.mask, np.nan, values)
    made = Dataset.of_array(values, name)
    meta = {"unit": str(value.unit)} if value.unit is not None else {}
    wcs = value.wcs.celestial if isinstance(value.wcs, WCS) and value.wcs.has_celestial else None
    return replace(made, meta=meta, make_wcs=lambda: wcs)
