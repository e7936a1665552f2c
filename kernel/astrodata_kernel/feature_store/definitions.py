"""What a feature view is: its columns with type, unit and meaning, and what makes them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from ..errors import closest

FORMAT = 1
"""Of ``view.json`` and of the parts; a higher one is of a newer version of this package."""

TIME = pa.timestamp("us", "UTC")
KEYS = ("event_id", "event_time", "created_time")
"""Columns that every part has: which event, the time that its features hold from, the time of writing."""

DTYPES = {
    "bool": pa.bool_(),
    **{
        f"{sign}int{bits}": getattr(pa, f"{sign}int{bits}")()
        for sign in ("", "u")
        for bits in (8, 16, 32, 64)
    },
    "float32": pa.float32(),
    "float64": pa.float64(),
    "string": pa.string(),
    "timestamp": TIME,
}
"""Types of features by name."""


@dataclass(frozen=True)
class Column:
    """A feature: its name, type, unit (a text that astropy knows, or none) and meaning."""

    name: str
    dtype: str
    unit: str = ""
    description: str = ""


@dataclass(frozen=True)
class Definition:
    """What a version of a view is; two that are equal are the same version.

    Parameters
    ----------
    name
        Of the view.
    columns
        The features.
    entity
        What a row is about: ``"event"``, ``"source"``, ``"area"``.
    id_dtype
        ``"int64"`` or ``"string"``: of ``event_id``.
    source
        What makes it, as plain JSON.
    description, tags
        In words.

    Examples
    --------
    >>> Definition("pulses", (Column("peak", "float64", "mV"),)).schema.names
    ['event_id', 'event_time', 'created_time', 'peak']
    """

    name: str
    columns: tuple[Column, ...]
    entity: str = "event"
    id_dtype: str = "int64"
    source: Mapping[str, Any] = field(default_factory=dict)
    description: str = ""
    tags: tuple[str, ...] = ()

    @property
    def names(self) -> list[str]:
        """Names of the features."""
        return [column.name for column in self.columns]

    def column(self, name: str) -> Column:
        """Give a feature that is known to be there."""
        return next(column for column in self.columns if column.name == name)

    @property
    def facts(self) -> dict[str, Any]:
        """All of it as plain JSON."""
        return {
            "name": self.name,
            "entity": self.entity,
            "id_dtype": self.id_dtype,
            "columns": {
                c.name: {"dtype": c.dtype, "unit": c.unit, "description": c.description}
                for c in self.columns
            },
            "source": dict(self.source),
            "description": self.description,
            "tags": list(self.tags),
        }

    @property
    def digest(self) -> str:
        """``sha256:`` and the hash of all of it."""
        return _hash(self.facts)

    @property
    def source_hash(self) -> str:
        """``sha256:`` and the hash of what makes it."""
        return _hash(dict(self.source))

    @property
    def schema(self) -> pa.Schema:
        """Of the parts: the keys, then the features, each with its unit and meaning as metadata."""
        keys = [
            pa.field("event_id", DTYPES[self.id_dtype], nullable=False),
            pa.field("event_time", TIME, nullable=False),
            pa.field("created_time", TIME, nullable=False),
        ]
        told = [{"unit": c.unit, "description": c.description} for c in self.columns]
        features = zip(self.columns, told, strict=True)
        return pa.schema(
            [*keys, *(pa.field(c.name, DTYPES[c.dtype], metadata=m) for c, m in features)]
        )

    def to_json(self) -> bytes:
        """Give the content of ``view.json``."""
        text = json.dumps({"format": FORMAT, **self.facts, "digest": self.digest}, indent=1)
        return text.encode()


def nearest(name: str, names: Sequence[str]) -> str:
    """Give the end of a sentence: which name may be meant, or which there are."""
    return (
        closest(name, names).removeprefix("; ")
        or f"there are: {', '.join(map(repr, names[:12])) or 'none'}"
    )


def _hash(facts: Any) -> str:
    text = json.dumps(facts, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return f"sha256:{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()}"
