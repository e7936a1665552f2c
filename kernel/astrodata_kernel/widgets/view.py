"""The widget for whatever kind a data set is of."""

from __future__ import annotations

from importlib import import_module
from os import PathLike
from typing import TYPE_CHECKING, Any

from ..datasets import Dataset
from ..readers.in_memory import held
from ..readers.registry import open_dataset
from .opening import shown_name, shown_while_opening

if TYPE_CHECKING:
    import os

    import numpy as np

VIEWERS = {
    "image": ("fits", "FitsViewer"),
    "cube": ("fits", "FitsViewer"),
    "waveforms": ("waveforms", "WaveformViewer"),
    "strain": ("strain", "StrainViewer"),
    "spectrum": ("spectrum", "SpectrumViewer"),
    "table": ("table", "TableViewer"),
    "scene": ("scene", "SceneViewer"),
}
"""Module and class of each kind's viewer; loaded when one is shown."""


def view(
    source: str | os.PathLike[str] | Dataset | np.ndarray[Any, Any],
    hdu: int | str | None = None,
    kind: str | None = None,
    **options: Any,
) -> Any:
    """Give the viewer of a data set, a path or URL, an array, an HDU, or a table.

    Parameters
    ----------
    source
        What to look at. An array has 2 axes (rows, columns) or more (planes before them); an HDU or an
        `NDData` of astropy's brings its WCS; a table is one of astropy's, a DataFrame, or a structured array.
        A list of scenes or of their paths is shown as several dates.
    hdu
        Number or name of the part to show first.
    kind
        Take it as this kind: ``"waveforms"`` shows an array of (traces, samples) as traces.
    **options
        Of the viewer, such as ``stretch="asinh"``.

    Returns
    -------
    FitsViewer, WaveformViewer, StrainViewer, SpectrumViewer, TableViewer or SceneViewer
        The viewer of the data set's kind; a table of wavelengths and fluxes is shown as a spectrum.

    Raises
    ------
    AstrodataError
        A source that cannot be read or shown.
    """
    own = "scene" if _are_scenes(source, kind) else _own_viewer(source)
    if own:
        return _viewer(own)(source, **options)
    here = held(source)
    if here is None:
        with shown_while_opening(shown_name(source)) as progress:
            dataset = open_dataset(source, kind, hdu, progress)
    else:
        dataset = here if hdu is None else here.hdu(hdu)
        dataset = dataset if kind is None else dataset.taken_as(kind)
    if dataset.kind not in VIEWERS:
        return dataset
    found = dataset.kind
    if found == "table" and kind is None and _is_spectrum(dataset):
        found = "spectrum"
    return _viewer(found)(dataset, **options)


def _viewer(kind: str) -> Any:
    module, name = VIEWERS[kind]
    return getattr(import_module(f".{module}", __package__), name)


def _are_scenes(source: Any, kind: str | None) -> bool:
    """Tell whether this is a list of scenes, open ones or their paths: several dates in one viewer."""
    if not isinstance(source, list | tuple) or not source or kind not in (None, "scene"):
        return False
    first = source[0] if isinstance(source[0], Dataset) else None
    if first is None and isinstance(source[0], str | PathLike):
        first = open_dataset(source[0])
    return first is not None and first.kind == "scene"


def _own_viewer(source: Any) -> str:
    """Give the kind of what is no data set, but which a viewer knows by itself."""
    home = type(source).__module__.split(".")[0]
    if getattr(getattr(source, "dtype", None), "names", None):
        return "table"
    if hasattr(source, "colnames") or (home == "pandas" and hasattr(source, "columns")):
        return "table"
    if home == "specutils" or (hasattr(source, "unit") and getattr(source, "ndim", 0) == 1):
        return "spectrum"
    return ""


def _is_spectrum(dataset: Dataset) -> bool:
    from ..processing.spectral_names import spectral_columns

    columns = spectral_columns([(name, unit) for name, _, unit in dataset.table.columns])
    return columns is not None
