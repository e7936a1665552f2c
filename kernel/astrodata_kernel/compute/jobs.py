"""A batch job of the AI_INFN platform: a script, the small files beside it, and what it asks for."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..errors import BadRequest, closest

PRIORITIES = ("lowest", "lower", "higher", "highest", "fire")
"""Of the platform's queues, from the one that waits longest to the one that ends others."""
_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,50}[a-z0-9])?")
_FILE = re.compile(r"[\w][\w.\-]{0,99}")
_MOST = 900_000
"""Bytes of script and sandbox together: Kubernetes keeps no more than a megabyte."""


@dataclass(frozen=True)
class Job:
    """What `BatchClient.submit` takes. A job has not the kernel's memory: its inputs are files on volumes.

    Attributes
    ----------
    name
        Small letters, digits and ``-``, at most 52.
    script
        What the shell of the job's container runs.
    queue
        Of `BatchClient.queues`.
    priority
        One of `PRIORITIES`.
    sandbox
        Text of small files by their names, put beside the script.
    cpu_request
        Cores.
    memory_request
        Such as ``"4Gi"``.
    gpu_memory_request
        Such as ``"10Gi"``; None for no GPU.
    active_deadline_seconds
        After which it is ended; None for the platform's own.
    ttl_seconds_after_finished
        How long it is still listed.
    completions
        How often it is run.
    volumes
        What is mounted, by the platform's names: ``{"nfs": […], "juicefs": […]}``.
    options
        Further fields of the platform, such as ``{"offloading": {"enabled": True}}``.

    >>> Job("hello", "echo hello", queue="short").fields()["priority"]
    'lowest'
    """

    name: str
    script: str
    queue: str | None = None
    priority: str = "lowest"
    sandbox: Mapping[str, str] = field(default_factory=dict)
    cpu_request: float = 1
    memory_request: str = "2Gi"
    gpu_memory_request: str | None = None
    active_deadline_seconds: int | None = None
    ttl_seconds_after_finished: int = 3600
    completions: int = 1
    volumes: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise BadRequest(
                f"{self.name!r} is no name of a job: give small letters, digits and -, at most 52, none of "
                "them - at an end"
            )
        if self.priority not in PRIORITIES:
            meant = closest(self.priority, PRIORITIES) or "."
            raise BadRequest(
                f"priority {self.priority!r} is unknown{meant} Give one of {', '.join(PRIORITIES)}"
            )
        if not self.script.strip():
            raise BadRequest("a job without a script does nothing: give what its shell shall run")
        for name in self.sandbox:
            if not _FILE.fullmatch(name):
                raise BadRequest(f"{name!r} is no plain file name: the sandbox has no folders")
        size = sum(len(text.encode()) for text in (self.script, *self.sandbox.values()))
        if size > _MOST:
            raise BadRequest(
                f"script and sandbox take {size / 1e6:.1f} MB, of {_MOST / 1e6} MB that travel with a job: "
                "put what is larger on a volume"
            )
        if self.completions < 1 or self.cpu_request <= 0:
            raise BadRequest("completions and cpu_request must be above 0")

    def fields(self) -> dict[str, Any]:
        """Give what is sent to the platform: JSON of its names, without what is not set."""
        own = {
            "name": self.name,
            "queue": self.queue,
            "priority": self.priority,
            "script": self.script,
            "sandbox": dict(self.sandbox),
            "completions": self.completions,
            "cpu_request": self.cpu_request,
            "memory_request": self.memory_request,
            "gpu_memory_request": self.gpu_memory_request,
            "active_deadline_seconds": self.active_deadline_seconds,
            "ttl_seconds_after_finished": self.ttl_seconds_after_finished,
            "volumes": dict(self.volumes) or None,
        }
        return {key: value for key, value in {**own, **self.options}.items() if value is not None}

    @classmethod
    def for_pipeline(
        cls,
        yaml_text: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        name: str = "pipeline",
        command: str = "astrodata run",
        workspace: str | None = None,
        **fields: Any,
    ) -> Job:
        """Give the job that runs a pipeline: its YAML in the sandbox, and a script of one command.

        Parameters
        ----------
        yaml_text
            The pipeline's.
        parameters
            Values for its parameters, which the script gives with ``-p name=value``.
        name
            The job's.
        command
            What runs a pipeline's file in the job's container, words of a shell.
        workspace
            Folder, mounted in the job, to run in; by default where the job starts. Relative paths of the
            pipeline and its results are there.
        **fields
            Other fields of the job.

        >>> print(Job.for_pipeline("astrodata: 1", {"seed": 3}).script)
        #!/bin/sh
        set -eu
        pipeline="$(pwd)/pipeline.yaml"
        astrodata run "$pipeline" -p seed=3
        <BLANKLINE>
        """
        given = []
        for key, value in (parameters or {}).items():
            if not key.isidentifier():
                raise BadRequest(f"{key!r} is no name of a parameter")
            text = value if isinstance(value, str) else _json(key, value)
            given.append(f" -p {shlex.quote(f'{key}={text}')}")
        lines = ["#!/bin/sh", "set -eu", 'pipeline="$(pwd)/pipeline.yaml"']
        if workspace is not None:
            lines.append(f"cd {shlex.quote(workspace)}")
        lines.append(f'{command} "$pipeline"{"".join(given)}')
        sandbox = {**fields.pop("sandbox", {}), "pipeline.yaml": yaml_text}
        return cls(name=name, script="\n".join(lines) + "\n", sandbox=sandbox, **fields)


def _json(name: str, value: Any) -> str:
    try:
        return json.dumps(value)
    except (TypeError, ValueError):
        raise BadRequest(
            f"parameter {name} is of type {type(value).__name__}: give text, a number, true or false, or a "
            "list of these"
        ) from None
