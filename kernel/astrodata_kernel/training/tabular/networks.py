"""Small Keras networks for tables, which scale what goes in and what comes out themselves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from ...errors import BadRequest, TrainingFailed
from ..data import order_of
from ..keras_engine import compiled, keras
from .choices import check_parameters

DEFAULTS: Mapping[str, Any] = {
    "hidden": (64, 64),
    "epochs": 60,
    "batch_size": 64,
    "learning_rate": 1e-3,
    "patience": 10,
}


def fit_network(
    x: pd.DataFrame,
    y: Any,
    held: tuple[pd.DataFrame, Any] | None,
    classes: tuple[Any, ...] | None,
    *,
    seed: int,
    parameters: Mapping[str, Any],
    tell: Callable[[float], None],
    check: Callable[[], None],
) -> tuple[Any, pd.DataFrame]:
    """Give a network that has learnt, and its losses of each epoch.

    Its seeds are its own: the notebook's random numbers are left as they are.

    Returns
    -------
    keras.Model
        Takes the columns in their units, float32 of shape (n, columns). It gives the probability of each
        class, shape (n, classes), or the value, shape (n, 1).
    pandas.DataFrame
        ``step``, ``train_loss`` and ``validation_loss``: cross entropy, or the squared error in units of the
        target's variance.

    Raises
    ------
    UnknownName, BadRequest
        A parameter that there is not, or that is out of bounds.
    TrainingFailed
        The loss became NaN.
    """
    check_parameters("keras", parameters, DEFAULTS)
    chosen = {**DEFAULTS, **parameters}
    _refuse(chosen)
    inputs = x.to_numpy(np.float32)
    shift, scale = (0.0, 1.0) if classes is not None else (float(y.mean()), float(y.std()) or 1.0)
    learnt, whole = _network(x.to_numpy(np.float64), classes, seed, chosen["hidden"], shift, scale)
    loss = "mean_squared_error" if classes is None else "sparse_categorical_crossentropy"
    compiled(learnt, chosen["learning_rate"], loss)

    def answers(values: Any) -> Any:
        return values if classes is not None else ((values - shift) / scale).astype(np.float32)

    wanted = answers(y)
    known = None if held is None else (held[0].to_numpy(np.float32), answers(held[1]))
    rows, best, kept, since = [], np.inf, learnt.get_weights(), 0
    size, epochs = chosen["batch_size"], chosen["epochs"]
    for epoch in range(epochs):
        order, total = order_of(seed, epoch, len(inputs)), 0.0
        for start in range(0, len(order), size):
            check()
            batch = order[start : start + size]
            learnt.reset_metrics()
            told = learnt.train_on_batch(inputs[batch], wanted[batch], return_dict=True)
            total += len(batch) * float(told["loss"])
        row = {"step": epoch + 1, "train_loss": total / len(order)}
        if known is not None:
            row["validation_loss"] = float(learnt.evaluate(*known, batch_size=4096, verbose=0))
        rows.append(row)
        if not np.isfinite(list(row.values())).all():
            raise TrainingFailed(
                f"the loss became NaN in epoch {epoch + 1}: lower learning_rate, or leave wild values out"
            )
        tell((epoch + 1) / epochs)
        if known is None:
            continue
        if row["validation_loss"] < best:
            best, kept, since = row["validation_loss"], learnt.get_weights(), 0
        else:
            since += 1
        if since >= chosen["patience"]:
            break
    if known is not None:
        learnt.set_weights(kept)
    return whole, pd.DataFrame(rows)


def _network(
    x: Any, classes: tuple[Any, ...] | None, seed: int, hidden: Any, shift: float, scale: float
) -> tuple[Any, Any]:
    """Give the network that learns, and the one around it whose values have the target's unit."""
    variance = x.var(axis=0)
    given = keras.Input((x.shape[1],), name="columns")
    # Names are given: those that Keras counts up would depend on what was made before.
    z = keras.layers.Normalization(
        mean=x.mean(axis=0), variance=np.where(variance > 0, variance, 1.0), name="scaled"
    )(given)
    for number, width in enumerate(hidden):
        z = keras.layers.Dense(
            width,
            "relu",
            kernel_initializer=keras.initializers.HeNormal(seed=_seed(seed, number)),
            name=f"hidden_{number}",
        )(z)
    last = keras.layers.Dense(
        1 if classes is None else len(classes),
        None if classes is None else "softmax",
        kernel_initializer=keras.initializers.GlorotUniform(seed=_seed(seed, len(hidden))),
        name="answer",
    )(z)
    learnt = keras.Model(given, last, name="table_network")
    if classes is not None:
        return learnt, learnt
    out = keras.layers.Rescaling(scale, shift, name="unit")(last)
    return learnt, keras.Model(given, out, name="table_network")


def _seed(seed: int, number: int) -> int:
    return int(np.random.SeedSequence([seed, number]).generate_state(1)[0] >> 1)


def _refuse(chosen: Mapping[str, Any]) -> None:
    hidden = chosen["hidden"]
    if not isinstance(hidden, list | tuple):
        raise BadRequest(
            f"hidden={hidden!r} of a network: give the width of each layer, as [64, 64]"
        )
    whole = [*hidden, *(chosen[name] for name in ("epochs", "batch_size", "patience"))]
    if not all(isinstance(n, int) and not isinstance(n, bool) and 0 < n <= 100_000 for n in whole):
        raise BadRequest(
            "hidden, epochs, batch_size and patience of a network are whole numbers above 0"
        )
    if not isinstance(chosen["learning_rate"], int | float) or not 0 < chosen["learning_rate"] < 10:
        raise BadRequest(f"a learning rate of {chosen['learning_rate']}: give one above 0")
