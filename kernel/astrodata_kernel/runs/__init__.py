"""The folders that runs of pipelines leave: what runs now, how far, how it ended; crates of them.

This room needs nothing but Python itself: the Jupyter server reads it in an environment of its own.
"""

from __future__ import annotations

from ..lazy_names import lazy_names

_HOMES = {
    "RunFacts": "facts",
    "RunFolder": "run_folder",
    "RunList": "listing",
    "cancel": "listing",
    "crate": "crates",
    "remove_run": "listing",
    "run_of": "listing",
    "runs": "listing",
    "runs_folder": "run_folder",
}

__all__ = sorted(_HOMES)
__getattr__, __dir__ = lazy_names(__name__, _HOMES)
