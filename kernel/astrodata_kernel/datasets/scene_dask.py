"""Arrays of scenes as Dask arrays, and the packages that their maps need."""

from __future__ import annotations

import uuid
from importlib import import_module
from typing import Any

import numpy as np

from ..errors import MissingPackage


def needed(module: str) -> Any:
    """Give xarray, or a module of Dask.

    Raises
    ------
    MissingPackage
        It is not installed.
    """
    try:
        return import_module(module)
    except ImportError:
        raise MissingPackage(
            f"stacks, maps and patches of scenes need the package {module.partition('.')[0]}: "
            "pip install 'astrodata-lab[sentinel]'"
        ) from None


def chunked(array: Any, chunks: int | tuple[int, int]) -> Any:
    """Give an array that is read by slices as a Dask array.

    Parameters
    ----------
    array
        Shape (rows, columns); any thread may slice it.
    chunks
        Rows and columns of a chunk, or both as one number.

    Raises
    ------
    MissingPackage
        Dask is not installed.
    """
    return needed("dask.array").from_array(
        array,
        chunks=min(chunks, max(array.shape)) if isinstance(chunks, int) else chunks,
        # A name of its own: Dask would make one of all that the array holds.
        name=f"scene-{uuid.uuid4().hex}",
        lock=False,
        meta=np.empty((0, 0), array.dtype),
    )
