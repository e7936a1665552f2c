"""Single files of satellite images: GeoTIFF, also cloud-optimised, and JPEG 2000, of one band or many."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path

from ..datasets import Provenance
from ..datasets.scene import Scene
from ..datasets.scene_bands import Band, band_name
from ..errors import BadRequest, DamagedFile, TooLarge
from .sentinel_build import band, scene
from .sentinel_gdal import GdalFile
from .sentinel_names import Facts, facts_of, names_of_layers, utc
from .sentinel_raster import GdalRaster

LAYERS = 2048
"""Layers of one file: some hyperspectral instruments have hundreds."""
REQUEST_BYTES = 4 << 20
_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_JP2 = (b"\0\0\0\x0cjP  \r\n\x87\n", b"\xff\x4f\xff\x51")


def is_raster(head: bytes) -> bool:
    """Tell from the first bytes whether a file is TIFF or JPEG 2000."""
    return head.startswith((*_TIFF, *_JP2))


@dataclass(frozen=True)
class Request:
    """What a request to Sentinel Hub asked for."""

    bands: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    level: str = ""
    digital_numbers: bool | None = None


def open_raster(
    path: Path,
    provenance: Provenance,
    names: Sequence[str] | None = None,
    request: Path | None = None,
    title: str | None = None,
) -> Scene:
    """Give the scene of one file.

    Parameters
    ----------
    path, provenance
        The file.
    names
        Of its layers, where one knows better than the file.
    request
        Sentinel Hub's ``request.json`` beside it.
    title
        How to name the scene.

    Raises
    ------
    DamagedFile, TooLarge
        GDAL cannot read it, or its blocks are beyond the caps.
    BadRequest
        Another number of names than of layers.
    """
    told_path = Path(provenance.path)
    name = title or told_path.name
    file = GdalFile.at(path, told_path.name)
    facts = file.facts()
    count = len(facts.dtypes)
    if count > LAYERS:
        raise TooLarge(
            f"{name} has {count:,} layers, more than the {LAYERS:,} that a scene may have"
        )
    asked = Request() if request is None else read_request(request)
    warnings: list[str] = []
    if names is None:
        names = (
            asked.bands
            if len(asked.bands) == count
            else _named(told_path, facts.descriptions, count)
        )
        if asked.bands and len(asked.bands) != count:
            warnings.append(
                f"its request asked for {len(asked.bands)} bands and the file has {count}: they are named as "
                "the file tells"
            )
        if any(one.startswith("band ") for one in names):
            warnings.append(
                "nothing tells which bands these are: name them by adk.open(path, bands=[...])"
            )
    elif len(names) != count or len(set(names)) != count:
        raise BadRequest(
            f"{name} has {count} layers: give as many different names, not {list(names)}"
        )
    known = _known(told_path)
    layers = [_layer(file, number, one, asked) for number, one in enumerate(names, 1)]
    again = partial(_renamed, path, provenance, request, title)
    return scene(
        name,
        provenance,
        layers,
        meta={
            "warnings": warnings,
            "driver": facts.driver,
            "area": known.area,
            "period": _period(asked.since or known.date, asked.until or known.until),
        },
        rename=again,
        date=known.date or asked.since,
        level=known.level or asked.level,
        baseline=known.baseline,
        satellite=known.satellite,
        tile=known.tile,
    )


def _renamed(
    path: Path,
    provenance: Provenance,
    request: Path | None,
    title: str | None,
    names: Sequence[str],
) -> Scene:
    return open_raster(path, provenance, [band_name(n) for n in names], request, title)


def _named(path: Path, descriptions: Sequence[str | None], count: int) -> tuple[str, ...]:
    found = names_of_layers(path.stem, count, descriptions)
    # Two layers of one name could not be told apart.
    return found if len(set(found)) == count else tuple(f"band {n}" for n in range(1, count + 1))


def _layer(file: GdalFile, number: int, name: str, asked: Request) -> Band:
    made = band(name, GdalRaster(file, number, blank=None))
    whole = made.dtype.kind in "ui"
    if made.role == "reflectance" and whole:
        made = replace(made, raster=GdalRaster(file, number, blank=0.0))
        if asked.digital_numbers:
            # Sentinel Hub takes the offset out of its digital numbers (harmonizeValues, on by default).
            made = replace(made, offset=0.0, scale=1e-4)
    return made


def _known(path: Path) -> Facts:
    """Give what a file's name tells, or those of the folders that it lies in."""
    for name in (path.name, path.parent.name, path.parent.parent.name):
        found = facts_of(name)
        if found != Facts():
            return found
    return Facts()


def _period(since: datetime | None, until: datetime | None) -> tuple[datetime, datetime] | None:
    return (since, until) if since is not None and until is not None else None


def read_request(path: Path) -> Request:
    """Give what Sentinel Hub's ``request.json`` asked for: bands in the order of the output, and when.

    Raises
    ------
    DamagedFile
        No JSON of a request.
    """
    try:
        with path.open("rb") as file:
            data = file.read(REQUEST_BYTES + 1)
        told = json.loads(data) if len(data) <= REQUEST_BYTES else None
        if isinstance(told, dict) and isinstance(told.get("request"), dict):
            told = told["request"]
        payload = told.get("payload", told) if isinstance(told, dict) else None
        if not isinstance(payload, dict):
            raise ValueError("no request in it")
    except (OSError, ValueError, RecursionError) as error:
        raise DamagedFile(
            f"{path.parent.name}/{path.name} is no request to Sentinel Hub ({error})"
        ) from None
    since = until = None
    level = ""
    with contextlib.suppress(AttributeError, IndexError, KeyError, TypeError):
        source = payload["input"]["data"][0]
        level = {
            "sentinel-2-l2a": "L2A",
            "sentinel-2-l1c": "L1C",
            "s2l2a": "L2A",
            "s2l1c": "L1C",
        }.get(str(source.get("type", "")).lower(), "")
        period = source["dataFilter"]["timeRange"]
        since, until = utc(str(period["from"])), utc(str(period["to"]))
    script = payload.get("evalscript")
    bands, numbers = _of_script(script) if isinstance(script, str) else ((), None)
    return Request(bands, since, until, level, numbers)


def _of_script(script: str) -> tuple[tuple[str, ...], bool | None]:
    """Give the bands that an evalscript returns, in order, and whether they are digital numbers.

    Only plain scripts are understood, which return samples as they are: anything computed has no band's name.
    """
    units = re.search(r"units\s*:\s*\[?\s*[\"'](\w+)", script)
    numbers = None if units is None else units[1].upper() == "DN"
    returned = re.search(r"return\s*(?:\{[^\[\]{}]*:\s*)?\[([^\[\]]*)\]", _body(script))
    if returned is None:
        return (), numbers
    words = [word.strip() for word in returned[1].split(",") if word.strip()]
    found = [re.fullmatch(r"\w+(?:\[0\])?\.(\w+)", word) for word in words]
    names = tuple(match[1] for match in found if match is not None)
    return (names if len(names) == len(words) else ()), numbers


def _body(script: str) -> str:
    at = script.find("evaluatePixel")
    return script[at:] if at >= 0 else ""


def open_layer(path: Path, name: str, title: str) -> Band | None:
    """Give a file of one layer as a band of a patch, None where it is no image."""
    file = GdalFile.at(path, f"{title}, {path.name}")
    if len(file.facts().dtypes) != 1:
        return None
    return _layer(file, 1, name, Request())
