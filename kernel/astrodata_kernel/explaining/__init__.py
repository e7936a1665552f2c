"""Which columns of a table a model's predictions rest on, by permutation and by SHAP values."""

from __future__ import annotations

from ..lazy_names import lazy_names

# Loaded when first asked for: scikit-learn takes seconds.
_HOMES = {
    "Importance": "results",
    "importance": "importances",
}

__all__ = sorted(_HOMES)
__getattr__, __dir__ = lazy_names(__name__, _HOMES)
