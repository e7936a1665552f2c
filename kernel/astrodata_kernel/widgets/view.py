"""The widget for whatever kind a data set is of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..datasets import Dataset
from ..readers.registry import open_dataset
from .fits import VIEWABLE, FitsViewer

if TYPE_CHECKING:
    import os

    import numpy as np


def view(
    source: str | os.PathLike[str] | Dataset | np.ndarray[Any, Any],
    hdu: int | str | None = None,
    **traits: Any,
) -> FitsViewer | Dataset:
    """Give the viewer of a data set, a path or URL, or a NumPy array.

    Parameters
    ----------
    source
        What to look at. An array has 2 axes (rows, columns) or more (planes before them).
    hdu
        Number or name of the part to show first.
    **traits
        Initial settings of the viewer, such as ``stretch="asinh"``.

    Returns
    -------
    FitsViewer or Dataset
        The viewer of an image or cube. A table or spectrum is given as its data set, which a notebook
        shows as its facts and first rows.

    Raises
    ------
    AstrodataError
        A source that cannot be read or shown.
    """
    if hasattr(source, "__array_interface__"):
        return FitsViewer(Dataset.of_array(source), **traits)
    dataset = source if isinstance(source, Dataset) else open_dataset(source, hdu=hdu)
    if hdu is not None and dataset is source:
        dataset = dataset.hdu(hdu)
    return FitsViewer(dataset, **traits) if dataset.kind in VIEWABLE else dataset
