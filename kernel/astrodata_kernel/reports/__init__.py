"""What is shown to others: a page that opens without a kernel, and the explorer as an application."""

from __future__ import annotations

from ..lazy_names import lazy_names

# Loaded when first asked for: Bokeh, HoloViews, Datashader and Panel take seconds, and are an extra.
_HOMES = {
    "Explorer": "explorer",
    "explorer_app": "application",
    "report": "pages",
    "scene_dates": "scene_multiples",
    "scene_map": "scene_maps",
    "scene_movie": "scene_movies",
}

__all__ = sorted(_HOMES)
__getattr__, __dir__ = lazy_names(__name__, _HOMES)
