"""Training with JAX: all starts at once on a GPU, one compiled epoch after another on a CPU."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..errors import OutOfMemory
from ..models.backend import out_of_memory
from .data import order_of
from .jax_network import Network, make_epoch, make_loss
from .starts import Finished, Job, Record, State

_MICRO_ON_CPU = 10


class JaxEngine:
    """Trains the starts of a job with JAX.

    Parameters
    ----------
    together
        Models that are trained at once; all of them on a GPU, one on a CPU (whose cache one model fills).
    precision
        Of matrix products on a GPU: ``"highest"`` is float32, ``"default"`` TF32 where there is.
    """

    name = "jax"

    def __init__(self, together: int | None = None, precision: str = "highest") -> None:
        self._on_gpu = jax.default_backend() != "cpu"
        self._together = together
        self._precision = precision

    def run(
        self,
        job: Job,
        report: Callable[[Record], None],
        cancelled: Callable[[], bool],
    ) -> list[Finished]:
        """Give each start's end; those that were not begun when it was cancelled are left out."""
        network = Network(job.architecture)
        data, held = jnp.asarray(job.train), jnp.asarray(job.validation)
        at_once = self._together or (len(job.starts) if self._on_gpu else 1)
        finished: list[Finished] = []
        notes: list[str] = []
        while len(finished) < len(job.starts) and not cancelled():
            group = job.starts[len(finished) : len(finished) + at_once]
            try:
                with jax.default_matmul_precision(self._precision):
                    finished += self._train(network, data, held, job, group, report, cancelled)
            except Exception as error:
                if not out_of_memory(error):
                    raise
                if at_once == 1:
                    raise OutOfMemory(
                        "the device's memory does not hold one network with these batches: lower "
                        "batch_size, or free the device (restart other kernels)"
                    ) from error
                at_once = (at_once + 1) // 2
                notes.append(f"the device's memory was too small: {at_once} models at once")
        for one in finished:
            one.notes += notes
        return finished

    def _train(
        self,
        network: Network,
        data: Any,
        held: Any,
        job: Job,
        group: Sequence[Any],
        report: Callable[[Record], None],
        cancelled: Callable[[], bool],
    ) -> list[Finished]:
        states = [self._state(job, start) for start in group]
        for record in (record for state in states for record in state.history):
            report(record)
        stopped = "finished"
        # Killed between two starts of a group, some are an epoch ahead: they wait for the others.
        while any(state.epoch < job.epochs for state in states):
            if cancelled():
                stopped = "cancelled"
                break
            epoch = min(state.epoch for state in states)
            behind = [i for i, state in enumerate(states) if state.epoch == epoch]
            self._epoch(
                network, data, held, job, [group[i] for i in behind], [states[i] for i in behind]
            )
            for i in behind:
                states[i].keep(job.path(group[i]))
                report(states[i].history[-1])
        return [
            Finished(
                start, s.best_weights, s.best_loss, s.best_epoch, s.history, list(s.notes), stopped
            )
            for start, s in zip(group, states, strict=True)
        ]

    def _state(self, job: Job, start: Any) -> State:
        zeros = [np.zeros_like(w) for w in start.weights]
        moments = [*zeros, *[z.copy() for z in zeros]]
        return job.state(start, [np.zeros((), np.float32), *moments])

    def _epoch(
        self,
        network: Network,
        data: Any,
        held: Any,
        job: Job,
        starts: Sequence[Any],
        states: Sequence[State],
    ) -> None:
        began = time.perf_counter()
        epoch, loss = _compiled(network, self._micro(states[0].batch_size), len(states) > 1)
        orders = [
            _batches(order_of(a.seed, s.epoch, len(data)), s.batch_size)
            for a, s in zip(starts, states, strict=True)
        ]
        used = jnp.asarray(orders[0][1])
        columns = [_packed(state) for state in states]
        rates = [np.float32(state.rate) for state in states]
        if len(states) > 1:
            many = jax.tree.map(lambda *leaves: jnp.stack(leaves), *columns)
            order = jnp.asarray(np.stack([o for o, _ in orders]))
            *many, losses = epoch(*many, jnp.asarray(rates), data, order, used)
            held_losses = loss(many[0], held)
            columns = [jax.tree.map(lambda leaf, i=i: leaf[i], many) for i in range(len(states))]
        else:
            *one, losses = epoch(*columns[0], rates[0], data, jnp.asarray(orders[0][0]), used)
            held_losses = loss(one[0], held)
            columns = [one]
        losses, held_losses = np.atleast_1d(losses), np.atleast_1d(held_losses)
        seconds = (time.perf_counter() - began) / len(states)
        for i, (start, state) in enumerate(zip(starts, states, strict=True)):
            weights, m, v, t = columns[i]
            state.close_epoch(
                (start.round, start.number),
                float(losses[i]),
                float(held_losses[i]),
                seconds,
                [np.asarray(w) for w in weights],
            )
            state.optimizer = [np.asarray(t), *map(np.asarray, m), *map(np.asarray, v)]

    def _micro(self, batch: int) -> int:
        small = not self._on_gpu and batch % _MICRO_ON_CPU == 0
        return _MICRO_ON_CPU if small else batch


_made: dict[tuple[Any, ...], tuple[Any, Any]] = {}


def _compiled(network: Network, micro: int, many: bool) -> tuple[Any, Any]:
    key = (
        network.samples,
        network.filters,
        network.kernel,
        network._latent,
        network._output,
        micro,
        many,
    )
    if key not in _made:
        epoch, loss = make_epoch(network, micro), make_loss(network)
        if many:
            epoch = jax.vmap(epoch, in_axes=(0, 0, 0, 0, 0, None, 0, None))
            loss = jax.vmap(loss, in_axes=(0, None))
        _made[key] = jax.jit(epoch), jax.jit(loss)
    return _made[key]


def _batches(order: Any, size: int) -> tuple[Any, Any]:
    count = -(-len(order) // size)
    used = np.zeros(count * size, np.float32)
    used[: len(order)] = 1
    rows = np.zeros(count * size, np.int32)
    rows[: len(order)] = order
    return rows.reshape(count, size), used.reshape(count, size)


def _packed(state: State) -> list[Any]:
    count = len(state.weights)
    t, *moments = state.optimizer
    return [
        [jnp.asarray(w) for w in state.weights],
        [jnp.asarray(m) for m in moments[:count]],
        [jnp.asarray(v) for v in moments[count:]],
        jnp.asarray(t),
    ]
