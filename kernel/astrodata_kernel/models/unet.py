"""Networks that draw burnt areas: a U-Net of convolutional LSTMs over dates, and a plain one beside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..errors import BadRequest
from .backend import keras_with_backend

keras = keras_with_backend()

Shape = Sequence[int | None]


def convlstm_unet(
    input_shape: Shape,
    filters: Sequence[int] = (16, 32),
    bottleneck: int = 64,
    dropout: float = 0.2,
    weight_decay: float = 1e-4,
) -> Any:
    """Give the U-Net of convolutional LSTMs: 455,144 parameters for 19 channels.

    On the way down each layer's picture is halved; on the way up it is doubled and put beside the one of the
    same size from before. All dates go through; the mask is that of the last.

    Parameters
    ----------
    input_shape
        (dates, rows, columns, channels); rows and columns are multiples of 4 with two layers of filters, or
        None for any. A known number of dates is faster, with JAX thirty times.
    filters
        Of the layers down, and in reverse up; 3 x 3 pixels each.
    bottleneck
        Filters of the layer between.
    dropout
        Share of values that training leaves out after each layer.
    weight_decay
        Weight of the squares of all kernels in the loss.

    Returns
    -------
    keras.Model
        Maps (n, dates, rows, columns, channels) to probabilities, shape (n, rows, columns, 1). Not compiled:
        Adam with 1e-3 and `losses.dice_jaccard_crossentropy` are what it was shown with.

    Raises
    ------
    BadRequest
        A shape that does not fit; the text says which does.

    Notes
    -----
    The architecture is that of G.A. Anastasi (CRIS-MAC 2024); the code is our own. Its decoder doubles after
    each layer, hence the layer of ``filters[-1]`` between bottleneck and the first doubling.
    """
    dates, _rows, _columns, _channels = _checked(input_shape, 4, len(filters))
    layers = keras.layers

    def lstm(x: Any, count: int, name: str, **options: Any) -> Any:
        settings = {"activation": "relu", "return_sequences": True, **options}
        return layers.ConvLSTM2D(
            count,
            3,
            padding="same",
            kernel_regularizer=keras.regularizers.L2(weight_decay),
            # A loop over some dates that the backend does not have to loop over.
            unroll=dates is not None,
            name=name,
            **settings,
        )(x)

    def each_date(layer: Any, x: Any) -> Any:
        return layers.TimeDistributed(layer)(x)

    inputs = x = keras.Input(tuple(input_shape))
    kept = []
    for level, count in enumerate(filters):
        x = each_date(layers.Dropout(dropout), lstm(x, count, f"down_{level}"))
        kept.append(x)
        x = each_date(layers.MaxPooling2D(2), x)
    x = each_date(layers.Dropout(dropout), lstm(x, bottleneck, "bottleneck"))
    for level, count in reversed(list(enumerate(filters))):
        x = each_date(layers.Dropout(dropout), lstm(x, count, f"up_{level}"))
        x = each_date(layers.UpSampling2D(2), x)
        x = layers.Concatenate()([x, kept[level]])
    outputs = lstm(x, 1, "mask", activation="sigmoid", return_sequences=False)
    return keras.Model(inputs, outputs, name="convlstm_unet")


def plain_unet(
    input_shape: Shape,
    filters: Sequence[int] = (16, 32),
    bottleneck: int = 64,
    dropout: float = 0.2,
    weight_decay: float = 1e-4,
) -> Any:
    """Give a U-Net that takes all dates as channels of one image.

    Parameters
    ----------
    input_shape
        (dates, rows, columns, channels) or (rows, columns, channels), rows and columns as of
        `convlstm_unet`; they are to be known where there are dates.
    filters, bottleneck, dropout, weight_decay
        As of `convlstm_unet`; each layer is two convolutions.

    Returns
    -------
    keras.Model
        Maps ``(n, *input_shape)`` to probabilities, shape (n, rows, columns, 1).

    Raises
    ------
    BadRequest
        A shape that does not fit; the text says which does.
    """
    *_lead, rows, columns, channels = _checked(
        input_shape, 4 if len(input_shape) == 4 else 3, len(filters)
    )
    layers = keras.layers

    def convolved(x: Any, count: int) -> Any:
        for _ in range(2):
            x = layers.Conv2D(
                count,
                3,
                padding="same",
                activation="relu",
                kernel_regularizer=keras.regularizers.L2(weight_decay),
            )(x)
        return layers.Dropout(dropout)(x)

    inputs = x = keras.Input(tuple(input_shape))
    if len(input_shape) == 4:
        dates = input_shape[0]
        if dates is None or rows is None or columns is None:
            raise BadRequest(
                "a plain U-Net of dates needs known numbers: give dates, rows, columns"
            )
        x = layers.Reshape((rows, columns, dates * int(channels or 0)))(
            layers.Permute((2, 3, 1, 4))(x)
        )
    kept = []
    for count in filters:
        x = convolved(x, count)
        kept.append(x)
        x = layers.MaxPooling2D(2)(x)
    x = convolved(x, bottleneck)
    for count, before in zip(reversed(filters), reversed(kept), strict=True):
        x = layers.Concatenate()([layers.UpSampling2D(2)(x), before])
        x = convolved(x, count)
    outputs = layers.Conv2D(1, 1, activation="sigmoid", name="mask")(x)
    return keras.Model(inputs, outputs, name="plain_unet")


def _checked(shape: Shape, axes: int, levels: int) -> Shape:
    step = 2**levels
    asked = "(dates, rows, columns, channels)" if axes == 4 else "(rows, columns, channels)"
    if len(shape) != axes or not shape[-1]:
        raise BadRequest(f"input shape {tuple(shape)}: give {asked}")
    if any(size is not None and size < 1 for size in shape):
        raise BadRequest(f"input shape {tuple(shape)}: give {asked}, each at least 1")
    for what, size in zip(("rows", "columns"), shape[-3:-1], strict=True):
        if size is not None and size % step:
            near = -(-size // step) * step
            raise BadRequest(
                f"{size} {what} cannot be halved {levels} times: give a multiple of {step}, as {near}"
            )
    return shape
