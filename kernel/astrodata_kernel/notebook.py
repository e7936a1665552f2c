"""Whether what is shown is seen in a notebook."""

from __future__ import annotations

import sys


def in_notebook() -> bool:
    """Tell whether a kernel runs this, and not a script or a terminal; IPython is not loaded for it."""
    ipython = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    return getattr(shell, "kernel", None) is not None
