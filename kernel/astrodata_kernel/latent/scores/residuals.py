"""Scores that need more than latents: reconstruction errors, and what an ensemble disagrees about."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from ...errors import BadRequest
from .points import Array, Points, Scores

_CHUNK = 2048
_REFITS, _KEPT = 4, 0.75  # the points that members disagree about must not turn the axes


def reconstruction(points: Points, traces: Any = None, model: Any = None) -> Scores:
    """Give the mean square of what a model does not rebuild of each event.

    `traces` are the events, shape (n, ...), `model` a Keras autoencoder or a function from events to events.
    """
    if traces is None or model is None:
        raise BadRequest(
            'the score "reconstruction" needs traces= (the events) and model= (the autoencoder)'
        )
    rebuild = _rebuilder(model)
    out = np.empty(points.total)
    for rows, events in _chunks(traces, points.total):
        out[rows] = _mean_square(_same_shape(rebuild(events), events) - events)
    return out[points.rows]


def ensemble(
    points: Points, members: Sequence[Any] | None = None, traces: Any = None, align: bool = True
) -> Scores:
    """Give how much networks that were trained alike but for their seed disagree about each event.

    Members are models (with ``traces=``: what each rebuilds), latents of shape (n, d_i), or scores of shape
    (n,). Latents of different trainings have axes of their own: with `align`, an affine map of least squares,
    fitted on the three quarters that agree best, brings each onto `z`. Scores are compared by rank.
    """
    if members is None or len(members) < 2:
        raise BadRequest(
            'the score "ensemble" needs members=: at least two models, latents or scores'
        )
    if all(callable(one) or hasattr(one, "predict") for one in members):
        return _of_models(points, members, traces)
    arrays = [np.asarray(one, dtype=np.float64) for one in members]
    if any(len(one) != points.total for one in arrays):
        raise BadRequest(
            f"members of shapes {', '.join(str(one.shape) for one in arrays)}: each has one row for each of "
            f"the {points.total:,} points"
        )
    arrays = [one[points.rows] for one in arrays]
    if all(one.ndim == 1 for one in arrays):
        arrays = [_ranks(one)[:, None] for one in arrays]
    elif align:
        arrays = [_aligned(one.reshape(len(one), -1), points.z) for one in arrays]
    elif len({one.shape for one in arrays}) > 1:
        raise BadRequest("members of different widths are compared with align=True only")
    mean = sum(arrays) / len(arrays)
    return np.asarray(np.sqrt(sum(_mean_square(one - mean) for one in arrays) / len(arrays)))


def _of_models(points: Points, members: Sequence[Any], traces: Any) -> Scores:
    if traces is None:
        raise BadRequest("an ensemble of models needs traces=, the events that they rebuild")
    workers = [_rebuilder(one) for one in members]
    out = np.empty(points.total)
    for rows, events in _chunks(traces, points.total):
        made = np.stack(
            [np.asarray(work(events), np.float64).reshape(len(events), -1) for work in workers]
        )
        out[rows] = np.sqrt(made.var(axis=0).mean(axis=1))
    return out[points.rows]


def _aligned(member: Array, onto: Array) -> Array:
    good = np.isfinite(member).all(axis=1)
    design = np.column_stack([member, np.ones(len(member))])
    target = onto.astype(np.float64)
    for _ in range(_REFITS):
        turn, *_ = np.linalg.lstsq(design[good], target[good], rcond=None)
        away = _mean_square(design @ turn - target)
        good = away <= np.nanquantile(away, _KEPT)
    return np.asarray(design @ turn)


def _ranks(scores: Array) -> Array:
    from scipy.stats import rankdata

    return np.asarray(rankdata(scores, nan_policy="omit") / max(1, len(scores)))


def _rebuilder(model: Any) -> Callable[[Array], Any]:
    if hasattr(model, "predict"):
        return lambda events: model.predict(events, verbose=0)
    if callable(model):
        return model  # type: ignore[no-any-return]
    raise BadRequest(f"a {type(model).__name__} rebuilds nothing: give a Keras model or a function")


def _chunks(traces: Any, total: int) -> Iterator[tuple[slice, Array]]:
    from ...processing.events import events_of

    source = events_of(traces).source
    if len(source) != total:
        raise BadRequest(f"{len(source):,} events for {total:,} points: give the event of each")
    for start in range(0, total, _CHUNK):
        rows = slice(start, min(start + _CHUNK, total))
        part = source.iloc[rows] if hasattr(source, "iloc") else source[rows]
        yield rows, np.ascontiguousarray(part, dtype=np.float32)


def _same_shape(made: Any, events: Array) -> Array:
    found = np.asarray(made, dtype=np.float64)
    if found.size != events.size or len(found) != len(events):
        raise BadRequest(
            f"the model gave an array of shape {found.shape} for events of {events.shape}"
        )
    return found.reshape(events.shape)


def _mean_square(away: Array) -> Array:
    return np.asarray(np.square(away.reshape(len(away), -1)).mean(axis=1))
