"""Data sets of astropy's `NDData` and `CCDData`, which bring WCS, unit and mask along."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from .dataset import Dataset


def is_nddata(value: Any) -> bool:
    """Tell, without importing astropy, whether something is an `NDData`."""
    return all(hasattr(value, name) for name in ("data", "wcs", "mask", "uncertainty"))


def of_nddata(value: Any, name: str = "array") -> Dataset:
    """Give the data set of an `NDData` or of one of its kinds, such as `CCDData`.

    Parameters
    ----------
    value
        What is masked becomes NaN. A WCS without a sky, or one that is no `astropy.wcs.WCS`, is left out.
    name
        What it is called.

    Raises
    ------
    UnsupportedFormat
        It holds a single number.
    """
    from astropy.wcs import WCS

    values = np.asanyarray(value.data)
    if value.mask is not None and np.any(value.mask):
        values = np.where(value.mask, np.nan, values)
    made = Dataset.of_array(values, name)
    meta = {"unit": str(value.unit)} if value.unit is not None else {}
    wcs = value.wcs.celestial if isinstance(value.wcs, WCS) and value.wcs.has_celestial else None
    return replace(made, meta=meta, make_wcs=None if wcs is None else lambda: wcs)
