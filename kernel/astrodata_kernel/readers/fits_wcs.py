"""The sky behind an image: its celestial WCS, if it has one."""

from __future__ import annotations

import threading
import warnings
from typing import Any

_lock = threading.Lock()


def celestial(header: Any) -> Any:
    """Give the celestial `astropy.wcs.WCS` of a header's first two axes, or None.

    Whatever is wrong with a header's coordinates, its pixels can still be looked at: this neither raises
    nor warns. Lookup-table distortions, which need the file's other HDUs, are left out.
    """
    from astropy.wcs import WCS

    with _lock, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            wcs = WCS(header)
            if wcs.naxis > 2:
                wcs = wcs.sub([1, 2])
            if wcs.naxis != 2 or not wcs.has_celestial:
                return None
            # Some mistakes show only when a pixel is transformed.
            wcs.all_pix2world(0, 0, 0)
        except Exception:  # noqa: BLE001 - wcslib has a dozen ways to say that a header makes no sense
            return None
    return wcs
