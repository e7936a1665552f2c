"""The command ``astrodata``: what a batch job and a terminal need of pipelines, runs and lineage."""

from __future__ import annotations

from .parsing import main

__all__ = ["main"]
