"""Blocks of latent spaces: encoding, maps, clusters, densities, scores, garages, efficiencies."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from ..pipeline import Work, block
from .step_help import given, off_the_pool, working


@block(outputs=("latents",))
def encode(
    events: Any,
    model: Any,
    *,
    batch_size: int = 1000,
    compiled: bool | None = None,
    work: Work | None = None,
) -> Any:
    """Give the latents of traces, images or rows of a table.

    Parameters
    ----------
    events
        Shape (n, samples) or (n, height, width), a data set, or a table.
    model
        An autoencoder, or any Keras model.
    batch_size, compiled
        As of `adk.latent.encode`; the chunks go to the workers of a cluster where there is one.

    Returns
    -------
    Latents
    """
    from ..latent import encode as encoded

    work = working(work)
    with off_the_pool(work) as client:
        return encoded(
            events,
            model,
            path=work.folder / "latents.parquet",
            batch_size=batch_size,
            compiled=compiled,
            client=client,
            progress=work.progress,
            cancelled=work.check,
        )


@block(outputs=("latents",))
def project(
    latents: Any,
    *,
    method: Literal["pca", "umap", "pacmap", "tsne"] = "pca",
    dims: int = 2,
    seed: int = 0,
    sample: int | None = None,
    options: dict[str, bool | int | float | str] = {},  # noqa: B006
    work: Work | None = None,
) -> Any:
    """Map latents to few dimensions.

    Parameters
    ----------
    latents
        Latents, or an array of shape (n, d).
    method, dims, seed, sample, options
        As of `adk.latent.project`.

    Returns
    -------
    Latents
        With columns such as pca0 and pca1.
    """
    from ..latent import project as projected

    work = working(work)
    run = {"progress": work.progress, "cancelled": work.check}
    return projected(latents, method, dims=dims, seed=seed, sample=sample, **run, **options)


@block(outputs=("latents",))
def cluster(
    latents: Any,
    *,
    method: Literal["hdbscan", "kmeans"] = "hdbscan",
    seed: int = 0,
    column: str = "cluster",
    options: dict[str, bool | int | float | str] = {},  # noqa: B006
) -> Any:
    """Find clusters of latents.

    Parameters
    ----------
    latents
        Latents, or an array of shape (n, d).
    method, seed, column, options
        As of `adk.latent.cluster`.

    Returns
    -------
    Latents
        With the column; -1 is noise.
    """
    from ..latent import cluster as clustered

    return clustered(latents, method, seed=seed, column=column, **options)


@block(outputs=("latents",))
def local_density(latents: Any, *, k: int = 10, column: str = "local_density") -> Any:
    """Tell how many latents there are about each one.

    Parameters
    ----------
    latents
        Latents, or an array of shape (n, d).
    k, column
        As of `adk.latent.local_density`.

    Returns
    -------
    Latents
        With the column.
    """
    from ..latent import local_density as measured

    return measured(latents, k, column=column)


@block(outputs=("latents",))
def scores(
    latents: Any,
    reference: Any = None,
    *,
    names: list[str] = ["default"],  # noqa: B006
    options: dict[str, dict[str, bool | int | float | str]] = {},  # noqa: B006
    work: Work | None = None,
) -> Any:
    """Score how anomalous each latent is.

    Parameters
    ----------
    latents
        Latents, or an array of shape (n, d).
    reference
        Latents that are known to be usual; the latents themselves by default.
    names
        Of `adk.latent.scores.names()`, or ``"pyod:NAME"``.
    options
        By name of the score, as of `adk.latent.scores.score`.

    Returns
    -------
    Latents
        With a column ``score_<name>`` each: higher is more anomalous.
    """
    from ..latent import Latents
    from ..latent.scores import score

    work = working(work)
    table = Latents.of(latents)
    made = {}
    for number, name in enumerate(names):
        work.progress(number / len(names), name)
        column = f"score_{name.replace(':', '_')}"
        made[column] = score(name, table, reference, **options.get(name, {}))
    return table.with_columns(**made)


@block(outputs=("garage", "table"))
def garage(
    noise: Any,
    latents: Any = None,
    *,
    shape: Literal["intervals", "ellipse", "density"] = "intervals",
    coverage: float = 0.9973,
    false_positive_rate: float | None = 0.01,
    fitted_on: float = 0.5,
    seed: int = 0,
) -> Any:
    """Find the region of latent space where noise is, and what lies outside of it.

    Parameters
    ----------
    noise
        Latents of noise-only traces.
    latents
        What is looked at; the noise that the region was not fitted on by default.
    shape
        ``"intervals"`` for one of each latent, ``"ellipse"``, or ``"density"``.
    coverage
        As of `adk.latent.Garage.fit`.
    false_positive_rate
        Share of the noise that shall lie outside, by which the region is given its size; None leaves the
        size that the coverage gives.
    fitted_on
        Share of the noise that the region is fitted on; the rest gives it its size.
    seed
        Of the draw of these two parts, and of the density's.

    Returns
    -------
    garage : Region
        For `garage_rates`, and viewers.
    table : pandas.DataFrame
        ``id``, ``score`` (1 at the region's edge) and ``outside``: a row an event.
    """
    import pandas as pd

    from ..latent import DensityGarage, EllipseGarage, Garage, Latents

    calm = Latents.of(noise)
    count = round(len(calm) * fitted_on)
    # By lot: noise in the order of time would have its region made by the morning alone.
    order = np.random.default_rng(seed).permutation(len(calm))
    one, two = np.sort(order[:count]), np.sort(order[count:])
    first, rest = calm.z[one], Latents(calm.z[two], calm.ids[two])
    match shape:
        case "intervals":
            region: Any = Garage.fit(first, coverage)
        case "ellipse":
            region = EllipseGarage.fit(first, coverage)
        case "density":
            region = DensityGarage.fit(first, coverage, seed)
    if false_positive_rate is not None:
        region = region.calibrate(rest, false_positive_rate)
    seen = rest if latents is None else Latents.of(latents)
    table = {"id": seen.ids, "score": region.score(seen), "outside": ~region.contains(seen)}
    return region, pd.DataFrame(table)


@block(stage="evaluate", outputs=("table",))
def garage_rates(
    garage: Any,
    noise: Any,
    signals: Any = None,
    *,
    confidence: float = 0.95,
    work: Work | None = None,
) -> Any:
    """Count which share of noise and of signals lies outside of a garage.

    Parameters
    ----------
    garage
        Of `garage`.
    noise
        Latents of noise-only traces that the garage was not made with.
    signals
        Latents of traces with a signal.
    confidence
        Of the intervals.

    Returns
    -------
    pandas.DataFrame
        ``group``, ``count``, ``total``, ``rate``, ``low``, ``high``.
    """
    import pandas as pd

    groups = {"false positives": noise, **given(found=signals)}
    rows = []
    for name, latents in groups.items():
        rate = garage.rate_outside(latents, confidence)
        rows.append((name, rate.count, rate.total, rate.value, rate.low, rate.high))
    table = pd.DataFrame(rows, columns=["group", "count", "total", "rate", "low", "high"])
    working(work).metrics({row[0].replace(" ", "_"): row[3] for row in rows})
    return table


@block(stage="evaluate", outputs=("table", "fit"))
def efficiency(
    tagged: Any,
    truth: Any,
    *,
    column: str = "outside",
    amplitude: str = "amplitude",
    threshold: float | None = None,
    bin_width: float = 0.1,
    confidence: float = 0.6827,
    work: Work | None = None,
) -> Any:
    """Measure which share of signals is found, by their amplitude.

    Parameters
    ----------
    tagged
        Table of `garage`, or of scores: a row an event.
    truth
        Table with the true amplitudes, in the same order; 0 and below is noise, which does not count.
    column
        Of `tagged`: booleans, or scores that count above `threshold`.
    amplitude
        Column of `truth`.
    threshold, bin_width, confidence
        As of `adk.latent.efficiency`.

    Returns
    -------
    table : pandas.DataFrame
        A row a bin of amplitudes.
    fit : dict
        ``midpoint``, ``midpoint_error``, ``width``, ``floor``, ``note``: the curve.
    """
    from ..latent import efficiency as measured

    values = tagged[column].to_numpy()
    found = measured(
        values,
        truth[amplitude].to_numpy(np.float64),
        threshold,
        bin_width=bin_width,
        confidence=confidence,
    )
    names = ("midpoint", "midpoint_error", "width", "floor")
    fit = {name: float(getattr(found, name)) for name in names}
    working(work).metrics({name: value for name, value in fit.items() if np.isfinite(value)})
    return found.table, {**fit, "note": found.note}
