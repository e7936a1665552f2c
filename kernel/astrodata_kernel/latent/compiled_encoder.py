"""The waveform encoder compiled for a CPU: the same latents as Keras gives, several times as fast.

128 traces are turned so that a sample of each lies beside the others. Some outputs of a convolution are then
one matrix product: a matrix made of the kernel, times the rows of samples that these outputs see. Half of its
factors are zeros, which costs less than what a processor needs to do without them.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from numba import njit

Array = npt.NDArray[np.float32]

LANES = 128
_ROWS = 64  # of a matrix: enough for the product to run at full speed

_ACTIVATIONS: dict[str, Callable[[Array], Array]] = {
    "linear": lambda z: z,
    "relu": lambda z: np.maximum(z, np.float32(0)),
    "tanh": np.tanh,
    "sigmoid": lambda z: (1 / (1 + np.exp(-z.astype(np.float64)))).astype(np.float32),
}


class CompiledEncoder:
    """Encodes traces without a framework; `of` makes one of a Keras encoder.

    Parameters
    ----------
    samples
        Length of a trace.
    stages
        Kernel (taps, channels in, channels out) and bias of each convolution, in order.
    dense
        Kernel (flat, latents) and bias of the last layer.
    activation
        Of the latents.
    """

    def __init__(
        self,
        samples: int,
        stages: list[tuple[Array, Array]],
        dense: tuple[Array, Array],
        activation: str,
    ) -> None:
        self.samples, self.width = samples, dense[1].size
        self._activation = _ACTIVATIONS[activation]
        self._stages = [_stage(kernel, bias) for kernel, bias in stages]
        self._dense = np.ascontiguousarray(dense[0].T, np.float32), dense[1].astype(np.float32)

    @classmethod
    def of(cls, encoder: Any) -> Self | None:
        """Give the compiled form of a Keras encoder, or None where its layers are others than these.

        Convolutions of stride 2 with ReLU and "same" padding, each with an average over 2 behind it, then a
        dense layer.
        """
        layers = [
            layer
            for layer in getattr(encoder, "layers", [])
            if type(layer).__name__ != "InputLayer"
        ]
        *pairs, flatten, dense = layers if len(layers) >= 4 else [None, None]
        if type(flatten).__name__ != "Flatten" or type(dense).__name__ != "Dense" or len(pairs) % 2:
            return None
        stages = []
        for conv, pool in zip(pairs[::2], pairs[1::2], strict=True):
            if type(conv).__name__ != "Conv1D" or type(pool).__name__ != "AveragePooling1D":
                return None
            plain = conv.strides == (2,) and conv.padding == "same" and conv.dilation_rate == (1,)
            plain = plain and conv.groups == 1 and conv.use_bias and conv.kernel_size[0] >= 2
            plain = (
                plain and conv.activation.__name__ == "relu" and conv.data_format == "channels_last"
            )
            halves = (
                tuple(np.atleast_1d(pool.pool_size)) == (2,) == tuple(np.atleast_1d(pool.strides))
            )
            if not plain or not halves:
                return None
            stages.append(tuple(np.asarray(w, np.float32) for w in conv.get_weights()))
        samples = int(encoder.input_shape[1])
        if samples % 4 ** len(stages) or dense.activation.__name__ not in _ACTIVATIONS:
            return None
        if encoder.input_shape[2:] != (1,) or not dense.use_bias:
            return None
        return cls(samples, stages, tuple(dense.get_weights()), dense.activation.__name__)

    def __call__(self, traces: npt.ArrayLike, workers: int | None = None) -> Array:
        """Give the latents of traces.

        Parameters
        ----------
        traces
            Shape (n, samples), any real type.
        workers
            Threads; as many as there are cores by default.

        Returns
        -------
        ndarray
            float32, shape (n, z).
        """
        from threadpoolctl import threadpool_limits

        rows = np.asarray(traces)
        z = np.empty((len(rows), self.width), np.float32)
        starts = range(0, len(rows), LANES)
        workers = min(workers or len(os.sched_getaffinity(0)), len(starts))

        def share(first: int) -> None:
            buffers = self._buffers()
            for start in starts[first::workers]:
                part = np.ascontiguousarray(rows[start : start + LANES], dtype=np.float32)
                z[start : start + LANES] = self._some(part, buffers)

        # The products are small: threads of the BLAS would only wait for each other.
        with threadpool_limits(1, "blas"):
            if workers <= 1:
                share(0)
            else:
                with ThreadPoolExecutor(workers) as pool:
                    list(pool.map(share, range(workers)))
        return self._activation(z)

    def _buffers(self) -> list[Array]:
        # Zeros before and behind, as "same" padding has them; the last block may reach further.
        buffers, length = [], self.samples
        for stage in self._stages:
            blocks = -(-length // stage.step)
            rows = blocks * stage.step * stage.channels + stage.matrix.shape[1]
            buffers.append(np.zeros((rows + stage.before * stage.channels, LANES), np.float32))
            length //= 4
        buffers.append(np.zeros((self._dense[0].shape[1], LANES), np.float32))
        return buffers

    def _some(self, traces: Array, buffers: list[Array]) -> Array:
        _turn(traces, buffers[0], self._stages[0].before)
        length = self.samples
        for i, stage in enumerate(self._stages):
            following = self._stages[i + 1] if i + 1 < len(self._stages) else None
            first = following.before * following.channels if following else 0
            length //= 4
            _conv_pool(
                buffers[i],
                stage.matrix,
                stage.bias,
                stage.step * stage.channels,
                buffers[i + 1],
                first,
                length,
            )
        weights, bias = self._dense
        return (weights @ buffers[-1]).T[: len(traces)] + bias


@dataclass(frozen=True)
class _Stage:
    """A convolution as a matrix from the samples of one block to its outputs before pooling."""

    matrix: Array
    bias: Array
    step: int  # samples from one block to the next
    before: int
    channels: int


def _stage(kernel: Array, bias: Array) -> _Stage:
    size, channels, width = kernel.shape
    outputs = max(2, _ROWS // width // 2 * 2)
    matrix = np.zeros((outputs, width, 2 * (outputs - 1) + size, channels), np.float32)
    for j in range(outputs):
        matrix[j, :, 2 * j : 2 * j + size] = kernel.transpose(2, 0, 1)
    return _Stage(
        matrix.reshape(outputs * width, -1),
        bias.astype(np.float32),
        2 * outputs,
        (size - 2) // 2,
        channels,
    )


@njit(nogil=True, cache=True)
def _turn(traces, out, before):  # type: ignore[no-untyped-def]  # pragma: no cover
    # In squares: rows of the source lie far apart, each of its cache lines shall be met once. Columns
    # without a trace hold what was there before: their latents are not looked at.
    for t in range(0, traces.shape[1], 64):
        end = min(t + 64, traces.shape[1])
        for lane in range(traces.shape[0]):
            for u in range(t, end):
                out[before + u, lane] = traces[lane, u]


@njit(nogil=True, cache=True)
def _conv_pool(x, matrix, bias, step, out, first, length):  # type: ignore[no-untyped-def]  # pragma: no cover
    rows, seen = matrix.shape
    width = bias.size
    pairs = rows // width // 2
    y = np.empty((rows, x.shape[1]), np.float32)
    zero, half = np.float32(0), np.float32(0.5)
    for p in range(-(-length // pairs)):
        np.dot(matrix, x[p * step : p * step + seen], y)
        for q in range(min(pairs, length - p * pairs)):
            for f in range(width):
                b = bias[f]
                one, two = y[2 * q * width + f], y[(2 * q + 1) * width + f]
                target = out[first + (p * pairs + q) * width + f]
                for lane in range(target.size):
                    target[lane] = half * (max(one[lane] + b, zero) + max(two[lane] + b, zero))
