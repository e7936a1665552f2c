"""The data sets of a workspace: one JSON record each, added by path, verified by hash."""

from .catalog import Catalog, Verification
from .entry import Entry

__all__ = ["Catalog", "Entry", "Verification"]
