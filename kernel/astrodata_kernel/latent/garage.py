"""The garage: the region of latent space where noise-only traces land."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from ..errors import BadRequest
from .regions import Region, latents_of


@dataclass(frozen=True, eq=False)
class Garage(Region):
    """An interval for each latent; a trace inside all of them is noise.

    Parameters
    ----------
    intervals
        Lowest and highest value of each z, shape (z, 2).
    median
        Of the noise, shape (z,): the centre about which the garage grows and shrinks.
    coverage
        Central share of the noise in each interval when it was fitted.
    points
        How many points it was fitted on.
    calibration
        What `calibrate` found, or None.

    Examples
    --------
    >>> noise = np.random.default_rng(0).normal(size=(10_000, 4))
    >>> garage = Garage.fit(noise)
    >>> garage.contains([[0, 0, 0, 0], [0, 0, 9, 0]])
    array([ True, False])
    """

    kind: ClassVar[str] = "box"

    intervals: npt.NDArray[np.float64]
    median: npt.NDArray[np.float64]
    coverage: float = 0.9973
    points: int = 0
    calibration: dict[str, Any] | None = field(default=None)

    def __post_init__(self) -> None:
        intervals = np.array(self.intervals, dtype=np.float64)
        median = np.array(self.median, dtype=np.float64)
        good = intervals.ndim == 2 and intervals.shape[1:] == (2,) and len(intervals) > 0
        if not good or median.shape != intervals.shape[:1]:
            raise BadRequest(
                f"intervals of shape {intervals.shape} and medians of shape {median.shape}: give "
                "(z, 2) and (z,)"
            )
        if not np.isfinite(intervals).all() or (intervals[:, 0] > intervals[:, 1]).any():
            raise BadRequest("each interval is two finite numbers, the lower one first")
        intervals.flags.writeable = median.flags.writeable = False
        object.__setattr__(self, "intervals", intervals)
        object.__setattr__(self, "median", median)

    @classmethod
    def fit(cls, z: npt.ArrayLike, coverage: float = 0.9973) -> Garage:
        """Give the garage of noise-only latents: the central share of each z about its median.

        Parameters
        ----------
        z
            Latents of noise-only traces, shape (n, z). Rows with NaN are left out.
        coverage
            Share inside each interval; 0.9973 puts the limits at the percentiles 0.135 and 99.865,
            three standard deviations of a normal distribution.

        Returns
        -------
        Garage

        Raises
        ------
        BadRequest
            No finite point, or a coverage outside 0 to 1.
        """
        if not 0 < coverage <= 1:
            raise BadRequest(f"a coverage of {coverage}: give 0 < coverage <= 1")
        values = latents_of(z)
        values = values[np.isfinite(values).all(axis=1)]
        if not len(values):
            raise BadRequest("there is no noise-only point to fit the garage on: give noise traces")
        tail = 100 * (1 - coverage) / 2
        low, median, high = np.percentile(values, [tail, 50, 100 - tail], axis=0)
        return cls(np.stack([low, high], axis=1), median, coverage, len(values))

    @property
    def width(self) -> int:
        """Number of latents."""
        return len(self.intervals)

    def score(self, z: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Give how far outside each point is, in units of the intervals' half widths.

        The largest, over the latents, of the distance from the median divided by the distance of the
        interval's limit on that side. An interval without width gives infinity off its median.

        Parameters
        ----------
        z
            Shape (n, z).

        Returns
        -------
        ndarray
            float64, shape (n,): at most 1 inside, infinite for NaN.
        """
        values = latents_of(z, self.width)
        low, high = self.intervals.T
        # A limit may have been drawn past the median: the centre is then the interval's own.
        centre = np.where((low < self.median) & (self.median < high), self.median, (low + high) / 2)
        away = values - centre
        with np.errstate(divide="ignore", invalid="ignore"):
            share = np.where(away >= 0, away / (high - centre), away / (low - centre))
        share = np.where(away == 0, 0.0, share)
        score = np.where(np.isnan(values).any(axis=1), np.inf, np.max(share, axis=1))
        # Exactly the interval, whatever the division rounded.
        inside = ((values >= low) & (values <= high)).all(axis=1)
        score = np.where(inside, np.minimum(score, 1.0), score)
        return np.where(~inside & (score <= 1.0), np.nextafter(1.0, 2.0), score)

    def scaled(self, factor: float) -> Garage:
        """Give the garage with all distances from the median multiplied."""
        low, high = self.intervals.T
        centre = np.where((low < self.median) & (self.median < high), self.median, (low + high) / 2)
        # Outwards to the next number, so that the point that set the factor stays inside.
        stretched = centre[:, None] + factor * (self.intervals - centre[:, None])
        outward = np.nextafter(stretched, np.array([-np.inf, np.inf]))
        return replace(self, intervals=outward)

    def moved(self, axis: int, low: float, high: float) -> Garage:
        """Give the garage with another interval for one latent.

        Raises
        ------
        BadRequest
            No such latent, or no interval.
        """
        if not 0 <= axis < self.width:
            raise BadRequest(f"z{axis}: the garage has z0 to z{self.width - 1}")
        intervals = self.intervals.copy()
        intervals[axis] = low, high
        return replace(self, intervals=intervals, calibration=None)

    def _facts(self) -> dict[str, Any]:
        return {
            "intervals": self.intervals.tolist(),
            "median": self.median.tolist(),
            "coverage": self.coverage,
            "points": self.points,
            "calibration": self.calibration,
        }

    @classmethod
    def _of_facts(cls, facts: dict[str, Any]) -> Garage:
        return cls(
            np.array(facts["intervals"], float),
            np.array(facts["median"], float),
            float(facts["coverage"]),
            int(facts["points"]),
            facts["calibration"],
        )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Garage):
            return NotImplemented
        return self._facts() == other._facts()

    def __hash__(self) -> int:
        return hash(self.to_json())

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>z{i}</td><td>{low:.6g}</td><td>{mid:.6g}</td><td>{high:.6g}</td></tr>"
            for i, ((low, high), mid) in enumerate(zip(self.intervals, self.median, strict=True))
        )
        return (
            "<table><thead><tr><th></th><th>low</th><th>median</th><th>high</th></tr></thead>"
            f"<tbody>{rows}</tbody></table>"
        )
