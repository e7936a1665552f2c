"""Tests of data: declared as plain mappings, run block by block on any kind of data, told in a report."""

from __future__ import annotations

from ..lazy_names import lazy_names

# Loaded when first asked for: SciPy, pandas and Numba take seconds.
_HOMES = {
    "Check": "registered",
    "Column": "given",
    "Given": "given",
    "Block": "given",
    "Finding": "findings",
    "Profile": "profiles",
    "Report": "outcomes",
    "Tests": "declared",
    "check": "registered",
    "checks": "registered",
    "json_schema": "declared",
    "profile": "profiles",
    "read_with_schema": "reading",
    "run_declared": "entries",
}

__all__ = sorted(_HOMES)
__getattr__, __dir__ = lazy_names(__name__, _HOMES)
