"""Metadata of Sentinel-2 products: what the XML says, and nothing that it does not.

The XML is read with expat itself: a document type, which is what entities that expand without end need, is
refused, and so are files beyond a size.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from ..errors import DamagedFile, TooLarge
from .sentinel_names import L1C_BANDS, band_of_number, satellite, utc

XML_BYTES = 32 << 20
"""A product's own XML has some 300 kB; none of the files that are read here comes near this."""
_DEPTH = 64


def parsed(data: bytes, where: str) -> Element:
    """Give the root of an XML document, names without their namespaces.

    Raises
    ------
    DamagedFile
        No XML, one with a document type (DTD), or one nested without end.
    TooLarge
        More bytes than metadata ever has.
    """
    if len(data) > XML_BYTES:
        raise TooLarge(f"{where} has more than {XML_BYTES:,} bytes: it is no product metadata")
    builder = TreeBuilder()
    depth = 0
    parser = expat.ParserCreate()

    def start(tag: str, attributes: Mapping[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > _DEPTH:
            raise DamagedFile(f"{where}: its XML is nested deeper than {_DEPTH} elements")
        builder.start(tag.rpartition(":")[2], dict(attributes))

    def end(tag: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(tag.rpartition(":")[2])

    def refuse(*_: Any) -> None:
        raise DamagedFile(
            f"{where} declares a document type or entities, which metadata of Sentinel-2 never does and "
            "which can fill the memory: it is not read"
        )

    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = builder.data
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = refuse
    try:
        parser.Parse(data, True)
        return builder.close()
    except expat.ExpatError as error:
        raise DamagedFile(f"{where} is no whole XML ({error}): copy or download it again") from None
    except (AssertionError, ValueError) as error:
        raise DamagedFile(f"{where} cannot be read as XML ({error})") from None


@dataclass(frozen=True)
class BandFacts:
    """What a product says of one of its bands."""

    wavelength: float | None = None
    bandwidth: float | None = None
    resolution: float | None = None
    offset: float | None = None


@dataclass(frozen=True)
class ProductFacts:
    """What ``MTD_MSIL1C.xml`` or ``MTD_MSIL2A.xml`` says."""

    level: str = ""
    baseline: str = ""
    satellite: str = ""
    uri: str = ""
    date: datetime | None = None
    scale: float | None = None
    scales: Mapping[str, float] = field(default_factory=dict)
    bands: Mapping[str, BandFacts] = field(default_factory=dict)
    offsets_told: bool = False
    nodata: float | None = None
    saturated: float | None = None
    cloud_share: float | None = None
    footprint: Mapping[str, Any] | None = None
    images: tuple[str, ...] = ()


@dataclass(frozen=True)
class TileFacts:
    """What ``MTD_TL.xml`` says: where the pixels are."""

    crs: str = ""
    sensed: datetime | None = None
    grids: Mapping[int, tuple[tuple[float, float, float, float], tuple[int, int]]] = field(
        default_factory=dict
    )
    tile: str = ""


def product_facts(data: bytes, where: str) -> ProductFacts:
    """Give the facts of a product's metadata.

    Raises
    ------
    DamagedFile
        No XML of a Sentinel-2 product, or numbers that are none.
    """
    root = parsed(data, where)
    if not root.tag.endswith("User_Product"):
        raise DamagedFile(
            f"{where} is XML, but no metadata of a Sentinel-2 product ({root.tag[:60]})"
        )
    level = {"LEVEL-1C": "L1C", "LEVEL-2A": "L2A"}.get(
        _text(root, "PROCESSING_LEVEL").upper().replace("LEVEL-2AP", "LEVEL-2A"), ""
    )
    special = {
        _text(one, "SPECIAL_VALUE_TEXT"): _number(one, "SPECIAL_VALUE_INDEX", where)
        for one in root.iter("Special_Values")
    }
    cloud = _number(root, "Cloud_Coverage_Assessment", where)
    scales = {
        name: 1 / value
        for tag, name in (("AOT_QUANTIFICATION_VALUE", "AOT"), ("WVP_QUANTIFICATION_VALUE", "WVP"))
        if (value := _number(root, tag, where))
    }
    quantification = next(
        (
            value
            for tag in (
                "BOA_QUANTIFICATION_VALUE",
                "QUANTIFICATION_VALUE",
                "L2A_BOA_QUANTIFICATION_VALUE",
            )
            if (value := _number(root, tag, where))
        ),
        None,
    )
    baseline = _text(root, "PROCESSING_BASELINE")
    bands, told = _bands(root, baseline, where)
    return ProductFacts(
        level=level,
        baseline=baseline,
        satellite=satellite(_text(root, "SPACECRAFT_NAME")),
        uri=_text(root, "PRODUCT_URI"),
        date=utc(_text(root, "PRODUCT_START_TIME") or _text(root, "DATATAKE_SENSING_START")),
        scale=None if quantification is None else 1 / quantification,
        scales=scales,
        bands=bands,
        offsets_told=told,
        nodata=special.get("NODATA"),
        saturated=special.get("SATURATED"),
        cloud_share=None if cloud is None else cloud / 100,
        footprint=_footprint(root, where),
        images=tuple(
            (one.text or "").strip()
            for tag in ("IMAGE_FILE", "IMAGE_ID")
            for one in root.iter(tag)
            if one.text
        ),
    )


def _bands(root: Element, baseline: str, where: str) -> tuple[dict[str, BandFacts], bool]:
    offsets: dict[str, float] = {}
    told = False
    for tag in ("BOA_ADD_OFFSET", "RADIO_ADD_OFFSET"):
        for one in root.iter(tag):
            told = True
            name = band_of_number(one.get("band_id", ""))
            if name is None:
                raise DamagedFile(
                    f"{where}: {tag} of a band {one.get('band_id')!r} that there is not"
                )
            offsets[name] = _as_number(one.text, tag, where)
        if told:
            break
    # Before baseline 04.00 the element does not exist, and nothing is added. A product that should list
    # offsets and does not, or that leaves a band out of its list, has none that is known.
    early = baseline.partition(".")[0].isdigit() and int(baseline.partition(".")[0]) < 4
    every = dict.fromkeys(L1C_BANDS, 0.0) if early and not told else {}
    found: dict[str, BandFacts] = {
        name: BandFacts(offset=value) for name, value in (every | offsets).items()
    }
    for one in root.iter("Spectral_Information"):
        name = band_of_number(one.get("bandId", ""))
        if name is None:
            continue
        low, high = _number(one, "MIN", where), _number(one, "MAX", where)
        found[name] = BandFacts(
            _number(one, "CENTRAL", where),
            None if low is None or high is None else high - low,
            _number(one, "RESOLUTION", where),
            found[name].offset if name in found else None,
        )
    return found, told


def tile_facts(data: bytes, where: str) -> TileFacts:
    """Give the facts of a granule's metadata.

    Raises
    ------
    DamagedFile
        No XML, or one that does not say where its pixels are.
    """
    root = parsed(data, where)
    grids = {}
    for size in root.iter("Size"):
        resolution = int(_as_number(size.get("resolution"), "resolution", where))
        rows, columns = (int(_number(size, tag, where) or 0) for tag in ("NROWS", "NCOLS"))
        place = next(
            (p for p in root.iter("Geoposition") if p.get("resolution") == size.get("resolution")),
            None,
        )
        if place is None or rows < 1 or columns < 1:
            continue
        corner = [_number(place, tag, where) for tag in ("ULX", "ULY", "XDIM", "YDIM")]
        if None not in corner:
            left, top, dx, dy = (float(value) for value in corner if value is not None)
            grids[resolution] = ((left, top, dx, dy), (rows, columns))
    return TileFacts(
        crs=_text(root, "HORIZONTAL_CS_CODE").upper(),
        sensed=utc(_text(root, "SENSING_TIME")),
        grids=grids,
        tile=next(
            (p[1:] for p in _text(root, "TILE_ID").split("_") if len(p) == 6 and p[0] == "T"), ""
        ),
    )


def _footprint(root: Element, where: str) -> Mapping[str, Any] | None:
    text = _text(root, "EXT_POS_LIST").split()
    if len(text) < 6:
        return None
    try:
        numbers = [float(word) for word in text]
    except ValueError:
        raise DamagedFile(f"{where}: its footprint holds what is no number") from None
    step = 3 if len(numbers) % 2 else 2
    # The list says latitude first; GeoJSON wants longitude first.
    ring = [[numbers[i + 1], numbers[i]] for i in range(0, len(numbers) - step + 1, step)]
    if ring[0] != ring[-1]:
        ring.append(ring[0])
    return {"type": "Polygon", "coordinates": [ring]}


def cloud_polygons(data: bytes, where: str) -> Iterator[list[tuple[float, float]]]:
    """Give the rings of a GML mask (``MSK_CLOUDS_B00.gml``) in the tile's coordinates, outer ones only."""
    for one in parsed(data, where).iter("exterior"):
        numbers = [_as_number(word, "posList", where) for word in _text(one, "posList").split()]
        if len(numbers) >= 6:
            yield list(zip(numbers[::2], numbers[1::2], strict=False))


def _text(element: Element, tag: str) -> str:
    found = next(element.iter(tag), None)
    return "" if found is None or found.text is None else found.text.strip()


def _number(element: Element, tag: str, where: str) -> float | None:
    text = _text(element, tag)
    return _as_number(text, tag, where) if text else None


def _as_number(text: str | None, tag: str, where: str) -> float:
    try:
        value = float(text or "")
    except ValueError:
        raise DamagedFile(f"{where}: {tag} is {text!r}, which is no number") from None
    if value != value or value in (float("inf"), float("-inf")):
        raise DamagedFile(f"{where}: {tag} is {text!r}, which is no finite number")
    return value
