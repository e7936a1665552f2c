"""Parameters of blocks: typed by their annotations, checked and made canonical by pydantic."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

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
            return TypeAdapter(
                self.annotation,
                # NaN, infinity and None are three values, also where any is taken.
                config=ConfigDict(arbitrary_types_allowed=True, ser_json_inf_nan="constants"),
            )
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
        """Give a checked value as plain JSON, the same for equal values and another for others.

        Where any type is taken, or one of several, the type stands with the value unless it is one of JSON.
        """
        return _ordered(value, self._dumped(value), self._untold)

    @cached_property
    def _untold(self) -> tuple[type, ...] | None:
        """Types that need not be told of a value, None for all: its own annotation tells."""
        return None if self.is_source else _untold(self.annotation)

    def _dumped(self, value: Any) -> Any:
        try:
            return self._adapter.dump_python(value, mode="json")
        except ValueError:  # of pydantic, and of bytes that are no text
            raise BadRequest(
                f"{self.name} = {_short(value)} cannot be written into a record: give numbers, texts, "
                "lists or mappings"
            ) from None

    def json_schema(self) -> dict[str, Any]:
        """Give the JSON Schema of its values."""
        schema: dict[str, Any] = self._adapter.json_schema()
        if not self.required and self.default is not None:
            default = _ordered(self.default, self._dumped(self.default), None)
            schema = {**schema, "default": default}
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


_PLAIN = (type(None), bool, int, float, str, list, dict)
_GATHERED = (tuple, set, frozenset)


def _untold(annotation: Any) -> tuple[type, ...] | None:
    parts = get_args(annotation)
    if get_origin(annotation) is Annotated:
        return _untold(parts[0])
    if get_origin(annotation) is Literal:
        return None
    if annotation in (Any, object, list, dict, tuple, set, frozenset):
        return _PLAIN
    inside = [_untold(part) for part in parts if part is not Ellipsis]
    if _PLAIN in inside:
        return _PLAIN
    several = get_origin(annotation) in (Union, UnionType)
    if several and len([part for part in parts if part is not type(None)]) > 1:
        return _PLAIN + _GATHERED
    return next((one for one in inside if one is not None), None)


def _ordered(value: Any, dumped: Any, untold: tuple[type, ...] | None) -> Any:
    """Give what pydantic made of a value with its sets in order, and with types that must be told."""
    made = dumped
    if isinstance(value, Mapping) and isinstance(dumped, dict) and len(value) == len(dumped):
        pairs = zip(value.values(), dumped.items(), strict=True)
        made = {key: _ordered(one, told, untold) for one, (key, told) in pairs}
    elif isinstance(value, (list, tuple, set, frozenset)) and isinstance(dumped, list):
        if len(value) == len(dumped):
            made = [_ordered(one, told, untold) for one, told in zip(value, dumped, strict=True)]
        if isinstance(value, (set, frozenset)):
            # Texts have another order in each process.
            made = sorted(made, key=canonical_json)
    elif isinstance(dumped, dict):
        made = {
            key: _ordered(getattr(value, key, None), told, untold) for key, told in dumped.items()
        }
    if untold is None:
        return made
    cls = type(value)
    name = _name_of(cls)
    if isinstance(value, Mapping) and not all(type(key) is str for key in value):
        keys = {_name_of(type(key)) for key in value}
        return {f"{name}[{', '.join(sorted(keys))}]": made}
    return made if cls in untold else {name: made}


def _name_of(cls: type) -> str:
    return f"{cls.__module__}.{cls.__qualname__}".removeprefix("builtins.")


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
