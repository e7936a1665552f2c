"""Digitiser traces: made, cleaned, measured and reduced to what a screen can show.

Traces are arrays of shape (traces, samples); a lazy array or a Dask array of that shape does as well.
"""

from __future__ import annotations

from ...lazy_names import lazy_names

# Loaded when first asked for: SciPy and Numba take a second.
_HOMES = {
    "TRIM": "synthesis",
    "Periodogram": "spectra",
    "Pyramid": "envelopes",
    "Spectrum": "spectra",
    "Threshold": "detectors",
    "align": "alignment",
    "arrival": "alignment",
    "band_pass": "filters",
    "baseline": "baselines",
    "envelope": "envelopes",
    "features": "measures",
    "find_pulses": "pulses",
    "fit_length": "filters",
    "heat_map": "density",
    "integral_score": "detectors",
    "invert": "filters",
    "map_traces": "chunks",
    "matched_filter_score": "detectors",
    "moving_average": "filters",
    "moving_average_score": "detectors",
    "normalise": "filters",
    "notch": "filters",
    "peak_score": "detectors",
    "persistence": "density",
    "psd": "spectra",
    "pulse_template": "detectors",
    "resample": "filters",
    "subtract_baseline": "baselines",
    "synthesize": "synthesis",
    "threshold_at": "detectors",
    "to_dask": "chunks",
    "trim": "filters",
    "whiten": "spectra",
}

__all__ = sorted(_HOMES)
__getattr__, __dir__ = lazy_names(__name__, _HOMES)
