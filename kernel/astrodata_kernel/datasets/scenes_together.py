"""Several scenes: in the order of their dates, and the bands that all of them have."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol, TypeVar

from ..errors import BadRequest

if TYPE_CHECKING:
    from .scene import Scene


class Dated(Protocol):
    """What may have a date."""

    @property
    def date(self) -> datetime | None:
        """When it was sensed, None where nobody told."""


One = TypeVar("One", bound=Dated)


def by_date(given: Iterable[One]) -> list[One]:
    """Give scenes in the order of their dates; those of one date stay as they come, those without go last."""

    def when(one: One) -> tuple[bool, float]:
        return one.date is None, 0.0 if one.date is None else utc(one.date).timestamp()

    return sorted(given, key=when)


def utc(date: datetime) -> datetime:
    """Give a date in UTC, which is what one without a zone is in."""
    return date.replace(tzinfo=UTC) if date.tzinfo is None else date.astimezone(UTC)


def shared_bands(scenes: Sequence[Scene], like: Scene | None = None) -> list[str]:
    """Give the names of the bands of reflectance that all scenes have.

    Parameters
    ----------
    scenes
        At least one.
    like
        In whose order they come; the first one's when None.

    Raises
    ------
    BadRequest
        There is none.
    """
    shared = set.intersection(*(set(scene.bands.names) for scene in scenes))
    names = [name for name in (like or scenes[0]).bands.names if name in shared]
    if not names:
        raise BadRequest("the scenes have no band in common: name bands that each of them has")
    return names
