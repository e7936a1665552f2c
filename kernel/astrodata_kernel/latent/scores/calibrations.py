"""Where to cut a score: the threshold that lets a wanted share of usual points through."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ...errors import BadRequest
from ..rates import Rate, rate


@dataclass(frozen=True, slots=True)
class Calibration:
    """A threshold of a score.

    Parameters
    ----------
    threshold
        Points above it are anomalous.
    rate
        Share of the reference above it, with its interval (Wilson).
    flagged
        Share of the points to be judged above it, with its interval.
    wanted
        False-positive rate that was asked for.
    left_out
        Reference points without a score.

    Examples
    --------
    >>> found = calibrate([0.5, 3.0], np.linspace(0, 1, 1000), 0.01)
    >>> found.above([0.5, 3.0]).tolist(), found.rate.count
    ([False, True], 10)
    """

    threshold: float
    rate: Rate
    flagged: Rate
    wanted: float
    left_out: int = 0

    def above(self, scores: npt.ArrayLike) -> npt.NDArray[np.bool_]:
        """Tell of each point whether its score is above the threshold; NaN is not."""
        return np.asarray(scores, dtype=np.float64) > self.threshold


def calibrate(
    scores: npt.ArrayLike, reference_scores: npt.ArrayLike, false_positive_rate: float = 0.01
) -> Calibration:
    """Give the threshold that at most a wanted share of usual points exceeds.

    Parameters
    ----------
    scores
        Of the points to be judged, shape (n,).
    reference_scores
        Of points that are known to be usual, best such that the score was not fitted on, shape (m,).
    false_positive_rate
        Wanted share of the reference above the threshold, above 0 and below 1.

    Returns
    -------
    Calibration

    Raises
    ------
    BadRequest
        A rate that is none, or too few reference points to tell it: at least 1 / rate are needed.
    """
    if not 0 < false_positive_rate < 1:
        raise BadRequest(f"a false-positive rate of {false_positive_rate}: give 0 < rate < 1")
    known = np.asarray(reference_scores, dtype=np.float64).ravel()
    finite = known[~np.isnan(known)]
    if len(finite) * false_positive_rate < 1:
        raise BadRequest(
            f"{len(finite)} reference points cannot tell a false-positive rate of "
            f"{false_positive_rate:g}: give at least {int(np.ceil(1 / false_positive_rate))}"
        )
    inside = int(np.ceil(len(finite) * (1 - false_positive_rate) - 1e-9))
    threshold = float(np.partition(finite, inside - 1)[inside - 1])
    judged = np.asarray(scores, dtype=np.float64).ravel()
    return Calibration(
        threshold,
        rate(finite > threshold),
        rate(judged[~np.isnan(judged)] > threshold),
        false_positive_rate,
        len(known) - len(finite),
    )
