"""The JSON Schema of pipelines in YAML: what they are checked against, and what editors complete by."""

from __future__ import annotations

import json
from typing import Any

from ..errors import AstrodataError, BadRequest, MissingPackage, closest
from .registry import block_named, blocks
from .yaml_reading import Text

FORMAT = 1

_NAME = r"^[^\W\d][\w-]{0,79}$"
_INPUT: dict[str, Any] = {"type": "string", "minLength": 1}
_INPUTS: dict[str, Any] = {"oneOf": [_INPUT, {"type": "array", "items": _INPUT, "minItems": 1}]}
_STEP: dict[str, Any] = {
    "type": "object",
    "required": ["block"],
    "additionalProperties": False,
    "properties": {
        "block": {"type": "string", "description": "Name of the block, or module:name."},
        "from": {
            "description": "Where its inputs come from: step, step.output, a list, or each by name.",
            "oneOf": [
                _INPUT,
                {"type": "array", "items": _INPUTS},
                {"type": "object", "additionalProperties": _INPUTS},
            ],
        },
        "with": {
            "type": "object",
            "description": "Parameters of the block; ${name} is one of above.",
        },
        "cache": {"type": "boolean", "description": "false has it done at each run."},
    },
}


def structure() -> dict[str, Any]:
    """Give the schema of what a pipeline is made of, whatever blocks there are."""
    return {
        "type": "object",
        "required": ["astrodata", "name", "steps"],
        "additionalProperties": False,
        "properties": {
            "astrodata": {"const": FORMAT, "description": "Number of this format."},
            "name": {"type": "string", "pattern": _NAME},
            "description": {"type": "string"},
            "parameters": {
                "type": "object",
                "propertyNames": {"pattern": _NAME},
                "description": "What can be chosen at each run, with what holds by default.",
            },
            "steps": {
                "type": "object",
                "minProperties": 1,
                "propertyNames": {"pattern": _NAME},
                "additionalProperties": _STEP,
            },
            "tests": {
                "type": "object",
                "description": "Data tests of what steps give.",
                "additionalProperties": {"type": "array", "items": {"type": "object"}},
            },
        },
    }


def json_schema() -> dict[str, Any]:
    """Give the JSON Schema of pipelines with the blocks that are installed here."""
    from ..data_tests import json_schema as tests_schema

    made = structure()
    names = list(blocks())
    cases, told = [], []
    for name in names:
        try:
            block = block_named(name)
        except AstrodataError:
            continue  # a package of others that cannot be loaded
        parameters = {
            one.name: _or_reference(one.json_schema()) for one in block.parameters.values()
        }
        required = [one.name for one in block.parameters.values() if one.required]
        told.append({"const": name, "description": block.summary})
        cases.append(
            {
                "if": {"properties": {"block": {"const": name}}},
                "then": {
                    "properties": {
                        "with": {
                            "properties": parameters,
                            "additionalProperties": False,
                            "required": required,
                        }
                    },
                    **({"required": ["with"]} if required else {}),
                },
            }
        )
    block_name = {"anyOf": [*told, {"pattern": r"^[\w.]+:[\w.]+$"}]}
    step = {**_STEP, "properties": {**_STEP["properties"], "block": block_name}}
    if cases:
        step["allOf"] = cases
    made["properties"]["steps"]["additionalProperties"] = step
    made["properties"]["tests"]["additionalProperties"] = tests_schema()
    whole = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "AstroData Lab pipeline",
        **made,
    }
    # Defaults may be tuples, which JSON writes as lists.
    return dict(json.loads(json.dumps(whole)))


def check(text: Text) -> None:
    """Hold a text to the schema.

    Raises
    ------
    BadRequest
        It breaks it; the text gives file and line.
    """
    try:
        from jsonschema import Draft202012Validator
    except ImportError:
        raise MissingPackage(
            'pipelines in YAML need jsonschema; run "pip install astrodata-lab[pipeline]" in this kernel\'s '
            "environment"
        ) from None
    if not isinstance(text.value, dict):
        raise BadRequest(
            f"{text.where(())}: a pipeline is a mapping with astrodata, name and steps"
        )
    number = text.value.get("astrodata")
    if isinstance(number, int) and number > FORMAT:
        raise BadRequest(
            f"{text.where(('astrodata',))}: format {number} is of a newer version of this package, which "
            f"reads {FORMAT}: install that"
        )
    errors = sorted(
        Draft202012Validator(structure()).iter_errors(text.value),
        # A word that is misspelt is told before the one that is missing for it.
        key=lambda error: (
            error.validator != "additionalProperties",
            text.lines.get(tuple(error.absolute_path), 0),
        ),
    )
    if errors:
        raise BadRequest(_told(errors[0], text))


def _told(error: Any, text: Text) -> str:
    path = tuple(error.absolute_path)
    inside = ".".join(map(str, path)) or "the pipeline"
    if error.validator == "additionalProperties":
        known = list(error.schema.get("properties", {}))
        for key in error.instance:
            if key not in known:
                where = text.where((*path, key))
                hint = closest(str(key), known)
                return f"{where}: {inside} has no {key!r}{hint}; it has {', '.join(known)}"
    if error.validator == "required":
        lacking = next(name for name in error.validator_value if name not in error.instance)
        return f"{text.where(path)}: {inside} needs {lacking!r}"
    if error.validator == "type":
        given = "nothing" if error.instance is None else type(error.instance).__name__
        wanted = {
            "object": "a mapping",
            "array": "a list",
            "string": "a text",
            "boolean": "true or false",
        }
        return f"{text.where(path)}: {inside} must be {wanted.get(error.validator_value)}, {given} is there"
    if error.validator == "pattern":
        return (
            f"{text.where(path)}: {error.instance!r} is no name: letters, digits, _ and - make one"
        )
    if error.validator == "oneOf" and path[-1:] == ("from",):
        return f"{text.where(path)}: {inside} names steps: a text, a list of texts, or a mapping of these"
    if error.validator == "const":
        return f"{text.where(path)}: {inside} must be {error.validator_value}"
    return f"{text.where(path)}: {inside}: {error.message[:200]}"


def _or_reference(schema: dict[str, Any]) -> dict[str, Any]:
    """Let a parameter of the pipeline stand for any value."""
    definitions = schema.pop("$defs", None)
    made: dict[str, Any] = {"anyOf": [schema, {"type": "string", "pattern": r"\$\{"}]}
    if definitions:
        made["$defs"] = definitions
    return made
