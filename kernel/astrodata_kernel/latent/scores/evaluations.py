"""What a score is worth where the truth is known, with intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri
from scipy.stats import rankdata

from ...errors import BadRequest
from ..rates import wilson

Array = npt.NDArray[Any]
_CONFIDENCE = 0.95
_REPEATS, _MANY = 1000, 10_000


@dataclass(frozen=True, slots=True)
class Interval:
    """A number with its 95 % interval; NaN, and 0 to 1, where there is nothing to tell it from."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"

    def __float__(self) -> float:
        return self.value


@dataclass(frozen=True, slots=True)
class Evaluation:
    """How well a score finds anomalies.

    Parameters
    ----------
    roc_auc
        Probability that an anomaly scores above a usual point; the interval is DeLong's on the logit scale.
    average_precision
        Mean precision over the anomalies as they are found; the interval is bootstrapped.
    recall_at
        Share of the anomalies among the k highest scores, by k, with Wilson's interval.
    anomalies, points
        How many there are.
    left_out
        Points without a score, which count nowhere.

    Examples
    --------
    >>> found = evaluate([0, 0, 0, 1, 1], [0.1, 0.2, 0.7, 0.6, 0.9], recall_at=(2,))
    >>> round(found.roc_auc.value, 3), found.recall_at[2].value
    (0.833, 0.5)
    """

    roc_auc: Interval
    average_precision: Interval
    recall_at: dict[int, Interval]
    anomalies: int
    points: int
    left_out: int = 0

    def __str__(self) -> str:
        recalls = "".join(f", recall at {k} {found}" for k, found in self.recall_at.items())
        return f"ROC-AUC {self.roc_auc}, average precision {self.average_precision}{recalls}"


def evaluate(
    truth: npt.ArrayLike,
    scores: npt.ArrayLike,
    *,
    recall_at: Sequence[int] = (50, 100),
    seed: int = 0,
) -> Evaluation:
    """Give ROC-AUC, average precision and recall at k of scores, with 95 % intervals.

    Parameters
    ----------
    truth
        Which points are anomalies, shape (n,).
    scores
        Of the points, higher for anomalies, shape (n,). Points with NaN are left out and counted.
    recall_at
        Numbers of points that somebody would look at.
    seed
        Of the bootstrap, and of the order of points with equal scores.

    Returns
    -------
    Evaluation

    Raises
    ------
    BadRequest
        Arrays of different lengths, or a truth of something else than yes and no.
    """
    given = np.asarray(truth)
    values = np.asarray(scores, dtype=np.float64)
    if given.shape != values.shape or values.ndim != 1:
        raise BadRequest(
            f"truth of shape {given.shape} and scores of {values.shape}: give (n,) of both"
        )
    if given.dtype.kind not in "biuf" or not np.isin(given, (0, 1)).all():
        raise BadRequest("truth is True or 1 for anomalies, False or 0 for others")
    good = ~np.isnan(values)
    flags, values = given.astype(bool)[good], values[good]
    random = np.random.default_rng(seed)
    return Evaluation(
        _roc_auc(flags, values),
        _average_precision(flags, values, random),
        _recalls(flags, values, recall_at, random),
        int(flags.sum()),
        len(flags),
        int((~good).sum()),
    )


def _roc_auc(flags: Array, scores: Array) -> Interval:
    m, n = int(flags.sum()), int((~flags).sum())
    if not m or not n:
        return Interval(float("nan"), 0.0, 1.0)
    ranks = rankdata(scores)
    # Of each point, the share of the other class that it is on the right side of.
    above = (ranks[flags] - rankdata(scores[flags])) / n
    below = 1 - (ranks[~flags] - rankdata(scores[~flags])) / m
    area = float(above.mean())
    variance = (above.var(ddof=1) / m if m > 1 else 0.0) + (below.var(ddof=1) / n if n > 1 else 0.0)
    if variance <= 0 or min(m, n) < 2 or area in (0.0, 1.0):
        # No spread to tell it from: as a share of the smaller class.
        low, high = wilson(area * min(m, n), min(m, n), _CONFIDENCE)
        return Interval(area, float(low), float(high))
    half = ndtri(0.5 + _CONFIDENCE / 2) * np.sqrt(variance) / (area * (1 - area))
    logit = np.log(area / (1 - area))
    low, high = 1 / (1 + np.exp(-(logit + half * np.array([-1.0, 1.0]))))
    return Interval(area, float(low), float(high))


def _average_precision(flags: Array, scores: Array, random: np.random.Generator) -> Interval:
    m, n = int(flags.sum()), int((~flags).sum())
    if not m:
        return Interval(float("nan"), 0.0, 1.0)
    # All that counts of a usual point is between which two anomalies it lies: drawing points again is
    # drawing how many lie between each two.
    levels, hits = np.unique(scores[flags], return_counts=True)
    between = np.bincount(
        np.searchsorted(levels, scores[~flags], side="right"), minlength=len(levels) + 1
    )
    hits, between = hits[::-1], between[::-1]
    value = float(_precision(hits[None], between[None, :-1])[0])
    repeats = _REPEATS if len(levels) <= _MANY else _REPEATS // 10
    step = max(1, 10_000_000 // len(levels))
    drawn = []
    for start in range(0, repeats, step):
        count = min(step, repeats - start)
        some_hits = random.multinomial(m, hits / m, size=count)
        some = (
            random.multinomial(n, between / max(1, n), size=count)
            if n
            else np.zeros((count, 1), int)
        )
        drawn.append(_precision(some_hits, some[:, :-1] if n else np.zeros_like(some_hits)))
    low, high = np.quantile(np.concatenate(drawn), [0.5 - _CONFIDENCE / 2, 0.5 + _CONFIDENCE / 2])
    return Interval(value, float(min(low, value)), float(max(high, value)))


def _precision(hits: Array, misses: Array) -> Array:
    found, all_found = np.cumsum(hits, axis=1), np.cumsum(hits + misses, axis=1)
    return np.asarray((hits * found / np.maximum(all_found, 1)).sum(axis=1) / found[:, -1])


def _recalls(
    flags: Array, scores: Array, wanted: Sequence[int], random: np.random.Generator
) -> dict[int, Interval]:
    total = int(flags.sum())
    shuffled = random.permutation(len(scores))  # equal scores come in any order
    order = shuffled[np.argsort(-scores[shuffled], kind="stable")]
    found = {}
    for k in wanted:
        if k < 1:
            raise BadRequest(f"recall at {k}: give at least 1")
        hits = int(flags[order[:k]].sum())
        low, high = wilson(hits, total, _CONFIDENCE)
        value = hits / total if total else float("nan")
        found[int(k)] = Interval(value, float(low), float(high))
    return found
