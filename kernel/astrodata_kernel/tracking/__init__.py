"""Runs, models and their versions in MLflow: kept with the code, the data and the machine they came from."""

from __future__ import annotations

from ..lazy_names import lazy_names

# Loaded when first asked for: MLflow and pandas take seconds.
_HOMES = {
    "Comparison": "comparisons",
    "Garbage": "garbage",
    "Imported": "astrodata_imports",
    "KeptModel": "kept_models",
    "Promotion": "versions",
    "Registry": "registries",
    "Run": "open_runs",
    "Tracker": "trackers",
    "Version": "versions",
    "code_version": "code_versions",
    "collect_garbage": "garbage",
    "compare": "comparisons",
    "environment": "environments",
    "import_astrodata": "astrodata_imports",
    "log_model": "kept_models",
}

__all__ = sorted(_HOMES)
__getattr__, __dir__ = lazy_names(__name__, _HOMES)
