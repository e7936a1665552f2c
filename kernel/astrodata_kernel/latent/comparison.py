"""The garage beside the honest baselines: the same noise, the same signals, the same false positives."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..errors import BadRequest
from .encoding import encode
from .garage import Garage
from .rates import rate

Score = Callable[[Any], npt.NDArray[np.float64]]


@dataclass(frozen=True)
class Detector:
    """Something that gives each trace a score; a signal has a high one.

    Parameters
    ----------
    name
        As tables and figures call it.
    score
        From traces, shape (n, samples), to scores, shape (n,).
    threshold
        Of its own; None sets it by the wanted share of false positives.
    """

    name: str
    score: Score
    threshold: float | None = None


def detectors(
    noise: Any,
    encoder: Any = None,
    *,
    template: npt.ArrayLike | None = None,
    window: int = 256,
    random_encoder: bool = True,
    seed: int = 0,
) -> list[Detector]:
    """Give the garage of an encoder and the baselines that need no training.

    Parameters
    ----------
    noise
        Noise-only traces, shape (n, samples): they give the garage, and the noise's power spectrum.
    encoder
        A trained encoder, or None for the baselines alone.
    template
        What the matched filters look for; the published mean pulse by default.
    window
        Of the moving average, in samples.
    random_encoder
        Add the garage of an untrained network of the same architecture: what training is worth.
    seed
        Of the untrained network.

    Returns
    -------
    list of Detector
        Garage (3 sigma), garage (calibrated), garage of the random encoder, peak cut, integral, moving
        average,
        matched filter, matched filter weighted by the noise's power spectrum.
    """
    from ..processing import waveforms

    source = np.asarray(getattr(noise, "array", noise))
    shape = waveforms.pulse_template(n_samples=source.shape[1]) if template is None else template
    spectrum = waveforms.psd(source, method="periodogram")
    found = [] if encoder is None else _garages(source, encoder, "garage")
    if encoder is not None and random_encoder and hasattr(encoder, "architecture"):
        untrained = _untrained(encoder, seed)
        found += _garages(source, untrained, "random encoder")[1:]
    return [
        *found,
        Detector("peak cut", waveforms.peak_score),
        Detector("integral", waveforms.integral_score),
        Detector("moving average", lambda x: waveforms.moving_average_score(x, window)),
        Detector("matched filter", lambda x: waveforms.matched_filter_score(x, shape)),
        Detector(
            "matched filter, PSD-weighted",
            lambda x: waveforms.matched_filter_score(x, shape, spectrum),
        ),
    ]


def _garages(noise: Any, encoder: Any, name: str) -> list[Detector]:
    garage = Garage.fit(encode(noise, encoder))

    def score(traces: Any) -> npt.NDArray[np.float64]:
        return garage.score(encode(traces, encoder))

    return [Detector(f"{name}, 3 sigma", score, 1.0), Detector(f"{name}, calibrated", score)]


def _untrained(encoder: Any, seed: int) -> Any:
    from ..models.cae import WaveformAutoencoder
    from ..models.weights import fresh_weights

    model = WaveformAutoencoder.from_config(encoder.architecture)
    model.set_weights(fresh_weights([w.shape for w in model.weights], seed))
    return model


def compare(
    found: Sequence[Detector],
    noise: Any,
    signals: Mapping[float, Any],
    false_positive_rate: float = 0.01,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Give the share of noise and of signals that each detector tags.

    Parameters
    ----------
    found
        From `detectors`, and one's own.
    noise
        Noise-only traces that no detector was made with: the first half sets the thresholds, the second
        counts the false positives.
    signals
        Traces by their amplitude.
    false_positive_rate
        That thresholds are set to.
    confidence
        Of the intervals (Wilson).

    Returns
    -------
    DataFrame
        One row a detector and amplitude (0 for the noise): detector, amplitude, rate, low, high, count,
        total, threshold.

    Raises
    ------
    BadRequest
        Too little noise to set the thresholds.
    """
    source = np.asarray(getattr(noise, "array", noise))
    half = len(source) // 2
    if half * false_positive_rate < 1:
        raise BadRequest(
            f"{len(source)} noise-only traces cannot set a false-positive rate of {false_positive_rate:g}: "
            f"give at least {int(np.ceil(2 / false_positive_rate))}"
        )
    rows = []
    for one in found:
        quiet = one.score(source)
        threshold = one.threshold
        if threshold is None:
            inside = int(np.ceil(half * (1 - false_positive_rate)))
            threshold = float(np.sort(quiet[:half])[inside - 1])
        scores = {0.0: quiet[half:]} | {a: one.score(traces) for a, traces in signals.items()}
        for amplitude, values in scores.items():
            share = rate(values > threshold, confidence)
            rows.append(
                {
                    "detector": one.name,
                    "amplitude": amplitude,
                    "rate": share.value,
                    "low": share.low,
                    "high": share.high,
                    "count": share.count,
                    "total": share.total,
                    "threshold": threshold,
                }
            )
    return pd.DataFrame(rows)
