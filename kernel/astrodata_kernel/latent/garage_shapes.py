"""Garages of other shapes than a box: an ellipsoid, and wherever noise is dense."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from ..errors import BadRequest
from .regions import Region, latents_of

_KEPT = 2000  # points of a density: a score costs as many distances


def _noise(z: npt.ArrayLike) -> npt.NDArray[np.float64]:
    values = latents_of(z)
    values = values[np.isfinite(values).all(axis=1)]
    if len(values) <= values.shape[1]:
        raise BadRequest(
            f"{len(values)} noise-only points in {values.shape[1]} dimensions: give more of them"
        )
    return values


def _whitening(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    covariance = np.atleast_2d(np.cov(values, rowvar=False))
    strength, axes = np.linalg.eigh(covariance)
    if strength[0] <= 1e-12 * strength[-1] or strength[-1] == 0:
        raise BadRequest("the noise has no width in some direction: this model has collapsed")
    whitening: npt.NDArray[np.float64] = (axes / np.sqrt(strength)).T
    return whitening


@dataclass(frozen=True, eq=False)
class EllipseGarage(Region):
    """All points within a Mahalanobis distance of the noise's mean.

    Parameters
    ----------
    mean
        Of the noise, shape (z,).
    whitening
        Matrix that makes the noise round with unit width, shape (z, z).
    radius
        Largest distance inside.
    calibration
        What `calibrate` found, or None.
    """

    kind: ClassVar[str] = "ellipse"

    mean: npt.NDArray[np.float64]
    whitening: npt.NDArray[np.float64]
    radius: float
    calibration: dict[str, Any] | None = field(default=None)

    @classmethod
    def fit(cls, z: npt.ArrayLike, coverage: float = 0.9973) -> EllipseGarage:
        """Give the ellipsoid that holds a share of noise-only latents, shape (n, z).

        Raises
        ------
        BadRequest
            Too few points, or noise without width in some direction.
        """
        values = _noise(z)
        mean, whitening = values.mean(axis=0), _whitening(values)
        distance = np.linalg.norm((values - mean) @ whitening.T, axis=1)
        return cls(mean, whitening, float(np.quantile(distance, coverage)))

    def score(self, z: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Give the Mahalanobis distance of each point in units of the radius, shape (n,)."""
        values = latents_of(z, len(self.mean))
        distance = np.linalg.norm((values - self.mean) @ self.whitening.T, axis=1)
        return np.where(np.isfinite(distance), distance, np.inf) / self.radius

    def scaled(self, factor: float) -> EllipseGarage:
        """Give the ellipsoid with another radius."""
        return replace(self, radius=float(np.nextafter(self.radius * factor, np.inf)))

    def _facts(self) -> dict[str, Any]:
        return {
            "mean": self.mean.tolist(),
            "whitening": self.whitening.tolist(),
            "radius": self.radius,
            "calibration": self.calibration,
        }

    @classmethod
    def _of_facts(cls, facts: dict[str, Any]) -> EllipseGarage:
        mean, whitening = np.array(facts["mean"], float), np.array(facts["whitening"], float)
        return cls(mean, whitening, float(facts["radius"]), facts["calibration"])


@dataclass(frozen=True, eq=False)
class DensityGarage(Region):
    """All points where noise is denser than a threshold, by Gaussian kernels of Scott's width.

    Parameters
    ----------
    points
        Noise-only latents, whitened, shape (n, z), at most 2,000.
    mean, whitening
        How latents are whitened.
    surprise
        Largest negative logarithm of the density inside.
    calibration
        What `calibrate` found, or None.
    """

    kind: ClassVar[str] = "density"

    points: npt.NDArray[np.float64]
    mean: npt.NDArray[np.float64]
    whitening: npt.NDArray[np.float64]
    surprise: float
    calibration: dict[str, Any] | None = field(default=None)

    @classmethod
    def fit(cls, z: npt.ArrayLike, coverage: float = 0.9973, seed: int = 0) -> DensityGarage:
        """Give the region that holds a share of noise-only latents, shape (n, z).

        Half of the points make the density and the other half its threshold: a point would always
        find itself dense.

        Raises
        ------
        BadRequest
            Too few points, or noise without width in some direction.
        """
        values = _noise(z)
        mean, whitening = values.mean(axis=0), _whitening(values)
        white = (values - mean) @ whitening.T
        order = np.random.default_rng(seed).permutation(len(white))
        half = max(1, len(white) // 2)
        made = cls(white[order[: min(half, _KEPT)]], mean, whitening, 0.0)
        return replace(
            made, surprise=float(np.quantile(made._surprise(values[order[half:]]), coverage))
        )

    def score(self, z: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Give how surprising each point is: 1 at the threshold, and more outside."""
        away = (self._surprise(z) - self.surprise) / self.points.shape[1]
        score = np.exp(np.minimum(away, 700.0))  # beyond, exp has no number for it
        return np.where(np.isfinite(away), score, np.inf)

    def scaled(self, factor: float) -> DensityGarage:
        """Give the region with another threshold."""
        moved = self.surprise + self.points.shape[1] * np.log(factor)
        return replace(self, surprise=float(np.nextafter(moved + 1e-9, np.inf)))

    def _surprise(self, z: npt.ArrayLike) -> npt.NDArray[np.float64]:
        from scipy.special import logsumexp

        values = (latents_of(z, len(self.mean)) - self.mean) @ self.whitening.T
        width = len(self.points) ** (-1 / (values.shape[1] + 4))
        out = np.empty(len(values))
        for start in range(0, len(values), 512):
            some = values[start : start + 512, None, :] - self.points[None, :, :]
            square = np.einsum("ijk,ijk->ij", some, some) / (2 * width**2)
            out[start : start + 512] = -logsumexp(-square, axis=1)
        return np.where(np.isnan(out), np.inf, out)

    def _facts(self) -> dict[str, Any]:
        return {
            "points": self.points.tolist(),
            "mean": self.mean.tolist(),
            "whitening": self.whitening.tolist(),
            "surprise": self.surprise,
            "calibration": self.calibration,
        }

    @classmethod
    def _of_facts(cls, facts: dict[str, Any]) -> DensityGarage:
        return cls(
            np.array(facts["points"], float),
            np.array(facts["mean"], float),
            np.array(facts["whitening"], float),
            float(facts["surprise"]),
            facts["calibration"],
        )
