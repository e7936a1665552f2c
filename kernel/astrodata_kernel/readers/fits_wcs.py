"""The sky behind an image: its celestial WCS, if it has one."""

from __future__ import annotations

from typing import Any

from .quiet import quiet

_MOST_AXES = 32


def celestial(header: Any) -> Any:
    """Give the celestial `astropy.wcs.WCS` of a header's first two axes, or None.

    Whatever is wrong with a header's coordinates, its pixels can still be looked at: this neither raises
    nor warns. Lookup-table distortions, which need the file's other HDUs, are left out.
    """
    from astropy.wcs import WCS

    with quiet():
        try:
            axes = header.get("WCSAXES", 0)
            if not isinstance(axes, int) or axes > _MOST_AXES:
                return None  # wcslib takes memory for the square of it
            wcs = WCS(_without_lookup_tables(header))
            if wcs.naxis > 2:
                wcs = wcs.sub([1, 2])
            if wcs.naxis != 2 or not wcs.has_celestial:
                return None
            # Some mistakes show only when a pixel is transformed.
            wcs.all_pix2world(0, 0, 0)
        except Exception:  # noqa: BLE001 - wcslib has a dozen ways to say that a header makes no sense
            return None
    return wcs


def _without_lookup_tables(header: Any) -> Any:
    # They are in other HDUs, and move a pixel by less than its size; without them there would be no sky.
    keys = [key for key in header if key.startswith(("CPDIS", "CQDIS", "DP1", "DP2", "D2IM"))]
    if not keys:
        return header
    kept = header.copy()
    for key in dict.fromkeys(keys):
        kept.remove(key, remove_all=True)
    return kept
