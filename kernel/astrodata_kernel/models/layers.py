"""Up-sampling followed by a transposed convolution, rewritten as one convolution and a reshape."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import BadRequest
from .backend import keras_with_backend

keras = keras_with_backend()


def phase_taps(kernel_size: int) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any], int]:
    """Give which taps of the transposed convolution meet in each tap of the rewritten one.

    Of `UpSampling1D(2)` and `Conv1DTranspose(kernel_size, strides=2, padding="same")`, output sample
    4 m + p is the sum over d of input sample m + d times ``w[p + left - 4 d] + w[p + left - 2 - 4 d]``,
    where ``left`` samples are cropped from the full convolution.

    Returns
    -------
    first, second : ndarray
        Indices into the kernel, shape (taps, 4), ``kernel_size`` (a zero behind its end) where there is none.
    before : int
        How many of the taps lie before the sample itself.
    """
    left = max(kernel_size - 2, 0) // 2
    p = np.arange(4)
    reach = range(-kernel_size, kernel_size + 1)
    rows = [
        d
        for d in reach
        if ((p + left - 4 * d >= 0) & (p + left - 2 - 4 * d < kernel_size)).any()
        and (
            ((p + left - 4 * d >= 0) & (p + left - 4 * d < kernel_size)).any()
            or ((p + left - 2 - 4 * d >= 0) & (p + left - 2 - 4 * d < kernel_size)).any()
        )
    ]
    d = np.array(rows)[:, None]
    first, second = p + left - 4 * d, p + left - 2 - 4 * d
    outside = kernel_size
    first = np.where((first >= 0) & (first < kernel_size), first, outside)
    second = np.where((second >= 0) & (second < kernel_size), second, outside)
    return first, second, -rows[0]


@keras.saving.register_keras_serializable(package="astrodata", name="UpsampledTranspose")
class UpsampledTranspose(keras.layers.Conv1DTranspose):  # type: ignore[misc]
    """`UpSampling1D(2)` and `Conv1DTranspose(..., strides=2, padding="same")` in one layer, exactly.

    Every input sample would be met twice by the transposed convolution; here both meetings are added up in
    the kernel, once a step, and a convolution with 9 taps (of a kernel of 32) does the rest. The weights are
    those of `Conv1DTranspose`: same shapes, same number, same place in saved files.

    Parameters
    ----------
    filters, kernel_size, activation, **options
        As of `Conv1DTranspose`.

    Raises
    ------
    BadRequest
        Other strides than 2 or another padding than "same".
    """

    def __init__(self, filters: int, kernel_size: int, **options: Any) -> None:
        options = {**options, "strides": options.get("strides", 2)}
        options["padding"] = options.get("padding", "same")
        super().__init__(filters, kernel_size, **options)
        if self.strides != (2,) or self.padding != "same" or self.dilation_rate != (1,):
            raise BadRequest('UpsampledTranspose has strides 2 and padding "same", nothing else')
        self._taps = phase_taps(self.kernel_size[0])

    def call(self, inputs: Any) -> Any:
        """Give (batch, 4 samples, filters) for inputs of shape (batch, samples, channels)."""
        ops = keras.ops
        first, second, before = self._taps
        kernel = ops.pad(self.kernel, [[0, 1], [0, 0], [0, 0]])
        # (taps, 4, filters, channels) -> (taps, channels, 4 * filters)
        taps = ops.take(kernel, first, axis=0) + ops.take(kernel, second, axis=0)
        count, channels = len(first), inputs.shape[-1]
        taps = ops.reshape(ops.transpose(taps, (0, 3, 1, 2)), (count, channels, 4 * self.filters))
        padded = ops.pad(inputs, [[0, 0], [before, count - 1 - before], [0, 0]])
        phases = ops.conv(padded, taps, padding="valid")
        outputs = ops.reshape(phases, (-1, 4 * inputs.shape[1], self.filters))
        if self.use_bias:
            outputs = outputs + self.bias
        return outputs if self.activation is None else self.activation(outputs)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Give (batch, 4 samples, filters)."""
        samples = None if input_shape[1] is None else 4 * input_shape[1]
        return (input_shape[0], samples, self.filters)


# Keras names a layer's weights in a file by its class, not by its name: with the stock layer's name files of
# both kinds of model are read by both.
UpsampledTranspose.__name__ = "Conv1DTranspose"
