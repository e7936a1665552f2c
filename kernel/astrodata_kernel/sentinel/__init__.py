"""Scenes of Sentinel-2 from the services that have them, and what the emergency service found burnt."""

from __future__ import annotations

from ..lazy_names import lazy_names

# Loaded when first asked for: the client of the services, GDAL and the projections.
_HOMES = {
    "Account": "account",
    "Activation": "activations",
    "Found": "searching",
    "SERVICES": "account",
    "activation": "activations",
    "request": "requesting",
    "search": "searching",
}

__all__ = sorted(_HOMES)
__getattr__, __dir__ = lazy_names(__name__, _HOMES)
