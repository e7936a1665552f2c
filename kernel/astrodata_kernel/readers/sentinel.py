"""Scenes of Sentinel-2 in every layout that they come in."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import cast

from ..datasets import Dataset, Provenance
from ..datasets.dataset import part_number
from ..datasets.scene import Scene
from ..datasets.scenes_together import by_date
from ..errors import BadRequest, UnsupportedFormat
from .sentinel_folders import open_folder, scenes_below
from .sentinel_safe import is_safe, open_safe, tree_beside
from .sentinel_stac import is_item, open_item
from .sentinel_tiff import is_raster, open_raster
from .sentinel_trees import FolderTree, ZipTree

_METADATA = (
    b"Level-1C_User_Product",
    b"Level-2A_User_Product",
    b"Level-1C_Tile_ID",
    b"Level-2A_Tile_ID",
)


class SceneReader:
    """Reads GeoTIFF and JPEG 2000, of one band or many."""

    name = "GeoTIFF"
    version = "1"

    def sniff(self, head: bytes, path: Path) -> bool:
        """Tell from the first bytes whether a file is TIFF or JPEG 2000."""
        return is_raster(head)

    def open(self, path: Path, provenance: Provenance, part: int | str | None = None) -> Dataset:
        """Give the scene of a file.

        Raises
        ------
        DamagedFile, TooLarge
            GDAL cannot read it, or its blocks are beyond the caps.
        """
        beside = Path(provenance.path).parent / "request.json"
        hub = path.name.startswith("response.") and beside.is_file()
        made = open_raster(path, provenance, None, beside if hub else None)
        if part is not None:
            part_number(made.parts, part, made.name)
        return made


class SafeReader:
    """Reads zip archives of SAFE products where they are, and products by one of their metadata files."""

    name = "Sentinel-2 SAFE"
    version = "1"

    def sniff(self, head: bytes, path: Path) -> bool:
        """Tell from names in an archive, or from the root of its XML, whether a file belongs to a product."""
        if any(word in head[:2048] for word in _METADATA) and head.lstrip()[:1] == b"<":
            return True
        if not head.startswith(b"PK\x03\x04") or b".npy" in head[30 : 30 + 260]:
            return False
        try:
            with zipfile.ZipFile(path) as archive:
                return is_safe(archive.namelist())
        except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError):
            return b".SAFE/" in head

    def open(self, path: Path, provenance: Provenance, part: int | str | None = None) -> Dataset:
        """Give the scene of a product.

        Raises
        ------
        DamagedFile, TooLarge, UnsupportedFormat
            Metadata or names that cannot be trusted, or no product.
        """
        if zipfile.is_zipfile(path):
            return open_safe(ZipTree(path), provenance, part, Path(provenance.path).name)
        with path.open("rb") as file:
            if file.read(4) == b"PK\x03\x04":
                return open_safe(
                    ZipTree(path), provenance, part
                )  # which says what is wrong with it
        tree = tree_beside(Path(provenance.path), FolderTree)
        if tree is None:
            raise UnsupportedFormat(
                f"{path.name} is metadata of a Sentinel-2 product, whose other files are not beside it"
            )
        return open_safe(tree, provenance, part, Path(provenance.path).name)


class StacReader:
    """Reads STAC items."""

    name = "STAC item"
    version = "1"

    def sniff(self, head: bytes, path: Path) -> bool:
        """Tell from the first bytes whether a file is a STAC item."""
        return is_item(head)

    def open(self, path: Path, provenance: Provenance, part: int | str | None = None) -> Dataset:
        """Give the scene of an item.

        Raises
        ------
        DamagedFile, TooLarge, UnsupportedFormat
            No whole JSON, or no item with images.
        """
        made = open_item(path, provenance)
        if part is not None:
            part_number(made.parts, part, made.name)
        return made


def open_scene_folder(path: Path, part: int | str | None = None) -> Scene:
    """Give the scene of a folder; see `sentinel_folders.open_folder`."""
    return open_folder(path, "Sentinel-2 folder", "1", part)


def open_scenes(
    paths: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    offset: float | None = None,
    scale: float | None = None,
) -> list[Scene]:
    """Give the scenes of some paths, or all below a folder, in the order of their dates.

    Parameters
    ----------
    paths
        A folder, or paths of scenes.
    offset, scale
        As one knows them, of all scenes: reflectance = (DN + offset) * scale; None leaves what each says.

    Raises
    ------
    BadRequest
        No scene is there, or a path that is none.
    """
    from .registry import open_dataset

    single = isinstance(paths, str | os.PathLike)
    found = (
        scenes_below(Path(cast(str, paths)).expanduser())
        if single
        else list(cast(Sequence[str], paths))
    )
    scenes = []
    for path in found:
        made = open_dataset(path)
        if not isinstance(made, Scene):
            raise BadRequest(f"{made.name} is of kind {made.kind!r}, no scene")
        unchanged = offset is None and scale is None
        scenes.append(made if unchanged else made.with_offset(offset, scale))
    if not scenes:
        raise BadRequest(f"there are no scenes in {paths}")
    return by_date(sorted(scenes, key=lambda one: one.name))
