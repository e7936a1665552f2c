"""Blocks of waveforms: filters, baselines, alignment, lengths, features, pulses, spectra, scores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np

from ..pipeline import Work, block
from .step_help import given, off_the_pool, working
from .trace_values import like, period_of, streamed


@dataclass(frozen=True)
class BandPass:
    """One band of frequencies is left; edges in Hz, None for an open side."""

    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    filter: Literal["band_pass"]
    low: float | None = None
    high: float | None = None
    order: int = 4


@dataclass(frozen=True)
class Notch:
    """One frequency, in Hz, is taken out."""

    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    filter: Literal["notch"]
    frequency: float
    q: float = 30.0


@dataclass(frozen=True)
class MovingAverage:
    """Means of some samples."""

    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    filter: Literal["moving_average"]
    width: int


@dataclass(frozen=True)
class Normalise:
    """Traces of one size."""

    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    filter: Literal["normalise"]
    how: Literal["peak", "area", "rms", "minmax"] = "peak"


@dataclass(frozen=True)
class Invert:
    """The negative of traces."""

    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    filter: Literal["invert"]


Filter = BandPass | Notch | MovingAverage | Normalise | Invert


@block(outputs=("traces",), helpers=(streamed,))
def filter_waveforms(
    traces: Any,
    *,
    filters: list[Filter],
    sample_period: float | None = None,
    work: Work | None = None,
) -> Any:
    """Filter traces, one filter after the other.

    Parameters
    ----------
    traces
        Shape (traces, samples): an array or a data set.
    filters
        Such as ``{filter: band_pass, low: 1e6, high: null}``, ``{filter: notch, frequency: 50}``,
        ``{filter: moving_average, width: 8}``, ``{filter: normalise}``, ``{filter: invert}``.
    sample_period
        Seconds between samples; what the data set knows by default, and else 1.

    Returns
    -------
    ndarray or Dataset
    """
    from ..processing import waveforms

    period = period_of(traces, sample_period)

    def filtered(part: Any) -> Any:
        for one in filters:
            match one:
                case BandPass():
                    part = waveforms.band_pass(part, one.low, one.high, period, one.order)
                case Notch():
                    part = waveforms.notch(part, one.frequency, one.q, period)
                case MovingAverage():
                    part = waveforms.moving_average(part, one.width)
                case Normalise():
                    part = waveforms.normalise(part, one.how)
                case Invert():
                    part = waveforms.invert(part)
        return part

    return streamed(working(work), traces, filtered)


@block(outputs=("traces",), helpers=(streamed,))
def subtract_baseline(
    traces: Any,
    *,
    samples: int | None = None,
    method: Literal["median", "mean", "mode"] = "median",
    work: Work | None = None,
) -> Any:
    """Have traces rest at 0.

    Parameters
    ----------
    traces
        Shape (traces, samples): an array or a data set.
    samples, method
        As of `adk.processing.waveforms.baseline`.

    Returns
    -------
    ndarray or Dataset
    """
    from ..processing.waveforms import subtract_baseline as subtracted

    return streamed(working(work), traces, lambda part: subtracted(part, samples, method))


@block(outputs=("traces",), helpers=(streamed,))
def align_waveforms(
    traces: Any,
    *,
    by: Literal["peak", "threshold", "constant-fraction"] = "peak",
    to: int | None = None,
    fill: float = float("nan"),
    threshold: float = 5.0,
    fraction: float = 0.5,
    polarity: Literal[1, -1] | None = None,
    work: Work | None = None,
) -> Any:
    """Shift traces by whole samples, so that their pulses arrive at the same one.

    Parameters
    ----------
    traces
        Shape (traces, samples): an array or a data set.
    by, to, fill, threshold, fraction, polarity
        As of `adk.processing.waveforms.align` and `arrival`; the polarity that the data set knows by default.

    Returns
    -------
    ndarray or Dataset
    """
    from ..processing.waveforms import align

    work = working(work)
    options = {
        "threshold": threshold,
        "fraction": fraction,
        "polarity": _polarity(traces, polarity),
    }
    run = {"cancelled": work.check, "progress": work.progress}
    return like(traces, align(traces, by, to, fill, **options, **run))


@block(outputs=("traces",), helpers=(streamed,))
def fit_length(
    traces: Any, *, length: int, how: Literal["trim", "pad"] = "trim", work: Work | None = None
) -> Any:
    """Give traces a length, by cutting or filling their ends.

    Parameters
    ----------
    traces
        Shape (traces, samples): an array or a data set.
    length, how
        As of `adk.processing.waveforms.fit_length`.

    Returns
    -------
    ndarray or Dataset
    """
    from ..processing.waveforms import fit_length as fitted

    return streamed(working(work), traces, lambda part: fitted(part, length, how))


@block(outputs=("traces",), helpers=(streamed,))
def resample_waveforms(
    traces: Any, *, factor: float | tuple[float, float], work: Work | None = None
) -> Any:
    """Bring traces to another sampling rate, without aliasing.

    Parameters
    ----------
    traces
        Shape (traces, samples): an array or a data set.
    factor
        Of the rate, or the old and the new one, as of `adk.processing.waveforms.resample`.

    Returns
    -------
    ndarray or Dataset
        Whose sample period is the new one.
    """
    from ..processing.waveforms import resample

    ratio = factor[1] / factor[0] if isinstance(factor, tuple) else factor
    period = getattr(traces, "meta", {}).get("sample_period")
    meta = given(sample_period=None if period is None else period / ratio)
    return streamed(working(work), traces, lambda part: resample(part, factor), **meta)


@block(outputs=("traces",), helpers=(streamed,))
def whiten_waveforms(
    traces: Any, spectrum: Any, *, sample_period: float | None = None, work: Work | None = None
) -> Any:
    """Have the noise of traces white, of variance 1.

    Parameters
    ----------
    traces
        Shape (traces, samples): an array or a data set.
    spectrum
        Table of `waveform_spectrum`, of noise alone.
    sample_period
        Seconds between samples; what the data set knows by default, and else 1.

    Returns
    -------
    ndarray or Dataset
    """
    from ..processing.waveforms import whiten

    psd = (spectrum["frequency"].to_numpy(), spectrum["density"].to_numpy())
    period = period_of(traces, sample_period)
    return streamed(working(work), traces, lambda part: whiten(part, psd, period))


@block(outputs=("table",))
def waveform_features(
    traces: Any,
    *,
    baseline_samples: int | None = None,
    polarity: Literal[1, -1] | None = None,
    sample_period: float | None = None,
    threshold: float = 5.0,
    work: Work | None = None,
) -> Any:
    """Measure each trace: baseline, peak, times, width, kurtosis, pulses, what is wrong with it.

    Read in pieces, side by side on the workers of a cluster where there is one.

    Parameters
    ----------
    traces
        Shape (traces, samples): an array or a data set.
    baseline_samples, polarity, sample_period, threshold
        As of `adk.processing.waveforms.features`; polarity and period are what the data set knows by default.

    Returns
    -------
    pandas.DataFrame
        A row a trace.
    """
    from ..processing.waveforms import features
    from .trace_pieces import on_cluster

    work = working(work)
    options = {
        "baseline_samples": baseline_samples,
        "polarity": _polarity(traces, polarity),
        "sample_period": sample_period
        if sample_period is not None
        else getattr(traces, "meta", {}).get("sample_period"),
        "threshold": threshold,
    }
    with off_the_pool(work) as client:
        if client is not None:
            return on_cluster(features, traces, options, work, client)
    return features(traces, **options, cancelled=work.check, progress=work.progress)


@block(outputs=("table",))
def find_pulses(
    traces: Any,
    *,
    threshold: float = 5.0,
    baseline_samples: int | None = None,
    polarity: Literal[1, -1] | None = None,
    min_width: int = 1,
    min_distance: int = 1,
    work: Work | None = None,
) -> Any:
    """Find the pulses of all traces.

    Parameters
    ----------
    traces
        Shape (traces, samples): an array or a data set.
    threshold, baseline_samples, polarity, min_width, min_distance
        As of `adk.processing.waveforms.find_pulses`.

    Returns
    -------
    pandas.DataFrame
        A row a pulse.
    """
    from ..processing.waveforms import find_pulses as found

    work = working(work)
    return found(
        traces,
        threshold,
        baseline_samples,
        _polarity(traces, polarity),
        min_width,
        min_distance,
        cancelled=work.check,
        progress=work.progress,
    )


@block(outputs=("table",))
def waveform_spectrum(
    traces: Any,
    *,
    sample_period: float | None = None,
    segment: int | None = None,
    method: Literal["welch", "median", "periodogram"] = "welch",
    work: Work | None = None,
) -> Any:
    """Measure the power spectral density of traces, over all of them.

    Parameters
    ----------
    traces
        Shape (traces, samples): an array or a data set.
    sample_period, segment, method
        As of `adk.processing.waveforms.psd`.

    Returns
    -------
    pandas.DataFrame
        ``frequency`` in Hz, ``density`` in the traces' unit squared / Hz.
    """
    import pandas as pd

    from ..processing.waveforms import psd

    work = working(work)
    period = period_of(traces, sample_period)
    found = psd(traces, period, segment, method, cancelled=work.check, progress=work.progress)
    return pd.DataFrame({"frequency": found.frequencies, "density": found.density})


@block(outputs=("counts", "limits"))
def waveform_density(
    traces: Any,
    *,
    columns: int = 1000,
    rows: int = 400,
    limits: tuple[float, float] | None = None,
    work: Work | None = None,
) -> Any:
    """Count how many traces cross each pixel of a picture of time against value.

    Parameters
    ----------
    traces
        Shape (traces, samples): an array or a data set.
    columns, rows, limits
        As of `adk.processing.waveforms.persistence`.

    Returns
    -------
    counts : ndarray
        uint32, shape (rows, columns).
    limits : list
        Lowest and highest value.
    """
    from ..processing.waveforms import persistence

    work = working(work)
    counts, found = persistence(
        getattr(traces, "array", traces),
        columns,
        rows,
        limits,
        cancelled=work.check,
        progress=work.progress,
    )
    return counts, [float(one) for one in found]


@block(outputs=("table",))
def waveform_scores(
    traces: Any,
    *,
    detectors: list[Literal["peak", "integral", "moving_average", "matched_filter"]] = [  # noqa: B006
        "peak",
        "integral",
        "moving_average",
        "matched_filter",
    ],
    width: int = 256,
    polarity: Literal[1, -1] | None = None,
    work: Work | None = None,
) -> Any:
    """Score each trace by detectors that need no training.

    Parameters
    ----------
    traces
        Shape (traces, samples): an array or a data set.
    detectors
        Which of them; ``matched_filter`` looks for DAIDREAM's pulse.
    width
        Samples of the moving average.
    polarity
        1 for pulses that rise; what the data set knows by default.

    Returns
    -------
    pandas.DataFrame
        A row a trace, a column a detector: higher is more of a signal.
    """
    import pandas as pd

    from ..processing import waveforms

    work = working(work)
    sign = _polarity(traces, polarity)
    run = {"polarity": sign, "cancelled": work.check, "progress": work.progress}
    made = {}
    for name in detectors:
        match name:
            case "peak":
                made[name] = waveforms.peak_score(traces, **run)
            case "integral":
                made[name] = waveforms.integral_score(traces, **run)
            case "moving_average":
                made[name] = waveforms.moving_average_score(traces, width, **run)
            case "matched_filter":
                samples = int(np.shape(getattr(traces, "array", traces))[1])
                pulse = waveforms.pulse_template(n_samples=samples)
                made[name] = waveforms.matched_filter_score(traces, pulse, **run)
    return pd.DataFrame(made)


def _polarity(traces: Any, polarity: int | None) -> int:
    return polarity or int(getattr(traces, "meta", {}).get("polarity") or 1)
