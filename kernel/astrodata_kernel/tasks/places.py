"""Where the workspace keeps what tasks make: models, latents, garages, checkpoints."""

from __future__ import annotations

import re
from pathlib import Path


def folder_of(kind: str) -> Path:
    """Give the workspace's folder of a kind of thing; it is made."""
    from ..catalog import Catalog

    folder = Catalog().folder / kind
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def place_of(kind: str, name: str, ending: str) -> Path:
    """Give the file of a thing of some name; its folder is made."""
    stem = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.") or "unnamed"
    return folder_of(kind) / f"{stem}{ending}"
