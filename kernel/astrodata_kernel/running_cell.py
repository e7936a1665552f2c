"""Whether a cell runs, said again after questions that were answered meanwhile.

ipykernel says that it is idle whenever it is done with a message, also with one that it has taken on a thread
beside the cell's. JupyterLab then shows an idle kernel, and a server that culls idle kernels would end the
cell.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_kernel: Any = None
_running: Mapping[str, Any] | None = None
"""The request that asked for the cell which runs; None between cells."""


def watch(shell: Any) -> None:
    """Note from now on when a cell of an IPython shell runs; doing it again is harmless."""
    global _kernel, _running
    if _kernel is shell.kernel:
        return
    _kernel = shell.kernel
    asked = _kernel.get_parent("shell")
    # This is imported by a cell, most often; what runs silently is not told of when it ends.
    is_cell = asked.get("header", {}).get("msg_type") == "execute_request"
    _running = asked if is_cell and not asked["content"].get("silent") else None
    shell.events.register("pre_run_cell", _began)
    shell.events.register("post_run_cell", _ended)


def say_busy() -> None:
    """Have the kernel say once more that it is busy, if a cell runs."""
    asked = _running
    if asked is None:
        return
    _say("busy", asked)
    # The kernel says "idle" some time after the end of the cell is noted: had that been before, nobody would
    # take the word back.
    if _running is None:
        _say("idle", asked)


def _say(state: str, asked: Mapping[str, Any]) -> None:
    _kernel.session.send(
        _kernel.iopub_socket, "status", {"execution_state": state}, parent=asked, ident=b"status"
    )


def _began(_info: Any) -> None:
    global _running
    _running = _kernel.get_parent("shell")


def _ended(_result: Any) -> None:
    global _running
    _running = None
