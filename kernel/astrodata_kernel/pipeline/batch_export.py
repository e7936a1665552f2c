"""Pipelines as batch jobs of the platform."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..compute.jobs import Job
from ..workspace import workspace
from .snakemake_export import texts_of

if TYPE_CHECKING:
    from .pipelines import Pipeline


def to_batch(
    pipeline: Pipeline,
    parameters: Mapping[str, Any] | None = None,
    root: str | os.PathLike[str] | None = None,
    there: str | None = None,
    **fields: Any,
) -> Job:
    """Give the job that runs a pipeline on the platform, in the same workspace.

    Parameters
    ----------
    pipeline
        Whose blocks the job's environment has: installed ones, or ``module:name``.
    parameters
        Chosen ones.
    root
        The workspace; by default that of the current folder.
    there
        Its folder as the job sees it; the same by default, as where homes are mounted in jobs.
    **fields
        Of the job, as of `adk.compute.Job`: ``queue``, ``cpu_request``, ``memory_request`` and others.

    Raises
    ------
    BadRequest
        A block lives in this session alone, or a field that no job can have.
    UnknownName
        There is no such parameter.
    """
    pipeline.values(parameters or {})
    here = workspace(root)
    # What lies in the workspace lies in it there too, wherever that is.
    inside = pipeline.base.is_relative_to(here)
    base = os.path.relpath(pipeline.base, here) if inside else str(pipeline.base)
    words = ["astrodata", "--workspace", ".", "step", "--base", base]
    named = re.sub(r"[^a-z0-9]+", "-", pipeline.name.lower()).strip("-")[:52].strip("-")
    return Job.for_pipeline(
        pipeline.to_yaml(),
        texts_of(pipeline, parameters or {}),
        **{
            "name": named or "pipeline",
            "command": shlex.join(words),
            "workspace": there or str(here),
            **fields,
        },
    )
