"""The workspace: the folder whose sub-folder ``astrodata`` keeps what this package knows of it."""

from __future__ import annotations

import os
from pathlib import Path

FOLDER = "astrodata"
"""Of a workspace: records, labels, runs, features, MLflow's database."""

_KEPT = ("*.json", "labels", "runs", "features")
"""What makes a folder a workspace: the catalogue's records first, and else what stands alone in it."""


def workspace(root: str | os.PathLike[str] | None = None) -> Path:
    """Give the folder of the workspace.

    Parameters
    ----------
    root
        The folder itself; by default the nearest one upwards from the current folder that keeps something,
        records of the catalogue before all else, and the current folder where there is none.
    """
    if root is not None:
        return Path(root).resolve()
    here, home = Path.cwd().resolve(), Path.home().resolve()
    upwards = []
    for folder in (here, *here.parents):
        upwards.append(folder)
        if folder == home:
            break
    for pattern in _KEPT:
        for folder in upwards:
            kept = folder / FOLDER
            # Somebody else's folder on a shared machine must not become ours.
            if any(kept.glob(pattern)) and kept.stat().st_uid == os.getuid():
                return folder
    return here
