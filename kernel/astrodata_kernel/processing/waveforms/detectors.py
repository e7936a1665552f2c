"""Scores that tell traces with a pulse from noise: the baselines that an encoder has to beat."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import scipy.fft
from numba import njit

from ...errors import BadRequest
from .baselines import baseline_of
from .chunks import map_traces, traces_of
from .filters import prefix
from .spectra import Periodogram, density_at

_CHUNK = 1 << 18

Scores = npt.NDArray[np.float64]
Values = npt.NDArray[Any]


class Threshold(NamedTuple):
    """A cut on scores, and how often noise lies above it: counted, and the 95 % interval."""

    value: float
    false_positive_rate: float
    low: float
    high: float


def peak_score(
    traces: Any, polarity: int = 1, baseline_samples: int | None = 0, **run: Any
) -> Scores:
    """Give the largest sample of each trace.

    Parameters
    ----------
    traces
        Shape (traces, samples) or (samples,): an array, lazy array or Dask array.
    polarity
        1 for pulses that rise, -1 for pulses that fall.
    baseline_samples
        First samples whose median is subtracted; 0 subtracts nothing, None takes a sixteenth of the trace.
    **run
        ``workers``, ``cancelled`` and ``progress`` of `map_traces`.

    Returns
    -------
    ndarray
        float64, shape (traces,); NaN for a trace that holds NaN.

    Raises
    ------
    BadRequest
        No traces, or another polarity.
    """

    def work(rows: Values) -> Values:
        best = rows.max(axis=1) if polarity > 0 else -rows.min(axis=1)
        return best - polarity * baseline_of(rows, baseline_samples)

    return _scores(work, traces, polarity, **run)


def integral_score(
    traces: Any, polarity: int = 1, baseline_samples: int | None = 0, **run: Any
) -> Scores:
    """Give the sum of all samples of each trace; the arguments are those of `peak_score`."""

    def work(rows: Values) -> Values:
        with np.errstate(invalid="ignore"):
            sums = rows.sum(axis=1, dtype=np.float64)
        return polarity * (sums - rows.shape[1] * baseline_of(rows, baseline_samples))

    return _scores(work, traces, polarity, **run)


def moving_average_score(
    traces: Any,
    width: int = 256,
    polarity: int = 1,
    baseline_samples: int | None = 0,
    **run: Any,
) -> Scores:
    """Give the largest mean of `width` samples in a row of each trace, of all if it has fewer.

    The other arguments are those of `peak_score`.

    Raises
    ------
    BadRequest
        No traces, another polarity, or a width below 1.
    """
    if width < 1:
        raise BadRequest(f"a mean of {width} samples: give 1 or more")

    def work(rows: Values) -> Values:
        best = np.empty(len(rows))
        _largest_mean(rows, min(int(width), rows.shape[1]), float(polarity), best)
        return best - polarity * baseline_of(rows, baseline_samples)

    return _scores(work, traces, polarity, **run)


def matched_filter_score(
    traces: Any,
    template: npt.ArrayLike,
    psd: tuple[npt.ArrayLike, npt.ArrayLike] | None = None,
    sample_period: float = 1.0,
    polarity: int = 1,
    **run: Any,
) -> Scores:
    """Give how well the pulse of a template fits into each trace, at the time where it fits best.

    Parameters
    ----------
    traces
        Shape (traces, samples) or (samples,): an array, lazy array or Dask array.
    template
        The pulse that is looked for, shape (at most samples,); its height does not matter.
    psd
        None for noise that is taken as white: the score is then the sum of products with the template
        of unit norm, in the traces' unit. Or the noise's frequencies and one-sided density, as
        ``psd(noise, sample_period, method="periodogram")`` gives them (another estimate, such as
        Welch's, is turned into what traces of this length would show of it): the score is then a
        signal-to-noise ratio, each frequency being weighted by the noise in it. Traces are
        then taken as periodic.
    sample_period
        Seconds between samples; only `psd` needs it.
    polarity
        1 for the template as it is, -1 for its negative.
    **run
        ``workers``, ``cancelled`` and ``progress`` of `map_traces`.

    Returns
    -------
    ndarray
        float64, shape (traces,); NaN for a trace that holds NaN.

    Raises
    ------
    BadRequest
        No traces, another polarity, or a template or a density that cannot be.
    """
    source = traces_of(traces)
    samples = source.shape[1]
    pulse = _pulse(template, samples)
    if psd is None:
        # What is below a millionth of the peak only makes the transform longer.
        pulse = pulse[: int(np.flatnonzero(np.abs(pulse) > 1e-6 * np.abs(pulse).max())[-1]) + 1]
        length = int(scipy.fft.next_fast_len(samples + len(pulse) - 1, real=True))
        kernel = np.conj(scipy.fft.rfft(pulse / np.linalg.norm(pulse), length))
    else:
        length = samples
        kernel = _weighted(pulse, _power(psd, samples, sample_period), samples)
    kernel = kernel * polarity

    def work(rows: Values) -> Values:
        with np.errstate(invalid="ignore", over="ignore"):
            spectrum = scipy.fft.rfft(rows, length)
            spectrum *= kernel.astype(spectrum.dtype)
            return scipy.fft.irfft(spectrum, length, overwrite_x=True).max(axis=1)

    return _scores(work, source, polarity, chunk=_CHUNK, **run)


def pulse_template(
    n_samples: int = 9728, mu: float = 6.7, sigma: float = 0.4
) -> npt.NDArray[np.float64]:
    """Give DAIDREAM's pulse, a log-normal one of height 1 that begins with the first sample.

    Parameters
    ----------
    n_samples
        Length.
    mu, sigma
        Of the pulse, for times in samples.

    Returns
    -------
    ndarray
        float64, shape (n_samples,).

    Raises
    ------
    BadRequest
        No sample, or a sigma that is not positive.
    """
    if n_samples < 1 or not sigma > 0:
        raise BadRequest(f"{n_samples} samples, sigma {sigma}: give positive numbers")
    time = np.log(np.arange(1.0, n_samples + 1))
    # The density at its mode, exp(mu - sigma^2), is divided out.
    exponent: npt.NDArray[np.float64] = -((time - mu) ** 2) / (2 * sigma**2) - time
    return np.exp(exponent + mu - sigma**2 / 2)


def threshold_at(scores_noise: npt.ArrayLike, false_positive_rate: float = 0.01) -> Threshold:
    """Give the lowest cut that no more than a share of noise scores exceeds.

    Parameters
    ----------
    scores_noise
        Scores of noise alone; NaN is left out.
    false_positive_rate
        The share, 0 to below 1.

    Returns
    -------
    Threshold
        ``value``: a trace is tagged if its score is greater. ``false_positive_rate``: the share of
        these scores that is; ``low``, ``high``: its Wilson interval of 95 %.

    Raises
    ------
    BadRequest
        No score, or a rate that is no share.

    Examples
    --------
    >>> threshold_at(np.arange(200), 0.01).value
    197.0
    """
    from scipy.stats import binomtest

    scores = np.asarray(scores_noise, dtype=np.float64).ravel()
    scores = np.sort(scores[~np.isnan(scores)])
    if not scores.size:
        raise BadRequest("no score of noise: there is nothing to set a threshold by")
    if not 0 <= false_positive_rate < 1:
        raise BadRequest(f"a false-positive rate of {false_positive_rate}: give 0 to below 1")
    # Rounded first: 0.29 * 100 is a little less than 29.
    above = int(np.floor(round(false_positive_rate * scores.size, 9)))
    value = float(scores[scores.size - 1 - above])
    count = int((scores > value).sum())
    interval = binomtest(count, scores.size).proportion_ci(method="wilson")
    return Threshold(value, count / scores.size, float(interval.low), float(interval.high))


def _scores(work: Any, traces: Any, polarity: int, **run: Any) -> Scores:
    if polarity not in (1, -1):
        raise BadRequest(
            f"polarity {polarity}: give 1 for pulses that rise, -1 for those that fall"
        )
    parts = map_traces(work, traces, **run)
    return np.concatenate([np.empty(0), *parts]).astype(np.float64)


def _pulse(template: npt.ArrayLike, samples: int) -> npt.NDArray[np.float64]:
    pulse = np.asarray(template, dtype=np.float64)
    if pulse.ndim != 1 or not 1 <= pulse.size <= samples:
        raise BadRequest(
            f"a template of shape {pulse.shape}: give a series of 1 to {samples} samples"
        )
    if not np.isfinite(pulse).all() or not pulse.any():
        raise BadRequest("a template must be finite and not 0 everywhere")
    return pulse


def _power(
    psd: tuple[npt.ArrayLike, npt.ArrayLike], samples: int, sample_period: float
) -> npt.NDArray[np.float64]:
    """Give the mean power of each frequency of the transform of a noise trace."""
    if not 0 < sample_period < np.inf:
        raise BadRequest(f"a sample period of {sample_period}: give seconds")
    own = scipy.fft.rfftfreq(samples, sample_period)
    if isinstance(psd, Periodogram) and len(psd.density) == len(own):
        power = density_at(psd, own)
    else:
        # A trace ends abruptly: power leaks from strong frequencies into weak ones, which under a window
        # it does not. Without that a weak frequency would be trusted far too much. In time, the leakage
        # is a triangle on the autocovariance.
        frequencies, density = (np.array(a, dtype=np.float64) for a in psd)
        if density.ndim == 1 and density.size > 1:
            # The mean was taken out of each stretch: what is left at 0 Hz says nothing.
            density[0] = max(density[0], density[1])
        fine = density_at((frequencies, density), scipy.fft.rfftfreq(2 * samples, sample_period))
        fine[1:-1] /= 2
        covariance = scipy.fft.irfft(fine, 2 * samples)
        triangle = 1 - np.abs(np.arange(2 * samples) - samples) / samples
        leaked = scipy.fft.rfft(covariance * np.roll(triangle, samples)).real[::2]
        power = np.maximum(leaked, 0)
        power[1 : (samples + 1) // 2] *= 2
    power = power * samples / sample_period
    power[1 : (samples + 1) // 2] /= 2
    return power


def _weighted(pulse: Values, power: npt.NDArray[np.float64], samples: int) -> Values:
    kernel = np.conj(scipy.fft.rfft(pulse, samples))
    weight = np.zeros_like(power)
    np.divide(1.0, power, out=weight, where=power > 0)
    kernel = kernel * weight
    both = np.full(len(power), 2.0)  # frequencies of either sign
    both[0] = 1
    if samples % 2 == 0:
        both[-1] = 1
    variance = (both * power * np.abs(kernel) ** 2).sum() / samples**2
    if not variance > 0:
        raise BadRequest("the noise density is 0 wherever the template is not: no ratio to give")
    return kernel / np.sqrt(variance)


@njit(nogil=True, cache=True)
def _largest_mean(values, width, sign, best):  # type: ignore[no-untyped-def]  # pragma: no cover
    samples = values.shape[1]
    sums = np.empty(samples + 1)
    for i in range(values.shape[0]):
        prefix(values[i], sums)
        most = -np.inf
        for j in range(samples + 1 - width):
            most = max(most, sign * (sums[j + width] - sums[j]))
        best[i] = np.nan if np.isnan(sums[samples]) else most / width
