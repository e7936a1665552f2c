"""The server's half of AstroData Lab: what the sidebar asks before there is a kernel."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jupyter_server.serverapp import ServerApp


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    """Tell JupyterLab where the built front end is."""
    return [{"src": "labextension", "dest": "astrodata-lab"}]


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    """Tell the Jupyter server which module to load."""
    return [{"module": "astrodata_lab"}]


def _load_jupyter_server_extension(server_app: ServerApp) -> None:
    """Start the server's half; imported only now, so that kernels do not pay for it."""
    from .app import load

    load(server_app)
