"""Whether a trained autoencoder is alive."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

SAME_LOSS = 1e-5
"""Two starts of different seeds never agree to this share of their losses, unless both gave up."""


def collapse(
    z: npt.ArrayLike, reconstruction: npt.ArrayLike, traces: npt.ArrayLike
) -> tuple[str, list[int]]:
    """Give why a model has collapsed, or nothing; and which of its latents are dead.

    Parameters
    ----------
    z
        Latents of some traces, shape (n, z).
    reconstruction, traces
        Shape (n, samples). The traces must differ from each other.

    Returns
    -------
    reason : str
        Empty for a living model. A model whose latents are all the same for all traces, or whose
        reconstruction is, has collapsed, however low its loss.
    dead : list of int
        Latents that have one value for all traces.
    """
    latents, made = np.asarray(z, np.float64), np.asarray(reconstruction, np.float64)
    truth = np.asarray(traces, np.float64).reshape(made.shape)
    if not (np.isfinite(latents).all() and np.isfinite(made).all()):
        return "its latents or reconstructions are NaN", []
    spread = latents.std(axis=0)
    dead = np.flatnonzero(spread <= 1e-6 * (1 + np.abs(latents).max(axis=0, initial=0)))
    if len(dead) == latents.shape[1]:
        return "all its latents have one value for all traces", dead.tolist()
    varied = np.sqrt(truth.var(axis=0).sum())
    if np.sqrt(made.var(axis=0).sum()) <= 1e-3 * varied:
        return "it reconstructs all traces alike", dead.tolist()
    return "", dead.tolist()


def same_losses(losses: Sequence[float]) -> list[bool]:
    """Tell of each start whether another one ended with the same loss, which living ones never do."""
    values = np.asarray(losses, np.float64)
    away = np.abs(values[:, None] - values[None, :])
    close = away <= SAME_LOSS * np.abs(values)[:, None]
    np.fill_diagonal(close, False)
    return [bool(flag) for flag in close.any(axis=1)]
