"""Fine-tuning of an encoder with labels: it goes on to rebuild traces, and learns to tell classes apart."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import BadRequest
from ..training.data import as_traces, digest, split
from ..training.fitting import fit, look
from ..training.results import Training
from ..training.tracking import Tracker, tracked
from .targets import labels_of, rows_of
from .weak import WeaklySupervised, weak_loss

SHARE, REPEATS = 0.25, 20
"""Labelled traces are repeated until they are this share of an epoch, this often at most."""


@dataclass(eq=False, repr=False)
class FineTuned(Training):
    """A fine-tuned autoencoder, with the head that its encoder was taught by.

    Parameters
    ----------
    head
        Keras model from latents to one logit for each class.
    classes
        Their names.
    """

    head: Any = None
    classes: tuple[str, ...] = field(default_factory=tuple)

    def probabilities(self, traces: Any, batch_size: int = 1000) -> npt.NDArray[np.float32]:
        """Give the probability of each class, shape (n, classes)."""
        rows = as_traces(traces, getattr(self.model, "n_samples", None))
        z = self.model.encoder.predict(rows, batch_size=batch_size, verbose=0)
        logits = self.head.predict(_latents(z), batch_size=batch_size, verbose=0)
        raised = np.exp(logits - logits.max(axis=1, keepdims=True))
        return np.asarray(raised / raised.sum(axis=1, keepdims=True))


def fine_tune(
    model: Any,
    traces: Any,
    log: Any = None,
    *,
    labels: Mapping[Any, Any] | None = None,
    ids: npt.ArrayLike | None = None,
    weight: float = 1.0,
    hidden: int = 16,
    validation: float = 0.2,
    epochs: int = 10,
    batch_size: int = 100,
    learning_rate: float = 3e-4,
    seed: int = 0,
    checkpoint: str | os.PathLike[str] | None = None,
    resume: bool = True,
    progress: Callable[[Any], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
    track: bool | Tracker = True,
) -> FineTuned:
    """Train an autoencoder further, so that its latents also tell labelled classes apart.

    The loss has two parts: the sum of squares of all traces, labelled or not, in units of what it was before;
    and the cross-entropy of a small head on the latents, for the labelled ones alone. Classes weigh the same
    however few events they have. The model that is given stays as it is.

    Parameters
    ----------
    model
        Of `adk.models`: with ``.encoder`` and ``.decoder``.
    traces
        Shape (n, samples): an array, a lazy array, or a data set of kind "waveforms".
    log, labels
        The labels: a `LabelLog`, or label by id; of several labels of one event the first counts.
    ids
        Of the traces; 0, 1, ... by default.
    weight
        Of the head's loss: 0 rebuilds only, at 1 both parts are alike at the beginning.
    hidden
        Width of the head's one hidden layer; 0 for none.
    validation
        Share of the traces, labelled and unlabelled, that is not trained on.
    epochs, batch_size, learning_rate, seed, checkpoint, resume, progress, cancelled, track
        As of `adk.training.fit`.

    Returns
    -------
    FineTuned
        A `Training` with ``.head``, ``.classes`` and ``.probabilities(traces)``; its ``.model`` is the
        autoencoder alone.

    Raises
    ------
    BadRequest
        Labels of less than two classes of two events each among the traces, or traces that do not fit.
    TrainingFailed, OutOfMemory
        As of `adk.training.fit`.
    """
    rows = as_traces(traces, getattr(model, "n_samples", None))
    names = np.arange(len(rows)) if ids is None else np.asarray(ids)
    if names.shape != (len(rows),):
        raise BadRequest(f"{names.size:,} ids for {len(rows):,} traces: give one for each")
    if weight < 0 or hidden < 0:
        raise BadRequest(
            f"weight {weight:g} and {hidden} hidden units: give numbers from 0 upwards"
        )
    known = labels_of(log, labels)
    numbers, classes = _classes(names, known)
    training, held = _parts(numbers, validation, seed)
    # In units of what the rebuilding costs before, and the telling by chance: at weight 1 both are alike.
    factor = weight * _loss_of(model, rows[held], batch_size) / np.log(len(classes))
    z = _latents(_encoder_of(model).predict(rows[training[:1000]], batch_size=100, verbose=0))
    whole = WeaklySupervised.of(
        model, rows.shape[1], len(classes), hidden, z.mean(axis=0), z.var(axis=0), seed
    )
    done = fit(
        whole,
        _with_labels(rows, numbers, training, factor, repeat=True),
        validation=_with_labels(rows, numbers, held, factor, repeat=False),
        epochs=epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        seed=seed,
        loss=weak_loss,
        checkpoint=checkpoint,
        resume=resume,
        progress=progress,
        cancelled=cancelled,
        track=False,
    )
    return _result(whole, done, rows, held, known, classes, weight, track)


def _result(
    whole: Any,
    done: Training,
    rows: Any,
    held: Any,
    known: Mapping[Any, Any],
    classes: tuple[str, ...],
    weight: float,
    track: bool | Tracker,
) -> FineTuned:
    model = whole.autoencoder
    reason, _ = look(model, rows[held])
    facts = {
        **done.facts,
        "data": digest(rows),
        "labels": _digest_of(known),
        "labelled": len(known),
        "classes": ", ".join(classes),
    }
    starts = done.starts.assign(collapsed=reason)
    made = FineTuned(
        model, done.history, starts, done.best, done.stopped, done.notes, facts,
        head=whole.head, classes=classes,
    )  # fmt: skip
    tracked(track, made, {"kind": "fine-tuning with labels", "weight": weight})
    return made


def _classes(ids: Any, known: Mapping[Any, Any]) -> tuple[Any, tuple[str, ...]]:
    rows = rows_of(ids, known)
    names = {row: _name(known[ident]) for ident, row in rows.items()}
    classes = tuple(sorted(set(names.values())))
    numbers = np.full(len(ids), -1)
    for row, name in names.items():
        numbers[row] = classes.index(name)
    if len(classes) < 2 or np.bincount(numbers[numbers >= 0]).min() < 2:
        raise BadRequest(
            f"{len(names):,} of the traces are labelled, in {len(classes)} classes: fine-tuning needs two "
            "classes of two events each at least"
        )
    return numbers, classes


def _name(label: Any) -> str:
    several = isinstance(label, list | tuple)
    return str(label[0] if several and len(label) else label)


def _parts(numbers: Any, share: float, seed: int) -> tuple[Any, Any]:
    """Give rows to train on and rows held out, each class and the unlabelled ones in the same proportion."""
    if not 0 < share < 1:
        raise BadRequest(f"a validation share of {share:g}: give a number between 0 and 1")
    parts = []
    for number in np.unique(numbers):
        rows = np.flatnonzero(numbers == number)
        if len(rows) < 2:
            parts.append((rows, rows[:0]))
            continue
        some = min(max(1, round(len(rows) * share)), len(rows) - 1)
        parts.append(tuple(rows[p] for p in split(len(rows), (len(rows) - some, some), seed)))
    training, held = (np.sort(np.concatenate(part)) for part in zip(*parts, strict=True))
    return training, held


def _with_labels(rows: Any, numbers: Any, part: Any, factor: float, *, repeat: bool) -> Any:
    """Give traces with three numbers behind each: its class, and its weight in either part of the loss."""
    of_part = numbers[part]
    labelled = int((of_part >= 0).sum())
    times = 1
    if repeat:
        others = len(part) - labelled
        times = int(np.clip(round(SHARE / (1 - SHARE) * others / labelled), 1, REPEATS))
    counts = np.where(of_part >= 0, times, 1)
    taken = np.repeat(part, counts)
    number = numbers[taken]
    # Rebuilt once each, however often it is there; and classes alike, so that their mean over all is 1.
    rebuild = np.where(number >= 0, 1 / times, 1.0)
    rebuild *= len(taken) / rebuild.sum()
    here = np.bincount(number[number >= 0])
    tell = np.zeros(len(taken))
    tell[number >= 0] = factor * len(taken) / (here > 0).sum() / here[number[number >= 0]]
    tail = np.column_stack([np.maximum(number, 0), tell, rebuild]).astype(np.float32)
    return np.concatenate([rows[taken], tail], axis=1)


def _encoder_of(model: Any) -> Any:
    if not hasattr(model, "encoder"):
        raise BadRequest("the model has no .encoder: give one of adk.models")
    return model.encoder


def _latents(z: Any) -> Any:
    # A variational encoder gives more than one array; the first are the means.
    return np.asarray(z[0] if isinstance(z, list | tuple) else z)


def _loss_of(model: Any, rows: Any, batch_size: int) -> float:
    made = np.asarray(model.predict(rows, batch_size=batch_size, verbose=0))
    found = float(np.mean(np.sum((made.reshape(rows.shape) - rows) ** 2, axis=1)))
    return found if np.isfinite(found) and found > 0 else 1.0


def _digest_of(known: Mapping[Any, Any]) -> str:
    found = hashlib.sha256()
    for ident, label in sorted(known.items(), key=lambda pair: str(pair[0])):
        found.update(f"{ident}\t{label}\n".encode())
    return found.hexdigest()
