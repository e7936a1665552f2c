"""The random share of what is labelled, and the rate that it measures without bias."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import BadRequest
from ..latent.rates import Rate, rate
from .targets import Positive, classes_of, labels_of, relevance_of


def random_order(ids: npt.ArrayLike, seed: int = 0) -> npt.NDArray[np.int64]:
    """Give the row numbers of events in an order that is random, and the same for the same ids.

    The place of an event comes from its id and the seed alone. So it does not matter in which order the table
    is, what else is in it, or which model made the latents: every queue of a session goes on in one and the
    same draw.

    Parameters
    ----------
    ids
        Numbers or texts, shape (n,).
    seed
        Of the draw.

    Returns
    -------
    ndarray
        int64, shape (n,).

    Examples
    --------
    >>> ids = np.arange(100)
    >>> first = ids[random_order(ids, 7)][:5]
    >>> shuffled = ids[::-1]
    >>> bool((shuffled[random_order(shuffled, 7)][:5] == first).all())
    True
    """
    values = np.asarray(ids)
    if values.dtype.kind in "iu":
        keys = _mixed(values.astype(np.int64).view(np.uint64), seed)
    else:
        salt = str(seed).encode()
        keys = np.array(
            [
                int.from_bytes(hashlib.blake2b(str(v).encode(), digest_size=8, key=salt).digest())
                for v in values.tolist()
            ],
            np.uint64,
        )
    return np.argsort(keys, kind="stable").astype(np.int64)


def unbiased_rate(
    log: Any,
    queue: Any,
    *,
    positive: Positive = None,
    confidence: float = 0.95,
) -> Rate:
    """Give the share of what is looked for among all events, from the random share of the labels.

    Labels that were chosen by a score say nothing about the whole: they are where the anomalies are. The
    random rows of all queues with one seed are one draw, taken from its beginning. The rate counts that draw
    as far as it has labels without a gap, whatever strategy asked for each of them: it is a simple random
    sample of the events, and its interval is that of a sample. Events that were skipped are left out.

    Parameters
    ----------
    log
        A `LabelLog`, or label by id.
    queue
        Any queue of the session, whose events and seed tell the draw.
    positive
        What is looked for: a class, classes, or a number by class; by default that of the queue.
    confidence
        Of the interval, by Wilson's score.

    Returns
    -------
    Rate
        ``value`` is NaN where no random row has a label yet.
    """
    if not 0 < confidence < 1:
        raise BadRequest(f"a confidence of {confidence:g}: give a number between 0 and 1")
    labels = labels_of(log)
    relevance = relevance_of(
        labels.values(), queue.positive if positive is None else positive, classes_of(log)
    )
    drawn = drawn_labels(queue.random_ids, labels, skipped_of(log))
    return rate(np.array([relevance(label) > 0.5 for label in drawn], bool), confidence)


def drawn_labels(
    random_ids: npt.NDArray[Any], labels: Mapping[Any, Any], skipped: frozenset[Any] = frozenset()
) -> list[Any]:
    """Give the labels of a draw, from its beginning to the first event that has none."""
    drawn = []
    for ident in random_ids:
        ident = ident.item() if isinstance(ident, np.generic) else ident
        if ident in labels:
            drawn.append(labels[ident])
        elif ident not in skipped:
            break
    return drawn


def skipped_of(log: Any) -> frozenset[Any]:
    """Give the ids that were shown and skipped, none where there is only a mapping."""
    skipped = getattr(log, "skipped", None)
    if callable(skipped):
        skipped = skipped()
    return frozenset(skipped or ())


def _mixed(keys: npt.NDArray[np.uint64], seed: int) -> npt.NDArray[np.uint64]:
    # SplitMix64's finisher (Steele, Lea, Flood 2014): neighbouring ids get unrelated keys.
    salt = int.from_bytes(hashlib.blake2b(str(seed).encode(), digest_size=8).digest())
    mixed = keys ^ np.uint64(salt)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    return mixed ^ (mixed >> np.uint64(31))
