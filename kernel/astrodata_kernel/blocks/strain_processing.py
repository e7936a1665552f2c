"""Blocks of strain: filters, whitening, spectra, Q-transform."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from ..pipeline import Work, block
from .step_help import working


@block(outputs=("strain",))
def condition_strain(
    strain: Any,
    *,
    low: float | None = None,
    high: float | None = None,
    lines: list[float] = [],  # noqa: B006
    order: int = 4,
    quality: float = 30.0,
    sample_rate: float | None = None,
) -> Any:
    """Leave one band of a series, and take narrow lines out of it.

    Parameters
    ----------
    strain
        A series: a data set of strain, or an array.
    low, high
        Edges of the band in Hz; both None leave all.
    lines
        Frequencies in Hz, such as those of the mains.
    order, quality
        As of `adk.processing.strain.band_pass` and `notch`.
    sample_rate
        In Hz; what the data set knows by default.

    Returns
    -------
    Dataset or ndarray
    """
    from ..processing.strain import band_pass, notch

    values, rate = _series(strain), _rate(strain, sample_rate)
    if lines:
        values = notch(values, rate, lines, quality=quality)
    if low is not None or high is not None:
        values = band_pass(values, rate, low, high, order=order)
    return _like(strain, values)


@block(outputs=("strain",))
def whiten_strain(
    strain: Any,
    *,
    seconds: float | None = None,
    average: Literal["median", "mean"] = "median",
    sample_rate: float | None = None,
) -> Any:
    """Have the noise of a series white, of variance 1.

    Parameters
    ----------
    strain
        A series: a data set of strain, or an array.
    seconds, average
        As of `adk.processing.strain.whiten`.
    sample_rate
        In Hz; what the data set knows by default.

    Returns
    -------
    Dataset or ndarray
    """
    from ..processing.strain import whiten

    rate = _rate(strain, sample_rate)
    return _like(strain, whiten(_series(strain), rate, seconds=seconds, average=average))


@block(outputs=("table",))
def strain_spectrum(
    strain: Any,
    *,
    seconds: float | None = None,
    overlap: float = 0.5,
    average: Literal["median", "mean"] = "median",
    sample_rate: float | None = None,
) -> Any:
    """Measure the amplitude spectral density of a series.

    Parameters
    ----------
    strain
        A series: a data set of strain, or an array.
    seconds, overlap, average
        As of `adk.processing.strain.asd`.
    sample_rate
        In Hz; what the data set knows by default.

    Returns
    -------
    pandas.DataFrame
        ``frequency`` in Hz, ``amplitude`` in the series' unit / sqrt(Hz).
    """
    import pandas as pd

    from ..processing.strain import asd

    frequencies, amplitude = asd(
        _series(strain),
        _rate(strain, sample_rate),
        seconds=seconds,
        overlap=overlap,
        average=average,
    )
    return pd.DataFrame({"frequency": frequencies, "amplitude": amplitude})


@block(outputs=("energy", "frequencies", "times"))
def q_transform(
    strain: Any,
    *,
    q: float = 12.0,
    frange: tuple[float, float] = (20.0, 1024.0),
    t_range: tuple[float, float] | None = None,
    columns: int = 1000,
    rows: int = 300,
    sample_rate: float | None = None,
    work: Work | None = None,
) -> Any:
    """Give the energy of a series in time and frequency.

    Parameters
    ----------
    strain
        A series, whitened: a data set of strain, or an array.
    q, frange, t_range, columns, rows
        As of `adk.processing.strain.q_transform`: frequencies in Hz, times in seconds from the first sample.
    sample_rate
        In Hz; what the data set knows by default.

    Returns
    -------
    energy : ndarray
        Shape (rows, columns).
    frequencies, times : ndarray
        In Hz, and seconds.
    """
    from ..processing.strain import q_transform as transformed

    return transformed(
        _series(strain),
        _rate(strain, sample_rate),
        q=q,
        frange=frange,
        t_range=t_range,
        columns=columns,
        rows=rows,
        progress=working(work).progress,
    )


def _series(strain: Any) -> Any:
    return np.asarray(getattr(strain, "array", strain)[:])


def _rate(strain: Any, sample_rate: float | None) -> float | None:
    return getattr(strain, "meta", {}).get("sample_rate") if sample_rate is None else sample_rate


def _like(strain: Any, values: Any) -> Any:
    from ..datasets import Dataset

    if not isinstance(strain, Dataset):
        return values
    kept = ("sample_rate", "sample_period", "gps_start", "detector", "unit")
    meta = {name: strain.meta[name] for name in kept if strain.meta.get(name) is not None}
    return Dataset.of_array(values, strain.name).taken_as("strain", **meta)
