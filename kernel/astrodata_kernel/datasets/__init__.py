"""What a data set is: frozen records without input or output of their own."""

from .dataset import Check, Dataset, Part
from .lazy import LazyArray, LazyTable, MemoryArray
from .provenance import Digest, Provenance

__all__ = [
    "Check",
    "Dataset",
    "Digest",
    "LazyArray",
    "LazyTable",
    "MemoryArray",
    "Part",
    "Provenance",
]
