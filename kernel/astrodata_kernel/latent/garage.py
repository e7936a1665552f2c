"""The garage: the region of latent space where noise-only traces land."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from ..errors import BadRequest, DamagedFile
from .rates import Rate, rate
from .writing import write_whole

Latents = npt.NDArray[np.float64]
FORMAT = "astrodata-garage"


def latents_of(z: npt.ArrayLike, width: int | None = None) -> Latents:
    """Give latents as float64 of shape (n, width), one point as one row.

    Raises
    ------
    BadRequest
        Not of two axes, or of another width than wanted.
    """
    values = np.asarray(z, dtype=np.float64)
    if values.ndim == 1 and width is not None and values.size == width:
        values = values[None, :]
    if values.ndim != 2 or (width is not None and values.shape[1] != width):
        wanted = "(n, z)" if width is None else f"(n, {width})"
        raise BadRequest(f"latents of shape {values.shape}: give an array of shape {wanted}")
    return values


class Region:
    """What all shapes of the garage share: a score that is at most 1 inside.

    Subclasses give `score`, `scaled` and `_facts`.
    """

    kind: ClassVar[str] = ""

    def score(self, z: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Give how far outside each point is: at most 1 inside, infinite for NaN."""
        raise TypeError(f"{type(self).__name__} has no score")

    def scaled(self, factor: float) -> Self:
        """Give the region with another size."""
        raise TypeError(f"{type(self).__name__} cannot be scaled")

    def contains(self, z: npt.ArrayLike) -> npt.NDArray[np.bool_]:
        """Tell of each point whether it is noise: inside the garage. NaN never is."""
        return self.score(z) <= 1.0

    def rate_outside(self, z: npt.ArrayLike, confidence: float = 0.95) -> Rate:
        """Give the share of points outside, with its interval.

        Of noise-only points that is the false-positive rate, of signals the true-positive rate.
        """
        return rate(~self.contains(z), confidence)

    def calibrate(self, z: npt.ArrayLike, false_positive_rate: float = 0.01) -> Self:
        """Give the garage whose size lets a wanted share of held-out noise out, all axes together.

        Parameters
        ----------
        z
            Latents of noise-only traces that the garage was not fitted on, shape (n, z).
        false_positive_rate
            Wanted share outside, above 0 and below 1.

        Returns
        -------
        Region
            Of the same shape and centre, its ``calibration`` told: wanted and counted rate, interval.

        Raises
        ------
        BadRequest
            A rate that is none, or too few points to tell it: at least 1 / rate are needed.
        """
        if not 0 < false_positive_rate < 1:
            raise BadRequest(f"a false-positive rate of {false_positive_rate}: give 0 < rate < 1")
        scores = self.score(latents_of(z))
        scores = scores[np.isfinite(scores)]
        if len(scores) * false_positive_rate < 1:
            raise BadRequest(
                f"{len(scores)} noise-only points cannot tell a false-positive rate of "
                f"{false_positive_rate:g}: give at least {int(np.ceil(1 / false_positive_rate))}"
            )
        # The smallest size with no more than the wanted share outside.
        inside = int(np.ceil(len(scores) * (1 - false_positive_rate)))
        factor = float(np.sort(scores)[inside - 1])
        if not factor > 0:
            raise BadRequest("the noise-only points all lie in one place: this model has collapsed")
        counted = rate(scores > factor)
        return self.scaled(factor)._calibrated(
            {
                "false_positive_rate": false_positive_rate,
                "counted": counted.value,
                "low": counted.low,
                "high": counted.high,
                "points": counted.total,
            }
        )

    def _calibrated(self, facts: dict[str, Any]) -> Self:
        return replace(self, calibration=facts)  # type: ignore[type-var]

    def _facts(self) -> dict[str, Any]:
        raise TypeError(f"{type(self).__name__} has no facts")

    def to_json(self) -> str:
        """Give the garage as JSON text, which `from_json` reads back without a loss."""
        facts = {"format": FORMAT, "version": 1, "kind": self.kind, **self._facts()}
        return json.dumps(facts, indent=2)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the garage to a JSON file, which has its name only when it is whole."""
        return write_whole(path, self.to_json().encode())

    @staticmethod
    def from_json(text: str) -> Region:
        """Give the garage of what `to_json` wrote, of whichever shape.

        Raises
        ------
        DamagedFile
            Text that is no garage, or that lacks something of it.
        """
        from .garage_shapes import DensityGarage, EllipseGarage

        try:
            facts = json.loads(text)
            if facts["format"] != FORMAT:
                raise KeyError(FORMAT)
            shapes: dict[str, Any] = {
                shape.kind: shape for shape in (Garage, EllipseGarage, DensityGarage)
            }
            found: Region = shapes[facts["kind"]]._of_facts(facts)
        except (ValueError, KeyError, TypeError) as error:
            raise DamagedFile(
                f"this is no garage as it was exported ({type(error).__name__}: {str(error)[:80]})"
            ) from None
        return found

    @staticmethod
    def load(path: str | os.PathLike[str]) -> Region:
        """Give the garage of a file that `save` wrote."""
        return Region.from_json(Path(path).read_text(encoding="utf-8"))


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
