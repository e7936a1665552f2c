"""Detector strain: spectra, conditioning, the Q-transform, data quality."""

from __future__ import annotations

from importlib import import_module
from typing import Any

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


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        value = getattr(import_module(f".{_HOMES[name]}", __name__), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
