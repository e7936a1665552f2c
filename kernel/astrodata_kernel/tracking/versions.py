"""What a version of a model is, and what its promotions were."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ..errors import BadRequest

HASH, LINEAGE = "astrodata.hash", "astrodata.lineage"
"""Tags of a version: hash of its files, hash of the model in the lineage."""

_ALIAS = re.compile(r"[A-Za-z][\w\-]{0,99}")


@dataclass(frozen=True)
class Version:
    """A version of a registered model.

    Parameters
    ----------
    name
        Of the model.
    version
        Its number, as text.
    aliases
        That point to it.
    run
        Id of the run that it comes from, or an empty text.
    source
        Address of its files.
    made
        When it was registered, in ISO UTC.
    hash, lineage_hash
        Of its files, and of the model in the lineage; empty where they were not told.
    """

    name: str
    version: str
    aliases: tuple[str, ...]
    run: str
    source: str
    made: str
    hash: str = ""
    lineage_hash: str = ""


@dataclass(frozen=True)
class Promotion:
    """A change of an alias: who pointed it to which version, when and why.

    Parameters
    ----------
    alias, version, before
        The alias, the version that it points to since (None: to none), the one before (or None).
    who, when, reason
        A user's name, ISO UTC, words.
    """

    alias: str
    version: str | None
    before: str | None
    who: str
    when: str
    reason: str


def check_promotion(alias: str, reason: str) -> None:
    """Raise `BadRequest` for an alias that is no word, or where there is no reason."""
    if not str(reason).strip():
        raise BadRequest("a promotion has a reason: say in a few words why, reason=…")
    if not _ALIAS.fullmatch(alias) or re.fullmatch(r"[vV]\d+", alias) or alias == "latest":
        raise BadRequest(
            f"{alias!r} is no alias: letters, digits, _ and -, beginning with a letter; not v1, not latest"
        )


def quoted(name: str) -> str:
    """Give a name as it stands in a filter of MLflow."""
    if "'" in name and '"' in name:
        raise BadRequest(f"{name!r} has both kinds of quotes in it: choose another name")
    return f'"{name}"' if "'" in name else f"'{name}'"


def version_from(made: Any, aliases: dict[str, Any]) -> Version:
    """Give a version as MLflow tells it, with those of the model's aliases that point to it."""
    when = datetime.fromtimestamp(int(made.creation_timestamp) / 1000, UTC)
    tags = dict(made.tags or {})
    return Version(
        str(made.name),
        str(made.version),
        tuple(
            sorted(alias for alias, number in aliases.items() if str(number) == str(made.version))
        ),
        str(made.run_id or ""),
        str(made.source),
        when.isoformat(timespec="seconds"),
        str(tags.get(HASH, "")),
        str(tags.get(LINEAGE, "")),
    )
