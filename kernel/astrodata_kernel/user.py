"""Who runs this, as labels, runs, models and the lineage name them."""

from __future__ import annotations

import getpass
import os


def user_name() -> str:
    """Give the hub's user (``JUPYTERHUB_USER``), or who is logged in; "unknown" where neither is told.

    On a hub all servers may run as one and the same user of their containers.
    """
    name = os.environ.get("JUPYTERHUB_USER", "").strip()
    if name:
        return name
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):  # a container without an entry for its user
        return "unknown"
