"""What all shapes of the garage share: scores, calibration and the file."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from ..errors import BadRequest, DamagedFile
from ..writing import write_whole
from .rates import Rate, rate

Latents = npt.NDArray[np.float64]
FORMAT = "astrodata-garage"

_SHAPES = {
    "box": ("garage", "Garage"),
    "ellipse": ("garage_shapes", "EllipseGarage"),
    "density": ("garage_shapes", "DensityGarage"),
}
"""Module and class of each shape, by the name that files give it."""


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
        try:
            facts = json.loads(text)
            if facts["format"] != FORMAT:
                raise KeyError(FORMAT)
            module, name = _SHAPES[facts["kind"]]
            shape = getattr(import_module(f".{module}", __package__), name)
            found: Region = shape._of_facts(facts)
        except (ValueError, KeyError, TypeError) as error:
            raise DamagedFile(
                f"this is no garage as it was exported ({type(error).__name__}: {str(error)[:80]})"
            ) from None
        return found

    @staticmethod
    def load(path: str | os.PathLike[str]) -> Region:
        """Give the garage of a file that `save` wrote."""
        return Region.from_json(Path(path).read_text(encoding="utf-8"))
