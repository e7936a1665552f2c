"""Efficiency against amplitude, with binomial intervals and the error function that fits it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import minimize
from scipy.special import erf

from ..errors import BadRequest
from .rates import wilson


@dataclass(frozen=True, eq=False)
class Efficiency:
    """Share of signals that were tagged, by amplitude.

    Parameters
    ----------
    table
        One row a bin: ``low``, ``high`` (amplitudes), ``centre`` (geometric), ``total``, ``tagged``,
        ``efficiency``, and the limits ``lower`` and ``upper`` of its interval.
    midpoint, midpoint_error
        Amplitude at which half of the signals are found, and its standard error (a factor: 0.02 is 2 %).
    width
        The fitted curve's width in decades, sigma of ``0.5 + 0.5 erf((log10(A) - mu) / sigma)``.
    floor
        Share that is tagged without being found: false positives, which the smallest pulses show alone.
    note
        Why there is no fit, or nothing.
    """

    table: pd.DataFrame
    midpoint: float
    midpoint_error: float
    width: float
    floor: float = 0.0
    note: str = ""

    def curve(self, amplitudes: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Give the fitted efficiency at some amplitudes; NaN without a fit."""
        values = np.log10(np.asarray(amplitudes, float))
        found = 0.5 + 0.5 * erf((values - np.log10(self.midpoint)) / self.width)
        return self.floor + (1 - self.floor) * found

    def amplitude_at(self, efficiency: float) -> float:
        """Give the amplitude at which the fitted curve has an efficiency, such as 0.99."""
        from scipy.special import erfinv

        found = (efficiency - self.floor) / (1 - self.floor)
        return float(self.midpoint * 10 ** (self.width * erfinv(2 * found - 1)))


def efficiency(
    scores: npt.ArrayLike,
    amplitudes: npt.ArrayLike,
    threshold: float | None = None,
    *,
    bin_width: float = 0.1,
    confidence: float = 0.6827,
) -> Efficiency:
    """Give the share of tagged signals in bins of log10(amplitude), and the curve that fits it.

    Parameters
    ----------
    scores
        Shape (n,): booleans (tagged or not), or scores that are tagged above `threshold`.
    amplitudes
        True amplitude of each signal, above 0; others (noise) are left out. Shape (n,).
    threshold
        Of the scores; not for booleans.
    bin_width
        In decades.
    confidence
        Of the binomial intervals (Wilson); one standard deviation by default.

    Returns
    -------
    Efficiency
        The fit is the maximum of the binomial likelihood of all signals, not of the bins.

    Raises
    ------
    BadRequest
        Arrays of different lengths, scores without a threshold, or no signal.
    """
    flags, amplitude = np.asarray(scores), np.asarray(amplitudes, dtype=np.float64)
    if flags.shape != amplitude.shape or flags.ndim != 1:
        raise BadRequest(
            f"scores of shape {flags.shape} for amplitudes of shape {amplitude.shape}: give one "
            "score for each amplitude"
        )
    if flags.dtype != bool:
        if threshold is None:
            raise BadRequest("scores need a threshold: signals are tagged above it")
        flags = flags > threshold
    signal = amplitude > 0
    if not signal.any():
        raise BadRequest("there is no signal among the amplitudes: all are zero or below")
    flags, decade = flags[signal], np.log10(amplitude[signal])
    first = np.floor(decade.min() / bin_width + 1e-9)
    number = np.floor(decade / bin_width + 1e-9).astype(np.int64) - int(first)
    total = np.bincount(number)
    tagged = np.bincount(number, weights=flags)[: len(total)].astype(np.int64)
    low = 10 ** ((first + np.arange(len(total))) * bin_width)
    lower, upper = wilson(tagged, total, confidence)
    table = pd.DataFrame(
        {
            "low": low,
            "high": low * 10**bin_width,
            "centre": low * 10 ** (bin_width / 2),
            "total": total,
            "tagged": tagged,
            "efficiency": tagged / np.maximum(total, 1),
            "lower": lower,
            "upper": upper,
        }
    )
    return Efficiency(table[total > 0].reset_index(drop=True), *_fit(decade, flags))


def _fit(
    decade: npt.NDArray[np.float64], tagged: npt.NDArray[np.bool_]
) -> tuple[float, float, float, float, str]:
    nothing = float("nan"), float("nan"), float("nan"), float("nan")
    if tagged.all() or not tagged.any():
        which = "all" if tagged.all() else "none"
        return *nothing, f"{which} of the signals are tagged: no amplitude is at 50 %"

    def surprise(parameters: npt.NDArray[np.float64]) -> float:
        mu, log_sigma, floor = parameters
        if not 0 <= floor < 0.5:
            return float("inf")
        found = 0.5 + 0.5 * erf((decade - mu) / np.exp(log_sigma))
        share = np.clip(floor + (1 - floor) * found, 1e-6, 1 - 1e-6)
        return float(-np.sum(np.where(tagged, np.log(share), np.log1p(-share))))

    # The published start of the fit, and the middle of the data.
    starts = [(-2.25, np.log(0.15), 0.01), (float(np.median(decade)), np.log(0.3), 0.01)]
    options = {"xatol": 1e-6, "fatol": 1e-8, "maxiter": 2000}
    best = min(
        (minimize(surprise, start, method="Nelder-Mead", options=options) for start in starts),
        key=lambda result: float(result.fun),
    )
    mu, sigma, floor = float(best.x[0]), float(np.exp(best.x[1])), float(best.x[2])
    rises = decade.min() - 1 < mu < decade.max() + 1
    level = tagged.mean()
    flat = -len(tagged) * (level * np.log(level) + (1 - level) * np.log1p(-level))
    if not rises or best.fun > flat - 2:
        return *nothing, "the efficiency does not rise with the amplitude: no curve fits it"
    step = max(1e-3, 0.02 * sigma)
    above, below = (
        surprise(best.x + np.array([step, 0, 0])),
        surprise(best.x - np.array([step, 0, 0])),
    )
    curvature = (above - 2 * best.fun + below) / step**2
    error = float(np.log(10) / np.sqrt(curvature)) if curvature > 0 else float("nan")
    return float(10**mu), error, sigma, floor, ""
