"""What a run would do: each step with its key, and whether it is done already."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..lineage.drawing import Box, draw
from ..readers.addresses import shown_within
from ..workspace import workspace
from .caching import Cache, Result
from .code_hash import Codes
from .parameters import canonical_json
from .registry import package_of
from .sources import Source, Sources
from .steps import Ref, Step, needed

if TYPE_CHECKING:
    from .pipelines import Pipeline

FORMAT = 1
"""Of keys: a change of what they are made of makes all work anew."""


@dataclass
class Prepared:
    """A step that is ready but for its inputs.

    Parameters
    ----------
    step
        Of the pipeline.
    parameters
        Checked, with whole paths.
    told
        The same as plain values.
    sources
        Raw data that they name.
    code
        Hash of the block's code when the run began; as it is when it was made, if none is given.
    """

    step: Step
    parameters: dict[str, Any]
    told: dict[str, Any]
    sources: list[Source] = field(default_factory=list)
    code: str = ""

    def __post_init__(self) -> None:
        self.code = self.code or self.step.block.code

    def key(self, inputs: Mapping[str, Iterable[str]]) -> str:
        """Give the key of the step for inputs of certain hashes: of all that decides what it makes."""
        block = self.step.block
        parameters = dict(self.told)
        for name, parameter in block.parameters.items():
            if parameter.is_source:
                parameters[name] = [
                    [one.name, one.hash]
                    for one in self.sources
                    if one.name == name or one.name.startswith((f"{name}[", f"{name}."))
                ]
        told = {
            "format": FORMAT,
            "block": block.name,
            "version": block.version,
            "code": self.code,
            "package": package_of(block),
            "outputs": block.outputs,
            "parameters": parameters,
            "inputs": {name: list(hashes) for name, hashes in inputs.items()},
        }
        return hashlib.sha256(canonical_json(told).encode()).hexdigest()


def prepared(
    pipeline: Pipeline, values: Mapping[str, Any], steps: Iterable[Step], root: Path, cache: Cache
) -> list[Prepared]:
    """Give the steps with their parameters checked and their sources found; nothing is read whole but hashed.

    Raises
    ------
    BadRequest, UnknownName, UnreadableFile
        What is wrong with one of them.
    """
    sources = Sources(pipeline.base, root, cache)
    # What a notebook defines anew between two runs counts, and within one run nothing changes.
    codes = Codes()
    made = []
    for step in steps:
        where = f"{step.where}: step {step.name!r}" if step.where else f"step {step.name!r}"
        parameters = pipeline.resolved(step, values)
        found: list[Source] = []
        for name, parameter in step.block.parameters.items():
            if parameter.is_source:
                whole = sources.found(parameters[name], name, where)
                parameters[name] = whole if _has_address(whole) else parameter.checked(whole, where)
                found += sources.hashed(whole, name, where)
        told = {}
        for name, parameter in step.block.parameters.items():
            value = parameters[name]
            # An address of raw data is no path that could be written as one.
            plain = parameter.is_source and _has_address(value)
            told[name] = shown_within(value if plain else parameter.canonical(value))
        made.append(Prepared(step, parameters, told, found, codes.of_block(step.block)))
    return made


def planned(
    pipeline: Pipeline, chosen: Mapping[str, Any], *, upto: str | None, root: Any = None
) -> Plan:
    """Give the plan of a run."""
    place = workspace(root)
    cache = Cache(place)
    values = pipeline.values(chosen)
    steps = needed(pipeline.order, upto, pipeline.name)
    results: dict[str, Result] = {}
    keys: dict[str, str] = {}
    ready = prepared(pipeline, values, steps, place, cache)
    named = {step.name: step for step in steps}
    for one in ready:
        step = one.step
        if not step.cache or not all(ref.step in results for ref in step.needs):
            continue
        keys[step.name] = one.key(hashes_of(step, named, results))
        known = cache.result(keys[step.name])
        if known is not None:
            results[step.name] = known
    return Plan(pipeline.name, ready, keys, results)


def hashes_of(
    step: Step, steps: Mapping[str, Step], results: Mapping[str, Result]
) -> dict[str, list[str]]:
    """Give the hashes of a step's inputs."""
    return {
        name: [hash_of(ref, step, steps, results) for ref in refs]
        for name, refs in step.inputs.items()
    }


def hash_of(ref: Ref, by: Step, steps: Mapping[str, Step], results: Mapping[str, Result]) -> str:
    """Give the hash of what a step takes from another one."""
    return results[ref.step].outputs[steps[ref.step].output(ref, by.name)].hash


@dataclass
class Plan:
    """What a run would do.

    Parameters
    ----------
    name
        Of the pipeline.
    steps
        In their order, with parameters and sources.
    keys
        Of the steps whose inputs are known.
    results
        Of those that are done.
    """

    name: str
    steps: list[Prepared]
    keys: dict[str, str]
    results: dict[str, Result]

    @property
    def done(self) -> tuple[str, ...]:
        """Names of the steps whose results are kept."""
        return tuple(one.step.name for one in self.steps if one.step.name in self.results)

    @property
    def to_do(self) -> tuple[str, ...]:
        """Names of the steps that a run would do, at most: one that gives the same as before ends it."""
        return tuple(one.step.name for one in self.steps if one.step.name not in self.results)

    def text(self) -> str:
        """Give the graph as lines of text."""
        from ..lineage.trees import tree

        head = f"{self.name}: {len(self.steps)} steps, {len(self.to_do)} to do"
        return "\n".join([head, tree(*_boxes_of((one.step for one in self.steps), self._states()))])

    def _states(self) -> dict[str, str]:
        return {
            one.step.name: "cached" if one.step.name in self.results else "waiting"
            for one in self.steps
        }

    def __repr__(self) -> str:
        return self.text()

    def _repr_html_(self) -> str:
        return graph_of((one.step for one in self.steps), self.name, self._states())


def graph_of(steps: Iterable[Step], name: str, states: Mapping[str, str]) -> str:
    """Give the graph of steps as SVG."""
    return draw(*_boxes_of(steps, states), title=name)


def boxes(
    rows: Iterable[tuple[str, str, str, Iterable[str]]],
) -> tuple[list[Box], list[tuple[str, str]]]:
    """Give a box for each step, and an edge for each that another one needs.

    Parameters
    ----------
    rows
        Of each its name, block and state, and the steps that it needs.
    """
    found, edges = [], []
    for name, block, state, needs in rows:
        found.append(Box(name, name, block, "step", state))
        edges += [(need, name) for need in needs]
    return found, list(dict.fromkeys(edges))


def _boxes_of(
    steps: Iterable[Step], states: Mapping[str, str]
) -> tuple[list[Box], list[tuple[str, str]]]:
    return boxes(
        (step.name, step.block.name, states.get(step.name, ""), [ref.step for ref in step.needs])
        for step in steps
    )


def _has_address(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(map(_has_address, value.values()))
    if isinstance(value, (list, tuple)):
        return any(map(_has_address, value))
    return isinstance(value, str) and "://" in value
