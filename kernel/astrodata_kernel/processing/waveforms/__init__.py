"""Digitiser traces: made, cleaned, measured and reduced to what a screen can show.

Traces are arrays of shape (traces, samples); a lazy array or a Dask array of that shape does as well.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

# Loaded when first asked for: SciPy and Numba take a second.
_HOMES = {
    "synthesize": "synthesis",
    "TRIM": "synthesis",
    "Pyramid": "envelopes",
    "envelope": "envelopes",
    "heat_map": "density",
    "persistence": "density",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f".{_HOMES[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
