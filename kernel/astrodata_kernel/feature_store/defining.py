"""Definitions as they are given or read from ``view.json``, each part checked."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ..errors import BadRequest, DamagedFile, UnsupportedFormat
from ..processing.table_units import unit_of
from .definitions import DTYPES, FORMAT, KEYS, Column, Definition, nearest

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_DOTTED = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+")
_LONGEST = 1 << 20


def view_name(name: Any) -> str:
    """Give a view's name if it can be a folder on every system.

    Raises
    ------
    BadRequest
        It cannot; the text proposes one that can.
    """
    if isinstance(name, str) and _NAME.fullmatch(name):
        return name
    close = re.sub(r"[^a-z0-9_-]+", "-", str(name).lower()).strip("-_")[:64]
    hint = f", such as {close!r}" if close else ""
    raise BadRequest(
        f"{str(name)[:80]!r} cannot name a view: give 1 to 64 of a-z, 0-9, - and _, "
        f"the first a letter or a digit{hint}"
    )


def is_name(name: str) -> bool:
    """Tell whether a folder can be a view's."""
    try:
        return bool(view_name(name))
    except BadRequest:
        return False


def defined(
    name: Any,
    columns: Mapping[str, Any],
    *,
    entity: str = "event",
    id_dtype: str = "int64",
    source: Mapping[str, Any] | str | Callable[..., Any] | None = None,
    description: str = "",
    tags: Sequence[str] = (),
) -> Definition:
    """Give a definition whose every part is checked.

    Raises
    ------
    BadRequest
        A name, type, unit or source that is none.
    """
    if not isinstance(columns, Mapping) or not columns:
        raise BadRequest(
            'a view needs columns, such as columns={"peak": {"dtype": "float64", "unit": "mV", '
            '"description": "height above the baseline"}}'
        )
    made = tuple(_column(key, value) for key, value in columns.items())
    seen: dict[str, str] = {key: key for key in KEYS}
    for column in made:
        # SQL knows no capitals: two such columns could not be told apart.
        if (key := column.name.casefold()) in seen:
            raise BadRequest(
                f"the column {column.name!r} is called like {seen[key]!r}, capitals aside: rename it"
            )
        seen[key] = column.name
    if id_dtype not in ("int64", "string"):
        raise BadRequest(f"id_dtype {str(id_dtype)[:40]!r}: ids are 'int64' or 'string'")
    if isinstance(tags, str):
        tags = [tags]
    return Definition(
        view_name(name),
        made,
        _text("entity", entity, least=1),
        id_dtype,
        _source(source),
        _text("description", description, 4000),
        tuple(sorted({_text("a tag", tag, least=1) for tag in tags})),
    )


def definition_of(content: bytes, where: str) -> Definition:
    """Give the definition of a ``view.json``.

    Raises
    ------
    UnsupportedFormat
        It was written by a newer version of this package.
    DamagedFile
        It is none.
    """
    try:
        facts = json.loads(content)
        number = facts["format"]
        if isinstance(number, int) and number > FORMAT:
            raise UnsupportedFormat(
                f"{where} has format {number}, and this version of astrodata-lab reads {FORMAT} at most: "
                "upgrade it"
            )
        if number != FORMAT:
            raise ValueError(f"format {str(number)[:20]!r}")
        digest = facts["digest"]
        keys = ("entity", "id_dtype", "source", "description", "tags")
        made = defined(facts["name"], facts["columns"], **{key: facts[key] for key in keys})
        if made.digest != digest:
            raise ValueError("it is not what its digest was made of")
    except UnsupportedFormat:
        raise
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, BadRequest) as error:
        raise DamagedFile(
            f"{where} defines no view ({type(error).__name__}: {str(error)[:120]}); it is not to be edited: "
            "define the view again for a new version"
        ) from None
    return made


def _column(name: Any, told: Any) -> Column:
    name = _text("a column's name", name, 200, 1)
    if isinstance(told, Column):
        told = {"dtype": told.dtype, "unit": told.unit, "description": told.description}
    if not isinstance(told, Mapping):
        told = {"dtype": told}
    for key in told:
        if key not in ("dtype", "unit", "description"):
            raise BadRequest(
                f"column {name!r}: {str(key)[:40]!r} is not told of a column; "
                f"{nearest(str(key), ['dtype', 'unit', 'description'])}"
            )
    if "dtype" not in told:
        raise BadRequest(f"column {name!r} has no dtype: give one of {', '.join(DTYPES)}")
    unit = told.get("unit") or ""
    unit = _text(
        "a unit", unit if isinstance(unit, str) else getattr(unit, "to_string", lambda: unit)(), 100
    )
    if unit and unit_of(unit) is None:
        raise BadRequest(
            f"column {name!r}: astropy knows no unit {unit!r}; give one that it knows, such as 'mV' or "
            "'adu', or none"
        )
    return Column(
        name,
        _dtype(name, told["dtype"]),
        unit,
        _text("a description", told.get("description") or "", 4000),
    )


def _dtype(name: str, given: Any) -> str:
    if isinstance(given, str) and given in DTYPES:
        return given
    try:
        found = np.dtype(given)
    except TypeError:
        found = None
    if found is not None and found.kind in "US":
        return "string"
    if found is not None and found.kind == "M":
        return "timestamp"
    if found is not None and found.name in DTYPES:
        return found.name
    raise BadRequest(
        f"column {name!r}: no dtype {str(given)[:40]!r}; {nearest(str(given), list(DTYPES))}"
    )


def _source(given: Any) -> dict[str, Any]:
    if given is None:
        return {}
    if callable(given):
        given = f"{getattr(given, '__module__', '')}.{getattr(given, '__qualname__', '')}"
    if isinstance(given, str):
        if not _DOTTED.fullmatch(given):
            raise BadRequest(
                f"source {given[:80]!r} is no function that can be found again: give "
                "'package.module.function', or a mapping such as {'pipeline': 'cardio', 'output': "
                "'features.table'}"
            )
        return {"function": given}
    try:
        text = json.dumps(given, sort_keys=True, allow_nan=False)
        plain = json.loads(text)
    except (TypeError, ValueError, RecursionError) as error:
        raise BadRequest(f"source must be what JSON knows: {str(error)[:80]}") from None
    if not isinstance(plain, dict) or len(text) > _LONGEST:
        raise BadRequest(
            "source must be a mapping, such as {'pipeline': 'cardio', 'output': 'features.table'}"
        )
    return plain


def _text(what: str, given: Any, longest: int = 200, least: int = 0) -> str:
    if not isinstance(given, str) or not least <= len(given.strip()) <= longest:
        raise BadRequest(
            f"{what} is a text of {least} to {longest} characters, not {str(given)[:40]!r}"
        )
    if not given.replace("\n", " " if longest > 200 else "\0").isprintable() and given:
        raise BadRequest(f"{what} {given[:40]!r} has characters that cannot be printed")
    return given.strip()
