"""How anomalous each latent is: scores by name, their calibration, and what they are worth."""

from __future__ import annotations

from ...lazy_names import lazy_names

_HOMES = {
    "Calibration": "calibrations",
    "Evaluation": "evaluations",
    "Interval": "evaluations",
    "calibrate": "calibrations",
    "compare_scores": "score_tables",
    "evaluate": "evaluations",
    "names": "registry",
    "score": "registry",
}

__all__ = sorted(_HOMES)
__getattr__, __dir__ = lazy_names(__name__, _HOMES)
