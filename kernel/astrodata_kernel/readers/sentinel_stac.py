"""STAC items of Sentinel-2: their facts from the JSON, their assets from this machine or from addresses."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from ..datasets import Provenance
from ..datasets.scene import Scene
from ..datasets.scene_arrays import Grid
from ..datasets.scene_bands import Band
from ..errors import DamagedFile, TooLarge, UnsupportedFormat
from .addresses import shown
from .sentinel_build import band, scene
from .sentinel_gdal import GdalFile
from .sentinel_names import COMMON, WAVELENGTHS, facts_of, layer_name, satellite, utc
from .sentinel_raster import GdalRaster

JSON_BYTES = 16 << 20
_ENDINGS = (".tif", ".tiff", ".jp2")
_IMAGES = ("image/tiff", "image/jp2", "image/vnd.stac.geotiff")


def is_item(head: bytes) -> bool:
    """Tell from the first bytes whether a file is a STAC item."""
    return head.lstrip().startswith(b"{") and (
        b'"stac_version"' in head or b'"stac_extensions"' in head
    )


def item_of(path: Path) -> Mapping[str, Any] | None:
    """Give the item in a JSON file, None where there is another thing in it.

    Raises
    ------
    TooLarge
        More bytes than an item has.
    """
    with path.open("rb") as file:
        data = file.read(JSON_BYTES + 1)
    if len(data) > JSON_BYTES:
        raise TooLarge(f"{path.name} has more than {JSON_BYTES:,} bytes: it is no STAC item")
    try:
        item = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise DamagedFile(f"{path.name} is no whole JSON ({str(error)[:120]})") from None
    good = (
        isinstance(item, dict) and "stac_version" in item and isinstance(item.get("assets"), dict)
    )
    return item if good else None


def open_item(path: Path, provenance: Provenance) -> Scene:
    """Give the scene of a STAC item.

    Assets whose file lies beside the item are read there; those at addresses when they are looked at.

    Raises
    ------
    UnsupportedFormat
        JSON that is no item, or one without images.
    DamagedFile
        Facts in it that are none.
    """
    item = item_of(path)
    if item is None:
        raise UnsupportedFormat(f"{path.name} is JSON, but no STAC item with assets")
    properties = _mapping(item.get("properties"))
    home = Path(provenance.path).parent if Path(provenance.path).exists() else path.parent
    layers: dict[str, Band] = {}
    skipped: list[str] = []
    for key, asset in _mapping(item["assets"]).items():
        which = _name(str(key), _mapping(asset))
        if which is None:
            continue
        found = _layer(which, _mapping(asset), properties, home, path.name)
        if found is None:
            skipped.append(str(key))
        elif which not in layers or _rank(found) < _rank(layers[which]):
            layers[which] = found
    here = {which: one for which, one in layers.items() if _is_here(one)}
    chosen = here or layers
    if not chosen:
        raise UnsupportedFormat(f"{path.name} is a STAC item without images of bands")
    warnings = [f"assets that cannot be read here: {', '.join(skipped)}"] if skipped else []
    if here and len(here) < len(layers):
        gone = ", ".join(sorted(set(layers) - set(here)))
        warnings.append(f"only the bands whose files are here; at addresses only: {gone}")
    order = [*WAVELENGTHS, *(w for w in chosen if w not in WAVELENGTHS)]
    uri = str(properties.get("s2:product_uri") or item.get("id") or "")
    told = facts_of(uri)
    kind = str(properties.get("s2:product_type") or properties.get("product:type") or "")
    level = {"S2MSI1C": "L1C", "S2MSI2A": "L2A"}.get(kind, told.level)
    cloud = properties.get("eo:cloud_cover")
    return scene(
        provenance_name(provenance, path),
        provenance,
        [chosen[name] for name in order if name in chosen],
        meta={"warnings": warnings, "product": uri, "item": str(item.get("id", ""))},
        footprint=_geometry(item),
        date=utc(str(properties.get("datetime") or properties.get("start_datetime") or ""))
        or told.date,
        level=level,
        baseline=str(
            properties.get("s2:processing_baseline")
            or properties.get("processing:version")
            or told.baseline
        ),
        satellite=satellite(str(properties.get("platform") or "")) or told.satellite,
        tile=_tile(properties) or told.tile,
        cloud_share=cloud / 100 if isinstance(cloud, int | float) else None,
    )


def provenance_name(provenance: Provenance, path: Path) -> str:
    """Give the name of the file that a provenance tells."""
    return provenance.path.rstrip("/").rpartition("/")[2] or path.name


def _rank(one: Band) -> tuple[bool, float]:
    """Give what is taken first: files that are here, then fine ones."""
    return not _is_here(one), one.resolution


def _is_here(one: Band) -> bool:
    return isinstance(one.raster, GdalRaster) and one.raster.file.local is not None


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _name(key: str, asset: Mapping[str, Any]) -> str | None:
    kind = str(asset.get("type", ""))
    href = str(asset.get("href", ""))
    if kind and not kind.startswith(_IMAGES):
        return None
    if not kind and not href.lower().endswith((".tif", ".tiff", ".jp2")):
        return None
    stem = unquote(urlsplit(href).path).rpartition("/")[2].rpartition(".")[0]
    for text in (stem, key):
        if found := layer_name(text):
            return found[0] if found[0] != "TCI" else None
    return COMMON.get(key.removesuffix("-jp2"))


def _layer(
    which: str, asset: Mapping[str, Any], properties: Mapping[str, Any], home: Path, item: str
) -> Band | None:
    file = _file(str(asset.get("href", "")), home, item)
    if file is None:
        return None
    raster = GdalRaster(file, blank=0.0)
    if file.local is None:
        told = _told(asset, properties)
        if told is not None:
            raster = replace(raster, told=told)
    return band(which, raster, **_calibration(which, asset, properties, item), nominal=_gsd(asset))


def _file(href: str, home: Path, item: str) -> GdalFile | None:
    parts = urlsplit(href)
    name = unquote(parts.path).rpartition("/")[2]
    beside = home / name
    if name not in ("", ".", "..") and beside.is_file():
        return GdalFile.at(beside, f"{item}, {name}")
    if parts.scheme in ("http", "https"):
        return GdalFile(f"/vsicurl/{href}", shown(href))
    if parts.scheme == "s3":
        return GdalFile(f"/vsis3/{parts.netloc}{unquote(parts.path)}", shown(href))
    if parts.scheme in ("", "file"):
        path = Path(unquote(parts.path))
        # GDAL's own names of files elsewhere are none of an item's, nor is what is no image.
        if str(path).startswith("/vsi") or path.suffix.lower() not in _ENDINGS:
            return None
        path = path if path.is_absolute() else home / path
        return GdalFile.at(path, f"{item}, {path.name}") if path.is_file() else None
    return None


def _told(asset: Mapping[str, Any], properties: Mapping[str, Any]) -> tuple[Grid, str] | None:
    shape = asset.get("proj:shape") or properties.get("proj:shape")
    transform = asset.get("proj:transform") or properties.get("proj:transform")
    code = (
        asset.get("proj:code")
        or properties.get("proj:code")
        or asset.get("proj:epsg")
        or properties.get("proj:epsg")
    )
    bands = asset.get("raster:bands") or asset.get("bands") or [{}]
    dtype = asset.get("data_type") or (_mapping(bands[0]).get("data_type") if bands else None)
    try:
        rows, columns = (int(n) for n in shape)  # type: ignore[union-attr]
        a, b, c, d, e, f = (float(v) for v in list(transform)[:6])  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
    if (
        b
        or d
        or rows < 1
        or columns < 1
        or code is None
        or dtype not in ("uint8", "uint16", "float32")
    ):
        return None
    crs = f"EPSG:{code}" if str(code).isdigit() else str(code)
    return Grid(crs, (a, 0.0, c, 0.0, e, f), (rows, columns)), str(dtype)


def _gsd(asset: Mapping[str, Any]) -> float | None:
    value = asset.get("gsd")
    return float(value) if isinstance(value, int | float) and value > 0 else None


def _calibration(
    which: str, asset: Mapping[str, Any], properties: Mapping[str, Any], item: str
) -> dict[str, Any]:
    bands = asset.get("raster:bands") or asset.get("bands") or []
    first = _mapping(bands[0]) if isinstance(bands, list) and bands else {}
    scale = first.get("scale", first.get("raster:scale", asset.get("raster:scale")))
    offset = first.get("offset", first.get("raster:offset", asset.get("raster:offset")))
    known: dict[str, Any] = {}
    for word, value in (("scale", scale), ("offset", offset)):
        if value is not None and not isinstance(value, int | float):
            raise DamagedFile(
                f"{item}: the {word} of band {which} is {value!r}, which is no number"
            )
    electro = asset.get("eo:bands") or []
    facts = _mapping(electro[0]) if isinstance(electro, list) and len(electro) == 1 else first
    micro = facts.get("center_wavelength", facts.get("eo:center_wavelength"))
    width = facts.get("full_width_half_max", facts.get("eo:full_width_half_max"))
    if which in WAVELENGTHS:
        known["wavelength"] = round(micro * 1000, 3) if isinstance(micro, int | float) else None
        known["bandwidth"] = round(width * 1000, 3) if isinstance(width, int | float) else None
    if isinstance(scale, int | float) and scale:
        known["scale"] = float(scale)
        if isinstance(offset, int | float):
            # STAC adds the offset after scaling, ESA before. Catalogues that took it out of the pixels say
            # so, and yet list it.
            out = properties.get("earthsearch:boa_offset_applied") is True
            known["offset"] = 0.0 if out else round(float(offset) / float(scale), 6)
    return known


def _geometry(item: Mapping[str, Any]) -> Mapping[str, Any] | None:
    geometry = item.get("geometry")
    good = isinstance(geometry, dict) and geometry.get("type") in ("Polygon", "MultiPolygon")
    return geometry if good else None


def _tile(properties: Mapping[str, Any]) -> str:
    code = str(properties.get("grid:code") or properties.get("s2:mgrs_tile") or "")
    return code.removeprefix("MGRS-")
