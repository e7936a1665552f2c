"""Pipelines from YAML and to it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import AstrodataError, BadRequest
from .block_types import TAKEN, Block
from .pipelines import Pipeline
from .registry import block_named, blocks
from .schema import FORMAT, check
from .steps import substituted
from .yaml_reading import Text, read_yaml


def pipeline_of(text: str, path: Path | None, base: Path | None = None) -> Pipeline:
    """Give the pipeline of a YAML text, checked; `base` as of `Pipeline`.

    Raises
    ------
    BadRequest, UnknownName
        What is wrong with it, with file and line.
    """
    read = read_yaml(text, "pipeline" if path is None else path.name)
    check(read)
    told = read.value
    if base is None and path is not None:
        base = path.resolve().parent
    facts = (told["name"], told.get("parameters"), told.get("description", ""), base)
    made: Pipeline = _within(read, ("parameters",), Pipeline, *facts)
    made.source = None if path is None else path.resolve()
    for name, step in told["steps"].items():
        where = read.where(("steps", name))
        inputs: Any = step.get("from", [])
        named = inputs if isinstance(inputs, Mapping) else {}
        listed = (
            [] if isinstance(inputs, Mapping) else [inputs] if isinstance(inputs, str) else inputs
        )
        given = step.get("with", {})
        _check_options(given, read, name)
        made.add(
            name,
            step["block"],
            *listed,
            from_=named,
            cache=step.get("cache"),
            where=where,
            **given,
        )
    made.order  # noqa: B018 - to have circles and missing steps told now
    for what, tests in (told.get("tests") or {}).items():
        made.test(what, *tests)
        _within(read, ("tests", what), made.tests_by_output)
        _check_tests(made, read, what, tests)
    return made


def yaml_of(pipeline: Pipeline) -> str:
    """Give a pipeline as YAML.

    Raises
    ------
    BadRequest
        A block lives in this session alone, or a parameter is no plain value.
    """
    import yaml

    steps: dict[str, Any] = {}
    for step in pipeline.steps.values():
        told: dict[str, Any] = {"block": _block_name(step.block)}
        if step.inputs:
            told["from"] = {
                name: [str(ref) for ref in refs] if len(refs) != 1 else str(refs[0])
                for name, refs in step.inputs.items()
            }
        if step.given:
            told["with"] = _plain(step.given, f"step {step.name!r}")
        if step.cache != step.block.cache:
            told["cache"] = step.cache
        steps[step.name] = told
    made: dict[str, Any] = {"astrodata": FORMAT, "name": pipeline.name}
    if pipeline.description:
        made["description"] = pipeline.description
    if pipeline.parameters:
        made["parameters"] = _plain(pipeline.parameters, "parameters")
    made["steps"] = steps
    if pipeline.tests:
        made["tests"] = {str(ref): _plain(tests, "tests") for ref, tests in pipeline.tests.items()}
    return yaml.safe_dump(made, sort_keys=False, allow_unicode=True, width=100)


def _check_options(given: Mapping[str, Any], read: Text, name: str) -> None:
    # They would be taken for arguments of `add`.
    for option in ("self", *TAKEN):
        if option in given:
            raise BadRequest(
                f"{read.where(('steps', name, 'with', option))}: no block has a parameter {option!r}"
            )


def _check_tests(pipeline: Pipeline, read: Text, what: str, tests: list[Any]) -> None:
    from ..data_tests import Tests

    for number, one in enumerate(tests):
        # With the parameters as they are by default: a run has them checked with its own.
        where = read.where(("tests", what, number))
        given = substituted(one, pipeline.parameters, where)
        _within(read, ("tests", what, number), Tests.of, [given])


def _within(read: Text, path: tuple[str | int, ...], work: Any, *args: Any) -> Any:
    try:
        return work(*args)
    except AstrodataError as error:
        raise error.saying(f"{read.where(path)}: {error}") from None


def _block_name(block: Block) -> str:
    if block.name in blocks() and block_named(block.name) is block:
        return block.name
    module = getattr(block.function, "__module__", None)
    name = f"{module}:{getattr(block.function, '__qualname__', '')}"
    if module in (None, "__main__"):
        raise BadRequest(
            f"block {block.name} lives in this session alone: put it into a module, which YAML can name as "
            "module:name"
        )
    block_named(name)
    return name


def _plain(value: Any, where: str) -> Any:
    if isinstance(value, Mapping):
        return {str(k): _plain(v, where) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one, where) for one in value]
    if isinstance(value, Path):
        return str(value)
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    raise BadRequest(f"{where}: a {type(value).__name__} cannot be written as YAML")
