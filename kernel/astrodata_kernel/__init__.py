"""AstroData Lab in the kernel: open a data set, look at it, keep it in the workspace's catalogue.

>>> import astrodata_kernel as adk
>>> ds = adk.open("m31.fits")  # doctest: +SKIP
>>> adk.view(ds)               # doctest: +SKIP
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from . import environment, errors, panel_target

if TYPE_CHECKING:
    from .catalog import Catalog
    from .datasets import Dataset
    from .datasets.scene import Scene
    from .datasets.scene_stack import stack
    from .readers.registry import open_dataset as open
    from .readers.sentinel import open_scenes
    from .widgets.fits import FitsViewer
    from .widgets.fits_frames import FitsFrames
    from .widgets.image_display import ImageDisplay
    from .widgets.label import Labeller
    from .widgets.latent import LatentExplorer
    from .widgets.scene import SceneViewer
    from .widgets.spectrum import SpectrumViewer
    from .widgets.strain import StrainViewer
    from .widgets.table import TableViewer
    from .widgets.view import view
    from .widgets.waveforms import WaveformViewer

__all__ = [
    "Catalog",
    "Dataset",
    "FitsFrames",
    "FitsViewer",
    "ImageDisplay",
    "Labeller",
    "LatentExplorer",
    "Scene",
    "SceneViewer",
    "SpectrumViewer",
    "StrainViewer",
    "TableViewer",
    "WaveformViewer",
    "errors",
    "load_ipython_extension",
    "open",
    "open_scenes",
    "stack",
    "view",
]

# Loaded when first asked for: an import that costs nothing can stand in every notebook.
_HOMES = {
    "Catalog": (".catalog", "Catalog"),
    "Dataset": (".datasets", "Dataset"),
    "Scene": (".datasets.scene", "Scene"),
    "FitsFrames": (".widgets.fits_frames", "FitsFrames"),
    "FitsViewer": (".widgets.fits", "FitsViewer"),
    "ImageDisplay": (".widgets.image_display", "ImageDisplay"),
    "Labeller": (".widgets.label", "Labeller"),
    "LatentExplorer": (".widgets.latent", "LatentExplorer"),
    "SceneViewer": (".widgets.scene", "SceneViewer"),
    "SpectrumViewer": (".widgets.spectrum", "SpectrumViewer"),
    "StrainViewer": (".widgets.strain", "StrainViewer"),
    "TableViewer": (".widgets.table", "TableViewer"),
    "WaveformViewer": (".widgets.waveforms", "WaveformViewer"),
    "open": (".readers.registry", "open_dataset"),
    "open_scenes": (".readers.sentinel", "open_scenes"),
    "stack": (".datasets.scene_stack", "stack"),
    "view": (".widgets.view", "view"),
}
_ROOMS = (
    "blocks",
    "compute",
    "data_tests",
    "explaining",
    "feature_store",
    "labels",
    "latent",
    "learning",
    "lineage",
    "models",
    "pipeline",
    "processing",
    "reports",
    "runs",
    "sentinel",
    "tasks",
    "testing",
    "tracking",
    "training",
    "wire",
)


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        home, attribute = _HOMES[name]
        if home.startswith(".widgets"):
            environment.need_toolkit()
        value = getattr(import_module(home, __name__), attribute)
        globals()[name] = value
        return value
    if name in _ROOMS:
        return import_module(f".{name}", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})


# A kernel that has the toolkit tells the panel what it takes of the machine.
panel_target.offer()


def load_ipython_extension(ipython: Any) -> None:
    """Give the notebook its ``%astro`` magic: ``%load_ext astrodata_kernel``."""
    from .magics import register

    register(ipython)
