"""Gaussian process regression of labels on latents, predicted chunk by chunk."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import Matern, WhiteKernel

from .sights import Array

CHUNK = 20_000
"""Events predicted at once: 80 MB beside 500 labels."""


class Gaussian:
    """A Gaussian process with a Matern kernel and white noise.

    Parameters
    ----------
    x, y
        Shape (m, d) and (m,).
    fitted
        Fit length scale and noise by their likelihood; else `length` and `noise` stay.
    length, noise
        Of the kernel, in units of `x` and of `y` squared.
    """

    def __init__(
        self, x: Array, y: Array, *, fitted: bool = False, length: float = 1.0, noise: float = 1.0
    ) -> None:
        kernel = Matern(length_scale=length, nu=1.5) + WhiteKernel(noise)
        self._process = GaussianProcessRegressor(
            kernel, optimizer="fmin_l_bfgs_b" if fitted else None
        )
        with warnings.catch_warnings():
            # A length or a noise at its bound is an answer too: labels of one value have no better.
            warnings.simplefilter("ignore", ConvergenceWarning)
            self._process.fit(x, y)

    def predict(
        self, x: Array, cancelled: Callable[[], None] = lambda: None
    ) -> tuple[Array, Array]:
        """Give mean and standard deviation at each place, shape (n,) each."""
        mean, spread = np.empty(len(x)), np.empty(len(x))
        for start in range(0, len(x), CHUNK):
            cancelled()
            part = slice(start, start + CHUNK)
            mean[part], spread[part] = self._process.predict(x[part], return_std=True)
        return mean, spread
