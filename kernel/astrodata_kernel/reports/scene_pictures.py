"""Bands, indices and classes of a scene as colours."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..datasets.lazy import Values
from ..errors import AstrodataError, BadRequest
from ..processing import indices
from ..processing.raster import limits as display_limits
from ..processing.scene_names import SCL_COLOURS, scl_name
from ..processing.stretches import STRETCHES, norm_of
from .looks import PALETTE, rgb
from .scene_pixels import Shown

Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Style:
    """How values become colours, the same for all dates of a film.

    Parameters
    ----------
    names
        Of one or three bands, layers, indices or formulas.
    norms
        Matplotlib's norm of each; none of classes.
    colours
        256 colours from low to high, shape (256, 3), 0 to 1; of one name only.
    classes
        Whether the numbers are classes.
    unit
        Of the values.
    shade
        What turns brightness, 0 to 1, of three bands.
    """

    names: tuple[str, ...]
    norms: tuple[Any, ...] = ()
    colours: npt.NDArray[np.float64] | None = None
    classes: bool = False
    unit: str = ""
    shade: Callable[[Any], Any] | None = None

    @property
    def label(self) -> str:
        """What is shown, in words for a colour bar."""
        name = self.names[0]
        if self.unit:
            return f"{name}, {self.unit}" if self.unit != "1" else name
        try:
            index = indices.find(name)
        except AstrodataError:
            return name
        return f"{name} ({index.long_name})" if index.long_name else name

    @property
    def words(self) -> str:
        """What is shown, in words for the line under a title."""
        if len(self.names) == 3:
            return ", ".join(
                f"{colour} {name}"
                for colour, name in zip(("red", "green", "blue"), self.names, strict=True)
            )
        return self.names[0]

    def paint(self, values: Sequence[Values]) -> Pixels:
        """Give the picture of some values: uint8 of shape (rows, columns, 4), nothing transparent."""
        if self.classes:
            numbers = np.asarray(values[0])
            painted = np.zeros((*numbers.shape, 4), np.uint8)
            scl = self.names[0] == "SCL"
            for number in np.unique(numbers):
                if number or not scl:  # 0 of SCL is nothing
                    painted[numbers == number] = (*rgb(class_colour(int(number), scl)), 255)
            return painted
        known = np.logical_and.reduce([np.isfinite(one) for one in values])
        shares = [
            np.asarray(np.ma.filled(norm(np.where(known, one, norm.vmin).astype(np.float64)), 0.0))
            for norm, one in zip(self.norms, values, strict=True)
        ]
        if self.colours is not None:
            places = np.clip(shares[0] * 256, 0, 255).astype(int)
            colour = self.colours[places]
        else:
            colour = np.stack([s if self.shade is None else self.shade(s) for s in shares], axis=-1)
        painted = np.empty((*known.shape, 4), np.uint8)
        painted[..., :3] = np.round(255 * np.clip(colour, 0, 1))
        painted[..., 3] = np.where(known, 255, 0)
        painted[~known] = 0
        return painted


def style_of(
    shown: Shown,
    names: tuple[str, ...],
    samples: Sequence[Values],
    limits: Any,
    stretch: str,
    colormap: Any,
    shade: Callable[[Any], Any] | None = None,
) -> Style:
    """Give how to paint some names.

    Parameters
    ----------
    shown
        What they are of.
    names
        One or three.
    samples
        Values of each that stand for all that is shown.
    limits
        A name or [low, high] as `processing.raster.limits` and the viewers take them, or three of these.
    stretch
        One of `processing.stretches.STRETCHES`.
    colormap
        Name of one of Matplotlib's, or its colours, shape (n, 3).
    shade
        As in `Style`.

    Raises
    ------
    BadRequest
        Limits, a stretch or a colour map that cannot be.
    """
    if len(names) == 1 and shown.classes(names[0]):
        return Style(names, classes=True)
    each = _each(limits, len(names))
    if stretch not in STRETCHES:
        raise BadRequest(f"stretch {stretch!r} is unknown: there are {', '.join(STRETCHES)}")
    norms = tuple(
        norm_of(stretch, *_pair(one, sample), sample)
        for one, sample in zip(each, samples, strict=True)
    )
    if len(names) == 3:
        return Style(names, norms, shade=shade)
    return Style(names, norms, colours_of_map(colormap), unit=shown.unit(names[0]))


def colours_of_map(colormap: Any) -> npt.NDArray[np.float64]:
    """Give the colours of a map by its name, shape (256, 3), or those that are given."""
    if not isinstance(colormap, str):
        given = np.asarray(colormap, np.float64)
        if given.ndim != 2 or given.shape[1] < 3 or not len(given):
            raise BadRequest(f"colours of shape {given.shape}: give a name, or (n, 3) from 0 to 1")
        at = np.linspace(0, len(given) - 1, 256)
        return np.stack(
            [np.interp(at, np.arange(len(given)), given[:, n]) for n in range(3)], axis=1
        )
    from matplotlib import colormaps

    if colormap not in colormaps:
        raise BadRequest(
            f"colour map {colormap!r} is unknown: take one of Matplotlib's, such as viridis, RdYlGn, magma"
        )
    made: npt.NDArray[np.float64] = colormaps[colormap](np.linspace(0, 1, 256))[:, :3]
    return made


def class_colour(number: int, scl: bool) -> str:
    """Give the colour of a class."""
    if scl:
        return SCL_COLOURS[number] if 0 <= number < len(SCL_COLOURS) else "#ff00ff"
    return "#e8e8e8" if number == 0 else PALETTE[(number - 1) % len(PALETTE)]


def class_name(number: int, scl: bool) -> str:
    """Give the name of a class."""
    return scl_name(number) if scl else f"class {number}"


def _each(limits: Any, count: int) -> list[Any]:
    """Give the limits of each name: one for all, or as many."""
    if isinstance(limits, str):
        return [limits] * count
    given = list(limits)
    if len(given) == 2 and all(isinstance(end, int | float | np.number) for end in given):
        return [given] * count
    if len(given) != count:
        raise BadRequest(
            f'limits {limits!r}: give a name such as "99%", [low, high], or these of each of {count}'
        )
    return given


def _pair(limits: Any, sample: Values) -> tuple[float, float]:
    if isinstance(limits, str):
        return display_limits(sample, limits)
    try:
        low, high = (float(end) for end in limits)
    except (TypeError, ValueError):
        raise BadRequest(f'limits {limits!r}: give a name such as "99%", or [low, high]') from None
    if not (np.isfinite(low) and np.isfinite(high) and low < high):
        raise BadRequest(f"limits [{low:g}, {high:g}]: give two finite numbers, low < high")
    return low, high
