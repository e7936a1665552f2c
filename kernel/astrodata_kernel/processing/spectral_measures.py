"""Spectra smoothed for the eye, and lines measured: centroid, equivalent width, flux, width."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import BadRequest
from .spectra1d import Spectrum1d, is_velocity, is_wavelength
from .spectral_units import LIGHT
from .table_units import unit_of

Floats = npt.NDArray[np.float64]

SMOOTHINGS = ("none", "boxcar", "gaussian")
WIDEST = 10_000
"""Pixels that fluxes are smoothed over at most."""

_FEWEST = 8
_FWHM = 2 * math.sqrt(2 * math.log(2))


def smoothed(flux: npt.ArrayLike, how: str, width: float) -> Floats:
    """Give fluxes smoothed, NaN staying where it is and taking no part.

    Parameters
    ----------
    flux
        Shape (n,).
    how
        ``"none"``, ``"boxcar"`` (a mean of `width` pixels) or ``"gaussian"`` (`width` is its FWHM in pixels).
    width
        In pixels, up to 10,000; 1 or less changes nothing.

    Raises
    ------
    BadRequest
        Another word, or a width that is none.
    """
    values = np.asarray(flux, np.float64)
    if how not in SMOOTHINGS or not width <= WIDEST:
        raise BadRequest(
            f"smoothing {how!r} by {width}: give one of {', '.join(SMOOTHINGS)}, and up to {WIDEST:,} pixels"
        )
    if how == "none" or width <= 1 or not values.size:
        return values
    from scipy import ndimage

    def run(data: Floats) -> Floats:
        if how == "boxcar":
            found: Floats = ndimage.uniform_filter1d(data, max(1, round(width)), mode="constant")
        else:
            found = ndimage.gaussian_filter1d(data, width / _FWHM, mode="constant")
        return found

    there = np.isfinite(values)
    weight = run(there.astype(np.float64))
    with np.errstate(all="ignore"):
        mean = run(np.where(there, values, 0.0)) / weight
    return np.where(there & (weight > 1e-6), mean, np.nan)


def measured(
    spectrum: Spectrum1d, low: float, high: float, redshift: float = 0.0
) -> dict[str, Any]:
    """Measure the line in a stretch of a spectrum, emission or absorption.

    A Gaussian and a straight continuum are fitted together to the pixels that are not masked, weighted by
    their errors; centroid, flux and equivalent width are sums over the stretch above that continuum.

    Parameters
    ----------
    spectrum
        The spectrum.
    low, high
        Ends of the stretch, in `spectrum.unit`; it holds the line and some continuum on both sides.
    redshift
        By which the rest frame's equivalent width is told.

    Returns
    -------
    dict
        ``low``, ``high``, ``centroid``, ``flux``, ``ew`` (positive in absorption), ``ew_rest``, ``center``,
        ``sigma``, ``fwhm``, ``amplitude``, ``intercept`` and ``slope`` of the continuum about ``pivot``, in
        `spectrum.unit` and the flux's; ``fwhm_velocity`` in km/s; errors under ``..._err``, NaN
        where the fluxes have none; ``pixels`` and ``fitted``, whether the fit converged.

    Raises
    ------
    BadRequest
        A stretch with fewer than 8 pixels of use in it.
    """
    low, high = sorted((float(low), float(high)))
    axis, flux, error = spectrum.axis, spectrum.flux, spectrum.error
    inside = (axis >= low) & (axis <= high) & np.isfinite(flux)
    if spectrum.bad is not None:
        inside &= ~spectrum.bad
    if error is not None:
        inside &= np.isfinite(error)
    count = int(inside.sum())
    if count < _FEWEST:
        raise BadRequest(
            f"{low:g} to {high:g} {spectrum.unit} has {count} pixels of use: a line needs {_FEWEST}, and "
            "some continuum on both sides"
        )
    x, y = axis[inside], flux[inside]
    if not x[-1] > x[0]:
        raise BadRequest(
            f"all pixels lie at {x[0]:g} {spectrum.unit}: there is no stretch to measure"
        )
    sigma = None if error is None else error[inside]
    fit, spread = _fitted(x, y, sigma)
    pivot = float((x[0] + x[-1]) / 2)
    amplitude, center, width, intercept, slope = fit
    continuum = intercept + slope * (x - pivot)
    above = y - continuum
    step = np.gradient(x)
    line_flux = float(np.sum(above * step))
    with np.errstate(all="ignore"):
        ew = float(np.sum((1 - y / continuum) * step))
        centroid = float(np.sum(above * step * x) / line_flux)
    found: dict[str, Any] = {"low": low, "high": high, "centroid": centroid, "flux": line_flux}
    found |= {"ew": ew, "ew_rest": ew / _stretched(spectrum, redshift)}
    found |= {"center": center, "sigma": width, "fwhm": _FWHM * width, "amplitude": amplitude}
    found |= {"fwhm_velocity": _velocity_width(spectrum, _FWHM * width, center)}
    found |= {"intercept": intercept, "slope": slope, "pivot": pivot}
    if sigma is None:
        found |= {f"{name}_err": math.nan for name in ("centroid", "flux", "ew")}
    else:
        with np.errstate(all="ignore"):
            found["flux_err"] = float(np.sqrt(np.sum((sigma * step) ** 2)))
            found["ew_err"] = float(np.sqrt(np.sum((sigma * step / continuum) ** 2)))
            arms = (x - centroid) * step * sigma / line_flux
            found["centroid_err"] = float(np.sqrt(np.sum(arms**2)))
    found |= {"center_err": float(spread[1]), "fwhm_err": _FWHM * float(spread[2])}
    return found | {"pixels": count, "fitted": bool(np.isfinite(spread[1]))}


def measures_table(measures: list[dict[str, Any]], spectrum: Spectrum1d) -> Any:
    """Give measures as an `astropy.table.QTable` with units, a row a line."""
    from astropy import units as u
    from astropy.table import QTable

    axis = u.Unit(spectrum.unit)
    flux = unit_of(spectrum.flux_unit) or u.dimensionless_unscaled
    units = dict.fromkeys(("low", "high", "centroid", "ew", "ew_rest", "center", "fwhm"), axis)
    units |= {"flux": flux * axis, "amplitude": flux, "fwhm_velocity": u.km / u.s}
    units |= {f"{name}_err": units[name] for name in ("centroid", "ew", "center", "fwhm", "flux")}
    order = (
        *("low", "high", "centroid", "centroid_err", "flux", "flux_err", "ew", "ew_err", "ew_rest"),
        *("center", "center_err", "fwhm", "fwhm_err", "fwhm_velocity", "amplitude"),
    )
    table = QTable()
    for name in order:
        table[name] = [one[name] for one in measures] * units[name]
    table["pixels"] = [one["pixels"] for one in measures]
    table["fitted"] = [one["fitted"] for one in measures]
    return table


def gaussian_on_line(fit: dict[str, Any], x: npt.ArrayLike) -> Floats:
    """Give the fitted Gaussian on its continuum at some places."""
    places = np.asarray(x, np.float64)
    line = fit["intercept"] + fit["slope"] * (places - fit["pivot"])
    found: Floats = line + fit["amplitude"] * np.exp(
        -0.5 * ((places - fit["center"]) / fit["sigma"]) ** 2
    )
    return found


def _stretched(spectrum: Spectrum1d, redshift: float) -> float:
    """Give how much longer than in the rest frame a width along the axis is: of a frequency, shorter."""
    if not spectrum.has_units or is_velocity(spectrum.unit):
        return 1.0
    return 1 + redshift if is_wavelength(spectrum.unit) else 1 / (1 + redshift)


def _velocity_width(spectrum: Spectrum1d, width: float, center: float) -> float:
    """Give a width at a place of the axis in km/s, NaN where the axis has no unit."""
    from astropy import units as u

    if not spectrum.has_units:
        return math.nan
    if is_velocity(spectrum.unit):
        return float(u.Unit(spectrum.unit).to(u.km / u.s, width))
    return LIGHT * width / abs(center) if center else math.nan


def _fitted(x: Floats, y: Floats, sigma: Floats | None) -> tuple[list[float], Floats]:
    """Give amplitude, center, sigma, intercept, slope of the best fit, and their standard deviations."""
    from scipy.optimize import curve_fit

    pivot, half = (x[0] + x[-1]) / 2, (x[-1] - x[0]) / 2
    u = (x - pivot) / half  # in [-1, 1], where a fit knows how long its steps are
    scale = float(np.nanstd(y)) or 1.0
    v = y / scale
    edge = max(2, len(x) // 8)
    left, right = float(np.median(v[:edge])), float(np.median(v[-edge:]))
    slope = (right - left) / 2
    above = v - ((left + right) / 2 + slope * u)
    from scipy.ndimage import uniform_filter1d

    peak = int(np.argmax(np.abs(uniform_filter1d(above, 3))))
    area = abs(float(np.sum(above * np.gradient(u))))
    width = min(0.7, max(2 * np.median(np.diff(u)), area / (2.5 * abs(above[peak]) + 1e-300)))
    begin = [float(above[peak]), float(u[peak]), float(width), (left + right) / 2, slope]

    def model(u: Any, amplitude: Any, center: Any, width: Any, level: Any, slope: Any) -> Any:
        return level + slope * u + amplitude * np.exp(-0.5 * ((u - center) / width) ** 2)

    try:
        low = [-np.inf, -1.0, 1e-6, -np.inf, -np.inf]
        high = [np.inf, 1.0, 4.0, np.inf, np.inf]
        found, covariance = curve_fit(
            model,
            u,
            v,
            begin,
            None if sigma is None else sigma / scale,
            sigma is not None,
            bounds=(low, high),
            max_nfev=4000,
        )
        spread = np.sqrt(np.diag(covariance))
    except (RuntimeError, ValueError):
        found, spread = np.array(begin), np.full(5, np.nan)
    found = found * [scale, half, half, scale, scale / half] + [0, pivot, 0, 0, 0]
    return [float(one) for one in found], spread * [scale, half, half, scale, scale / half]
