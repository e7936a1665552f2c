"""The steps of a pipeline: how they refer to each other, and in which order they come."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from ..errors import BadRequest, UnknownName, closest
from .block_types import Block

RESERVED = (
    *("self", "upto", "cluster", "track", "fresh", "workspace", "progress", "cancelled"),
    *("space", "metric", "trials", "direction", "at_once", "prune", "search_name", "search_seed"),
)
"""Options of `Pipeline.run` and `Pipeline.search`, which no parameter is called."""

_NAME = re.compile(r"[^\W\d][\w-]{0,79}")
_PLACE = re.compile(r"\$(\$|\{([^{}]*)\})")


class Ref(NamedTuple):
    """What one step gives: ``"step"`` for its only output, or ``"step.output"``."""

    step: str
    output: str

    @classmethod
    def of(cls, text: Any) -> Ref:
        """Give the reference that a text is."""
        if not isinstance(text, str):
            raise BadRequest(f"{text!r} names no step: write step or step.output")
        step, _, output = text.partition(".")
        return cls(step, output)

    def __str__(self) -> str:
        return f"{self.step}.{self.output}" if self.output else self.step


@dataclass(frozen=True)
class Step:
    """A block at its place in a pipeline.

    Parameters
    ----------
    name
        Of the step.
    block
        What it does.
    inputs
        What it takes, by the block's inputs.
    given
        Parameters as they were written.
    cache
        Whether what it made is used again.
    where
        File and line.
    """

    name: str
    block: Block
    inputs: Mapping[str, tuple[Ref, ...]]
    given: Mapping[str, Any] = field(default_factory=dict)
    cache: bool = True
    where: str = ""

    @property
    def needs(self) -> tuple[Ref, ...]:
        """All that it takes."""
        return tuple(ref for refs in self.inputs.values() for ref in refs)

    def check_parameters(self, before: str) -> None:
        """Raise `UnknownName` for a parameter that the block does not have."""
        for name in self.given:
            if name not in self.block.parameters:
                known = ", ".join(self.block.parameters) or "none"
                raise UnknownName(
                    f"{before}step {self.name!r}: block {self.block.name} has no parameter {name!r}"
                    f"{closest(name, self.block.parameters)}; it has {known}"
                )

    def output(self, ref: Ref, by: str) -> str:
        """Give the name of the output that a reference means.

        Raises
        ------
        UnknownName
            There is none, or more than one and none is named.
        """
        outputs = self.block.outputs
        if ref.output in outputs:
            return ref.output
        if not ref.output and len(outputs) == 1:
            return outputs[0]
        names = ", ".join(f"{self.name}.{one}" for one in outputs) or "nothing"
        hint = closest(ref.output, outputs) if ref.output else ""
        raise UnknownName(
            f"{by}: {str(ref)!r} is no output{hint}; step {self.name!r} gives {names}"
        )


def checked_name(name: Any, what: str, before: str = "") -> str:
    """Give a name, if it can be one.

    Raises
    ------
    BadRequest
        It cannot.
    """
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise BadRequest(
            f"{before}{str(name)[:60]!r} cannot be the name of {what}: letters, digits, _ and - make one, "
            "a letter first"
        )
    return name


def refs_of(
    block: Block,
    step: str,
    inputs: Sequence[Any],
    named: Mapping[str, Any],
    before: str,
) -> dict[str, tuple[Ref, ...]]:
    """Give what a step takes, by the inputs of its block.

    Raises
    ------
    BadRequest
        Something is missing, too much, or named twice.
    UnknownName
        The block has no such input.
    """
    ports = {port.name: port for port in block.inputs}
    told: dict[str, Any] = {}
    rest = list(inputs)
    for port in block.inputs:
        if port.many and rest:
            listed = len(rest) == 1 and isinstance(rest[0], (list, tuple))
            told[port.name] = rest[0] if listed else rest
            rest = []
        elif rest:
            told[port.name] = rest.pop(0)
    if rest:
        names = ", ".join(ports) or "none"
        raise BadRequest(
            f"{before}step {step!r}: block {block.name} takes {len(ports)} inputs ({names}), "
            f"{len(inputs)} came"
        )
    for name, value in named.items():
        if name not in ports:
            raise UnknownName(
                f"{before}step {step!r}: block {block.name} has no input {name!r}{closest(name, ports)}; "
                f"it takes {', '.join(ports) or 'none'}"
            )
        if name in told:
            raise BadRequest(f"{before}step {step!r}: input {name!r} is given twice")
        told[name] = value
    for port in block.inputs:
        if port.name not in told and not port.optional:
            raise BadRequest(
                f"{before}step {step!r}: block {block.name} needs the input {port.name!r}: say which step "
                "it comes from"
            )
    made = {}
    for name, value in told.items():
        several = isinstance(value, (list, tuple))
        if several and not ports[name].many:
            raise BadRequest(
                f"{before}step {step!r}: input {name!r} takes one step, {len(value)} came"
            )
        made[name] = tuple(Ref.of(one) for one in (value if several else [value]))
    return made


def in_order(steps: Mapping[str, Step]) -> tuple[Step, ...]:
    """Give the steps, each after those that it needs, else as they were written.

    Raises
    ------
    UnknownName
        One needs a step or an output that is not there.
    BadRequest
        They need each other in a circle.
    """
    for step in steps.values():
        before = f"{step.where}: " if step.where else ""
        for ref in step.needs:
            if ref.step not in steps:
                raise UnknownName(
                    f"{before}step {step.name!r} takes {str(ref)!r}, but there is no step {ref.step!r}"
                    f"{closest(ref.step, steps)}"
                )
            steps[ref.step].output(ref, f"{before}step {step.name!r}")
    made: list[Step] = []
    state: dict[str, bool] = {}  # False while what it needs is looked at
    for first in steps:
        trail: list[tuple[str, list[str]]] = []
        if first not in state:
            state[first] = False
            trail.append((first, [ref.step for ref in steps[first].needs]))
        while trail:
            name, left = trail[-1]
            if not left:
                trail.pop()
                state[name] = True
                made.append(steps[name])
                continue
            next_one = left.pop(0)
            if state.get(next_one) is False:
                circle = [one for one, _ in trail]
                circle = [*circle[circle.index(next_one) :], next_one]
                where = steps[next_one].where
                raise BadRequest(
                    f"{f'{where}: ' if where else ''}steps need each other in a circle: "
                    f"{' <- '.join(circle)}; take one of these inputs away"
                )
            if next_one not in state:
                state[next_one] = False
                trail.append((next_one, [ref.step for ref in steps[next_one].needs]))
    return tuple(made)


def needed(steps: Sequence[Step], upto: str | None, pipeline: str) -> tuple[Step, ...]:
    """Give the steps that one step needs, and itself; all without one.

    Raises
    ------
    UnknownName
        There is no such step.
    """
    if upto is None:
        return tuple(steps)
    wanted = Ref.of(upto).step
    by_name = {step.name: step for step in steps}
    if wanted not in by_name:
        raise UnknownName(f"pipeline {pipeline} has no step {wanted!r}{closest(wanted, by_name)}")
    kept: set[str] = set()
    left = [wanted]
    while left:
        name = left.pop()
        if name not in kept:
            kept.add(name)
            left += [ref.step for ref in by_name[name].needs]
    return tuple(step for step in steps if step.name in kept)


def substituted(value: Any, values: Mapping[str, Any], where: str) -> Any:
    """Give a value with the parameters that it names; a text that is nothing but a name becomes the value.

    Raises
    ------
    UnknownName
        There is no such parameter.
    """
    if isinstance(value, Mapping):
        return {k: substituted(v, values, where) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)([substituted(one, values, where) for one in value])
    if isinstance(value, Path):
        return Path(substituted(str(value), values, where))
    if not isinstance(value, str) or "$" not in value:
        return value

    def of(text: str) -> Any:
        name = text.strip()
        if name not in values:
            raise UnknownName(
                f"{where}: there is no parameter {name!r}{closest(name, values)}; write $$ for a dollar sign"
            )
        return values[name]

    whole = _PLACE.fullmatch(value)
    if whole and whole[1] != "$":
        return of(whole[2])
    return _PLACE.sub(lambda found: "$" if found[1] == "$" else str(of(found[2])), value)
