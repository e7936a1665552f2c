"""Training of one model, with progress, cancel, checkpoints and resume."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..errors import BadRequest
from .collapses import collapse
from .data import as_traces, digest, split
from .plateau import Plateau
from .results import COLUMNS, Training
from .starts import Finished, Record, Start, State
from .tracking import Tracker, tracked

SAMPLE = 500
"""Validation traces on which a model is looked at for collapse."""


def fit(
    model: Any,
    traces: Any,
    *,
    validation: Any = 0.2,
    epochs: int = 20,
    batch_size: int = 100,
    learning_rate: float = 1e-3,
    seed: int = 0,
    loss: Any = None,
    plateau: Plateau | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
    resume: bool = True,
    progress: Callable[[Record], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
    track: bool | Tracker = True,
) -> Training:
    """Train a model on traces and give it the weights of its best epoch.

    Parameters
    ----------
    model
        From `adk.models.waveform_cae` or `waveform_vae`, or any Keras model that maps traces to traces.
    traces
        Shape (n, samples): an array, a lazy array, or a data set of kind "waveforms".
    validation
        Traces that are not trained on, or their share (drawn by `seed`).
    epochs, batch_size, learning_rate
        Adam's; the rate falls on a plateau.
    seed
        Of the order of the traces in each epoch and of the validation's draw.
    loss
        Of Keras; `sum_of_squares` by default.
    plateau
        When the learning rate is halved: `Plateau()` by default.
    checkpoint
        File that is rewritten after each epoch; a training that was killed goes on from there.
    resume
        False begins anew and overwrites the checkpoint.
    progress
        Told of each epoch: a dict with epoch, loss, val_loss, learning_rate, seconds.
    cancelled
        Asked before each batch; True ends the training with what there is. An interrupt of the kernel does
        the same.
    track
        Keep the run in MLflow (where it is installed), or a `Tracker` that says where.

    Returns
    -------
    Training
        ``.model``, ``.history``, ``.collapsed``, ``.notes``.

    Raises
    ------
    BadRequest
        Traces of another length than the model takes, with NaN, or a checkpoint of another training.
    TrainingFailed, OutOfMemory
        The loss became NaN at once; the device's memory does not hold one trace.
    """
    from ..models.losses import sum_of_squares
    from .keras_engine import compiled, train

    if epochs < 1 or batch_size < 1 or not learning_rate > 0:
        raise BadRequest(
            f"{epochs} epochs, batches of {batch_size}, learning rate {learning_rate}: give numbers above 0"
        )
    rows = as_traces(traces, getattr(model, "n_samples", None))
    held = None if np.isscalar(validation) else as_traces(validation, rows.shape[1])
    if held is None:
        rows, held = _held_out(rows, float(validation), seed)
    loss = loss or sum_of_squares
    # Without the epochs: more of them may be asked of the same training.
    settings = {
        "batch_size": batch_size,
        "learning_rate": learning_rate,
        "seed": seed,
        "plateau": repr(plateau or Plateau()),
        "loss": getattr(loss, "__name__", str(loss)),
        "weights": [list(w.shape) for w in model.weights],
        "data": [digest(rows), digest(held)],
    }
    key = hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()
    compiled(model, learning_rate, loss)
    stop = cancelled or (lambda: False)

    def work(state: State, after_epoch: AfterEpoch) -> str:
        return train(
            model,
            rows,
            held,
            state,
            epochs=epochs,
            seed=seed,
            after_epoch=after_epoch,
            cancelled=stop,
        )

    fresh = State(
        key,
        rate=learning_rate,
        batch_size=min(batch_size, len(rows)),
        plateau=replace(plateau or Plateau()),
    )
    done = one_start(model, fresh, work, seed, checkpoint, resume, progress)
    result = _result(model, done, seed, held, settings)
    tracked(track, result, {"kind": "fit", **settings, "epochs": epochs})
    return result


AfterEpoch = Callable[[Record, State], None]


def one_start(
    model: Any,
    fresh: State,
    work: Callable[[State, AfterEpoch], str],
    seed: int,
    checkpoint: str | os.PathLike[str] | None,
    resume: bool,
    progress: Callable[[Record], None] | None,
) -> Finished:
    """Train a compiled model once, from its checkpoint where there is one, and give it its best weights.

    Parameters
    ----------
    model
        Compiled.
    fresh
        What to begin with where there is no checkpoint; its key says whose checkpoint it must be.
    work
        Trains from a state, tells of each epoch, and gives ``"finished"`` or ``"cancelled"``. An interrupt of
        the kernel is the latter.
    seed, checkpoint, resume, progress
        As of `fit`.
    """
    path = None if checkpoint is None else Path(checkpoint)
    state = (State.load(path, fresh.key) if path is not None and resume else None) or fresh
    told = progress or (lambda _record: None)
    for record in state.history:
        told(record)

    def after_epoch(record: Record, state: State) -> None:
        state.keep(path)
        told(record)

    try:
        stopped = work(state, after_epoch)
    except KeyboardInterrupt:
        stopped = "cancelled"
    model.set_weights(state.best_weights)
    return Finished(
        Start(0, 0, seed, []),
        state.best_weights,
        state.best_loss,
        state.best_epoch,
        state.history,
        state.notes,
        stopped,
    )


def _held_out(rows: Any, share: float, seed: int) -> tuple[Any, Any]:
    count = round(len(rows) * share)
    if not 0 < share < 1 or count < 1 or count >= len(rows):
        raise BadRequest(
            f"a validation share of {share:g} of {len(rows)} traces leaves nothing on one side: give "
            "more traces, or validation traces of their own"
        )
    training, held = split(len(rows), (len(rows) - count, count), seed)
    return rows[training], rows[held]


def _result(model: Any, done: Finished, seed: int, held: Any, settings: dict[str, Any]) -> Training:
    reason, dead = look(model, held)
    notes = list(done.notes)
    if dead and not reason:
        notes.append(
            f"dead latents: {', '.join(f'z{i}' for i in dead)} have one value for all traces"
        )
    facts = {"data": settings["data"][0], "engine": "keras"}
    history = pd.DataFrame(done.history, columns=COLUMNS)
    starts = table_of(done, seed, reason)
    return Training(model, history, starts, (0, 0), done.stopped, notes, facts)


def table_of(done: Finished, seed: int, collapsed: str) -> pd.DataFrame:
    """Give `Training.starts` of one start, and why it collapsed, or nothing."""
    row = {"round": 0, "start": 0, "seed": seed, "val_loss": done.val_loss, "epoch": done.epoch}
    return pd.DataFrame([{**row, "collapsed": collapsed}])


def look(model: Any, traces: Any) -> tuple[str, list[int]]:
    """Give why a model has collapsed, or nothing, and its dead latents, from some traces."""
    if not hasattr(model, "encoder") or len(traces) < 2:
        return "", []
    some = traces[:SAMPLE]
    z = model.encoder.predict(some, batch_size=100, verbose=0)
    return collapse(z, model.decoder.predict(z, batch_size=100, verbose=0), some)
