"""The widget for whatever kind a data set is of."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ..datasets import Dataset
from ..readers.registry import open_dataset

if TYPE_CHECKING:
    import os

    import numpy as np

VIEWERS = {
    "image": ("fits", "FitsViewer"),
    "cube": ("fits", "FitsViewer"),
    "waveforms": ("waveforms", "WaveformViewer"),
    "strain": ("strain", "StrainViewer"),
}
"""Module and class of each kind's viewer; loaded when one is shown."""


def view(
    source: str | os.PathLike[str] | Dataset | np.ndarray[Any, Any],
    hdu: int | str | None = None,
    kind: str | None = None,
    **options: Any,
) -> Any:
    """Give the viewer of a data set, a path or URL, or a NumPy array.

    Parameters
    ----------
    source
        What to look at. An array has 2 axes (rows, columns) or more (planes before them).
    hdu
        Number or name of the part to show first.
    kind
        Take it as this kind: ``"waveforms"`` shows an array of (traces, samples) as traces.
    **options
        Of the viewer, such as ``stretch="asinh"``.

    Returns
    -------
    FitsViewer, WaveformViewer, StrainViewer or Dataset
        The viewer of the data set's kind. A table or spectrum is given as its data set, which a notebook
        shows as its facts and first rows.

    Raises
    ------
    AstrodataError
        A source that cannot be read or shown.
    """
    if hasattr(source, "__array_interface__"):
        dataset = Dataset.of_array(source, kind=kind)
    elif isinstance(source, Dataset):
        dataset = source if hdu is None else source.hdu(hdu)
        dataset = dataset if kind is None else dataset.taken_as(kind)
    else:
        dataset = open_dataset(source, kind, hdu=hdu)
    if dataset.kind not in VIEWERS:
        return dataset
    module, name = VIEWERS[dataset.kind]
    return getattr(import_module(f".{module}", __package__), name)(dataset, **options)
