"""Learning from labels: what to label next, what the labels teach, and what they cost."""

from __future__ import annotations

from ..lazy_names import lazy_names

# Loaded when first asked for: scikit-learn, Numba and Keras take seconds.
_HOMES = {
    "STRATEGIES": "strategies",
    "Classifier": "classifiers",
    "FineTuned": "tuning",
    "Learner": "learners",
    "Queue": "queues",
    "curve": "curves",
    "curve_figure": "curves",
    "fine_tune": "tuning",
    "load_classifier": "classifier_files",
    "queue": "queues",
    "random_order": "draws",
    "save_classifier": "classifier_files",
    "unbiased_rate": "draws",
}

__all__ = sorted(_HOMES)
__getattr__, __dir__ = lazy_names(__name__, _HOMES)
