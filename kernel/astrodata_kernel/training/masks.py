"""Training of networks that draw masks: batches by event, turned on the fly, IoU and Dice of each epoch."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..errors import BadRequest
from ..models.backend import keras_with_backend
from ..models.losses import dice_jaccard_crossentropy
from .fitting import AfterEpoch, one_start, table_of
from .keras_engine import Epoch, compiled, run_epochs
from .masks_data import Pairs, divided
from .plateau import Plateau
from .results import COLUMNS, Training
from .starts import Finished, Record, State
from .tracking import Tracker, tracked

keras = keras_with_backend()

SCORES = ["iou", "dice", "val_iou", "val_dice"]
"""Columns of the history beyond those of all trainings."""

_VALUES = 1 << 26  # pixels of the validation whose loss is taken together


def fit_masks(
    model: Any,
    images: Any,
    masks: Any = None,
    *,
    events: Sequence[str] | None = None,
    validation: Any = 0.3,
    epochs: int = 20,
    batch_size: int = 8,
    learning_rate: float = 1e-3,
    loss: Any = None,
    augment: bool = True,
    seed: int = 0,
    plateau: Plateau | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
    progress: Callable[[Record], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
    track: bool | Tracker = True,
    balanced: bool = False,
    resume: bool = True,
) -> Training:
    """Train a network that draws masks, and give it the weights of its best epoch.

    Parameters
    ----------
    model
        From `adk.models.convlstm_unet` or `plain_unet`, or any Keras model that maps images to probabilities
        of shape (n, rows, columns, 1).
    images
        A `PatchSet` with masks, whose scaling is applied; or images of shape (n, rows, columns, bands) or
        (n, dates, rows, columns, bands). What is lazy is read batch by batch.
    masks
        0 and 1, shape (n, rows, columns) or (n, rows, columns, 1); NaN, or 255 of bytes, where nothing was
        judged.
    events
        Event of each patch: no event is on both sides. A `PatchSet` brings its own.
    validation
        Share of the events that are not trained on, or a `PatchSet` or a pair (images, masks) of others,
        which get the scaling of the training's.
    epochs, batch_size, learning_rate
        Adam's; the rate falls on a plateau.
    loss
        Of Keras or `adk.models.losses`; `dice_jaccard_crossentropy` by default.
    augment
        Turn and mirror each image and its mask at random, in each epoch otherwise.
    seed
        Of the division by event, the order and the turns.
    plateau
        When the learning rate is halved: `Plateau()` by default.
    checkpoint
        File that is rewritten after each epoch; a training that was killed goes on from there.
    progress
        Told of each epoch: a dict with epoch, loss, val_loss, iou, dice, val_iou, val_dice, learning_rate,
        seconds. `Live(epochs)` shows them in a notebook, and how far the first epoch is.
    cancelled
        Asked before each batch; True ends the training with what there is. An interrupt of the kernel does
        the same.
    track
        Keep the run in MLflow (where it is installed), or a `Tracker` that says where.
    balanced
        Draw patches with and without burnt pixels equally often, in place of each once.
    resume
        False begins anew and overwrites the checkpoint.

    Returns
    -------
    Training
        ``.model``, ``.history`` with a row an epoch, ``.collapsed``, ``.notes``.

    Raises
    ------
    BadRequest
        Images, masks and model that do not fit, one event only, or a checkpoint of another training.
    TrainingFailed, OutOfMemory
        The loss became NaN at once; the device's memory does not hold one patch.

    Notes
    -----
    A pixel of which any band of any date is NaN, or whose mask tells nothing, counts nowhere: the network
    sees 0 for what is missing, and mask and probability are 0 there in loss, IoU and Dice. (In the mean of
    a cross-entropy it is one pixel more that is right.) Where a date is often under clouds, fill it first.

    IoU and Dice are those of all pixels of an epoch together, at a probability of 0.5; those of training are
    taken while the weights change. The validation loss is that of all its pixels together too.
    """
    if epochs < 1 or batch_size < 1 or not learning_rate > 0:
        raise BadRequest(
            f"{epochs} epochs, batches of {batch_size}, learning rate {learning_rate}: give numbers above 0"
        )
    training, held, notes = divided(images, masks, events, validation, seed)
    _fitting(model, training)
    loss = loss or dice_jaccard_crossentropy
    settings = {
        "batch_size": batch_size,
        "learning_rate": learning_rate,
        "seed": seed,
        "augment": augment,
        "balanced": balanced,
        "plateau": repr(plateau or Plateau()),
        "loss": getattr(loss, "__name__", str(loss)),
        "weights": [list(w.shape) for w in model.weights],
        "data": [training.digest(), held.digest()],
    }
    key = hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()
    counted = known_only(loss)
    compiled(model, learning_rate, counted, [hits, drawn, burnt])
    weights = training.weights() if balanced else None
    stop = cancelled or (lambda: False)
    during = getattr(progress, "during", None) or (lambda _epoch, _share, _loss: None)

    def work(state: State, after_epoch: AfterEpoch) -> str:
        def epoch() -> Epoch | None:
            batches = training.epoch(
                state.epoch, state.batch_size, seed=seed, augment=augment, weights=weights
            )
            told = _train(model, batches, len(training), state.epoch, stop, during)
            if told is None:
                return None
            mean, counts = told
            val_loss, val_counts = validated(model, held, counted, state.batch_size)
            scores = [*iou_and_dice(*counts), *iou_and_dice(*val_counts)]
            return mean, val_loss, dict(zip(SCORES, scores, strict=True))

        hint = "scale the bands to 0...1 (PatchSet.fit_scaling)"
        return run_epochs(
            model,
            state,
            epoch,
            epochs=epochs,
            after_epoch=after_epoch,
            hint=hint,
            what="patch",
        )

    fresh = State(
        key,
        rate=learning_rate,
        batch_size=min(batch_size, len(training)),
        plateau=replace(plateau or Plateau()),
    )
    done = one_start(model, fresh, work, seed, checkpoint, resume, progress)
    # As it can be saved, loaded and trained on by Keras alone.
    compiled(model, learning_rate, loss)
    result = _result(model, done, seed, notes, settings, (len(training), len(held)))
    told = {"kind": "fit_masks", **settings, "epochs": epochs}
    told["events"] = {"training": training.events, "validation": held.events}
    tracked(track, result, told, _beside(training, held))
    return result


def _beside(training: Pairs, held: Pairs) -> dict[str, str]:
    """Give the files that a run keeps beside its model: what the model is asked with, and of what it is."""
    events = {"training": training.events, "validation": held.events}
    files = {"events.json": json.dumps(events, indent=1, ensure_ascii=False) + "\n"}
    if training.scaling is not None:
        files["model.scaling.json"] = training.scaling.text
    return files


def _fitting(model: Any, pairs: Pairs) -> None:
    """Raise `BadRequest` where a model takes other images or gives no mask."""
    takes, gives = model.input_shape, model.output_shape
    shape = tuple(pairs.images.shape)
    if len(takes) != len(shape) or any(
        a not in (None, b) for a, b in zip(takes[1:], shape[1:], strict=True)
    ):
        raise BadRequest(
            f"the model takes images of {takes[1:]}, these are {shape[1:]}: build it for {shape[1:]}"
        )
    if len(gives) != 4 or gives[-1] != 1:
        raise BadRequest(
            f"the model gives {gives[1:]}: masks are (rows, columns, 1), a probability a pixel"
        )


def _train(
    model: Any,
    batches: Any,
    count: int,
    epoch: int,
    cancelled: Callable[[], bool],
    during: Callable[[int, float, float], None],
) -> tuple[float, npt.NDArray[np.float64]] | None:
    """Train one epoch; give its mean loss and counts of pixels, or None where it was given up."""
    total, done, counts = 0.0, 0, np.zeros(3)
    try:
        for images, truth in batches:
            if cancelled():
                return None
            # Each batch for itself: what Keras keeps from one call to the next differs between backends.
            model.reset_metrics()
            told = model.train_on_batch(images, truth, return_dict=True)
            done += len(images)
            total += len(images) * float(told["loss"])
            counts += [float(told[name]) for name in ("hits", "drawn", "burnt")]
            during(epoch, done / count, total / done)
    finally:
        batches.close()
    return total / done, counts


def validated(
    model: Any, pairs: Pairs, counted: Any, batch_size: int
) -> tuple[float, npt.NDArray[np.float64]]:
    """Give the loss of all pixels together and the counts of `iou_and_dice`, on pairs as they are.

    A loss of sums over small batches would depend on which patches are together, and one without any burnt
    pixel would cost as much as all of them wrong.
    """
    size = int(np.prod(pairs.images.shape[-3:-1]))
    total, done, counts = 0.0, 0, np.zeros(3)
    found: list[Any] = []
    truths: list[Any] = []
    for images, truth in pairs.plain(batch_size):
        found.append(np.asarray(model.predict_on_batch(images), np.float32))
        truths.append(truth)
        done += len(images)
        if size * sum(map(len, found)) >= _VALUES or done == len(pairs):
            p, y = np.concatenate(found), np.concatenate(truths)
            total += len(p) * float(keras.ops.mean(counted(y, p)))
            seen, there = (p[..., 0] > 0.5) & (y[..., 1] > 0), y[..., 0] > 0.5
            counts += [np.count_nonzero(part) for part in (seen & there, seen, there)]
            found, truths = [], []
    regular = sum(float(keras.ops.sum(part)) for part in model.losses)
    return total / done + regular, counts


def iou_and_dice(hit: float, seen: float, there: float) -> tuple[float, float]:
    """Give IoU and Dice of pixels that were hit, drawn and burnt; 1 where nothing is either."""
    if seen + there == 0:
        return 1.0, 1.0
    return float(hit / (seen + there - hit)), float(2 * hit / (seen + there))


def known_only(loss: Any) -> Any:
    """Give a loss for truths of mask and known on the last axis: what is not known is 0 in both masks."""
    function = keras.losses.get(loss)

    def counted(y_true: Any, y_pred: Any) -> Any:
        mask, found = _known(y_true, y_pred)
        return function(mask, found)

    return counted


def _known(y_true: Any, y_pred: Any) -> tuple[Any, Any]:
    true = keras.ops.cast(keras.ops.convert_to_tensor(y_true), "float32")
    found = keras.ops.cast(keras.ops.convert_to_tensor(y_pred), "float32")
    known = true[..., 1:]
    return true[..., :1] * known, found * known


def hits(y_true: Any, y_pred: Any) -> Any:
    """Give how many burnt pixels are drawn."""
    mask, found = _known(y_true, y_pred)
    return keras.ops.sum(keras.ops.cast((mask > 0.5) & (found > 0.5), "float32"))


def drawn(y_true: Any, y_pred: Any) -> Any:
    """Give how many pixels are drawn."""
    return keras.ops.sum(keras.ops.cast(_known(y_true, y_pred)[1] > 0.5, "float32"))


def burnt(y_true: Any, y_pred: Any) -> Any:
    """Give how many pixels are burnt."""
    return keras.ops.sum(keras.ops.cast(_known(y_true, y_pred)[0] > 0.5, "float32"))


def _result(
    model: Any,
    done: Finished,
    seed: int,
    notes: list[str],
    settings: dict[str, Any],
    counts: tuple[int, int],
) -> Training:
    history = pd.DataFrame(done.history, columns=[*COLUMNS, *SCORES])
    best = history[history.epoch == done.epoch]
    # A network that draws nothing has a fair cross-entropy and an IoU of 0.
    empty = len(best) > 0 and float(best.val_iou.iloc[0]) == 0
    reason = "no burnt pixel of the validation is drawn" if empty else ""
    facts = {"data": settings["data"][0], "engine": "keras"}
    facts |= {"training_patches": counts[0], "validation_patches": counts[1]}
    starts = table_of(done, seed, reason)
    return Training(model, history, starts, (0, 0), done.stopped, [*notes, *done.notes], facts)
