"""Folders of bands: patches of data sets, downloads of Sentinel Hub, and folders of such folders."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from ..datasets import Provenance
from ..datasets.scene import Scene
from ..datasets.scene_bands import Band
from ..errors import BadRequest, UnreadableFile, UnsupportedFormat
from .folder_digest import FolderDigest
from .sentinel_build import scene
from .sentinel_names import WAVELENGTHS, Facts, facts_of, layer_name, satellite
from .sentinel_safe import is_safe, open_safe
from .sentinel_stac import is_item, open_item
from .sentinel_tiff import open_layer, open_raster
from .sentinel_trees import FolderTree

_ENDINGS = (".tif", ".tiff", ".jp2")
_LISTED = 1000
"""Scenes in a folder that are counted."""
_PRODUCTS = ("MTD_MSIL1C.xml", "MTD_MSIL2A.xml")


def open_folder(path: Path, reader: str, version: str, part: int | str | None = None) -> Scene:
    """Give the scene of a folder.

    It is a SAFE folder, one with a STAC item and its files, one of Sentinel Hub (``request.json`` and
    ``response.tiff``), or one with a file a band: Major-TOM, BigEarthNet, SSL4EO and their like.

    Raises
    ------
    UnreadableFile
        No scene is in it, or several are, or it cannot be listed.
    UnsupportedFormat
        A product without what it needs.
    """
    try:
        names = sorted(entry.name for entry in path.iterdir())
    except OSError as error:
        raise UnreadableFile(f"{path} cannot be listed: {error.strerror or error}") from None
    if path.suffix.upper() == ".SAFE" or any(n in _PRODUCTS for n in names) or "GRANULE" in names:
        tree = FolderTree(path)
        if is_safe(tree.names):
            return open_safe(tree, _provenance(path, tree.names, reader, version), part)
        raise UnsupportedFormat(
            f"{path} has no metadata (MTD_MSIL1C.xml, MTD_MSIL2A.xml) and no bands: it is no product, or one "
            "of which little was downloaded"
        )
    if (request := path / "request.json").is_file():
        for name in ("response.tiff", "response.tif"):
            if (path / name).is_file():
                told = _provenance(path, (request.name, name), reader, version)
                made = open_raster(path / name, _at(told, path / name), None, request, path.name)
                return replace(made, provenance=told)
    for name in names:
        item = path / name
        if name.endswith(".json") and item.is_file() and is_item(_head(item)):
            files = tuple(n for n in names if n == name or n.lower().endswith(_ENDINGS))
            told = _provenance(path, files, reader, version)
            return replace(open_item(item, _at(told, item)), provenance=told, name=path.name)
    if bands := _band_files(path, names):
        return _patch(path, bands, _provenance(path, tuple(bands.values()), reader, version))
    inner = list(islice(_scenes_in(path, 1), _LISTED))
    if len(inner) == 1 and inner[0] != path and inner[0].is_dir():
        return open_folder(inner[0], reader, version, part)
    raise UnreadableFile(_what_is_in(path, inner))


def _what_is_in(path: Path, inner: list[Path]) -> str:
    if len(inner) > 1:
        some = ", ".join(one.name for one in inner[:3])
        more = ", ..." if len(inner) > 3 else ""
        return (
            f"{path} is a folder with {len(inner)} scenes ({some}{more}): open one of them, or all by "
            "adk.open_scenes(folder)"
        )
    return (
        f"{path} is a folder without a scene: neither a SAFE product, nor request.json with response.tiff, "
        "nor a file for each band; give the path of a file inside it"
    )


def _scenes_in(path: Path, depth: int) -> Iterator[Path]:
    """Give the scenes below a folder: folders, and files of many bands."""
    try:
        entries = sorted(path.iterdir())
    except OSError:
        return  # one that may not be looked into
    names = [entry.name for entry in entries]
    whole = (
        path.suffix.upper() == ".SAFE"
        or any(name in _PRODUCTS for name in names)
        or ("request.json" in names and any(n in names for n in ("response.tiff", "response.tif")))
        or len(_band_files(path, names)) > 1
    )
    if whole:
        yield path
        return
    for entry in entries:
        if entry.is_dir() and depth > 0 and not entry.name.startswith("."):
            yield from _scenes_in(entry, depth - 1)
        elif entry.is_file() and (
            entry.name.lower().endswith((".tif", ".tiff"))
            or (entry.suffix == ".zip" and facts_of(entry.name) != Facts())
        ):
            yield entry


def scenes_below(folder: Path, depth: int = 3) -> list[Path]:
    """Give the paths of all scenes below a folder, to some depth, in the order of their names.

    Raises
    ------
    BadRequest
        It is no folder.
    """
    if not folder.is_dir():
        raise BadRequest(f"{folder} is no folder")
    return list(_scenes_in(folder, depth))


def _band_files(path: Path, names: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name in names:
        stem, dot, ending = name.rpartition(".")
        if f"{dot}{ending}".lower() not in _ENDINGS:
            continue
        which = layer_name(stem)
        if which is not None and which[0] not in found and (path / name).is_file():
            found[which[0]] = name
    # Masks alone are no scene.
    return found if any(which in WAVELENGTHS for which in found) else {}


def _patch(path: Path, files: dict[str, str], provenance: Provenance) -> Scene:
    order = [*(w for w in WAVELENGTHS if w in files), *(w for w in files if w not in WAVELENGTHS)]
    layers: list[Band] = []
    warnings = []
    for which in order:
        found = open_layer(path / files[which], which, path.name)
        if found is None:
            warnings.append(f"{files[which]} has several layers and is left out")
        else:
            layers.append(found)
    told, facts, cloud = _told(path)
    return scene(
        path.name,
        provenance,
        layers,
        meta={"warnings": warnings, "product": told},
        date=facts.date,
        level=facts.level,
        baseline=facts.baseline,
        satellite=facts.satellite,
        tile=facts.tile,
        cloud_share=cloud,
    )


def _told(path: Path) -> tuple[str, Facts, float | None]:
    """Give the product that a patch was cut from, what its name and a ``metadata.json`` tell, and cloud."""
    named = facts_of(path.name)
    beside = next(
        (
            p
            for p in (path / "metadata.json", path / f"{path.name}_labels_metadata.json")
            if p.is_file()
        ),
        None,
    )
    if beside is None:
        return (path.name if named != Facts() else ""), named, None
    try:
        with beside.open("rb") as file:
            data: Any = json.loads(file.read(4 << 20))
    except (OSError, ValueError, RecursionError):
        data = None
    if not isinstance(data, dict):
        return path.name, named, None
    product = str(data.get("PRODUCT_ID") or data.get("tile_source") or path.name)
    facts = facts_of(product)
    millis = data.get("system:time_start")
    date = facts.date or named.date
    if date is None and isinstance(millis, int | float):
        date = datetime.fromtimestamp(millis / 1000, UTC)
    share = data.get("CLOUDY_PIXEL_PERCENTAGE")
    return (
        product,
        Facts(
            date,
            None,
            facts.level or named.level,
            str(data.get("PROCESSING_BASELINE") or facts.baseline or named.baseline),
            satellite(str(data.get("SPACECRAFT_NAME") or "")) or facts.satellite or named.satellite,
            str(data.get("MGRS_TILE") or facts.tile or named.tile),
        ),
        share / 100 if isinstance(share, int | float) else None,
    )


def _provenance(path: Path, names: tuple[str, ...], reader: str, version: str) -> Provenance:
    digest = FolderDigest(path, names)
    return Provenance(
        str(path.absolute()), digest.size, path.stat().st_mtime, reader, version, digest
    )


def _at(told: Provenance, path: Path) -> Provenance:
    return replace(told, path=str(path.absolute()))


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(4096)
    except OSError:
        return b""
