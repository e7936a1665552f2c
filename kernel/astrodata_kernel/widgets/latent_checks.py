"""What is given to the latent explorer, checked and completed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import BadRequest
from ..latent.garage import Garage
from ..latent.regions import latents_of
from .latent_cut import Cut, Mask

ENOUGH = 200_000
"""Points from which percentiles are estimated where nobody counts on them."""


def some(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Give about `ENOUGH` of many values."""
    return values[:: max(1, len(values) // ENOUGH)]


def latents_or_encoded(z: Any, traces: Any, encoder: Any) -> npt.NDArray[Any]:
    """Give latents as floats of shape (n, z), with at least one finite point."""
    if z is None:
        if traces is None or encoder is None:
            raise BadRequest("give z, or traces and an encoder")
        from ..latent import encode as encode_traces

        z = encode_traces(traces, encoder)
    values = np.asarray(z)
    if values.ndim == 1:
        values = values[:, None]
    # Ten million float32 points need not be twice as large to be shown.
    latents = values if values.dtype == np.float32 and values.ndim == 2 else latents_of(values)
    if not latents.shape[1]:
        raise BadRequest(f"latents of shape {latents.shape}: there is no latent to show")
    starts = range(0, len(latents), ENOUGH)
    # The first stretch answers nearly always: the others need not be looked at.
    if not any(np.isfinite(latents[i : i + ENOUGH]).all(axis=1).any() for i in starts):
        raise BadRequest(f"none of the {len(latents)} points has finite latents: nothing to show")
    return latents


def checked_mask(mask: Any, count: int, name: str) -> Mask | None:
    """Give a boolean for each point, or None."""
    if mask is None:
        return None
    values = np.asarray(mask)
    if values.shape != (count,):
        raise BadRequest(
            f"{name} has shape {values.shape}: give a boolean for each of {count} points"
        )
    if values.dtype.kind != "b" and not np.isin(values, (0, 1)).all():
        raise BadRequest(f"{name} is of {values.dtype}: give booleans")
    return values.astype(bool)


def noise_of(noise: Mask | None, truth: Mask | None, splits: Any) -> Mask | None:
    """Tell which points are noise only: as given, as the splits call them, or what is no signal."""
    if noise is not None:
        return noise
    if splits is not None:
        called = np.asarray(splits).astype(str) == "noise"
        if called.any():
            return called
    return None if truth is None else ~truth


def checked_names(names: Sequence[str] | None, width: int) -> list[str]:
    """Give a name for each latent."""
    found = [f"z{i}" for i in range(width)] if names is None else [str(name) for name in names]
    if len(found) != width:
        raise BadRequest(f"{len(found)} names for {width} latents")
    return found


def checked_period(period: float | None) -> float | None:
    """Give seconds from sample to sample, or None."""
    if period is None:
        return None
    seconds = float(period)
    if not (np.isfinite(seconds) and seconds > 0):
        raise BadRequest(f"a sample period of {period}: give seconds above 0")
    return seconds


def axis_facts(cut: Cut, names: Sequence[str]) -> list[dict[str, Any]]:
    """Give name, extent, central 98 % and whether it is constant of each latent."""
    facts = []
    whole = bool(cut.finite.all())
    for name, column in zip(names, cut.columns, strict=True):
        values = column if whole else column[cut.finite]
        low, high = float(values.min()), float(values.max())
        first, last = np.percentile(some(values), [1, 99]).tolist()
        constant = not high > low
        facts.append(
            {"name": name, "low": low, "high": high, "central": [first, last], "constant": constant}
        )
    return facts


def first_garage(garage: Any, cut: Cut) -> Garage:
    """Give the garage to begin with: as given, else fitted on the noise, else on all points."""
    if garage is None and cut.noise is None:
        # Nobody asked for it: an estimate is enough to begin with.
        few = cut.columns[:, :: max(1, cut.columns.shape[1] // ENOUGH)]
        good = few[:, np.isfinite(few).all(axis=0)]
        return Garage.fit((good if good.size else cut.columns[:, cut.finite]).T)
    if garage is None:
        noise = cut.finite & cut.noise
        return Garage.fit(cut.columns[:, noise if noise.any() else cut.finite].T)
    middle = np.median(cut.columns[:, cut.finite], axis=1)
    return as_garage(garage, Garage(np.repeat(middle[:, None], 2, axis=1), middle))


def as_garage(garage: Any, before: Garage) -> Garage:
    """Give a garage for a garage or intervals that fit the one before."""
    if not isinstance(garage, Garage):
        if hasattr(garage, "score"):
            raise BadRequest(
                f"a {type(garage).__name__} is no box: the explorer draws intervals, a `Garage`"
            )
        try:
            intervals = np.asarray(garage, dtype=np.float64)
        except (TypeError, ValueError):
            raise BadRequest(
                f"{garage!r} is no garage: give a `Garage` or [[low, high], ...]"
            ) from None
        garage = (
            Garage(intervals, before.median) if intervals.shape == (before.width, 2) else intervals
        )
    shape = garage.intervals.shape if isinstance(garage, Garage) else garage.shape
    if shape != (before.width, 2):
        raise BadRequest(f"a garage of shape {shape}: there are {before.width} latents")
    return garage  # type: ignore[no-any-return]


def first_limits(garage: Garage, facts: Sequence[Mapping[str, Any]]) -> str:
    """Give what the panels span to begin with."""
    # A garage too small to be grabbed among bright signals is what one came to look at.
    shares = [
        float(high - low) / (axis["high"] - axis["low"])
        for (low, high), axis in zip(garage.intervals, facts, strict=True)
        if not axis["constant"]
    ]
    return "garage" if shares and min(shares) < 0.1 else "all"
