"""Small pictures of events, many at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Pictures = npt.NDArray[np.uint8]
Array = npt.NDArray[Any]


def of_traces(traces: Sequence[Array], width: int, height: int) -> Pictures:
    """Give the ink of traces, each between its lowest and highest value.

    Parameters
    ----------
    traces
        n arrays of shape (samples,); NaN is left out.
    width, height
        Of a picture in pixels.

    Returns
    -------
    ndarray
        uint8, shape (n, height, width): opacity; the top row is the highest value.
    """
    made = np.zeros((len(traces), height, width), np.uint8)
    rows = np.arange(height)[:, None]
    for picture, trace in zip(made, traces, strict=True):
        values = np.asarray(trace, dtype=np.float64).ravel()
        finite = np.isfinite(values)
        if not finite.any():
            continue
        low, high = _envelope(values, finite, width)
        bottom, top = np.nanmin(low), np.nanmax(high)
        scale = (height - 1) / (top - bottom) if top > bottom else 0.0
        middle = (height - 1) / 2
        first = (top - high) * scale if scale else np.where(np.isfinite(high), middle, np.nan)
        last = (top - low) * scale if scale else first
        # Neighbours meet, or a steep edge would fall apart into dashes.
        joined = np.fmin(first, np.r_[last[1:], np.nan]).round()
        last = np.fmax(last, np.r_[first[1:], np.nan]).round()
        picture[(rows >= joined) & (rows <= last)] = 255
    return made


def of_images(images: Sequence[Array], width: int, height: int) -> Pictures:
    """Give images, each stretched between its 1st and 99.5th percentile, as large as they fit.

    Parameters
    ----------
    images
        n arrays of shape (height, width) or (height, width, bands), of which the first three bands, or the
        first, are shown. NaN is black. Row 0 is on top.
    width, height
        Of a picture in pixels.

    Returns
    -------
    ndarray
        uint8, shape (n, height, width, 3).
    """
    from PIL import Image

    made = np.zeros((len(images), height, width, 3), np.uint8)
    for picture, image in zip(made, images, strict=True):
        values = np.asarray(image)
        bands = values[..., None] if values.ndim == 2 else values
        bands = bands[..., :3] if bands.shape[-1] >= 3 else bands[..., :1]
        grown = min(width / bands.shape[1], height / bands.shape[0])
        size = [max(1, round(side * grown)) for side in (bands.shape[1], bands.shape[0])]
        how = Image.Resampling.NEAREST if grown >= 1 else Image.Resampling.BOX
        top, left = (height - size[1]) // 2, (width - size[0]) // 2
        for band in range(bands.shape[-1]):
            grey = Image.fromarray(_grey(bands[..., band])).resize(size, how)
            into = picture[top : top + size[1], left : left + size[0]]
            into[..., band if bands.shape[-1] == 3 else slice(None)] = np.asarray(grey)[
                ..., *(() if bands.shape[-1] == 3 else (None,))
            ]
    return made


def of_rows(values: Array, width: int, height: int) -> Pictures:
    """Give rows of a table as bars, up for what is above the median and down for what is below.

    Parameters
    ----------
    values
        Shape (n, columns), in robust standard deviations from the median; cut at 5.
    width, height
        Of a picture in pixels.

    Returns
    -------
    ndarray
        uint8, shape (n, height, width): opacity.
    """
    count = max(1, values.shape[1])
    column = np.minimum(np.arange(width) * count // width, count - 1)
    shown = np.clip(np.nan_to_num(values, nan=0.0, posinf=5, neginf=-5), -5, 5)
    bars = shown[:, column] if values.shape[1] else np.zeros((len(values), width))
    middle = (height - 1) / 2
    ends = middle * (1 - bars / 5)
    rows = np.arange(height)[None, :, None]
    low, high = np.minimum(ends, middle)[:, None, :], np.maximum(ends, middle)[:, None, :]
    return np.where((rows >= np.floor(low)) & (rows <= np.ceil(high)), 255, 0).astype(np.uint8)


def _envelope(values: Array, finite: Array, width: int) -> tuple[Array, Array]:
    count = len(values)
    if count < width:
        at = np.arange(width) * count // width
        shown = np.where(finite, values, np.nan)[at]
        return shown, shown
    starts = np.arange(width) * count // width
    low = np.minimum.reduceat(np.where(finite, values, np.inf), starts)
    high = np.maximum.reduceat(np.where(finite, values, -np.inf), starts)
    empty = low > high
    return np.where(empty, np.nan, low), np.where(empty, np.nan, high)


def limits_of(band: Array) -> tuple[float, float]:
    """Give what is black and what is white of a band: its 1st and 99.5th percentile; NaN is left out."""
    finite = band[np.isfinite(band)]
    if not finite.size:
        return 0.0, 1.0
    low, high = (float(limit) for limit in np.percentile(finite, [1, 99.5]))
    if not high > low:
        low, high = float(finite.min()), float(finite.max())
    return low, high if high > low else low + 1.0


def _grey(band: Array) -> Pictures:
    if band.dtype == np.uint8:
        return np.ascontiguousarray(band)
    values = band.astype(np.float32)
    low, high = limits_of(values)
    return np.clip(np.nan_to_num((values - low) * (255 / (high - low)), nan=0.0), 0, 255).astype(
        np.uint8
    )
