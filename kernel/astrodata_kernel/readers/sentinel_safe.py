"""Products of Sentinel-2 as ESA delivers them: SAFE folders, and zip archives of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ..datasets import Provenance
from ..datasets.scene import Scene
from ..datasets.scene_arrays import Grid
from ..datasets.scene_bands import Band
from ..errors import AstrodataError, DamagedFile, UnknownName, UnsupportedFormat
from .sentinel_build import band, scene
from .sentinel_gml import PolygonRaster
from .sentinel_names import L1C_BANDS, L2A_BANDS, facts_of
from .sentinel_raster import GdalRaster, MissingRaster
from .sentinel_trees import Tree
from .sentinel_xml import (
    XML_BYTES,
    ProductFacts,
    TileFacts,
    cloud_polygons,
    product_facts,
    tile_facts,
)

_PRODUCT_XML = re.compile(r"(^|/)(MTD_MSI(L1C|L2A)|S2[A-D]_\w+_MTD_SAFL(1C|2A)_\w+)\.xml$")
_TILE_XML = re.compile(r"(^|/)GRANULE/([^/]+)/(MTD_TL|S2[A-D]_\w+_MTD_L(1C|2A)_TL_\w+)\.xml$")
_IMAGE = re.compile(
    r"(^|/)GRANULE/([^/]+)/IMG_DATA/(?:R\d\dm/)?[^/]*_(B(?:\d\d|8A)|SCL|AOT|WVP|TCI)(?:_(\d\d)m)?"
    r"\.(?:jp2|tiff?)$",
    re.IGNORECASE,
)
_QUALITY = re.compile(
    r"(^|/)GRANULE/([^/]+)/QI_DATA/MSK_(CLDPRB|SNWPRB|CLASSI)_(?:B00|(\d\d)m)\.(?:jp2|tiff?)$",
    re.IGNORECASE,
)
_LISTED = re.compile(r"GRANULE/([^/]+)/.*_(B(?:\d\d|8A)|SCL|AOT|WVP)(?:_(\d\d)m)?$")


def is_safe(names: tuple[str, ...] | list[str]) -> bool:
    """Tell from names of files whether they are a product's."""
    return any(_PRODUCT_XML.search(name) or _IMAGE.search(name) for name in names)


def open_safe(
    tree: Tree, provenance: Provenance, part: int | str | None = None, name: str | None = None
) -> Scene:
    """Give the scene of a product.

    Raises
    ------
    UnsupportedFormat
        No product of Sentinel-2.
    DamagedFile
        Its metadata or images are damaged, or lie in different places.
    UnknownName
        It has no such granule.
    """
    name = name or tree.name
    warnings: list[str] = []
    product = _product(tree, name, warnings)
    granules = sorted({m[2] for n in tree.names for p in (_TILE_XML, _IMAGE) if (m := p.search(n))})
    if not granules:
        raise DamagedFile(
            f"{name} holds no granule (GRANULE/.../IMG_DATA), which is where its bands would be: download it "
            "again"
        )
    granule = _granule(granules, part, name)
    if len(granules) > 1 and part is None:
        warnings.append(f"the first of {len(granules)} granules is shown: hdu= names another")
    tile = _tile(tree, granule, name, warnings)
    layers, missing = _layers(tree, granule, product, tile, name)
    told = facts_of(product.uri or tree.name)
    if missing:
        warnings.append(f"missing files of {', '.join(missing)}")
    if not any(not one.note for one in layers) and layers:
        warnings.append("there are metadata and no images")
    return scene(
        name,
        provenance,
        layers,
        meta={
            "warnings": warnings,
            "product": product.uri or tree.name,
            "granule": granule,
            "tile_sensed": tile.sensed,
            "header": _cards(product, tile),
        },
        footprint=product.footprint,
        crs=tile.crs,
        date=product.date or told.date or tile.sensed,
        level=product.level or told.level,
        baseline=product.baseline or told.baseline,
        satellite=product.satellite or told.satellite,
        tile=tile.tile or told.tile,
        cloud_share=product.cloud_share,
        missing=missing,
    )


def _product(tree: Tree, name: str, warnings: list[str]) -> ProductFacts:
    files = [n for n in tree.names if _PRODUCT_XML.search(n)]
    if not files:
        if not any(_IMAGE.search(n) for n in tree.names):
            raise UnsupportedFormat(
                f"{name} holds no product of Sentinel-2 (no MTD_MSIL1C.xml or MTD_MSIL2A.xml)"
            )
        warnings.append(
            "MTD_MSIL1C.xml or MTD_MSIL2A.xml is missing: offset and scale are not known"
        )
        return ProductFacts()
    first = min(files, key=lambda n: (n.count("/"), n))
    products = {n.rpartition("/")[0] for n in files}
    if len(products) > 1:
        listed = ", ".join(sorted(p or "." for p in products)[:4])
        raise UnsupportedFormat(
            f"{name} holds {len(products)} products ({listed}): open one of them"
        )
    return product_facts(tree.data(first, XML_BYTES), f"{name}, {first.rpartition('/')[2]}")


def _granule(granules: list[str], part: int | str | None, name: str) -> str:
    if part is None:
        return granules[0]
    if isinstance(part, int) or part.isdigit():
        if 0 <= int(part) < len(granules):
            return granules[int(part)]
    else:
        found = [one for one in granules if part in one]
        if len(found) == 1:
            return found[0]
    raise UnknownName(f"{name} has no granule {part!r}: it has {', '.join(granules)}")


def _tile(tree: Tree, granule: str, name: str, warnings: list[str]) -> TileFacts:
    files = [n for n in tree.names if (m := _TILE_XML.search(n)) and m[2] == granule]
    if not files:
        warnings.append(f"MTD_TL.xml of {granule} is missing")
        return TileFacts()
    return tile_facts(tree.data(files[0], XML_BYTES), f"{name}, MTD_TL.xml")


def _layers(
    tree: Tree, granule: str, product: ProductFacts, tile: TileFacts, name: str
) -> tuple[list[Band], dict[str, str]]:
    files: dict[str, dict[int, str]] = {}
    for path in tree.names:
        if (found := _IMAGE.search(path)) and found[2] == granule:
            files.setdefault(found[3].upper(), {})[int(found[4] or 0)] = path
    listed: dict[str, dict[int, str]] = {}
    for path in product.images:
        if (found := _LISTED.search(path)) and (found[1] == granule or product.level != "L1C"):
            listed.setdefault(found[2], {})[int(found[3] or 0)] = path
    order = [*(L2A_BANDS if product.level == "L2A" else L1C_BANDS), "SCL", "AOT", "WVP"]
    layers, missing = [], {}
    for which in order:
        there = files.get(which, {})
        if there:
            layers.append(_band(tree, which, there, product))
        elif which in listed:
            path = listed[which][min(listed[which])]
            missing[which] = f"the file {path}.jp2 is not there: download the product again"
            if not any(one in files for one in L1C_BANDS):
                ghost = _ghost(which, min(listed[which]), product, tile, name, missing[which])
                if ghost is not None:
                    layers.append(ghost)
    if all(one.note for one in layers):
        missing = {}
    quality = _quality(tree, granule)
    if not quality and product.level == "L1C" and layers and not layers[0].note:
        quality = _clouds(tree, granule, min(layers, key=lambda one: one.resolution), name)
    return layers + quality, missing


def _band(tree: Tree, which: str, files: Mapping[int, str], product: ProductFacts) -> Band:
    rasters = {
        size: GdalRaster(
            tree.raster(path), blank=product.nodata if product.nodata is not None else 0
        )
        for size, path in sorted(files.items())
    }
    finest, *others = rasters.items()
    return band(
        which,
        finest[1],
        coarser={float(size): raster for size, raster in others},
        **_known(which, product),
    )


def _known(which: str, product: ProductFacts) -> dict[str, Any]:
    if which in product.scales:
        return {
            "offset": 0.0,
            "scale": product.scales[which],
            "unit": "cm" if which == "WVP" else "",
        }
    if not which.startswith("B"):
        return {}
    facts = product.bands.get(which)
    known: dict[str, Any] = {"scale": product.scale, "saturated": product.saturated}
    if facts is not None:
        known |= {
            "wavelength": facts.wavelength,
            "bandwidth": facts.bandwidth,
            "nominal": facts.resolution,
            "offset": facts.offset if product.scale is not None else None,
        }
    return known


def _ghost(
    which: str, size: int, product: ProductFacts, tile: TileFacts, name: str, why: str
) -> Band | None:
    """Give a band of which there are metadata only."""
    facts = product.bands.get(which)
    size = size or int(facts.resolution or 0 if facts is not None else 0)
    if size not in tile.grids:
        return None
    (left, top, dx, dy), shape = tile.grids[size]
    grid = Grid(tile.crs, (dx, 0.0, left, 0.0, dy, top), shape)
    known = _known(which, product) | {"note": why}
    return band(which, MissingRaster(grid, f"{name}, band {which}", why), **known)


def _quality(tree: Tree, granule: str) -> list[Band]:
    files: dict[str, dict[int, str]] = {}
    for path in tree.names:
        if (found := _QUALITY.search(path)) and found[2] == granule:
            files.setdefault(found[3].upper(), {})[int(found[4] or 0)] = path
    layers = []
    for which, paths in sorted(files.items()):
        path = paths[min(paths)]
        try:
            file = tree.raster(path)
            count = len(file.facts().dtypes)
        except AstrodataError:
            continue  # a mask that cannot be read must not take the bands along
        if which != "CLASSI":
            layers.append(band(f"MSK_{which}", GdalRaster(file)))
        elif count == 3:
            layers += [
                band(f"MSK_CLASSI_{kind}", GdalRaster(file, index))
                for index, kind in enumerate(("OPAQUE", "CIRRUS", "SNOW"), 1)
            ]
    return layers


def _clouds(tree: Tree, granule: str, finest: Band, name: str) -> list[Band]:
    """Give the clouds that products before 04.00 outline."""
    ending = f"GRANULE/{granule}/QI_DATA/MSK_CLOUDS_B00.gml"
    path = next((one for one in tree.names if one.endswith(ending)), None)
    if path is None:
        return []
    rings = cloud_polygons(tree.data(path, XML_BYTES), f"{name}, MSK_CLOUDS_B00.gml")
    return [band("MSK_CLOUDS", PolygonRaster(finest.raster.grid, tuple(map(tuple, rings))))]


def _cards(product: ProductFacts, tile: TileFacts) -> list[tuple[str, Any, str]]:
    """Give facts as the header cards that lists of files show."""
    cards: list[tuple[str, Any, str]] = [
        ("PRODUCT", product.uri, ""),
        ("LEVEL", product.level, ""),
        ("BASELINE", product.baseline, "processing baseline"),
        ("SENSED", product.date.isoformat() if product.date else "", "UTC"),
        ("CRS", tile.crs, ""),
        (
            "SCALE",
            product.scale if product.scale is not None else "",
            "reflectance = (DN + offset) * scale",
        ),
    ]
    cards += [
        (f"OFFSET {which}", facts.offset, "added to DN")
        for which, facts in product.bands.items()
        if facts.offset is not None
    ]
    return cards


def tree_beside(path: Path, make: Callable[[Path], Tree]) -> Tree | None:
    """Give the tree of the product that a metadata file lies in."""
    for folder in (path.parent, *list(path.parents)[1:4]):
        if any(_PRODUCT_XML.search(entry.name) for entry in folder.glob("*.xml")):
            return make(folder)
    return None
