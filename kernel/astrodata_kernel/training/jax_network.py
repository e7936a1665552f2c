"""The waveform autoencoder in JAX, its convolutions as products of blocked matrices.

Every convolution of stride 2 with the average behind it is one matrix product for each 32 samples, and so is
every up-sampling with its transposed convolution: 1.5 times the multiplications, but only of a kind that
processors and tensor cores do best, and a batch of models is a batch of products.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..errors import BadRequest
from ..models.layers import phase_taps

_BLOCK = 32
_ACTIVATIONS: dict[str, Callable[[Any], Any]] = {
    "linear": lambda x: x,
    "relu": jax.nn.relu,
    "tanh": jnp.tanh,
    "sigmoid": jax.nn.sigmoid,
}


class Network:
    """The functions of one architecture, on weights as `model.get_weights` orders them.

    Parameters
    ----------
    architecture
        As of `WaveformAutoencoder`.

    Raises
    ------
    BadRequest
        A network that the blocks do not fit: kernels longer than 32, lengths that are no multiple of 32 in
        every stage, or a variational one.
    """

    def __init__(self, architecture: dict[str, Any]) -> None:
        self.samples = int(architecture["n_samples"])
        self.filters = tuple(architecture["filters"])
        self.kernel = int(architecture["kernel_size"])
        multiple = _BLOCK * 4 ** (len(self.filters) - 1)
        names = (architecture["latent_activation"], architecture["output_activation"])
        if "kl_weight" in architecture:
            raise BadRequest('the engine "jax" trains no variational network: use engine="keras"')
        if self.samples % multiple or not 2 <= self.kernel <= 32 or set(names) - set(_ACTIVATIONS):
            raise BadRequest(
                f'the engine "jax" takes traces of a multiple of {multiple} samples, kernels of 2 to 32 and '
                f"the activations {', '.join(_ACTIVATIONS)}; this network has {self.samples} samples, "
                f'kernels of {self.kernel}, {" and ".join(names)}: use engine="keras"'
            )
        self._latent, self._output = (_ACTIVATIONS[name] for name in names)
        stages = len(self.filters)
        self.split = 2 * stages + 2
        left = (self.kernel - 2) // 2
        # Sample i of a window of 64 meets output j of its block in this tap; the last one is zero.
        taps = np.arange(64)[:, None] - 16 - 2 * np.arange(16)[None, :] + left
        self._taps = np.where((taps >= 0) & (taps < self.kernel), taps, self.kernel)
        self._first, self._second, before = phase_taps(self.kernel)
        place = np.arange(16)[:, None] - 4 - np.arange(8)[None, :] + before
        count = len(self._first)
        self._place = np.where((place >= 0) & (place < count), place, count)

    def encode(self, weights: Any, traces: Any) -> Any:
        """Give the latents, shape (n, z), of traces of shape (n, samples)."""
        x = traces[:, :, None]
        for i in range(len(self.filters)):
            x = self._conv_pool(x, weights[2 * i], weights[2 * i + 1])
        kernel, bias = weights[self.split - 2 : self.split]
        return self._latent(x.reshape(len(x), -1) @ kernel + bias)

    def decode(self, weights: Any, z: Any) -> Any:
        """Give traces, shape (n, samples), of latents of shape (n, z)."""
        dense, bias, *rest = weights[self.split :]
        x = jax.nn.relu(z @ dense + bias).reshape(len(z), -1, self.filters[-1])
        for i in range(len(self.filters)):
            activation = self._output if i == len(self.filters) - 1 else jax.nn.relu
            x = self._up_deconv(x, rest[2 * i], rest[2 * i + 1], activation)
        return x[:, :, 0]

    def squares(self, weights: Any, traces: Any) -> Any:
        """Give the sum of squared differences of each trace, shape (n,)."""
        away = self.decode(weights, self.encode(weights, traces)) - traces
        return jnp.sum(away * away, axis=1)

    def _conv_pool(self, x: Any, kernel: Any, bias: Any) -> Any:
        n, length, channels = x.shape
        width = kernel.shape[2]
        padded = jnp.pad(x, ((0, 0), (16, 16), (0, 0)))
        blocks = padded.reshape(n, length // _BLOCK + 1, _BLOCK * channels)
        windows = jnp.concatenate([blocks[:, :-1], blocks[:, 1:]], axis=2)
        zero = jnp.pad(kernel, ((0, 1), (0, 0), (0, 0)))
        matrix = zero[self._taps].transpose(0, 2, 1, 3).reshape(64 * channels, 16 * width)
        y = (windows @ matrix).reshape(n, length // 4, 2, width)
        y = jax.nn.relu(y + bias)
        return 0.5 * (y[:, :, 0] + y[:, :, 1])

    def _up_deconv(self, x: Any, kernel: Any, bias: Any, activation: Any) -> Any:
        n, length, channels = x.shape
        width = kernel.shape[1]
        # Eight samples become 32; four more on each side are met. What is missing at the end is zero.
        count = -(-length // 8)
        padded = jnp.pad(x, ((0, 0), (4, 8 * count - length + 4), (0, 0)))
        blocks = padded.reshape(n, count + 1, 8 * channels)
        windows = jnp.concatenate([blocks[:, :-1], blocks[:, 1:]], axis=2)
        zero = jnp.pad(kernel, ((0, 1), (0, 0), (0, 0)))
        taps = jnp.pad(zero[self._first] + zero[self._second], ((0, 1), (0, 0), (0, 0), (0, 0)))
        matrix = taps[self._place].transpose(0, 4, 1, 2, 3).reshape(16 * channels, 32 * width)
        y = (windows @ matrix).reshape(n, 32 * count, width)[:, : 4 * length]
        return activation(y + bias)


def make_epoch(network: Network, micro: int) -> Callable[..., Any]:
    """Give the function that trains one model for one epoch: one compiled scan over its batches.

    Parameters
    ----------
    network
        The architecture's functions.
    micro
        Traces whose gradients are taken at once within a batch, summed exactly: few fit a CPU's cache, all of
        them fill a GPU.

    Returns
    -------
    callable
        ``(weights, m, v, t, rate, data, order, used) -> (weights, m, v, t, loss)``: Adam's moments and step,
        the traces, row numbers of shape (batches, batch) and which of them count.
    """

    def total(weights: Any, traces: Any, used: Any) -> Any:
        return jnp.sum(network.squares(weights, traces) * used)

    gradient = jax.value_and_grad(total)

    def of_batch(weights: Any, traces: Any, used: Any) -> Any:
        groups = traces.shape[0] // micro
        if groups <= 1:
            return gradient(weights, traces, used)

        def add(sums: Any, part: Any) -> Any:
            value, slope = gradient(weights, *part)
            return (sums[0] + value, jax.tree.map(jnp.add, sums[1], slope)), None

        parts = (traces.reshape(groups, micro, -1), used.reshape(groups, micro))
        begin = (jnp.zeros(()), jax.tree.map(jnp.zeros_like, weights))
        return jax.lax.scan(add, begin, parts)[0]

    def epoch(
        weights: Any, m: Any, v: Any, t: Any, rate: Any, data: Any, order: Any, used: Any
    ) -> Any:
        def step(carry: Any, rows: Any) -> Any:
            weights, m, v, t = carry
            which, counts = rows
            number = jnp.sum(counts)
            value, slope = of_batch(weights, data[which], counts)
            slope = jax.tree.map(lambda g: g / number, slope)
            # Adam as Keras has it, epsilon outside of the correction.
            t = t + 1.0
            m = jax.tree.map(lambda a, g: a + (g - a) * 0.1, m, slope)
            v = jax.tree.map(lambda a, g: a + (g * g - a) * 0.001, v, slope)
            scale = rate * jnp.sqrt(1 - 0.999**t) / (1 - 0.9**t)
            weights = jax.tree.map(
                lambda w, a, b: w - scale * a / (jnp.sqrt(b) + 1e-7), weights, m, v
            )
            return (weights, m, v, t), value

        carry, values = jax.lax.scan(step, (weights, m, v, t), (order, used))
        return *carry, jnp.sum(values) / jnp.sum(used)

    return epoch


def make_loss(network: Network, chunk: int = 250) -> Callable[[Any, Any], Any]:
    """Give the function that gives a model's mean loss on traces, some at a time."""

    def loss(weights: Any, data: Any) -> Any:
        whole = len(data) // chunk * chunk
        sums = jnp.zeros(())
        if whole:
            parts = data[:whole].reshape(-1, chunk, data.shape[1])
            sums = jnp.sum(jax.lax.map(lambda part: jnp.sum(network.squares(weights, part)), parts))
        if whole < len(data):
            sums = sums + jnp.sum(network.squares(weights, data[whole:]))
        return sums / len(data)

    return loss
