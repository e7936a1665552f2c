"""Blocks that draw: losses, efficiencies, ROC and other curves, histograms, maps, pages, viewers."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from ..pipeline import Work, block
from .step_help import given, working


@block(stage="visualise", outputs=("figure",))
def figure_history(history: Any, starts: Any = None) -> Any:
    """Draw how a training went.

    Parameters
    ----------
    history
        Table of `train_waveforms`, `fit_autoencoder`, `train_masks`, `train_xgboost` or `train_keras`.
    starts
        Table of `train_waveforms`.

    Returns
    -------
    Figure
    """
    if "round" in history:
        from ..training import history_figure

        return history_figure(history, starts)
    from ..training.tabular import learning_figure

    return learning_figure(history)


@block(stage="visualise", outputs=("figure",))
def figure_efficiency(table: Any, fit: Any, *, title: str = "", detector: str = "garage") -> Any:
    """Draw the share of signals that is found against their amplitude.

    Parameters
    ----------
    table, fit
        Of `efficiency`.
    title
        Above the picture.
    detector
        Its name.

    Returns
    -------
    Figure
    """
    from ..latent import Efficiency, efficiency_figure

    return efficiency_figure({detector: Efficiency(table, **fit)}, title)


@block(stage="visualise", outputs=("figure",))
def figure_roc(model: Any, table: Any) -> Any:
    """Draw the share of each class that is found against the share of others taken for it.

    Parameters
    ----------
    model
        Of a classification.
    table
        With the target, of rows that it was not trained on.

    Returns
    -------
    Figure
    """
    from ..training.tabular import roc_figure

    return roc_figure(table[model.target], model.probabilities(table))


@block(stage="visualise", outputs=("figure",))
def figure_precision_recall(model: Any, table: Any) -> Any:
    """Draw how pure what is found is, against how much of it is found.

    Parameters
    ----------
    model
        Of a classification.
    table
        With the target, of rows that it was not trained on.

    Returns
    -------
    Figure
    """
    from ..training.tabular import precision_recall_figure

    return precision_recall_figure(table[model.target], model.probabilities(table))


@block(stage="visualise", outputs=("figure",))
def figure_confusion(model: Any, table: Any) -> Any:
    """Draw how many rows of each class were taken for which.

    Parameters
    ----------
    model
        Of a classification.
    table
        With the target, of rows that it was not trained on.

    Returns
    -------
    Figure
    """
    from ..training.tabular import confusion_figure

    return confusion_figure(table[model.target], model.predict(table), model.classes)


@block(stage="visualise", outputs=("figure",))
def figure_residuals(model: Any, table: Any, *, unit: str = "") -> Any:
    """Draw how far off a regression is.

    Parameters
    ----------
    model
        Of a regression.
    table
        With the target, of rows that it was not trained on.
    unit
        Of the target.

    Returns
    -------
    Figure
    """
    from ..training.tabular import residuals_figure

    return residuals_figure(table[model.target], model.predict(table), unit)


@block(stage="visualise", outputs=("figure",))
def figure_latents(
    first: Any,
    second: Any = None,
    garage: Any = None,
    *,
    names: tuple[str, str] = ("noise", "signals"),
) -> Any:
    """Draw the histograms of each latent.

    Parameters
    ----------
    first, second
        Latents.
    garage
        Of intervals, which are shaded.
    names
        What the groups are called.

    Returns
    -------
    Figure
    """
    from ..latent import latent_histograms

    groups = {names[0]: first, **({} if second is None else {names[1]: second})}
    return latent_histograms(groups, garage)


@block(stage="visualise", outputs=("figure",))
def figure_mask_scores(table: Any) -> Any:
    """Draw precision against recall, and IoU against the threshold.

    Parameters
    ----------
    table
        Of `mask_scores`.

    Returns
    -------
    Figure
    """
    from ..processing.scores import scores_figure

    return scores_figure(table)


@block(stage="visualise", outputs=("figure",))
def figure_scene(
    scene: Any,
    mask: Any = None,
    *,
    bands: str | list[str] | None = None,
    title: str | None = None,
    limits: str = "99%",
    stretch: str = "linear",
    colormap: str = "viridis",
    clouds: bool = False,
    size: float = 7.0,
) -> Any:
    """Draw the map of a scene, of a band or of an index, with a mask over it.

    Parameters
    ----------
    scene
        A scene.
    mask
        Booleans or classes on its finest grid.
    bands, title, limits, stretch, colormap, clouds, size
        As of `adk.reports.scene_map`.

    Returns
    -------
    Figure
    """
    from ..reports import scene_map

    return scene_map(
        scene,
        bands,
        title=title,
        limits=limits,
        stretch=stretch,
        colormap=colormap,
        clouds=clouds,
        size=size,
        **given(mask=mask),
    )


@block(stage="visualise", outputs=("page",))
def report_page(
    latents: Any,
    events: Any = None,
    garage: Any = None,
    *,
    title: str | None = None,
    columns: list[str] | None = None,
    axes: tuple[str, str] | None = None,
    notes: str = "",
    max_points: int = 20000,
    theme: Literal["light", "dark"] = "light",
    work: Work | None = None,
) -> Any:
    """Write a page about a latent space that opens without a kernel.

    Parameters
    ----------
    latents
        With maps, scores and clusters as columns.
    events
        What they are of, to be shown.
    garage
        Of `garage`.
    title, columns, axes, notes, max_points, theme
        As of `adk.reports.report`.

    Returns
    -------
    Path
        Of the HTML.
    """
    from ..reports import report

    return report(
        latents,
        working(work).folder / "report.html",
        events=events,
        garage=garage,
        title=title,
        columns=columns,
        axes=axes,
        notes=notes,
        max_points=max_points,
        theme=theme,
    )


@block(stage="visualise", outputs=("shown",))
def view(data: Any, *, title: str = "", work: Work | None = None) -> Any:
    """Show data: the viewer of its kind in Python, a picture or a page in a pipeline.

    Parameters
    ----------
    data
        A data set, a scene, latents, or an array: images have two axes.
    title
        Above it.

    Returns
    -------
    widget
        In Python, `adk.view` of it.
    Path or Figure
        In a pipeline: a page of latents, a map of a scene, else a picture.

    Raises
    ------
    BadRequest
        What has no picture, such as a table: take one of the other figures.
    """
    if work is None:
        from ..widgets.view import view as viewer

        return viewer(data)
    from ..datasets.scene import Scene
    from ..latent import Latents

    if isinstance(data, Latents):
        from ..reports import report

        return report(data, work.folder / "view.html", title=title or None)
    if isinstance(data, Scene):
        from ..reports import scene_map

        return scene_map(data, title=title or None)
    return _picture(data, title)


def _picture(data: Any, title: str) -> Any:
    from ..drawing import CellFigure
    from ..errors import BadRequest
    from ..processing.raster import limits

    of_axes = {1: "spectrum", 2: "image"}.get(data.ndim, "") if isinstance(data, np.ndarray) else ""
    kind = getattr(data, "kind", of_axes)
    if kind not in ("image", "waveforms", "spectrum", "strain"):
        raise BadRequest(
            f"{kind or type(data).__name__} has no picture of its own: take a block figure_..., or open it "
            "with adk.view in a notebook"
        )
    array = getattr(data, "array", data)
    figure = CellFigure(figsize=(7, 5), layout="constrained")
    axes = figure.subplots()
    if kind == "image":
        values = np.asarray(array[:])
        low, high = limits(values, "99.5%")
        axes.imshow(values, origin="lower", vmin=low, vmax=high, cmap="viridis", rasterized=True)
    elif kind == "waveforms":
        from ..processing.waveforms import persistence

        counts, (low, high) = persistence(array, 500, 250)
        box = (0, np.shape(array)[1], low, high)
        shown = np.log1p(counts)
        axes.imshow(shown, origin="lower", extent=box, aspect="auto", cmap="magma", rasterized=True)
        axes.set_xlabel("sample")
    else:
        axes.plot(np.asarray(array[:]), linewidth=0.7, rasterized=True)
        axes.set_xlabel("sample")
    axes.set_title(title)
    return figure
