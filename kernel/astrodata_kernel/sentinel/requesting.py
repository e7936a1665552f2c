"""An area of Sentinel-2 from a service, fetched in pieces and put together as a GeoTIFF."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Callable
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Any

from ..datasets import Dataset
from ..errors import BadRequest, MissingPackage, ServiceFailed
from .account import Account
from .areas import Grid, Piece, box_of, grid_of
from .searching import collection_of, days_of
from .service import asked

BANDS = {
    "L2A": (
        *("B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B09", "B11", "B12"),
        *("AOT", "SCL", "SNW", "CLD", "dataMask"),
    ),
    "L1C": (
        *(
            "B01",
            "B02",
            "B03",
            "B04",
            "B05",
            "B06",
            "B07",
            "B08",
            "B8A",
            "B09",
            "B10",
            "B11",
            "B12",
        ),
        "dataMask",
    ),
}
"""What the evalscripts of each level give."""

ORDERS = ("leastCC", "mostRecent", "leastRecent")
SATELLITE = {"L2A": "S2L2A", "L1C": "S2L1C"}
_SAFE = re.compile(r"[^A-Za-z0-9.-]+")


def request(
    area: Any,
    start: str | date,
    end: str | date,
    *,
    name: str = "area",
    folder: str | os.PathLike[str] = ".",
    resolution: float = 10.0,
    level: str = "L2A",
    max_cloud: float = 100.0,
    order: str = "leastCC",
    account: Account | None = None,
    progress: Callable[[float], None] = lambda _share: None,
    cancel: Callable[[], None] = lambda: None,
) -> Dataset:
    """Give the scene of an area, one mosaic of the days between two dates.

    The pieces lie as they came in ``<folder>/raw/<hash>/response.tiff``, with their requests beside them;
    those that are there are not fetched again. What is made of them is
    ``<folder>/<name>_<satellite>_<start>_<end>.tiff``.

    Parameters
    ----------
    area
        (west, south, east, north) in degrees, or GeoJSON (a mapping, a path, or what has a
        ``__geo_interface__``), of which the box is taken.
    start, end
        First and last day.
    name
        Of the area: letters, digits, ``-`` and ``.``; all else becomes ``-``.
    folder
        Where the files are written.
    resolution
        Of a pixel, in metres.
    level
        ``"L2A"`` (12 bands, AOT, SCL, snow, clouds, data mask) or ``"L1C"`` (13 bands, data mask).
    max_cloud
        Products with a larger share of clouds, in per cent, are left out.
    order
        Which product comes first where several have a pixel: ``"leastCC"``, ``"mostRecent"``,
        ``"leastRecent"``.
    account
        Who asks; by default at Sentinel Hub, by the environment or the default profile.
    progress
        Told the share done.
    cancel
        Called while the service is waited for; what it raises gives the download up. Pieces that came stay.

    Returns
    -------
    Dataset
        Of kind ``"scene"``, as `astrodata_kernel.open` gives it. Its numbers have no offset: the service took
        it off (harmonised values).

    Raises
    ------
    BadRequest
        An area, time, level, order, share or resolution that cannot be.
    ServiceFailed
        Credentials, quota, a refusal, no answer, or an answer that is not what was asked for.
    MissingPackage
        The client of the services, or GDAL, is not installed.
    """
    if level not in BANDS:
        raise BadRequest(f"level {level!r} is unknown: there are {', '.join(BANDS)}")
    if order not in ORDERS:
        raise BadRequest(f"order {order!r} is unknown: there are {', '.join(ORDERS)}")
    if not 0 <= max_cloud <= 100:
        raise BadRequest(f"max_cloud {max_cloud}: give 0 to 100 per cent")
    days = days_of(start, end)
    try:
        import rasterio  # noqa: F401 - asked for before anything is paid for

        grid = grid_of(box_of(area), resolution)
    except ImportError:
        raise MissingPackage("scenes need GDAL: pip install 'astrodata-lab[sentinel]'") from None
    config = (account or Account()).config()
    target = Path(folder).expanduser()
    raw = target / "raw"
    raw.mkdir(parents=True, exist_ok=True)
    pieces = list(grid.pieces())
    came = []
    for number, piece in enumerate(pieces):
        cancel()
        what = f"piece {number + 1} of {len(pieces)}"
        query = _query(grid, piece, days, level, max_cloud, order, config, raw)
        asked(lambda query=query: query.save_data(raise_download_errors=True), cancel, what)
        came.append(raw / query.get_filename_list()[0])
        _checked(came[-1], piece, level, what)
        progress((number + 1) / (len(pieces) + 1))
    stem = _SAFE.sub("-", name.replace("_", "-")).strip("-.") or "area"
    whole = target / f"{stem}_{SATELLITE[level]}_{days[0]}_{days[1]}.tiff"
    _put_together(whole, grid, pieces, came, level, cancel)
    progress(1.0)
    from ..readers.registry import open_dataset

    return open_dataset(whole, offset=0.0, scale=1e-4)


def evalscript(level: str) -> str:
    """Give the script by which the service makes the bands of a level."""
    source = files(__package__).joinpath("evalscripts", f"{SATELLITE[level].lower()}.js")
    return source.read_text("utf-8")


def _query(
    grid: Grid,
    piece: Piece,
    days: tuple[str, str],
    level: str,
    max_cloud: float,
    order: str,
    config: Any,
    raw: Path,
) -> Any:
    from sentinelhub import CRS, BBox, MimeType, SentinelHubRequest

    return SentinelHubRequest(
        evalscript=evalscript(level),
        input_data=[
            SentinelHubRequest.input_data(
                collection_of(level, config),
                time_interval=days,
                maxcc=max_cloud / 100,
                mosaicking_order=order,
            )
        ],
        responses=[SentinelHubRequest.output_response("default", MimeType.TIFF)],
        bbox=BBox(grid.bounds(piece), CRS(grid.epsg)),
        size=(piece.columns, piece.rows),
        data_folder=str(raw),
        config=config,
    )


def _checked(path: Path, piece: Piece, level: str, what: str) -> None:
    """Refuse an answer that is not the image that was asked for, and do not keep it."""
    import rasterio
    from rasterio.errors import RasterioError

    wanted = (len(BANDS[level]), piece.rows, piece.columns)
    try:
        with rasterio.open(path, driver="GTiff") as image:
            found = (image.count, image.height, image.width)
    except (RasterioError, OSError):
        found = None
    if found != wanted:
        path.unlink(missing_ok=True)
        told = "no GeoTIFF" if found is None else f"one of {found} bands, rows and columns"
        raise ServiceFailed(f"{what}: the answer is {told}, not of {wanted}; ask again")


def _put_together(
    whole: Path, grid: Grid, pieces: list[Piece], came: list[Path], level: str, cancel: Any
) -> None:
    import rasterio
    from rasterio.transform import from_origin
    from rasterio.windows import Window

    profile = {
        "driver": "GTiff",
        "dtype": "uint16",
        "count": len(BANDS[level]),
        "width": grid.columns,
        "height": grid.rows,
        "crs": f"EPSG:{grid.epsg}",
        "transform": from_origin(grid.left, grid.top, grid.resolution, grid.resolution),
        "tiled": True,
        "blockxsize": 256,
        "blockysize": 256,
        "compress": "deflate",
        "predictor": 2,
        "interleave": "band",
        "BIGTIFF": "IF_SAFER",
    }
    with tempfile.TemporaryDirectory(prefix=".", dir=whole.parent) as drafts:
        draft = Path(drafts, whole.name)
        with rasterio.open(draft, "w", **profile) as out:
            out.descriptions = BANDS[level]
            for piece, path in zip(pieces, came, strict=True):
                window = Window(piece.column, piece.row, piece.columns, piece.rows)
                with rasterio.open(path) as image:
                    for band in range(1, len(BANDS[level]) + 1):
                        cancel()
                        out.write(image.read(band), band, window=window)
        draft.replace(whole)
