"""Detector strain: spectra, conditioning, the Q-transform, data quality."""

from __future__ import annotations

from ...lazy_names import lazy_names

# Loaded when first asked for: scipy.signal alone takes longer than everything else here.
_HOMES = {
    "asd": "spectra",
    "spectrogram": "spectra",
    "whiten": "conditioning",
    "band_pass": "conditioning",
    "notch": "conditioning",
    "q_transform": "qtransform",
    "q_limits": "qtransform",
    "intersect": "segments",
    "invert": "segments",
    "merge": "segments",
    "overlap": "segments",
    "by_name": "segments",
    "read_glitches": "segments",
}

__all__ = sorted(_HOMES)
__getattr__, __dir__ = lazy_names(__name__, _HOMES)
