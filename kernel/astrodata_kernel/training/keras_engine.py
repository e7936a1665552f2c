"""Training with Keras, one model after another, on whichever backend is there."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import OutOfMemory, TrainingFailed
from ..models.backend import keras_with_backend, on_gpu, out_of_memory
from ..models.losses import sum_of_squares
from .data import order_of
from .starts import Finished, Job, Record, Start, State

keras = keras_with_backend()

Traces = npt.NDArray[np.float32]


def compiled(
    model: Any, learning_rate: float, loss: Any = sum_of_squares, metrics: Any = None
) -> Any:
    """Give the model, ready to train: Adam, and the sum of squares of each trace as its loss."""
    # XLA is slower than oneDNN for this network on a CPU (research: 13.5 against 8.7 CPU-s an epoch).
    on_cpu = keras.backend.backend() == "tensorflow" and not on_gpu()
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate),
        loss=loss,
        metrics=metrics,
        jit_compile=False if on_cpu else "auto",
    )
    model.optimizer.build(model.trainable_variables)
    return model


def train(
    model: Any,
    train_traces: Traces,
    validation: Traces,
    state: State,
    *,
    epochs: int,
    seed: int,
    identity: tuple[int, int] = (0, 0),
    after_epoch: Callable[[Record, State], None],
    cancelled: Callable[[], bool],
) -> str:
    """Train a compiled model from a state, which is brought up to date after each epoch.

    Returns
    -------
    str
        ``"finished"`` or ``"cancelled"``; the state holds the last whole epoch either way.

    Raises
    ------
    TrainingFailed
        The loss became NaN in the first epoch.
    OutOfMemory
        The device's memory does not hold one trace at a time.
    """

    def epoch() -> Epoch | None:
        loss = _one_epoch(model, train_traces, state, seed, cancelled)
        if loss is None:
            return None
        held = model.evaluate(validation, validation, batch_size=state.batch_size, verbose=0)
        return loss, float(held), {}

    return run_epochs(
        model,
        state,
        epoch,
        epochs=epochs,
        identity=identity,
        after_epoch=after_epoch,
        hint="normalise the traces (adk.processing.waveforms.normalise)",
    )


Epoch = tuple[float, float, dict[str, float]]
"""Loss, validation loss, and what else is told of an epoch."""


def run_epochs(
    model: Any,
    state: State,
    epoch: Callable[[], Epoch | None],
    *,
    epochs: int,
    identity: tuple[int, int] = (0, 0),
    after_epoch: Callable[[Record, State], None],
    hint: str,
    what: str = "trace",
) -> str:
    """Train a compiled model from a state, epoch by epoch; a batch that does not fit the memory is halved.

    Parameters
    ----------
    model, state, epochs, identity, after_epoch
        As of `train`.
    epoch
        Trains one epoch, by ``state.epoch`` and ``state.batch_size``, and tells of it; None gives it up.
    hint
        What to do about a loss that is NaN from the start.
    what
        One of a batch is called.

    Returns
    -------
    str
        As of `train`, which raises the same.
    """
    if not state.weights:
        # What a first epoch that is given up goes back to.
        state.weights = _arrays(model.weights)
        state.optimizer = _arrays(model.optimizer.variables)
    restore(model, state)
    if not state.best_weights:
        state.best_weights = _arrays(model.weights)
    while state.epoch < epochs:
        started = time.perf_counter()
        try:
            told = epoch()
            if told is None:
                restore(model, state)  # the part of an epoch is given up
                return "cancelled"
        except Exception as error:
            if not out_of_memory(error):
                raise
            _halve(state, error, what)
            restore(model, state)
            continue
        loss, val_loss, more = told
        if not np.isfinite(loss) and not state.history:
            raise TrainingFailed(
                f"the loss became NaN in the first epoch: {hint} or lower the learning rate"
            )
        seconds = time.perf_counter() - started
        state.close_epoch(identity, loss, val_loss, seconds, _arrays(model.weights), more)
        model.optimizer.learning_rate.assign(state.rate)
        state.optimizer = _arrays(model.optimizer.variables)
        after_epoch(state.history[-1], state)
    return "finished"


def _one_epoch(
    model: Any, traces: Traces, state: State, seed: int, cancelled: Callable[[], bool]
) -> float | None:
    order = order_of(seed, state.epoch, len(traces))
    total = 0.0
    for start in range(0, len(order), state.batch_size):
        if cancelled():
            return None
        batch = traces[order[start : start + state.batch_size]]
        # Each batch for itself: what Keras keeps from one call to the next differs between backends.
        model.reset_metrics()
        total += len(batch) * float(model.train_on_batch(batch, batch, return_dict=True)["loss"])
    return total / len(order)


def _halve(state: State, error: Exception, what: str) -> None:
    if state.batch_size == 1:
        raise OutOfMemory(
            f"the device's memory does not hold the network for one {what}: free it (restart other "
            "kernels) or train on the CPU"
        ) from error
    state.batch_size //= 2
    state.notes.append(
        f"the device's memory was too small: batches of {state.batch_size} from epoch {state.epoch} on"
    )


def restore(model: Any, state: State) -> None:
    """Give a model and its optimizer the values of a state."""
    if state.weights:
        for variable, value in zip(model.weights, state.weights, strict=True):
            variable.assign(value)
    if state.optimizer:
        for variable, value in zip(model.optimizer.variables, state.optimizer, strict=True):
            variable.assign(value)
    model.optimizer.learning_rate.assign(state.rate)


def _arrays(variables: Any) -> list[Any]:
    return [np.array(keras.ops.convert_to_numpy(variable)) for variable in variables]


class KerasEngine:
    """Trains starts one after another in this process."""

    name = "keras"

    def run(
        self,
        job: Job,
        report: Callable[[Record], None],
        cancelled: Callable[[], bool],
    ) -> list[Finished]:
        """Give each start's end; those that were not begun when it was cancelled are left out."""
        from ..models.cae import WaveformAutoencoder

        finished = []
        model = compiled(WaveformAutoencoder.from_config(job.architecture), job.learning_rate)
        zeros = _arrays(model.optimizer.variables)
        for start in job.starts:
            if cancelled():
                break
            finished.append(train_start(model, zeros, job, start, report, cancelled))
        return finished


def train_start(
    model: Any,
    zeros: list[Any],
    job: Job,
    start: Start,
    report: Callable[[Record], None],
    cancelled: Callable[[], bool],
) -> Finished:
    """Train one start of a job with a compiled model, whose optimizer begins with `zeros`."""
    state = job.state(start, list(zeros))
    for record in state.history:
        report(record)

    def after_epoch(record: Record, state: State) -> None:
        state.keep(job.path(start))
        report(record)

    stopped = train(
        model,
        job.train,
        job.validation,
        state,
        epochs=job.epochs,
        seed=start.seed,
        identity=(start.round, start.number),
        after_epoch=after_epoch,
        cancelled=cancelled,
    )
    return Finished(
        start,
        state.best_weights,
        state.best_loss,
        state.best_epoch,
        state.history,
        state.notes,
        stopped,
    )
