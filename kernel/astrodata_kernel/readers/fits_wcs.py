"""The sky behind an image: its celestial WCS, if it has one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .quiet import quiet

_MOST_AXES = 32

LOOKUPS = ("WCSDVARR", "D2IMARR")
"""Names of the HDUs that hold lookup tables of distortions."""

_LOOKUP_CARDS = ("CPDIS", "CQDIS", "DP1", "DP2", "D2IM")


def celestial(header: Any, lookups: Callable[[], Any] | None = None) -> Any:
    """Give the celestial `astropy.wcs.WCS` of a header's first two axes, or None.

    Whatever is wrong with a header's coordinates, its pixels can still be looked at: this neither raises
    nor warns. Lookup tables that cannot be had are left out: they move a pixel by about its size, and
    without the rest there would be no sky.

    Parameters
    ----------
    header
        Of the image.
    lookups
        Gives the file's HDUs of `LOOKUPS` as an `astropy.io.fits.HDUList`; called where the header wants one.
    """
    with quiet():
        axes = header.get("WCSAXES", 0)
        if not isinstance(axes, int) or axes > _MOST_AXES:
            return None  # wcslib takes memory for the square of it
        wants = [key for key in header if key.startswith(_LOOKUP_CARDS)]
        if wants and lookups is not None:
            found = _tried(lambda: _checked(header, lookups()))
            if found is not None:
                return found
        return _tried(lambda: _checked(_without(header, wants), None))


def _tried(make: Callable[[], Any]) -> Any:
    try:
        return make()
    except Exception:  # noqa: BLE001 - wcslib has a dozen ways to say that a header makes no sense
        return None


def _checked(header: Any, lookups: Any) -> Any:
    from astropy.wcs import WCS

    wcs = WCS(header, lookups)
    if wcs.naxis > 2:
        wcs = wcs.sub([1, 2])
    if wcs.naxis != 2 or not wcs.has_celestial:
        return None
    # Some mistakes show only when a pixel is transformed.
    wcs.all_pix2world(0, 0, 0)
    return wcs


def _without(header: Any, keys: list[str]) -> Any:
    if not keys:
        return header
    kept = header.copy()
    for key in dict.fromkeys(keys):
        kept.remove(key, remove_all=True)
    return kept
