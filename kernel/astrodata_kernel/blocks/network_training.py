"""Blocks that train networks: autoencoders of waveforms, many starts of them, networks that draw masks."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Literal

import numpy as np

from ..errors import BadRequest, Cancelled, TrainingFailed
from ..pipeline import Work, block
from .step_help import given, working

_SECONDS = (
    "seconds"  # of an epoch: no two trainings take the same time, and what is kept must be the same
)


@block(stage="train", outputs=("model", "history", "starts"))
def train_waveforms(
    traces: Any,
    validation: Any = None,
    noise: Any = None,
    signals: Any = None,
    *,
    preset: Literal["quick", "slides", "released"] = "quick",
    engine: Literal["keras", "jax", "dask"] = "keras",
    choose: Literal["val_loss", "garage"] = "val_loss",
    halving: bool = False,
    rounds: list[tuple[int, int]] | None = None,
    seed: int | None = None,
    batch_size: int | None = None,
    learning_rate: float | None = None,
    split: tuple[int, int, int] | None = None,
    filters: list[int] | None = None,
    latent_dim: int | None = None,
    latent_activation: str | None = None,
    output_activation: str | None = None,
    work: Work | None = None,
) -> Any:
    """Train an autoencoder of traces from many starts, and take the best one that is alive.

    A step that was killed goes on from the checkpoints of its starts.

    Parameters
    ----------
    traces
        Shape (n, samples): an array or a data set.
    validation
        Traces that are not trained on; by default they are drawn, as `split` says.
    noise, signals
        Noise-only traces, and traces with a signal, for ``choose: garage``.
    preset, engine, choose, halving
        As of `adk.training.multistart`.
    rounds
        Starts and epochs of each round, instead of the preset's.
    seed, batch_size, learning_rate, split
        Instead of the preset's.
    filters, latent_dim, latent_activation, output_activation
        Of the network, instead of the preset's.

    Returns
    -------
    model : keras.Model
        With the weights of its best epoch.
    history : pandas.DataFrame
        A row an epoch of each start.
    starts : pandas.DataFrame
        A row a start: its best loss, and why it collapsed if it did.

    Raises
    ------
    Cancelled
        The run was cancelled: half a training is no result.
    TrainingFailed
        Every start collapsed.
    """
    from ..training import PRESETS, Round, multistart

    work = working(work)
    changes: dict[str, Any] = given(
        seed=seed,
        batch_size=batch_size,
        learning_rate=learning_rate,
        split=split,
        filters=None if filters is None else tuple(filters),
        latent_dim=latent_dim,
        latent_activation=latent_activation,
        output_activation=output_activation,
    )
    scheme = PRESETS[preset].rounds if rounds is None else tuple(Round(*one) for one in rounds)
    if rounds is not None:
        changes["rounds"] = scheme
    with _whole(work):
        training = multistart(
            preset,
            traces,
            engine,
            validation=validation,
            choose=choose,
            noise=noise,
            signals=signals,
            halving=halving,
            folder=work.folder / "starts",
            progress=_teller(work, sum(one.starts * one.epochs for one in scheme)),
            cancelled=work.cancelled,
            track=False,
            **changes,
        )
    return _given_back(training, work)


@block(stage="train", outputs=("model", "history"))
def fit_autoencoder(
    traces: Any,
    validation: Any = None,
    *,
    kind: Literal["cae", "vae"] = "cae",
    filters: list[int] | None = None,
    kernel_size: int | None = None,
    latent_dim: int | None = None,
    latent_activation: str | None = None,
    output_activation: str | None = None,
    kl_weight: float | None = None,
    epochs: int = 20,
    batch_size: int = 100,
    learning_rate: float = 1e-3,
    held_out: float = 0.2,
    seed: int = 0,
    work: Work | None = None,
) -> Any:
    """Train one autoencoder of traces.

    A step that was killed goes on from its last epoch.

    Parameters
    ----------
    traces
        Shape (n, samples): an array or a data set.
    validation
        Traces that are not trained on; by default a share of the traces, `held_out`.
    kind
        ``"cae"`` for `adk.models.waveform_cae`, ``"vae"`` for `waveform_vae`.
    filters, kernel_size, latent_dim, latent_activation, output_activation, kl_weight
        Of the network; what it has by default. `kl_weight` is of ``"vae"`` alone.
    epochs, batch_size, learning_rate
        As of `adk.training.fit`.
    held_out
        Share of the traces that is not trained on.
    seed
        Of the weights, the draw and the order.

    Returns
    -------
    model : keras.Model
        With the weights of its best epoch.
    history : pandas.DataFrame
        A row an epoch.

    Raises
    ------
    BadRequest
        `kl_weight` of a network without one.
    Cancelled
        The run was cancelled: half a training is no result.
    """
    from ..models import waveform_cae, waveform_vae
    from ..training import fit

    if kl_weight is not None and kind != "vae":
        raise BadRequest(
            f"kl_weight={kl_weight} weighs a divergence that kind='vae' has and {kind!r} has not: leave it "
            "out, or give that kind"
        )
    work = working(work)
    samples = int(np.shape(getattr(traces, "array", traces))[1])
    options = given(
        filters=None if filters is None else tuple(filters),
        kernel_size=kernel_size,
        latent_dim=latent_dim,
        latent_activation=latent_activation,
        output_activation=output_activation,
        kl_weight=kl_weight,
    )
    with _seeded(seed), _whole(work):
        make = waveform_cae if kind == "cae" else waveform_vae
        options |= {"seed": seed} if kind == "vae" else {}
        model = make(samples, **options)
        training = fit(
            model,
            traces,
            validation=held_out if validation is None else validation,
            epochs=epochs,
            batch_size=batch_size,
            learning_rate=learning_rate,
            seed=seed,
            checkpoint=work.folder / "training.npz",
            progress=_teller(work, epochs),
            cancelled=work.cancelled,
            track=False,
        )
    return _given_back(training, work)[:2]


@block(stage="train", outputs=("model", "history"))
def train_masks(
    patches: Any,
    validation: Any = None,
    *,
    network: Literal["plain_unet", "convlstm_unet"] = "plain_unet",
    filters: list[int] | None = None,
    bottleneck: int | None = None,
    dropout: float | None = None,
    weight_decay: float | None = None,
    epochs: int = 20,
    batch_size: int = 8,
    learning_rate: float = 1e-3,
    held_out: float = 0.3,
    augment: bool = True,
    balanced: bool = False,
    seed: int = 0,
    work: Work | None = None,
) -> Any:
    """Train a network that draws masks, such as of what burnt.

    Parameters
    ----------
    patches
        With masks, of `join_patches` or `scene_patches`.
    validation
        Patches of other events; by default a share of the events, `held_out`.
    network
        Of `adk.models`.
    filters, bottleneck, dropout, weight_decay
        Of the network; what it has by default.
    epochs, batch_size, learning_rate, augment, balanced
        As of `adk.training.fit_masks`.
    held_out
        Share of the events that is not trained on.
    seed
        Of the weights, the division, the order and the turns.

    Returns
    -------
    model : keras.Model
        With the weights of its best epoch.
    history : pandas.DataFrame
        A row an epoch, with IoU and Dice.

    Raises
    ------
    Cancelled
        The run was cancelled: half a training is no result.
    """
    from .. import models
    from ..training import fit_masks
    from .patching import patch_set

    work = working(work)
    known = patch_set(patches)
    options = given(
        filters=None if filters is None else tuple(filters),
        bottleneck=bottleneck,
        dropout=dropout,
        weight_decay=weight_decay,
    )
    with _seeded(seed), _whole(work):
        model = getattr(models, network)(tuple(known.images.shape[1:]), **options)
        training = fit_masks(
            model,
            known,
            validation=held_out if validation is None else patch_set(validation),
            epochs=epochs,
            batch_size=batch_size,
            learning_rate=learning_rate,
            augment=augment,
            balanced=balanced,
            seed=seed,
            checkpoint=work.folder / "training.npz",
            progress=_teller(work, epochs),
            cancelled=work.cancelled,
            track=False,
        )
    return _given_back(training, work)[:2]


def _teller(work: Work, count: int) -> Callable[[Mapping[str, Any]], None]:
    """Give what is told of each epoch."""
    done = 0

    def told(record: Mapping[str, Any]) -> None:
        nonlocal done
        done += 1
        numbers = {
            name: float(value)
            for name, value in record.items()
            if name not in ("round", "start", "epoch", _SECONDS) and value is not None
        }
        work.metrics(numbers, done)
        text = f"epoch {done} of {count}, validation loss {record.get('val_loss', np.nan):.4g}"
        try:
            work.progress(done / count, text)
        except Cancelled:
            return  # the library asks by itself, and ends with its checkpoint written

    return told


@contextmanager
def _whole(work: Work) -> Iterator[None]:
    """Have a training that was ended early raise `Cancelled`, whatever it says itself."""
    try:
        yield
    except TrainingFailed:
        if work.cancelled():
            raise Cancelled("the training was cancelled; it goes on from its checkpoint") from None
        raise


def _given_back(training: Any, work: Work) -> tuple[Any, Any, Any]:
    if training.stopped != "finished":
        raise Cancelled("the training was cancelled; it goes on from its checkpoint")
    for note in training.notes:
        work.note(note)
    work.metrics({"best_val_loss": training.val_loss})
    history = training.history.drop(columns=_SECONDS, errors="ignore")
    return training.model, history.reset_index(drop=True), training.starts.reset_index(drop=True)


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """Have Keras draw weights and dropout by a seed; the random numbers of the session stay as they are."""
    from ..models.backend import keras_with_backend

    before = random.getstate(), np.random.get_state()  # noqa: NPY002 - what Keras draws from
    keras_with_backend().utils.set_random_seed(seed)
    try:
        yield
    finally:
        random.setstate(before[0])
        np.random.set_state(before[1])  # noqa: NPY002
