"""Blocks that measure masks, detectors and scores of anomalies."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..pipeline import Work, block
from .step_help import given, working


@block(stage="evaluate", outputs=("table",))
def mask_scores(
    truth: Any,
    predicted: Any,
    *,
    events: list[str] | None = None,
    thresholds: list[float] = [0.3, 0.5, 0.7],  # noqa: B006
    pixel_area: float | None = None,
    work: Work | None = None,
) -> Any:
    """Compare masks with what is true: IoU, Dice, precision, recall.

    Parameters
    ----------
    truth, predicted
        Shape (rows, columns) or (n, rows, columns): masks, and masks or probabilities.
    events, thresholds
        As of `adk.processing.scores.scores`.
    pixel_area
        In m².

    Returns
    -------
    pandas.DataFrame
        A row an event and threshold, and those of ``"all"``.
    """
    from ..processing.scores import scores

    table = scores(truth, predicted, events, thresholds, pixel_area).reset_index(drop=True)
    best = table[table.event == "all"].sort_values("iou").iloc[-1]
    names = ("iou", "dice", "precision", "recall")
    working(work).metrics({name: best[name] for name in names if np.isfinite(best[name])})
    return table


@block(stage="evaluate", outputs=("table",))
def compare_detectors(
    noise: Any,
    fresh: Any,
    signals: Any,
    truth: Any,
    model: Any = None,
    *,
    amplitude: str = "amplitude",
    false_positive_rate: float = 0.01,
    confidence: float = 0.95,
    window: int = 256,
    random_encoder: bool = True,
    seed: int = 0,
) -> Any:
    """Compare the garage of an encoder with detectors that need no training.

    Parameters
    ----------
    noise
        Noise-only traces that the detectors are made with.
    fresh
        Others, which set the thresholds and count the false positives.
    signals
        Traces with a signal.
    truth
        Table with their amplitudes, of which there are few different ones.
    model
        An autoencoder; none compares the others.
    amplitude
        Column of `truth`.
    false_positive_rate, confidence, window, random_encoder, seed
        As of `adk.latent.compare` and `adk.latent.detectors`.

    Returns
    -------
    pandas.DataFrame
        A row a detector and amplitude, 0 for the noise.
    """
    from ..latent import compare, detectors

    heights = truth[amplitude].to_numpy(np.float64)
    traces = np.asarray(getattr(signals, "array", signals))
    groups = {float(one): traces[heights == one] for one in np.unique(heights) if one > 0}
    options = {"window": window, "random_encoder": random_encoder, "seed": seed}
    found = detectors(noise, model, **options)
    return compare(found, fresh, groups, false_positive_rate, confidence)


@block(stage="evaluate", outputs=("table",))
def compare_scores(
    latents: Any,
    truth: Any,
    reference: Any = None,
    *,
    column: str,
    names: list[str] | None = None,
    recall_at: list[int] = [50, 100],  # noqa: B006
    seed: int = 0,
) -> Any:
    """Tell what scores of anomalies are worth where the truth is known.

    Parameters
    ----------
    latents
        Latents, or an array of shape (n, d).
    truth
        Table with a row an event.
    reference
        Latents that are known to be usual.
    column
        Of `truth`: true, or above 0, for anomalies.
    names, recall_at, seed
        As of `adk.latent.scores.compare_scores`.

    Returns
    -------
    pandas.DataFrame
        A row a score.
    """
    from ..latent.scores import compare_scores as compared

    is_anomaly = truth[column].to_numpy() > 0
    options = given(names=names, reference=reference)
    table = compared(latents, is_anomaly, recall_at=recall_at, seed=seed, **options)
    # No two runs take the same time, and what is kept must be the same.
    return table.drop(columns="seconds")
