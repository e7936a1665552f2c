"""The comm by which the panel of JupyterLab asks a kernel what it takes of the machine."""

from __future__ import annotations

import sys
from typing import Any

from . import running_cell
from .notebook import in_notebook

TARGET = "astrodata_lab.compute"
"""Name of the comm; ``src/lab/panel/computeComm.ts`` has it too."""


def offer() -> None:
    """Let the panel ask this process, if it is a kernel; doing it again is harmless.

    It costs nothing in scripts, nor in kernels before the panel asks.
    """
    if in_notebook():
        from comm import get_comm_manager  # a kernel has it

        get_comm_manager().register_target(TARGET, _opened)
        running_cell.watch(sys.modules["IPython"].get_ipython())


def _opened(comm: Any, _message: Any) -> None:
    from .widgets.compute import ComputeAnswers

    ComputeAnswers(comm)
