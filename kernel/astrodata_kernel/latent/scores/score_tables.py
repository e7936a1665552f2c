"""Scores beside each other and beside the simplest ones."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..latents import Latents
from .evaluations import Evaluation, evaluate
from .registry import has_option, score

_USUAL = ("default", "mahalanobis", "knn", "lof", "isolation_forest", "kde", "hbos", "ecod")


def compare_scores(
    z: Any,
    truth: npt.ArrayLike,
    names: Sequence[str] | None = None,
    *,
    reference: Any = None,
    options: Mapping[str, Mapping[str, Any]] | None = None,
    recall_at: Sequence[int] = (50, 100),
    seed: int = 0,
) -> pd.DataFrame:
    """Give what scores are worth, beside the distance from the mean and a random order.

    Parameters
    ----------
    z
        Latents or an array, shape (n, d).
    truth
        Which points are anomalies, shape (n,).
    names
        Of the scores; by default all that need nothing but latents.
    reference
        Points to be fitted on, shape (m, d); the points themselves by default.
    options
        Of the scores, by name.
    recall_at
        Numbers of points that somebody would look at.
    seed
        Of the random order, the bootstrap and the scores that have one.

    Returns
    -------
    DataFrame
        One row a score, the baselines last: score, roc_auc, average_precision and recall_at_k with the ends
        of their 95 % intervals (``..._low``, ``..._high``), seconds, left_out.
    """
    latents = Latents.of(z)
    given = dict(options or {})
    rows = []
    for name in _USUAL if names is None else names:
        start = time.perf_counter()
        seeded = {"seed": seed} if has_option(name, "seed") else {}
        found = score(name, latents, reference, **{**seeded, **given.get(name, {})})
        seconds = time.perf_counter() - start
        rows.append(_row(name, evaluate(truth, found, recall_at=recall_at, seed=seed), seconds))
    for name, found in _baselines(latents, reference, seed).items():
        rows.append(
            _row(name, evaluate(truth, found, recall_at=recall_at, seed=seed), float("nan"))
        )
    return pd.DataFrame(rows)


def _baselines(latents: Latents, reference: Any, seed: int) -> dict[str, npt.NDArray[np.float64]]:
    fitted = latents if reference is None else Latents.of(reference)
    centre = fitted.z[fitted.finite].mean(axis=0, dtype=np.float64)
    random = np.random.default_rng(seed).random(len(latents))
    with np.errstate(invalid="ignore"):
        away = np.linalg.norm(latents.z - centre, axis=1)
    bad = ~latents.finite
    return {
        "distance from the mean": np.where(bad, np.nan, away),
        "random": np.where(bad, np.nan, random),
    }


def _row(name: str, found: Evaluation, seconds: float) -> dict[str, Any]:
    row: dict[str, Any] = {"score": name}
    parts = {"roc_auc": found.roc_auc, "average_precision": found.average_precision}
    parts |= {f"recall_at_{k}": one for k, one in found.recall_at.items()}
    for label, one in parts.items():
        row |= {label: one.value, f"{label}_low": one.low, f"{label}_high": one.high}
    return row | {"seconds": seconds, "left_out": found.left_out}
