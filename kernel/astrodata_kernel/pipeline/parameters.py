"""Parameters of blocks: typed by their annotations, checked and made canonical by pydantic."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin

from ..errors import BadRequest, MissingPackage

REQUIRED: Any = object()
"""Default of a parameter that has none."""


class _Source:
    """Marks paths of raw data: their bytes count, and not how they are called."""


File = Annotated[Path, _Source()]
"""Annotation of a parameter that names raw data: a path, relative to the pipeline's file, a name of the
catalogue, or an address. Its SHA-256 is part of the step's key, its name is not."""


@dataclass(frozen=True)
class Parameter:
    """A parameter of a block.

    Parameters
    ----------
    name
        As it is written.
    annotation
        Its type.
    default
        What it is where nothing is said, or `REQUIRED`.
    """

    name: str
    annotation: Any
    default: Any = REQUIRED

    @property
    def required(self) -> bool:
        """Whether something must be said."""
        return self.default is REQUIRED

    @cached_property
    def is_source(self) -> bool:
        """Whether it names raw data."""
        return _names_source(self.annotation)

    @cached_property
    def _adapter(self) -> Any:
        try:
            from pydantic import ConfigDict, PydanticUserError, TypeAdapter
        except ImportError:
            raise MissingPackage(
                'pipelines need pydantic; run "pip install astrodata-lab[pipeline]" in this kernel\'s '
                "environment"
            ) from None
        try:
            return TypeAdapter(self.annotation, config=ConfigDict(arbitrary_types_allowed=True))
        except PydanticUserError:  # a type that brings a configuration of its own
            return TypeAdapter(self.annotation)

    def checked(self, value: Any, where: str) -> Any:
        """Give a value as the type that was declared; texts of a command line become numbers.

        Raises
        ------
        BadRequest
            It is of another type; the text says which was wanted.
        """
        from pydantic import ValidationError

        try:
            return self._adapter.validate_python(value)
        except ValidationError as error:
            # What comes from a command line or a cell is text.
            if isinstance(value, str):
                try:
                    return self._adapter.validate_json(value)
                except ValidationError:
                    pass
            first = error.errors(include_url=False)[0]
            inside = "".join(f"[{part!r}]" for part in first["loc"] if not _is_branch(part))
            raise BadRequest(
                f"{where}: {self.name}{inside} = {_short(value)} is not possible: "
                f"{first['msg'].lower()} ({self.type_name} is wanted)"
            ) from None

    def canonical(self, value: Any) -> Any:
        """Give a checked value as plain JSON, the same for equal values."""
        from pydantic_core import PydanticSerializationError

        try:
            return self._adapter.dump_python(value, mode="json")
        except PydanticSerializationError:
            raise BadRequest(
                f"{self.name} = {_short(value)} cannot be written into a record: give numbers, texts, "
                "lists or mappings"
            ) from None

    def json_schema(self) -> dict[str, Any]:
        """Give the JSON Schema of its values."""
        schema: dict[str, Any] = self._adapter.json_schema()
        if not self.required and self.default is not None:
            schema = {**schema, "default": self.canonical(self.default)}
        return schema

    @property
    def type_name(self) -> str:
        """The type, for people."""
        told = self.annotation
        if get_origin(told) is Annotated:
            told = get_args(told)[0]
        if told is Path:
            return "a path"
        text = told.__name__ if isinstance(told, type) and not get_args(told) else str(told)
        return text.replace("typing.", "").replace("pathlib.", "").replace("NoneType", "None")


def canonical_json(value: Any) -> str:
    """Give plain values as text, the same whatever order their keys had.

    Raises
    ------
    BadRequest
        There is something in it that JSON does not know.
    """
    try:
        return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    except (TypeError, ValueError) as error:
        raise BadRequest(f"{_short(value)} is no plain value: {error}") from None


def _names_source(annotation: Any) -> bool:
    if get_origin(annotation) is Annotated and any(
        isinstance(extra, _Source) for extra in get_args(annotation)[1:]
    ):
        return True
    return any(_names_source(part) for part in get_args(annotation))


def _is_branch(part: Any) -> bool:
    # Of a union pydantic names the branch that it tried, which is no place in the value.
    return isinstance(part, str) and part.split("[")[0] in {
        "str", "int", "float", "bool", "list", "dict", "tuple", "none", "path",
    }  # fmt: skip


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
