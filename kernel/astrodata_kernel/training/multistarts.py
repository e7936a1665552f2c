"""Many starts, of which the best living one wins."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from ..errors import BadRequest, TrainingFailed, UnknownName
from ..models.weights import fresh_weights
from ..readers import scratch
from .collapses import same_losses
from .data import as_traces, digest, split
from .fitting import look
from .plateau import Plateau
from .presets import Preset, Round, preset_of
from .results import COLUMNS, Training
from .starts import Engine, Finished, Job, Record, Start, Weights
from .tracking import Tracker, tracked

Judge = Callable[[Any], float]
ENGINES = ("keras", "dask", "jax")


def multistart(
    preset: str | Preset,
    traces: Any,
    engine: str | Engine = "keras",
    *,
    validation: Any = None,
    choose: str | Judge = "val_loss",
    noise: Any = None,
    signals: Any = None,
    halving: bool = False,
    folder: str | os.PathLike[str] | None = None,
    progress: Callable[[Record], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
    track: bool | Tracker = True,
    **changes: Any,
) -> Training:
    """Train many models by a scheme, and give the best one that is alive.

    Parameters
    ----------
    preset
        ``"slides"`` (50 starts x 20 epochs, then four times 10 restarts x 20 epochs of the best: 1,800
        epochs), ``"released"``, ``"quick"``, or a `Preset` of one's own.
    traces
        Shape (n, samples). Without `validation` they are split 6,000 + 1,500 + 2,500 (in proportion); the
        rows of the test part are never looked at, and are told in ``.test_rows``.
    engine
        ``"keras"`` (one after another, any backend), ``"dask"`` (in parallel on a cluster's workers),
        ``"jax"`` (all at once on a GPU), or an engine of one's own, such as ``DaskEngine(client)``.
    validation
        Traces that are not trained on.
    choose
        What makes a model the best of its round: ``"val_loss"``, ``"garage"`` (the share of `signals` that
        its garage finds when 1 % of `noise` lies outside), or a function that gives a model's figure, less
        is better.
    noise, signals
        For ``"garage"``: noise-only traces, and traces with a signal.
    halving
        A shortcut that the published scheme does not have: a first round of many starts is ended after a
        quarter of its epochs for all but the best fifth. Told in the notes.
    folder
        Where each start keeps a checkpoint; a training that was killed goes on from there.
    progress
        Told of each epoch: round, start, epoch, loss, val_loss, learning_rate, seconds.
    cancelled
        Asked often; True ends with the best so far. An interrupt of the kernel does the same.
    track
        Keep the run in MLflow, or a `Tracker` that says where.
    **changes
        Of the preset's fields (``rounds``, ``batch_size``, ``learning_rate``, ``seed``, ...) and of the
        network (``latent_activation="relu"``, ...).

    Returns
    -------
    Training
        ``.model``, ``.history``, ``.starts``, ``.collapsed``.

    Raises
    ------
    TrainingFailed
        Every start collapsed, or it was cancelled before one start was through an epoch.
    BadRequest, UnknownName
        Traces, settings or names that do not fit.
    """
    scheme = preset_of(preset, **changes)
    rows, held, test_rows = _parts(scheme, traces, validation)
    from ..models.cae import waveform_cae

    model = waveform_cae(**{"n_samples": rows.shape[1], **scheme.architecture})
    judge = _judge(choose, noise, signals, model.n_samples)
    key = _key(scheme, model.architecture, rows, held)
    place = None if folder is None else Path(folder)
    if place is not None:
        place.mkdir(parents=True, exist_ok=True)
    trainer = _engine(engine)
    run = _Run(model, scheme, judge, trainer, progress, cancelled)
    job = Job(
        model.architecture,
        rows,
        held,
        (),
        0,
        scheme.learning_rate,
        min(scheme.batch_size, len(rows)),
        Plateau(min_rate=scheme.min_rate),
        place,
        f"{key}|{trainer.name}",
    )
    for number, each in enumerate(scheme.rounds):
        if not run.round(number, each, job, halving and number == 0):
            break
    result = run.result()
    result.facts |= {
        "preset": scheme.name,
        "engine": trainer.name,
        "model_epochs": len(result.history),
        "data": digest(rows),
    }
    result.test_rows = test_rows
    facts = {
        "kind": "multistart",
        "architecture": model.architecture,
        "choose": choose if isinstance(choose, str) else "function",
        "halving": halving,
        "rounds": [(r.starts, r.epochs) for r in scheme.rounds],
        "seed": scheme.seed,
        "batch_size": scheme.batch_size,
        "learning_rate": scheme.learning_rate,
    }
    tracked(track, result, facts)
    return result


class _Run:
    """The rounds as they go: the best so far, and what there is to tell of all."""

    def __init__(
        self,
        model: Any,
        scheme: Preset,
        judge: Judge | None,
        engine: Engine,
        progress: Callable[[Record], None] | None,
        cancelled: Callable[[], bool] | None,
    ) -> None:
        self.model, self.scheme, self.judge, self.engine = model, scheme, judge, engine
        self.told = progress or (lambda _record: None)
        self.stop = cancelled or (lambda: False)
        self.history: list[Record] = []
        self.starts: list[dict[str, Any]] = []
        self.notes: list[str] = []
        self.best: tuple[int, int] | None = None
        self.best_figure = float("inf")
        self.best_weights: Weights = []
        self.stopped = "finished"

    def round(self, number: int, each: Round, job: Job, halving: bool) -> bool:
        """Train the starts of a round and take the best living one; False when it was the last."""
        seeds = self.scheme.seeds(number)
        shapes = [w.shape for w in self.model.weights]
        starts = [
            Start(
                number, i, seed, fresh_weights(shapes, seed) if number == 0 else self.best_weights
            )
            for i, seed in enumerate(seeds)
        ]
        try:
            if halving and len(starts) >= 5 and each.epochs >= 4:
                finished = self._halved(starts, each, job)
            else:
                job = replace(job, starts=starts, epochs=each.epochs)
                finished = self.engine.run(job, self.told, self.stop)
        except KeyboardInterrupt:
            finished, self.stopped = [], "cancelled"
        if self.stop() or any(one.stopped == "cancelled" for one in finished):
            self.stopped = "cancelled"
        self._take(finished, job)
        if number == 0 and self.best is None:
            raise TrainingFailed(self._all_dead())
        return self.stopped == "finished"

    def _halved(self, starts: Sequence[Start], each: Round, job: Job) -> list[Finished]:
        if job.folder is None:
            # The survivors go on from their checkpoints.
            with tempfile.TemporaryDirectory(dir=scratch.folder()) as folder:
                return self._halved(starts, each, replace(job, folder=Path(folder)))
        short = max(1, each.epochs // 4)
        first = self.engine.run(replace(job, starts=starts, epochs=short), self.told, self.stop)
        order = sorted(range(len(first)), key=lambda i: first[i].val_loss)
        kept = sorted(order[: max(1, len(starts) // 5)])
        self.notes.append(
            f"shortcut (successive halving): {len(starts)} starts x {short} epochs, then {len(kept)} of "
            f"them to {each.epochs}; the published scheme trains all to the end"
        )
        again = replace(job, starts=[starts[i] for i in kept], epochs=each.epochs)
        known = {(record["start"], record["epoch"]) for one in first for record in one.history}

        def fresh(record: Record) -> None:
            if (record["start"], record["epoch"]) not in known:
                self.told(record)

        longer = self.engine.run(again, fresh, self.stop)
        by_number = {one.start.number: one for one in longer}
        return [by_number.get(one.start.number, one) for one in first]

    def _take(self, finished: Sequence[Finished], job: Job) -> None:
        finished = [one for one in finished if one.history]
        same = same_losses([one.val_loss for one in finished])
        for one, twin in zip(finished, same, strict=True):
            self.history += one.history
            self.notes += [note for note in one.notes if note not in self.notes]
            self.model.set_weights(one.weights)
            reason, dead = look(self.model, job.validation)
            if not reason and twin and one.start.round == 0:
                reason = "another start of another seed ended with the same loss"
            figure = one.val_loss if self.judge is None or reason else self.judge(self.model)
            self.starts.append(
                {
                    "round": one.start.round,
                    "start": one.start.number,
                    "seed": one.start.seed,
                    "val_loss": one.val_loss,
                    "epoch": one.epoch,
                    "figure": figure,
                    "dead": len(dead),
                    "collapsed": reason,
                }
            )
            if not reason and figure < self.best_figure:
                self.best = (one.start.round, one.start.number)
                self.best_figure, self.best_weights = figure, one.weights

    def _all_dead(self) -> str:
        if self.stopped == "cancelled":
            return "the training was cancelled before any start was through one epoch"
        reasons = "; ".join(sorted({str(start["collapsed"]) for start in self.starts}))
        return (
            f"all {len(self.starts)} starts collapsed ({reasons}): give more starts or epochs, another seed, "
            'latent_activation="linear", or look whether the traces differ at all'
        )

    def result(self) -> Training:
        """Give the best living model and the whole history."""
        if self.best is None:
            raise TrainingFailed(self._all_dead())
        self.model.set_weights(self.best_weights)
        history = pd.DataFrame(self.history, columns=COLUMNS)
        history = history.sort_values(["round", "start", "epoch"], ignore_index=True)
        return Training(
            self.model, history, pd.DataFrame(self.starts), self.best, self.stopped, self.notes
        )


def _parts(scheme: Preset, traces: Any, validation: Any) -> tuple[Any, Any, Any]:
    n_samples = scheme.architecture.get("n_samples")
    rows = as_traces(traces, n_samples)
    if validation is not None:
        return rows, as_traces(validation, rows.shape[1]), None
    first, second, test = split(len(rows), scheme.split, scheme.seed)
    return rows[first], rows[second], test


def _judge(choose: str | Judge, noise: Any, signals: Any, n_samples: int) -> Judge | None:
    if not isinstance(choose, str):
        return choose
    if choose == "val_loss":
        return None
    if choose != "garage":
        raise UnknownName(
            f'there is no choice by {choose!r}: give "val_loss", "garage" or a function'
        )
    if noise is None or signals is None:
        raise BadRequest('choose="garage" needs noise-only traces (noise=) and signals (signals=)')
    calm, loud = as_traces(noise, n_samples), as_traces(signals, n_samples)
    if len(calm) < 200:
        raise BadRequest(
            f"{len(calm)} noise-only traces are too few to calibrate a garage: give 200"
        )

    def missed(model: Any) -> float:
        from ..latent.garage import Garage

        z = model.encoder.predict(calm, batch_size=500, verbose=0)
        half = len(z) // 2
        garage = Garage.fit(z[:half]).calibrate(z[half:], 0.01)
        return 1 - garage.rate_outside(model.encoder.predict(loud, batch_size=500, verbose=0)).value

    return missed


def _engine(engine: str | Engine) -> Engine:
    if not isinstance(engine, str):
        return engine
    if engine == "keras":
        from .keras_engine import KerasEngine

        return KerasEngine()
    if engine == "dask":
        from .dask_engine import DaskEngine

        return DaskEngine()
    if engine == "jax":
        try:
            from .jax_engine import JaxEngine
        except ImportError as error:
            from ..errors import MissingPackage

            raise MissingPackage(
                f'engine="jax" needs JAX ({error}); run "pip install astrodata-lab[jax]" in this kernel\'s '
                "environment"
            ) from None
        return JaxEngine()
    raise UnknownName(f"there is no engine {engine!r}: there are {', '.join(ENGINES)}")


def _key(scheme: Preset, architecture: dict[str, Any], rows: Any, held: Any) -> str:
    facts = {
        "architecture": architecture,
        "seed": scheme.seed,
        "batch_size": scheme.batch_size,
        "learning_rate": scheme.learning_rate,
        "min_rate": scheme.min_rate,
        "data": [digest(rows), digest(held)],
    }
    return hashlib.sha256(json.dumps(facts, sort_keys=True, default=str).encode()).hexdigest()
