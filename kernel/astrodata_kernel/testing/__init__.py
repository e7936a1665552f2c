"""What a reader is held to, and small files to hold it with; shipped, for readers of other packages too."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from .reader_tests import ReaderTests
from .synthetic import bits_flipped, cut, fits_file, parquet_file

__all__ = [
    "ReaderTests",
    "bits_flipped",
    "cut",
    "fires",
    "fits_file",
    "parquet_file",
    "scenes",
    "stars",
]


def __getattr__(name: str) -> Any:
    # Two of these need GDAL, which readers of other kinds do not.
    if name in ("fires", "scenes", "stars"):
        return import_module(f".{name}", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
