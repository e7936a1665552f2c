"""Which layers of an activation a zip, a folder or a file has, by the names that the service gives them."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ..errors import DamagedFile, TooLarge, UnreadableFile, UnsupportedFormat

_NAME = re.compile(
    r"(?P<code>EMSR\d+)_(?P<area>[A-Za-z0-9]+)_(?P<product>REF|FEP|DEL|GRA)_(?P<edition>[A-Za-z0-9]+)"
    r"_(?P<layer>[A-Za-z]+?)[ALP]?(?:_r\d+)?(?:_v\d+)?$",
    re.IGNORECASE,
)
_RASTER = re.compile(
    r"(?P<code>EMSR\d+)_(?P<area>[A-Za-z0-9]+)(?:_\w+)?_(?P<product>DEL|GRA)$", re.IGNORECASE
)
VECTORS, RASTERS = (".shp", ".json", ".geojson"), (".tif", ".tiff")
PRODUCTS = ("REF", "FEP", "DEL", "GRA")
"""From reference to grading: the last one tells most of the damage."""

MEMBERS = 10_000
RATIO = 200
"""How many times larger than packed a member may be: text packs to a twentieth."""

SMALL = 1 << 20
"""Bytes below which a member may be packed as it likes."""


@dataclass(frozen=True)
class Layer:
    """A layer of a product: ``observedEvent``, ``naturalLandUse``, ..., or ``raster``."""

    where: str
    """As GDAL opens it."""
    code: str
    area: str
    product: str
    edition: str
    layer: str

    @property
    def rank(self) -> tuple[int, str]:
        """Say which of two products tells more, or is newer."""
        monitored = re.sub(r"\d+", lambda found: found.group().zfill(3), self.edition.upper())
        return PRODUCTS.index(self.product), "" if monitored == "PRODUCT" else monitored


def layers_of(path: Path) -> list[Layer]:
    """List the layers that a path has.

    Raises
    ------
    UnreadableFile
        Nothing is there.
    UnsupportedFormat
        Nothing in it is called like a layer of an activation.
    DamagedFile, TooLarge
        A zip that is broken, that leads out of itself, or that expands beyond measure.
    """
    if not path.exists():
        raise UnreadableFile(f"{path.name}: there is no such file or folder")
    found = [layer for name, where in _files(path) if (layer := _layer(name, where)) is not None]
    if not found:
        raise UnsupportedFormat(
            f"{path.name} has no layer of an activation: their names are such as "
            "EMSR382_AOI01_DEL_PRODUCT_observedEventA_r1_v1.shp or EMSR382_AOI01_01_DEL.tif"
        )
    return found


def _files(path: Path) -> Iterator[tuple[str, str]]:
    if path.is_dir():
        for one in sorted(path.rglob("*"))[:MEMBERS]:
            yield one.name, str(one)
    elif path.suffix.lower() == ".zip":
        for name in _members(path):
            yield PurePosixPath(name).name, f"/vsizip/{{{path.resolve()}}}/{name}"
    else:
        yield path.name, str(path)


def _members(path: Path) -> list[str]:
    """Give the names in a zip, which is read where it lies and never expanded."""
    try:
        with zipfile.ZipFile(path) as packed:
            infos = packed.infolist()
    except (zipfile.BadZipFile, OSError):
        raise DamagedFile(f"{path.name} is no sound zip") from None
    if len(infos) > MEMBERS:
        raise TooLarge(f"{path.name} has {len(infos):,} members; an activation has some dozens")
    for info in infos:
        parts = PurePosixPath(info.filename).parts
        if info.filename.startswith("/") or ".." in parts or "\\" in info.filename:
            raise DamagedFile(f"{path.name}: the member {info.filename!r} leads out of the zip")
        if info.file_size > SMALL and info.file_size > RATIO * max(1, info.compress_size):
            raise TooLarge(
                f"{path.name}: the member {info.filename!r} would expand to {info.file_size:,} bytes from "
                f"{info.compress_size:,}"
            )
    return [info.filename for info in infos]


def _layer(name: str, where: str) -> Layer | None:
    stem, _, ending = name.rpartition(".")
    if f".{ending.lower()}" in VECTORS:
        found = _NAME.match(stem)
        if found:
            told = found.groupdict()
            return Layer(
                where,
                told["code"].upper(),
                told["area"].upper(),
                told["product"].upper(),
                told["edition"],
                told["layer"],
            )
    elif f".{ending.lower()}" in RASTERS:
        found = _RASTER.match(stem)
        if found:
            code, area, product = (found[key].upper() for key in ("code", "area", "product"))
            return Layer(where, code, area, product, "PRODUCT", "raster")
    return None
