"""What one record tells: a step that was executed, with what went in and what came out."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .plain import shown
from .writers import FORMAT

MOST_ITEMS = 1_000
"""Inputs or outputs of a step at most."""

LONGEST_NAME, LONGEST_PATH = 200, 4_096
_HASH = re.compile(r"(?:sha256:)?([0-9a-f]{64})")


class NoRecord(ValueError):
    """A line that tells no step; the text says why."""


class NewerFormat(NoRecord):
    """A record that a later version of this package wrote."""


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that went into a step or came out of it.

    Parameters
    ----------
    name
        Of the step's input or output.
    key
        Its hash as ``sha256:…``; for one whose hash is none, a text that belongs to this item alone.
    kind
        ``"file"``, ``"table"``, ``"model"``, ...
    origin
        Of an input: the step and output of the same run that it came from, as ``read.table``, or "".
    path
        Absolute, or "".
    size
        In bytes, or None.
    """

    name: str
    key: str
    kind: str
    origin: str
    path: str
    size: int | None

    @property
    def hashed(self) -> bool:
        """Whether `key` is a hash of the content."""
        return self.key.startswith("sha256:")


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a run, as its record tells it; every text is of bounded length, and none is escaped.

    Parameters
    ----------
    id
        Of the record.
    run, pipeline, name
        The run's id, and the names of pipeline and step.
    block, version, code, package
        What was executed: the block's name, its version, the hash of its code, and the package it is in.
    parameters
        Of the step.
    inputs, outputs
        What went in and came out, in order.
    started, ended
        In UTC, as ISO 8601, or "".
    state
        ``"finished"`` or ``"failed"``.
    cached, made_by
        Whether the cache had the outputs, and the id of the record of their computation, or "".
    git
        ``commit`` and ``dirty`` of the repository that it ran in, or None.
    user, host, python
        Whose, where, and with which Python.

    Examples
    --------
    >>> from astrodata_kernel.lineage.records import step_of
    >>> step = step_of({"format": 1, "id": "a", "run": "r", "step": "read", "inputs": {}, "outputs": {}})
    >>> step.name, step.state
    ('read', 'finished')
    """

    id: str
    run: str
    pipeline: str
    name: str
    block: str
    version: str
    code: str
    package: str
    parameters: dict[str, Any] = field(repr=False)
    inputs: tuple[Item, ...]
    outputs: tuple[Item, ...]
    started: str
    ended: str
    state: str
    cached: bool
    made_by: str
    git: dict[str, Any] | None
    user: str
    host: str
    python: str
    error: str = ""

    @property
    def computation(self) -> tuple[object, ...]:
        """What tells this computation from others: its code, parameters, inputs and outputs, not its time."""
        ports = tuple((one.name, one.key) for one in (*self.inputs, *self.outputs))
        parameters = json.dumps(self.parameters, sort_keys=True)
        code = (self.block, self.version, self.code)
        return self.pipeline, self.name, *code, self.state, ports, parameters


def hash_of(text: str) -> str | None:
    """Give a hash as records write it, ``sha256:`` with 64 digits, or None for a text that is none."""
    found = _HASH.fullmatch(text.strip().lower())
    return f"sha256:{found[1]}" if found else None


def step_of(record: Any) -> Step:
    """Give the step that a record tells, whoever wrote it.

    Raises
    ------
    NoRecord
        It tells none; the text says why.
    """
    if not isinstance(record, dict):
        raise NoRecord("it is no record")
    number = record.get("format")
    if type(number) is int and number > FORMAT:
        raise NewerFormat(f"it has format {number}, this package reads up to {FORMAT}")
    ident = record.get("id")
    if number != FORMAT or not isinstance(ident, str) or not 0 < len(ident) <= LONGEST_NAME:
        raise NoRecord("it has no format or no id")
    parameters, git = record.get("parameters"), record.get("git")
    if not isinstance(record.get("step"), str):
        raise NoRecord("it names no step")
    text = {
        name: shown(record.get(name), LONGEST_NAME)
        for name in ("run", "pipeline", "block", "version", "code", "package", "made_by")
    }
    text |= {name: shown(record.get(name), 80) for name in ("started", "ended", "user", "host")}
    return Step(
        id=ident,
        name=shown(record["step"], LONGEST_NAME),
        parameters=parameters if isinstance(parameters, dict) else {},
        inputs=_items(record.get("inputs"), f"{ident}:in"),
        outputs=_items(record.get("outputs"), f"{ident}:out"),
        state="failed" if record.get("state") == "failed" else "finished",
        cached=record.get("cached") is True,
        git={"commit": shown(git.get("commit"), 80), "dirty": git.get("dirty") is True}
        if isinstance(git, dict)
        else None,
        python=shown(record.get("python"), 80),
        error=shown(record.get("error"), 1_000),
        **text,
    )


def _items(given: Any, place: str) -> tuple[Item, ...]:
    if given is None:
        return ()
    if not isinstance(given, dict) or len(given) > MOST_ITEMS:
        raise NoRecord("its inputs or outputs are none")
    return tuple(_item(name, one, place) for name, one in given.items())


def _item(name: str, given: Any, place: str) -> Item:
    if not isinstance(given, Mapping):
        raise NoRecord(f"its input or output {shown(name, 40)!r} is none")
    content, size = given.get("hash"), given.get("size")
    key = hash_of(content) if isinstance(content, str) else None
    return Item(
        name=shown(name, LONGEST_NAME),
        # What has no hash is equal to nothing else.
        key=key or f"none:{place}:{name}",
        kind=shown(given.get("kind"), 80),
        origin=shown(given.get("from"), 2 * LONGEST_NAME),
        path=shown(given.get("path"), LONGEST_PATH),
        size=size if type(size) is int and 0 <= size < 1 << 63 else None,
    )
