"""Scenes of Sentinel-2 from the services that have them: search, and download of an area."""

from __future__ import annotations

from ..lazy_names import lazy_names

# Loaded when first asked for: the client of the services, GDAL and the projections.
_HOMES = {
    "Account": "account",
    "Found": "searching",
    "SERVICES": "account",
    "request": "requesting",
    "search": "searching",
}

__all__ = sorted(_HOMES)
__getattr__, __dir__ = lazy_names(__name__, _HOMES)
