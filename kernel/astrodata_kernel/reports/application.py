"""The explorer as an application that is served to colleagues: ``panel serve``."""

from __future__ import annotations

from typing import Any

from .needs import need


def explorer_app(
    latents: Any,
    events: Any = None,
    labels: Any = None,
    *,
    scores: Any = None,
    title: str = "Latent space",
    theme: str | None = None,
) -> Any:
    """Give an application with a map, selections, their table and pictures, and labels.

    The map is painted anew at each zoom from all points, by Dask from ten million on. What is selected by
    box, lasso or condition is in the table and the gallery, and gets a label from whoever gave a name.

    Parameters
    ----------
    latents
        Latents, an array of shape (n, d), a DataFrame or a file of latents.
    events
        What is behind the points: all that `events_of` takes; or None.
    labels
        A label log, which the application then writes to; a mapping from id to class; or None.
    scores
        Names of columns, or a mapping from name to values of shape (n,). The first one sorts.
    title
        Above the map.
    theme
        ``"light"`` or ``"dark"``; by default what the page is asked for (``?theme=dark``).

    Returns
    -------
    panel.viewable.Viewable
        With ``.servable()``; its ``explorer`` is the `Explorer` behind it.

    Raises
    ------
    MissingPackage
        The extra ``viz`` is not installed.
    BadRequest, UnknownName
        Latents, events or scores that do not go together.

    Examples
    --------
    >>> import numpy as np
    >>> app = explorer_app(np.random.default_rng(0).normal(size=(1000, 4)))
    >>> app.explorer.select({"where": "z0 > 1"})
    >>> app.explorer.count > 0
    True
    """
    need("panel", "holoviews", "bokeh", "datashader")
    from .explorer import Explorer

    explorer = Explorer(latents, events, labels, scores=scores, title=title, theme=theme)
    view = explorer.view()
    view.explorer = explorer
    return view
