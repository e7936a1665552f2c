"""Which scenes a service has of an area and a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from typing import Any

from ..errors import BadRequest
from .account import Account
from .areas import box_of
from .service import asked

COLLECTIONS = {"L2A": "SENTINEL2_L2A", "L1C": "SENTINEL2_L1C"}
"""Names of `sentinelhub.DataCollection`."""

MOST = 10_000
"""Scenes that are listed at most: what is more is no list to choose from."""


@dataclass(frozen=True)
class Found:
    """A scene that a service has.

    Parameters
    ----------
    name
        Of the product, such as ``S2B_MSIL2A_20220413T150759_N0400_R025_T33XWJ_20220414T082126.SAFE``.
    date
        When it was taken, in UTC.
    cloud
        Share of clouds, in per cent; None where the service does not tell it.
    footprint
        GeoJSON geometry, longitudes and latitudes.
    """

    name: str
    date: datetime
    cloud: float | None
    footprint: Any


def search(
    area: Any,
    start: str | date,
    end: str | date,
    *,
    max_cloud: float = 100.0,
    level: str = "L2A",
    account: Account | None = None,
    cancel: Callable[[], None] = lambda: None,
) -> list[Found]:
    """List the scenes of an area and a time, the oldest first.

    Parameters
    ----------
    area
        (west, south, east, north) in degrees, or GeoJSON.
    start, end
        First and last day.
    max_cloud
        Share of clouds up to which a scene is listed, in per cent.
    level
        ``"L2A"`` or ``"L1C"``.
    account
        Who asks; by default at Sentinel Hub, by the environment or the default profile.
    cancel
        Called while the service is waited for; what it raises gives the search up.

    Raises
    ------
    BadRequest
        An area, a time or a level that cannot be.
    ServiceFailed
        The service refuses or does not answer.
    MissingPackage
        The client of the services is not installed.
    """
    box = box_of(area)
    days = days_of(start, end)
    if not 0 <= max_cloud <= 100:
        raise BadRequest(f"max_cloud {max_cloud}: give 0 to 100 per cent")
    config = (account or Account()).config()
    from sentinelhub import CRS, BBox, SentinelHubCatalog

    def work() -> list[Any]:
        catalogue = SentinelHubCatalog(config=config)
        some = catalogue.search(
            collection_of(level, config),
            bbox=BBox(box, CRS.WGS84),
            time=days,
            filter=f"eo:cloud_cover <= {max_cloud:g}",
            fields={
                "include": ["id", "geometry", "properties.datetime", "properties.eo:cloud_cover"]
            },
        )
        return list(islice(some, MOST))

    found = [_found(one) for one in asked(work, cancel, "search")]
    return sorted(found, key=lambda one: one.date)


def days_of(start: str | date, end: str | date) -> tuple[str, str]:
    """Give the first and the last day as the services take them."""
    try:
        first, last = (date.fromisoformat(str(day)[:10]) for day in (start, end))
    except ValueError:
        raise BadRequest(f"from {start} to {end}: give days such as 2022-04-13") from None
    if last < first:
        raise BadRequest(f"from {first} to {last}: the last day lies before the first")
    return first.isoformat(), last.isoformat()


def collection_of(level: str, config: Any) -> Any:
    """Give the collection of a level at the service of an account."""
    from sentinelhub import DataCollection

    if level not in COLLECTIONS:
        raise BadRequest(f"level {level!r} is unknown: there are {', '.join(COLLECTIONS)}")
    known = getattr(DataCollection, COLLECTIONS[level])
    if config.sh_base_url == known.service_url:
        return known
    # A collection brings the address of its service, which would win over the account's.
    return known.define_from(f"{level} at {config.sh_base_url}", service_url=config.sh_base_url)


def _found(feature: Any) -> Found:
    told = feature["properties"]
    cloud = told.get("eo:cloud_cover")
    return Found(
        str(feature["id"]),
        datetime.fromisoformat(str(told["datetime"])),
        None if cloud is None else float(cloud),
        feature.get("geometry"),
    )
